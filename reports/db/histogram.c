/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/histogram.h"

#include "reports/db/bytes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The first byte names the format, so that another can be added without a new schema. */
enum { FORMAT = 1, BUCKET_MAX = 8 + 8 + 10 };

unsigned char *pooled_encode(const struct result_bucket *buckets, size_t count, size_t *size)
{
	unsigned char *bytes = malloc(1 + count * BUCKET_MAX);
	if (!bytes)
		return NULL;
	unsigned char *p = bytes;
	*p++ = FORMAT;
	for (size_t i = 0; i < count; i++) {
		const struct result_bucket *b = &buckets[i];
		/* The lowest bit of the number says whether the upper edge follows. */
		bool edge = i + 1 == count || buckets[i + 1].low != b->high;
		uint64_t rest = b->count >> 6;
		*p++ = (unsigned char)((rest ? 0x80 : 0) | (b->count & 0x3f) << 1 | edge);
		for (; rest; rest >>= 7)
			*p++ = (unsigned char)((rest >> 7 ? 0x80 : 0) | (rest & 0x7f));
		p = bytes_put_double(p, b->low);
		if (edge)
			p = bytes_put_double(p, b->high);
	}
	*size = (size_t)(p - bytes);
	return bytes;
}

/* Reads one bucket at *p; false when the bytes end or make no sense. `open` is set when its upper
 * edge is the next bucket's lower one. */
static bool decode_bucket(const unsigned char **p, const unsigned char *end,
			  struct result_bucket *b, bool *open)
{
	const unsigned char *q = *p;
	if (q == end)
		return false;
	bool edge = *q & 1, more = *q & 0x80;
	uint64_t n = (*q++ >> 1) & 0x3f;
	for (unsigned shift = 6; more; shift += 7) {
		if (q == end || shift > 62)
			return false;
		more = *q & 0x80;
		n |= (uint64_t)(*q++ & 0x7f) << shift;
	}
	if (end - q < (edge ? 16 : 8))
		return false;
	b->low = bytes_get_double(q);
	b->high = edge ? bytes_get_double(q + 8) : b->low;
	b->count = n;
	*open = !edge;
	*p = q + (edge ? 16 : 8);
	return isfinite(b->low) && isfinite(b->high) && n > 0;
}

static int by_edges(const void *a, const void *b)
{
	const struct result_bucket *x = a, *y = b;
	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return x->high < y->high ? -1 : x->high > y->high;
}

int pooled_add(struct pooled *h, const void *bytes, size_t size, struct err *e)
{
	const unsigned char *p = bytes, *end = p + size;
	if (size == 0 || *p++ != FORMAT)
		return err_set(e, ERR_CORRUPT, "a stored histogram has an unknown format");
	/* A bucket takes at least 9 bytes. */
	struct result_bucket *all = realloc(h->buckets, (h->count + size / 9 + 1) * sizeof(*all));
	if (!all)
		return err_set(e, ERR_NOMEM, "no memory for a histogram");
	h->buckets = all;
	size_t n = h->count;
	uint64_t total = h->total;
	bool open = false;
	while (p < end) {
		bool was_open = open;
		struct result_bucket *b = &all[n];
		if (!decode_bucket(&p, end, b, &open) || (was_open && b->low <= b[-1].low) ||
		    (!open && b->high <= b->low))
			return err_set(e, ERR_CORRUPT, "a stored histogram is damaged");
		if (was_open)
			b[-1].high = b->low;
		total += b->count;
		n++;
	}
	if (open)
		return err_set(e, ERR_CORRUPT, "a stored histogram is damaged");
	if (n == h->count)
		return 0;
	qsort(all, n, sizeof(*all), by_edges);
	size_t kept = 0;
	for (size_t i = 1; i < n; i++) {
		if (by_edges(&all[kept], &all[i]) == 0)
			all[kept].count += all[i].count;
		else
			all[++kept] = all[i];
	}
	h->count = kept + 1;
	h->total = total;
	return 0;
}

double pooled_quantile(const struct pooled *h, double q)
{
	if (h->total == 0)
		return NAN;
	double want = q * (double)h->total, below = 0;
	for (size_t i = 0; i < h->count; i++) {
		const struct result_bucket *b = &h->buckets[i];
		double n = (double)b->count;
		if (below + n >= want)
			return b->low + (b->high - b->low) * (want - below) / n;
		below += n;
	}
	return h->buckets[h->count - 1].high;
}

void pooled_free(struct pooled *h)
{
	free(h->buckets);
	*h = (struct pooled){0};
}
