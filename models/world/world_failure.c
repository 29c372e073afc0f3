/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures and repairs in a document. */
#include "models/world/world_builder.h"

#include <stdio.h>

static const struct key outage_keys[] = {
	WORLD_KEY(struct outage_file, "at", KEY_QUANTITY, at_s, .unit = UNIT_TIME, .max = 1e8,
		  .help = "when it fails"),
	WORLD_KEY(struct outage_file, "for", KEY_QUANTITY, for_s, .unit = UNIT_TIME, .max = 1e8,
		  .help = "how long, until it is repaired"),
	WORLD_KEY(struct outage_file, "host", KEY_INT, number, .max = 1e6, .def = "0",
		  .help = "which of the hosts of its kind"),
	{0},
};
static const struct key_object outage_object = {
	.name = "outage",
	.keys = outage_keys,
	.size = sizeof(struct outage_file),
	.help = "a failure at a time",
};

static const struct key failures_keys[] = {
	WORLD_KEY(struct failures_file, "after", KEY_ANY, up, .unit = UNIT_TIME,
		  .variants = dist_times, .optional = true,
		  .help = "time to failure, from the start and from each repair on: a time or a "
			  "distribution; never unless said"),
	WORLD_KEY(struct failures_file, "repair", KEY_ANY, repair, .unit = UNIT_TIME,
		  .variants = dist_times, .optional = true,
		  .help = "time to repair, likewise; needed with \"after\""),
	WORLD_KEY(struct failures_file, "schedule", KEY_ARRAY, schedule, .object = &outage_object,
		  .def = "[]", .help = "failures at times, beside those"),
	{0},
};

static void check(void *object, const struct json_doc *doc, const char *pointer,
		  struct diag_list *diags)
{
	const struct failures_file *f = object;
	if (!f->up != !f->repair)
		json_doc_error(doc, diags, pointer, "has \"after\" or \"repair\": it takes both");
}

const struct key_object failures_object = {
	.name = "failures",
	.keys = failures_keys,
	.size = sizeof(struct failures_file),
	.help = "failures and repairs",
	.check = check,
};

static int read_time(struct builder *b, struct dist *d, const cJSON *node, const char *pointer,
		     const char *key)
{
	char at[800];
	if (!node)
		return 0;
	json_pointer_join(at, sizeof(at), pointer, key);
	int code = dist_read(d, UNIT_TIME, 1e9, b->doc, at, &b->w->arena, b->diags);
	if (code == 0 && d->mean < 1e-6)
		json_doc_error(b->doc, b->diags, at, "must be at least 1 us on average");
	return code == ERR_NOMEM ? builder_no_memory(b) : 0;
}

int builder_failures(struct builder *b, const struct failures_file *file, uint32_t count,
		     const char *pointer, const struct failure_plan **out)
{
	const struct outage_file *files = file ? file->schedule.items : NULL;
	char failures[700], list[760], item[800], at[840], number[24];
	if (!file)
		return 0;
	struct failure_plan *p = arena_alloc(&b->w->arena, sizeof(*p));
	if (!p)
		return builder_no_memory(b);
	*p = (struct failure_plan){0};
	json_pointer_join(failures, sizeof(failures), pointer, "failures");
	int code = read_time(b, &p->up_s, file->up, failures, "after");
	if (code == 0)
		code = read_time(b, &p->repair_s, file->repair, failures, "repair");
	p->outages = arena_array(&b->w->arena, file->schedule.count, sizeof(*p->outages));
	if (code < 0 || !p->outages)
		return builder_no_memory(b);
	json_pointer_join(list, sizeof(list), failures, "schedule");
	for (size_t i = 0; i < file->schedule.count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		json_pointer_join(item, sizeof(item), list, number);
		if (files[i].number >= (int64_t)count)
			json_doc_error(b->doc, b->diags,
				       json_pointer_join(at, sizeof(at), item, "host"),
				       "there are only %u of them, from 0 on", count);
		p->outages[p->outage_count++] = (struct outage){
			.at = sim_from_seconds(files[i].at_s),
			.lasts = sim_from_seconds(files[i].for_s),
			.number = (uint32_t)files[i].number,
		};
	}
	*out = p;
	return 0;
}
