/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Databases of older schemas: what changed from one version to the next. A database is brought up
 * to date when it is opened, in one transaction, so that it is of the old version or of the new one
 * whatever happens. What these steps leave must be what schema_sql makes (a test compares them).
 */
#include "reports/db/db_internal.h"
#include "reports/db/schema.h"
#include "sim/experiment/axis.h"

#include <inttypes.h>
#include <stdio.h>

/* Version 1 had the JSON of values that are objects as their text. */
static int name_objects(const struct db *db, struct err *e)
{
	sqlite3_stmt *list = db_prepare(
		db, "SELECT point, position, text FROM point_parameter WHERE text GLOB '[[{]*'", e);
	sqlite3_stmt *change = db_prepare(
		db, "UPDATE point_parameter SET text = ? WHERE point = ? AND position = ?", e);
	struct arena arena = {0};
	int got = list && change ? 0 : ERR_CORRUPT;
	while (got == 0 && (got = db_step(db, list, "bring it up to date", e)) == 1) {
		struct parameter p;
		cJSON *value = cJSON_Parse(db_text(list, 2));
		got = value ? axis_parameter("", value, &p, &arena) : 0;
		if (value && got == 0) {
			sqlite3_bind_text(change, 1, p.text, -1, SQLITE_STATIC);
			sqlite3_bind_int64(change, 2, sqlite3_column_int64(list, 0));
			sqlite3_bind_int64(change, 3, sqlite3_column_int64(list, 1));
			got = db_step(db, change, "bring it up to date", e);
			sqlite3_reset(change);
		} else if (got) {
			err_set(e, ERR_NOMEM, "no memory to bring %s up to date", db->path);
		}
		cJSON_Delete(value);
	}
	sqlite3_finalize(list);
	sqlite3_finalize(change);
	arena_free(&arena);
	return got;
}

static int add_series(const struct db *db, struct err *e)
{
	return db_exec(db, schema_series_sql, "bring it up to date", e);
}

/* Version 2 had intervals of quantiles that were narrower than what a quantile is known to. */
static int widen_intervals(const struct db *db, struct err *e)
{
	int code = db_exec(db, "DROP VIEW summary", "bring it up to date", e);
	return code ? code : db_exec(db, schema_summary_sql, "bring it up to date", e);
}

/* From version i + 1 to the next. */
static int (*const steps[SCHEMA_VERSION - 1][2])(const struct db *db, struct err *e) = {
	{add_series, name_objects},
	{widen_intervals},
};

static int run_steps(const struct db *db, int64_t version, struct err *e)
{
	char stamp[60];
	int code = 0;
	for (int64_t v = version; v < SCHEMA_VERSION && code == 0; v++)
		for (size_t i = 0; i < 2 && code == 0; i++)
			code = steps[v - 1][i] ? steps[v - 1][i](db, e) : 0;
	snprintf(stamp, sizeof(stamp), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return code ? code : db_exec(db, stamp, "bring it up to date", e);
}

/* Read where nothing can be written, a database of version 1 lacks a table that would be empty
 * anyway. The views are for others: what is read here does not ask them. */
static int stand_in(const struct db *db, int64_t version, struct err *e)
{
	if (version > 1)
		return 0;
	return db_exec(db,
		       "PRAGMA temp_store = MEMORY;"
		       "CREATE TEMP TABLE series(point, metric, repetition, samples)",
		       "open it", e);
}

int db_migrate(const struct db *db, int64_t version, struct err *e)
{
	if (sqlite3_db_readonly(db->sql, "main") == 1)
		return stand_in(db, version, e);
	int code = db_exec(db, "BEGIN IMMEDIATE", "bring it up to date", e);
	if (code)
		return code == ERR_DENIED ? stand_in(db, version, e) : code;
	/* Still? Another program may have been faster. */
	code = db_integer(db, "PRAGMA user_version", 0, &version, e);
	if (code == 0 && version < SCHEMA_VERSION)
		code = run_steps(db, version, e);
	if (code == 0)
		code = db_exec(db, "COMMIT", "bring it up to date", e);
	if (code && !sqlite3_get_autocommit(db->sql))
		db_exec(db, "ROLLBACK", "bring it up to date", NULL);
	return code;
}
