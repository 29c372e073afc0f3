/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a study's `screen` found, as `mcvsim screen` prints it.
 */
#ifndef REPORTS_SCREENING_TABLE_H
#define REPORTS_SCREENING_TABLE_H

#include "reports/data/screening.h"
#include "reports/table/table.h"

/* Everything, as a table or as JSON. 0, or a negative code with *e filled. table_free and
 * cJSON_Delete are the caller's. */
int screening_table(const struct screening *s, struct table *out, struct err *e);
int screening_json(const struct screening *s, cJSON **out, struct err *e);

#endif
