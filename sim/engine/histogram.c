/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stats.h"

#include <stdlib.h>
#include <string.h>

/* The indices grow in steps of a doubling, and not at all past the largest finite double. */
#define STEP (1 << HISTOGRAM_BITS)

static double bucket_edge(int32_t index)
{
	union {
		uint64_t bits;
		double value;
	} u = {(uint64_t)index << (52 - HISTOGRAM_BITS)};
	return u.value;
}

static bool cover(struct histogram *h, int32_t first, int32_t end)
{
	first = first / STEP * STEP;
	end = (end + STEP - 1) / STEP * STEP;
	if (h->buckets) {
		int32_t old_end = h->first + (int32_t)h->buckets;
		first = first < h->first ? first : h->first;
		end = end > old_end ? end : old_end;
	}
	uint32_t buckets = (uint32_t)(end - first);
	if (buckets == h->buckets)
		return true;
	uint64_t *counts = calloc(buckets, sizeof(*counts));
	if (!counts)
		return false;
	if (h->buckets)
		memcpy(counts + (h->first - first), h->counts, h->buckets * sizeof(*counts));
	free(h->counts);
	h->counts = counts;
	h->first = first;
	h->buckets = buckets;
	return true;
}

void histogram_add_count(struct histogram *h, double x, uint64_t count)
{
	if (!count)
		return;
	if (!isfinite(x)) {
		h->lost += count;
		return;
	}
	if (x <= 0) {
		h->zero += count;
		x = 0;
	} else {
		int32_t index = histogram_index(x);
		if (!cover(h, index, index + 1)) {
			h->lost += count;
			return;
		}
		h->counts[index - h->first] += count;
	}
	h->min = h->n ? fmin(h->min, x) : x;
	h->max = h->n ? fmax(h->max, x) : x;
	h->n += count;
}

void histogram_add_slow(struct histogram *h, double x)
{
	histogram_add_count(h, x, 1);
}

double histogram_quantile(const struct histogram *h, double q)
{
	if (!h->n)
		return NAN;
	if (q <= 0)
		return h->min;
	if (q >= 1)
		return h->max;
	double rank = q * (double)h->n, below = 0;
	struct histogram_bucket b;
	for (uint32_t cursor = 0; histogram_next(h, &cursor, &b);) {
		double count = (double)b.count;
		if (below + count >= rank) {
			double x = b.low + (b.high - b.low) * (rank - below) / count;
			return fmin(fmax(x, h->min), h->max);
		}
		below += count;
	}
	return h->max;
}

bool histogram_next(const struct histogram *h, uint32_t *cursor, struct histogram_bucket *bucket)
{
	uint32_t at = *cursor;
	if (at == 0 && h->zero) {
		*bucket = (struct histogram_bucket){0, 0, h->zero};
		*cursor = 1;
		return true;
	}
	for (at += at == 0; at <= h->buckets; at++) {
		uint64_t count = h->counts[at - 1];
		if (!count)
			continue;
		int32_t index = h->first + (int32_t)at - 1;
		*bucket = (struct histogram_bucket){bucket_edge(index), bucket_edge(index + 1),
						    count};
		*cursor = at + 1;
		return true;
	}
	*cursor = at;
	return false;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	struct histogram_bucket b;
	double min = from->min, max = from->max;
	if (into->n) {
		min = fmin(min, into->min);
		max = fmax(max, into->max);
	}
	if (from->buckets)
		cover(into, from->first, from->first + (int32_t)from->buckets);
	for (uint32_t cursor = 0; histogram_next(from, &cursor, &b);)
		histogram_add_count(into, b.low, b.count);
	into->lost += from->lost;
	if (from->n) {
		into->min = min;
		into->max = max;
	}
}

void histogram_free(struct histogram *h)
{
	free(h->counts);
	*h = (struct histogram){0};
}
