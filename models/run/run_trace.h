/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For whoever follows the run. Costs a look at run->tracer when nobody does. Private to models/run.
 */
#ifndef MODELS_RUN_TRACE_H
#define MODELS_RUN_TRACE_H

#include "models/run/run.h"

/* Kept out of the way of runs that nobody follows. */
#define COLD __attribute__((cold))

/* What a task does in a slice of its time, and the cause of the time that it takes by the word. Of
 * CAUSE_COUNT are those that other causes take turns in. */
#define TRACE_LIST(X)                                                                              \
	X(RADIO_WAKES, "radio wakes", CAUSE_RADIO)                                                 \
	X(SEND, "send", CAUSE_RADIO)                                                               \
	X(RECEIVE, "receive", CAUSE_RADIO)                                                         \
	X(NETWORK, "network", CAUSE_NETWORK)                                                       \
	X(CARD, "network card", CAUSE_NETWORK)                                                     \
	X(LINK, "link", CAUSE_NETWORK)                                                             \
	X(QUEUE, "queue", CAUSE_COUNT)                                                             \
	X(COMPUTE, "compute", CAUSE_COUNT)                                                         \
	X(WAIT, "wait", CAUSE_COUNT)                                                               \
	X(GUEST_STARTS, "guest starts", CAUSE_COUNT)                                               \
	X(GUEST, "guest", CAUSE_COUNT)                                                             \
	X(BACKEND, "backend", CAUSE_COUNT)
enum trace_what {
#define TRACE_ENUM(id, word, cause) TRACE_##id,
	TRACE_LIST(TRACE_ENUM)
#undef TRACE_ENUM
};

/* to: NULL where only the run itself looks, for an example (run_example.h). */
int trace_begin(struct run *run, const struct world_trace *to, struct err *e);

COLD void trace_end_slowly(struct run *run, struct task *t, int failure, bool held);
COLD void trace_release_slowly(struct run *run, const struct handset *h);
COLD void trace_slice_slowly(const struct task *t, enum trace_what what, sim_time from,
			     sim_time to);
COLD void trace_start_slowly(struct task *t);
COLD void trace_step_slowly(const struct task *t);
COLD void trace_radio_slowly(const struct run *run, sim_time at, double w);
COLD void trace_tail_slowly(const struct run *run, const struct handset *h, sim_time now);

/* The task has ended, all but its tail being in its energy. `held`: that comes with the next
 * trace_release of the handset. */
static inline void trace_end(struct run *run, struct task *t, int failure, bool held)
{
	if (run->tracer)
		trace_end_slowly(run, t, failure, held);
}

/* The tail is in h->last_energy. */
static inline void trace_release(struct run *run, const struct handset *h)
{
	if (run->tracer)
		trace_release_slowly(run, h);
}

/* What the task did from then until then, perhaps in the future. */
static inline void trace_slice(const struct task *t, enum trace_what what, sim_time from,
			       sim_time to)
{
	const struct run *run = t->run;
	if (run->tracer && (t->example || t->from->handset == run->followed))
		trace_slice_slowly(t, what, from, to);
}

/* The task, or step of one, begins to do something. */
static inline void trace_start(struct task *t)
{
	if (t->run->tracer)
		trace_start_slowly(t);
}

/* It does no more. */
static inline void trace_step(const struct task *t)
{
	if (t->run->tracer && t->from->handset == t->run->followed)
		trace_step_slowly(t);
}

/* The radio's power is so from then on; it has had the tail since its last transfer until now. */
static inline void trace_radio(const struct run *run, const struct handset *h, sim_time at,
			       double w)
{
	if (h == run->followed)
		trace_radio_slowly(run, at, w);
}

static inline void trace_tail(const struct run *run, const struct handset *h, sim_time now)
{
	if (h == run->followed)
		trace_tail_slowly(run, h, now);
}

#endif
