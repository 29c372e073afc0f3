/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/warmup.h"

#include <math.h>

/* How much of the first half is too near to its end for a minimum there to be one. */
#define END_OF_HALF 0.05

/* The first window that begins at from_s or later. */
static size_t first_window(const struct windows *w, double from_s)
{
	double at = ceil(from_s / w->length_s * WARMUP_WINDOWS - 1e-9);
	return at <= 0 ? 0 : at >= WARMUP_WINDOWS ? WARMUP_WINDOWS : (size_t)at;
}

void windows_add(struct windows *w, double at_s, double x)
{
	double at = at_s / w->length_s * WARMUP_WINDOWS;
	size_t i = at >= WARMUP_WINDOWS ? WARMUP_WINDOWS - 1 : (size_t)at;
	w->sum[i] += x;
	w->count[i]++;
}

void windows_merge(struct windows *to, const struct windows *from)
{
	for (size_t i = 0; i < WARMUP_WINDOWS; i++) {
		to->sum[i] += from->sum[i];
		to->count[i] += from->count[i];
	}
}

double windows_count(const struct windows *w, double from_s)
{
	double count = 0;
	for (size_t i = first_window(w, from_s); i < WARMUP_WINDOWS; i++)
		count += w->count[i];
	return count;
}

double windows_mean(const struct windows *w, double from_s)
{
	double sum = 0, count = windows_count(w, from_s);
	for (size_t i = first_window(w, from_s); i < WARMUP_WINDOWS; i++)
		sum += w->sum[i];
	return count > 0 ? sum / count : NAN;
}

struct truncation windows_truncate(const struct windows *w)
{
	double mean[WARMUP_WINDOWS];
	uint16_t window[WARMUP_WINDOWS];
	size_t n = 0;
	for (size_t i = 0; i < WARMUP_WINDOWS; i++) {
		if (w->count[i] == 0)
			continue;
		mean[n] = w->sum[i] / w->count[i];
		window[n++] = (uint16_t)i;
	}
	struct truncation t = {.groups = n / 5};
	size_t cut = mser5(mean, n);
	if (cut > 0)
		t.at_s = w->length_s * window[cut] / WARMUP_WINDOWS;
	t.found = (double)cut < (1 - END_OF_HALF) * (double)n / 2;
	return t;
}

struct interval windows_interval(const struct windows *w, double from_s, double level, double *lag1,
				 bool *independent)
{
	size_t first = first_window(w, from_s);
	double mean = windows_mean(w, from_s);
	double per_window = windows_count(w, from_s) / (double)(WARMUP_WINDOWS - first);
	struct batch_means b = {0};
	for (size_t i = first; i < WARMUP_WINDOWS && per_window > 0; i++)
		batch_means_add(&b, (w->sum[i] - mean * w->count[i]) / per_window);
	struct interval v = batch_means_interval(&b, level, lag1, independent);
	v.mean = mean;
	return v;
}
