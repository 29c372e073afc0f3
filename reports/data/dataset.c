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

/* Gives texts their place among the values, or their labels, that the study's sweep lists for their
 * axis; those that are not there stand behind them all. */
static int find_places(const struct db *db, const char *axis, struct sortable *found, size_t n,
		       struct err *e)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(db_document(db), "sweep"), axis);
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(own, "labels");
	const cJSON *v, *values = cJSON_GetArraySize(labels)
					  ? labels
					  : cJSON_GetObjectItemCaseSensitive(own, "values");
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

/* Axes with their values in the order of texts, to look them up. */
struct lookup {
	const struct data_axis *axis;
	size_t *by_text; /* levels; of axes that are not numeric */
};

static int compare_texts(const void *a, const void *b, void *ctx)
{
	const struct data_axis *axis = ctx;
	return strcmp(axis->values[*(const size_t *)a].text, axis->values[*(const size_t *)b].text);
}

/* One for each axis, to be freed; NULL when out of memory. */
static struct lookup *make_lookups(const struct dataset *d)
{
	size_t texts = 0;
	for (size_t i = 0; i < d->axis_count; i++)
		texts += d->axes[i].numeric ? 0 : d->axes[i].count;
	struct lookup *all =
		calloc(1, d->axis_count * sizeof(*all) + texts * sizeof(size_t) + sizeof(*all));
	size_t *next = all ? (size_t *)(all + d->axis_count) : NULL;
	for (size_t i = 0; i < d->axis_count && all; i++) {
		struct data_axis *axis = &d->axes[i];
		all[i].axis = axis;
		if (axis->numeric)
			continue;
		all[i].by_text = next;
		next += axis->count;
		for (size_t k = 0; k < axis->count; k++)
			all[i].by_text[k] = k;
		qsort_r(all[i].by_text, axis->count, sizeof(size_t), compare_texts, axis);
	}
	return all;
}

/* The level of a stored parameter, or -1. */
static long level_of(const struct lookup *l, const char *text, double number)
{
	size_t low = 0, high = l->axis->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t level = l->by_text ? l->by_text[middle] : middle;
		const struct data_level *v = &l->axis->values[level];
		int order = l->by_text ? strcmp(v->text, text)
				       : (v->number > number) - (v->number < number);
		if (order == 0)
			return (long)level;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
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
	struct lookup *lookups = make_lookups(d);
	struct data_point *p = NULL;
	size_t known = 0;
	int got = lookups ? 0 : no_memory(e);
	while (lookups && (got = db_step(d->db, s, "read its points", e)) == 1) {
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
		long level =
			a < 0 ? -1
			      : level_of(&lookups[a], db_text(s, 3), sqlite3_column_double(s, 4));
		if (level < 0)
			break;
		p->level[a] = (size_t)level;
		known++;
	}
	free(lookups);
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
	/* Names are in the order in which a run tells them, whichever was there first: where points
	 * have subjects of their own (platforms), the order of the keys hangs on that. */
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
			   " FROM metric m ORDER BY min(m.key) OVER (PARTITION BY m.name), m.key",
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

/* The level of axis `b` at each level of `a`, where there is one only; NULL where there are
 * several. ERR_NOMEM in *code. */
static size_t *find_told(struct dataset *d, size_t a, size_t b, size_t *scratch, int *code)
{
	size_t count = d->axes[a].count;
	for (size_t i = 0; i < count; i++)
		scratch[i] = SIZE_MAX;
	for (size_t p = 0; p < d->point_count; p++) {
		size_t *told = &scratch[d->points[p].level[a]], level = d->points[p].level[b];
		if (*told != SIZE_MAX && *told != level)
			return NULL;
		*told = level;
	}
	size_t *kept = arena_array(&d->arena, count, sizeof(*kept));
	if (kept)
		memcpy(kept, scratch, count * sizeof(*kept));
	else
		*code = ERR_NOMEM;
	return kept;
}

/* An axis of one value is told by every other, which says nothing. */
static int find_lockstep(struct dataset *d, struct err *e)
{
	size_t most = 1;
	int code = 0;
	for (size_t i = 0; i < d->axis_count; i++)
		most = d->axes[i].count > most ? d->axes[i].count : most;
	size_t *scratch = calloc(most, sizeof(*scratch));
	d->told = arena_array(&d->arena, d->axis_count * d->axis_count, sizeof(*d->told));
	if (!scratch || !d->told)
		code = ERR_NOMEM;
	for (size_t a = 0; a < d->axis_count && code == 0; a++) {
		for (size_t b = 0; b < d->axis_count && code == 0; b++)
			if (a != b && d->axes[a].count > 1 && d->axes[b].count > 1)
				d->told[a * d->axis_count + b] = find_told(d, a, b, scratch, &code);
	}
	free(scratch);
	for (size_t a = 0; a < d->axis_count && code == 0; a++) {
		size_t leader = 0;
		while (leader < a && !(dataset_tells(d, leader, a) && dataset_tells(d, a, leader)))
			leader++;
		d->axes[a].leader = leader;
	}
	return code ? no_memory(e) : 0;
}

bool dataset_tells(const struct dataset *d, size_t a, size_t b)
{
	return d->told[a * d->axis_count + b] != NULL;
}

size_t dataset_follow(const struct dataset *d, size_t a, size_t level, size_t b)
{
	return d->told[a * d->axis_count + b][level];
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

/* --- how an axis is shown --- */

static size_t written_length(const struct data_axis *axis, const struct scale *scale)
{
	size_t length = 0;
	char text[32];
	for (size_t i = 0; i < axis->count; i++)
		length += strlen(
			scale_number(axis->values[i].number * scale->factor, text, sizeof(text)));
	return length;
}

struct scale axis_scale(const struct data_axis *axis)
{
	static const struct {
		const char *unit;
		struct scale scale;
	} others[] = {
		{"s", {1.0 / 60, "min"}},
		{"s", {1.0 / 3600, "h"}},
		{"1/s", {60, "1/min"}},
		{"1/s", {3600, "1/h"}},
	};
	double largest = 0;
	if (!axis->numeric)
		return (struct scale){1, ""};
	for (size_t i = 0; i < axis->count; i++)
		largest = fmax(largest, fabs(axis->values[i].number));
	struct scale best = scale_choose(axis->unit, largest);
	size_t least = written_length(axis, &best);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		size_t length = written_length(axis, &others[i].scale);
		if (strcmp(axis->unit, others[i].unit) != 0 || length >= least)
			continue;
		best = others[i].scale;
		least = length;
	}
	return best;
}
