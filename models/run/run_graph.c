/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tasks of stages. Each stage and each edge that is cut is a step: a struct task of its own that is
 * computed, served or sent as a whole task would be, and tells here when it has ended. Stages whose
 * data is there start at once, whatever else goes on: on the handset they queue for its one CPU, at
 * the site each is placed by itself, on any guest, and what one hands to another there costs no
 * time.
 *
 * Where the time went: a stage's way is the time from the start of the task to the stage's end
 * along what was last to be ready each time - the way to the edge that came last, that edge, the
 * stage. So the causes along the way of the last result add up to the response time exactly, and
 * what ran beside it is in none of them. Energy is not so: each step's is the task's. */
#include "models/run/run_graph.h"
#include "models/run/run_handset.h"
#include "models/run/run_policy.h"
#include "models/run/run_task.h"
#include "models/run/run_trace.h"

#include <string.h>

enum { GRAPHS_AT_ONCE = 16 };

struct graph_task {
	struct graph_task *next; /* free */
	struct task *whole;	 /* NULL: it has ended */
	const struct app_graph *graph;
	struct app_graph_task draw;
	uint32_t remote;		 /* a bit for each stage */
	unsigned steps;			 /* going on */
	unsigned results;		 /* to come back before it is done */
	uint8_t wanting[APP_STAGES_MAX]; /* edges that have not come */
	int64_t way_ns[APP_STAGES_MAX][CAUSE_COUNT];
	int64_t done_ns[CAUSE_COUNT];
};

/* ---- What a policy sees */

struct graph_task *graph_draw(struct run *run, struct generator *g, struct app_task *sums)
{
	if (!run->free_graphs) {
		struct graph_task *block = arena_array(&run->arena, GRAPHS_AT_ONCE, sizeof(*block));
		if (!block) {
			sim_fail(run->sim, ERR_NOMEM, "no memory for more tasks");
			return NULL;
		}
		for (int i = 0; i < GRAPHS_AT_ONCE; i++) {
			block[i].next = run->free_graphs;
			run->free_graphs = &block[i];
		}
	}
	struct graph_task *graph = run->free_graphs;
	run->free_graphs = graph->next;
	memset(graph, 0, sizeof(*graph));
	graph->graph = g->source->app->graph;
	app_graph_draw(graph->graph, &g->work, &graph->draw, sums);
	return graph;
}

void graph_show(const struct graph_task *graph, struct policy_graph *out)
{
	const struct app_graph *g = graph->graph;
	out->stages = g->stage_count;
	out->edges = g->edge_count;
	out->pinned = g->pinned;
	for (unsigned i = 0; i < g->stage_count; i++)
		out->cycles[i] = graph->draw.stages[i].cycles;
	for (unsigned i = 0; i < g->edge_count; i++)
		out->edge[i] = (struct policy_edge){g->edges[i].from, g->edges[i].to,
						    8 * graph->draw.bytes[i]};
}

void graph_set_remote(struct graph_task *graph, uint32_t remote)
{
	graph->remote = remote & ~graph->graph->pinned;
}

const struct app *graph_stage_app(const struct task *step)
{
	return &step->graph->graph->stages[step->step].work;
}

struct task *graph_whole(const struct task *step)
{
	return step->graph->whole;
}

const char *graph_step_name(const struct task *step)
{
	const struct app_graph *g = step->graph->graph;
	const struct app_edge *e = &g->edges[step->step];
	if (step->part == PART_WHOLE)
		return NULL;
	if (step->part == PART_LOCAL || step->part == PART_SITE)
		return g->stages[step->step].name;
	return g->stages[e->to == APP_HANDSET ? e->from : e->to].name;
}

const int64_t *graph_causes(const struct graph_task *graph)
{
	return graph->done_ns;
}

/* ---- Steps */

static bool is_remote(const struct graph_task *graph, uint8_t stage)
{
	return stage != APP_HANDSET && (graph->remote >> stage & 1);
}

static struct task *new_step(struct graph_task *graph, enum task_part part, uint8_t number)
{
	struct task *whole = graph->whole;
	struct task *t = task_new(whole->run);
	if (!t)
		return NULL;
	t->graph = graph;
	t->part = (uint8_t)part;
	t->step = number;
	t->from = whole->from;
	t->born = sim_now(whole->run->sim);
	t->price = whole->price;
	t->remote = part != PART_LOCAL;
	t->reach = whole->reach;
	t->site = whole->site;
	t->place = whole->place;
	graph->steps++;
	trace_start(t);
	return t;
}

static void computed(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	(void)arg;
	graph_step_ends(ctx, -1);
}

static void compute(struct graph_task *graph, uint8_t stage)
{
	struct task *t = new_step(graph, PART_LOCAL, stage);
	if (!t)
		return;
	sim_time now = sim_now(t->run->sim);
	t->work = graph->draw.stages[stage];
	sim_time done = handset_compute(t->from->handset, t, now);
	t->queue_ns = done - now - t->compute_ns;
	sim_at(t->run->sim, done, computed, t, 0);
}

/* The bytes of the stage's edges that are cut. */
static double crossing(const struct graph_task *graph, uint8_t stage, bool in)
{
	double bytes = 0;
	for (unsigned i = 0; i < graph->graph->edge_count; i++) {
		const struct app_edge *e = &graph->graph->edges[i];
		if ((in ? e->to : e->from) == stage &&
		    is_remote(graph, e->from) != is_remote(graph, e->to))
			bytes += graph->draw.bytes[i];
	}
	return bytes;
}

static void serve(struct graph_task *graph, uint8_t stage)
{
	struct task *t = new_step(graph, PART_SITE, stage);
	if (!t)
		return;
	t->work = graph->draw.stages[stage];
	t->work.input_bytes = crossing(graph, stage, true);
	t->work.output_bytes = crossing(graph, stage, false);
	t->price = t->from->source->first_stage + stage;
	t->site->tasks++;
	task_at_site(t->run->sim, t, 0);
}

static void send(struct graph_task *graph, uint8_t edge, bool up)
{
	struct task *t = new_step(graph, up ? PART_UP : PART_DOWN, edge);
	if (!t)
		return;
	if (up) {
		t->work.input_bytes = graph->draw.bytes[edge];
		t->site->tasks++;
		task_send_up(t);
	} else {
		t->work.output_bytes = graph->draw.bytes[edge];
		task_send_down(t);
	}
}

/* ---- The way through the graph. A step may end where it is started (no guest, an empty battery),
 * and the task with it: `whole` is looked at anew each time. */

/* All that the edge brings is at its end, where it came along the way that was reckoned. */
static void arrive(struct graph_task *graph, uint8_t edge, const int64_t way_ns[CAUSE_COUNT])
{
	uint8_t to = graph->graph->edges[edge].to;
	int64_t *way = to == APP_HANDSET ? graph->done_ns : graph->way_ns[to];
	memmove(way, way_ns, sizeof(graph->done_ns));
	if (to == APP_HANDSET) {
		if (--graph->results == 0) {
			struct task *whole = graph->whole;
			graph->whole = NULL;
			task_finish(whole, -1);
		}
	} else if (--graph->wanting[to] == 0) {
		if (is_remote(graph, to))
			serve(graph, to);
		else
			compute(graph, to);
	}
}

static void leave(struct graph_task *graph, uint8_t from)
{
	static const int64_t none[CAUSE_COUNT];
	for (uint8_t i = 0; i < graph->graph->edge_count && graph->whole; i++) {
		const struct app_edge *e = &graph->graph->edges[i];
		if (e->from != from)
			continue;
		bool here = is_remote(graph, e->from), there = is_remote(graph, e->to);
		if (here != there)
			send(graph, i, there);
		else
			arrive(graph, i, from == APP_HANDSET ? none : graph->way_ns[from]);
	}
}

static void release(struct run *run, struct graph_task *graph)
{
	if (graph->steps > 0 || graph->whole)
		return;
	graph->next = run->free_graphs;
	run->free_graphs = graph;
}

/* Keeps the graph while steps are started, which may all end at once. */
static void leave_safely(struct run *run, struct graph_task *graph, uint8_t from)
{
	graph->steps++;
	leave(graph, from);
	graph->steps--;
	release(run, graph);
}

void graph_start(struct task *t)
{
	struct graph_task *graph = t->graph;
	const struct app_graph *g = graph->graph;
	graph->whole = t;
	t->site = t->remote ? task_site_state(t->run, t->reach) : NULL;
	for (unsigned i = 0; i < g->stage_count; i++)
		graph->wanting[i] = g->stages[i].before;
	for (unsigned i = 0; i < g->edge_count; i++)
		graph->results += g->edges[i].to == APP_HANDSET;
	leave_safely(t->run, graph, APP_HANDSET);
}

static void waited(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	(void)arg;
	graph_step_ends(ctx, -1);
}

void graph_stage_left(struct task *step, sim_time wait)
{
	sim_time now = sim_now(step->run->sim);
	trace_slice(step, TRACE_WAIT, now, now + wait);
	if (wait > 0)
		sim_after(step->run->sim, wait, waited, step, 0);
	else
		graph_step_ends(step, -1);
}

/* The step's way: of the stage before it, if there is one, and itself. */
static void reckon(struct graph_task *graph, const struct task *step, int64_t way_ns[CAUSE_COUNT])
{
	const struct app_edge *e = &graph->graph->edges[step->step];
	if (step->part == PART_LOCAL || step->part == PART_SITE)
		memcpy(way_ns, graph->way_ns[step->step], sizeof(graph->done_ns));
	else if (e->from == APP_HANDSET)
		memset(way_ns, 0, sizeof(graph->done_ns));
	else
		memcpy(way_ns, graph->way_ns[e->from], sizeof(graph->done_ns));
	task_causes(step, way_ns);
}

void graph_step_ends(struct task *step, int failure)
{
	struct graph_task *graph = step->graph;
	struct run *run = step->run;
	int64_t way_ns[CAUSE_COUNT];
	uint8_t number = step->step;
	bool is_stage = step->part == PART_LOCAL || step->part == PART_SITE;
	handset_step_ends(step->from->handset, step, graph->whole);
	if (graph->whole && failure < 0)
		reckon(graph, step, way_ns);
	graph->steps--;
	task_free(step);
	if (graph->whole && failure >= 0) {
		struct task *whole = graph->whole;
		graph->whole = NULL; /* what still goes on is nobody's */
		task_finish(whole, failure);
	} else if (graph->whole && is_stage) {
		memcpy(graph->way_ns[number], way_ns, sizeof(way_ns));
		leave_safely(run, graph, number);
		return;
	} else if (graph->whole) {
		graph->steps++;
		arrive(graph, number, way_ns);
		graph->steps--;
	}
	release(run, graph);
}
