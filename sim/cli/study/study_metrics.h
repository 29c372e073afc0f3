/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether what a study names of its results will be there: the metrics of `record`, `precision` and
 * `figures`, their subjects, and the points that a figure chooses. Called by study.c, so that no
 * such mistake waits until the runs are done. Draws nothing: reports/figure/figure.h tells the same
 * of results that are there.
 */
#ifndef SIM_CLI_STUDY_STUDY_METRICS_H
#define SIM_CLI_STUDY_STUDY_METRICS_H

#include "reports/figure/figure.h"
#include "sim/cli/study/study.h"

/* A metric that the study reads back, and what the points' worlds have of it. */
struct metric_use {
	const struct world_metric *metric;
	const char *subject; /* NULL: the only one */
	bool all;	     /* all subjects at once are wanted, too */
	bool met;	     /* some point has the subject */
	/* Those of the first point, for messages: a list, and the one nearest to `subject`, or "".
	 */
	char *subjects, *nearest;
	size_t most;	  /* subjects at the point that has most */
	char pointer[80]; /* of the object that names it */
};

struct metric_uses {
	struct metric_use *items;
	size_t count;
};

/* Looks at every name of a metric; `figures` may be NULL. The uses that make sense live in the
 * study's arena, for the next two. Returns 0, ERR_INVALID with diags, or ERR_NOMEM. */
int study_check_metrics(struct study *s, const struct figures *figures, struct metric_uses *uses,
			struct diag_list *diags);

/* Notes what the world of a point reports, in the arena. Returns 0 or ERR_NOMEM. */
int metric_uses_meet(struct metric_uses *uses, const struct world *world, struct arena *arena);

/* Tells of subjects that no point has, and of subjects that are not chosen, once every point was
 * met. Returns 0 or ERR_INVALID. */
int metric_uses_check(const struct metric_uses *uses, const struct json_doc *doc,
		      struct diag_list *diags);

/* Looks for axes that a figure neither draws nor fixes, and for values of `at` that their axis
 * lacks; needs the plan. Returns 0, ERR_INVALID with diags, or ERR_NOMEM. */
int study_check_figure_axes(struct study *s, const struct figures *figures,
			    struct diag_list *diags);

#endif
