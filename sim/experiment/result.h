/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a run hands back: named numbers, histograms and series over time. The experiment layer
 * passes them on without knowing what they mean; `reports/` stores them. Filled by the run
 * function, one thread at a time.
 */
#ifndef SIM_EXPERIMENT_RESULT_H
#define SIM_EXPERIMENT_RESULT_H

#include "sim/base/arena.h"

#include <stddef.h>
#include <stdint.h>

/* One number. `subject` says of what within the world ("exits", "edge/node/0"); "" means the whole.
 */
struct result_value {
	const char *metric; /* dotted, as "response_time.p95" */
	const char *subject;
	const char *unit; /* SI base unit as unit_base() gives it; "1" for counts and ratios */
	double value;	  /* finite, or NaN for "not defined in this run" (no task was done) */
};

struct result_bucket {
	double low, high; /* [low, high) in the unit of the histogram; ascending, not overlapping */
	uint64_t count;	  /* at least 1: empty buckets are left out */
};

struct result_histogram {
	const char *metric, *subject, *unit; /* metric without a suffix, as "response_time" */
	size_t count;
	const struct result_bucket *buckets;
};

/* What something was at a moment of simulated time, and stays until the next sample. */
struct result_sample {
	double time_s, value; /* finite */
};

/* Something over simulated time: what is left in a battery, how long a queue is. Repetitions are
 * drawn as one line with a band, so a run that samples at fixed moments (every so many seconds)
 * compares best with another. */
struct result_series {
	const char *metric, *subject, *unit;
	size_t count;
	const struct result_sample *samples; /* times ascending, none twice */
};

/* Zero-initialise to start; everything lives in its arena. */
struct run_result {
	struct arena arena;
	struct result_value *values;
	size_t value_count, value_capacity;
	struct result_histogram *histograms;
	size_t histogram_count, histogram_capacity;
	struct result_series *series;
	size_t series_count, series_capacity;
};

/* Adds a number; copies the strings. A (metric, subject) pair may be added once. Returns 0 or
 * ERR_NOMEM. */
int run_result_add(struct run_result *r, const char *metric, const char *subject, const char *unit,
		   double value);

/* Adds a histogram; copies strings and buckets. Returns 0 or ERR_NOMEM. */
int run_result_add_histogram(struct run_result *r, const char *metric, const char *subject,
			     const char *unit, const struct result_bucket *buckets, size_t count);

/* Adds a series; copies strings and samples. Returns 0 or ERR_NOMEM. */
int run_result_add_series(struct run_result *r, const char *metric, const char *subject,
			  const char *unit, const struct result_sample *samples, size_t count);

/* The value, or NULL when the run did not report it. */
const struct result_value *run_result_find(const struct run_result *r, const char *metric,
					   const char *subject);

void run_result_free(struct run_result *r);

#endif
