/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hold model and its kin: n pending events; one hold is to take the first and schedule it again
 * after a random increment. With the engine and with the reference heap, under increments of
 * several kinds. Used by bench_engine.c only.
 */
#ifndef TESTS_ENGINE_BENCH_HOLD_H
#define TESTS_ENGINE_BENCH_HOLD_H

#include "sim/engine/sim.h"
#include "sim/engine/stream.h"
#include "tests/engine/bench_reference.h"

#include <math.h>

typedef sim_time increment_fn(struct stream *st);

/* All of mean about 1 s. */
static sim_time increment_exponential(struct stream *st)
{
	return sim_from_seconds(stream_exponential(st, 1));
}

static sim_time increment_uniform(struct stream *st)
{
	return sim_from_seconds(2 * stream_uniform(st));
}

/* One in ten is about 20 times as long (Roenngren and Ayani 1997). */
static sim_time increment_bimodal(struct stream *st)
{
	double u = stream_uniform(st);
	return sim_from_seconds(0.95238 * u + (stream_uniform(st) < 0.1 ? 9.5238 * u : 0));
}

/* Pareto with shape 1.25: infinite variance. */
static sim_time increment_pareto(struct stream *st)
{
	double u = stream_uniform(st);
	return sim_from_seconds(0.2 / exp(log(u) / 1.25));
}

/* Three of four are 0: the event happens again at the same time. */
static sim_time increment_ties(struct stream *st)
{
	return stream_bits(st) >> 62 ? 0 : sim_from_seconds(stream_exponential(st, 4));
}

/* One of 1 to 4 ticks: everybody at the same few times. */
static sim_time increment_ticks(struct stream *st)
{
	return (sim_time)((stream_bits(st) >> 62) + 1) * (400 * SIM_MS);
}

static const struct increment {
	const char *name;
	increment_fn *draw;
} increments[] = {
	{"exponential", increment_exponential},
	{"uniform", increment_uniform},
	{"bimodal", increment_bimodal},
	{"heavy-tailed", increment_pareto},
	{"ties", increment_ties},
	{"ticks", increment_ticks},
};

#define INCREMENTS (sizeof(increments) / sizeof(increments[0]))

/* Both know nothing but a stream and how to draw; the call through a pointer is the same for both.
 */
struct hold {
	struct sim *sim;
	struct reference reference;
	struct stream random;
	increment_fn *draw;
	uint64_t left;
};

static void hold_event(struct sim *s, void *ctx, uint32_t arg)
{
	struct hold *h = ctx;
	sim_after(s, h->draw(&h->random), hold_event, h, arg);
	if (--h->left == 0)
		sim_stop(s);
}

static inline void hold_engine(struct hold *h, uint64_t holds)
{
	h->left = holds;
	if (sim_run_until(h->sim, SIM_NEVER, NULL) < 0)
		abort();
}

static __attribute__((noinline)) void hold_reference_event(struct reference *r, struct hold *h)
{
	reference_schedule(r, r->now + h->draw(&h->random), h);
	h->left--;
}

static inline void hold_reference(struct hold *h, uint64_t holds)
{
	void (*volatile happen)(struct reference *, struct hold *) = hold_reference_event;
	h->left = holds;
	while (h->left)
		happen(&h->reference, reference_pop(&h->reference).ctx);
}

enum { HOLD_ENGINE = 1, HOLD_REFERENCE = 2 };

static inline void hold_start(struct hold *h, increment_fn *draw, size_t n, int which)
{
	struct stream_key key = {.seed = 1};
	*h = (struct hold){.draw = draw};
	stream_init(&h->random, &key, n, 0);
	if (which & HOLD_ENGINE && !(h->sim = sim_create(NULL)))
		abort();
	for (size_t i = 0; i < n; i++) {
		sim_time t = draw(&h->random);
		if (which & HOLD_ENGINE)
			sim_at(h->sim, t, hold_event, h, (uint32_t)i);
		if (which & HOLD_REFERENCE)
			reference_schedule(&h->reference, t, h);
	}
}

static inline void hold_end(struct hold *h)
{
	sim_destroy(h->sim);
	free(h->reference.heap);
}

#endif
