/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/turns.h"
#include "hvcore/clock.h"
#include "hvcore/host/pin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Least length of a batch. Tasks of milliseconds have the scheduler's ticks and whatever else comes
 * along in them; batches of a tenth of that would leave it out of most of their medians. */
enum { TURN_BATCH_NS = 1000000 };

static int set_mix(struct hv_mix *mix, const char *text, struct err *e)
{
	char assignment[64];
	while (*text) {
		size_t n = strcspn(text, ",");
		snprintf(assignment, sizeof(assignment), "%.*s", (int)n, text);
		int rc = hv_mix_set(mix, assignment, e);
		if (rc)
			return rc;
		text += n + (text[n] == ',');
	}
	return hv_mix_check(mix, e);
}

static int set_probe(struct hv_turns_item *item, const char *text, struct err *e)
{
	const char *at = strchr(text, '@');
	size_t n = at ? (size_t)(at - text) : strlen(text);
	const struct hv_probe *p = NULL;
	for (unsigned i = 0; at && (p = hv_probe_at(i)); i++)
		if (strlen(p->name) == n && strncmp(p->name, text, n) == 0 &&
		    strcmp(p->backend, at + 1) == 0)
			break;
	if (!p)
		return err_set(e, ERR_INVALID,
			       "'%s' is neither a probe (NAME@BACKEND) nor a task "
			       "(OPERATION=COUNT,...)",
			       text);
	item->probe = p;
	return 0;
}

int hv_turns_item_set(struct hv_turns_item *item, const char *text, uint64_t seed, struct err *e)
{
	item->mix.seed = seed;
	return strchr(text, '=') ? set_mix(&item->mix, text, e) : set_probe(item, text, e);
}

static int open_item(struct hv_turns_item *item, const struct hv_backend *backend,
		     struct hv_mix_devices devices, const struct hv_probe_env *env)
{
	const struct hv_probe *p = item->probe;
	struct hv_measure_options options = hv_measure_defaults(env->quick);
	options.ticks_per_ns = env->ticks_per_ns;
	options.by_turns = true;
	options.batch_ns = TURN_BATCH_NS;
	item->work = (struct hv_work){.exits_per_op = NAN};
	int rc = p ? hv_probe_valid(p, env, &item->e) : 0;
	if (!rc)
		rc = p ? p->setup(p, env, &item->work, &item->e)
		       : hv_mix_open(&item->mix, backend, devices, env, &item->work, &item->e);
	item->open = !rc;
	return rc ? rc : hv_turn_begin(&item->turn, &item->work, &options, &item->e);
}

static void close_item(struct hv_turns_item *item)
{
	const struct hv_probe *p = item->probe;
	if (item->open && p && p->teardown)
		p->teardown(&item->work);
	else if (item->open && !p)
		hv_mix_close(&item->work);
	item->open = false;
}

static void settle(struct hv_turns_item *item)
{
	const struct hv_probe *p = item->probe;
	if (!item->rc)
		item->rc = hv_turn_end(&item->turn, &item->m, item->values, &item->e);
	if (!item->rc && p && p->check)
		item->rc = p->check(&item->work, &item->m, &item->e);
	memcpy(item->m.note, item->work.note, sizeof(item->m.note));
	item->m.attempts = 1;
	for (unsigned i = 0; p && p->per_op > 0 && i < item->m.batches; i++)
		item->values[i] /= p->per_op;
	if (p)
		hv_probe_scale(p, &item->m);
}

static void take_turns(struct hv_turns_item *items, unsigned count, uint64_t limit_ns)
{
	uint64_t start = hv_clock_ns();
	for (unsigned round = 0; round < HV_BATCHES_MAX; round++) {
		if (round >= HV_TURNS_MIN && hv_clock_ns() - start >= limit_ns)
			return;
		for (unsigned i = 0; i < count; i++)
			if (!items[i].rc)
				items[i].rc = hv_turn_take(&items[i].turn, &items[i].e);
	}
}

void hv_turns(struct hv_turns_item *items, unsigned count, const struct hv_backend *backend,
	      struct hv_mix_devices devices, const struct hv_probe_env *env, uint64_t limit_ns)
{
	bool pinned;
	cpu_set_t before, all;
	struct err e = {0}, ignored;
	int rc = hv_mix_place(&devices, &before, &pinned, &e);
	for (unsigned i = 0; i < count; i++) {
		bool places_itself = pinned && items[i].probe && items[i].probe->two_cores;
		items[i].rc = rc;
		items[i].e = e;
		/* It puts this thread where it is, and its others elsewhere. */
		if (places_itself)
			hv_unpin(&before);
		if (!rc)
			items[i].rc = open_item(&items[i], backend, devices, env);
		if (places_itself)
			hv_mix_place(&devices, &all, &pinned, &ignored);
	}
	take_turns(items, count, limit_ns);
	for (unsigned i = 0; i < count; i++) {
		settle(&items[i]);
		close_item(&items[i]);
	}
	if (pinned)
		hv_unpin(&before);
}
