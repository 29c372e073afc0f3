/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/figure.h"

#include "reports/caveat.h"
#include "reports/figure_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Beside each kind: its drawing, and whether it has an x axis. */
static const struct {
	const char *name;
	draw_function *draw;
	bool has_x;
} kinds[] = {
	[FIGURE_LINES] = {"lines", figure_draw_lines, true},
	[FIGURE_BARS] = {"bars", figure_draw_bars, true},
	[FIGURE_STACK] = {"stack", figure_draw_stack, true},
	[FIGURE_CDF] = {"cdf", figure_draw_cdf, false},
};

/* --- keys --- */

static const char *const kind_names[] = {"lines", "bars", "stack", "cdf", NULL};
static const char *const log_names[] = {"none", "x", "y", "xy", NULL};
static const char *const width_names[] = {"column", "page", NULL};

static const struct key figure_keys[] = {
	{"name", KEY_STRING, offsetof(struct figure, name),
	 .help = "of its files: letters, digits, '.', '_' and '-'"},
	{"kind", KEY_ENUM, offsetof(struct figure, kind), .choices = kind_names,
	 .help = "lines with confidence bands, grouped bars with intervals, stacked bars of a "
		 "metric's subjects, or the distribution of a metric"},
	{"x", KEY_STRING, offsetof(struct figure, x), .optional = true,
	 .help = "the axis of the sweep along x; not for cdf, where x is the metric"},
	{"y", KEY_STRING, offsetof(struct figure, y), .help = "the metric"},
	{"subject", KEY_STRING, offsetof(struct figure, subject), .optional = true,
	 .help = "of the metric, where it has several: a host, a cause"},
	{"series", KEY_STRING, offsetof(struct figure, series), .optional = true,
	 .help = "the axis of the sweep with a line or bar for each value"},
	{"at", KEY_ANY, offsetof(struct figure, at), .optional = true,
	 .help = "values for the axes that are neither x nor series: {\"axis\": value}"},
	{"log", KEY_ENUM, offsetof(struct figure, log), .choices = log_names, .def = "\"none\"",
	 .help = "which axes are logarithmic"},
	{"width", KEY_ENUM, offsetof(struct figure, width), .choices = width_names,
	 .def = "\"column\"", .help = "one column of a paper or the whole page"},
	{"title", KEY_STRING, offsetof(struct figure, title), .optional = true,
	 .help = "above the plot; papers say it in the caption instead"},
	{0},
};

static bool is_file_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(name);
	return n > 0 && n <= 100 && name[0] != '.' && name[0] != '-' && strspn(name, allowed) == n;
}

static void list_children(const cJSON *object, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	const cJSON *c;
	cJSON_ArrayForEach(c, object) if (n < size) n +=
		(size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", c->string);
}

static void check_axis(const struct json_doc *doc, const char *pointer, const char *key,
		       const char *axis, struct diag_list *diags)
{
	const cJSON *sweep = json_at(doc->root, "/sweep");
	if (!axis || (cJSON_IsObject(sweep) && cJSON_GetObjectItemCaseSensitive(sweep, axis)))
		return;
	char at[600], names[300];
	list_children(sweep, names, sizeof(names));
	json_pointer_join(at, sizeof(at), pointer, key);
	json_doc_error(doc, diags, at, "there is no axis '%s' in sweep (%s)", axis,
		       names[0] ? names : "which has none");
}

static void check_figure(void *object, const struct json_doc *doc, const char *pointer,
			 struct diag_list *diags)
{
	const struct figure *f = object;
	char at[600];
	if (f->name && !is_file_name(f->name)) {
		json_pointer_join(at, sizeof(at), pointer, "name");
		json_doc_error(doc, diags, at,
			       "'%s' cannot name a file: use letters, digits, '.', '_' and '-'",
			       f->name);
	}
	check_axis(doc, pointer, "x", f->x, diags);
	check_axis(doc, pointer, "series", f->series, diags);
	if (kinds[f->kind].has_x && !f->x)
		json_doc_error(doc, diags, pointer, "a figure of kind %s needs x, an axis of sweep",
			       kind_names[f->kind]);
	if (!kinds[f->kind].has_x && f->x) {
		json_pointer_join(at, sizeof(at), pointer, "x");
		json_doc_error(doc, diags, at, "a figure of kind %s has its metric along x",
			       kind_names[f->kind]);
	}
	if (f->x && f->series && strcmp(f->x, f->series) == 0)
		json_doc_error(doc, diags, pointer, "x and series are the same axis, '%s'", f->x);
	json_pointer_join(at, sizeof(at), pointer, "at");
	if (f->at && !cJSON_IsObject(f->at)) {
		json_doc_error(doc, diags, at, "must be an object {axis: value}");
		return;
	}
	const cJSON *c;
	cJSON_ArrayForEach(c, f->at)
	{
		check_axis(doc, at, c->string, c->string, diags);
		if ((f->x && strcmp(c->string, f->x) == 0) ||
		    (f->series && strcmp(c->string, f->series) == 0))
			json_doc_error(doc, diags, at, "'%s' is drawn, so it cannot be fixed",
				       c->string);
	}
}

static const struct key_object figure_object = {
	"figure",
	figure_keys,
	sizeof(struct figure),
	.help = "a figure to draw from the results",
	.check = check_figure,
};

static void check_figures(void *object, const struct json_doc *doc, const char *pointer,
			  struct diag_list *diags)
{
	const struct key_list *list = &((struct figures *)object)->list;
	const struct figure *f = list->items;
	for (size_t i = 1; i < list->count; i++)
		for (size_t k = 0; k < i; k++)
			if (f[i].name && f[k].name && strcmp(f[i].name, f[k].name) == 0)
				json_doc_error(
					doc, diags, pointer,
					"two figures are called '%s' and would share their files",
					f[i].name);
}

static const struct key figures_keys[] = {
	{"figures", KEY_ARRAY, offsetof(struct figures, list), .object = &figure_object,
	 .optional = true, .help = "what `mcvsim report` draws"},
	{0},
};

const struct key_object figures_object = {
	"figures",
	figures_keys,
	sizeof(struct figures),
	.help = "figures to draw from the results",
	.check = check_figures,
};

int figures_of_study(const struct db *db, struct figures *out, struct arena *arena,
		     struct diag_list *diags)
{
	/* The document was checked when it was run; it is read by the same rules. */
	struct json_doc doc = {(cJSON *)db_document(db), NULL};
	return keys_parse_part(&figures_object, &doc, "", out, arena, diags);
}

int figures_parse(const struct db *db, const char *text, struct figures *out, struct json_doc *doc,
		  struct arena *arena, struct diag_list *diags, struct err *e)
{
	/* Read as a part of the study, so that names of axes are checked against its sweep. */
	bool array = text[strspn(text, " \t\n")] == '[';
	const cJSON *sweep = cJSON_GetObjectItemCaseSensitive(db_document(db), "sweep");
	char *sweep_text = sweep ? json_canonical(sweep) : strdup("{}");
	char *whole = NULL;
	*doc = (struct json_doc){0};
	int length = sweep_text ? asprintf(&whole, "{\"figures\": %s%s%s, \"sweep\": %s}",
					   array ? "" : "[", text, array ? "" : "]", sweep_text)
				: -1;
	free(sweep_text);
	if (length < 0)
		return err_set(e, ERR_NOMEM, "no memory to read figures");
	int code = json_doc_parse(doc, "--figure", whole, (size_t)length, diags, e);
	free(whole);
	if (code)
		return code;
	code = keys_parse_part(&figures_object, doc, "", out, arena, diags);
	if (code)
		json_doc_free(doc);
	return code;
}

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

/* Metrics by name, each once; those without values are not listed for figures that need them. */
static void list_metrics(const struct drawing *d, char *out, size_t size)
{
	size_t n = 0;
	bool histograms = d->figure->kind == FIGURE_CDF;
	out[0] = '\0';
	for (size_t i = 0; i < d->data->metric_count && n < size; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (!(histograms ? m->has_histograms : m->has_values))
			continue;
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= strcmp(d->data->metrics[k].name, m->name) == 0 &&
				(histograms ? d->data->metrics[k].has_histograms
					    : d->data->metrics[k].has_values);
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

/* The axis that tells this one's level by lockstep: x, the series, or one fixed by `at`; -1. */
static int teller(const struct drawing *d, const size_t *fixed, size_t axis)
{
	for (size_t i = 0; i < d->data->axis_count; i++)
		if (i != axis && dataset_in_lockstep(d->data, i, axis) &&
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
		if (fixed[i] != SIZE_MAX || (int)i == d->x || (int)i == d->series)
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
	const struct figure *f = d->figure;
	size_t matches = 0, with_subject = 0;
	char subjects[300] = "", names[500];
	for (size_t i = 0, n = 0; i < d->data->metric_count; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (strcmp(m->name, f->y) != 0 ||
		    !(f->kind == FIGURE_CDF ? m->has_histograms : m->has_values))
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
		return figure_mistake(d, "y", "the results have no %s '%s' (they have %s)",
				      f->kind == FIGURE_CDF ? "distribution of" : "metric", f->y,
				      names[0] ? names : "none");
	}
	if (with_subject == 0)
		return figure_mistake(d, "subject", "'%s' has no subject '%s' (it has %s)", f->y,
				      f->subject, subjects);
	if (with_subject > 1) {
		d->metric = NULL;
		if (f->kind != FIGURE_STACK)
			return figure_mistake(
				d, "y",
				"'%s' has several subjects: choose one with \"subject\" "
				"(%s)",
				f->y, subjects);
	}
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
		if ((int)i == d->x || (int)i == d->series)
			continue;
		if (d->x >= 0 && dataset_in_lockstep(d->data, (size_t)d->x, i))
			d->level[i] = dataset_follow(d->data, (size_t)d->x, x, i);
		else if (d->series >= 0 && dataset_in_lockstep(d->data, (size_t)d->series, i))
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

static FILE *open_for(const struct drawing *d, const char *extension, struct err *e)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s.%s", d->request->folder, d->figure->name,
			 extension);
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

static int draw(struct drawing *d, size_t *fixed, struct err *e)
{
	int code = find_axis(d, "x", d->figure->x, &d->x);
	int series = find_axis(d, "series", d->figure->series, &d->series);
	if (find_metric(d) || code || series)
		return ERR_INVALID;
	code = fix_axes(d, fixed);
	if (code)
		return code;
	d->level = fixed;
	d->tsv = open_for(d, "tsv", e);
	d->gp = d->tsv ? open_for(d, "gp", e) : NULL;
	code = d->gp ? kinds[d->figure->kind].draw(d, e) : (e ? (int)e->code : ERR_IO);
	code = close_file(d->tsv, code, d->figure->name, e);
	return close_file(d->gp, code, d->figure->name, e);
}

int figures_write(const struct dataset *data, const struct figures *figures,
		  const struct figure_request *request, const char **scripts, size_t *written,
		  struct arena *arena, struct diag_list *diags, struct err *e)
{
	const struct figure *list = figures->list.items;
	int result = 0;
	size_t lossy_count;
	bool *lossy = arena_array(arena, data->point_count + 1, sizeof(*lossy));
	*written = 0;
	if (!lossy)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	int marked = caveat_mark_lossy(data, lossy, &lossy_count, e);
	if (marked)
		return marked;
	for (size_t i = 0; i < figures->list.count; i++) {
		size_t *fixed = arena_array(arena, data->axis_count, sizeof(*fixed));
		if (!fixed)
			return err_set(e, ERR_NOMEM, "no memory to draw");
		for (size_t a = 0; a < data->axis_count; a++)
			fixed[a] = SIZE_MAX;
		struct drawing d = {.data = data,
				    .figure = &list[i],
				    .request = request,
				    .index = i,
				    .lossy = lossy,
				    .diags = diags};
		int code = draw(&d, fixed, e);
		if (code == ERR_INVALID) {
			result = code;
			continue;
		}
		if (code)
			return code;
		scripts[*written] = arena_printf(arena, "%s.gp", list[i].name);
		if (!scripts[*written])
			return err_set(e, ERR_NOMEM, "no memory to draw");
		++*written;
	}
	return result;
}
