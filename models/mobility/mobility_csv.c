/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Paths from a CSV file: see trace.h. */
#include "models/mobility/trace.h"

static const struct rows_file file = {rows_load, trace_check};

const struct mobility_ops mobility_csv_ops = {
	.choice = {.name = "csv",
		   .help = "paths from a file of positions",
		   .parameters = &trace_csv_object,
		   .main_key = "file",
		   .finish = trace_finish},
	.start = trace_start,
	.next = trace_next,
	.bounds = trace_bounds,
	.count = trace_count,
	.file = &file,
};
