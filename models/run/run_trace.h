/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For whoever follows the run. Costs a look at run->tracer when nobody does. Private to models/run.
 */
#ifndef MODELS_RUN_TRACE_H
#define MODELS_RUN_TRACE_H

#include "models/run/run.h"

/* Kept out of the way of runs that nobody follows. */
#define COLD __attribute__((cold))

/* to: NULL where only the run itself looks, for an example (run_example.h). */
int trace_begin(struct run *run, const struct world_trace *to, struct err *e);

COLD void trace_end_slowly(struct run *run, struct task *t, int failure, bool held);
COLD void trace_release_slowly(struct run *run, const struct handset *h);
COLD void trace_slice_slowly(const struct task *t, const char *what, sim_time from, sim_time to);
COLD void trace_start_slowly(struct task *t);
COLD void trace_step_slowly(const struct task *t);
COLD void trace_radio_slowly(const struct run *run, const struct handset *h, sim_time at, double w);
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
static inline void trace_slice(const struct task *t, const char *what, sim_time from, sim_time to)
{
	if (t->run->tracer)
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
	if (t->run->tracer)
		trace_step_slowly(t);
}

/* The radio's power is so from then on; it has had the tail since its last transfer until now. */
static inline void trace_radio(const struct run *run, const struct handset *h, sim_time at,
			       double w)
{
	if (run->tracer)
		trace_radio_slowly(run, h, at, w);
}

static inline void trace_tail(const struct run *run, const struct handset *h, sim_time now)
{
	if (run->tracer)
		trace_tail_slowly(run, h, now);
}

#endif
