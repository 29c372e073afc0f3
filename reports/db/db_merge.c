/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Copying the runs of shards into one database, in SQL: keys of points and metrics are translated
 * by joining on what they stand for.
 */
#include "reports/db/db_internal.h"
#include "reports/db/schema.h"

#include <sys/stat.h>

/* Runs that are done on both sides and report different numbers. */
static const char conflict_sql[] =
	"SELECT p.id, theirs.repetition, m.name FROM shard.value theirs"
	" JOIN shard.point p ON p.key = theirs.point JOIN shard.metric m ON m.key = theirs.metric"
	" JOIN main.point q ON q.id = p.id"
	" JOIN main.run r ON r.point = q.key AND r.repetition = theirs.repetition"
	"  AND r.status = 'done'"
	" LEFT JOIN main.metric n ON n.name = m.name AND n.subject = m.subject AND n.unit = m.unit"
	" LEFT JOIN main.value ours ON ours.point = q.key AND ours.metric = n.key"
	"  AND ours.repetition = theirs.repetition"
	" WHERE ours.point IS NULL OR ours.value IS NOT theirs.value LIMIT 1";

/* In this order. `fresh` lists the runs to copy, with our key of their point. */
static const char *const merge_sql[] = {
	"INSERT OR IGNORE INTO main.point(id) SELECT id FROM shard.point ORDER BY key",
	"INSERT OR IGNORE INTO main.point_parameter"
	" SELECT q.key, s.position, s.name, s.text, s.number, s.unit FROM shard.point_parameter s"
	" JOIN shard.point p ON p.key = s.point JOIN main.point q ON q.id = p.id",
	"CREATE TEMP TABLE fresh AS SELECT p.key AS theirs, q.key AS ours, s.repetition AS "
	"repetition"
	" FROM shard.run s JOIN shard.point p ON p.key = s.point JOIN main.point q ON q.id = p.id"
	" LEFT JOIN main.run r ON r.point = q.key AND r.repetition = s.repetition"
	" WHERE r.status IS NULL OR (r.status = 'failed' AND s.status = 'done')",
	"CREATE UNIQUE INDEX temp.fresh_runs ON fresh(theirs, repetition)",
	"DELETE FROM main.run WHERE EXISTS(SELECT 1 FROM fresh f"
	" WHERE f.ours = run.point AND f.repetition = run.repetition)",
	/* Sessions are renumbered behind ours. */
	"CREATE TEMP TABLE shift AS SELECT coalesce(max(key), 0) AS by FROM main.session",
	"INSERT INTO main.session SELECT key + by, started, version, command, machine"
	" FROM shard.session, shift",
	"INSERT INTO main.run SELECT f.ours, s.repetition, s.session + by, s.status, s.error_code,"
	" s.error, s.reproduce, s.wall_s, s.finished FROM fresh f"
	" JOIN shard.run s ON s.point = f.theirs AND s.repetition = f.repetition CROSS JOIN shift",
	"INSERT OR IGNORE INTO main.metric(name, subject, unit)"
	" SELECT name, subject, unit FROM shard.metric ORDER BY key",
	"CREATE TEMP TABLE metrics AS SELECT s.key AS theirs, m.key AS ours FROM shard.metric s"
	" JOIN main.metric m ON m.name = s.name AND m.subject = s.subject AND m.unit = s.unit",
	"CREATE UNIQUE INDEX temp.metrics_theirs ON metrics(theirs)",
	"INSERT INTO main.value SELECT f.ours, k.ours, s.repetition, s.value FROM shard.value s"
	" JOIN fresh f ON f.theirs = s.point AND f.repetition = s.repetition"
	" JOIN metrics k ON k.theirs = s.metric",
	"INSERT INTO main.histogram SELECT f.ours, k.ours, s.repetition, s.buckets"
	" FROM shard.histogram s JOIN fresh f ON f.theirs = s.point AND f.repetition = s.repetition"
	" JOIN metrics k ON k.theirs = s.metric",
	"INSERT INTO main.series SELECT f.ours, k.ours, s.repetition, s.samples"
	" FROM shard.series s JOIN fresh f ON f.theirs = s.point AND f.repetition = s.repetition"
	" JOIN metrics k ON k.theirs = s.metric",
	"DROP TABLE fresh",
	"DROP TABLE metrics",
	"DROP TABLE shift",
};

static int find_conflict(const struct db *db, const char *shard, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db, conflict_sql, e);
	if (!s)
		return ERR_CORRUPT;
	int got = db_step(db, s, "merge into it", e);
	if (got == 1)
		got = err_set(
			e, ERR_INVALID,
			"%s and %s disagree: %s of point %.12s, repetition %lld; one was made by "
			"another version of the program or was changed",
			db->path, shard, db_text(s, 2), db_text(s, 0),
			(long long)sqlite3_column_int64(s, 1));
	sqlite3_finalize(s);
	return got;
}

static int attach(const struct db *db, const char *shard, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db, "ATTACH ? AS shard", e);
	if (!s)
		return ERR_IO;
	sqlite3_bind_text(s, 1, shard, -1, SQLITE_STATIC);
	int got = db_step(db, s, "merge into it", e);
	sqlite3_finalize(s);
	int64_t version;
	if (got == 0)
		got = db_integer(db, "PRAGMA shard.user_version", 0, &version, e);
	/* An older one was brought up to date when it was opened, if that was possible. */
	if (got == 0 && version != SCHEMA_VERSION)
		got = err_set(
			e, ERR_UNSUPPORTED,
			"%s is of an older version and may not be written; merge a copy of it",
			shard);
	return got;
}

static int merge_one(struct db *db, const char *shard, struct err *e)
{
	int code = find_conflict(db, shard, e);
	for (size_t i = 0; i < sizeof(merge_sql) / sizeof(*merge_sql) && code == 0; i++)
		code = db_exec(db, merge_sql[i], "merge into it", e);
	return code;
}

static int refuse_target_among(const char *into, const char *const *shards, size_t count,
			       struct err *e)
{
	struct stat target, st;
	if (stat(into, &target) != 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (stat(shards[i], &st) == 0 && st.st_dev == target.st_dev &&
		    st.st_ino == target.st_ino)
			return err_set(e, ERR_INVALID, "%s cannot be merged into itself", into);
	return 0;
}

static struct db_study study_of(const struct db *db)
{
	return (struct db_study){.document = db->document,
				 .profile = db->profile,
				 .seed = db->seed,
				 .version = "",
				 .command = ""};
}

/* Opens the target with the study of the first shard, once all the others have the same. */
static int open_target(struct db **out, const char *into, const char *const *shards, size_t count,
		       struct err *e)
{
	struct db *first;
	int code = db_open(&first, shards[0], e);
	if (code)
		return code;
	struct db_study study = study_of(first);
	for (size_t i = 1; i < count && code == 0; i++) {
		struct db *shard;
		code = db_open(&shard, shards[i], e);
		if (code)
			break;
		code = db_same_study(shard, &study, e);
		db_close(shard);
	}
	if (code == 0)
		code = db_open_target(out, into, &study, e);
	db_close(first);
	return code;
}

static int begin_and_merge(struct db *db, const char *shard, struct err *e)
{
	/* SQLite detaches outside of transactions only, so each shard is one. */
	int code = attach(db, shard, e);
	if (code)
		return code;
	code = db_exec(db, "BEGIN IMMEDIATE", "merge into it", e);
	if (code == 0)
		code = merge_one(db, shard, e);
	if (code == 0)
		code = db_exec(db, "COMMIT", "merge into it", e);
	if (code && !sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_exec(db->sql, "DETACH shard", NULL, NULL, NULL);
	return code;
}

int db_merge(const char *into, const char *const *shards, size_t count, struct err *e)
{
	if (count == 0)
		return err_set(e, ERR_INVALID, "no databases to merge");
	int code = refuse_target_among(into, shards, count, e);
	struct db *db = NULL;
	if (code == 0)
		code = open_target(&db, into, shards, count, e);
	for (size_t i = 0; i < count && code == 0; i++)
		code = begin_and_merge(db, shards[i], e);
	db_close(db);
	return code;
}
