/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/sensitivity.h"

#include "sim/base/err.h"
#include "sim/engine/stream.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOOTSTRAP = 1000 };

/* --- designs --- */

/* One trajectory, from a stream of its own: more trajectories leave the others as they are. */
static void make_trajectory(struct sensitivity_design *d, size_t block, size_t levels,
			    uint64_t seed)
{
	size_t k = d->factors, level[SENSITIVITY_FACTORS_MAX];
	double *row = d->at + block * d->rows_per_block * k;
	size_t *moved = d->moved + block * k;
	struct stream random;
	stream_init(&random, &(struct stream_key){.seed = seed}, block, stream_name("morris"));
	for (size_t i = 0; i < k; i++) {
		level[i] = (size_t)stream_below(&random, levels);
		row[i] = (double)level[i] / (double)(levels - 1);
		moved[i] = i;
	}
	for (size_t i = k; i > 1; i--) {
		size_t j = (size_t)stream_below(&random, i), swap = moved[i - 1];
		moved[i - 1] = moved[j];
		moved[j] = swap;
	}
	for (size_t step = 0; step < k; step++, row += k) {
		size_t f = moved[step], half = levels / 2;
		memcpy(row + k, row, k * sizeof(*row));
		level[f] = level[f] < half ? level[f] + half : level[f] - half;
		row[k + f] = (double)level[f] / (double)(levels - 1);
	}
}

/* GSL's sequence counts in 2^-30 and leaves out its first point, the origin. */
static int make_samples(struct sensitivity_design *d, uint64_t seed)
{
	size_t k = d->factors;
	uint32_t shift[2 * SENSITIVITY_FACTORS_MAX];
	double x[2 * SENSITIVITY_FACTORS_MAX] = {0};
	struct stream random;
	gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)(2 * k));
	if (!sequence)
		return ERR_NOMEM;
	stream_init(&random, &(struct stream_key){.seed = seed}, 0, stream_name("sobol"));
	for (size_t i = 0; i < 2 * k; i++)
		shift[i] = (uint32_t)(stream_bits(&random) >> 34);
	for (size_t b = 0; b < d->blocks; b++) {
		double *row = d->at + b * d->rows_per_block * k;
		if (b > 0)
			gsl_qrng_get(sequence, x);
		for (size_t i = 0; i < 2 * k; i++)
			row[i] = ((double)((uint32_t)(x[i] * 0x1p30) ^ shift[i]) + 0.5) * 0x1p-30;
		for (size_t i = 0; i < k; i++) {
			memcpy(row + (2 + i) * k, row, k * sizeof(*row));
			row[(2 + i) * k + i] = row[k + i];
		}
	}
	gsl_qrng_free(sequence);
	return 0;
}

int sensitivity_design_make(struct sensitivity_design *d, enum sensitivity_method method,
			    size_t factors, size_t blocks, size_t levels, uint64_t seed)
{
	bool morris = method == SENSITIVITY_MORRIS;
	*d = (struct sensitivity_design){.method = method,
					 .factors = factors,
					 .blocks = blocks,
					 .rows_per_block = factors + (morris ? 1 : 2)};
	d->at = calloc(blocks * d->rows_per_block * factors, sizeof(*d->at));
	d->moved = morris ? calloc(blocks * factors, sizeof(*d->moved)) : NULL;
	if (!d->at || (morris && !d->moved))
		return ERR_NOMEM;
	if (!morris)
		return make_samples(d, seed);
	for (size_t b = 0; b < blocks; b++)
		make_trajectory(d, b, levels, seed);
	return 0;
}

void sensitivity_design_free(struct sensitivity_design *d)
{
	free(d->at);
	free(d->moved);
	*d = (struct sensitivity_design){0};
}

/* --- estimates --- */

/* The blocks without a gap: where they stand in the design and in y. */
struct sample {
	const struct sensitivity_design *design;
	const double *y;
	size_t repetitions, blocks;
	size_t *block;	/* [blocks], of the design */
	size_t *chosen; /* [blocks], indices into `block`; a bootstrap sample has some twice */
	double *weight; /* [repetitions], adding up to 1 */
	double *mean;	/* [blocks][row], over repetitions by weight, of all blocks */
};

/* What one sample, real or bootstrap, says of one factor. */
struct point_estimate {
	double mu, mu_star, sigma, first, total;
};

static const double *values_of(const struct sample *s, size_t i, size_t row)
{
	return s->y + (s->block[i] * s->design->rows_per_block + row) * s->repetitions;
}

static void take_means(struct sample *s)
{
	size_t rows = s->design->rows_per_block;
	for (size_t i = 0; i < s->blocks; i++) {
		for (size_t row = 0; row < rows; row++) {
			const double *y = values_of(s, i, row);
			double sum = 0;
			for (size_t r = 0; r < s->repetitions; r++)
				sum += s->weight[r] * y[r];
			s->mean[i * rows + row] = sum;
		}
	}
}

/* The step that moves `factor` in a trajectory, and by how much of the range, with its sign. */
static size_t find_step(const struct sensitivity_design *d, size_t block, size_t factor,
			double *step)
{
	const size_t *moved = d->moved + block * d->factors;
	size_t t = 0;
	while (moved[t] != factor)
		t++;
	const double *row = d->at + (block * d->rows_per_block + t) * d->factors;
	*step = row[d->factors + factor] - row[factor];
	return t;
}

static void estimate_morris(const struct sample *s, size_t factor, struct point_estimate *out)
{
	const struct sensitivity_design *d = s->design;
	double sum = 0, magnitude = 0, squares = 0, n = (double)s->blocks;
	for (size_t c = 0; c < s->blocks; c++) {
		size_t i = s->chosen[c];
		double step;
		size_t t = find_step(d, s->block[i], factor, &step);
		const double *y = s->mean + i * d->rows_per_block + t;
		double effect = (y[1] - y[0]) / step;
		sum += effect;
		magnitude += fabs(effect);
		squares += effect * effect;
	}
	*out = (struct point_estimate){.mu = sum / n, .mu_star = magnitude / n};
	out->sigma = sqrt(fmax(0, squares - sum * sum / n) / (n - 1));
}

/* Mean and variance of the output, over the rows of A and B. */
static void describe_output(const struct sample *s, double *mean, double *variance)
{
	size_t rows = s->design->rows_per_block;
	size_t used = s->design->method == SENSITIVITY_MORRIS ? rows : 2;
	double n = (double)(s->blocks * used), sum = 0, squares = 0;
	for (size_t c = 0; c < s->blocks; c++)
		for (size_t row = 0; row < used; row++)
			sum += s->mean[s->chosen[c] * rows + row];
	*mean = sum / n;
	for (size_t c = 0; c < s->blocks; c++) {
		for (size_t row = 0; row < used; row++) {
			double deviation = s->mean[s->chosen[c] * rows + row] - *mean;
			squares += deviation * deviation;
		}
	}
	*variance = squares / n;
}

static void estimate_sobol(const struct sample *s, size_t factor, double mean, double variance,
			   struct point_estimate *out)
{
	size_t rows = s->design->rows_per_block;
	double first = 0, total = 0, n = (double)s->blocks;
	for (size_t c = 0; c < s->blocks; c++) {
		const double *y = s->mean + s->chosen[c] * rows;
		double mixed = y[2 + factor], difference = y[0] - mixed;
		first += (y[1] - mean) * (mixed - y[0]);
		total += difference * difference;
	}
	*out = (struct point_estimate){.first = first / n / variance,
				       .total = total / (2 * n) / variance};
}

static void estimate_all(const struct sample *s, struct point_estimate *out)
{
	double mean, variance;
	describe_output(s, &mean, &variance);
	for (size_t f = 0; f < s->design->factors; f++) {
		if (s->design->method == SENSITIVITY_MORRIS)
			estimate_morris(s, f, &out[f]);
		else
			estimate_sobol(s, f, mean, variance, &out[f]);
	}
}

/* --- chance --- */

static double variance_of(const double *x, size_t n)
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - sum / (double)n) * (x[i] - sum / (double)n);
	return squares / (double)(n - 1);
}

/* Chance alone spreads an effect like a normal variable, whose mean magnitude is sqrt(2 / pi)
 * deviations. */
static double noise_of_effect(const struct sample *s, size_t factor, double *scratch)
{
	double sum = 0;
	for (size_t i = 0; i < s->blocks; i++) {
		double step;
		size_t t = find_step(s->design, s->block[i], factor, &step);
		const double *before = values_of(s, i, t), *after = values_of(s, i, t + 1);
		for (size_t r = 0; r < s->repetitions; r++)
			scratch[r] = (after[r] - before[r]) / step;
		sum += variance_of(scratch, s->repetitions) / (double)s->repetitions;
	}
	return sqrt(sum / (double)s->blocks * M_2_PI);
}

/* Of the variance over rows, the share that is chance: what is left of values after the means of
 * their row and of their repetition, over the number of repetitions. */
static double noise_share(const struct sample *s, double variance, double *scratch)
{
	size_t rows = s->design->rows_per_block, n = s->blocks * rows, reps = s->repetitions;
	double grand = 0, squares = 0;
	memset(scratch, 0, reps * sizeof(*scratch));
	for (size_t i = 0; i < n; i++) {
		const double *y = values_of(s, i / rows, i % rows);
		for (size_t r = 0; r < reps; r++)
			scratch[r] += y[r] / (double)n;
		grand += s->mean[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		const double *y = values_of(s, i / rows, i % rows);
		for (size_t r = 0; r < reps; r++) {
			double left = y[r] - s->mean[i] - scratch[r] + grand;
			squares += left * left;
		}
	}
	return squares / (double)((n - 1) * (reps - 1)) / (double)reps / variance;
}

/* --- all of it --- */

static struct sensitivity_estimate with_width(double value, const double *sums, double n)
{
	double variance = (sums[1] - sums[0] * sums[0] / n) / (n - 1);
	return (struct sensitivity_estimate){value, 1.96 * sqrt(fmax(0, variance))};
}

enum { MU, MU_STAR, SIGMA, FIRST, TOTAL, QUANTITIES };

static void list_quantities(const struct point_estimate *p, double *out)
{
	out[MU] = p->mu;
	out[MU_STAR] = p->mu_star;
	out[SIGMA] = p->sigma;
	out[FIRST] = p->first;
	out[TOTAL] = p->total;
}

static void resample(struct sample *s, struct stream *random)
{
	for (size_t c = 0; c < s->blocks; c++)
		s->chosen[c] = (size_t)stream_below(random, s->blocks);
	if (s->repetitions == 1)
		return;
	memset(s->weight, 0, s->repetitions * sizeof(*s->weight));
	for (size_t r = 0; r < s->repetitions; r++)
		s->weight[stream_below(random, s->repetitions)] += 1 / (double)s->repetitions;
	take_means(s);
}

/* Sums and sums of squares, about the estimates of the real sample, over bootstrap samples. */
static void bootstrap(struct sample *s, const struct point_estimate *real,
		      double (*sums)[QUANTITIES][2])
{
	struct point_estimate p[SENSITIVITY_FACTORS_MAX];
	double own[QUANTITIES], about[QUANTITIES];
	struct stream random;
	stream_init(&random, &(struct stream_key){0}, 0, stream_name("bootstrap"));
	for (size_t b = 0; b < BOOTSTRAP; b++) {
		resample(s, &random);
		estimate_all(s, p);
		for (size_t f = 0; f < s->design->factors; f++) {
			list_quantities(&p[f], own);
			list_quantities(&real[f], about);
			for (size_t q = 0; q < QUANTITIES; q++) {
				double d = own[q] - about[q];
				sums[f][q][0] += d;
				sums[f][q][1] += d * d;
			}
		}
	}
}

static void summarize(struct sample *s, double *scratch, struct sensitivity *out)
{
	struct point_estimate p[SENSITIVITY_FACTORS_MAX];
	double sums[SENSITIVITY_FACTORS_MAX][QUANTITIES][2] = {{{0}}};
	take_means(s);
	describe_output(s, &out->mean, &out->variance);
	estimate_all(s, p);
	out->noise = s->repetitions > 1 ? noise_share(s, out->variance, scratch) : NAN;
	for (size_t f = 0; f < out->factors; f++)
		out->factor[f].noise = s->repetitions > 1 && s->design->method == SENSITIVITY_MORRIS
					       ? noise_of_effect(s, f, scratch)
					       : NAN;
	bootstrap(s, p, sums);
	for (size_t f = 0; f < out->factors; f++) {
		struct sensitivity_factor *factor = &out->factor[f];
		factor->mu = with_width(p[f].mu, sums[f][MU], BOOTSTRAP);
		factor->mu_star = with_width(p[f].mu_star, sums[f][MU_STAR], BOOTSTRAP);
		factor->sigma = with_width(p[f].sigma, sums[f][SIGMA], BOOTSTRAP);
		factor->first = with_width(p[f].first, sums[f][FIRST], BOOTSTRAP);
		factor->total = with_width(p[f].total, sums[f][TOTAL], BOOTSTRAP);
	}
}

static bool is_complete(const struct sensitivity_design *d, const double *y, size_t repetitions,
			size_t block)
{
	size_t n = d->rows_per_block * repetitions;
	for (size_t i = 0; i < n; i++)
		if (isnan(y[block * n + i]))
			return false;
	return true;
}

int sensitivity_estimate(const struct sensitivity_design *d, const double *y, size_t repetitions,
			 struct sensitivity *out)
{
	struct sample s = {.design = d, .y = y, .repetitions = repetitions};
	*out = (struct sensitivity){.factors = d->factors};
	s.block = calloc(d->blocks + 1, sizeof(*s.block));
	s.chosen = calloc(d->blocks + 1, sizeof(*s.chosen));
	s.weight = calloc(repetitions + 1, sizeof(*s.weight));
	s.mean = calloc(d->blocks * d->rows_per_block + 1, sizeof(*s.mean));
	double *scratch = calloc(repetitions + 1, sizeof(*scratch));
	bool memory = s.block && s.chosen && s.weight && s.mean && scratch;
	for (size_t b = 0; memory && b < d->blocks; b++) {
		if (!is_complete(d, y, repetitions, b))
			continue;
		s.chosen[s.blocks] = s.blocks;
		s.block[s.blocks++] = b;
	}
	for (size_t r = 0; memory && r < repetitions; r++)
		s.weight[r] = 1 / (double)repetitions;
	out->blocks = s.blocks;
	if (memory && s.blocks >= 2)
		summarize(&s, scratch, out);
	else
		for (size_t f = 0; f < SENSITIVITY_FACTORS_MAX; f++)
			out->factor[f].mu = out->factor[f].mu_star = out->factor[f].sigma =
				out->factor[f].first = out->factor[f].total =
					(struct sensitivity_estimate){NAN, NAN};
	free(s.block);
	free(s.chosen);
	free(s.weight);
	free(s.mean);
	free(scratch);
	return memory ? 0 : ERR_NOMEM;
}
