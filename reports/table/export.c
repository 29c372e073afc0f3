/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/export.h"

#include "reports/db/db_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_csv(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			fputc('"', out);
		fputc(*p, out);
	}
	fputc('"', out);
}

static void put_json(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < ' ')
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

enum { NUMBERS_MAX = 3 };

/* Names in the order in which a run tells them, as in load_metrics: whichever run was there first.
 */
#define METRIC_ORDER                                                                               \
	"JOIN (SELECT key, min(key) OVER (PARTITION BY name) AS first FROM metric) m "             \
	"ON m.key = metric WHERE point = ? ORDER BY first, metric, repetition"

static const struct rows {
	const char *sql; /* metric, repetition, and what has the numbers, of a point */
	const char *columns[NUMBERS_MAX + 1];
} kinds[] = {
	[EXPORT_VALUES] = {"SELECT metric, repetition, value FROM value " METRIC_ORDER, {"value"}},
	[EXPORT_HISTOGRAMS] = {"SELECT metric, repetition, buckets FROM histogram " METRIC_ORDER,
			       {"low", "high", "count"}},
	[EXPORT_SERIES] = {"SELECT metric, repetition, samples FROM series " METRIC_ORDER,
			   {"time_s", "value"}},
};

static void put_head(const struct dataset *d, const struct rows *rows, FILE *out)
{
	fputs("study,profile_hash,seed,point,repetition", out);
	for (size_t a = 0; a < d->axis_count; a++) {
		fputc(',', out);
		put_csv(out, d->axes[a].name);
	}
	fputs(",metric,subject", out);
	for (size_t i = 0; rows->columns[i]; i++)
		fprintf(out, ",%s", rows->columns[i]);
	fputs(",unit\r\n", out);
}

/* What is the same for all rows of a point, behind its repetition. */
static void put_parameters(const struct dataset *d, const struct data_point *p,
			   enum export_format format, FILE *out)
{
	for (size_t a = 0; a < d->axis_count; a++) {
		const struct data_axis *axis = &d->axes[a];
		const struct data_level *v = &axis->values[p->level[a]];
		if (format == EXPORT_JSONL) {
			fputc(a ? ',' : '{', out);
			put_json(out, axis->name);
			fputc(':', out);
		} else {
			fputc(',', out);
		}
		if (axis->numeric)
			fprintf(out, "%.17g", v->number);
		else if (format == EXPORT_JSONL)
			put_json(out, v->text);
		else
			put_csv(out, v->text);
	}
	if (format == EXPORT_JSONL)
		fputs(d->axis_count ? "}" : "{}", out);
}

/* Where the rows of one point go, and what they begin with. */
struct export
{
	const struct dataset *data;
	const struct rows *rows;
	const struct data_point *point;
	const char *parameters;
	enum export_what what;
	bool csv;
	FILE *out;
};

static void put_row(const struct export *x, const struct data_metric *m, int repetition,
		    const double *numbers)
{
	FILE *out = x->out;
	fprintf(out,
		x->csv ? "%s,%s,%" PRIu64 ",%s,%d%s,"
		       : "{\"study\":\"%s\",\"profile_hash\":\"%s\",\"seed\":\"%" PRIu64
			 "\",\"point\":\"%s\",\"repetition\":%d,\"parameters\":%s,\"metric\":",
		db_study_hash(x->data->db), db_profile_hash(x->data->db), db_seed(x->data->db),
		x->point->id, repetition, x->parameters);
	void (*put)(FILE *, const char *) = x->csv ? put_csv : put_json;
	put(out, m->name);
	fputs(x->csv ? "," : ",\"subject\":", out);
	put(out, m->subject);
	for (size_t i = 0; x->rows->columns[i]; i++) {
		fprintf(out, x->csv ? "," : ",\"%s\":", x->rows->columns[i]);
		if (isfinite(numbers[i]))
			fprintf(out, "%.17g", numbers[i]);
		else if (!x->csv)
			fputs("null", out);
	}
	fputs(x->csv ? "," : ",\"unit\":", out);
	put(out, m->unit);
	fputs(x->csv ? "\r\n" : "}\n", out);
}

/* The rows of a histogram: its buckets. */
static int put_buckets(const struct export *x, const struct data_metric *m, int repetition,
		       const void *bytes, size_t size, struct err *e)
{
	struct pooled h = {0};
	int code = pooled_add(&h, bytes, size, e);
	for (size_t i = 0; i < h.count && code == 0; i++)
		put_row(x, m, repetition,
			(double[]){h.buckets[i].low, h.buckets[i].high,
				   (double)h.buckets[i].count});
	pooled_free(&h);
	return code;
}

static int put_samples(const struct export *x, const struct data_metric *m, int repetition,
		       const void *bytes, size_t size, struct err *e)
{
	struct result_sample *samples = NULL;
	size_t count = 0;
	int code = series_decode(bytes, size, &samples, &count, e);
	for (size_t i = 0; i < count && code == 0; i++)
		put_row(x, m, repetition, (double[]){samples[i].time_s, samples[i].value});
	free(samples);
	return code;
}

/* All rows of one row of the database. */
static int put_result(const struct export *x, const struct data_metric *m, sqlite3_stmt *s,
		      struct err *e)
{
	int repetition = sqlite3_column_int(s, 1);
	if (x->what == EXPORT_VALUES) {
		bool defined = sqlite3_column_type(s, 2) != SQLITE_NULL;
		put_row(x, m, repetition, (double[]){defined ? sqlite3_column_double(s, 2) : NAN});
		return 0;
	}
	const void *bytes = sqlite3_column_blob(s, 2);
	size_t size = (size_t)sqlite3_column_bytes(s, 2);
	return x->what == EXPORT_HISTOGRAMS ? put_buckets(x, m, repetition, bytes, size, e)
					    : put_samples(x, m, repetition, bytes, size, e);
}

static const struct data_metric *find_key(const struct dataset *d, int64_t key)
{
	for (size_t i = 0; i < d->metric_count; i++)
		if (d->metrics[i].key == key)
			return &d->metrics[i];
	return NULL;
}

static int export_point(struct export *x, sqlite3_stmt *s, struct err *e)
{
	char *parameters = NULL;
	size_t size;
	FILE *text = open_memstream(&parameters, &size);
	if (!text)
		return err_set(e, ERR_NOMEM, "no memory to export");
	put_parameters(x->data, x->point, x->csv ? EXPORT_CSV : EXPORT_JSONL, text);
	fclose(text);
	x->parameters = parameters;
	sqlite3_bind_int64(s, 1, x->point->key);
	int got;
	while ((got = db_step(x->data->db, s, "read its values", e)) == 1) {
		const struct data_metric *m = find_key(x->data, sqlite3_column_int64(s, 0));
		got = m ? put_result(x, m, s, e) : 0;
		if (got)
			break;
	}
	sqlite3_reset(s);
	free(parameters);
	return got;
}

int export_results(const struct dataset *data, enum export_what what, enum export_format format,
		   FILE *out, struct err *e)
{
	struct export x = {.data = data,
			   .rows = &kinds[what],
			   .what = what,
			   .csv = format == EXPORT_CSV,
			   .out = out};
	sqlite3_stmt *s = db_prepare(data->db, x.rows->sql, e);
	if (!s)
		return ERR_CORRUPT;
	if (x.csv)
		put_head(data, x.rows, out);
	int code = 0;
	for (size_t i = 0; i < data->point_count && code == 0; i++) {
		x.point = &data->points[i];
		code = export_point(&x, s, e);
	}
	sqlite3_finalize(s);
	if (code == 0 && (fflush(out) || ferror(out)))
		code = err_sys(e, errno ? errno : EIO, "cannot write the export");
	return code;
}
