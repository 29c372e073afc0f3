/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stats.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>

static double student_t(uint64_t n, double level)
{
	assert(level > 0 && level < 1);
	return gsl_cdf_tdist_Pinv(0.5 + level / 2, (double)(n - 1));
}

struct interval interval_of_tally(const struct tally *t, double level)
{
	struct interval i = {t->mean, INFINITY, t->n};
	if (t->n >= 2)
		i.half_width = student_t(t->n, level) * sqrt(tally_variance(t) / (double)t->n);
	return i;
}

struct interval interval_of(const double *x, size_t n, double level)
{
	struct tally t = {0};
	for (size_t i = 0; i < n; i++)
		tally_add(&t, x[i]);
	return interval_of_tally(&t, level);
}

struct interval interval_of_difference(const double *a, const double *b, size_t n, double level)
{
	struct tally t = {0};
	for (size_t i = 0; i < n; i++)
		tally_add(&t, a[i] - b[i]);
	return interval_of_tally(&t, level);
}

size_t interval_stop_after(const double *x, size_t n, double level, double relative, size_t least)
{
	struct tally t = {0};
	for (size_t k = 1; k <= n; k++) {
		tally_add(&t, x[k - 1]);
		if (k < 2 || k < least)
			continue;
		struct interval i = interval_of_tally(&t, level);
		if (i.half_width <= relative * fabs(i.mean))
			return k;
	}
	return 0;
}

void batch_means_add(struct batch_means *b, double x)
{
	if (!b->size)
		b->size = 1;
	b->sum += x;
	if (++b->filled < b->size)
		return;
	b->means[b->count++] = b->sum / (double)b->size;
	b->sum = 0;
	b->filled = 0;
	if (b->count < BATCH_MEANS_MAX)
		return;
	for (uint32_t i = 0; i < BATCH_MEANS_MAX / 2; i++)
		b->means[i] = (b->means[2 * i] + b->means[2 * i + 1]) / 2;
	b->count /= 2;
	b->size *= 2;
}

struct interval batch_means_interval(const struct batch_means *b, double level, double *lag1,
				     bool *independent)
{
	struct tally t = {0};
	for (uint32_t i = 0; i < b->count; i++)
		tally_add(&t, b->means[i]);

	double products = 0, k = b->count;
	for (uint32_t i = 1; i < b->count; i++)
		products += (b->means[i] - t.mean) * (b->means[i - 1] - t.mean);
	*lag1 = t.m2 > 0 ? products / t.m2 : 0;

	/* Von Neumann's statistic: the lag-1 autocorrelation corrected for the ends, normal with
	 * variance (k - 2) / (k^2 - 1) when the batch means are independent and normal. */
	*independent = false;
	if (b->count >= BATCH_MEANS_MAX / 2) {
		double first = b->means[0] - t.mean, last = b->means[b->count - 1] - t.mean;
		double c = *lag1 + (t.m2 > 0 ? (first * first + last * last) / (2 * t.m2) : 0);
		double deviation = sqrt((k - 2) / (k * k - 1));
		*independent = c <= gsl_cdf_ugaussian_Pinv(0.95) * deviation;
	}
	return interval_of_tally(&t, level);
}

size_t mser5(const double *x, size_t n)
{
	size_t groups = n / 5, best = 0;
	double least = INFINITY;
	struct tally rest = {0};

	/* From the back, so that one pass gives mean and spread of every tail. */
	for (size_t cut = groups; cut-- > 0;) {
		double sum = 0;
		for (size_t i = 0; i < 5; i++)
			sum += x[5 * cut + i];
		tally_add(&rest, sum / 5);
		double length = (double)rest.n;
		double error = rest.m2 / (length * length);
		if (cut <= groups / 2 && error <= least) {
			least = error;
			best = cut;
		}
	}
	return 5 * best;
}
