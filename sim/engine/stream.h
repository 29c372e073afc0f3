/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random streams that are named, not numbered: what a stream yields depends on its name alone,
 * (seed, point, repetition, entity, purpose), never on the order in which streams are made, on
 * threads, or on what other entities draw. The name goes through Philox 4x64-10 (Random123; Salmon
 * et al., SC 2011), whose output seeds a xoroshiro128++ (Blackman and Vigna, ACM TOMS 47:4, 2021)
 * that the inline functions draw from. Leaving `point` 0 gives all points of a sweep the same
 * random numbers, which is what makes their differences sharp.
 *
 * Distributions that are not here: GSL has them; stream_gsl makes a generator for it of any stream.
 */
#ifndef SIM_ENGINE_STREAM_H
#define SIM_ENGINE_STREAM_H

#include "sim/engine/ziggurat.h"

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* The part of the name that a whole run has in common. */
struct stream_key {
	uint64_t seed;
	uint64_t point;	     /* 0: common random numbers for all points; else the point's hash */
	uint64_t repetition; /* from 0 */
};

/* 24 bytes; copying one copies its position. */
struct stream {
	uint64_t state[2];
	uint32_t inversion;  /* see stream_invert */
	uint32_t antithetic; /* 0 or 1 */
};

/* Starts the stream of `entity` (the handset's number, or stream_name of something that has a name)
 * for `purpose` (stream_name("arrivals")). Two different names give independent streams. */
void stream_init(struct stream *st, const struct stream_key *key, uint64_t entity,
		 uint64_t purpose);

/* A number for a name: XXH3 of its bytes. Hash once, not per draw. */
uint64_t stream_name(const char *name);

/* Inversion mode, for synchronised and antithetic runs: from now on every variate of stream.h takes
 * exactly one draw and rises with it, at some cost in speed. With `antithetic` each uniform is one
 * minus what the stream would have given. Call it right after stream_init. */
void stream_invert(struct stream *st, int antithetic);

/* 64 random bits. */
static inline uint64_t stream_bits(struct stream *st)
{
	uint64_t s0 = st->state[0], s1 = st->state[1], sum = s0 + s1;
	uint64_t out = (sum << 17 | sum >> 47) + s0;
	s1 ^= s0;
	st->state[0] = (s0 << 49 | s0 >> 15) ^ s1 ^ (s1 << 21);
	st->state[1] = s1 << 28 | s1 >> 36;
	return out ^ -(uint64_t)st->antithetic;
}

/* Uniform in the open interval (0, 1): odd multiples of 2^-53, so that 1 - u is exact. */
static inline double stream_uniform(struct stream *st)
{
	return ((double)(int64_t)(stream_bits(st) >> 12) + 0.5) * 0x1p-52;
}

/* Uniform in 0..n-1, n > 0, without bias (Lemire, ACM TOMACS 29:1, 2019). In inversion mode one
 * draw, with a bias below n / 2^64. */
static inline uint64_t stream_below(struct stream *st, uint64_t n)
{
	unsigned __int128 product = (unsigned __int128)stream_bits(st) * n;
	if (__builtin_expect((uint64_t)product < n, 0) && !st->inversion) {
		uint64_t least = -n % n;
		while ((uint64_t)product < least)
			product = (unsigned __int128)stream_bits(st) * n;
	}
	return (uint64_t)(product >> 64);
}

/* The rare branches of the two functions below. */
double stream_exponential_slow(struct stream *st, uint64_t bits);
double stream_normal_slow(struct stream *st, uint64_t bits);
double stream_exponential_inverse(struct stream *st);
double stream_normal_inverse(struct stream *st);

/* Exponential with the given mean: ziggurat with 256 layers (Marsaglia and Tsang, 2000). */
static inline double stream_exponential(struct stream *st, double mean)
{
	if (__builtin_expect(st->inversion != 0, 0))
		return mean * stream_exponential_inverse(st);
	uint64_t bits = stream_bits(st);
	const struct ziggurat_layer *layer = &ziggurat_exponential[bits & 255];
	uint64_t position = bits >> 11;
	if (__builtin_expect(position < layer->inside, 1))
		return mean * ((double)(int64_t)position * layer->width);
	return mean * stream_exponential_slow(st, bits);
}

/* Normal with the given mean and standard deviation: ziggurat with 256 layers. */
static inline double stream_normal(struct stream *st, double mean, double deviation)
{
	if (__builtin_expect(st->inversion != 0, 0))
		return mean + deviation * stream_normal_inverse(st);
	uint64_t bits = stream_bits(st);
	const struct ziggurat_layer *layer = &ziggurat_normal[bits & 255];
	int64_t position = (int64_t)bits >> 11;
	if (__builtin_expect((uint64_t)(position < 0 ? -position : position) < layer->inside, 1))
		return mean + deviation * ((double)position * layer->width);
	return mean + deviation * stream_normal_slow(st, bits);
}

/* A GSL generator that draws from `st` and needs no freeing: gsl_rng r = stream_gsl(st); then
 * gsl_ran_gamma(&r, a, b). It yields 64 bits a call. */
gsl_rng stream_gsl(struct stream *st);

/* Its type, for code that wants to gsl_rng_alloc one: seeded with gsl_rng_set, it is the stream
 * (seed, 0, 0, 0, 0). */
extern const gsl_rng_type *const stream_gsl_type;

#endif
