/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of db_*.c share: the handle and short ways to SQLite that fill a struct err.
 */
#ifndef REPORTS_DB_INTERNAL_H
#define REPORTS_DB_INTERNAL_H

#include "reports/db/db.h"
#include "sim/base/arena.h"

#include <sqlite3.h>

/* The key of a metric, remembered by its place in a run's list: the lists of a study's runs are
 * nearly always the same, so that nearly every look-up is one comparison. */
struct metric_memo {
	char *metric, *subject, *unit;
	int64_t key;
};

/* A point that was made known and has no run yet: it is stored with the next run, which spares a
 * transaction each. */
struct pending_point {
	char id[RUN_ID_SIZE];
	struct parameter *parameters; /* in db->pending_arena */
	size_t parameter_count;
};

enum db_statement {
	DB_BEGIN,
	DB_COMMIT,
	DB_FIND_POINT,
	DB_ADD_POINT,
	DB_ADD_PARAMETER,
	DB_REMOVE_PARAMETERS,
	DB_FIND_RUN,
	DB_REMOVE_FAILED,
	DB_ADD_RUN,
	DB_ADD_METRIC,
	DB_FIND_METRIC,
	DB_ADD_VALUE,
	DB_ADD_HISTOGRAM,
	DB_ADD_SERIES,
	DB_FIND_VALUE,
	DB_STATEMENT_COUNT,
};

struct db {
	sqlite3 *sql;
	char *path;
	cJSON *document, *profile;
	char study_hash[RUN_ID_SIZE], profile_hash[RUN_ID_SIZE];
	uint64_t seed;
	int64_t session; /* of this writer; 0 for readers */
	bool log;	 /* writes to a write-ahead log, which was last settled at settled_s */
	int64_t settled_s;
	sqlite3_stmt *statements[DB_STATEMENT_COUNT];
	struct metric_memo *memo;
	size_t memo_count;
	struct pending_point *pending;
	size_t pending_count, pending_capacity;
	struct arena pending_arena;
};

/* Turns SQLite's last error into a sentence about db->path. `doing` as in "store a run". */
int db_fail(const struct db *db, struct err *e, const char *doing);

/* Opens a database to write to, or makes it; checks that it is of `study`. */
int db_open_target(struct db **out, const char *path, const struct db_study *study, struct err *e);

/* --- db_study.c --- */

/* Into a database that has none. */
int db_study_store(const struct db *db, const struct db_study *study, struct err *e);

/* Reads the study and holds it against its own hash, which catches edits as well as damage. */
int db_study_load(struct db *db, struct err *e);

/* ERR_EXISTS with what differs when the database is of another study, profile or seed. */
int db_same_study(const struct db *db, const struct db_study *study, struct err *e);

/* The hash of what makes a study's results. */
int db_study_hash_of(const cJSON *document, char out[RUN_ID_SIZE], struct err *e);

/* ERR_EXISTS, with which places of the two studies, or of the two profiles, differ. */
int db_another_study(const struct db *db, const struct db_study *study, struct err *e);
int db_another_profile(const struct db *db, const cJSON *there, const cJSON *here, struct err *e);

/* ERR_EXISTS when the database has another seed than the study. */
int db_same_seed(const struct db *db, const struct db_study *study, struct err *e);

/* --- db_extend.c --- */

/* How the database relates to the study that is to be run on it, as db_open_run says; ERR_EXISTS
 * with what differs when it is another one. Writes nothing. */
int db_study_relation(struct db *db, const struct db_study *study, enum db_found *found,
		      struct err *e);

/* Stores the greater of the two studies, in one transaction. */
int db_study_take_over(struct db *db, const struct db_study *study, enum db_found found,
		       struct err *e);

/* --- db_sink.c --- */

/* 1 when the point is stored, with its key in *key (may be NULL); 0 when not; negative with *e. */
int db_find_point(struct db *db, const char *id, int64_t *key, struct err *e);

/* Writes the parameters of those of the points that are stored anew. Within a transaction of the
 * caller's. */
int db_restate_points(struct db *db, const struct point *points, size_t count, struct err *e);

/* Runs SQL that returns nothing. */
int db_exec(const struct db *db, const char *sql, const char *doing, struct err *e);

/* Brings a database of schema `version`, older than ours, up to date in one transaction; one that
 * may not be written gets what it lacks for this connection only (db_migrate.c). */
int db_migrate(const struct db *db, int64_t version, struct err *e);

/* A journal for many small transactions: a write-ahead log where the file system is known to be
 * local, else a rollback journal (db_journal.c). */
int db_journal_begin(struct db *db, struct err *e);

/* After a commit: once a second, what is in the log goes to the disk. */
void db_journal_settle(struct db *db);

/* Before the writer closes: leaves one file, if nobody else has it open. */
void db_journal_end(struct db *db);

/* After a failure to read: whether the file expects a log that is not there and that may not be
 * made here, as when a database whose writer was killed is archived where nothing can be written.
 */
bool db_journal_is_gone(const struct db *db);

/* Writes the pending points, in a transaction of its own (db_sink.c). */
int db_flush_points(struct db *db, struct err *e);

/* Frees what db_sink.c keeps in the handle. */
void db_sink_free(struct db *db);

/* Compiles one statement; NULL with *e filled on failure. Finalise it. */
sqlite3_stmt *db_prepare(const struct db *db, const char *sql, struct err *e);

/* Steps once. Returns 1 for a row, 0 for the end, or a negative code with *e filled. */
int db_step(const struct db *db, sqlite3_stmt *s, const char *doing, struct err *e);

/* One integer from a statement without parameters; `missing` when it has no row. */
int db_integer(const struct db *db, const char *sql, int64_t missing, int64_t *out, struct err *e);

/* A text column, never NULL. Valid until the next step. */
const char *db_text(sqlite3_stmt *s, int column);

#endif
