/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a change of cells does to the tasks that a handset has sent. On the radio: a transfer stops
 * for the interruption and goes on with what is left of it; without a cell it waits for one, or
 * fails. In the network: where the new cell reaches the task's site, the result comes back that
 * way. Where it does not, the task ends where it is, and what goes to that site and comes back is
 * forwarded over the links of world->handover; or it starts again at the site that the new cell
 * reaches; or the guest that serves it migrates there, with all that it serves, and what comes back
 * before it is there is forwarded. All time so spent has a cause of its own. */
#include "models/run/run_cell.h"
#include "models/run/run_graph.h"
#include "models/run/run_handover.h"
#include "models/run/run_handset.h"
#include "models/run/run_migrate.h"
#include "models/run/run_mobility.h"
#include "models/run/run_policy.h"
#include "models/run/run_task.h"

static bool is_up(const struct task *t)
{
	return t->phase == PHASE_RADIO_UP || t->phase == PHASE_UP;
}

static bool is_on_cell(const struct task *t)
{
	return t->hold == HOLD_NONE && (t->phase == PHASE_UP || t->phase == PHASE_DOWN);
}

/* It has not left its site. */
static bool is_outbound(const struct task *t)
{
	switch ((enum task_phase)t->phase) {
	case PHASE_RADIO_UP:
	case PHASE_UP:
	case PHASE_LINK_UP:
	case PHASE_FORWARD_UP:
	case PHASE_WAY_UP:
	case PHASE_WAITING:
	case PHASE_NIC_IN:
	case PHASE_GUEST:
	case PHASE_BACKEND:
		return true;
	default:
		return false;
	}
}

static void mark(struct task *t)
{
	struct task *whole = t->part == PART_WHOLE ? t : graph_whole(t);
	if (!whole)
		return;
	whole->run->metrics->interrupted += whole->counts && !whole->interrupted;
	whole->interrupted = true;
}

/* ---- Where tasks go */

static const struct reach *reach_of(const struct task *t, uint32_t site)
{
	const struct cell *cell = task_cell(t);
	for (uint32_t i = 0; i < cell->reach_count; i++)
		if (cell->reaches[i].site == site)
			return &cell->reaches[i];
	return NULL;
}

/* The site that stands in the new cell's list where the task's stood in its first one's. */
static const struct reach *counterpart(const struct task *t)
{
	const struct cell *cell = task_cell(t);
	return &cell->reaches[t->place < cell->reach_count ? t->place : cell->reach_count - 1];
}

static uint32_t site_number(const struct task *t)
{
	return (uint32_t)(t->site->site - t->run->world->sites);
}

/* ---- The tasks of a handset */

/* A step of a task graph goes to or from the site of its task, which the present cell may not
 * reach.
 */
static void aim(struct task *t)
{
	const struct reach *reach = reach_of(t, site_number(t));
	t->astray = !reach;
	t->reach = reach ? reach : counterpart(t);
}

void handover_task_sent(struct task *t, bool up)
{
	struct movement *m = t->from->handset->movement;
	t->cell = t->from->handset->cell;
	t->sibling_next = m->tasks;
	if (m->tasks)
		m->tasks->sibling_prev = t;
	m->tasks = t;
	t->listed = true;
	if (up)
		aim(t);
}

void handover_task_ended(struct task *t)
{
	if (t->sibling_prev)
		t->sibling_prev->sibling_next = t->sibling_next;
	else
		t->from->handset->movement->tasks = t->sibling_next;
	if (t->sibling_next)
		t->sibling_next->sibling_prev = t->sibling_prev;
	t->sibling_next = t->sibling_prev = NULL;
	t->listed = t->astray = false;
	t->hold = HOLD_NONE;
}

/* ---- Holding transfers */

static void hold(struct task *t, enum task_hold why)
{
	sim_time now = sim_now(t->run->sim);
	t->radio_ns += now - t->since;
	t->since = t->held_since = now;
	t->hold = (uint8_t)why;
	mark(t);
}

static void release(struct task *t)
{
	sim_time now = sim_now(t->run->sim);
	task_extra(t, t->hold == HOLD_HANDOVER ? EXTRA_HANDOVER : EXTRA_COVERAGE,
		   now - t->held_since);
	t->since = now;
	t->hold = HOLD_NONE;
}

static void hold_without_cell(struct task *t)
{
	if (t->run->world->handover.fail)
		task_lost(t, FAILURE_COVERAGE);
	else
		hold(t, HOLD_COVERAGE);
}

bool handover_without_cell(struct task *t)
{
	if (handset_is_covered(t->from->handset))
		return false;
	hold_without_cell(t);
	return true;
}

bool handover_holds(struct task *t, bool up)
{
	struct handset *h = t->from->handset;
	sim_time now = sim_now(t->run->sim);
	if (!handset_is_covered(h)) {
		handset_radio_release(h, t, now);
		hold_without_cell(t);
		return true;
	}
	if (now >= h->movement->ready)
		return false;
	handset_transfer_begin(h, t, up, now);
	hold(t, HOLD_HANDOVER);
	return true;
}

/* What happened so far was in vain. */
static void write_off(struct task *t)
{
	t->radio_ns = t->network_ns = t->queue_ns = 0;
	task_free_extras(t);
	task_free_account(t);
	task_extra(t, EXTRA_REDO, sim_now(t->run->sim) - t->born);
}

static void start_again(struct task *t)
{
	double input_bits = 8 * t->work.input_bytes;
	bool sending = is_up(t), sent_some = !sending || t->bits < input_bits;
	if (sending)
		t->site->tasks--;
	else
		task_withdraw(t);
	if (sent_some) {
		write_off(t);
		t->since = t->held_since = sim_now(t->run->sim);
	}
	t->reach = counterpart(t);
	t->site = task_site_state(t->run, t->reach);
	t->site->tasks++;
	t->bits = input_bits;
	if (sending)
		return; /* its transfer is held, or the radio not yet ready */
	if (input_bits > 0)
		task_transfer(t, true);
	else
		task_links_up(t);
}

static bool is_served(const struct task *t)
{
	return t->phase == PHASE_NIC_IN || t->phase == PHASE_GUEST || t->phase == PHASE_BACKEND;
}

/* Its guest goes to the site that the handset's cell reaches, unless it is on a way already. */
static void take_guest_along(struct task *t)
{
	struct site_state *from = t->site, *to = task_site_state(t->run, counterpart(t));
	struct guest *g = &from->guest[t->guest];
	if (g->moving)
		return;
	uint32_t host = guest_pick_host(to);
	if ((host == UINT32_MAX || !migrate_begin(g, to, host)) &&
	    sim_now(t->run->sim) >= t->run->world->warmup)
		from->migrations.refused++;
}

static bool guests_follow(const struct task *t)
{
	return t->run->world->handover.tasks == HANDOVER_MIGRATE && t->part == PART_WHOLE;
}

void handover_task_served(struct task *t)
{
	if (guests_follow(t) && !reach_of(t, site_number(t)))
		take_guest_along(t);
}

/* The handset is in another cell. */
static void reroute(struct task *t)
{
	if (!is_outbound(t)) {
		/* What a radio was about to move follows within the interruption. */
		if (t->hold != HOLD_COVERAGE &&
		    (t->phase == PHASE_RADIO_DOWN || t->phase == PHASE_DOWN))
			t->cell = t->from->handset->cell;
		return;
	}
	const struct reach *reach = reach_of(t, site_number(t));
	if (!reach)
		mark(t);
	if (!reach && t->part == PART_WHOLE && t->run->world->handover.tasks == HANDOVER_REDO) {
		start_again(t);
	} else if (!reach && guests_follow(t) && is_served(t)) {
		take_guest_along(t);
	} else if (is_up(t)) {
		aim(t);
	}
}

/* ---- Changes */

void handover_changed(struct run *run, struct handset *h)
{
	for (struct task *t = h->movement->tasks, *next; t; t = next) {
		next = t->sibling_next;
		if (is_on_cell(t)) {
			handset_transfer_pause(h, t, is_up(t), cell_stop(t), sim_now(run->sim));
			hold(t, HOLD_HANDOVER);
		}
		reroute(t);
	}
}

void handover_over(struct run *run, struct handset *h)
{
	for (struct task *t = h->movement->tasks, *next; t; t = next) {
		next = t->sibling_next;
		if (t->hold != HOLD_HANDOVER)
			continue;
		release(t);
		handset_transfer_resume(h, t, sim_now(run->sim));
		cell_begin(t, is_up(t));
	}
}

void handover_lost(struct run *run, struct handset *h)
{
	sim_time now = sim_now(run->sim);
	for (struct task *t = h->movement->tasks, *next; t; t = next) {
		next = t->sibling_next;
		bool up = is_up(t), held = t->hold == HOLD_HANDOVER;
		if (!held && !is_on_cell(t))
			continue;
		if (held) {
			release(t);
			handset_transfer_resume(h, t, now);
		}
		handset_transfer_end(h, t, up, held ? 0 : cell_stop(t), now);
		hold_without_cell(t);
	}
}

void handover_regained(struct run *run, struct handset *h)
{
	(void)run;
	for (struct task *t = h->movement->tasks, *next; t; t = next) {
		next = t->sibling_next;
		bool held = t->hold == HOLD_COVERAGE, up = is_up(t);
		if (held)
			release(t);
		if (held && !up) {
			task_at_cell(t); /* the one that it was sent back to */
			continue;
		}
		reroute(t);
		if (held)
			task_transfer(t, true);
	}
}

/* ---- Forwarding */

static void forwarded(struct sim *s, void *ctx, uint32_t arg)
{
	struct task *t = ctx;
	(void)arg;
	task_extra(t, EXTRA_FORWARD, sim_now(s) - t->since);
	if (t->phase == PHASE_FORWARD_UP)
		task_way_up(t);
	else if (t->phase == PHASE_FORWARD_BACK)
		task_way_back(t, 0);
	else
		task_at_cell(t);
}

void handover_forward_passed(struct task *t)
{
	const struct handover *how = &t->run->world->handover;
	if (t->hop == how->link_count || !(t->bits > 0)) {
		t->event = sim_after(t->run->sim, how->delay_ns, forwarded, t, 0);
		return;
	}
	task_pass_link(t, how->links[t->hop++], true, t->bits);
}

static void begin(struct sim *s, void *ctx, uint32_t arg)
{
	struct task *t = ctx;
	(void)arg;
	t->since = sim_now(s);
	t->hop = 0;
	handover_forward_passed(t);
}

static bool forward(struct task *t, enum task_phase phase, sim_time wait)
{
	if (t->run->world->handover.link_count == 0)
		return false;
	t->phase = (uint8_t)phase;
	if (wait > 0)
		t->event = sim_after(t->run->sim, wait, begin, t, 0);
	else
		begin(t->run->sim, t, 0);
	return true;
}

bool handover_forwards_up(struct task *t)
{
	t->bits = 8 * t->work.input_bytes;
	return forward(t, PHASE_FORWARD_UP, 0);
}

bool handover_forwards_back(struct task *t, sim_time wait)
{
	t->cell = t->from->handset->cell;
	aim(t);
	return t->astray && forward(t, PHASE_FORWARD_BACK, wait);
}

bool handover_forwards_cell(struct task *t)
{
	uint32_t cell = t->from->handset->cell;
	if (t->cell == cell)
		return false;
	t->cell = cell;
	mark(t);
	return forward(t, PHASE_FORWARD_CELL, 0);
}
