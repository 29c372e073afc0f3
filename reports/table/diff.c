/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/diff.h"

#include "reports/db/document.h"
#include "reports/data/scale.h"
#include "sim/base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_VALUE = 60 };

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory to compare");
}

/* --- where they come from --- */

struct origins {
	const char *part; /* "study", "profile" */
	cJSON *list;
};

static void add_origin(void *ctx, const char *pointer, const cJSON *a, const cJSON *b)
{
	struct origins *o = ctx;
	cJSON *item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "part", o->part);
	cJSON_AddStringToObject(item, "pointer", pointer);
	cJSON_AddItemToObject(item, "a", a ? cJSON_Duplicate(a, true) : cJSON_CreateNull());
	cJSON_AddItemToObject(item, "b", b ? cJSON_Duplicate(b, true) : cJSON_CreateNull());
	cJSON_AddItemToArray(o->list, item);
}

static const char *short_value(struct arena *arena, const cJSON *node)
{
	char *text = cJSON_IsNull(node) ? NULL : cJSON_PrintUnformatted(node);
	const char *copy = !text ? "-"
			   : strlen(text) > SHOWN_VALUE
				   ? arena_printf(arena, "%.*s...", SHOWN_VALUE, text)
				   : arena_strdup(arena, text);
	cJSON_free(text);
	return copy;
}

/* Of a measured profile nearly every number differs; what prices are made from is worth a row. */
static bool worth_a_row(const cJSON *item)
{
	const char *pointer = cJSON_GetObjectItem(item, "pointer")->valuestring;
	const char *last = strrchr(pointer, '/');
	return strcmp(cJSON_GetObjectItem(item, "part")->valuestring, "profile") != 0 ||
	       strcmp(last ? last : "", "/p50") == 0 || strcmp(last ? last : "", "/source") == 0 ||
	       strstr(pointer, "/machine/cpu") || strstr(pointer, "/machine/kernel") ||
	       cJSON_IsObject(cJSON_GetObjectItem(item, "a")) !=
		       cJSON_IsObject(cJSON_GetObjectItem(item, "b"));
}

static int show_origins(const cJSON *list, size_t rows, struct diff *out, struct err *e)
{
	static const char *const heads[] = {"made from", "a", "b"};
	struct table *t = &out->origin;
	t->columns = arena_array(&t->arena, 3, sizeof(*t->columns));
	t->cells = arena_array(&t->arena, rows * 3, sizeof(*t->cells));
	if (!t->columns || !t->cells)
		return no_memory(e);
	for (size_t i = 0; i < 3; i++)
		t->columns[t->column_count++].head = heads[i];
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		if (t->row_count == rows || !worth_a_row(item))
			continue;
		const char *pointer = cJSON_GetObjectItem(item, "pointer")->valuestring;
		const char **row = t->cells + 3 * t->row_count++;
		row[0] = arena_printf(&t->arena, "%s%s%s",
				      cJSON_GetObjectItem(item, "part")->valuestring,
				      pointer[0] ? " " : "", pointer);
		row[1] = short_value(&t->arena, cJSON_GetObjectItem(item, "a"));
		row[2] = short_value(&t->arena, cJSON_GetObjectItem(item, "b"));
	}
	if (out->origins > t->row_count)
		t->note = arena_printf(&t->arena, "%zu more places differ (the JSON has them all).",
				       out->origins - t->row_count);
	return 0;
}

static int compare_origins(const struct dataset *a, const struct dataset *b, size_t rows,
			   struct diff *out, struct err *e)
{
	struct origins o = {"study", cJSON_AddArrayToObject(out->json, "origins")};
	if (!o.list)
		return no_memory(e);
	document_compare(db_document(a->db), db_document(b->db), add_origin, &o);
	o.part = "profile";
	document_compare(db_profile(a->db), db_profile(b->db), add_origin, &o);
	if (db_seed(a->db) != db_seed(b->db)) {
		char text[2][24];
		snprintf(text[0], sizeof(text[0]), "%" PRIu64, db_seed(a->db));
		snprintf(text[1], sizeof(text[1]), "%" PRIu64, db_seed(b->db));
		cJSON *seeds[2] = {cJSON_CreateString(text[0]), cJSON_CreateString(text[1])};
		o.part = "seed";
		add_origin(&o, "", seeds[0], seeds[1]);
		cJSON_Delete(seeds[0]);
		cJSON_Delete(seeds[1]);
	}
	out->origins = (size_t)cJSON_GetArraySize(o.list);
	return show_origins(o.list, rows, out, e);
}

/* --- what came out --- */

static bool same_level(const struct data_axis *x, size_t i, const struct data_axis *y, size_t k)
{
	return x->numeric && y->numeric ? x->values[i].number == y->values[k].number
					: strcmp(x->values[i].text, y->values[k].text) == 0;
}

/* For each axis of a that of b with its name; false when they have different axes. */
static bool match_axes(const struct dataset *a, const struct dataset *b, int *axis)
{
	for (size_t i = 0; i < a->axis_count; i++)
		if ((axis[i] = dataset_find_axis(b, a->axes[i].name)) < 0)
			return false;
	return a->axis_count == b->axis_count;
}

/* The point of b with the values of a's point p; -1 when there is none. */
static long counterpart(const struct dataset *a, size_t p, const struct dataset *b, const int *axis,
			size_t *level)
{
	for (size_t i = 0; i < a->axis_count; i++) {
		const struct data_axis *x = &a->axes[i], *y = &b->axes[axis[i]];
		size_t k = 0;
		while (k < y->count && !same_level(x, a->points[p].level[i], y, k))
			k++;
		if (k == y->count)
			return -1;
		level[axis[i]] = k;
	}
	return dataset_find_point(b, level);
}

struct change {
	size_t point;
	const struct data_metric *metric;
	struct comparison numbers;
	double relative;
	bool significant;
};

struct changes {
	struct change *items;
	size_t count, capacity;
};

static bool add_change(struct changes *c, const struct change *item)
{
	if (c->count == c->capacity) {
		size_t more = c->capacity ? 2 * c->capacity : 64;
		struct change *items = realloc(c->items, more * sizeof(*items));
		if (!items)
			return false;
		c->items = items;
		c->capacity = more;
	}
	c->items[c->count++] = *item;
	return true;
}

static int by_weight(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	if (x->significant != y->significant)
		return x->significant ? -1 : 1;
	double p = isnan(x->relative) ? 0 : fabs(x->relative);
	double q = isnan(y->relative) ? 0 : fabs(y->relative);
	if (p != q)
		return p > q ? -1 : 1;
	return x->point != y->point ? (x->point > y->point) - (x->point < y->point)
				    : (x->metric > y->metric) - (x->metric < y->metric);
}

static int compare_point(const struct dataset *a, size_t p, const struct dataset *b, size_t q,
			 struct diff *out, struct changes *changes, struct err *e)
{
	bool paired = db_seed(a->db) == db_seed(b->db);
	for (size_t i = 0; i < a->metric_count; i++) {
		const struct data_metric *m = &a->metrics[i];
		const struct data_metric *n = dataset_find_metric(b, m->name, m->subject);
		if (!m->has_values || !n || !n->has_values)
			continue;
		struct change c = {.point = p, .metric = m};
		int code = dataset_compare(a, m, &a->points[p], b, n, &b->points[q], paired,
					   &c.numbers, e);
		if (code)
			return code;
		if (c.numbers.a.n == 0 && c.numbers.b.n == 0)
			continue;
		out->numbers++;
		if (c.numbers.identical) {
			out->identical++;
			continue;
		}
		const struct cell *d = &c.numbers.difference;
		c.relative = d->mean / c.numbers.a.mean;
		c.significant = d->n > 1 && fabs(d->mean) > d->ci95;
		out->significant += c.significant;
		if (!add_change(changes, &c))
			return no_memory(e);
	}
	return 0;
}

static int compare_points(const struct dataset *a, const struct dataset *b, struct diff *out,
			  struct changes *changes, struct err *e)
{
	int *axis = calloc(a->axis_count + 1, sizeof(*axis));
	size_t *level = calloc(b->axis_count + 1, sizeof(*level));
	int code = axis && level ? 0 : no_memory(e);
	out->same_axes = code == 0 && match_axes(a, b, axis);
	for (size_t p = 0; p < a->point_count && code == 0; p++) {
		long q = out->same_axes ? counterpart(a, p, b, axis, level) : -1;
		if (q < 0) {
			out->only_a++;
			continue;
		}
		out->points++;
		code = compare_point(a, p, b, (size_t)q, out, changes, e);
	}
	out->only_b = b->point_count - out->points;
	free(axis);
	free(level);
	return code;
}

/* --- to show --- */

/* The values of the axes; one in lockstep with another is told by it. */
static const char *place_text(struct arena *arena, const struct dataset *a, size_t point)
{
	const char *text = "";
	for (size_t i = 0; i < a->axis_count; i++) {
		const struct data_axis *axis = &a->axes[i];
		const struct data_level *v = &axis->values[a->points[point].level[i]];
		if (axis->leader != i)
			continue;
		text = axis->numeric && strcmp(axis->unit, "1") == 0
			       ? arena_printf(arena, "%s%s%s=%.4g", text, *text ? " " : "",
					      axis->name, v->number)
			       : arena_printf(arena, "%s%s%s=%s", text, *text ? " " : "",
					      axis->name, v->text);
	}
	return text;
}

static void add_json(const struct dataset *a, const struct change *c, cJSON *list)
{
	cJSON *item = cJSON_CreateObject();
	cJSON *parameters = cJSON_AddObjectToObject(item, "parameters");
	for (size_t i = 0; i < a->axis_count; i++)
		cJSON_AddStringToObject(parameters, a->axes[i].name,
					a->axes[i].values[a->points[c->point].level[i]].text);
	cJSON_AddStringToObject(item, "metric", c->metric->name);
	cJSON_AddStringToObject(item, "subject", c->metric->subject);
	cJSON_AddStringToObject(item, "unit", c->metric->unit);
	json_add_number(item, "a", c->numbers.a.mean);
	json_add_number(item, "b", c->numbers.b.mean);
	json_add_number(item, "difference", c->numbers.difference.mean);
	json_add_number(item, "ci95", c->numbers.difference.ci95);
	json_add_number(item, "relative", c->relative);
	cJSON_AddBoolToObject(item, "significant", c->significant);
	cJSON_AddItemToArray(list, item);
}

static int show_changes(const struct dataset *a, const struct changes *changes, size_t rows,
			struct diff *out, struct err *e)
{
	static const struct table_column columns[] = {
		{"at", false}, {"metric", false},    {"a", true},
		{"b", true},   {"difference", true}, {"relative", true},
	};
	enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
	struct table *t = &out->change;
	cJSON *list = cJSON_AddArrayToObject(out->json, "changes");
	size_t shown = changes->count < rows ? changes->count : rows;
	t->columns = arena_array(&t->arena, COLUMNS, sizeof(*t->columns));
	t->cells = arena_array(&t->arena, shown * COLUMNS, sizeof(*t->cells));
	if (!list || !t->columns || !t->cells)
		return no_memory(e);
	memcpy(t->columns, columns, sizeof(columns));
	t->column_count = COLUMNS;
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *c = &changes->items[i];
		add_json(a, c, list);
		if (i >= shown)
			continue;
		const struct comparison *n = &c->numbers;
		struct scale scale =
			scale_choose(c->metric->unit, fmax(fabs(n->a.mean), fabs(n->b.mean)));
		char label[200], text[80];
		const char **row = t->cells + COLUMNS * t->row_count++;
		row[0] = place_text(&t->arena, a, c->point);
		row[1] = arena_printf(&t->arena, scale.unit[0] ? "%s (%s)" : "%s",
				      scale_metric_label(c->metric->name, c->metric->subject, label,
							 sizeof(label)),
				      scale.unit);
		const struct cell *cells[] = {&n->a, &n->b, &n->difference};
		for (size_t k = 0; k < 3; k++) {
			scale_print(cells[k]->mean * scale.factor, cells[k]->ci95 * scale.factor,
				    "\xc2\xb1", text, sizeof(text));
			row[2 + k] = arena_printf(&t->arena, "%s%s", text,
						  k == 2 && c->significant ? " *" : "");
		}
		row[5] = isfinite(c->relative)
				 ? arena_printf(&t->arena, "%+.3g %%", 100 * c->relative)
				 : "-";
	}
	if (out->significant)
		t->note = "* The 95 % interval of the difference leaves out zero.";
	return 0;
}

static void add_counts(struct diff *d)
{
	cJSON_AddNumberToObject(d->json, "points", (double)d->points);
	cJSON_AddNumberToObject(d->json, "only_a", (double)d->only_a);
	cJSON_AddNumberToObject(d->json, "only_b", (double)d->only_b);
	cJSON_AddNumberToObject(d->json, "numbers", (double)d->numbers);
	cJSON_AddNumberToObject(d->json, "identical", (double)d->identical);
	cJSON_AddNumberToObject(d->json, "significant", (double)d->significant);
}

int diff_results(const struct dataset *a, const struct dataset *b, size_t rows, struct diff *out,
		 struct err *e)
{
	*out = (struct diff){.json = cJSON_CreateObject()};
	struct changes changes = {0};
	int code = out->json ? compare_origins(a, b, rows, out, e) : no_memory(e);
	if (code == 0)
		code = compare_points(a, b, out, &changes, e);
	if (code == 0) {
		if (changes.count)
			qsort(changes.items, changes.count, sizeof(*changes.items), by_weight);
		add_counts(out);
		code = show_changes(a, &changes, rows, out, e);
	}
	free(changes.items);
	if (code)
		diff_free(out);
	return code;
}

void diff_free(struct diff *d)
{
	cJSON_Delete(d->json);
	table_free(&d->origin);
	table_free(&d->change);
	*d = (struct diff){0};
}
