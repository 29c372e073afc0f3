/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/summary.h"

#include "reports/data/scale.h"
#include "reports/db/where.h"
#include "sim/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_METRICS = 5 };

/* What a request comes to: which points, which metrics, and their numbers. */
struct selection {
	const struct dataset *data;
	bool *keep; /* per point */
	const struct data_metric **metrics;
	size_t metric_count;
	int baseline_axis; /* -1: none */
	size_t baseline_level;
	struct cell **cells;		 /* [metric][point] */
	struct cell **differences;	 /* the same, with a baseline */
	struct scale *scales;		 /* [metric] */
	struct scale *difference_scales; /* they may be far smaller than what they are of */
};

static void selection_free(struct selection *s)
{
	for (size_t i = 0; i < s->metric_count; i++) {
		if (s->cells)
			free(s->cells[i]);
		if (s->differences)
			free(s->differences[i]);
	}
	free(s->cells);
	free(s->differences);
	free(s->scales);
	free(s->difference_scales);
	free(s->metrics);
	free(s->keep);
}

static int mistake(struct diag_list *diags, const char *option, const char *text)
{
	diag_add(diags, DIAG_ERROR, option, 0, 0, NULL, "%s", text);
	return ERR_INVALID;
}

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory for a table");
}

/* --- points --- */

static int filter_points(struct selection *s, const char *filter, struct diag_list *diags,
			 struct err *e)
{
	const struct dataset *d = s->data;
	struct where *where = where_open();
	struct parameter *p = calloc(d->axis_count + 1, sizeof(*p));
	int code = where && p ? 0 : no_memory(e);
	for (size_t i = 0; i < d->point_count && code == 0; i++) {
		for (size_t a = 0; a < d->axis_count; a++) {
			const struct data_level *v = &d->axes[a].values[d->points[i].level[a]];
			p[a] = (struct parameter){d->axes[a].name, v->text, d->axes[a].numeric,
						  v->number, d->axes[a].unit};
		}
		struct err why = {0};
		code = where_keep(where, filter, p, d->axis_count, &s->keep[i], &why);
		if (code)
			mistake(diags, "--filter", why.text);
	}
	free(p);
	where_close(where);
	return code;
}

static int find_baseline(struct selection *s, const char *text, struct diag_list *diags)
{
	s->baseline_axis = -1;
	if (!text)
		return 0;
	const char *equals = strchr(text, '=');
	char name[200], message[600];
	snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - text) : 0, text);
	int axis = equals ? dataset_find_axis(s->data, name) : -1;
	if (axis < 0) {
		snprintf(message, sizeof(message),
			 "'%s' is not AXIS=VALUE with an axis of the results", text);
		return mistake(diags, "--baseline", message);
	}
	cJSON *value = cJSON_CreateString(equals + 1);
	int level = axis_find(&s->data->axes[axis], value);
	cJSON_Delete(value);
	if (level < 0) {
		snprintf(message, sizeof(message), "axis '%s' has no value '%s'", name, equals + 1);
		return mistake(diags, "--baseline", message);
	}
	s->baseline_axis = axis;
	s->baseline_level = (size_t)level;
	return 0;
}

/* --- metrics --- */

static bool matches(const struct data_metric *m, const char *wanted)
{
	size_t n = strlen(m->name);
	if (strncmp(wanted, m->name, n) == 0)
		return wanted[n] == '\0' ||
		       (wanted[n] == ':' && strcmp(wanted + n + 1, m->subject) == 0);
	size_t w = strlen(wanted);
	return strncmp(wanted, m->name, w) == 0 && m->name[w] == '.';
}

static void add_metric(struct selection *s, const struct data_metric *m)
{
	for (size_t i = 0; i < s->metric_count; i++)
		if (s->metrics[i] == m)
			return;
	s->metrics[s->metric_count++] = m;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);
	return n >= k && strcmp(text + n - k, end) == 0;
}

static void choose_default_metrics(struct selection *s)
{
	const struct dataset *d = s->data;
	const cJSON *figure,
		*figures = cJSON_GetObjectItemCaseSensitive(db_document(d->db), "figures");
	cJSON_ArrayForEach(figure, figures)
	{
		const cJSON *y = cJSON_GetObjectItemCaseSensitive(figure, "y");
		const struct data_metric *m =
			cJSON_IsString(y) ? dataset_find_metric(d, y->valuestring, "") : NULL;
		if (m && m->has_values && s->metric_count < DEFAULT_METRICS)
			add_metric(s, m);
	}
	for (int means_only = 1; means_only >= 0; means_only--)
		for (size_t i = 0; i < d->metric_count && s->metric_count < DEFAULT_METRICS; i++)
			if (!d->metrics[i].subject[0] && d->metrics[i].has_values &&
			    (!means_only || ends_with(d->metrics[i].name, ".mean")))
				add_metric(s, &d->metrics[i]);
}

/* Why there are no numbers of a metric. */
static void say_what_is_there(const struct dataset *d, const char *metric, char *text, size_t size)
{
	const char *last = "";
	size_t n;
	for (size_t i = 0; i < d->metric_count; i++)
		if (d->metrics[i].has_series && strcmp(d->metrics[i].name, metric) == 0) {
			snprintf(text, size,
				 "the results have '%.100s' over time only: figures of kind "
				 "\"time-series\" or \"timeline\", or mcvsim export --what series",
				 metric);
			return;
		}
	n = (size_t)snprintf(text, size, "the results have no metric '%.100s' (they have ", metric);
	for (size_t i = 0; i < d->metric_count && n < size; i++) {
		const char *name = d->metrics[i].name;
		if (!d->metrics[i].has_values || strcmp(name, last) == 0)
			continue;
		n += (size_t)snprintf(text + n, size - n, "%s%s", *last ? ", " : "", name);
		last = name;
	}
	if (n < size)
		snprintf(text + n, size - n, ")");
}

static int choose_metrics(struct selection *s, const struct summary_request *r,
			  struct diag_list *diags)
{
	const struct dataset *d = s->data;
	int code = 0;
	if (r->metric_count == 0)
		choose_default_metrics(s);
	for (size_t w = 0; w < r->metric_count; w++) {
		bool found = false;
		for (size_t i = 0; i < d->metric_count; i++) {
			if (!d->metrics[i].has_values || !matches(&d->metrics[i], r->metrics[w]))
				continue;
			add_metric(s, &d->metrics[i]);
			found = true;
		}
		if (found)
			continue;
		char text[700];
		say_what_is_there(d, r->metrics[w], text, sizeof(text));
		code = mistake(diags, "--metric", text);
	}
	return code;
}

/* --- numbers --- */

/* For each point the one with the baseline's level; SIZE_MAX where the sweep left that out. */
static size_t *baseline_points(const struct selection *s)
{
	const struct dataset *d = s->data;
	size_t *baseline = calloc(d->point_count + 1, sizeof(*baseline));
	size_t *level = calloc(d->axis_count + 1, sizeof(*level));
	for (size_t i = 0; baseline && level && i < d->point_count; i++) {
		memcpy(level, d->points[i].level, d->axis_count * sizeof(*level));
		level[s->baseline_axis] = s->baseline_level;
		size_t axis = (size_t)s->baseline_axis;
		for (size_t a = 0; a < d->axis_count; a++) /* in lockstep with it */
			if (a != axis && dataset_tells(d, axis, a))
				level[a] = dataset_follow(d, axis, s->baseline_level, a);
		long found = dataset_find_point(d, level);
		baseline[i] = found < 0 ? SIZE_MAX : (size_t)found;
	}
	if (!level) {
		free(baseline);
		baseline = NULL;
	}
	free(level);
	return baseline;
}

static int read_numbers(struct selection *s, struct err *e)
{
	const struct dataset *d = s->data;
	size_t *baseline = s->baseline_axis >= 0 ? baseline_points(s) : NULL;
	s->cells = calloc(s->metric_count + 1, sizeof(*s->cells));
	s->differences = calloc(s->metric_count + 1, sizeof(*s->differences));
	s->scales = calloc(s->metric_count + 1, sizeof(*s->scales));
	s->difference_scales = calloc(s->metric_count + 1, sizeof(*s->difference_scales));
	int code = s->cells && s->differences && s->scales && s->difference_scales &&
				   (baseline || s->baseline_axis < 0)
			   ? 0
			   : no_memory(e);
	for (size_t i = 0; i < s->metric_count && code == 0; i++) {
		s->cells[i] = calloc(d->point_count + 1, sizeof(**s->cells));
		s->differences[i] = calloc(d->point_count + 1, sizeof(**s->differences));
		code = s->cells[i] && s->differences[i]
			       ? dataset_summary(d, s->metrics[i], s->cells[i], e)
			       : no_memory(e);
		if (code == 0 && baseline)
			code = dataset_paired(d, s->metrics[i], baseline, s->differences[i], e);
	}
	free(baseline);
	return code;
}

static struct scale column_scale(const struct selection *s, size_t metric)
{
	double largest = 0;
	for (size_t i = 0; i < s->data->point_count; i++)
		if (s->keep[i] && s->cells[metric][i].n)
			largest = fmax(largest, fabs(s->cells[metric][i].mean));
	return scale_choose(s->metrics[metric]->unit, largest);
}

static struct scale difference_scale(const struct selection *s, size_t metric)
{
	double largest = 0;
	for (size_t i = 0; i < s->data->point_count; i++)
		if (s->keep[i] && s->differences[metric][i].n)
			largest = fmax(largest, fabs(s->differences[metric][i].mean));
	return largest > 0 ? scale_choose(s->metrics[metric]->unit, largest) : s->scales[metric];
}

static int select_results(struct selection *s, const struct dataset *data,
			  const struct summary_request *r, struct diag_list *diags, struct err *e)
{
	*s = (struct selection){.data = data};
	s->keep = calloc(data->point_count + 1, sizeof(*s->keep));
	s->metrics = calloc(data->metric_count + 1, sizeof(const struct data_metric *));
	if (!s->keep || !s->metrics)
		return no_memory(e);
	int bad_filter = filter_points(s, r->filter, diags, e);
	int bad_baseline = find_baseline(s, r->baseline, diags);
	int bad_metrics = choose_metrics(s, r, diags);
	if (bad_filter || bad_baseline || bad_metrics)
		return bad_filter ? bad_filter : ERR_INVALID;
	int code = read_numbers(s, e);
	for (size_t m = 0; m < s->metric_count && code == 0; m++) {
		s->scales[m] = column_scale(s, m);
		s->difference_scales[m] = difference_scale(s, m);
	}
	return code;
}

/* --- as a table --- */

static bool significant(const struct cell *c)
{
	return c->n > 1 && fabs(c->mean) > c->ci95;
}

static const char *number_text(struct arena *a, const struct cell *c, double factor)
{
	char text[80];
	scale_print(c->mean * factor, c->ci95 * factor, "\xc2\xb1", text, sizeof(text));
	return arena_strdup(a, text);
}

/* Of the baseline's mean in the same repetitions; NaN where there is none above zero, or where some
 * repetitions have no pair. */
static double relative(const struct cell *c, const struct cell *difference)
{
	double base = c->mean - difference->mean;
	return c->n == difference->n && base > 0 ? difference->mean / base : NAN;
}

static const char *difference_text(const struct selection *s, struct arena *a, size_t metric,
				   size_t point, double factor)
{
	const struct cell *d = &s->differences[metric][point];
	double share = relative(&s->cells[metric][point], d);
	const char *sign = d->mean > 0 ? "+" : "";
	char text[80];
	scale_print(d->mean * factor, d->ci95 * factor, "\xc2\xb1", text, sizeof(text));
	if (!significant(d))
		return arena_printf(a, "%s%s", sign, text);
	if (isnan(share))
		return arena_printf(a, "%s%s *", sign, text);
	return arena_printf(a, "%s%s (%+.3g %%) *", sign, text, 100 * share);
}

static const char *metric_head(struct arena *a, const struct data_metric *m, const char *unit)
{
	char label[200];
	scale_metric_label(m->name, m->subject, label, sizeof(label));
	return unit[0] ? arena_printf(a, "%s (%s)", label, unit) : arena_strdup(a, label);
}

static const char *difference_head(const struct selection *s, struct arena *a, const char *unit)
{
	const struct data_axis *axis = &s->data->axes[s->baseline_axis];
	return arena_printf(a, unit[0] ? "against %s (%s)" : "against %s",
			    axis->values[s->baseline_level].text, unit);
}

/* Axes with one value in all points say nothing in a table, and neither do those in lockstep with
 * another, which tells their values; but what all is held against is seen. */
static bool axis_varies(const struct selection *s, size_t axis)
{
	const struct data_axis *own = &s->data->axes[axis];
	return own->count > 1 && (own->leader == axis || (int)axis == s->baseline_axis);
}

/* As the user wrote it; plain numbers, which a sweep from..to makes with all their digits, shorter.
 */
static const char *level_text(const struct selection *s, struct arena *a, size_t axis, size_t point)
{
	const struct data_axis *x = &s->data->axes[axis];
	const struct data_level *v = &x->values[s->data->points[point].level[axis]];
	return x->numeric && strcmp(x->unit, "1") == 0 ? arena_printf(a, "%.4g", v->number)
						       : v->text;
}

static size_t kept_points(const struct selection *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->data->point_count; i++)
		n += s->keep[i];
	return n;
}

static bool table_begin(struct table *t, size_t columns, size_t rows)
{
	t->columns = arena_array(&t->arena, columns, sizeof(*t->columns));
	t->cells = arena_array(&t->arena, columns * rows, sizeof(*t->cells));
	double *order = arena_array(&t->arena, columns * rows, sizeof(*order));
	for (size_t i = 0; order && i < columns * rows; i++)
		order[i] = NAN;
	t->order = order;
	return t->columns && t->cells && order;
}

static void add_axes(const struct selection *s, struct table *t)
{
	for (size_t a = 0; a < s->data->axis_count; a++) {
		char label[120];
		if (!axis_varies(s, a))
			continue;
		scale_axis_label(s->data->axes[a].name, label, sizeof(label));
		t->columns[t->column_count++] = (struct table_column){
			arena_strdup(&t->arena, label), s->data->axes[a].numeric};
	}
}

/* Into the table's newest row, whose first cells are `row`. */
static size_t put_levels(const struct selection *s, struct table *t, const char **row, size_t point)
{
	size_t c = 0;
	double *order = t->order + (row - t->cells);
	for (size_t a = 0; a < s->data->axis_count; a++) {
		const struct data_axis *axis = &s->data->axes[a];
		if (!axis_varies(s, a))
			continue;
		if (axis->numeric)
			order[c] = axis->values[s->data->points[point].level[a]].number;
		row[c++] = level_text(s, &t->arena, a, point);
	}
	return c;
}

static int wide_table(const struct selection *s, struct table *t, struct err *e)
{
	bool differences = s->baseline_axis >= 0;
	size_t rows = kept_points(s);
	if (!table_begin(t, s->data->axis_count + 2 * s->metric_count, rows))
		return no_memory(e);
	add_axes(s, t);
	for (size_t m = 0; m < s->metric_count; m++) {
		struct scale scale = s->scales[m];
		t->columns[t->column_count++] = (struct table_column){
			metric_head(&t->arena, s->metrics[m], scale.unit), true};
		if (differences)
			t->columns[t->column_count++] = (struct table_column){
				difference_head(s, &t->arena, s->difference_scales[m].unit), true};
	}
	for (size_t i = 0; i < s->data->point_count; i++) {
		if (!s->keep[i])
			continue;
		const char **row = t->cells + t->row_count++ * t->column_count;
		size_t c = put_levels(s, t, row, i);
		for (size_t m = 0; m < s->metric_count; m++) {
			struct scale scale = s->scales[m];
			row[c++] = number_text(&t->arena, &s->cells[m][i], scale.factor);
			if (differences)
				row[c++] = difference_text(s, &t->arena, m, i,
							   s->difference_scales[m].factor);
		}
	}
	return 0;
}

/* One row per number, for tables that are too wide. */
static int long_table(const struct selection *s, struct table *t, struct err *e)
{
	bool differences = s->baseline_axis >= 0;
	if (!table_begin(t, s->data->axis_count + 4, kept_points(s) * s->metric_count))
		return no_memory(e);
	add_axes(s, t);
	t->columns[t->column_count++] = (struct table_column){"metric", false};
	t->columns[t->column_count++] = (struct table_column){"mean", true};
	if (differences)
		t->columns[t->column_count++] =
			(struct table_column){difference_head(s, &t->arena, ""), true};
	t->columns[t->column_count++] = (struct table_column){"unit", false};
	for (size_t i = 0; i < s->data->point_count; i++) {
		for (size_t m = 0; m < s->metric_count && s->keep[i]; m++) {
			struct scale scale = s->scales[m];
			const char **row = t->cells + t->row_count++ * t->column_count;
			size_t c = put_levels(s, t, row, i);
			row[c++] = metric_head(&t->arena, s->metrics[m], "");
			row[c++] = number_text(&t->arena, &s->cells[m][i], scale.factor);
			if (differences)
				row[c++] = difference_text(s, &t->arena, m, i, scale.factor);
			row[c] = arena_strdup(&t->arena, scale.unit);
		}
	}
	return 0;
}

static bool too_wide(const struct table *t, const struct summary_request *r)
{
	return r->width && table_width(t) > r->width;
}

static void drop_last_metric(struct selection *s)
{
	s->metric_count--;
	free(s->cells[s->metric_count]);
	free(s->differences[s->metric_count]);
}

int summary_table(const struct dataset *data, const struct summary_request *request,
		  struct table *out, struct diag_list *diags, struct err *e)
{
	struct selection s;
	*out = (struct table){0};
	int code = select_results(&s, data, request, diags, e);
	if (code == 0)
		code = wide_table(&s, out, e);
	/* Metrics that nobody asked for give way before the form does. */
	while (code == 0 && too_wide(out, request) && request->metric_count == 0 &&
	       s.metric_count > 1) {
		table_free(out);
		drop_last_metric(&s);
		code = wide_table(&s, out, e);
	}
	if (code == 0 && too_wide(out, request)) {
		table_free(out);
		code = long_table(&s, out, e);
	}
	if (code)
		table_free(out);
	else if (s.baseline_axis >= 0)
		out->note = "* The 95 % interval of the difference, paired by repetition, leaves "
			    "out zero. In brackets: the share of the baseline's mean.";
	selection_free(&s);
	return code;
}

/* --- as JSON --- */

static cJSON *value_json(const struct selection *s, size_t metric, size_t point)
{
	const struct data_metric *m = s->metrics[metric];
	const struct cell *c = &s->cells[metric][point];
	cJSON *v = cJSON_CreateObject();
	cJSON_AddStringToObject(v, "metric", m->name);
	cJSON_AddStringToObject(v, "subject", m->subject);
	cJSON_AddStringToObject(v, "unit", m->unit);
	cJSON_AddNumberToObject(v, "n", (double)c->n);
	json_add_number(v, "mean", c->mean);
	json_add_number(v, "sd", c->sd);
	json_add_number(v, "ci95", c->ci95);
	if (s->baseline_axis >= 0) {
		const struct cell *d = &s->differences[metric][point];
		cJSON *difference = cJSON_AddObjectToObject(v, "difference");
		cJSON_AddNumberToObject(difference, "n", (double)d->n);
		json_add_number(difference, "mean", d->mean);
		json_add_number(difference, "ci95", d->ci95);
		json_add_number(difference, "relative", relative(c, d));
		cJSON_AddBoolToObject(difference, "significant", significant(d));
	}
	return v;
}

int summary_json(const struct dataset *data, const struct summary_request *request, cJSON **out,
		 struct diag_list *diags, struct err *e)
{
	struct selection s;
	*out = NULL;
	int code = select_results(&s, data, request, diags, e);
	cJSON *list = code ? NULL : cJSON_CreateArray();
	for (size_t i = 0; list && i < data->point_count; i++) {
		if (!s.keep[i])
			continue;
		cJSON *point = cJSON_CreateObject();
		cJSON_AddItemToArray(list, point);
		cJSON_AddStringToObject(point, "point", data->points[i].id);
		cJSON *parameters = cJSON_AddObjectToObject(point, "parameters");
		for (size_t a = 0; a < data->axis_count; a++) {
			const struct data_axis *axis = &data->axes[a];
			const struct data_level *v = &axis->values[data->points[i].level[a]];
			if (axis->numeric)
				cJSON_AddNumberToObject(parameters, axis->name, v->number);
			else
				cJSON_AddStringToObject(parameters, axis->name, v->text);
		}
		cJSON *values = cJSON_AddArrayToObject(point, "values");
		for (size_t m = 0; m < s.metric_count; m++)
			cJSON_AddItemToArray(values, value_json(&s, m, i));
	}
	*out = list;
	selection_free(&s);
	return code == 0 && !list ? no_memory(e) : code;
}
