/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stats.h"

void tally_merge(struct tally *into, const struct tally *from)
{
	if (!from->n)
		return;
	if (!into->n) {
		*into = *from;
		return;
	}
	double a = (double)into->n, b = (double)from->n, delta = from->mean - into->mean;
	into->mean += delta * (b / (a + b));
	into->m2 += from->m2 + delta * delta * (a * b / (a + b));
	into->n += from->n;
	into->min = fmin(into->min, from->min);
	into->max = fmax(into->max, from->max);
}

double tally_variance(const struct tally *t)
{
	return t->n < 2 ? 0 : t->m2 / (double)(t->n - 1);
}

double tally_deviation(const struct tally *t)
{
	return sqrt(tally_variance(t));
}
