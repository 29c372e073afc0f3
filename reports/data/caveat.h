/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a reader of results must be told before the numbers: that runs are missing, and that many
 * tasks never finished, so that means are of those that did. Called by figures, and by the program
 * wherever it shows numbers. Judges nothing else, and prints nothing.
 */
#ifndef REPORTS_CAVEAT_H
#define REPORTS_CAVEAT_H

#include "reports/data/dataset.h"

/* A point is lossy when more than this share of the tasks that it was offered failed or were not
 * finished at the end. Response times and energies are then of survivors. */
#define CAVEAT_LOSSY_SHARE 0.05

/* Marks the lossy points in lossy[point_count] and counts them. Where the study does not record
 * tasks.offered and tasks.done, none is. Returns 0 or a negative code with *e filled. */
int caveat_mark_lossy(const struct dataset *d, bool *lossy, size_t *count, struct err *e);

struct caveat_runs {
	int64_t there;	  /* done or failed */
	int64_t expected; /* of the known points; 0 where the study does not say */
	bool at_least;	  /* a stopping rule may have asked for more than `expected` */
};

/* How many runs are stored and how many the study asks for. */
int caveat_count_runs(const struct dataset *d, struct caveat_runs *out, struct err *e);

#endif
