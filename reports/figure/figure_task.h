/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One task at several points. Each run keeps some as candidates: their pieces are the series
 * "task.timeline.candidates" of the causes, whose value is the task's key while it is at the cause
 * and 0 while none is. Runs that differ in a platform see the same tasks begin, and a key says
 * which task it is: so one can be shown as it went at each of them. For figure_timeline.c.
 */
#ifndef REPORTS_FIGURE_TASK_H
#define REPORTS_FIGURE_TASK_H

#include "reports/data/dataset.h"

/* The candidates' series of that cause; NULL: no run has it. */
const struct data_metric *task_candidates_metric(const struct dataset *d, const char *cause);

/* The key of the candidate of all `count` points, at least 1, whose response time is nearest to
 * those of the median tasks ("task.timeline"): the furthest of the points counts, by ratio. Points
 * that show no task have no say. *key is 0 when there is none. Returns 0, or a code with *e filled.
 */
int task_in_common(const struct dataset *d, const struct data_point *const *points, size_t count,
		   double *key, struct err *e);

#endif
