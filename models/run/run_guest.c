/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_guest.h"
#include "models/run/run_handover.h"
#include "models/run/run_host.h"
#include "models/run/run_scaling.h"
#include "models/run/run_task.h"

static struct guest_pool *pool_of(const struct task *t)
{
	uint32_t app = t->site->site->dedicated ? t->from->source->app_index : 0;
	return &t->site->pools[app];
}

/* ---- Memory */

/* Room was taken or given back, and used by those that run. */
static void book_memory(struct host *h, double committed, double used)
{
	const struct host_kind *kind = h->kind;
	h->committed_bytes += committed;
	h->used_bytes += used;
	/* What does not fit is on the disk; any page is as likely as another to be there. */
	h->paged = h->used_bytes > kind->memory_bytes ? 1 - kind->memory_bytes / h->used_bytes : 0;
}

bool guest_has_room(const struct host *h)
{
	const struct host_kind *kind = h->kind;
	return !h->down && h->guests_on < kind->guests &&
	       h->committed_bytes + kind->plan.each_bytes <= kind->memory_bytes * kind->overcommit;
}

/* ---- Those that wait */

static void append(struct guest_pool *p, struct task *t)
{
	t->phase = PHASE_WAITING;
	t->since = sim_now(t->run->sim);
	t->next = NULL;
	t->prev = p->last;
	if (p->last)
		p->last->next = t;
	else
		p->first = t;
	p->last = t;
	p->waiting++;
}

void guests_forget(struct task *t)
{
	struct guest_pool *p = pool_of(t);
	if (t->prev)
		t->prev->next = t->next;
	else
		p->first = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		p->last = t->prev;
	p->waiting--;
}

static void list_task(struct task *t, struct guest *g)
{
	g->pool->tasks++;
	t->prev = NULL;
	t->next = g->tasks;
	if (g->tasks)
		g->tasks->prev = t;
	g->tasks = t;
}

static void unlist_task(struct task *t, struct guest *g)
{
	g->pool->tasks--;
	if (t->prev)
		t->prev->next = t->next;
	else
		g->tasks = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

static void serve(struct task *t, struct guest *g)
{
	sim_cancel(t->run->sim, &g->timer);
	list_task(t, g);
	task_serve(t, g->number);
	if (t->from->handset->movement)
		handover_task_served(t);
}

void guest_serve_waiting(struct guest *g)
{
	struct guest_pool *p = g->pool;
	uint32_t vcpus = guest_host(g)->kind->vcpus;
	while (p->first && (p->loads.load[g->number] < vcpus || p->starting == 0)) {
		struct task *t = p->first;
		guests_forget(t);
		task_extra(t, EXTRA_START, sim_now(t->run->sim) - t->since);
		serve(t, g);
	}
}

/* ---- Coming and going */

static void expired(struct sim *s, void *ctx, uint32_t arg)
{
	struct guest *g = ctx;
	(void)s;
	(void)arg;
	g->timer = 0;
	guest_stop(g);
}

static void idle(struct guest *g)
{
	struct run *run = g->pool->site->run;
	sim_time keep = guest_host(g)->kind->plan.keep_alive_ns;
	g->idle_since = sim_now(run->sim);
	if (!g->kept && !g->moving && g->pool->site->site->scaling->on_demand)
		g->timer = sim_after(run->sim, keep, expired, g, 0);
}

bool guest_is_spare(const struct guest *g)
{
	return g->state == GUEST_UP && !g->tasks && !g->kept && !g->moving;
}

void guest_take_place(struct guest *g)
{
	struct host *h = guest_host(g);
	struct guest_pool *p = g->pool;
	g->state = GUEST_UP;
	p->running++;
	time_average_set(&p->site->running, sim_now(p->site->run->sim), p->site->running.value + 1);
	book_memory(h, 0, h->kind->plan.used_bytes);
	guest_loads_open(&p->loads, g->number);
	g->busy_mark =
		time_average_integral(&guest_entity(g)->station.busy, sim_now(p->site->run->sim));
}

void guest_open(struct guest *g)
{
	guest_take_place(g);
	guest_serve_waiting(g);
	guest_may_idle(g);
}

void guest_may_idle(struct guest *g)
{
	if (g->state == GUEST_UP && !g->tasks)
		idle(g);
}

static void step(struct sim *s, void *ctx, uint32_t arg);

/* The job of a start has left the station that it was at. */
static void step_left(struct guest *g)
{
	uint32_t slot = g->pool->site->guests[g->number].guest;
	if (g->step == STEP_GUEST)
		host_job_done(guest_entity(g));
	else if (g->step == STEP_BACKEND)
		host_job_done(host_backend(guest_host(g), slot));
}

static void step_job(struct sim *s, struct station_job *job)
{
	struct guest *g = job->ctx;
	step_left(g);
	g->step++;
	step(s, g, 0);
}

/* Takes the steps of a start; those that cost nothing take no time. */
static void step(struct sim *s, void *ctx, uint32_t arg)
{
	struct guest *g = ctx;
	struct host *h = guest_host(g);
	const struct guest_plan *plan = &h->kind->plan;
	(void)arg;
	g->timer = 0;
	g->job.done = step_job;
	g->job.ctx = g;
	if (g->step == STEP_DISK && plan->start_bytes > 0) {
		station_submit(&h->disk, &g->job, plan->start_bytes);
		return;
	}
	if (g->step <= STEP_GUEST && plan->start_ns[SITE_GUEST] > 0) {
		g->step = STEP_GUEST;
		host_submit(guest_entity(g), &g->job, plan->start_ns[SITE_GUEST]);
		return;
	}
	if (g->step <= STEP_BACKEND && plan->start_ns[SITE_BACKEND] > 0 && h->backend_count > 0) {
		g->step = STEP_BACKEND;
		host_submit(host_backend(h, g->pool->site->guests[g->number].guest), &g->job,
			    plan->start_ns[SITE_BACKEND]);
		return;
	}
	if (g->step <= STEP_WAIT) {
		g->step = STEP_WAIT + 1;
		g->timer = sim_after(s, plan->start_ns[SITE_WAIT], step, g, 0);
		return;
	}
	g->pool->starting--;
	guest_open(g);
}

static void begin_start(struct guest_pool *p, struct guest *g)
{
	g->pool = p;
	g->state = GUEST_STARTING;
	g->step = STEP_DISK;
	p->starting++;
	p->site->started++;
	step(p->site->run->sim, g, 0);
}

uint32_t guest_pick_host(const struct site_state *site)
{
	uint32_t best = UINT32_MAX;
	double best_score = 0;
	for (uint32_t i = 0; i < site->host_count; i++) {
		const struct host *h = &site->hosts[i];
		const struct host_kind *kind = h->kind;
		if (!guest_has_room(h))
			continue;
		struct packing_host view = {
			.memory_bytes = kind->memory_bytes,
			.free_bytes = kind->memory_bytes * kind->overcommit - h->committed_bytes,
			.cores = kind->cores,
			.vcpus = h->guests_on * kind->vcpus,
			.guest_vcpus = kind->vcpus,
			.off_w = kind->off_w,
			.idle_w = kind->idle_w,
			.busy_w = kind->busy_w,
		};
		double score = site->site->packing->score(&view);
		if (best == UINT32_MAX || score > best_score) {
			best = i;
			best_score = score;
		}
	}
	return best;
}

/* Of the guests that do nothing, the one that has for longest; NULL when all have work. */
static struct guest *longest_idle(const struct site_state *site)
{
	struct guest *oldest = NULL;
	for (uint32_t i = 0; i < site->site->guest_count; i++) {
		struct guest *g = &site->guest[i];
		if (guest_is_spare(g) && (!oldest || g->idle_since < oldest->idle_since))
			oldest = g;
	}
	return oldest;
}

bool guest_start(struct guest_pool *p)
{
	struct site_state *site = p->site;
	uint32_t host = guest_pick_host(site);
	/* A guest for one app may have to make room for that of another. */
	struct guest *evicted =
		host == UINT32_MAX && site->pool_count > 1 ? longest_idle(site) : NULL;
	if (evicted) {
		guest_stop(evicted);
		site->evicted++;
		host = guest_pick_host(site);
	}
	if (host == UINT32_MAX)
		return false;
	struct host *h = &site->hosts[host];
	for (uint32_t i = 0; i < h->kind->guests; i++) {
		struct guest *g = &site->guest[h->numbers[i]];
		if (g->state != GUEST_OFF)
			continue;
		host_guests_on(h, 1);
		book_memory(h, h->kind->plan.each_bytes, 0);
		begin_start(p, g);
		return true;
	}
	return false;
}

struct guest *guest_reserve(struct site_state *site, struct host *h)
{
	struct guest *g = NULL;
	for (uint32_t i = 0; guest_has_room(h) && !g && i < h->kind->guests; i++)
		if (site->guest[h->numbers[i]].state == GUEST_OFF)
			g = &site->guest[h->numbers[i]];
	if (!g)
		return NULL;
	host_guests_on(h, 1);
	book_memory(h, h->kind->plan.each_bytes, 0);
	g->state = GUEST_RESERVED;
	return g;
}

void guest_hand_task(struct task *t, struct guest *from, struct guest *to)
{
	struct site_state *site = to->pool->site;
	guest_loads_add(&from->pool->loads, from->number, -1);
	unlist_task(t, from);
	if (t->site != site) {
		t->site->tasks--;
		site->tasks++;
		t->site = site;
	}
	t->guest = to->number;
	t->host = guest_host(to);
	list_task(t, to);
	guest_loads_add(&to->pool->loads, to->number, 1);
}

void guest_close(struct guest *g)
{
	struct host *h = guest_host(g);
	struct guest_pool *p = g->pool;
	struct sim *s = p->site->run->sim;
	sim_cancel(s, &g->timer);
	if (g->state == GUEST_UP) {
		p->running--;
		time_average_set(&p->site->running, sim_now(s), p->site->running.value - 1);
		guest_loads_block(&p->loads, g->number);
	} else if (g->state == GUEST_STARTING) {
		p->starting--;
		if (station_job_present(&g->job)) {
			station_cancel(&g->job);
			step_left(g);
		}
	}
	book_memory(h, -h->kind->plan.each_bytes,
		    g->state == GUEST_UP ? -h->kind->plan.used_bytes : 0);
	host_guests_on(h, -1);
	if (h->kind->careful)
		host_set_speed(guest_entity(g), 1);
	g->state = GUEST_OFF;
}

/* The pool whose tasks wait for room for one more guest, or NULL. */
static struct guest_pool *pool_in_need(const struct site_state *site)
{
	for (uint32_t i = 0; i < site->pool_count; i++)
		if (site->pools[i].waiting > site->pools[i].starting)
			return &site->pools[i];
	return NULL;
}

void guest_restart(struct guest *g)
{
	struct host *h = guest_host(g);
	if (!g->kept || g->state != GUEST_OFF || !guest_has_room(h))
		return;
	host_guests_on(h, 1);
	book_memory(h, h->kind->plan.each_bytes, 0);
	begin_start(g->pool, g);
}

void guests_make_up(struct site_state *site)
{
	struct guest_pool *p;
	while ((p = pool_in_need(site)) && guest_start(p))
		;
}

void guest_drop_task(struct task *t, struct guest *g)
{
	unlist_task(t, g);
	task_take_out(t);
}

void guest_stop(struct guest *g)
{
	guest_close(g);
	struct guest_pool *p = pool_in_need(g->pool->site);
	if (p)
		guest_start(p);
}

/* ---- Tasks */

void guests_admit(struct task *t)
{
	struct guest_pool *p = pool_of(t);
	struct site_state *site = t->site;
	const struct site *s = site->site;
	/* Without a place for any guest, on no host that may be repaired, there is none to wait
	 * for. */
	bool scales = s->guest_count > 0 && (s->scaling->on_demand || s->scaling->interval);
	uint32_t pick = UINT32_MAX;
	if (p->loads.usable > 0)
		pick = s->placement->pick(s->placement_parameters, &p->loads, &site->placement);
	bool busy = pick == UINT32_MAX ||
		    p->loads.load[pick] >= site->hosts[site->guests[pick].host].kind->vcpus;
	if (busy && s->scaling->on_demand && guest_start(p)) {
		append(p, t);
	} else if (pick != UINT32_MAX) {
		serve(t, &site->guest[pick]);
	} else if (p->starting > 0 || (scales && (guest_start(p) || true))) {
		append(p, t);
	} else {
		task_lost(t, site->hosts_down > 0 ? FAILURE_HOST : FAILURE_NO_GUEST);
	}
}

void guests_left(struct task *t)
{
	struct guest *g = &t->site->guest[t->guest];
	unlist_task(t, g);
	if (g->state != GUEST_UP)
		return;
	if (g->pool->first)
		guest_serve_waiting(g);
	if (g->tasks)
		return;
	idle(g);
	if (t->site->pool_count > 1 && guest_is_spare(g) && pool_in_need(t->site)) {
		t->site->evicted++;
		guest_stop(g);
	}
}

/* ---- The start and the end of the run */

/* Guests that run from the start; with guests for one app each, dealt out among the apps. */
static void open_kept(struct run *run, struct site_state *site)
{
	for (uint32_t i = 0; i < site->host_count; i++) {
		struct host *h = &site->hosts[i];
		host_guests_on(h, -(int)h->guests_on);
		book_memory(h, 0, -h->used_bytes);
	}
	for (uint32_t i = 0; i < site->site->guest_count; i++) {
		struct guest *g = &site->guest[i];
		struct host *h = &site->hosts[site->guests[i].host];
		uint32_t slot = site->guests[i].guest;
		g->number = i;
		g->pool = &site->pools[slot % site->pool_count];
		g->kept = slot < h->kind->plan.warm;
		h->numbers[slot] = i;
		for (uint32_t p = 0; p < site->pool_count; p++)
			guest_loads_block(&site->pools[p].loads, i);
		if (!g->kept)
			continue;
		host_guests_on(h, 1);
		book_memory(h, h->kind->plan.each_bytes, 0);
		guest_open(g);
	}
	(void)run;
}

int guests_init(struct run *run, struct site_state *site, struct err *e)
{
	const struct site *s = site->site;
	int code = 0;
	site->run = run;
	site->pool_count = s->dedicated ? run->world->app_count : 1;
	site->pools = arena_array(&run->arena, site->pool_count, sizeof(*site->pools));
	if (!site->pools)
		return err_set(e, ERR_NOMEM, "no memory for the guests of a site");
	for (uint32_t p = 0; p < site->pool_count && code == 0; p++) {
		site->pools[p].site = site;
		code = guest_loads_init(&site->pools[p].loads, s->guest_count, &run->arena);
	}
	time_average_start(&site->running, 0, s->dynamic ? 0 : s->guest_count);
	if (code == 0 && s->dynamic) {
		site->guest = arena_array(&run->arena, s->guest_count, sizeof(*site->guest));
		code = site->guest ? 0 : ERR_NOMEM;
		site->level = arena_array(&run->arena, SERIES_SAMPLES + 1, sizeof(*site->level));
		code = site->level ? code : ERR_NOMEM;
	}
	if (code < 0)
		return err_set(e, ERR_NOMEM, "no memory for the guests of a site");
	if (!s->dynamic)
		return 0;
	open_kept(run, site);
	return s->scaling->interval ? scaling_start(run, site, e) : 0;
}
