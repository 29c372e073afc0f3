/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Histograms as bytes of a database column, and what is asked of them. A bucket takes 8 bytes for
 * its lower edge, as many again for the upper one only where it is not the next bucket's lower
 * edge, and one or two for its count.
 */
#ifndef REPORTS_HISTOGRAM_H
#define REPORTS_HISTOGRAM_H

#include "sim/base/err.h"
#include "sim/experiment/result.h"

#include <stddef.h>
#include <stdint.h>

/* Encodes into fresh memory (free it); NULL when out of memory. *size gets its length, at least 1.
 */
unsigned char *pooled_encode(const struct result_bucket *buckets, size_t count, size_t *size);

/* A histogram pooled from several. Zero-initialise to start; ends with pooled_free. */
struct pooled {
	struct result_bucket *buckets; /* ascending by low */
	size_t count;
	uint64_t total;
};

/* Adds encoded buckets. Buckets with the same edges are merged. Buckets of different grids are kept
 * side by side, which pooled_quantile and a CDF do not mind. Returns 0, ERR_CORRUPT, ERR_NOMEM.
 */
int pooled_add(struct pooled *h, const void *bytes, size_t size, struct err *e);

/* The value below which the share q of the observations lies, 0 <= q <= 1, taking each bucket's to
 * be spread evenly over it; NaN when empty. */
double pooled_quantile(const struct pooled *h, double q);

void pooled_free(struct pooled *h);

#endif
