/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Taking turns: a virtual CPU has a core for a slice, after the cost of switching to it, and then
 * goes to the end of the line. One that wakes while its guest was idle may come before those that
 * have been at work: it waits in a line of its own and takes the core of the one whose slice ends
 * first, which waits at the head of its line for the rest of its slice. After a whole slice it is
 * as any other. A guest's tasks share its virtual CPUs that have a core, so its station's rate
 * follows how many these are. The engine's round robin (station_round_robin.c) serves jobs whose
 * demand is known; a virtual CPU's is not: its guest's tasks come and go while it waits. */
#include "models/run/run_host.h"
#include "models/run/run_host_careful.h"

enum phase { IDLE, SWITCHING, RUNNING };

struct vcpu {
	struct entity *entity;
	struct vcpu *next, *prev; /* in a line */
	struct core *core;	  /* or NULL */
	sim_time left;		  /* of its slice */
	bool awake, boosted;
};

struct core {
	enum phase phase;
	struct vcpu *vcpu, *last;
	sim_time slice_end; /* while running */
	sim_event event;
	struct host *host;
};

struct line {
	struct vcpu *head, *tail;
};

struct host_turns {
	struct scheduler_turns turns;
	struct core *cores;
	struct vcpu **vcpus; /* by the entity's index: one for each server */
	struct line boosted, normal;
	uint32_t busy;
};

int host_turns_init(struct host *h, struct run *run, struct err *e)
{
	struct host_turns *t = arena_alloc(&run->arena, sizeof(*t));
	bool ok = t != NULL;
	if (ok) {
		h->kind->scheduler->turns(h->kind->scheduler_parameters, &t->turns);
		t->cores = arena_array(&run->arena, h->kind->cores, sizeof(*t->cores));
		t->vcpus = arena_array(&run->arena, h->entity_count, sizeof(struct vcpu *));
		ok = t->cores && t->vcpus;
	}
	for (uint32_t i = 0; ok && i < h->entity_count; i++) {
		struct entity *x = host_entity(h, i);
		t->vcpus[i] = arena_array(&run->arena, x->station.servers, sizeof(struct vcpu));
		ok = t->vcpus[i] != NULL;
		for (uint32_t k = 0; ok && k < x->station.servers; k++)
			t->vcpus[i][k].entity = x;
	}
	for (uint32_t i = 0; ok && i < h->kind->cores; i++)
		t->cores[i].host = h;
	h->turns = t;
	return ok ? 0 : err_set(e, ERR_NOMEM, "no memory for the virtual CPUs of a host");
}

/* ---- Lines */

static struct line *line_of(struct host_turns *t, const struct vcpu *v)
{
	return v->boosted ? &t->boosted : &t->normal;
}

static void line_append(struct line *l, struct vcpu *v)
{
	v->next = NULL;
	v->prev = l->tail;
	*(l->tail ? &l->tail->next : &l->head) = v;
	l->tail = v;
}

static void line_prepend(struct line *l, struct vcpu *v)
{
	v->prev = NULL;
	v->next = l->head;
	*(l->head ? &l->head->prev : &l->tail) = v;
	l->head = v;
}

static void line_remove(struct line *l, struct vcpu *v)
{
	*(v->prev ? &v->prev->next : &l->head) = v->next;
	*(v->next ? &v->next->prev : &l->tail) = v->prev;
}

/* ---- Cores */

static void rate(struct entity *x)
{
	double now = x->demand > 0 ? HOST_FULL_RATE * x->speed * x->on / x->demand : 0;
	if (now != x->station.rate)
		station_set_rate(&x->station, now);
}

static void core_event(struct sim *s, void *ctx, uint32_t arg);

static void arm(struct core *c, sim_time t)
{
	if (!sim_reschedule(c->host->sim, &c->event, t))
		c->event = sim_at(c->host->sim, t, core_event, c, 0);
}

static void run_vcpu(struct core *c)
{
	struct vcpu *v = c->vcpu;
	sim_time left = v->left > 0 ? v->left : c->host->turns->turns.slice;
	c->phase = RUNNING;
	c->last = v;
	c->slice_end = sim_time_add(sim_now(c->host->sim), left);
	v->left = 0;
	v->entity->on++;
	rate(v->entity);
	arm(c, c->slice_end);
}

static void give(struct core *c, struct vcpu *v)
{
	struct host_turns *t = c->host->turns;
	c->vcpu = v;
	v->core = c;
	t->busy++;
	if (t->turns.switch_cost > 0 && c->last != v) {
		c->phase = SWITCHING;
		arm(c, sim_time_add(sim_now(c->host->sim), t->turns.switch_cost));
	} else {
		run_vcpu(c);
	}
}

/* Takes the core's virtual CPU from it. */
static struct vcpu *release(struct core *c)
{
	struct vcpu *v = c->vcpu;
	if (c->phase == RUNNING) {
		v->left = c->slice_end - sim_now(c->host->sim);
		v->entity->on--;
		rate(v->entity);
	}
	sim_cancel(c->host->sim, &c->event);
	c->phase = IDLE;
	c->vcpu = NULL;
	v->core = NULL;
	c->host->turns->busy--;
	return v;
}

static struct vcpu *take_next(struct host_turns *t)
{
	struct line *l = t->boosted.head ? &t->boosted : &t->normal;
	struct vcpu *v = l->head;
	if (v)
		line_remove(l, v);
	return v;
}

static void fill(struct core *c)
{
	struct vcpu *v = take_next(c->host->turns);
	if (v)
		give(c, v);
}

/* What the host is busy with has changed. */
static void book(struct host *h)
{
	double runnable = 0, on = 0;
	for (uint32_t i = 0; i < h->entity_count; i++) {
		const struct entity *x = host_entity(h, i);
		runnable += x->speed > 0 ? x->demand : 0;
		on += x->on;
	}
	if (h->turns->busy != h->busy.value)
		host_set_busy(h, h->turns->busy);
	time_average_set(&h->steal, sim_now(h->sim), runnable - on);
}

static void core_event(struct sim *s, void *ctx, uint32_t arg)
{
	struct core *c = ctx;
	struct host *h = c->host;
	(void)s;
	(void)arg;
	c->event = 0;
	if (c->phase == SWITCHING) {
		run_vcpu(c);
	} else if (!h->turns->normal.head && !h->turns->boosted.head) {
		c->slice_end = sim_time_add(sim_now(h->sim), h->turns->turns.slice);
		c->vcpu->boosted = false;
		arm(c, c->slice_end);
		return;
	} else {
		struct vcpu *v = release(c);
		v->boosted = false;
		line_append(&h->turns->normal, v);
		fill(c);
	}
	book(h);
}

/* ---- Waking and going idle */

static struct core *idle_core(struct host *h)
{
	for (uint32_t i = 0; i < h->kind->cores; i++)
		if (h->turns->cores[i].phase == IDLE)
			return &h->turns->cores[i];
	return NULL;
}

/* Of those that may be interrupted, the core whose slice ends first. */
static struct core *victim(struct host *h)
{
	struct core *first = NULL;
	for (uint32_t i = 0; i < h->kind->cores; i++) {
		struct core *c = &h->turns->cores[i];
		if (c->phase == RUNNING && !c->vcpu->boosted &&
		    (!first || c->slice_end < first->slice_end))
			first = c;
	}
	return first;
}

static void wake(struct host *h, struct vcpu *v, bool boost)
{
	struct host_turns *t = h->turns;
	struct core *c = idle_core(h);
	v->awake = true;
	v->boosted = boost && t->turns.boost;
	v->left = 0;
	if (!c && v->boosted) {
		c = victim(h);
		if (c)
			line_prepend(&t->normal, release(c));
	}
	if (c)
		give(c, v);
	else
		line_append(line_of(t, v), v);
}

static void go_idle(struct host *h, struct vcpu *v)
{
	v->awake = false;
	if (!v->core) {
		line_remove(line_of(h->turns, v), v);
		return;
	}
	struct core *c = v->core;
	release(c);
	v->left = 0;
	fill(c);
}

/* One of the entity's virtual CPUs that is awake (or asleep), those with a core first. */
static struct vcpu *find(const struct entity *x, bool awake)
{
	struct vcpu *all = x->host->turns->vcpus[x->index], *found = NULL;
	for (uint32_t i = 0; i < x->station.servers; i++)
		if (all[i].awake == awake && (!found || (all[i].core && !found->core)))
			found = &all[i];
	return found;
}

void host_turns_update(struct entity *x, uint32_t demand)
{
	struct host *h = x->host;
	uint32_t awake = 0, wanted = x->speed > 0 ? demand : 0;
	for (uint32_t i = 0; i < x->station.servers; i++)
		awake += h->turns->vcpus[x->index][i].awake;
	bool was_idle = awake == 0;
	x->demand = demand;
	for (; awake < wanted; awake++)
		wake(h, find(x, false), was_idle);
	for (; awake > wanted; awake--)
		go_idle(h, find(x, true));
	rate(x);
	book(h);
}
