/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tasks that are tried again. An attempt that has lost its host, its link or its guest leaves
 * nothing behind but what it took: its time and the wait after it are the cause `retry`, and what
 * it drew from the battery is `retry`, too. The next one is decided upon anew, so it may go
 * elsewhere, or stay on the handset. */
#include "models/run/run_failure.h"
#include "models/run/run_handover.h"
#include "models/run/run_handset.h"
#include "models/run/run_task.h"

#include <math.h>

static void again(struct sim *s, void *ctx, uint32_t arg)
{
	struct task *t = ctx;
	(void)arg;
	handset_attempt_failed(t->from->handset, t, sim_now(s)); /* the wait, too */
	task_extra(t, EXTRA_RETRY, sim_now(s) - t->born);
	task_start_again(t);
}

/* What an attempt took, apart from what the whole task has. */
static void forget(struct task *t)
{
	task_free_account(t);
	if (t->listed)
		handover_task_ended(t);
	t->radio_ns = t->network_ns = t->queue_ns = t->compute_ns = 0;
	task_free_extras(t);
	for (int i = 0; i < SITE_COUNT; i++)
		t->site_ns[i] = 0;
	t->backend_busy = 0;
	t->host = NULL;
	t->site = NULL;
	t->reach = NULL;
	t->phase = PHASE_RADIO_UP;
}

bool task_tries_again(struct task *t, enum failure why)
{
	const struct app_retry *r = &t->from->source->app->retry;
	sim_time now = sim_now(t->run->sim);
	if (t->part != PART_WHOLE || why == FAILURE_BATTERY || t->attempts + 1u >= r->attempts)
		return false;
	sim_time wait = sim_from_seconds(r->backoff_s * pow(r->factor, t->attempts));
	if (r->deadline_s > 0 && sim_to_seconds(sim_time_add(now - t->born, wait)) > r->deadline_s)
		return false;
	t->attempts++;
	if (t->counts)
		t->run->metrics->retries++;
	handset_attempt_failed(t->from->handset, t, now);
	forget(t);
	sim_after(t->run->sim, wait, again, t, 0);
	return true;
}
