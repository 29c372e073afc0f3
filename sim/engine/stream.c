/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stream.h"

#include <Random123/philox.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>

void stream_init(struct stream *st, const struct stream_key *key, uint64_t entity, uint64_t purpose)
{
	philox4x64_ctr_t name = {{entity, purpose, key->repetition, 0}};
	philox4x64_key_t run = {{key->seed, key->point}};
	philox4x64_ctr_t out = philox4x64(name, run);

	st->state[0] = out.v[0];
	st->state[1] = out.v[1];
	if (!(st->state[0] | st->state[1])) /* the one state xoroshiro never leaves */
		st->state[0] = 1;
	st->inversion = 0;
	st->antithetic = 0;
}

uint64_t stream_name(const char *name)
{
	return XXH3_64bits(name, strlen(name));
}

void stream_invert(struct stream *st, int antithetic)
{
	st->inversion = 1;
	st->antithetic = antithetic != 0;
}

double stream_exponential_inverse(struct stream *st)
{
	return -log1p(-stream_uniform(st));
}

double stream_normal_inverse(struct stream *st)
{
	return gsl_cdf_ugaussian_Pinv(stream_uniform(st));
}

double stream_exponential_slow(struct stream *st, uint64_t bits)
{
	double offset = 0;
	for (;;) {
		unsigned i = bits & 255;
		const struct ziggurat_layer *layer = &ziggurat_exponential[i];
		uint64_t position = bits >> 11;
		double x = (double)(int64_t)position * layer->width;
		if (position < layer->inside)
			return offset + x;
		if (i == 0) {
			/* The tail looks like the whole: start again from there. */
			offset += ZIGGURAT_EXPONENTIAL_TAIL;
		} else {
			double low = ziggurat_exponential_y[i],
			       high = ziggurat_exponential_y[i + 1];
			if (low + stream_uniform(st) * (high - low) < exp(-x))
				return offset + x;
		}
		bits = stream_bits(st);
	}
}

/* Normal beyond r (Marsaglia 1964). */
static double normal_tail(struct stream *st)
{
	const double r = ZIGGURAT_NORMAL_TAIL;
	double x, y;
	do {
		x = -log(stream_uniform(st)) / r;
		y = -log(stream_uniform(st));
	} while (y + y < x * x);
	return r + x;
}

double stream_normal_slow(struct stream *st, uint64_t bits)
{
	for (;;) {
		unsigned i = bits & 255;
		const struct ziggurat_layer *layer = &ziggurat_normal[i];
		int64_t position = (int64_t)bits >> 11;
		double x = (double)position * layer->width;
		if ((uint64_t)(position < 0 ? -position : position) < layer->inside)
			return x;
		if (i == 0)
			return position < 0 ? -normal_tail(st) : normal_tail(st);
		double low = ziggurat_normal_y[i], high = ziggurat_normal_y[i + 1];
		if (low + stream_uniform(st) * (high - low) < exp(-0.5 * x * x))
			return x;
		bits = stream_bits(st);
	}
}

static void gsl_set(void *state, unsigned long seed)
{
	stream_init(state, &(struct stream_key){.seed = seed}, 0, 0);
}

static unsigned long gsl_get(void *state)
{
	return stream_bits(state);
}

static double gsl_get_double(void *state)
{
	return stream_uniform(state);
}

static const gsl_rng_type type = {
	.name = "mcvsim-stream",
	.max = UINT64_MAX,
	.min = 0,
	.size = sizeof(struct stream),
	.set = gsl_set,
	.get = gsl_get,
	.get_double = gsl_get_double,
};

const gsl_rng_type *const stream_gsl_type = &type;

gsl_rng stream_gsl(struct stream *st)
{
	return (gsl_rng){.type = &type, .state = st};
}
