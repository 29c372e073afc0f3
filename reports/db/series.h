/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Series over time as bytes of a database column, and several of them as one line. Samples at even
 * distances, the usual case, take 8 bytes each, others 16.
 */
#ifndef REPORTS_SERIES_H
#define REPORTS_SERIES_H

#include "sim/base/err.h"
#include "sim/experiment/result.h"

/* Encodes into fresh memory (free it); NULL when out of memory. *size gets its length, at least 1.
 */
unsigned char *series_encode(const struct result_sample *samples, size_t count, size_t *size);

/* The samples in fresh memory (free it), bit for bit those that were encoded. Returns 0,
 * ERR_CORRUPT or ERR_NOMEM. */
int series_decode(const void *bytes, size_t size, struct result_sample **samples, size_t *count,
		  struct err *e);

/* The value at a moment: that of the last sample before it or at it; NaN before the first. */
double series_at(const struct result_sample *samples, size_t count, double time_s);

#endif
