/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random sequences of schedule, cancel, reschedule and run against an oracle that is too simple to
 * be wrong: a sorted array. The short run is part of every test run, 10 million operations are a
 * slow one; sizes from a handful of events to many thousands and increments of every kind, so that
 * every part of the event list is met.
 */
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct expected {
	sim_time time;
	int priority;
	uint64_t sequence;
	uint32_t id;
};

struct fuzz {
	struct sim *sim;
	struct stream random;
	struct expected *sorted; /* falling, so that the next one is at the end */
	size_t count;
	sim_event *handle; /* by id; stale ones stay, and must then be refused */
	bool *pending;	   /* by id */
	uint32_t ids, capacity;
	uint64_t sequence, run, wrong;
	int kind;
	size_t target;
};

static int compare(const struct expected *a, const struct expected *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static size_t place_of(const struct fuzz *f, const struct expected *e)
{
	size_t low = 0, high = f->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (compare(&f->sorted[middle], e) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void oracle_add(struct fuzz *f, struct expected e)
{
	size_t at = place_of(f, &e);
	memmove(&f->sorted[at + 1], &f->sorted[at], (f->count++ - at) * sizeof(e));
	f->sorted[at] = e;
}

static struct expected oracle_remove(struct fuzz *f, uint32_t id)
{
	size_t at = 0;
	while (f->sorted[at].id != id)
		at++;
	struct expected e = f->sorted[at];
	memmove(&f->sorted[at], &f->sorted[at + 1], (--f->count - at) * sizeof(e));
	return e;
}

static sim_time increment(struct fuzz *f)
{
	switch (f->kind) {
	case 0:
		return sim_from_seconds(stream_exponential(&f->random, 1));
	case 1: /* mostly ties */
		return stream_below(&f->random, 4) ? 0 : (sim_time)stream_below(&f->random, 1000);
	case 2: /* many scales */
		return (sim_time)(stream_bits(&f->random) >> (4 + stream_below(&f->random, 60)));
	case 3: /* ticks */
		return (sim_time)stream_below(&f->random, 5) * SIM_MS;
	default: /* near, with a few far away and some never */
		if (stream_below(&f->random, 50) == 0)
			return stream_below(&f->random, 4) ? SIM_H : SIM_NEVER;
		return (sim_time)stream_below(&f->random, 100);
	}
}

static void happen(struct sim *s, void *ctx, uint32_t id);

static void schedule(struct fuzz *f)
{
	if (f->ids == f->capacity)
		return;
	uint32_t id = f->ids++;
	sim_time t = sim_time_add(sim_now(f->sim), increment(f));
	int priority = 0;
	if (stream_below(&f->random, 5) == 0)
		priority = (int)stream_below(&f->random, 256) - 128;
	f->handle[id] = priority ? sim_at_priority(f->sim, t, priority, happen, f, id)
				 : sim_at(f->sim, t, happen, f, id);
	f->pending[id] = true;
	f->wrong += !f->handle[id];
	oracle_add(f, (struct expected){t, priority, f->sequence++, id});
}

static uint32_t choose(struct fuzz *f)
{
	/* A pending one as a rule, else any that ever was. */
	if (f->count && stream_below(&f->random, 8))
		return f->sorted[stream_below(&f->random, f->count)].id;
	return (uint32_t)stream_below(&f->random, f->ids);
}

static void cancel(struct fuzz *f)
{
	uint32_t id = choose(f);
	bool was = f->pending[id];
	f->wrong += sim_is_pending(f->sim, f->handle[id]) != was;
	sim_event copy = f->handle[id];
	f->wrong += sim_cancel(f->sim, &copy) != was || copy != 0;
	if (was)
		oracle_remove(f, id);
	f->pending[id] = false;
}

static void reschedule(struct fuzz *f)
{
	uint32_t id = choose(f);
	sim_time t = sim_time_add(sim_now(f->sim), increment(f));
	bool was = f->pending[id];
	sim_event moved = f->handle[id];
	f->wrong += sim_reschedule(f->sim, &moved, t) != was;
	if (!was)
		return;
	f->wrong += sim_is_pending(f->sim, f->handle[id]);
	f->handle[id] = moved;
	struct expected e = oracle_remove(f, id);
	e.time = t;
	e.sequence = f->sequence++;
	oracle_add(f, e);
}

static void act(struct fuzz *f)
{
	uint64_t what = stream_below(&f->random, 100);
	if (f->count < f->target ? what < 70 : what < 45)
		schedule(f);
	else if (what < 80)
		reschedule(f);
	else
		cancel(f);
}

static void happen(struct sim *s, void *ctx, uint32_t id)
{
	struct fuzz *f = ctx;
	f->run++;
	if (!f->count) {
		f->wrong++;
		return;
	}
	struct expected e = f->sorted[--f->count];
	f->wrong += e.id != id || e.time != sim_now(s);
	f->pending[e.id] = false;
	if (stream_below(&f->random, 2))
		schedule(f);
	if (stream_below(&f->random, 4) == 0)
		act(f);
	if (stream_below(&f->random, 20) == 0)
		sim_stop(s);
}

/* After so many operations the number of events ebbs and flows. */
#define TIDE 2000

/* Runs until few are left, then fills up again: what was moved out of the way for many must come
 * back for few. */
static void ebb_and_flow(struct fuzz *f)
{
	while (f->count > f->target / 100 && f->sorted[f->count - 1].time < SIM_NEVER && !f->wrong)
		f->wrong += sim_run_until(f->sim, f->sorted[f->count - 1].time, NULL) != 0;
	for (int i = 0; i < 200 && f->count; i++) {
		act(f);
		f->wrong += sim_next_time(f->sim) !=
			    (f->count ? f->sorted[f->count - 1].time : SIM_NEVER);
	}
	while (f->count < f->target && f->ids < f->capacity)
		schedule(f);
}

/* One run of `operations` calls around `target` pending events; returns how many things were wrong.
 */
static uint64_t fuzz(uint64_t seed, int kind, size_t target, uint32_t operations)
{
	struct fuzz f = {.kind = kind, .target = target, .capacity = 4 * operations + 40000};
	struct stream_key key = {.seed = seed};
	f.sim = sim_create(NULL);
	f.sorted = malloc((f.capacity + 1) * sizeof(*f.sorted));
	f.handle = calloc(f.capacity, sizeof(*f.handle));
	f.pending = calloc(f.capacity, sizeof(*f.pending));
	if (!f.sim || !f.sorted || !f.handle || !f.pending)
		abort();
	stream_init(&f.random, &key, target, (uint64_t)kind);
	schedule(&f);
	while (f.count < target) /* fill, without running */
		schedule(&f);
	for (uint32_t i = 0; i < operations && !f.wrong; i++) {
		if (i % TIDE == TIDE - 1)
			ebb_and_flow(&f);
		uint64_t dice = stream_below(&f.random, 100);
		if (dice < 70) {
			act(&f);
			continue;
		}
		size_t before = f.count;
		sim_time next = before ? f.sorted[before - 1].time : SIM_NEVER;
		f.wrong += sim_next_time(f.sim) != next || sim_pending(f.sim) != before;
		/* Up to and into the middle of what is pending, most often just one event. */
		sim_time end = dice < 95 ? next : sim_time_add(sim_now(f.sim), increment(&f));
		if (end == SIM_NEVER)
			continue;
		f.wrong += sim_run_until(f.sim, end, NULL) != 0;
		if (f.count && f.sorted[f.count - 1].time <= end)
			f.wrong += sim_now(f.sim) > f.sorted[f.count - 1].time; /* was stopped */
		if (f.count < target / 2)
			for (size_t k = 0; k < target / 2; k++)
				schedule(&f);
	}
	if (f.wrong)
		printf("seed %" PRIu64 " kind %d target %zu: disagreement after %" PRIu64
		       " events\n",
		       seed, kind, target, f.run);
	sim_destroy(f.sim);
	free(f.sorted);
	free(f.handle);
	free(f.pending);
	return f.wrong;
}

static void every_kind_and_size(uint32_t operations)
{
	static const size_t targets[] = {1, 20, 250, 2300, 6000};
	for (uint64_t seed = 1; seed <= 2; seed++)
		for (int kind = 0; kind < 5; kind++)
			for (size_t i = 0; i < 5; i++)
				CU_ASSERT_EQUAL(fuzz(seed, kind, targets[i], operations), 0);
}

static void the_list_agrees_with_a_sorted_array(void)
{
	every_kind_and_size(6000);
}

static void ten_million_operations(void)
{
	if (!getenv("MCVSIM_SLOW")) {
		test_skip("a minute long: set MCVSIM_SLOW=1");
		return;
	}
	every_kind_and_size(200000);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_list_agrees_with_a_sorted_array", the_list_agrees_with_a_sorted_array},
		{"ten_million_operations", ten_million_operations},
		{0},
	};
	return test_main("event list against an oracle", cases, argc, argv);
}
