/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All values of a database as a stream for other programs: tidy CSV (RFC 4180) or JSON lines, with
 * the parameters of the point, the seed and the hashes of study and profile in every row.
 */
#ifndef REPORTS_EXPORT_H
#define REPORTS_EXPORT_H

#include "reports/data/dataset.h"

#include <stdio.h>

enum export_format { EXPORT_CSV, EXPORT_JSONL };
enum export_what { EXPORT_VALUES, EXPORT_HISTOGRAMS, EXPORT_SERIES };

/* Columns: study, profile_hash, seed, point, repetition, one per axis (numbers in base units),
 * metric, subject, then value; low, high, count of a histogram's buckets (from low up to high, in
 * the metric's unit); or time_s, value of a series' samples; and unit. A number that is not defined
 * is empty in CSV and null in JSON. Rows are ordered by point, metric and repetition. Returns 0 or
 * a negative code with *e filled; a failed write of `out` is ERR_IO. */
int export_results(const struct dataset *data, enum export_what what, enum export_format format,
		   FILE *out, struct err *e);

#endif
