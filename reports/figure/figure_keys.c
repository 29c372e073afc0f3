/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The keys of a figure, and which of them each kind takes.
 */
#include "reports/figure/figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a kind draws, and what its keys mean. */
static const struct form {
	const char *name;
	bool x, y_axis; /* x and y are axes of the sweep; else the metric is along them */
	bool series;	/* one line, bar or row for each value of an axis */
	bool baseline;	/* may be held against other points */
	bool all_subjects;
	enum figure_part part;
} forms[] = {
	[FIGURE_LINES] = {"lines", .x = true, .series = true},
	[FIGURE_BARS] = {"bars", .x = true, .series = true},
	[FIGURE_STACK] = {"stack", .x = true, .series = true, .all_subjects = true},
	[FIGURE_CDF] = {"cdf", .series = true, .part = FIGURE_DISTRIBUTION},
	[FIGURE_QUANTILES] = {"quantiles", .series = true, .part = FIGURE_DISTRIBUTION},
	[FIGURE_HEATMAP] = {"heatmap", .x = true, .y_axis = true, .baseline = true},
	[FIGURE_TORNADO] = {.name = "tornado"},
	[FIGURE_TIME_SERIES] = {"time-series", .series = true, .part = FIGURE_SERIES},
	[FIGURE_TIMELINE] = {"timeline", .series = true, .all_subjects = true},
	[FIGURE_SCREEN] = {.name = "screen"},
};

static const char *const kind_names[] = {"lines",     "bars",	 "stack",   "cdf",
					 "quantiles", "heatmap", "tornado", "time-series",
					 "timeline",  "screen",	 NULL};
static const char *const log_names[] = {"auto", "none", "x", "y", "xy", NULL};
static const char *const width_names[] = {"column", "page", NULL};
static const char *const compare_names[] = {"ratio", "difference", NULL};

#define AT(field) offsetof(struct figure, field)
static const struct key figure_keys[] = {
	{"name", KEY_STRING, AT(name), .help = "of its files: letters, digits, '.', '_' and '-'"},
	{"kind", KEY_ENUM, AT(kind), .choices = kind_names,
	 .help = "lines: means with confidence bands; bars: grouped, with intervals; stack: the "
		 "subjects of a metric on top of each other; cdf, quantiles: a distribution; "
		 "heatmap: over two axes, with the line of break-even; tornado: what each axis "
		 "alone "
		 "changes, around the point that \"at\" fixes; time-series: over simulated time; "
		 "timeline: where a task's time goes, of one task of a run (task.timeline) or of "
		 "the mean task (overhead); screen: what `screen` found"},
	{"x", KEY_STRING, AT(x), .optional = true,
	 .help = "the axis of the sweep along x; for lines, bars, stack and heatmap"},
	{"y", KEY_STRING, AT(y), .help = "the metric; for a heatmap the axis of the sweep along y"},
	{"z", KEY_STRING, AT(z), .optional = true, .help = "the metric of a heatmap"},
	{"subject", KEY_STRING, AT(subject), .optional = true,
	 .help = "of the metric, where it has several: a host, a cause"},
	{"series", KEY_STRING, AT(series), .optional = true,
	 .help = "the axis of the sweep with a line, bar or row for each value"},
	{"at", KEY_ANY, AT(at), .optional = true,
	 .help = "values for the axes that are not drawn: {\"axis\": value}"},
	{"baseline", KEY_ANY, AT(baseline), .optional = true,
	 .help = "a heatmap is of the metric against that at another value of an axis: "
		 "{\"axis\": value}; the line of break-even is where both are the same"},
	{"compare", KEY_ENUM, AT(compare), .choices = compare_names, .def = "\"ratio\"",
	 .help = "how a heatmap with a baseline is held against it"},
	{"contour", KEY_ANY, AT(contour), .optional = true,
	 .help = "the level of a heatmap at which a line is drawn, a number in the base unit; with "
		 "a baseline that of break-even when not given"},
	{"log", KEY_ENUM, AT(log), .choices = log_names, .def = "\"auto\"",
	 .help = "these axes are logarithmic, and those whose values span decades; none: no axis "
		 "is"},
	{"width", KEY_ENUM, AT(width), .choices = width_names, .def = "\"column\"",
	 .help = "one column of a paper or the whole page"},
	{"title", KEY_STRING, AT(title), .optional = true,
	 .help = "above the plot; papers say it in the caption instead"},
	{0},
};
#undef AT

/* --- what a kind takes --- */

enum figure_part figure_part(const struct figure *f)
{
	/* What a run keeps of one of its tasks is a series over time; of the mean task, numbers. */
	if (f->kind == FIGURE_TIMELINE && f->y && strcmp(f->y, "task.timeline") == 0)
		return FIGURE_SERIES;
	return forms[f->kind].part;
}

const char *figure_metric_key(const struct figure *f)
{
	return forms[f->kind].y_axis ? "z" : "y";
}

const char *figure_metric(const struct figure *f)
{
	return forms[f->kind].y_axis ? f->z : f->y;
}

bool figure_takes_all_subjects(const struct figure *f)
{
	return forms[f->kind].all_subjects;
}

const char *figure_second_axis(const struct figure *f)
{
	return forms[f->kind].y_axis ? f->y : f->series;
}

/* --- checks --- */

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

/* A key that the kind has no use for, or lacks. */
static void check_key(const struct json_doc *doc, const char *pointer, const struct figure *f,
		      const char *key, bool given, bool taken, bool needed, struct diag_list *diags)
{
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, key);
	if (given && !taken)
		json_doc_error(doc, diags, at, "a figure of kind %s takes no \"%s\"",
			       kind_names[f->kind], key);
	else if (!given && needed)
		json_doc_error(doc, diags, pointer, "a figure of kind %s needs \"%s\"",
			       kind_names[f->kind], key);
}

static void check_keys(const struct json_doc *doc, const char *pointer, const struct figure *f,
		       struct diag_list *diags)
{
	const struct form *form = &forms[f->kind];
	check_key(doc, pointer, f, "x", f->x, form->x, form->x, diags);
	check_key(doc, pointer, f, "z", f->z, form->y_axis, form->y_axis, diags);
	check_key(doc, pointer, f, "series", f->series, form->series, false, diags);
	check_key(doc, pointer, f, "baseline", f->baseline, form->baseline, false, diags);
	check_key(doc, pointer, f, "contour", f->contour, form->baseline, false, diags);
	check_key(doc, pointer, f, "at", f->at, true, f->kind == FIGURE_TORNADO, diags);
}

static bool is_drawn(const struct figure *f, const char *axis)
{
	const char *second = figure_second_axis(f);
	return (f->x && strcmp(axis, f->x) == 0) || (second && strcmp(axis, second) == 0);
}

/* {axis: value}, for axes that are not drawn. */
static void check_values(const struct json_doc *doc, const char *pointer, const char *key,
			 const struct figure *f, const cJSON *values, struct diag_list *diags)
{
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, key);
	if (values && !cJSON_IsObject(values)) {
		json_doc_error(doc, diags, at, "must be an object {axis: value}");
		return;
	}
	const cJSON *c;
	cJSON_ArrayForEach(c, values)
	{
		check_axis(doc, at, c->string, c->string, diags);
		if (is_drawn(f, c->string))
			json_doc_error(doc, diags, at, "'%s' is drawn, so it cannot be fixed",
				       c->string);
	}
}

static void check_baseline(const struct json_doc *doc, const char *pointer, const struct figure *f,
			   struct diag_list *diags)
{
	char at[600];
	check_values(doc, pointer, "baseline", f, f->baseline, diags);
	json_pointer_join(at, sizeof(at), pointer, "baseline");
	if (cJSON_IsObject(f->baseline) && cJSON_GetArraySize(f->baseline) != 1)
		json_doc_error(doc, diags, at, "must name one axis and its value");
	json_pointer_join(at, sizeof(at), pointer, "contour");
	if (f->contour && !cJSON_IsNumber(f->contour))
		json_doc_error(doc, diags, at, "must be a number, in the base unit of the metric");
}

static void check_figure(void *object, const struct json_doc *doc, const char *pointer,
			 struct diag_list *diags)
{
	const struct figure *f = object;
	const char *second = figure_second_axis(f);
	char at[600];
	size_t length = f->name ? strlen(f->name) : 0;
	if (length >= 6 && strcmp(f->name + length - 6, "-latex") == 0) {
		json_pointer_join(at, sizeof(at), pointer, "name");
		json_doc_error(doc, diags, at,
			       "must not end in \"-latex\", as the files of `report --latex` do");
	}
	if (f->name && !is_file_name(f->name)) {
		json_pointer_join(at, sizeof(at), pointer, "name");
		json_doc_error(doc, diags, at,
			       "'%s' cannot name a file: use letters, digits, '.', '_' and '-'",
			       f->name);
	}
	check_keys(doc, pointer, f, diags);
	check_axis(doc, pointer, "x", f->x, diags);
	check_axis(doc, pointer, forms[f->kind].y_axis ? "y" : "series", second, diags);
	if (f->x && second && strcmp(f->x, second) == 0)
		json_doc_error(doc, diags, pointer, "x and %s are the same axis, '%s'",
			       forms[f->kind].y_axis ? "y" : "series", f->x);
	check_values(doc, pointer, "at", f, f->at, diags);
	check_baseline(doc, pointer, f, diags);
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
