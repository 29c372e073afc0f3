/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two databases side by side: what is different in what they were made from, and in what came out,
 * and whether that is more than chance. For `mcvsim diff`, and for `reproduce` when it does not.
 */
#ifndef REPORTS_DIFF_H
#define REPORTS_DIFF_H

#include "reports/data/dataset.h"
#include "reports/table/table.h"

struct diff {
	size_t origins;	       /* places in study, profile and seed that differ */
	size_t only_a, only_b; /* points without a counterpart */
	size_t points;	       /* that both have: same values on axes of the same names */
	bool same_axes;	       /* else no point has a counterpart */
	size_t numbers;	       /* means compared: a metric and subject at such a point */
	size_t identical;      /* of these, the same in every repetition */
	size_t significant;    /* of these, with a difference whose 95 % interval leaves out zero */
	cJSON *json;	       /* all of it; owned */
	struct table origin;   /* place, value in a, value in b */
	struct table change;   /* the largest changes, relative to a, significant ones first */
};

/* Compares. With the same seed repetitions are paired, because common random numbers make them
 * comparable; else the interval is Welch's. At most `rows` rows in each table (the JSON has all).
 * Ends with diff_free. Returns 0 or a negative code with *e filled. */
int diff_results(const struct dataset *a, const struct dataset *b, size_t rows, struct diff *out,
		 struct err *e);
void diff_free(struct diff *d);

#endif
