/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/screening.h"

#include "reports/db/db_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory to screen");
}

/* --- the design, on the axes of the data --- */

static int read_experiment(struct screening *s, struct err *e)
{
	struct json_doc doc = {(cJSON *)db_document(s->data->db), NULL};
	struct diag_list diags = {0};
	int code = keys_parse_part(&experiment_object, &doc, "", &s->experiment, &s->arena, &diags);
	if (code == 0 && !s->experiment.screen)
		code = err_set(
			e, ERR_INVALID,
			"the study screens nothing: it has no \"screen\" (scenarios/README.md "
			"shows one)");
	else if (code)
		err_set(e, code, "the stored study cannot be read");
	if (code == 0) {
		s->screen = s->experiment.screen;
		s->repetitions = (size_t)s->experiment.repeat;
		code = screen_points_make(&s->points, s->screen, s->experiment.seed,
					  PLAN_POINTS_MAX, &doc, &diags);
		if (code)
			err_set(e, code, "the design of the stored study cannot be made");
	}
	diag_free(&diags);
	return code;
}

/* The level of a number, which is stored as the design made it; SIZE_MAX where it is not there. */
static size_t find_level(const struct data_axis *axis, double number)
{
	size_t low = 0, high = axis->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (axis->values[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < axis->count && axis->values[low].number == number ? low : SIZE_MAX;
}

static int place_parameter(struct screening *s, size_t p, struct err *e)
{
	const struct screen_parameter *parameter = s->screen->parameters.items;
	struct arena scratch = {0};
	int code = 0;
	s->axis[p] = dataset_find_axis(s->data, parameter[p].name);
	s->level[p] = arena_array(&s->arena, s->points.count, sizeof(**s->level));
	if (!s->level[p])
		return no_memory(e);
	if (s->axis[p] < 0 || !s->data->axes[s->axis[p]].numeric)
		return err_set(e, ERR_CORRUPT, "no point has the parameter '%s'",
			       parameter[p].name);
	size_t i = 0;
	for (const cJSON *v = s->points.values[p]->child; v && code == 0; v = v->next) {
		struct parameter described;
		code = axis_parameter("", v, &described, &scratch);
		s->level[p][i++] = find_level(&s->data->axes[s->axis[p]], described.number);
	}
	arena_free(&scratch);
	return code ? no_memory(e) : 0;
}

bool screening_has_axis(const struct screening *s, size_t axis)
{
	for (size_t p = 0; p < s->screen->parameters.count; p++)
		if (s->axis[p] == (int)axis)
			return true;
	return false;
}

/* The points of the sweep. Parameters are the last axes, so what belongs together is in one place.
 */
static int find_groups(struct screening *s, struct err *e)
{
	const struct dataset *d = s->data;
	s->groups = arena_array(&s->arena, d->point_count + 1, sizeof(*s->groups));
	size_t *level = arena_array(&s->arena, d->axis_count + 1, sizeof(*level));
	if (!s->groups || !level)
		return no_memory(e);
	for (size_t i = 0; i < d->point_count; i++) {
		for (size_t a = 0; a < d->axis_count; a++)
			level[a] = screening_has_axis(s, a) ? 0 : d->points[i].level[a];
		if (s->group_count && memcmp(level, s->groups[s->group_count - 1],
					     d->axis_count * sizeof(*level)) == 0)
			continue;
		size_t *own = arena_array(&s->arena, d->axis_count + 1, sizeof(*own));
		if (!own)
			return no_memory(e);
		memcpy(own, level, d->axis_count * sizeof(*own));
		s->groups[s->group_count++] = own;
	}
	return 0;
}

static int find_metric(struct screening *s, const char *metric, const char *subject, struct err *e)
{
	if (!metric)
		subject = s->screen->subject;
	metric = metric ? metric : s->screen->metric;
	s->metric = dataset_find_metric(s->data, metric, subject);
	if (s->metric && s->metric->has_values)
		return 0;
	return err_set(e, ERR_INVALID,
		       "the results have no number '%s'%s%s; `mcvsim query` shows what they have",
		       metric, subject && *subject ? " of " : "", subject ? subject : "");
}

int screening_open(struct screening *s, const struct dataset *data, const char *metric,
		   const char *subject, struct err *e)
{
	*s = (struct screening){.data = data};
	int code = read_experiment(s, e);
	if (code)
		return code;
	size_t n = s->screen->parameters.count;
	s->axis = arena_array(&s->arena, n, sizeof(*s->axis));
	s->level = arena_array(&s->arena, n, sizeof(*s->level));
	if (!s->axis || !s->level)
		return no_memory(e);
	for (size_t p = 0; p < n && code == 0; p++)
		code = place_parameter(s, p, e);
	if (code == 0)
		code = find_groups(s, e);
	return code ? code : find_metric(s, metric, subject, e);
}

void screening_close(struct screening *s)
{
	screen_points_free(&s->points);
	arena_free(&s->arena);
	*s = (struct screening){0};
}

/* --- values --- */

/* The point of the data at which a point of the design is, in a group; -1 where it is not there. */
static long find_point(const struct screening *s, const size_t *group, size_t point, size_t *level)
{
	memcpy(level, group, s->data->axis_count * sizeof(*level));
	for (size_t p = 0; p < s->screen->parameters.count; p++) {
		level[s->axis[p]] = s->level[p][point];
		if (s->level[p][point] == SIZE_MAX)
			return -1;
	}
	return dataset_find_point(s->data, level);
}

/* The values of one point, NaN where there is none. */
static int read_point(const struct screening *s, sqlite3_stmt *query, long point, double *y,
		      struct err *e)
{
	for (size_t r = 0; r < s->repetitions; r++)
		y[r] = NAN;
	if (point < 0)
		return 0;
	sqlite3_bind_int64(query, 1, s->data->points[point].key);
	sqlite3_bind_int64(query, 2, s->metric->key);
	int got;
	while ((got = db_step(s->data->db, query, "read its values", e)) == 1) {
		size_t r = (size_t)sqlite3_column_int64(query, 0);
		if (r < s->repetitions)
			y[r] = sqlite3_column_double(query, 1);
	}
	sqlite3_reset(query);
	return got;
}

/* The values of all rows of the design, [row][repetition]. */
static int read_rows(const struct screening *s, const size_t *group, double *y, struct err *e)
{
	const struct sensitivity_design *d = &s->points.design;
	size_t rows = d->blocks * d->rows_per_block, width = s->repetitions;
	size_t *first = calloc(s->points.count + 1, sizeof(*first));
	size_t *level = calloc(s->data->axis_count + 1, sizeof(*level));
	sqlite3_stmt *query = db_prepare(s->data->db,
					 "SELECT repetition, value FROM value WHERE point = ? AND "
					 "metric = ? AND value IS NOT NULL",
					 e);
	int code = !query ? ERR_CORRUPT : first && level ? 0 : no_memory(e);
	for (size_t row = 0; row < rows && code == 0; row++) {
		size_t point = s->points.row[row];
		if (first[point]) { /* a row before has the same values */
			memcpy(y + row * width, y + (first[point] - 1) * width, width * sizeof(*y));
			continue;
		}
		first[point] = row + 1;
		code = read_point(s, query, find_point(s, group, point, level), y + row * width, e);
	}
	sqlite3_finalize(query);
	free(level);
	free(first);
	return code;
}

int screening_estimate(const struct screening *s, size_t group, struct sensitivity *out,
		       struct err *e)
{
	const struct sensitivity_design *d = &s->points.design;
	double *y = calloc(d->blocks * d->rows_per_block * s->repetitions, sizeof(*y));
	int code = y ? read_rows(s, s->groups[group], y, e) : no_memory(e);
	if (code == 0 && sensitivity_estimate(d, y, s->repetitions, out) != 0)
		code = no_memory(e);
	free(y);
	return code;
}

void screening_order(const struct screening *s, const struct sensitivity *from, size_t *order)
{
	bool morris = s->screen->method == SENSITIVITY_MORRIS;
	size_t n = s->screen->parameters.count;
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		const struct sensitivity_factor *own = &from->factor[i];
		for (; at > 0; at--) {
			const struct sensitivity_factor *other = &from->factor[order[at - 1]];
			if (morris ? other->mu_star.value >= own->mu_star.value
				   : other->total.value >= own->total.value)
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
}
