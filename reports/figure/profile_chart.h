/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A profile as bar charts: what the primitives and operations of a machine cost, dearest first, on
 * a logarithmic axis, in the style of the other figures. One chart for each backend and part of the
 * profile, and one for each unit that is not a time, so that each has rows that compare.
 */
#ifndef REPORTS_PROFILE_CHART_H
#define REPORTS_PROFILE_CHART_H

#include "reports/figure/figure.h"

enum { PROFILE_CHARTS_MAX = 16, PROFILE_CHART_NAME = 64 };

struct profile_charts {
	char scripts[PROFILE_CHARTS_MAX][PROFILE_CHART_NAME]; /* "primitives-kvm.gp" */
	size_t count;
};

/* Writes folder/NAME.tsv, folder/NAME.gp and, with FIGURE_LATEX, folder/NAME-latex.gp for each
 * chart of `profile` ({"machine","primitives", "operations"} as `mcvsim calibrate` prints it), to
 * be run by gnuplot inside the folder. Bars end at the p50; a line goes from the least batch to the
 * p90. Entries without a p50 above zero are left out. Returns 0; ERR_INVALID when none is left; or
 * another negative code with *e filled. */
int profile_charts_write(const cJSON *profile, const char *version,
			 const struct figure_request *request, struct profile_charts *out,
			 struct err *e);

#endif
