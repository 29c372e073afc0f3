/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Statistics of simulation output. Three collectors that models feed inside a run (tally, time
 * average, histogram), and the methods that turn repetitions or one long run into intervals.
 * Nothing here depends on the order in which threads finish: merging is the caller's, in a fixed
 * order.
 */
#ifndef SIM_ENGINE_STATS_H
#define SIM_ENGINE_STATS_H

#include "sim/engine/sim.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Tally: mean, variance and extremes of observations (Welford 1962). Start zero-initialised.
 */

struct tally {
	uint64_t n;
	double mean;
	double m2; /* sum of squared deviations from the mean */
	double min, max;
};

static inline void tally_add(struct tally *t, double x)
{
	double delta = x - t->mean;
	t->n++;
	t->mean += delta / (double)t->n;
	t->m2 += delta * (x - t->mean);
	if (t->n == 1)
		t->min = t->max = x;
	else if (x < t->min)
		t->min = x;
	else if (x > t->max)
		t->max = x;
}

/* Adds what `from` holds, as if its observations had been added (Chan, Golub and LeVeque 1979). */
void tally_merge(struct tally *into, const struct tally *from);

/* Unbiased; 0 with fewer than two observations. */
double tally_variance(const struct tally *t);
double tally_deviation(const struct tally *t);

/* ---- Time average of a quantity that jumps: a queue length, a power. */

struct time_average {
	sim_time start, last;
	double value; /* since `last` */
	double area;  /* integral from start to last, value x ns */
	double max;
};

/* Starts (again) at `now` with the current value; for the end of a warm-up pass the old value. */
static inline void time_average_start(struct time_average *a, sim_time now, double value)
{
	*a = (struct time_average){now, now, value, 0, value};
}

/* The quantity is `value` from now on. now must not go back. */
static inline void time_average_set(struct time_average *a, sim_time now, double value)
{
	a->area += a->value * (double)(now - a->last);
	a->last = now;
	a->value = value;
	if (value > a->max)
		a->max = value;
}

/* Integral from the start to `now`, in value x seconds (power gives joules). */
static inline double time_average_integral(const struct time_average *a, sim_time now)
{
	return (a->area + a->value * (double)(now - a->last)) / 1e9;
}

/* The mean over [start, now]; the current value when no time has passed. */
static inline double time_average_mean(const struct time_average *a, sim_time now)
{
	if (now <= a->start)
		return a->value;
	return (a->area + a->value * (double)(now - a->last)) / (double)(now - a->start);
}

/* ---- Histogram of non-negative values with a relative error (the idea of HdrHistogram): 128
 * buckets to each doubling. A quantile lies in the same bucket as the true one, wherever in it the
 * observations are, so it is off by at most the bucket's width: 1/128 = 0.8 %. It takes 8 bytes for
 * each bucket between the least and the greatest value seen: 10 KiB for three decades. Start
 * zero-initialised. */

#define HISTOGRAM_BITS 7 /* log2 of the buckets to a doubling */

struct histogram {
	uint64_t *counts; /* private, [first, first + buckets) */
	int32_t first;
	uint32_t buckets;
	uint64_t n;    /* observations, `zero` included */
	uint64_t zero; /* 0 and negative ones (which round-off makes of 0) */
	uint64_t lost; /* NaN, infinity, and those without memory; not in n */
	double min, max;
};

struct histogram_bucket {
	double low, high; /* [low, high); both 0 for the zeros */
	uint64_t count;
};

void histogram_add_slow(struct histogram *h, double x); /* the rare branch of histogram_add */

static inline int32_t histogram_index(double x)
{
	union {
		double value;
		uint64_t bits;
	} u = {x};
	return (int32_t)(u.bits >> (52 - HISTOGRAM_BITS));
}

static inline void histogram_add(struct histogram *h, double x)
{
	uint32_t at = (uint32_t)(histogram_index(x) - h->first);
	if (__builtin_expect(!(x > 0) || at >= h->buckets, 0)) {
		histogram_add_slow(h, x);
		return;
	}
	h->counts[at]++;
	h->n++;
	h->min = x < h->min ? x : h->min;
	h->max = x > h->max ? x : h->max;
}

/* The value below which a share q in [0, 1] of the observations lies, linear inside a bucket, exact
 * at 0 and 1. NaN when there is none. */
double histogram_quantile(const struct histogram *h, double q);

/* Walks over the buckets that are not empty, in rising order: start with *cursor = 0, ends with
 * false. */
bool histogram_next(const struct histogram *h, uint32_t *cursor, struct histogram_bucket *bucket);

/* Adds `count` observations to the bucket of x > 0 (or to the zeros): how a stored histogram comes
 * back. */
void histogram_add_count(struct histogram *h, double x, uint64_t count);

/* Adds what `from` holds. */
void histogram_merge(struct histogram *into, const struct histogram *from);

void histogram_free(struct histogram *h);

/* ---- Intervals */

struct interval {
	double mean;
	double half_width; /* INFINITY with fewer than two observations */
	uint64_t n;
};

/* Student-t interval of independent observations, one per repetition. level in (0, 1), as 0.95. */
struct interval interval_of_tally(const struct tally *t, double level);
struct interval interval_of(const double *x, size_t n, double level);

/* Interval of the mean of a[i] - b[i]: two systems under common random numbers. */
struct interval interval_of_difference(const double *a, const double *b, size_t n, double level);

/* Sequential stopping: the length k >= least of the shortest prefix of x whose interval is at most
 * relative * |mean| to either side; 0 when none of the n is. It depends on the order of x and on
 * nothing else. */
size_t interval_stop_after(const double *x, size_t n, double level, double relative, size_t least);

/* ---- One long run */

/* Batch means in constant space (after Schmeiser 1982): between 32 and 63 batches, whose size
 * doubles. Start zero-initialised. */
#define BATCH_MEANS_MAX 64

struct batch_means {
	uint64_t size; /* observations to a batch; private from here */
	uint64_t filled;
	double sum;
	uint32_t count;
	double means[BATCH_MEANS_MAX];
};

void batch_means_add(struct batch_means *b, double x);

/* The interval of the mean and the lag-1 autocorrelation of the batch means. The interval is to be
 * trusted only when *independent: a one-sided test on von Neumann's ratio at the 5 % level does not
 * see positive correlation (Alexopoulos and Seila 1998). Fewer than 32 batches are never
 * independent. */
struct interval batch_means_interval(const struct batch_means *b, double level, double *lag1,
				     bool *independent);

/* MSER-5 (White, Cobb and Spratt 2000): how many of the first observations to drop as warm-up.
 * Groups of five; the cut that makes the standard error of the rest least, searched in the first
 * half. A result at that half's end (n / 2 or nearly) says that the run is too short. */
size_t mser5(const double *x, size_t n);

#endif
