/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/error_summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double error_summary_median(const double *values, size_t n)
{
	double *sorted = malloc((n + 1) * sizeof(*sorted));
	if (!sorted || n == 0) {
		free(sorted);
		return NAN;
	}
	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), by_size);
	double m = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	free(sorted);
	return m;
}

struct error_summary error_summary_of(const double *errors, size_t count)
{
	struct error_summary s = {.count = count, .median = NAN, .median_abs = NAN, .max_abs = NAN};
	double *sizes = malloc((count + 1) * sizeof(*sizes));
	for (size_t i = 0; i < count; i++) {
		s.too_short += errors[i] < 0;
		s.max_abs = fmax(s.max_abs, fabs(errors[i])); /* fmax(NAN, x) is x */
		if (sizes)
			sizes[i] = fabs(errors[i]);
	}
	s.median = error_summary_median(errors, count);
	if (sizes)
		s.median_abs = error_summary_median(sizes, count);
	free(sizes);
	return s;
}
