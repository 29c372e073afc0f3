/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_migrate.h"
#include "models/run/run_host.h"

#include <math.h>

enum { FETCH_CHUNKS = 16 }; /* between which a guest whose memory is coming gets faster */
enum { PARTS_MIN = 4 };	    /* both NICs, both hosts' copying; and one for each link */

enum phase { SETTING_UP, COPYING, STOPPED, RESUMING, FETCHING };

/* What a transfer takes at one station. */
struct part {
	struct station_job job;
	struct migration *migration;
	struct entity *entity; /* whose cores it takes, or NULL */
};

struct migration {
	struct migration *next, *prev; /* under way; next: free */
	struct guest *from, *to;
	struct site_state *site; /* that it began at */
	const struct migration_plan *plan;
	const struct site_path *path; /* or NULL within a site */
	bool backwards;		      /* the path is the target's, the other way round */
	enum phase phase;
	enum migration_step last_step;
	sim_time began, stopped, since, downtime;
	sim_event timer;
	struct migration_view view;
	struct migration_fetch fetch;
	double round_bytes;
	uint32_t chunk;
	uint32_t pending; /* parts of the transfer that are not done */
	struct part *parts;
};

static struct sim *sim_of(const struct migration *m)
{
	return m->site->run->sim;
}

static void arrived(struct sim *s, void *ctx, uint32_t arg);
static void proceed(struct migration *m);

/* ---- A transfer: it takes as long as the slowest of what it passes */

static void part_is_done(struct migration *m)
{
	if (--m->pending == 0)
		m->timer = sim_after(sim_of(m), m->path ? m->path->delay_ns : 0, arrived, m, 0);
}

static void part_done(struct sim *s, struct station_job *job)
{
	struct part *p = job->ctx;
	(void)s;
	if (p->entity)
		host_job_done(p->entity);
	part_is_done(p->migration);
}

static void limit_done(struct sim *s, void *ctx, uint32_t arg)
{
	struct migration *m = ctx;
	(void)s;
	(void)arg;
	m->timer = 0;
	part_is_done(m);
}

static struct part *next_part(struct migration *m, struct entity *entity)
{
	struct part *p = &m->parts[m->pending++];
	p->job.done = part_done;
	p->job.ctx = p;
	p->migration = m;
	p->entity = entity;
	return p;
}

static void pass(struct migration *m, struct station *st)
{
	if (st->sim)
		station_submit(st, &next_part(m, NULL)->job, 8 * m->round_bytes);
}

static void copy(struct migration *m, struct host *h)
{
	int64_t ns = (int64_t)(m->round_bytes * m->plan->copy_ns_per_byte + 0.5);
	if (ns > 0)
		host_submit(&h->manager, &next_part(m, &h->manager)->job, ns);
}

static void transfer(struct migration *m, double bytes)
{
	struct run *run = m->site->run;
	m->round_bytes = bytes;
	m->since = sim_now(sim_of(m));
	m->pending = 0;
	for (uint32_t i = 0; m->path && i < m->path->link_count; i++) {
		struct pipes *p = &run->links[run->world->links[m->path->links[i]].slot];
		pass(m, m->backwards ? &p->down : &p->up);
	}
	pass(m, &guest_host(m->from)->nic_out);
	pass(m, &guest_host(m->to)->nic_in);
	copy(m, guest_host(m->from));
	copy(m, guest_host(m->to));
	m->pending++; /* the limit of its rate */
	m->timer = sim_after(sim_of(m), sim_from_seconds(bytes / m->plan->bytes_per_s), limit_done,
			     m, 0);
}

/* ---- Steps */

static void stop_guest(struct migration *m)
{
	m->stopped = sim_now(sim_of(m));
	m->phase = STOPPED;
	host_set_speed(guest_entity(m->from), 0);
}

static double speed_while_fetching(const struct migration *m)
{
	double missing = 1 - (double)m->chunk / FETCH_CHUNKS;
	return 1 / (1 + missing * m->fetch.touches * m->fetch.fault_s);
}

static void step(struct migration *m)
{
	const struct migration_ops *ops = m->plan->method;
	m->last_step = ops->next(m->plan->parameters, &m->view);
	switch (m->last_step) {
	case MIGRATION_COPY:
		m->phase = COPYING;
		transfer(m, m->view.left_bytes);
		return;
	case MIGRATION_STOP:
		stop_guest(m);
		transfer(m, m->view.left_bytes);
		return;
	case MIGRATION_FETCH:
		ops->fetch(m->plan->parameters, &m->fetch);
		stop_guest(m);
		transfer(m, m->fetch.state_bytes);
		return;
	}
}

/* A round is over: what the guest wrote meanwhile is to be sent again. */
static void end_round(struct migration *m)
{
	double took_s = sim_to_seconds(sim_now(sim_of(m)) - m->since);
	m->view.rounds++;
	m->view.last_bytes = m->round_bytes;
	m->view.bytes_per_s = took_s > 0 ? m->round_bytes / took_s : INFINITY;
	m->view.left_bytes = fmin(m->plan->dirty_bytes_per_s * took_s,
				  m->plan->dirty_set_bytes >= 0 ? m->plan->dirty_set_bytes
								: m->view.memory_bytes);
	step(m);
}

/* Everything that the guest has goes to where it will run. */
static void hand_over(struct migration *m)
{
	struct guest *from = m->from, *to = m->to;
	guest_take_place(to);
	host_set_speed(guest_entity(to), 0);
	to->kept = from->kept;
	from->kept = false;
	from->moving = NULL;
	while (from->tasks)
		task_move(from->tasks, to);
	guest_close(from);
	m->phase = RESUMING;
	m->timer = sim_after(sim_of(m), m->plan->resume_ns, arrived, m, 0);
	guest_serve_waiting(to);
}

static void release(struct migration *m)
{
	struct run *run = m->site->run;
	m->to->moving = NULL;
	*(m->prev ? &m->prev->next : &run->migrations) = m->next;
	if (m->next)
		m->next->prev = m->prev;
	m->next = run->free_migrations;
	run->free_migrations = m;
}

static void finish(struct migration *m)
{
	struct migrations *all = &m->site->migrations;
	struct guest *to = m->to;
	sim_time now = sim_now(sim_of(m));
	if (m->began >= m->site->run->world->warmup) {
		all->done++;
		all->bytes += m->view.sent_bytes;
		all->rounds += m->view.rounds;
		all->ns += now - m->began;
		all->downtime_ns += m->downtime;
	}
	release(m);
	guest_may_idle(to);
}

static void resume(struct migration *m)
{
	m->downtime = sim_now(sim_of(m)) - m->stopped;
	if (m->last_step != MIGRATION_FETCH) {
		host_set_speed(guest_entity(m->to), 1);
		finish(m);
		return;
	}
	m->phase = FETCHING;
	m->chunk = 0;
	host_set_speed(guest_entity(m->to), speed_while_fetching(m));
	transfer(m, m->view.memory_bytes / FETCH_CHUNKS);
}

static void end_chunk(struct migration *m)
{
	m->chunk++;
	host_set_speed(guest_entity(m->to), speed_while_fetching(m));
	if (m->chunk < FETCH_CHUNKS)
		transfer(m, m->view.memory_bytes / FETCH_CHUNKS);
	else
		finish(m);
}

static void proceed(struct migration *m)
{
	switch (m->phase) {
	case SETTING_UP:
		step(m);
		return;
	case COPYING:
		end_round(m);
		return;
	case STOPPED:
		hand_over(m);
		return;
	case RESUMING:
		resume(m);
		return;
	case FETCHING:
		end_chunk(m);
		return;
	}
}

static void arrived(struct sim *s, void *ctx, uint32_t arg)
{
	struct migration *m = ctx;
	(void)s;
	(void)arg;
	m->timer = 0;
	if (m->phase != SETTING_UP && m->phase != RESUMING)
		m->view.sent_bytes += m->round_bytes;
	proceed(m);
}

/* ---- The start and the end */

static const struct site_path *path_between(const struct world *w, const struct site *from,
					    const struct site *to)
{
	const struct migration_plan *plan = from->migration;
	for (uint32_t i = 0; plan && i < plan->path_count; i++)
		if (&w->sites[plan->paths[i].site] == to)
			return &plan->paths[i];
	return NULL;
}

static struct migration *migration_new(struct run *run)
{
	struct migration *m = run->free_migrations;
	struct part *parts;
	if (m) {
		run->free_migrations = m->next;
		parts = m->parts;
	} else {
		m = arena_alloc(&run->arena, sizeof(*m));
		parts = arena_array(&run->arena, PARTS_MIN + run->world->link_count + 1,
				    sizeof(*parts));
		if (!m || !parts) {
			sim_fail(run->sim, ERR_NOMEM, "no memory for a migration");
			return NULL;
		}
	}
	*m = (struct migration){.parts = parts, .next = run->migrations};
	if (m->next)
		m->next->prev = m;
	return run->migrations = m;
}

bool migrate_begin(struct guest *g, struct site_state *to_site, uint32_t to_host)
{
	struct site_state *site = g->pool->site;
	const struct world *w = site->run->world;
	const struct site_path *there = path_between(w, site->site, to_site->site);
	const struct site_path *back = path_between(w, to_site->site, site->site);
	struct host *target = &to_site->hosts[to_host];
	if (g->state != GUEST_UP || g->moving || target == guest_host(g) ||
	    (site != to_site && !there && !back))
		return false;
	struct guest *place = guest_reserve(to_site, target);
	struct migration *m = place ? migration_new(site->run) : NULL;
	if (!m)
		return false;
	place->pool = &to_site->pools[to_site->pool_count > 1 ? g->pool - site->pools : 0];
	m->from = g;
	m->to = place;
	m->site = site;
	m->plan = site->site->migration ? site->site->migration : to_site->site->migration;
	m->path = site == to_site ? NULL : there ? there : back;
	m->backwards = !there;
	m->began = sim_now(site->run->sim);
	m->view.memory_bytes = m->view.left_bytes = guest_host(g)->kind->plan.guest_bytes;
	g->moving = place->moving = m;
	sim_cancel(site->run->sim, &g->timer);
	m->phase = SETTING_UP;
	m->timer = sim_after(site->run->sim, m->plan->setup_ns, arrived, m, 0);
	return true;
}

bool migrate_abort(struct guest *g, const struct guest *lost)
{
	struct migration *m = g->moving;
	bool was_handed_over = m->phase == RESUMING || m->phase == FETCHING;
	sim_cancel(sim_of(m), &m->timer);
	for (uint32_t i = 0; i < PARTS_MIN + m->site->run->world->link_count; i++) {
		struct part *p = &m->parts[i];
		if (!station_job_present(&p->job))
			continue;
		if (p->entity)
			host_take(p->entity, &p->job);
		else
			station_cancel(&p->job);
	}
	if (m->began >= m->site->run->world->warmup)
		m->site->migrations.failed++;
	struct guest *from = m->from, *to = m->to;
	release(m);
	if (was_handed_over)
		return false; /* what it is lies on both hosts */
	from->moving = NULL;
	guest_close(to);
	if (from == lost)
		return false;
	host_set_speed(guest_entity(from), 1);
	guest_may_idle(from);
	return true;
}

struct guest *migrate_fetching_from(const struct run *run, const struct host *h)
{
	for (struct migration *m = run->migrations; m; m = m->next)
		if ((m->phase == RESUMING || m->phase == FETCHING) &&
		    m->last_step == MIGRATION_FETCH && guest_host(m->from) == h)
			return m->to;
	return NULL;
}

struct guest *migrate_using(const struct run *run, uint32_t link)
{
	for (struct migration *m = run->migrations; m; m = m->next)
		for (uint32_t i = 0; m->path && i < m->path->link_count; i++)
			if (m->path->links[i] == link && m->phase != SETTING_UP)
				return m->to;
	return NULL;
}

/* ---- Who goes where */

/* The guest in the host's n-th place that runs. */
static struct guest *nth_guest(const struct site_state *site, const struct host *h, uint32_t n)
{
	for (uint32_t i = 0; i < h->kind->guests; i++) {
		struct guest *g = &site->guest[h->numbers[i]];
		if (g->state == GUEST_UP && n-- == 0)
			return g;
	}
	return NULL;
}

static void follow_schedule(struct sim *s, void *ctx, uint32_t i)
{
	struct site_state *site = ctx;
	const struct migration_order *order = &site->site->migration->orders[i];
	struct site_state *to = &site->run->sites[site->run->world->sites[order->to_site].slot];
	struct guest *g = nth_guest(site, &site->hosts[order->from_host], order->guest);
	(void)s;
	if ((!g || !migrate_begin(g, to, order->to_host)) && sim_now(s) >= site->run->world->warmup)
		site->migrations.refused++;
}

static void view_host(struct site_state *site, struct host *h, sim_time interval,
		      struct balance_host *v)
{
	sim_time now = sim_now(h->sim);
	double busy = time_average_integral(&h->busy, now), mark = h->busy_mark;
	double guests_s = 0;
	*v = (struct balance_host){.cores = h->kind->cores, .at_rest = !h->down};
	h->busy_mark = busy;
	v->load = (busy - mark) / sim_to_seconds(interval) / h->kind->cores;
	for (uint32_t i = 0; i < h->kind->guests; i++) {
		struct guest *g = &site->guest[h->numbers[i]];
		v->at_rest &= !g->moving;
		if (g->state != GUEST_UP)
			continue;
		double served = time_average_integral(&guest_entity(g)->station.busy, now);
		guests_s += served - g->load_mark;
		g->load_mark = served;
		v->guests++;
	}
	v->guest_load = v->guests > 0 ? guests_s / sim_to_seconds(interval) / v->guests : 0;
	/* Virtual CPUs that wait for a core are busy, too: not more than the cores. */
	v->guest_load = fmin(v->guest_load, v->load * v->cores / fmax(v->guests, 1));
	v->has_room = guest_has_room(h);
}

static void look(struct sim *s, void *ctx, uint32_t arg)
{
	struct site_state *site = ctx;
	const struct migration_plan *plan = site->site->migration;
	sim_time interval = plan->balance->interval(plan->balance_parameters);
	uint32_t from, to;
	(void)arg;
	for (uint32_t i = 0; i < site->host_count; i++)
		view_host(site, &site->hosts[i], interval, &site->balance[i]);
	if (plan->balance->pick(plan->balance_parameters, site->balance, site->host_count, &from,
				&to)) {
		struct guest *g = nth_guest(site, &site->hosts[from], 0);
		if (g)
			migrate_begin(g, site, to);
	}
	sim_after(s, interval, look, site, 0);
}

void migrate_start(struct run *run, struct site_state *site)
{
	const struct migration_plan *plan = site->site->migration;
	if (!plan)
		return;
	for (uint32_t i = 0; i < plan->order_count; i++)
		sim_at(run->sim, plan->orders[i].at, follow_schedule, site, i);
	if (!plan->balance->interval)
		return;
	site->balance = arena_array(&run->arena, site->host_count, sizeof(*site->balance));
	if (!site->balance) {
		sim_fail(run->sim, ERR_NOMEM, "no memory to balance a site");
		return;
	}
	sim_after(run->sim, plan->balance->interval(plan->balance_parameters), look, site, 0);
}
