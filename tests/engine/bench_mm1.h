/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * M/M/1 at load 0.9 in four ways, each collecting the same: mean, variance, extremes and quantiles
 * of the response time and the time average of the number present. As events of the engine; as a
 * station; as a loop that knows two callbacks and nothing else; and as the plain recursion with two
 * clocks, the least that a program for this one model can do, in two orders of its statements. All
 * draw the same numbers, so their results must be the same. Each goes on from mm1_start.
 * Used by the benchmarks only.
 */
#ifndef TESTS_ENGINE_BENCH_MM1_H
#define TESTS_ENGINE_BENCH_MM1_H

#include "sim/engine/station.h"
#include "sim/engine/stream.h"

#include <stdlib.h>

#define MM1_GAP_S     (1 / 0.9)
#define MM1_SERVICE_S 1.0

/* A first-in first-out line of arrival times. */
struct mm1_line {
	sim_time *time;
	size_t head, tail, capacity;
};

static __attribute__((noinline)) void mm1_line_grow(struct mm1_line *l)
{
	size_t capacity = l->capacity ? 2 * l->capacity : 1024;
	sim_time *time = malloc(capacity * sizeof(*time));
	if (!time)
		abort();
	for (size_t i = l->head; i < l->tail; i++)
		time[i & (capacity - 1)] = l->time[i & (l->capacity - 1)];
	free(l->time);
	l->time = time;
	l->capacity = capacity;
}

static inline void mm1_line_push(struct mm1_line *l, sim_time t)
{
	if (l->tail - l->head == l->capacity)
		mm1_line_grow(l);
	l->time[l->tail++ & (l->capacity - 1)] = t;
}

static inline sim_time mm1_line_pop(struct mm1_line *l)
{
	return l->time[l->head++ & (l->capacity - 1)];
}

static inline size_t mm1_line_length(const struct mm1_line *l)
{
	return l->tail - l->head;
}

struct mm1 {
	struct stream gaps, services;
	struct tally response;
	struct histogram quantiles;
	struct time_average present;
	struct mm1_line line;
	uint64_t served, customers;
	struct station station; /* only for mm1_station */
	struct mm1_customer *free;
};

static inline void mm1_start(struct mm1 *m, uint64_t repetition, uint64_t customers)
{
	struct stream_key key = {.seed = 1, .repetition = repetition};
	*m = (struct mm1){.customers = customers};
	stream_init(&m->gaps, &key, 0, stream_name("gaps"));
	stream_init(&m->services, &key, 0, stream_name("services"));
}

static inline sim_time mm1_gap(struct mm1 *m)
{
	return sim_from_seconds(stream_exponential(&m->gaps, MM1_GAP_S));
}

static inline sim_time mm1_service(struct mm1 *m)
{
	return sim_from_seconds(stream_exponential(&m->services, MM1_SERVICE_S));
}

static inline void mm1_observe(struct mm1 *m, sim_time response)
{
	double seconds = sim_to_seconds(response);
	tally_add(&m->response, seconds);
	histogram_add(&m->quantiles, seconds);
	m->served++;
}

static inline void mm1_end(struct mm1 *m)
{
	free(m->line.time);
	histogram_free(&m->quantiles);
}

/* ---- Events of the engine */

static void mm1_departure(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct mm1 *m = ctx;
	sim_time arrived = mm1_line_pop(&m->line);
	size_t left = mm1_line_length(&m->line);
	if (left)
		sim_after(s, mm1_service(m), mm1_departure, m, 0);
	mm1_observe(m, sim_now(s) - arrived);
	time_average_set(&m->present, sim_now(s), (double)left);
	if (m->served == m->customers)
		sim_stop(s);
}

static void mm1_arrival(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct mm1 *m = ctx;
	sim_after(s, mm1_gap(m), mm1_arrival, m, 0);
	mm1_line_push(&m->line, sim_now(s));
	size_t present = mm1_line_length(&m->line);
	time_average_set(&m->present, sim_now(s), (double)present);
	if (present == 1)
		sim_after(s, mm1_service(m), mm1_departure, m, 0);
}

static inline void mm1_events(struct mm1 *m)
{
	struct sim *s = sim_create(NULL);
	sim_after(s, mm1_gap(m), mm1_arrival, m, 0);
	if (!s || sim_run_until(s, SIM_NEVER, NULL) < 0)
		abort();
	sim_destroy(s);
}

/* ---- A station */

struct mm1_customer {
	struct station_job job;
	sim_time arrived;
	struct mm1_customer *next;
};

static void mm1_served(struct sim *s, struct station_job *job)
{
	struct mm1_customer *c = (struct mm1_customer *)(void *)job; /* its first member */
	struct mm1 *m = job->ctx;
	mm1_observe(m, sim_now(s) - c->arrived);
	c->next = m->free;
	m->free = c;
	if (m->served == m->customers)
		sim_stop(s);
}

static void mm1_submit(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct mm1 *m = ctx;
	struct mm1_customer *c = m->free;
	if (c)
		m->free = c->next;
	else if (!(c = calloc(1, sizeof(*c)))) /* kept until the program ends */
		abort();
	c->arrived = sim_now(s);
	c->job.done = mm1_served;
	c->job.ctx = m;
	sim_after(s, mm1_gap(m), mm1_submit, m, 0);
	station_submit(&m->station, &c->job, stream_exponential(&m->services, MM1_SERVICE_S));
}

static inline void mm1_station(struct mm1 *m)
{
	struct sim *s = sim_create(NULL);
	struct station_config config = {.ops = &station_fifo, .rate = 1};
	if (!s || station_init(&m->station, s, &config, NULL) < 0)
		abort();
	sim_after(s, mm1_gap(m), mm1_submit, m, 0);
	if (sim_run_until(s, SIM_NEVER, NULL) < 0)
		abort();
	m->present = m->station.jobs;
	station_fini(&m->station);
	sim_destroy(s);
}

/* ---- Two callbacks */

/* The least that an engine can be: two places for events of different times, no order among more,
 * no handles. What it takes longer than the recursion is what callbacks cost. Each place has a call
 * of its own, which the processor predicts better than one call for both. */
struct mm1_pair {
	sim_time now;
	struct mm1_place {
		sim_time time;
		void (*fn)(struct mm1_pair *p, void *ctx, uint32_t arg);
		void *ctx;
		uint32_t arg;
	} place[2], *hole;
};

static __attribute__((noinline)) void
mm1_pair_after(struct mm1_pair *p, sim_time delay,
	       void (*fn)(struct mm1_pair *p, void *ctx, uint32_t arg), void *ctx, uint32_t arg)
{
	struct mm1_place *hole =
		p->hole->time == SIM_NEVER ? p->hole : &p->place[p->hole == &p->place[0]];
	*hole = (struct mm1_place){p->now + delay, fn, ctx, arg};
}

static void mm1_pair_departure(struct mm1_pair *p, void *ctx, uint32_t arg)
{
	(void)arg;
	struct mm1 *m = ctx;
	sim_time arrived = mm1_line_pop(&m->line);
	size_t left = mm1_line_length(&m->line);
	if (left)
		mm1_pair_after(p, mm1_service(m), mm1_pair_departure, m, 0);
	mm1_observe(m, p->now - arrived);
	time_average_set(&m->present, p->now, (double)left);
}

static void mm1_pair_arrival(struct mm1_pair *p, void *ctx, uint32_t arg)
{
	(void)arg;
	struct mm1 *m = ctx;
	mm1_pair_after(p, mm1_gap(m), mm1_pair_arrival, m, 0);
	mm1_line_push(&m->line, p->now);
	size_t present = mm1_line_length(&m->line);
	time_average_set(&m->present, p->now, (double)present);
	if (present == 1)
		mm1_pair_after(p, mm1_service(m), mm1_pair_departure, m, 0);
}

static inline void mm1_pair_happen(struct mm1_pair *p, struct mm1_place *first)
{
	p->hole = first;
	p->now = first->time;
	first->time = SIM_NEVER;
	first->fn(p, first->ctx, first->arg);
}

static inline void mm1_pair(struct mm1 *m)
{
	struct mm1_pair p = {.place = {{.time = SIM_NEVER}, {.time = SIM_NEVER}}};
	p.hole = &p.place[0];
	mm1_pair_after(&p, mm1_gap(m), mm1_pair_arrival, m, 0);
	while (m->served < m->customers) {
		if (p.place[1].time < p.place[0].time) {
			mm1_pair_happen(&p, &p.place[1]);
			__asm__ volatile(""); /* keeps compilers from making it one call */
		} else {
			mm1_pair_happen(&p, &p.place[0]);
		}
	}
}

/* ---- Two clocks */

static inline void mm1_recursion(struct mm1 *m)
{
	sim_time arrival = mm1_gap(m), departure = SIM_NEVER;
	while (m->served < m->customers) {
		if (arrival < departure) {
			mm1_line_push(&m->line, arrival);
			size_t present = mm1_line_length(&m->line);
			time_average_set(&m->present, arrival, (double)present);
			if (present == 1)
				departure = arrival + mm1_service(m);
			arrival += mm1_gap(m);
		} else {
			mm1_observe(m, departure - mm1_line_pop(&m->line));
			size_t left = mm1_line_length(&m->line);
			time_average_set(&m->present, departure, (double)left);
			departure = left ? departure + mm1_service(m) : SIM_NEVER;
		}
	}
}

/* The same, with the next time drawn before the statistics are kept, so that the processor knows
 * earlier which clock comes first. */
static inline void mm1_recursion_early(struct mm1 *m)
{
	sim_time arrival = mm1_gap(m), departure = SIM_NEVER;
	while (m->served < m->customers) {
		if (arrival < departure) {
			sim_time now = arrival;
			arrival = now + mm1_gap(m);
			mm1_line_push(&m->line, now);
			size_t present = mm1_line_length(&m->line);
			if (present == 1)
				departure = now + mm1_service(m);
			time_average_set(&m->present, now, (double)present);
		} else {
			sim_time now = departure, arrived = mm1_line_pop(&m->line);
			size_t left = mm1_line_length(&m->line);
			departure = left ? now + mm1_service(m) : SIM_NEVER;
			mm1_observe(m, now - arrived);
			time_average_set(&m->present, now, (double)left);
		}
	}
}

#endif
