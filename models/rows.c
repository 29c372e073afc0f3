/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/rows.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MISTAKES_MAX = 20 };

/* ---- Files */

int rows_load(FILE *in, const char *name, char **text, struct diag_list *diags, struct err *e)
{
	size_t size = 0, room = 0;
	*text = NULL;
	for (;;) {
		if (size + 1 >= room) {
			room = room ? room * 2 : 1 << 16;
			char *bigger = realloc(*text, room);
			if (!bigger)
				return err_set(e, ERR_NOMEM, "no memory to read %s", name);
			*text = bigger;
		}
		size_t n = fread(*text + size, 1, room - 1 - size, in);
		if (n == 0)
			break;
		size += n;
		if (size > ROWS_BYTES_MAX)
			return err_set(e, ERR_LIMIT, "%s: more than %d MiB", name,
				       ROWS_BYTES_MAX >> 20);
	}
	if (ferror(in))
		return err_set(e, ERR_IO, "cannot read %s", name);
	if (memchr(*text, '\0', size)) {
		diag_add(diags, DIAG_ERROR, name, 0, 0, NULL, "is not text");
		return ERR_INVALID;
	}
	(*text)[size] = '\0';
	return 0;
}

const char *rows_text(const struct json_doc *doc, const char *file, const char *pointer,
		      struct diag_list *diags)
{
	const cJSON *traces = cJSON_GetObjectItemCaseSensitive(doc->root, "traces");
	const cJSON *entry = cJSON_GetObjectItemCaseSensitive(traces, file);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "data"));
	if (!text)
		json_doc_error(doc, diags, pointer, "the section \"traces\" has no \"%s\"", file);
	return text;
}

bool rows_number(const char *from, const char *to, double *value)
{
	char copy[64], *end;
	size_t n = (size_t)(to - from);
	if (n == 0 || n >= sizeof(copy) || strspn(from, "+-.0123456789eE") < n)
		return false;
	memcpy(copy, from, n);
	copy[n] = '\0';
	*value = strtod(copy, &end);
	return *end == '\0' && isfinite(*value);
}

/* ---- Rows */

void rows_complain(struct rows *r, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (r->mistakes++ < MISTAKES_MAX)
		diag_add(r->diags, DIAG_ERROR, r->name, r->line, 0, NULL, "%s", text);
}

/* The next line without its end; false: there is none. */
static bool next_line(struct rows *r, const char **from, const char **to)
{
	if (!*r->at)
		return false;
	const char *end = strchrnul(r->at, '\n');
	*from = r->at;
	*to = end > r->at && end[-1] == '\r' ? end - 1 : end;
	r->at = *end ? end + 1 : end;
	r->line++;
	return true;
}

/* The next field of a line; *from is after its comma then, or NULL at the end. */
static void next_field(const char **from, const char *to, const char **field, size_t *length)
{
	const char *comma = memchr(*from, ',', (size_t)(to - *from));
	*field = *from;
	*length = (size_t)((comma ? comma : to) - *from);
	*from = comma ? comma + 1 : NULL;
}

static int find_column(const struct rows *r, const char *name, size_t length)
{
	for (int i = 0; r->columns[i].name; i++)
		if (strlen(r->columns[i].name) == length &&
		    memcmp(r->columns[i].name, name, length) == 0)
			return i;
	return -1;
}

static void list_columns(const struct rows *r, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (int i = 0; r->columns[i].name && used < size; i++) {
		int n = snprintf(out + used, size - used, "%s%s", i ? ", " : "",
				 r->columns[i].name);
		used += n > 0 ? (size_t)n : 0;
	}
}

static void read_heading(struct rows *r)
{
	const char *from = "", *to = from, *name;
	char list[200];
	size_t length;
	list_columns(r, list, sizeof(list));
	if (!next_line(r, &from, &to)) {
		rows_complain(r, "is empty");
		return;
	}
	for (; from; r->columns_here++) {
		next_field(&from, to, &name, &length);
		int i = find_column(r, name, length);
		if (i < 0) {
			rows_complain(r,
				      "the first line names the columns, and \"%.*s\" is none; "
				      "there are %s",
				      (int)(length < 40 ? length : 40), name, list);
			return;
		}
		if (rows_has(r, i)) {
			rows_complain(r, "the column \"%s\" is named twice", r->columns[i].name);
			return;
		}
		r->column_of[r->columns_here] = i;
	}
	for (int i = 0; r->columns[i].name; i++)
		if (r->columns[i].is_needed && !rows_has(r, i))
			rows_complain(r, "the first line must name the column \"%s\"",
				      r->columns[i].name);
}

bool rows_has(const struct rows *r, int column)
{
	for (int i = 0; i < r->columns_here; i++)
		if (r->column_of[i] == column)
			return true;
	return false;
}

void rows_open(struct rows *r, const char *name, const char *text,
	       const struct rows_column *columns, struct diag_list *diags)
{
	*r = (struct rows){.name = name, .at = text, .columns = columns, .diags = diags};
	read_heading(r);
	if (r->mistakes)
		r->at = ""; /* what the rows say cannot be told */
}

static bool read_field(struct rows *r, int column)
{
	const struct rows_column *c = &r->columns[column];
	struct rows_field *f = &r->field[column];
	f->is_there = f->length > 0;
	if (!f->is_there) {
		if (c->is_needed)
			rows_complain(r, "%s is missing", c->name);
		return !c->is_needed;
	}
	if (c->is_text)
		return true;
	if (!rows_number(f->text, f->text + f->length, &f->number)) {
		rows_complain(r, "%s is not a number: \"%.*s\"", c->name,
			      (int)(f->length < 40 ? f->length : 40), f->text);
		return false;
	}
	if (!(f->number >= c->min && f->number <= c->max)) {
		rows_complain(r, "%s must be in %g..%g (got %g)", c->name, c->min, c->max,
			      f->number);
		return false;
	}
	if (c->is_whole && f->number != floor(f->number)) {
		rows_complain(r, "%s must be a whole number (got %g)", c->name, f->number);
		return false;
	}
	return true;
}

static bool read_row(struct rows *r, const char *from, const char *to)
{
	int n = 0;
	bool sound = true;
	for (int i = 0; i < ROWS_COLUMNS_MAX; i++)
		r->field[i] = (struct rows_field){0};
	for (; from; n++) {
		const char *text;
		size_t length;
		next_field(&from, to, &text, &length);
		if (n >= r->columns_here)
			continue;
		r->field[r->column_of[n]].text = text;
		r->field[r->column_of[n]].length = length;
	}
	if (n != r->columns_here) {
		rows_complain(r, "has %d fields, and the first line names %d columns", n,
			      r->columns_here);
		return false;
	}
	for (int i = 0; i < n; i++)
		sound &= read_field(r, r->column_of[i]);
	return sound;
}

bool rows_next(struct rows *r)
{
	const char *from, *to;
	while (next_line(r, &from, &to))
		if (to > from && read_row(r, from, to)) {
			r->rows++;
			return true;
		}
	return false;
}

int rows_close(struct rows *r)
{
	if (r->rows == 0 && r->mistakes == 0)
		rows_complain(r, "has no rows");
	if (r->mistakes > MISTAKES_MAX)
		diag_add(r->diags, DIAG_ERROR, r->name, 0, 0, NULL, "and %zu more such lines",
			 r->mistakes - MISTAKES_MAX);
	return r->mistakes ? ERR_INVALID : 0;
}
