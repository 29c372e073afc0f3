/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The run sink: points and runs into the database, one transaction per run.
 */
#include "reports/db/db_internal.h"
#include "reports/db/histogram.h"
#include "reports/db/series.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const statement_sql[DB_STATEMENT_COUNT] = {
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_COMMIT] = "COMMIT",
	[DB_FIND_POINT] = "SELECT key FROM point WHERE id = ?",
	[DB_ADD_POINT] = "INSERT OR IGNORE INTO point(id) VALUES(?)",
	[DB_ADD_PARAMETER] = "INSERT INTO point_parameter VALUES(?, ?, ?, ?, ?, ?)",
	[DB_REMOVE_PARAMETERS] = "DELETE FROM point_parameter WHERE point = ?",
	[DB_FIND_RUN] = "SELECT r.status = 'done' FROM point p JOIN run r ON r.point = p.key"
			" WHERE p.id = ? AND r.repetition = ?",
	[DB_REMOVE_FAILED] = "DELETE FROM run WHERE point = ? AND repetition = ?",
	[DB_ADD_RUN] = "INSERT INTO run VALUES(?, ?, ?, ?, ?, ?, ?, ?,"
		       " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
	[DB_ADD_METRIC] = "INSERT OR IGNORE INTO metric(name, subject, unit) VALUES(?, ?, ?)",
	[DB_FIND_METRIC] = "SELECT key FROM metric WHERE name = ? AND subject = ? AND unit = ?",
	[DB_ADD_VALUE] = "INSERT INTO value VALUES(?, ?, ?, ?)",
	[DB_ADD_HISTOGRAM] = "INSERT INTO histogram VALUES(?, ?, ?, ?)",
	[DB_ADD_SERIES] = "INSERT INTO series VALUES(?, ?, ?, ?)",
	[DB_FIND_VALUE] = "SELECT v.value FROM point p JOIN value v ON v.point = p.key"
			  " JOIN metric m ON m.key = v.metric"
			  " WHERE p.id = ? AND v.repetition = ? AND m.name = ? AND m.subject = ?",
};

static sqlite3_stmt *statement(struct db *db, enum db_statement which, struct err *e)
{
	sqlite3_stmt **s = &db->statements[which];
	if (*s)
		sqlite3_reset(*s);
	else
		*s = db_prepare(db, statement_sql[which], e);
	return *s;
}

static int code_of(const struct err *e)
{
	return e && e->code ? (int)e->code : ERR_IO;
}

static void bind_text(sqlite3_stmt *s, int column, const char *text)
{
	sqlite3_bind_text(s, column, text, -1, SQLITE_STATIC);
}

/* Steps a statement whose parameters are bound and leaves it ready for the next use. Returns 1 with
 * the first column in *out (may be NULL) when there was a row. */
static int step_once(struct db *db, sqlite3_stmt *s, int64_t *out, struct err *e)
{
	int got = db_step(db, s, "store a run", e);
	if (got == 1 && out)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return got;
}

static int run_plain(struct db *db, enum db_statement which, struct err *e)
{
	sqlite3_stmt *s = statement(db, which, e);
	return s ? step_once(db, s, NULL, e) : code_of(e);
}

static void forget_metrics(struct db *db)
{
	for (size_t i = 0; i < db->memo_count; i++) {
		free(db->memo[i].metric);
		free(db->memo[i].subject);
		free(db->memo[i].unit);
	}
	free(db->memo);
	db->memo = NULL;
	db->memo_count = 0;
}

static int roll_back(struct db *db, int code)
{
	/* On some errors SQLite has rolled back already. */
	if (!sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	/* The keys of metrics that were new in this transaction are gone with it. */
	forget_metrics(db);
	return code;
}

/* --- points --- */

static int insert_parameters(struct db *db, const struct parameter *parameters, size_t count,
			     int64_t key, struct err *e)
{
	sqlite3_stmt *s = statement(db, DB_ADD_PARAMETER, e);
	if (!s)
		return code_of(e);
	for (size_t i = 0; i < count; i++) {
		const struct parameter *q = &parameters[i];
		sqlite3_bind_int64(s, 1, key);
		sqlite3_bind_int64(s, 2, (int64_t)i);
		bind_text(s, 3, q->name);
		bind_text(s, 4, q->text);
		if (q->numeric)
			sqlite3_bind_double(s, 5, q->number);
		else
			sqlite3_bind_null(s, 5);
		bind_text(s, 6, q->unit ? q->unit : "");
		int code = step_once(db, s, NULL, e);
		if (code)
			return code;
	}
	return 0;
}

/* Within a transaction of the caller's. */
static int insert_points(struct db *db, struct err *e)
{
	for (size_t i = 0; i < db->pending_count; i++) {
		const struct pending_point *p = &db->pending[i];
		sqlite3_stmt *s = statement(db, DB_ADD_POINT, e);
		if (!s)
			return code_of(e);
		bind_text(s, 1, p->id);
		int code = step_once(db, s, NULL, e);
		if (code == 0 && sqlite3_changes(db->sql) > 0)
			code = insert_parameters(db, p->parameters, p->parameter_count,
						 sqlite3_last_insert_rowid(db->sql), e);
		if (code)
			return code;
	}
	return 0;
}

static void forget_points(struct db *db)
{
	db->pending_count = 0;
	arena_free(&db->pending_arena);
}

int db_flush_points(struct db *db, struct err *e)
{
	int code = run_plain(db, DB_BEGIN, e);
	if (code == 0)
		code = insert_points(db, e);
	if (code == 0)
		code = run_plain(db, DB_COMMIT, e);
	if (code)
		return roll_back(db, code);
	forget_points(db);
	return 0;
}

static int copy_point(struct db *db, const struct point *point, struct pending_point *out)
{
	struct arena *a = &db->pending_arena;
	memcpy(out->id, point->id, sizeof(out->id));
	out->parameter_count = point->parameter_count;
	out->parameters = arena_array(a, point->parameter_count, sizeof(*out->parameters));
	if (!out->parameters)
		return ERR_NOMEM;
	for (size_t i = 0; i < point->parameter_count; i++) {
		const struct parameter *p = &point->parameters[i];
		struct parameter *q = &out->parameters[i];
		*q = *p;
		q->name = arena_strdup(a, p->name);
		q->text = arena_strdup(a, p->text);
		q->unit = arena_strdup(a, p->unit ? p->unit : "");
		if (!q->name || !q->text || !q->unit)
			return ERR_NOMEM;
	}
	return 0;
}

int db_find_point(struct db *db, const char *id, int64_t *key, struct err *e)
{
	sqlite3_stmt *s = statement(db, DB_FIND_POINT, e);
	if (!s)
		return code_of(e);
	bind_text(s, 1, id);
	return step_once(db, s, key, e);
}

int db_restate_points(struct db *db, const struct point *points, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		int64_t key;
		int code = db_find_point(db, points[i].id, &key, e);
		if (code == 0)
			continue;
		sqlite3_stmt *s = code > 0 ? statement(db, DB_REMOVE_PARAMETERS, e) : NULL;
		if (!s)
			return code_of(e);
		sqlite3_bind_int64(s, 1, key);
		code = step_once(db, s, NULL, e);
		if (code == 0)
			code = insert_parameters(db, points[i].parameters,
						 points[i].parameter_count, key, e);
		if (code)
			return code;
	}
	return 0;
}

static int sink_add_point(void *ctx, const struct point *point, struct err *e)
{
	struct db *db = ctx;
	int got = db_find_point(db, point->id, NULL, e);
	if (got)
		return got < 0 ? got : 0;
	if (db->pending_count == db->pending_capacity) {
		size_t more = db->pending_capacity ? db->pending_capacity * 2 : 64;
		struct pending_point *p = realloc(db->pending, more * sizeof(*p));
		if (!p)
			return err_set(e, ERR_NOMEM, "no memory for a point");
		db->pending = p;
		db->pending_capacity = more;
	}
	if (copy_point(db, point, &db->pending[db->pending_count]))
		return err_set(e, ERR_NOMEM, "no memory for a point");
	db->pending_count++;
	return 0;
}

/* --- runs --- */

static bool memo_matches(const struct metric_memo *m, const char *metric, const char *subject,
			 const char *unit)
{
	return m->metric && strcmp(m->metric, metric) == 0 && strcmp(m->subject, subject) == 0 &&
	       strcmp(m->unit, unit) == 0;
}

static void memo_keep(struct db *db, size_t place, const char *metric, const char *subject,
		      const char *unit, int64_t key)
{
	if (place >= db->memo_count) {
		struct metric_memo *more = realloc(db->memo, (place + 1) * sizeof(*more));
		if (!more)
			return; /* it only costs time */
		memset(more + db->memo_count, 0, (place + 1 - db->memo_count) * sizeof(*more));
		db->memo = more;
		db->memo_count = place + 1;
	}
	struct metric_memo *m = &db->memo[place];
	free(m->metric);
	free(m->subject);
	free(m->unit);
	*m = (struct metric_memo){strdup(metric), strdup(subject), strdup(unit), key};
	if (!m->metric || !m->subject || !m->unit) {
		free(m->metric);
		m->metric = NULL;
	}
}

static int metric_key(struct db *db, size_t place, const char *metric, const char *subject,
		      const char *unit, int64_t *key, struct err *e)
{
	if (place < db->memo_count && memo_matches(&db->memo[place], metric, subject, unit)) {
		*key = db->memo[place].key;
		return 0;
	}
	static const enum db_statement steps[] = {DB_ADD_METRIC, DB_FIND_METRIC};
	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *s = statement(db, steps[i], e);
		if (!s)
			return code_of(e);
		bind_text(s, 1, metric);
		bind_text(s, 2, subject);
		bind_text(s, 3, unit);
		int got = step_once(db, s, key, e);
		if (got < 0)
			return got;
	}
	memo_keep(db, place, metric, subject, unit, *key);
	return 0;
}

static int insert_values(struct db *db, int64_t point, const struct run_record *r, struct err *e)
{
	for (size_t i = 0; i < r->result->value_count; i++) {
		const struct result_value *v = &r->result->values[i];
		int64_t metric;
		int code = metric_key(db, i, v->metric, v->subject, v->unit, &metric, e);
		sqlite3_stmt *s = code ? NULL : statement(db, DB_ADD_VALUE, e);
		if (!s)
			return code ? code : code_of(e);
		sqlite3_bind_int64(s, 1, point);
		sqlite3_bind_int64(s, 2, metric);
		sqlite3_bind_int64(s, 3, r->key.repetition);
		sqlite3_bind_double(s, 4, v->value); /* NaN becomes NULL */
		code = step_once(db, s, NULL, e);
		if (code)
			return err_wrap(e, "metric %s, subject '%s'", v->metric, v->subject);
	}
	return 0;
}

/* A histogram or series, encoded; `bytes` are freed. */
static int insert_bytes(struct db *db, enum db_statement which, int64_t point, int64_t metric,
			uint32_t repetition, unsigned char *bytes, size_t size, struct err *e)
{
	sqlite3_stmt *s = bytes ? statement(db, which, e) : NULL;
	if (!s) {
		free(bytes);
		return bytes ? code_of(e) : err_set(e, ERR_NOMEM, "no memory to store a run");
	}
	sqlite3_bind_int64(s, 1, point);
	sqlite3_bind_int64(s, 2, metric);
	sqlite3_bind_int64(s, 3, repetition);
	sqlite3_bind_blob64(s, 4, bytes, size, free);
	return step_once(db, s, NULL, e);
}

static int insert_histograms(struct db *db, int64_t point, const struct run_record *r,
			     struct err *e)
{
	for (size_t i = 0; i < r->result->histogram_count; i++) {
		const struct result_histogram *h = &r->result->histograms[i];
		int64_t metric;
		size_t size = 0;
		int code = metric_key(db, r->result->value_count + i, h->metric, h->subject,
				      h->unit, &metric, e);
		unsigned char *bytes = code ? NULL : pooled_encode(h->buckets, h->count, &size);
		if (code == 0)
			code = insert_bytes(db, DB_ADD_HISTOGRAM, point, metric, r->key.repetition,
					    bytes, size, e);
		if (code)
			return err_wrap(e, "histogram of %s", h->metric);
	}
	return 0;
}

static int insert_series(struct db *db, int64_t point, const struct run_record *r, struct err *e)
{
	size_t before = r->result->value_count + r->result->histogram_count;
	for (size_t i = 0; i < r->result->series_count; i++) {
		const struct result_series *x = &r->result->series[i];
		int64_t metric;
		size_t size = 0;
		int code = metric_key(db, before + i, x->metric, x->subject, x->unit, &metric, e);
		unsigned char *bytes = code ? NULL : series_encode(x->samples, x->count, &size);
		if (code == 0)
			code = insert_bytes(db, DB_ADD_SERIES, point, metric, r->key.repetition,
					    bytes, size, e);
		if (code)
			return err_wrap(e, "series of %s", x->metric);
	}
	return 0;
}

static int insert_run(struct db *db, int64_t point, const struct run_record *r, struct err *e)
{
	sqlite3_stmt *s = statement(db, DB_REMOVE_FAILED, e);
	if (!s)
		return code_of(e);
	sqlite3_bind_int64(s, 1, point);
	sqlite3_bind_int64(s, 2, r->key.repetition);
	int code = step_once(db, s, NULL, e);
	s = code ? NULL : statement(db, DB_ADD_RUN, e);
	if (!s)
		return code ? code : code_of(e);
	sqlite3_clear_bindings(s);
	sqlite3_bind_int64(s, 1, point);
	sqlite3_bind_int64(s, 2, r->key.repetition);
	sqlite3_bind_int64(s, 3, db->session);
	bind_text(s, 4, r->failed ? "failed" : "done");
	if (r->failed) {
		if (r->error) {
			sqlite3_bind_int(s, 5, r->error->code);
			bind_text(s, 6, r->error->text);
		}
		bind_text(s, 7, r->reproduce);
	}
	sqlite3_bind_double(s, 8, r->wall_s);
	return step_once(db, s, NULL, e);
}

static int store_run(struct db *db, const struct run_record *r, struct err *e)
{
	sqlite3_stmt *s = statement(db, DB_FIND_RUN, e);
	if (!s)
		return code_of(e);
	bind_text(s, 1, r->key.point);
	sqlite3_bind_int64(s, 2, r->key.repetition);
	int64_t done = 0, point = 0;
	int got = step_once(db, s, &done, e);
	if (got < 0 || done)
		return got < 0 ? got : 0;
	got = db_find_point(db, r->key.point, &point, e);
	if (got <= 0)
		return got ? got
			   : err_set(e, ERR_INTERNAL, "a run of the unknown point %s",
				     r->key.point);
	int code = insert_run(db, point, r, e);
	if (code == 0 && !r->failed)
		code = insert_values(db, point, r, e);
	if (code == 0 && !r->failed)
		code = insert_histograms(db, point, r, e);
	if (code == 0 && !r->failed)
		code = insert_series(db, point, r, e);
	return code;
}

static int sink_put_run(void *ctx, const struct run_record *r, struct err *e)
{
	struct db *db = ctx;
	if (r->key.seed != db->seed)
		return err_set(e, ERR_INTERNAL,
			       "a run with seed %" PRIu64 " for a study with %" PRIu64, r->key.seed,
			       db->seed);
	int code = run_plain(db, DB_BEGIN, e);
	if (code == 0)
		code = insert_points(db, e);
	if (code == 0)
		code = store_run(db, r, e);
	if (code == 0)
		code = run_plain(db, DB_COMMIT, e);
	if (code)
		return roll_back(db, code);
	forget_points(db);
	db_journal_settle(db);
	return 0;
}

/* --- what is there --- */

/* 1 when the run is there, with *done when it did not fail; 0 when it is not; or a negative code.
 */
static int find_run(struct db *db, const char *point, uint32_t repetition, bool *done,
		    struct err *e)
{
	sqlite3_stmt *s = statement(db, DB_FIND_RUN, e);
	if (!s)
		return code_of(e);
	bind_text(s, 1, point);
	sqlite3_bind_int64(s, 2, repetition);
	int64_t is_done = 0;
	int got = step_once(db, s, &is_done, e);
	*done = is_done;
	return got;
}

int db_has_run(struct db *db, const char *point, uint32_t repetition, bool *has, struct err *e)
{
	bool done;
	int got = find_run(db, point, repetition, &done, e);
	*has = got == 1;
	return got < 0 ? got : 0;
}

static int sink_has_run(void *ctx, const char *point, uint32_t repetition, bool *has, struct err *e)
{
	int got = find_run(ctx, point, repetition, has, e);
	return got < 0 ? got : 0;
}

static int sink_get_value(void *ctx, const char *point, uint32_t repetition, const char *metric,
			  const char *subject, double *value, struct err *e)
{
	struct db *db = ctx;
	*value = NAN;
	sqlite3_stmt *s = statement(db, DB_FIND_VALUE, e);
	if (!s)
		return code_of(e);
	bind_text(s, 1, point);
	sqlite3_bind_int64(s, 2, repetition);
	bind_text(s, 3, metric);
	bind_text(s, 4, subject);
	int got = db_step(db, s, "read a value", e);
	if (got == 1 && sqlite3_column_type(s, 0) != SQLITE_NULL)
		*value = sqlite3_column_double(s, 0);
	sqlite3_reset(s);
	return got < 0 ? got : 0;
}

struct run_sink db_sink(struct db *db)
{
	return (struct run_sink){
		.ctx = db,
		.add_point = sink_add_point,
		.has_run = sink_has_run,
		.get_value = sink_get_value,
		.put_run = sink_put_run,
	};
}

void db_sink_free(struct db *db)
{
	forget_metrics(db);
	forget_points(db);
	free(db->pending);
}
