/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a run reports. Private to models/run.
 */
#ifndef MODELS_RUN_REPORT_H
#define MODELS_RUN_REPORT_H

#include "models/run/run.h"

/* What one region reports of itself when it is done; the rest goes into the metrics. */
int run_report_region(struct run *run, const struct region *region, struct world_metrics_sink *sink,
		      struct err *e);

/* What the world reports when all sites are done. */
int run_report(const struct world *w, const struct metrics *m, struct world_metrics_sink *sink,
	       struct err *e);

#endif
