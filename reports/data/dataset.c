/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/dataset.h"

#include "reports/db/db_internal.h"
#include "sim/base/json.h"
#include "sim/base/unit.h"
#include "sim/experiment/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory to read the results");
}

/* --- axes --- */

struct sortable {
	struct data_level value;
	size_t place, seen;
	bool numeric;
};

static int by_order(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	if (x->numeric && x->value.number != y->value.number)
		return x->value.number < y->value.number ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	int texts = strcmp(x->value.text, y->value.text);
	return texts ? texts : (x->seen > y->seen) - (x->seen < y->seen);
}

/* Gives texts their place among the values that the study's sweep lists for their axis; those that
 * are not there stand behind them all. */
static int find_places(const struct db *db, const char *axis, struct sortable *found, size_t n,
		       struct err *e)
{
	const cJSON *sweep = cJSON_GetObjectItemCaseSensitive(db_document(db), "sweep");
	const cJSON *v, *values = cJSON_GetObjectItemCaseSensitive(
				cJSON_GetObjectItemCaseSensitive(sweep, axis), "values");
	size_t place = 0;
	for (size_t i = 0; i < n; i++)
		found[i].place = SIZE_MAX;
	cJSON_ArrayForEach(v, values)
	{
		struct arena arena = {0};
		struct parameter p;
		int code = axis_parameter(axis, v, &p, &arena);
		for (size_t i = 0; i < n && code == 0; i++)
			if (found[i].place == SIZE_MAX && strcmp(found[i].value.text, p.text) == 0)
				found[i].place = place;
		arena_free(&arena);
		if (code)
			return no_memory(e);
		place++;
	}
	return 0;
}

/* Numbers between the ends of a range come with all their digits; people want four. Not where that
 * would make two values the same. */
static int shorten(struct dataset *d, struct data_axis *axis)
{
	char short_text[2][80] = {"", ""};
	for (size_t i = 0; i < axis->count; i++) {
		const char *text = axis->values[i].text;
		char *unit, *now = short_text[i % 2];
		double number = strtod(text, &unit);
		snprintf(now, sizeof(short_text[0]), "%.4g%s", number, unit);
		if (strlen(now) + 2 >= strlen(text) || strcmp(now, short_text[(i + 1) % 2]) == 0)
			continue;
		axis->values[i].text = arena_strdup(&d->arena, now);
		if (!axis->values[i].text)
			return ERR_NOMEM;
	}
	return 0;
}

static int load_values(struct dataset *d, struct data_axis *axis, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d->db,
				     "SELECT text, number, count(*) OVER () FROM (SELECT DISTINCT "
				     "text, number FROM point_parameter WHERE name = ?)",
				     e);
	if (!s)
		return ERR_CORRUPT;
	sqlite3_bind_text(s, 1, axis->name, -1, SQLITE_STATIC);
	struct sortable *found = NULL;
	size_t n = 0;
	int got;
	axis->numeric = true;
	while ((got = db_step(d->db, s, "read its points", e)) == 1) {
		if (!found)
			found = calloc((size_t)sqlite3_column_int64(s, 2), sizeof(*found));
		struct sortable *f = found ? &found[n] : NULL;
		if (!f || !(f->value.text = arena_strdup(&d->arena, db_text(s, 0)))) {
			got = no_memory(e);
			break;
		}
		if (sqlite3_column_type(s, 1) == SQLITE_NULL)
			axis->numeric = false;
		f->value.number = sqlite3_column_double(s, 1);
		f->seen = n++;
	}
	sqlite3_finalize(s);
	if (got == 0 && !axis->numeric)
		got = find_places(d->db, axis->name, found, n, e);
	axis->values = got ? NULL : arena_array(&d->arena, n, sizeof(*axis->values));
	if (axis->values) {
		for (size_t i = 0; i < n; i++)
			found[i].numeric = axis->numeric;
		qsort(found, n, sizeof(*found), by_order);
		for (size_t i = 0; i < n; i++) {
			/* "0.5" and "500 m" are one value of a numeric axis. */
			if (axis->numeric && axis->count &&
			    axis->values[axis->count - 1].number == found[i].value.number)
				continue;
			axis->values[axis->count++] = found[i].value;
		}
	} else if (!got) {
		got = no_memory(e);
	}
	free(found);
	if (got == 0 && axis->numeric && shorten(d, axis))
		got = no_memory(e);
	return got;
}

static int load_axes(struct dataset *d, struct err *e)
{
	int64_t count;
	int code =
		db_integer(d->db, "SELECT count(DISTINCT name) FROM point_parameter", 0, &count, e);
	if (code)
		return code;
	d->axes = arena_array(&d->arena, (size_t)count, sizeof(*d->axes));
	if (!d->axes)
		return no_memory(e);
	sqlite3_stmt *s = db_prepare(d->db,
				     "SELECT name, max(unit) FROM point_parameter GROUP BY name "
				     "ORDER BY min(position), name",
				     e);
	if (!s)
		return ERR_CORRUPT;
	int got;
	while ((got = db_step(d->db, s, "read its axes", e)) == 1) {
		struct data_axis *axis = &d->axes[d->axis_count++];
		axis->name = arena_strdup(&d->arena, db_text(s, 0));
		axis->unit = arena_strdup(&d->arena, db_text(s, 1));
		got = axis->name && axis->unit ? load_values(d, axis, e) : no_memory(e);
		if (got)
			break;
	}
	sqlite3_finalize(s);
	return got;
}

/* The level of a stored parameter, or -1. */
static int level_of(const struct data_axis *axis, sqlite3_stmt *s, int text, int number)
{
	for (size_t i = 0; i < axis->count; i++) {
		if (axis->numeric ? axis->values[i].number == sqlite3_column_double(s, number)
				  : strcmp(axis->values[i].text, db_text(s, text)) == 0)
			return (int)i;
	}
	return -1;
}

static int compare_levels(const struct dataset *d, const size_t *x, const size_t *y)
{
	for (size_t i = 0; i < d->axis_count; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static int by_levels(const void *a, const void *b, void *ctx)
{
	const struct data_point *x = a, *y = b;
	int order = compare_levels(ctx, x->level, y->level);
	return order ? order : strcmp(x->id, y->id);
}

long dataset_find_point(const struct dataset *d, const size_t *level)
{
	size_t low = 0, high = d->point_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_levels(d, d->points[middle].level, level);
		if (order == 0)
			return (long)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

static int load_points(struct dataset *d, struct err *e)
{
	int64_t count;
	int code = db_integer(d->db, "SELECT count(*) FROM point", 0, &count, e);
	if (code)
		return code;
	d->points = arena_array(&d->arena, (size_t)count, sizeof(*d->points));
	if (!d->points)
		return no_memory(e);
	sqlite3_stmt *s =
		db_prepare(d->db,
			   "SELECT p.key, p.id, q.name, q.text, q.number FROM point p LEFT "
			   "JOIN point_parameter q ON q.point = p.key ORDER BY p.key",
			   e);
	if (!s)
		return ERR_CORRUPT;
	struct data_point *p = NULL;
	size_t known = 0;
	int got;
	while ((got = db_step(d->db, s, "read its points", e)) == 1) {
		if (!p || p->key != sqlite3_column_int64(s, 0)) {
			if (p && known != d->axis_count)
				break;
			p = &d->points[d->point_count++];
			p->key = sqlite3_column_int64(s, 0);
			snprintf(p->id, sizeof(p->id), "%s", db_text(s, 1));
			p->level = arena_array(&d->arena, d->axis_count, sizeof(*p->level));
			known = 0;
			if (!p->level) {
				got = no_memory(e);
				break;
			}
		}
		if (sqlite3_column_type(s, 2) == SQLITE_NULL)
			continue;
		int a = dataset_find_axis(d, db_text(s, 2));
		int level = a < 0 ? -1 : level_of(&d->axes[a], s, 3, 4);
		if (level < 0)
			break;
		p->level[a] = (size_t)level;
		known++;
	}
	sqlite3_finalize(s);
	if (got < 0)
		return got;
	if (got == 1 || (p && known != d->axis_count))
		return err_set(e, ERR_CORRUPT, "the points of the database have different axes");
	qsort_r(d->points, d->point_count, sizeof(*d->points), by_levels, d);
	return 0;
}

/* --- metrics --- */

static int load_metrics(struct dataset *d, struct err *e)
{
	int64_t count;
	int code = db_integer(d->db, "SELECT count(*) FROM metric", 0, &count, e);
	if (code)
		return code;
	d->metrics = arena_array(&d->arena, (size_t)count, sizeof(*d->metrics));
	if (!d->metrics)
		return no_memory(e);
	/* Whether a metric has values is asked of the points until one says yes: for nearly every
	 * metric the first does. */
	sqlite3_stmt *s =
		db_prepare(d->db,
			   "SELECT m.name, m.subject, m.unit, m.key,"
			   " EXISTS(SELECT 1 FROM point p CROSS JOIN value v ON v.point = p.key "
			   "AND v.metric = m.key),"
			   " EXISTS(SELECT 1 FROM point p CROSS JOIN histogram h ON h.point = p.key"
			   "  AND h.metric = m.key),"
			   " EXISTS(SELECT 1 FROM point p CROSS JOIN series s ON s.point = p.key"
			   "  AND s.metric = m.key)"
			   " FROM metric m ORDER BY m.key",
			   e);
	if (!s)
		return ERR_CORRUPT;
	int got;
	while ((got = db_step(d->db, s, "read its metrics", e)) == 1) {
		struct data_metric *m = &d->metrics[d->metric_count++];
		m->name = arena_strdup(&d->arena, db_text(s, 0));
		m->subject = arena_strdup(&d->arena, db_text(s, 1));
		m->unit = arena_strdup(&d->arena, db_text(s, 2));
		m->key = sqlite3_column_int64(s, 3);
		m->has_values = sqlite3_column_int(s, 4);
		m->has_histograms = sqlite3_column_int(s, 5);
		m->has_series = sqlite3_column_int(s, 6);
		if (!m->name || !m->subject || !m->unit) {
			got = no_memory(e);
			break;
		}
	}
	sqlite3_finalize(s);
	return got;
}

static int load_origin(struct dataset *d, struct err *e)
{
	sqlite3_stmt *s =
		db_prepare(d->db, "SELECT version, command FROM session ORDER BY key LIMIT 1", e);
	if (!s)
		return ERR_CORRUPT;
	int got = db_step(d->db, s, "read who made it", e);
	if (got == 1) {
		snprintf(d->version, sizeof(d->version), "%s", db_text(s, 0));
		snprintf(d->command, sizeof(d->command), "%s", db_text(s, 1));
	}
	sqlite3_finalize(s);
	return got < 0 ? got : 0;
}

/* Whether axis `a` is in lockstep with `b`, an axis before it; fills a's tables when it is. */
static bool follows(const struct dataset *d, struct data_axis *a, size_t a_index, size_t b)
{
	if (a->count != d->axes[b].count || a->count < 2)
		return false;
	for (size_t i = 0; i < a->count; i++)
		a->of_leader[i] = a->to_leader[i] = SIZE_MAX;
	for (size_t p = 0; p < d->point_count; p++) {
		size_t own = d->points[p].level[a_index], its = d->points[p].level[b];
		if ((a->of_leader[its] != SIZE_MAX && a->of_leader[its] != own) ||
		    (a->to_leader[own] != SIZE_MAX && a->to_leader[own] != its))
			return false;
		a->of_leader[its] = own;
		a->to_leader[own] = its;
	}
	return true;
}

static int find_lockstep(struct dataset *d, struct err *e)
{
	for (size_t i = 0; i < d->axis_count; i++) {
		struct data_axis *a = &d->axes[i];
		a->of_leader = arena_array(&d->arena, a->count, sizeof(*a->of_leader));
		a->to_leader = arena_array(&d->arena, a->count, sizeof(*a->to_leader));
		if (!a->of_leader || !a->to_leader)
			return err_set(e, ERR_NOMEM, "out of memory");
		a->leader = i;
		for (size_t b = 0; b < i && a->leader == i; b++)
			if (d->axes[b].leader == b && follows(d, a, i, b))
				a->leader = b;
		for (size_t level = 0; a->leader == i && level < a->count; level++)
			a->of_leader[level] = a->to_leader[level] = level;
	}
	return 0;
}

bool dataset_in_lockstep(const struct dataset *d, size_t a, size_t b)
{
	return d->axes[a].leader == d->axes[b].leader;
}

size_t dataset_follow(const struct dataset *d, size_t a, size_t level, size_t b)
{
	return d->axes[b].of_leader[d->axes[a].to_leader[level]];
}

int dataset_load(struct dataset *d, struct db *db, struct err *e)
{
	*d = (struct dataset){.db = db};
	int code = load_axes(d, e);
	if (code == 0)
		code = load_points(d, e);
	if (code == 0)
		code = find_lockstep(d, e);
	if (code == 0)
		code = load_metrics(d, e);
	if (code == 0)
		code = load_origin(d, e);
	if (code)
		dataset_free(d);
	return code;
}

void dataset_free(struct dataset *d)
{
	arena_free(&d->arena);
	*d = (struct dataset){0};
}

int dataset_find_axis(const struct dataset *d, const char *name)
{
	for (size_t i = 0; i < d->axis_count; i++)
		if (strcmp(d->axes[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct data_metric *dataset_find_metric(const struct dataset *d, const char *name,
					      const char *subject)
{
	const struct data_metric *found = NULL;
	for (size_t i = 0; i < d->metric_count; i++) {
		const struct data_metric *m = &d->metrics[i];
		if (strcmp(m->name, name) != 0 || (subject && strcmp(m->subject, subject) != 0))
			continue;
		if (found)
			return NULL;
		found = m;
	}
	return found;
}

static bool same_number(double a, double b)
{
	return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static bool read_number(const struct data_axis *axis, const cJSON *value, double *out)
{
	if (cJSON_IsNumber(value)) {
		*out = value->valuedouble;
		return true;
	}
	if (!cJSON_IsString(value))
		return false;
	char why[160], *end;
	for (int u = UNIT_NONE + 1; u <= UNIT_TIME_PER_BYTE; u++)
		if (strcmp(unit_base((enum unit)u), axis->unit) == 0)
			return unit_parse(value->valuestring, (enum unit)u, out, why) == 0;
	*out = strtod(value->valuestring, &end);
	return end != value->valuestring && !*end;
}

int axis_find(const struct data_axis *axis, const cJSON *value)
{
	double number;
	struct arena arena = {0};
	struct parameter wanted;
	int found = -1;
	if (axis_parameter("", value, &wanted, &arena) != 0)
		return -1;
	for (size_t i = 0; i < axis->count && found < 0; i++) {
		const struct data_level *v = &axis->values[i];
		if (strcmp(v->text, wanted.text) == 0 ||
		    (axis->numeric && read_number(axis, value, &number) &&
		     same_number(number, v->number)))
			found = (int)i;
	}
	arena_free(&arena);
	return found;
}
