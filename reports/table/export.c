/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/export.h"

#include "reports/db/db_internal.h"

#include <errno.h>
#include <inttypes.h>
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

static void put_head(const struct dataset *d, FILE *out)
{
	fputs("study,seed,point,repetition", out);
	for (size_t a = 0; a < d->axis_count; a++) {
		fputc(',', out);
		put_csv(out, d->axes[a].name);
	}
	fputs(",metric,subject,value,unit\r\n", out);
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

static void put_row(const struct dataset *d, const struct data_point *p,
		    const struct data_metric *m, const char *parameters, sqlite3_stmt *s,
		    enum export_format format, FILE *out)
{
	bool csv = format == EXPORT_CSV, defined = sqlite3_column_type(s, 2) != SQLITE_NULL;
	fprintf(out,
		csv ? "%s,%" PRIu64 ",%s,%d%s,"
		    : "{\"study\":\"%s\",\"seed\":\"%" PRIu64
		      "\",\"point\":\"%s\",\"repetition\":%d,\"parameters\":%s,\"metric\":",
		db_study_hash(d->db), db_seed(d->db), p->id, sqlite3_column_int(s, 1), parameters);
	void (*put)(FILE *, const char *) = csv ? put_csv : put_json;
	put(out, m->name);
	fputs(csv ? "," : ",\"subject\":", out);
	put(out, m->subject);
	fputs(csv ? "," : ",\"value\":", out);
	if (defined)
		fprintf(out, "%.17g", sqlite3_column_double(s, 2));
	else if (!csv)
		fputs("null", out);
	fputs(csv ? "," : ",\"unit\":", out);
	put(out, m->unit);
	fputs(csv ? "\r\n" : "}\n", out);
}

static const struct data_metric *find_key(const struct dataset *d, int64_t key)
{
	for (size_t i = 0; i < d->metric_count; i++)
		if (d->metrics[i].key == key)
			return &d->metrics[i];
	return NULL;
}

static int export_point(const struct dataset *d, const struct data_point *p, sqlite3_stmt *s,
			enum export_format format, FILE *out, struct err *e)
{
	char *parameters = NULL;
	size_t size;
	FILE *text = open_memstream(&parameters, &size);
	if (!text)
		return err_set(e, ERR_NOMEM, "no memory to export");
	put_parameters(d, p, format, text);
	fclose(text);
	sqlite3_bind_int64(s, 1, p->key);
	int got;
	while ((got = db_step(d->db, s, "read its values", e)) == 1) {
		const struct data_metric *m = find_key(d, sqlite3_column_int64(s, 0));
		if (m)
			put_row(d, p, m, parameters, s, format, out);
	}
	sqlite3_reset(s);
	free(parameters);
	return got;
}

int export_values(const struct dataset *data, enum export_format format, FILE *out, struct err *e)
{
	sqlite3_stmt *s = db_prepare(data->db,
				     "SELECT metric, repetition, value FROM value WHERE point = ? "
				     "ORDER BY metric, repetition",
				     e);
	if (!s)
		return ERR_CORRUPT;
	if (format == EXPORT_CSV)
		put_head(data, out);
	int code = 0;
	for (size_t i = 0; i < data->point_count && code == 0; i++)
		code = export_point(data, &data->points[i], s, format, out, e);
	sqlite3_finalize(s);
	if (code == 0 && (fflush(out) || ferror(out)))
		code = err_sys(e, errno ? errno : EIO, "cannot write the export");
	return code;
}
