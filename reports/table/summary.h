/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Results as numbers to read: for each point the means of metrics with their 95 % intervals, to the
 * digits that the interval allows, and differences from a baseline. What `mcvsim run` ends with and
 * `mcvsim query` answers. The numbers are those of the figures: both come from dataset.h.
 */
#ifndef REPORTS_SUMMARY_H
#define REPORTS_SUMMARY_H

#include "reports/data/dataset.h"
#include "reports/table/table.h"
#include "sim/base/diag.h"

struct summary_request {
	const char *filter; /* an expression over the axes (where.h); NULL: all points */
	/* Names of metrics: exact ("response_time.p95"), what stands before a dot
	 * ("response_time"), or a metric and its subject ("utilization:edge/node/0"). None: what
	 * the study's figures draw, and means, up to five. */
	const char *const *metrics;
	size_t metric_count;
	const char *baseline; /* "platform=native": adds differences from that value; NULL: none */
	size_t width;	      /* of the terminal; wider tables become one row per number; 0: any */
};

/* Builds the table; table_free it. Mistakes in the request (an unknown metric or axis, a bad
 * filter) are diags, and then ERR_INVALID is returned; other failures fill *e. */
int summary_table(const struct dataset *data, const struct summary_request *request,
		  struct table *out, struct diag_list *diags, struct err *e);

/* The same as JSON: [{"point":.., "parameters":{..}, "values":[{"metric":.., "subject":..,
 * "unit":.., "n":.., "mean":.., "sd":.., "ci95":..}]}], in base units, null where a number is not
 * defined. With a baseline each value also has
 * "difference":{"n":..,"mean":..,"ci95":..,"relative":..,"significant":bool}; relative is the share
 * of the baseline's mean, null unless that is above zero and every repetition has a pair. */
int summary_json(const struct dataset *data, const struct summary_request *request, cJSON **out,
		 struct diag_list *diags, struct err *e);

#endif
