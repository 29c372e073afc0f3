/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One task of a run from its beginning to its end, as the example that the metric "task.timeline"
 * shows: the median of those that were looked at. Which task that is shows only at the end, so a
 * few hundred are kept, taken at random from all: those with a key below a limit, which halves when
 * there is no more room. The key is made from whose task it is and when it began, so runs that
 * differ in the platform alone look at the same tasks, and can show one of them: some are reported
 * as "task.timeline.candidates". Private to models/run.
 *
 * What the radio and the network do with a task is kept as it happened. The rest of its time, at
 * the site or on the handset, is laid out cause by cause in the order of the causes, since
 * computing and exits take turns thousands of times. So the pieces of a task follow each other
 * without a gap, and those of a cause add up to what the metric "overhead" has of that task.
 *
 * Not looked at: tasks of stages, whose steps overlap, and those that sent or received something in
 * vain.
 */
#ifndef MODELS_RUN_EXAMPLE_H
#define MODELS_RUN_EXAMPLE_H

#include "models/run/run.h"

/* Pieces of a task: at most so many. */
enum { EXAMPLE_LEGS = 16, EXAMPLE_PIECES = 2 * EXAMPLE_LEGS + CAUSE_COUNT };
enum { EXAMPLE_CANDIDATES = 16 };
#define EXAMPLE_KEY_MAX (UINT64_C(1) << 53) /* what a double has exactly */

struct example_piece {
	enum cause cause;
	sim_time from, to; /* from < to */
};

/* NULL: no memory. */
struct examples *examples_new(void);
void examples_free(struct examples *x);

/* The task, a whole one without stages, begins. */
void example_begin(struct examples *x, struct task *t);
/* Of a task that is looked at (t->example is not 0): the radio or the network, which the cause
 * says, had it from then until then, from < to; it has ended, or with `well` false it failed. */
void example_leg(const struct task *t, enum cause cause, sim_time from, sim_time to);
void example_end(struct task *t, bool well);
/* A region is done: its tasks that are still out are forgotten. */
void examples_forget(struct examples *x);

/* The pieces, in their order, of the median by response time of the tasks that left the handset,
 * or, when none did, of all. Returns their number; 0: no task was kept. */
size_t examples_median(struct examples *x, struct example_piece pieces[EXAMPLE_PIECES]);

/* Chooses the candidates among the same tasks, those with the lowest keys, no two of them at the
 * same time; returns how many there are, at most EXAMPLE_CANDIDATES. Then one of them, in the order
 * in which they began: the number of its pieces, which as those of the median follow each other. */
size_t examples_candidates(struct examples *x);
size_t examples_candidate(const struct examples *x, size_t i,
			  struct example_piece pieces[EXAMPLE_PIECES], double *key);

#endif
