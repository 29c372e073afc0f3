/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables and views of a results database, as SQL. The views `result`, `summary` and `parameter`
 * are what people and scripts may rely on; the tables are ours and may change with the version.
 */
#ifndef REPORTS_SCHEMA_H
#define REPORTS_SCHEMA_H

enum {
	SCHEMA_APPLICATION = 0x4d435653, /* "MCVS", in the header of the file */
	SCHEMA_VERSION = 3,		 /* PRAGMA user_version; older ones: db_migrate.c */
};

/* Makes everything in an empty database, except the rows of `student`. */
extern const char schema_sql[];

/* The parts that came with version 2, and that changed with version 3. */
extern const char schema_series_sql[];
extern const char schema_summary_sql[];

#endif
