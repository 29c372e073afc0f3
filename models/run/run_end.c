/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a task ends, and where its time went. Each phase of its life (run_task.c) has booked its
 * nanoseconds to the task; here they go to causes. */
#include "models/run/run_graph.h"
#include "models/run/run_group.h"
#include "models/run/run_handset.h"
#include "models/run/run_policy.h"
#include "models/run/run_task.h"

static const enum cause extra_causes[] = {
#define EXTRA_CAUSE(id, cause) cause,
	EXTRA_LIST(EXTRA_CAUSE)
#undef EXTRA_CAUSE
};

/* Calls add for all that the task's time went into but for the constant part of its price. */
static inline __attribute__((always_inline)) void
each_cause(const struct task *t, void (*add)(void *sums, int cause, int64_t ns), void *sums)
{
	const struct price *p = t->host && !t->account ? task_price(t) : NULL;
	add(sums, CAUSE_RADIO, t->radio_ns);
	add(sums, CAUSE_NETWORK, t->network_ns);
	add(sums, CAUSE_QUEUE, t->queue_ns);
	if (p ? p->compute_varies : !t->remote)
		add(sums, CAUSE_COMPUTE, t->compute_ns);
	if (p) {
		struct price_drivers d;
		task_drivers(t, p, &d);
		for (unsigned i = 0; i < p->notices; i++)
			add(sums, p->notice[i].cause,
			    price_spared_ns(&p->notice[i], t->backend_busy));
		for (unsigned i = 0; i < p->slopes; i++)
			add(sums, p->slope[i].cause,
			    price_slope_ns(&p->slope[i], &d, t->backend_busy));
	}
	if (t->account) {
		int64_t moved_ns[CAUSE_COUNT];
		task_account_causes(t, moved_ns);
		for (int c = 0; c < CAUSE_COUNT; c++)
			add(sums, c, moved_ns[c]);
	}
	for (int i = 0; t->extras && i < EXTRA_COUNT; i++)
		add(sums, (int)extra_causes[i], t->extras->ns[i]);
}

static inline void add_own(void *sums, int cause, int64_t ns)
{
	((int64_t *)sums)[cause] += ns;
}

static inline void add_wide(void *sums, int cause, int64_t ns)
{
	((wide_ns *)sums)[cause] += ns;
}

void task_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT])
{
	each_cause(t, add_own, cause_ns);
	for (int c = 0; t->host && !t->account && c < CAUSE_COUNT; c++)
		cause_ns[c] += t->host->kind->prices[t->price].cause_ns[c];
}

static void book(struct run *run, const struct task *t, sim_time response)
{
	struct metrics *m = run->metrics;
	if (t->graph) {
		const int64_t *cause_ns = graph_causes(t->graph);
		for (int c = 0; c < CAUSE_COUNT; c++)
			m->cause_ns[c] += cause_ns[c];
	} else {
		each_cause(t, add_wide, m->cause_ns);
		if (t->host && !t->account) /* run_report adds the constant part for each */
			t->host->tasks_done[t->price]++;
	}
	histogram_add(&m->response_s, sim_to_seconds(response));
	m->done++;
}

void task_finish(struct task *t, int failure)
{
	struct run *run = t->run;
	struct handset *h = t->from->handset;
	sim_time now = sim_now(run->sim), response = now - t->born;
	double deadline_s = t->from->source->app->deadline_s;
	if (failure < 0 && handset_is_empty(h, now))
		failure = FAILURE_BATTERY;
	if (failure < 0 && deadline_s > 0 && sim_to_seconds(response) > deadline_s)
		failure = FAILURE_DEADLINE;
	if (failure < 0 && now >= run->world->warmup)
		run->metrics->completions++;
	if (t->counts && failure < 0)
		book(run, t, response);
	else if (t->counts)
		run->metrics->failed[failure]++;
	handset_task_ends(run, h, t, now, failure);
	if (t->counts)
		group_ended(run->metrics, t, response, failure >= 0);
	if (t->from->memory)
		task_observed(t, response, failure >= 0);
	if (t->from->source->arrival->closed)
		task_next_arrival(run, t->from, now);
	task_free(t);
}
