/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What pilot runs that start empty say of an experiment: how long the start lasts, and how exactly
 * one run knows its mean. Observations are kept by when they began, in windows of equal length, so
 * that memory is bounded whatever their number, and their order does not matter.
 *
 * MSER-5 on the average of a few pilots: Hoad, Robinson and Davies, "Automating warm-up length
 * estimation", Journal of the Operational Research Society 61(9), 2010.
 */
#ifndef SIM_ENGINE_WARMUP_H
#define SIM_ENGINE_WARMUP_H

#include "sim/engine/stats.h"

enum { WARMUP_WINDOWS = 4096 };

/* Zero-initialise, then set length_s. */
struct windows {
	double length_s; /* of the run, > 0 */
	double sum[WARMUP_WINDOWS], count[WARMUP_WINDOWS];
};

/* An observation that began at at_s, in [0, length_s]. */
void windows_add(struct windows *w, double at_s, double x);

/* Of runs of the same length. */
void windows_merge(struct windows *to, const struct windows *from);

/* Number and mean (NaN: of none) of what began at from_s or later, up to the next window. */
double windows_count(const struct windows *w, double from_s);
double windows_mean(const struct windows *w, double from_s);

struct truncation {
	double at_s;   /* what began before is dropped */
	bool found;    /* false: at the end of the first half, or nearly: still no steady state */
	size_t groups; /* of five windows with observations that it was found among */
};

/* MSER-5 over the means of the windows that have observations: of few observations these are the
 * observations themselves, of many their batches. */
struct truncation windows_truncate(const struct windows *w);

/* The interval of windows_mean by batch means of one run, and what batch_means_interval says of
 * them. A ratio of sums: windows count by their deviation sum - mean * count (the delta method), so
 * that windows with many observations do not count as little as those with few. */
struct interval windows_interval(const struct windows *w, double from_s, double level, double *lag1,
				 bool *independent);

#endif
