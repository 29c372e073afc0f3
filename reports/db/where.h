/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `where`: an SQL expression over the values of axes, as "NOT (platform = 'native' AND exit_cost <>
 * 1)". Used by sweeps to leave points out (it fits point_filter of sim/experiment/run.h) and by
 * queries to choose points. Evaluated by SQLite in a database in memory that has one row and no
 * other table; only expressions are allowed: no sub-queries, no statements, no functions that read
 * files or the clock.
 *
 * An axis with a unit has its value in the base unit (45 ms is 0.045); quantity('45 ms') turns a
 * text into that number.
 */
#ifndef REPORTS_WHERE_H
#define REPORTS_WHERE_H

#include "sim/base/err.h"
#include "sim/experiment/run.h"

struct where; /* remembers the compiled expression from one point to the next */

/* NULL when out of memory. End it with where_close. */
struct where *where_open(void);
void where_close(struct where *w);

/* A point_filter; ctx is a struct where *. An expression that gives NULL leaves the point out, as
 * in SQL. A NULL or empty expression keeps everything. Returns 0, or ERR_INVALID with a sentence
 * that says what is wrong and, for an unknown name, which axes there are. */
int where_keep(void *ctx, const char *expression, const struct parameter *parameters, size_t count,
	       bool *keep, struct err *e);

#endif
