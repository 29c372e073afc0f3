/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/figure/figure.h"

#include "reports/data/caveat.h"
#include "reports/data/stamp.h"
#include "reports/figure/figure_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static draw_function *const draw_kind[] = {
	[FIGURE_LINES] = figure_draw_lines,
	[FIGURE_BARS] = figure_draw_bars,
	[FIGURE_STACK] = figure_draw_stack,
	[FIGURE_CDF] = figure_draw_cdf,
	[FIGURE_QUANTILES] = figure_draw_quantiles,
	[FIGURE_HEATMAP] = figure_draw_heatmap,
	[FIGURE_TORNADO] = figure_draw_tornado,
	[FIGURE_TIMELINE] = figure_draw_timeline,
	[FIGURE_TIME_SERIES] = figure_draw_time_series,
	[FIGURE_SCREEN] = figure_draw_screen,
};

/* --- choosing points --- */

int figure_mistake(const struct drawing *d, const char *key, const char *fmt, ...)
{
	char pointer[100], text[600];
	snprintf(pointer, sizeof(pointer), "/figures/%zu%s%s", d->index, key ? "/" : "",
		 key ? key : "");
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(d->diags, DIAG_ERROR, d->request->file, 0, 0, pointer, "%s: %s", d->figure->name,
		 text);
	return ERR_INVALID;
}

static void list_axes(const struct dataset *data, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < data->axis_count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", data->axes[i].name);
}

static void list_values(const struct data_axis *axis, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < axis->count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "",
				      axis->values[i].text);
}

static bool has_part(const struct drawing *d, const struct data_metric *m)
{
	enum figure_part part = figure_part(d->figure);
	return part == FIGURE_DISTRIBUTION ? m->has_histograms
	       : part == FIGURE_SERIES	   ? m->has_series
					   : m->has_values;
}

/* Metrics by name, each once, that have what the figure draws. */
static void list_metrics(const struct drawing *d, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < d->data->metric_count && n < size; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		bool seen = !has_part(d, m);
		for (size_t k = 0; k < i; k++)
			seen |= strcmp(d->data->metrics[k].name, m->name) == 0 &&
				has_part(d, &d->data->metrics[k]);
		if (!seen)
			n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", m->name);
	}
}

static int find_axis(struct drawing *d, const char *key, const char *name, int *out)
{
	*out = -1;
	if (!name)
		return 0;
	*out = dataset_find_axis(d->data, name);
	if (*out >= 0)
		return 0;
	char names[300];
	list_axes(d->data, names, sizeof(names));
	return figure_mistake(d, key, "the results have no axis '%s' (they have %s)", name,
			      names[0] ? names : "none");
}

/* Whether an axis is a parameter of the study's `screen`, over all of whose values a figure of that
 * kind is. */
static bool is_screened(const struct drawing *d, const char *axis)
{
	const cJSON *screen = cJSON_GetObjectItemCaseSensitive(db_document(d->data->db), "screen");
	return d->figure->kind == FIGURE_SCREEN &&
	       cJSON_GetObjectItemCaseSensitive(
		       cJSON_GetObjectItemCaseSensitive(screen, "parameters"), axis);
}

/* Whether `at` says which value of the axis is meant. */
static bool is_fixed(const struct drawing *d, size_t axis)
{
	return d->figure && d->figure->at &&
	       cJSON_GetObjectItemCaseSensitive(d->figure->at, d->data->axes[axis].name);
}

/* The axis that tells this one's level by lockstep: x, the series, or one fixed by `at`; -1. */
static int teller(const struct drawing *d, const size_t *fixed, size_t axis)
{
	for (size_t i = 0; i < d->data->axis_count; i++)
		if (i != axis && dataset_tells(d->data, i, axis) &&
		    ((int)i == d->x || (int)i == d->series || fixed[i] != SIZE_MAX))
			return (int)i;
	return -1;
}

static int fix_axes(struct drawing *d, size_t *fixed)
{
	int code = 0, told;
	const cJSON *c;
	cJSON_ArrayForEach(c, d->figure->at)
	{
		int axis;
		if (find_axis(d, "at", c->string, &axis)) {
			code = ERR_INVALID;
			continue;
		}
		int level = axis_find(&d->data->axes[axis], c);
		if (level < 0) {
			char values[300];
			list_values(&d->data->axes[axis], values, sizeof(values));
			code = figure_mistake(d, "at", "axis '%s' has no such value (it has %s)",
					      c->string, values);
		} else {
			fixed[axis] = (size_t)level;
		}
	}
	for (size_t i = 0; i < d->data->axis_count && code == 0; i++) {
		const struct data_axis *axis = &d->data->axes[i];
		if (fixed[i] != SIZE_MAX || (int)i == d->x || (int)i == d->series ||
		    is_screened(d, axis->name))
			continue;
		if ((told = teller(d, fixed, i)) >= 0) {
			/* Filled by figure_point where it changes from point to point. */
			if (fixed[told] != SIZE_MAX)
				fixed[i] = dataset_follow(d->data, (size_t)told, fixed[told], i);
		} else if (axis->count > 1) {
			char values[300];
			list_values(axis, values, sizeof(values));
			code = figure_mistake(d, NULL,
					      "axis '%s' has several values (%s): fix one with "
					      "\"at\", or draw it as "
					      "x or series",
					      axis->name, values);
		} else {
			fixed[i] = 0;
		}
	}
	return code;
}

static int find_metric(struct drawing *d)
{
	static const char *const parts[] = {[FIGURE_VALUES] = "metric",
					    [FIGURE_DISTRIBUTION] = "distribution of",
					    [FIGURE_SERIES] = "series over time of"};
	const struct figure *f = d->figure;
	const char *name = figure_metric(f), *key = figure_metric_key(f);
	size_t matches = 0, with_subject = 0;
	char subjects[300] = "", names[500];
	for (size_t i = 0, n = 0; i < d->data->metric_count; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (strcmp(m->name, name) != 0 || !has_part(d, m))
			continue;
		matches++;
		if (n < sizeof(subjects))
			n += (size_t)snprintf(subjects + n, sizeof(subjects) - n, "%s%s",
					      n ? ", " : "", m->subject);
		if (!f->subject || strcmp(f->subject, m->subject) == 0) {
			with_subject++;
			d->metric = m;
		}
	}
	if (matches == 0) {
		list_metrics(d, names, sizeof(names));
		return figure_mistake(d, key, "the results have no %s '%s' (they have %s)",
				      parts[figure_part(f)], name, names[0] ? names : "none");
	}
	if (with_subject == 0)
		return figure_mistake(d, "subject", "'%s' has no subject '%s' (it has %s)", name,
				      f->subject, subjects);
	if (with_subject > 1 && !figure_takes_all_subjects(f))
		return figure_mistake(d, key,
				      "'%s' has several subjects: choose one with \"subject\" (%s)",
				      name, subjects);
	return 0;
}

size_t figure_x_count(const struct drawing *d)
{
	return d->x < 0 ? 1 : d->data->axes[d->x].count;
}

size_t figure_series_count(const struct drawing *d)
{
	return d->series < 0 ? 1 : d->data->axes[d->series].count;
}

const char *figure_series_title(const struct drawing *d, size_t s)
{
	return d->series < 0 ? "" : d->data->axes[d->series].values[s].text;
}

long figure_point(const struct drawing *d, size_t x, size_t s)
{
	if (d->x >= 0)
		d->level[d->x] = x;
	if (d->series >= 0)
		d->level[d->series] = s;
	for (size_t i = 0; i < d->data->axis_count; i++) {
		if ((int)i == d->x || (int)i == d->series || is_fixed(d, i))
			continue;
		if (d->x >= 0 && dataset_tells(d->data, (size_t)d->x, i))
			d->level[i] = dataset_follow(d->data, (size_t)d->x, x, i);
		else if (d->series >= 0 && dataset_tells(d->data, (size_t)d->series, i))
			d->level[i] = dataset_follow(d->data, (size_t)d->series, s, i);
	}
	return dataset_find_point(d->data, d->level);
}

void figure_count_repetitions(struct drawing *d, size_t n)
{
	if (n == 0)
		return;
	if (d->repetitions_max == 0 || n < d->repetitions_min)
		d->repetitions_min = n;
	if (n > d->repetitions_max)
		d->repetitions_max = n;
}

/* --- writing --- */

/* folder/NAME.extension, to write; NULL with *e filled. */
static FILE *open_file(const struct drawing *d, const char *extension, struct err *e)
{
	char path[4096];
	bool for_latex = d->latex && strcmp(extension, "gp") == 0;
	int n = snprintf(path, sizeof(path), "%s/%s%s.%s", d->request->folder, d->figure->name,
			 for_latex ? "-latex" : "", extension);
	FILE *file = n < (int)sizeof(path) ? fopen(path, "we") : NULL;
	if (!file)
		err_sys(e, n < (int)sizeof(path) ? errno : ENAMETOOLONG, "cannot write %s", path);
	return file;
}

static int close_file(FILE *file, int code, const char *name, struct err *e)
{
	if (!file)
		return code;
	bool bad = ferror(file);
	errno = 0;
	if ((fclose(file) || bad) && code == 0)
		return err_sys(e, errno ? errno : EIO, "cannot write figure %s", name);
	return code;
}

int figure_begin(struct drawing *d, struct err *e)
{
	d->tsv = open_file(d, "tsv", e);
	d->gp = d->tsv ? open_file(d, "gp", e) : NULL;
	if (!d->gp)
		return e ? (int)e->code : ERR_IO;
	d->plot = open_memstream(&d->plot_text, &d->plot_size);
	return d->plot ? 0 : err_set(e, ERR_NOMEM, "no memory to draw");
}

int figure_end(struct drawing *d, int code, struct err *e)
{
	code = close_file(d->tsv, code, d->figure->name, e);
	code = close_file(d->gp, code, d->figure->name, e);
	if (d->plot && (ferror(d->plot) | fclose(d->plot)) && code == 0)
		code = err_set(e, ERR_NOMEM, "no memory to draw");
	free(d->plot_text);
	d->tsv = d->gp = d->plot = NULL;
	d->plot_text = NULL;
	return code;
}

/* Leaves the figures of another study as they are. */
static int spare_others(const struct drawing *d)
{
	char path[4096], of[STAMP_SIZE];
	snprintf(path, sizeof(path), "%s/%s.tsv", d->request->folder, d->figure->name);
	switch (stamp_look(path, "# ", d->data->db, of)) {
	case STAMP_OTHER:
		return figure_mistake(d, "name",
				      "%s is of another study (%.8s; this is %.8s) and is not "
				      "replaced: name another folder, or remove it",
				      path, of, db_study_hash(d->data->db));
	case STAMP_FOREIGN:
		return figure_mistake(d, "name",
				      "%s is none of mcvsim's and is not replaced: name another "
				      "folder, or remove it",
				      path);
	case STAMP_UNSURE:
		diag_add(d->diags, DIAG_WARNING, d->request->file, 0, 0, NULL,
			 "%s: replaces the figure of study %.8s; studies that each have a "
			 "\"description\" of their own are told apart by it",
			 d->figure->name, of);
		break;
	default:
		break;
	}
	return 0;
}

static int draw(struct drawing *d, struct err *e)
{
	int code = find_axis(d, "x", d->figure->x, &d->x);
	int series = find_axis(d, d->figure->series ? "series" : "y", figure_second_axis(d->figure),
			       &d->series);
	if (find_metric(d) || code || series)
		return ERR_INVALID;
	code = fix_axes(d, d->level);
	if (code == 0)
		code = spare_others(d);
	if (code)
		return code;
	code = figure_begin(d, e);
	if (code == 0)
		code = draw_kind[d->figure->kind](d, e);
	return figure_end(d, code, e);
}

/* One script of a figure, which begins from nothing. */
static int draw_script(const struct drawing *common, const struct figure *f, bool latex,
		       struct arena *arena, const char **script, struct err *e)
{
	struct drawing d = *common;
	d.figure = f;
	d.latex = latex;
	d.width_in = figure_sizes[f->width].width;
	d.height_in = figure_sizes[f->width].height;
	d.level = arena_array(arena, d.data->axis_count, sizeof(*d.level));
	*script = arena_printf(arena, "%s%s.gp", f->name, latex ? "-latex" : "");
	if (!d.level || !*script)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t a = 0; a < d.data->axis_count; a++)
		d.level[a] = SIZE_MAX;
	return draw(&d, e);
}

int figures_write(const struct dataset *data, const struct figures *figures,
		  const struct figure_request *request, const char **scripts, size_t *written,
		  struct arena *arena, struct diag_list *diags, struct err *e)
{
	const struct figure *list = figures->list.items;
	int result = 0, scripts_each = request->formats & FIGURE_LATEX ? 2 : 1;
	size_t lossy_count;
	bool *lossy = arena_array(arena, data->point_count + 1, sizeof(*lossy));
	*written = 0;
	if (!lossy)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	int marked = caveat_mark_lossy(data, lossy, &lossy_count, e);
	if (marked)
		return marked;
	struct figure_origin origin;
	figure_origin_of(data, &origin);
	for (size_t i = 0; i < figures->list.count; i++) {
		struct drawing common = {.data = data,
					 .request = request,
					 .index = i,
					 .origin = &origin,
					 .lossy = lossy,
					 .diags = diags};
		struct diag_list said_before = {0}; /* by the first script */
		for (int k = 0; k < scripts_each; k++) {
			if (k == 1)
				common.diags = &said_before;
			int code = draw_script(&common, &list[i], k == 1, arena, &scripts[*written],
					       e);
			diag_free(&said_before);
			if (code && code != ERR_INVALID)
				return code;
			if (code == ERR_INVALID) {
				result = code;
				break;
			}
			++*written;
		}
	}
	return result;
}
