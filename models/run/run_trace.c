/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Telling who follows a run what its tasks did. Memory: a row for each handset, for the task whose
 * tail is not known yet, and the lanes of one handset; none of it grows with the tasks done. */
#include "models/run/run_example.h"
#include "models/run/run_graph.h"
#include "models/run/run_handset.h"
#include "models/run/run_task.h"
#include "models/run/run_trace.h"

#include <string.h>

enum { LANES = 256 }; /* more at a time share the last one */

struct row {
	struct world_task task;
	int64_t cause_ns[CAUSE_COUNT];
};

struct tracer {
	const struct world_trace *to;
	struct row *held; /* by handset */
	const struct task *lanes[LANES];
};

static uint32_t number_of(const struct run *run, const struct handset *h)
{
	const struct handset *first = h;
	while (first > run->handsets && first[-1].class == h->class)
		first--;
	return (uint32_t)(h - first);
}

int trace_begin(struct run *run, const struct world_trace *to, struct err *e)
{
	struct tracer *t = arena_alloc(&run->arena, sizeof(*t));
	static const struct world_trace nobody;
	uint64_t rows = to && to->task ? run->handset_count : 0;
	struct row *held = arena_array(&run->arena, rows, sizeof(*held));
	if (!t || !held)
		return err_set(e, ERR_NOMEM, "no memory to trace the tasks");
	t->to = to = to ? to : &nobody;
	t->held = held;
	for (uint64_t i = 0; to->class && i < run->handset_count && !run->followed; i++)
		if (strcmp(run->handsets[i].class->name, to->class) == 0 &&
		    number_of(run, &run->handsets[i]) == to->handset)
			run->followed = &run->handsets[i];
	run->tracer = t;
	return 0;
}

static void check(const struct run *run, int code)
{
	if (code != 0)
		sim_fail(run->sim, (enum err_code)code, "the trace could not be written");
}

/* ---- Tasks */

static void tell(const struct run *run, struct row *row, const double energy[ENERGY_COUNT])
{
	const struct tracer *tracer = run->tracer;
	row->task.energy_j = energy;
	if (!row->task.failure)
		row->task.cause_ns = row->cause_ns;
	check(run, tracer->to->task(tracer->to->ctx, &row->task));
}

static void fill(struct row *row, struct run *run, const struct task *t, int failure)
{
	const struct handset *h = t->from->handset;
	*row = (struct row){.task = {.class = h->class->name,
				     .app = t->from->source->app->name,
				     .handset = number_of(run, h),
				     .start_ns = t->born,
				     .end_ns = sim_now(run->sim),
				     .counts = t->counts}};
	if (t->site) /* where it is served: `reach` is the way that it goes now */
		row->task.site = t->site->site->name;
	if (t->host) {
		const struct host *first = t->host;
		while (first > t->site->hosts && first[-1].kind == t->host->kind)
			first--;
		row->task.host_kind = t->host->kind->name;
		row->task.host = (uint32_t)(t->host - first);
	}
	if (failure >= 0)
		row->task.failure = failure_names[failure];
	else if (t->graph)
		memcpy(row->cause_ns, graph_causes(t->graph), sizeof(row->cause_ns));
	else
		task_causes(t, row->cause_ns);
}

static void tell_battery(const struct run *run, const struct handset *h)
{
	const struct world_trace *to = run->tracer->to;
	sim_time now = sim_now(run->sim);
	double left = handset_left_j(h, now);
	check(run, to->level(to->ctx, "battery", now, left > 0 ? left : 0));
	check(run, to->level(to->ctx, "tasks", now, h->tasks));
}

void trace_end_slowly(struct run *run, struct task *t, int failure, bool held)
{
	struct tracer *tracer = run->tracer;
	const struct handset *h = t->from->handset;
	if (t->example)
		example_end(t, failure < 0);
	if (run->followed == h)
		tell_battery(run, h);
	if (!tracer->to->task)
		return;
	struct row now, *row = held ? &tracer->held[h - run->handsets] : &now;
	fill(row, run, t, failure);
	if (!held)
		tell(run, row, t->energy);
}

void trace_release_slowly(struct run *run, const struct handset *h)
{
	if (run->tracer->to->task)
		tell(run, &run->tracer->held[h - run->handsets], h->last_energy);
}

/* ---- One handset */

static uint32_t lane_of(struct tracer *tracer, const struct task *t)
{
	uint32_t lane = 0, open = LANES - 1;
	for (; lane < LANES - 1 && tracer->lanes[lane] != t; lane++)
		if (!tracer->lanes[lane] && lane < open)
			open = lane;
	if (lane == LANES - 1)
		lane = open;
	tracer->lanes[lane] = t;
	return lane;
}

void trace_slice_slowly(const struct task *t, enum trace_what what, sim_time from, sim_time to)
{
	static const struct {
		const char *word;
		enum cause cause;
	} whats[] = {
#define TRACE_ROW(id, word, cause) [TRACE_##id] = {word, cause},
		TRACE_LIST(TRACE_ROW)
#undef TRACE_ROW
	};
	struct tracer *tracer = t->run->tracer;
	if (t->example && whats[what].cause != CAUSE_COUNT && from < to)
		example_leg(t, whats[what].cause, from, to);
	if (t->from->handset != t->run->followed || from >= to)
		return;
	tell_battery(t->run, t->run->followed);
	check(t->run,
	      tracer->to->slice(tracer->to->ctx, lane_of(tracer, t), t->from->source->app->name,
				t->graph ? graph_step_name(t) : NULL, whats[what].word, from, to));
}

void trace_start_slowly(struct task *t)
{
	struct examples *examples = t->run->metrics->examples;
	if (examples && t->counts && t->part == PART_WHOLE)
		example_begin(examples, t);
	if (t->from->handset == t->run->followed)
		lane_of(t->run->tracer, t);
}

void trace_step_slowly(const struct task *t)
{
	struct tracer *tracer = t->run->tracer;
	for (uint32_t i = 0; i < LANES; i++)
		if (tracer->lanes[i] == t)
			tracer->lanes[i] = NULL;
}

void trace_radio_slowly(const struct run *run, sim_time at, double w)
{
	const struct tracer *tracer = run->tracer;
	check(run, tracer->to->level(tracer->to->ctx, "radio", at, w));
}

void trace_tail_slowly(const struct run *run, const struct handset *h, sim_time now)
{
	const struct radio *r = h->class->radio;
	sim_time at = h->radio_quiet;
	for (unsigned i = 0; i < r->tails && at < now; i++) {
		trace_radio_slowly(run, at, r->tail[i].w);
		at = sim_time_add(at, r->tail[i].ns);
	}
	if (at < now || r->tails == 0)
		trace_radio_slowly(run, at, 0);
}
