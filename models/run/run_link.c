/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The links between a task's cell and its site. Each passes a task's bytes on when it has all of
 * them (store and forward) and shares its rate evenly among those it is passing. Propagation along
 * the whole path is one delay, between the links and the site. */
#include "models/run/run_handover.h"
#include "models/run/run_task.h"
#include "models/run/run_trace.h"

static void list(struct pipes *p, struct task *t)
{
	t->prev = NULL;
	t->next = p->passing;
	if (t->next)
		t->next->prev = t;
	p->passing = t;
}

void task_left_link(struct pipes *p, struct task *t)
{
	*(t->prev ? &t->prev->next : &p->passing) = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

void task_pass_link(struct task *t, uint32_t link, bool up, double bits)
{
	const struct link *l = &t->run->world->links[link];
	struct pipes *p = &t->run->links[l->slot];
	if (l->loses && p->is_down) {
		task_lost(t, FAILURE_LINK);
		return;
	}
	if (l->loses)
		list(p, t);
	station_submit(up ? &p->up : &p->down, &t->job, bits);
}

static void pass(struct task *t, uint32_t link, bool up)
{
	t->phase = up ? PHASE_LINK_UP : PHASE_LINK_DOWN;
	t->since = sim_now(t->run->sim);
	task_pass_link(t, link, up, 8 * (up ? t->work.input_bytes : t->work.output_bytes));
}

/* The one that it is at. */
static const struct link *link_of(const struct task *t)
{
	const struct world *w = t->run->world;
	if (t->phase == PHASE_LINK_UP)
		return &w->links[t->reach->links[t->hop - 1]];
	if (t->phase == PHASE_LINK_DOWN)
		return &w->links[t->reach->links[t->hop]];
	return &w->links[w->handover.links[t->hop - 1]];
}

void task_link_left(struct task *t)
{
	const struct link *l = link_of(t);
	if (l->loses)
		task_left_link(&t->run->links[l->slot], t);
}

sim_time task_one_way_ns(const struct task *t)
{
	const struct cell *cell = task_cell(t);
	if (!dist_varies(&cell->rtt))
		return t->reach->one_way_ns;
	double more_s = dist_draw(&cell->rtt, &t->run->cells[cell->slot].rtt) - cell->rtt.mean;
	sim_time ns = t->reach->one_way_ns + sim_from_seconds(more_s / 2);
	return ns > 0 ? ns : 0; /* of rounding */
}

void task_way_up(struct task *t)
{
	sim_time one_way = task_one_way_ns(t);
	t->network_ns += one_way;
	t->phase = PHASE_WAY_UP;
	trace_slice(t, TRACE_NETWORK, sim_now(t->run->sim), sim_now(t->run->sim) + one_way);
	t->event = sim_after(t->run->sim, one_way, task_at_site, t, 0);
}

static void next_up(struct task *t)
{
	const struct reach *r = t->reach;
	if (t->hop < r->link_count) {
		pass(t, r->links[t->hop++], true);
		return;
	}
	if (!t->astray || !handover_forwards_up(t))
		task_way_up(t);
}

static void next_down(struct task *t)
{
	if (t->hop > 0)
		pass(t, t->reach->links[--t->hop], false);
	else
		task_at_cell(t);
}

void task_links_up(struct task *t)
{
	t->hop = t->work.input_bytes > 0 ? 0 : t->reach->link_count;
	next_up(t);
}

void task_links_down(struct task *t)
{
	t->hop = t->work.output_bytes > 0 ? t->reach->link_count : 0;
	next_down(t);
}

void task_link_passed(struct task *t)
{
	task_link_left(t);
	t->network_ns += sim_now(t->run->sim) - t->since;
	trace_slice(t, TRACE_LINK, t->since, sim_now(t->run->sim));
	if (t->phase == PHASE_LINK_UP)
		next_up(t);
	else
		next_down(t);
}
