/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a study's `screen` found: the design made again from the stored study, the values of its
 * points, and the indices that they come to, one set for each point of the sweep. Drawn by
 * figures of kind "screen" and tabulated by screening_table.h; the estimators are
 * sim/engine/sensitivity.h.
 */
#ifndef REPORTS_SCREENING_H
#define REPORTS_SCREENING_H

#include "reports/data/dataset.h"
#include "sim/experiment/plan.h"

struct screening {
	const struct dataset *data;
	struct experiment experiment; /* of the stored study */
	const struct screen *screen;
	struct screen_points points;
	const struct data_metric *metric;
	size_t repetitions;
	int *axis;	 /* [parameter] -> axis of the data */
	size_t **level;	 /* [parameter][point of the design] -> level on that axis */
	size_t **groups; /* the levels at each point of the sweep; those of parameters are 0 */
	size_t group_count;
	struct arena arena;
};

/* metric NULL: the one that the study names. Returns 0; ERR_INVALID with a sentence in *e when the
 * study screens nothing or has no such metric; or another code. End it with screening_close in any
 * case. */
int screening_open(struct screening *s, const struct dataset *data, const char *metric,
		   const char *subject, struct err *e);
void screening_close(struct screening *s);

/* Whether an axis of the data is a parameter that is screened. */
bool screening_has_axis(const struct screening *s, size_t axis);

/* The indices at one point of the sweep. */
int screening_estimate(const struct screening *s, size_t group, struct sensitivity *out,
		       struct err *e);

/* The parameters, those that matter most first: by mu*, or by ST. order[parameters]. */
void screening_order(const struct screening *s, const struct sensitivity *from, size_t *order);

#endif
