/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The life of a task: started by its app, decided upon, computed on the handset or sent to the site
 * and back. Each phase measures how long it took and books it to a cause; what a guest or backend
 * took longer than the work itself is queueing. So the causes of a task add up to its response time
 * by construction, in whole nanoseconds. */
#include "models/run/run_cell.h"
#include "models/run/run_failure.h"
#include "models/run/run_graph.h"
#include "models/run/run_group.h"
#include "models/run/run_handover.h"
#include "models/run/run_handset.h"
#include "models/run/run_host.h"
#include "models/run/run_policy.h"
#include "models/run/run_task.h"
#include "models/run/run_trace.h"

#include <string.h>

enum { TASKS_AT_ONCE = 256 };

static void arrive(struct sim *s, void *ctx, uint32_t arg);
static void served(struct sim *s, struct station_job *job);
static void schedule(struct run *run, struct generator *g, sim_time now, bool first);

static inline struct task *take(struct run *run)
{
	if (!run->free_tasks) {
		struct task *block = arena_array(&run->arena, TASKS_AT_ONCE, sizeof(*block));
		if (!block) {
			sim_fail(run->sim, ERR_NOMEM, "no memory for more tasks");
			return NULL;
		}
		for (int i = 0; i < TASKS_AT_ONCE; i++) {
			block[i].next = run->free_tasks;
			run->free_tasks = &block[i];
		}
	}
	struct task *t = run->free_tasks;
	run->free_tasks = t->next;
	memset((char *)t + TASK_KEPT, 0, sizeof(*t) - TASK_KEPT);
#ifdef __SANITIZE_ADDRESS__
	memset(t, 0xa5, TASK_KEPT); /* so that a test finds what reads it before it is set */
#endif
	t->run = run;
	t->job.done = served;
	t->job.ctx = t;
	return t;
}

struct task *task_new(struct run *run)
{
	struct task *t = take(run);
	if (t)
		memset(t, 0, TASK_KEPT);
	return t;
}

void task_extra(struct task *t, enum task_extra what, int64_t ns)
{
	struct run *run = t->run;
	struct task_extras *x = t->extras;
	if (!x) {
		x = run->free_extras;
		if (x)
			run->free_extras = x->next;
		else
			x = arena_alloc(&run->arena, sizeof(*x));
		if (!x) {
			sim_fail(run->sim, ERR_NOMEM, "no memory for what a task waits for");
			return;
		}
		*x = (struct task_extras){0};
		t->extras = x;
	}
	x->ns[what] += ns;
}

void task_free_extras(struct task *t)
{
	if (!t->extras)
		return;
	t->extras->next = t->run->free_extras;
	t->run->free_extras = t->extras;
	t->extras = NULL;
}

void task_free(struct task *t)
{
	trace_step(t);
	task_free_account(t);
	task_free_extras(t);
	if (t->listed)
		handover_task_ended(t);
	t->next = t->run->free_tasks;
	t->run->free_tasks = t;
}

int64_t task_compute_ns(const struct task *t, double hz)
{
	return (int64_t)(t->work.cycles / hz * 1e9 + 0.5);
}

/* The end of a task, or of a step of one. */
static void finish(struct task *t, int failure)
{
	if (t->part == PART_WHOLE)
		task_finish(t, failure);
	else
		graph_step_ends(t, failure);
}

/* ---- The radio and the network */

static void start_transfer(struct sim *s, void *ctx, uint32_t arg)
{
	struct task *t = ctx;
	(void)arg;
	bool up = t->phase == PHASE_RADIO_UP;
	if (t->from->handset->movement && handover_holds(t, up))
		return;
	handset_transfer_begin(t->from->handset, t, up, sim_now(s));
	cell_begin(t, up);
}

void task_transfer(struct task *t, bool up)
{
	struct run *run = t->run;
	sim_time now = sim_now(run->sim);
	if (handset_is_empty(t->from->handset, now)) {
		task_lost(t, FAILURE_BATTERY); /* neither sends nor receives */
		return;
	}
	t->since = now;
	t->phase = up ? PHASE_RADIO_UP : PHASE_RADIO_DOWN;
	if (t->from->handset->movement && handover_without_cell(t))
		return;
	sim_time ready = handset_radio_begin(run, t->from->handset, t, now);
	trace_slice(t, TRACE_RADIO_WAKES, now, ready);
	if (ready > now)
		sim_at(run->sim, ready, start_transfer, t, 0);
	else
		start_transfer(run->sim, t, 0);
}

static inline __attribute__((always_inline)) void end_transfer(struct task *t, bool up)
{
	sim_time now = sim_now(t->run->sim);
	handset_transfer_end(t->from->handset, t, up, cell_air_bits(t), now);
	t->job.cap = 0; /* of the cell */
	t->radio_ns += now - t->since;
	sim_time ready = t->from->handset->radio_ready;
	trace_slice(t, up ? TRACE_SEND : TRACE_RECEIVE, ready > t->since ? ready : t->since, now);
}

/* ---- The site */

static struct entity *guest_of(const struct task *t)
{
	return &t->host->guests[t->site->guests[t->guest].guest];
}

static struct entity *backend_of(const struct task *t)
{
	return host_backend(t->host, t->site->guests[t->guest].guest);
}

struct entity *task_entity(const struct task *t)
{
	return t->phase == PHASE_GUEST ? guest_of(t) : backend_of(t);
}

void task_unstall(struct task *t)
{
	int64_t ns = (int64_t)(entity_stalled_ns(task_entity(t)) - t->stalled_mark + 0.5);
	if (ns <= 0)
		return;
	t->queue_ns -= ns;
	task_extra(t, EXTRA_MIGRATION, ns);
}

void task_at_cell(struct task *t)
{
	if (t->from->handset->movement && handover_forwards_cell(t))
		return;
	if (t->work.output_bytes > 0)
		task_transfer(t, false);
	else
		finish(t, -1);
}

static void came_back(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	(void)arg;
	task_links_down(ctx);
}

static void leave_guest(struct task *t)
{
	uint32_t pool = t->site->site->dedicated ? t->from->source->app_index : 0;
	guest_loads_add(&t->site->pools[pool].loads, t->guest, -1);
	if (t->site->guest)
		guests_left(t);
}

void task_way_back(struct task *t, sim_time wait)
{
	sim_time one_way = task_one_way_ns(t);
	t->network_ns += one_way;
	t->phase = PHASE_WAY_DOWN;
	sim_time now = sim_now(t->run->sim);
	trace_slice(t, TRACE_WAIT, now, now + wait);
	trace_slice(t, TRACE_NETWORK, now + wait, now + wait + one_way);
	sim_after(t->run->sim, wait + one_way, came_back, t, 0);
}

/* The host has done its part: latencies that burn no CPU, and the way back, are one event. */
static void depart(struct task *t)
{
	sim_time wait = t->site_ns[SITE_WAIT] + task_extra_ns(t, EXTRA_PAGING);
	t->site->tasks--;
	leave_guest(t);
	if (t->part == PART_SITE) {
		graph_stage_left(t, wait);
		return;
	}
	t->bits = 8 * t->work.output_bytes;
	if (!t->from->handset->movement || !handover_forwards_back(t, wait))
		task_way_back(t, wait);
}

/* The way in from a cell to a guest, or a guest itself, is left without a result. */
void task_withdraw(struct task *t)
{
	switch (t->phase) {
	case PHASE_LINK_UP:
	case PHASE_FORWARD_UP:
	case PHASE_WAY_UP:
		if (station_job_present(&t->job)) {
			station_cancel(&t->job);
			task_link_left(t);
		}
		sim_cancel(t->run->sim, &t->event);
		break;
	case PHASE_WAITING:
		guests_forget(t);
		break;
	case PHASE_NIC_IN:
		station_cancel(&t->job);
		leave_guest(t);
		break;
	case PHASE_GUEST:
	case PHASE_BACKEND:
		host_take(task_entity(t), &t->job);
		leave_guest(t);
		break;
	default:
		break;
	}
	t->site->tasks--;
	t->host = NULL;
}

void task_send_up(struct task *t)
{
	t->bits = 8 * t->work.input_bytes;
	if (t->from->handset->movement)
		handover_task_sent(t, true);
	if (t->work.input_bytes > 0)
		task_transfer(t, true);
	else
		task_links_up(t);
}

void task_send_down(struct task *t)
{
	t->bits = 8 * t->work.output_bytes;
	if (t->from->handset->movement)
		handover_task_sent(t, false);
	if (!t->from->handset->movement || !handover_forwards_back(t, 0))
		task_way_back(t, 0);
}

/* Packets pass the host's NIC, if it has one, on their way in or out. */
static bool pass_nic(struct task *t, enum task_phase phase, double bits)
{
	struct station *nic = phase == PHASE_NIC_IN ? &t->host->nic_in : &t->host->nic_out;
	if (!nic->sim || bits == 0)
		return false;
	t->phase = (uint8_t)phase;
	t->since = sim_now(t->run->sim);
	station_submit(nic, &t->job, bits);
	return true;
}

static void leave_site(struct task *t)
{
	if (!pass_nic(t, PHASE_NIC_OUT, 8 * t->work.output_bytes))
		depart(t);
}

static void enter(struct task *t, enum task_phase phase)
{
	t->phase = (uint8_t)phase;
	t->since = sim_now(t->run->sim);
	if (t->site->guest)
		t->stalled_mark = entity_stalled_ns(task_entity(t));
	host_submit(task_entity(t), &t->job,
		    t->site_ns[phase == PHASE_GUEST ? SITE_GUEST : SITE_BACKEND]);
}

void task_resume(struct task *t, double bits)
{
	if (t->phase == PHASE_NIC_OUT) {
		if (!pass_nic(t, PHASE_NIC_OUT, bits))
			depart(t);
	} else if (t->phase == PHASE_BACKEND) {
		enter(t, PHASE_BACKEND);
	} else if (t->phase == PHASE_GUEST || !pass_nic(t, PHASE_NIC_IN, bits)) {
		enter(t, PHASE_GUEST);
	}
}

/* What the disk adds where memory is given away more than once: of the pages that the task uses,
 * those that are not in memory are read, one after the other. */
static void page_in(struct task *t)
{
	const struct host_kind *kind = t->host->kind;
	double pages = t->host->paged * kind->pages[t->price];
	task_extra(t, EXTRA_PAGING, (int64_t)(pages * (double)kind->disk_ns));
}

void task_serve(struct task *t, uint32_t guest)
{
	struct site_state *site = t->site;
	uint32_t pool = site->site->dedicated ? t->from->source->app_index : 0;
	t->guest = guest;
	guest_loads_add(&site->pools[pool].loads, guest, 1);
	t->host = &site->hosts[site->guests[t->guest].host];
	t->compute_ns = task_compute_ns(t, t->host->kind->hz);
	const struct price *price = task_price(t);
	struct price_drivers d;
	task_drivers(t, price, &d);
	/* A backend at work needs no waking. Requests are taken as spread evenly over the guest's
	 * time, for which the constant part and the computing stand. */
	if (t->host->backend_count > 0)
		t->backend_busy = host_busy_share(
			backend_of(t),
			price->site_ns[SITE_GUEST] + (price->compute_varies ? t->compute_ns : 0));
	price_sites(price, &d, t->backend_busy, t->site_ns);
	if (t->host->paged > 0)
		page_in(t);
	sim_time now = sim_now(t->run->sim);
	trace_slice(t, TRACE_GUEST_STARTS, now - task_extra_ns(t, EXTRA_START), now);
	if (!pass_nic(t, PHASE_NIC_IN, 8 * t->work.input_bytes))
		enter(t, PHASE_GUEST);
}

void task_lost(struct task *t, enum failure why)
{
	if (t->phase < PHASE_WAY_DOWN)
		t->site->tasks--;
	if (!task_tries_again(t, why))
		finish(t, (int)why);
}

void task_at_site(struct sim *s, void *ctx, uint32_t arg)
{
	struct task *t = ctx;
	const struct site *site = t->site->site;
	(void)s;
	(void)arg;
	if (t->part == PART_UP) {
		t->site->tasks--;
		graph_step_ends(t, -1);
	} else if (t->site->guest)
		guests_admit(t);
	else if (site->guest_count == 0)
		task_lost(t, FAILURE_NO_GUEST);
	else
		task_serve(t, site->placement->pick(site->placement_parameters,
						    &t->site->pools[0].loads, &t->site->placement));
}

/* A station is done with the task: what it was doing tells what comes next. */
static void served(struct sim *s, struct station_job *job)
{
	struct task *t = job->ctx;
	switch (t->phase) {
	case PHASE_UP:
		end_transfer(t, true);
		task_links_up(t);
		return;
	case PHASE_LINK_UP:
	case PHASE_LINK_DOWN:
		task_link_passed(t);
		return;
	case PHASE_FORWARD_UP:
	case PHASE_FORWARD_BACK:
	case PHASE_FORWARD_CELL:
		task_link_left(t);
		handover_forward_passed(t);
		return;
	case PHASE_GUEST:
		host_job_done(guest_of(t));
		t->queue_ns += sim_now(s) - t->since - t->site_ns[SITE_GUEST];
		trace_slice(t, TRACE_GUEST, t->since, sim_now(s));
		if (t->site->guest)
			task_unstall(t);
		if (t->site_ns[SITE_BACKEND] > 0)
			enter(t, PHASE_BACKEND);
		else
			leave_site(t);
		return;
	case PHASE_BACKEND:
		host_job_done(backend_of(t));
		t->queue_ns += sim_now(s) - t->since - t->site_ns[SITE_BACKEND];
		trace_slice(t, TRACE_BACKEND, t->since, sim_now(s));
		leave_site(t);
		return;
	case PHASE_NIC_IN:
		t->network_ns += sim_now(s) - t->since;
		trace_slice(t, TRACE_CARD, t->since, sim_now(s));
		enter(t, PHASE_GUEST);
		return;
	case PHASE_NIC_OUT:
		t->network_ns += sim_now(s) - t->since;
		trace_slice(t, TRACE_CARD, t->since, sim_now(s));
		depart(t);
		return;
	case PHASE_DOWN:
		end_transfer(t, false);
		finish(t, -1);
		return;
	default:
		sim_fail(s, ERR_INTERNAL, "a station served a task that was at none");
	}
}

/* ---- The start */

static void computed(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	(void)arg;
	finish(ctx, -1);
}

static void start_local(struct task *t, sim_time now)
{
	struct handset *h = t->from->handset;
	sim_time done = handset_compute(h, t, now);
	t->queue_ns = done - now - t->compute_ns;
	sim_at(t->run->sim, done, computed, t, 0);
}

static void start_remote(struct task *t, const struct reach *reach)
{
	t->reach = reach;
	t->site = task_site_state(t->run, reach);
	t->site->tasks++;
	task_send_up(t);
}

static void start_at(struct task *t, int site)
{
	t->remote = site != POLICY_LOCAL;
	t->place = t->remote ? (uint32_t)site : 0;
	if (t->remote)
		start_remote(t, &task_cell(t)->reaches[site]);
	else
		start_local(t, sim_now(t->run->sim));
}

void task_start_again(struct task *t)
{
	start_at(t, task_decide(t->run, t->from, &t->work, NULL));
}

static void start_task(struct run *run, struct generator *g, sim_time now)
{
	struct task *t = take(run);
	if (!t)
		return;
	if (g->source->app->graph)
		t->graph = graph_draw(run, g, &t->work);
	else
		app_draw(g->source->app, &g->work, &t->work);
	if (g->source->app->graph && !t->graph)
		return;
	if (g->source->arrival->task)
		g->source->arrival->task(g->source->arrival_parameters, &g->state, &t->work);
	t->from = g;
	t->born = now;
	t->price = g->source->app_index;
	t->counts = now >= run->world->warmup;
	int site = task_decide(run, g, &t->work, t->graph);
	t->remote = site != POLICY_LOCAL;
	t->place = t->remote ? (uint32_t)site : 0;
	if (t->counts) {
		group_offered(run->metrics, t);
		run->metrics->offered++;
		if (t->remote)
			run->metrics->remote++;
		else
			run->metrics->local++;
	}
	handset_task_begins(g->handset, t, now);
	if (t->graph) {
		t->reach = t->remote ? &task_cell(t)->reaches[site] : NULL;
		graph_start(t);
	} else {
		trace_start(t);
		start_at(t, site);
	}
}

static void schedule(struct run *run, struct generator *g, sim_time now, bool first)
{
	const struct source *s = g->source;
	sim_time next =
		s->arrival->next(s->arrival_parameters, &g->state, &g->arrivals, now, first);
	if (next < run->world->duration)
		sim_at(run->sim, next, arrive, run, (uint32_t)(g - run->generators));
}

static void arrive(struct sim *s, void *ctx, uint32_t arg)
{
	struct run *run = ctx;
	struct generator *g = &run->generators[arg];
	sim_time now = sim_now(s);
	if (handset_is_empty(g->handset, now))
		return; /* an empty handset starts no tasks any more */
	start_task(run, g, now);
	if (!g->source->arrival->closed)
		schedule(run, g, now, false);
}

void task_next_arrival(struct run *run, struct generator *g, sim_time now)
{
	schedule(run, g, now, false);
}

void task_generator_start(struct run *run, uint32_t generator)
{
	struct generator *g = &run->generators[generator];
	const struct source *s = g->source;
	uint32_t users = s->arrival->closed ? s->arrival->users(s->arrival_parameters) : 1;
	while (users-- > 0)
		schedule(run, g, 0, true);
}
