/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/db.h"

#include "reports/db/db_internal.h"
#include "reports/db/document.h"
#include "reports/db/schema.h"
#include "reports/db/student.h"
#include "sim/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BUSY_WAIT_MS = 10000 };

/* The views need sqrt, which SQLite has only when it was built with its mathematical functions. */
static void sql_sqrt(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	if (sqlite3_value_numeric_type(v[0]) != SQLITE_NULL)
		sqlite3_result_double(c, sqrt(sqlite3_value_double(v[0])));
}

static void add_missing_functions(sqlite3 *sql)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(sql, "SELECT sqrt(4)", -1, &s, NULL) != SQLITE_OK)
		sqlite3_create_function(sql, "sqrt", 1,
					SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
					sql_sqrt, NULL, NULL);
	sqlite3_finalize(s);
}

/* Flags of open_file: the file does not change, so no locks are taken and no log is looked for. */
enum { DB_OPEN_UNCHANGING = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI };

/* "file:PATH?immutable=1", to be freed; the characters that mean something there are escaped. */
static char *immutable_uri(const char *path)
{
	static const char before[] = "file:", after[] = "?immutable=1";
	char *uri = malloc(sizeof(before) + 3 * strlen(path) + sizeof(after));
	if (!uri)
		return NULL;
	char *at = stpcpy(uri, before);
	for (; *path; path++) {
		if (strchr("%?#", *path))
			at += sprintf(at, "%%%02X", (unsigned)*path);
		else
			*at++ = *path;
	}
	strcpy(at, after);
	return uri;
}

static int open_file(struct db **out, const char *path, int flags, struct err *e)
{
	*out = NULL;
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is not a file", path);
	struct db *db = calloc(1, sizeof(*db));
	if (!db || !(db->path = strdup(path))) {
		free(db);
		return err_set(e, ERR_NOMEM, "no memory to open %s", path);
	}
	char *uri = flags & SQLITE_OPEN_URI ? immutable_uri(path) : NULL;
	int opened = sqlite3_open_v2(
		uri ? uri : path, &db->sql,
		(uri ? flags : flags & ~SQLITE_OPEN_URI) | SQLITE_OPEN_EXRESCODE, NULL);
	free(uri);
	if (opened != SQLITE_OK) {
		int code = db->sql ? db_fail(db, e, "open it")
				   : err_set(e, ERR_NOMEM, "no memory to open %s", path);
		db_close(db);
		return code;
	}
	sqlite3_busy_timeout(db->sql, BUSY_WAIT_MS);
	/* A database that came by mail must not be able to call functions from its schema. */
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	add_missing_functions(db->sql);
	*out = db;
	return 0;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	if (db->session && db->pending_count)
		db_flush_points(db, NULL);
	for (int i = 0; i < DB_STATEMENT_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	if (db->session)
		db_journal_end(db);
	sqlite3_close(db->sql);
	db_sink_free(db);
	cJSON_Delete(db->document);
	cJSON_Delete(db->profile);
	free(db->path);
	free(db);
}

/* Says whether the file is empty, ours, or something else. */
static int identify(const struct db *db, bool *empty, struct err *e)
{
	int64_t application, version, tables;
	int code = db_integer(db, "PRAGMA application_id", 0, &application, e);
	if (code == 0)
		code = db_integer(db, "PRAGMA user_version", 0, &version, e);
	if (code == 0)
		code = db_integer(db, "SELECT count(*) FROM sqlite_schema", 0, &tables, e);
	if (code)
		return code;
	*empty = tables == 0 && application == 0;
	if (*empty)
		return 0;
	if (application != SCHEMA_APPLICATION)
		return err_set(e, ERR_INVALID, "%s is an SQLite database of another program",
			       db->path);
	if (version > SCHEMA_VERSION)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s was made by a newer mcvsim (schema %" PRId64
			       ", this program knows %d); use that one",
			       db->path, version, SCHEMA_VERSION);
	if (version < 1)
		return err_set(e, ERR_CORRUPT, "%s has no valid schema version (%" PRId64 ")",
			       db->path, version);
	return version < SCHEMA_VERSION ? db_migrate(db, version, e) : 0;
}

static int store_student(const struct db *db, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db, "INSERT INTO student VALUES(?, ?)", e);
	if (!s)
		return ERR_IO;
	int code = 0;
	for (int df = -4; df <= STUDENT_ROWS && code == 0; df++) {
		sqlite3_bind_int(s, 1, df);
		sqlite3_bind_double(s, 2, df > 0 ? student_table[df - 1] : student_expansion[-df]);
		code = db_step(db, s, "make it", e);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return code;
}

static int create(const struct db *db, const struct db_study *study, struct err *e)
{
	char pragmas[100];
	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 SCHEMA_APPLICATION, SCHEMA_VERSION);
	int code = db_exec(db, "BEGIN IMMEDIATE", "make it", e);
	if (code)
		return code;
	bool empty; /* still? Another program may have been faster. */
	code = identify(db, &empty, e);
	if (code == 0 && empty) {
		code = db_exec(db, schema_sql, "make it", e);
		if (code == 0)
			code = db_exec(db, pragmas, "make it", e);
		if (code == 0)
			code = store_student(db, e);
		if (code == 0)
			code = db_study_store(db, study, e);
	}
	if (code == 0)
		code = db_exec(db, "COMMIT", "make it", e);
	if (code)
		db_exec(db, "ROLLBACK", "make it", NULL);
	return code;
}

static int start_session(struct db *db, const struct db_study *study, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db,
				     "INSERT INTO session(started, version, command, machine) "
				     "VALUES(strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, ?, ?)",
				     e);
	if (!s)
		return ERR_IO;
	sqlite3_bind_text(s, 1, study->version, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, study->command, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, study->machine ? json_canonical(study->machine) : strdup("{}"), -1,
			  free);
	int code = db_step(db, s, "store who writes to it", e);
	sqlite3_finalize(s);
	db->session = sqlite3_last_insert_rowid(db->sql);
	return code;
}

/* Opens a database to write to, or makes it. */
static int open_to_write(struct db **out, const char *path, const struct db_study *study,
			 bool *made, struct err *e)
{
	struct db *db;
	int code = open_file(&db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	if (code)
		return code;
	code = identify(db, made, e);
	if (code == 0 && *made)
		code = create(db, study, e);
	if (code == 0)
		code = db_study_load(db, e);
	if (code)
		db_close(db);
	else
		*out = db;
	return code;
}

int db_open_target(struct db **out, const char *path, const struct db_study *study, struct err *e)
{
	bool made;
	*out = NULL;
	int code = open_to_write(out, path, study, &made, e);
	if (code == 0)
		code = db_same_study(*out, study, e);
	if (code) {
		db_close(*out);
		*out = NULL;
	}
	return code;
}

int db_open_run(struct db **out, const char *path, const struct db_study *study,
		enum db_found *found, struct err *e)
{
	bool made;
	enum db_found what = DB_SAME;
	*out = NULL;
	int code = open_to_write(out, path, study, &made, e);
	if (code == 0)
		code = db_study_relation(*out, study, &what, e);
	if (code == 0)
		code = db_journal_begin(*out, e);
	if (code == 0)
		code = db_study_take_over(*out, study, what, e);
	if (code == 0)
		code = start_session(*out, study, e);
	if (code) {
		db_close(*out);
		*out = NULL;
		return code;
	}
	if (found)
		*found = made ? DB_NEW : what;
	return 0;
}

int db_open(struct db **out, const char *path, struct err *e)
{
	struct stat st;
	*out = NULL;
	if (stat(path, &st) != 0)
		return err_sys(e, errno, "%s", path);
	struct db *db;
	bool empty;
	/* Falls back to reading only where the file may not be written. */
	int code = open_file(&db, path, SQLITE_OPEN_READWRITE, e);
	if (code)
		return code;
	code = identify(db, &empty, e);
	if (code && db_journal_is_gone(db)) {
		db_close(db);
		code = open_file(&db, path, DB_OPEN_UNCHANGING, e);
		if (code)
			return code;
		code = identify(db, &empty, e);
	}
	if (code == 0 && empty)
		code = err_set(e, ERR_INVALID, "%s is empty: no run was started with it", path);
	if (code == 0)
		code = db_study_load(db, e);
	if (code == 0)
		code = db_exec(db, "PRAGMA query_only = 1", "open it", e);
	if (code) {
		db_close(db);
		return code;
	}
	*out = db;
	return 0;
}

const cJSON *db_document(const struct db *db)
{
	return db->document;
}

const cJSON *db_profile(const struct db *db)
{
	return db->profile;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

const char *db_study_hash(const struct db *db)
{
	return db->study_hash;
}

const cJSON *db_next_profile(const struct db *db, const cJSON *previous)
{
	const cJSON *swept = cJSON_GetObjectItemCaseSensitive(db->profile, "profiles");
	if (!swept)
		return previous ? NULL : db->profile;
	return previous ? previous->next : swept->child;
}

const char *db_profile_hash(const struct db *db)
{
	return db->profile_hash;
}

uint64_t db_seed(const struct db *db)
{
	return db->seed;
}

int db_count(struct db *db, struct db_counts *out, struct err *e)
{
	int code = db_integer(db, "SELECT count(*) FROM point", 0, &out->points, e);
	if (code == 0)
		code = db_integer(db, "SELECT count(*) FROM run WHERE status = 'done'", 0,
				  &out->done, e);
	if (code == 0)
		code = db_integer(db, "SELECT count(*) FROM run WHERE status = 'failed'", 0,
				  &out->failed, e);
	if (code == 0)
		code = db_integer(db, "SELECT ifnull(max(repetition) + 1, 0) FROM run", 0,
				  &out->repetitions, e);
	return code;
}
