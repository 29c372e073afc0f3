/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tasks of stages: each stage, and each edge that is cut, is a step, a struct task of its own.
 * Private to models/run.
 */
#ifndef MODELS_RUN_GRAPH_H
#define MODELS_RUN_GRAPH_H

#include "models/run/run.h"

/* What the task of an app that is a graph has beside its struct task, with its draw in it and its
 * sums in *sums. NULL: no memory, and the run fails. */
struct graph_task *graph_draw(struct run *run, struct generator *g, struct app_task *sums);

/* The draw as policies see it; which stages leave the handset. */
void graph_show(const struct graph_task *graph, struct policy_graph *out);
void graph_set_remote(struct graph_task *graph, uint32_t remote);

/* The task begins, all else in it being set. It may have ended on return. */
void graph_start(struct task *t);
/* A step of it has ended; it frees it. */
void graph_step_ends(struct task *step, int failure);
/* A stage has left its guest: what it waits for without a CPU is still to come. */
void graph_stage_left(struct task *step, sim_time wait);
/* The app that a step at a site does: its stage. */
const struct app *graph_stage_app(const struct task *step);
/* What the task's price depends on. */
static inline void task_drivers(const struct task *t, const struct price *p,
				struct price_drivers *d)
{
	d->compute_ns = t->compute_ns;
	if (p->slopes == 0)
		return;
	const struct app *app = t->graph ? graph_stage_app(t) : t->from->source->app;
	d->value[DRIVER_COMPUTE] = (double)t->compute_ns;
	d->value[DRIVER_INPUT] = app->input.mean > 0 ? t->work.input_bytes / app->input.mean : 0;
	d->value[DRIVER_OUTPUT] =
		app->output.mean > 0 ? t->work.output_bytes / app->output.mean : 0;
	for (unsigned i = 0; i < app->varying_count; i++)
		d->value[DRIVER_COUNT + i] = (double)t->work.counts[i];
}

/* The task that the step is of; NULL when it has ended. */
struct task *graph_whole(const struct task *step);
/* The stage that a step is, or that it brings something to; of a whole task NULL. */
const char *graph_step_name(const struct task *step);
/* Where the time went along the way through the graph that took longest. */
const int64_t *graph_causes(const struct graph_task *graph);

#endif
