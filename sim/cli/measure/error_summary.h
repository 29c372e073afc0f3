/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What many errors of predictions have in common: how large they are, and to which side they lean.
 * Called by `mcvsim validate`. The absolute ones alone do not tell scatter, which averages out over
 * many tasks, from a lean, which does not.
 */
#ifndef SIM_CLI_MEASURE_ERROR_SUMMARY_H
#define SIM_CLI_MEASURE_ERROR_SUMMARY_H

#include <stddef.h>

/* An error is predicted / measured - 1: -0.1 is a prediction 10 % too short. */
struct error_summary {
	size_t count;	  /* errors */
	size_t too_short; /* of these, how many are below 0 */
	double median;	  /* with its sign: the bias; 0 where as many lean one way as the other */
	double median_abs, max_abs; /* of their absolute values, >= 0 */
};

/* Sums up errors[0..count). Without any the medians and the largest are NAN; so are the medians
 * when out of memory. An even count has the mean of the two middle ones as its median. */
struct error_summary error_summary_of(const double *errors, size_t count);

/* The median of values[0..count), which stay as they are; NAN without any, or when out of memory.
 */
double error_summary_median(const double *values, size_t count);

#endif
