/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/study_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_SIZE = 400 };

static void add_to_list(char *list, const char *name)
{
	static const char more[] = ", ...";
	size_t used = strlen(list), dots = sizeof(more) - 1;
	if (used >= dots && strcmp(list + used - dots, more) == 0)
		return;
	bool fits = used + strlen(name) + dots + 3 < LIST_SIZE;
	snprintf(list + used, LIST_SIZE - used, "%s%s", used && fits ? ", " : "",
		 fits ? name : more);
}

/* --- names of metrics --- */

/* Whether `beginning` is the metric's name or what stands before a dot in it. */
static bool begins(const char *metric, const char *beginning)
{
	size_t n = strlen(beginning);
	return strncmp(metric, beginning, n) == 0 && (metric[n] == '\0' || metric[n] == '.');
}

static bool has_part(const struct world_metric *m, enum figure_part part)
{
	return part == FIGURE_DISTRIBUTION ? m->has_histograms
	       : part == FIGURE_SERIES	   ? m->has_series
					   : m->has_values;
}

static void unknown_metric(const struct study *s, const char *pointer, const char *name,
			   struct diag_list *diags)
{
	size_t count = 0, n = 0;
	while (world_metrics[count].name)
		count++;
	const char **names = calloc(count + 1, sizeof(*names));
	if (!names) /* the mistake is told, if with less help */
		count = 0;
	for (; n < count; n++)
		names[n] = world_metrics[n].name;
	const char *near = names ? diag_nearest(name, names) : NULL;
	char list[LIST_SIZE] = "";
	for (size_t i = 0; i < n; i++)
		add_to_list(list, names[i]);
	if (near)
		json_doc_error(&s->doc, diags, pointer,
			       "a run reports no metric \"%s\"; did you mean \"%s\"?", name, near);
	else
		json_doc_error(&s->doc, diags, pointer,
			       "a run reports no metric \"%s\"; there are %s", name, list);
	free(names);
}

/* The metric is there, but has not what the figure draws. */
static void wrong_part(const struct study *s, const char *pointer, const char *name,
		       enum figure_part part, struct diag_list *diags)
{
	static const char *const forms[] = {
		[FIGURE_VALUES] = ("\"%s\" is no number, but a distribution or a series over time; "
				   "its numbers are %s"),
		[FIGURE_DISTRIBUTION] = "\"%s\" has no distribution; there are those of %s",
		[FIGURE_SERIES] = "\"%s\" is not recorded over time; these are: %s",
	};
	char list[LIST_SIZE] = "";
	for (const struct world_metric *m = world_metrics; m->name; m++)
		if (has_part(m, part) && (part != FIGURE_VALUES || begins(m->name, name)))
			add_to_list(list, m->name);
	json_doc_error(&s->doc, diags, pointer, forms[part], name, list[0] ? list : "none");
}

/* The metric of that name with that part, or NULL, which is told at the pointer. */
static const struct world_metric *find(const struct study *s, const char *pointer, const char *name,
				       enum figure_part part, struct diag_list *diags)
{
	const struct world_metric *m = world_metric_find(name);
	if (m && has_part(m, part))
		return m;
	if (m)
		wrong_part(s, pointer, name, part, diags);
	else
		unknown_metric(s, pointer, name, diags);
	return NULL;
}

static void check_record(const struct study *s, struct diag_list *diags)
{
	const char *const *names = s->experiment.record.items;
	for (size_t i = 0; i < s->experiment.record.count; i++) {
		const struct world_metric *m = world_metrics;
		char pointer[64];
		while (m->name && !begins(m->name, names[i]))
			m++;
		snprintf(pointer, sizeof(pointer), "/record/%zu", i);
		if (!m->name)
			unknown_metric(s, pointer, names[i], diags);
	}
}

static void use_metric(struct metric_uses *uses, const struct world_metric *m, const char *subject,
		       bool all, const char *pointer)
{
	struct metric_use *use = &uses->items[uses->count++];
	*use = (struct metric_use){.metric = m, .subject = subject, .all = all};
	snprintf(use->pointer, sizeof(use->pointer), "%s", pointer);
}

static void check_figure_metric(struct study *s, const struct figure *f, size_t index,
				struct metric_uses *uses, struct diag_list *diags)
{
	char pointer[64], at[70];
	snprintf(pointer, sizeof(pointer), "/figures/%zu", index);
	json_pointer_join(at, sizeof(at), pointer, figure_metric_key(f));
	const struct world_metric *m = find(s, at, figure_metric(f), figure_part(f), diags);
	if (m && !experiment_records(&s->experiment, m->name))
		json_doc_error(&s->doc, diags, at, "\"record\" leaves \"%s\" out: add it there",
			       m->name);
	else if (m)
		use_metric(uses, m, f->subject, figure_takes_all_subjects(f), pointer);
}

int study_check_metrics(struct study *s, const struct figures *figures, struct metric_uses *uses,
			struct diag_list *diags)
{
	const struct precision *p = s->experiment.precision;
	size_t errors = diags->errors, count = figures ? figures->list.count : 0;
	const struct figure *list = count ? figures->list.items : NULL;
	*uses = (struct metric_uses){arena_array(&s->arena, count + 2, sizeof(*uses->items)), 0};
	if (!uses->items)
		return ERR_NOMEM;
	check_record(s, diags);
	const struct world_metric *m =
		p ? find(s, "/precision/metric", p->metric, FIGURE_VALUES, diags) : NULL;
	if (m)
		use_metric(uses, m, p->subject, false, "/precision");
	const struct screen *screen = s->experiment.screen;
	m = screen ? find(s, "/screen/metric", screen->metric, FIGURE_VALUES, diags) : NULL;
	if (m)
		use_metric(uses, m, screen->subject, false, "/screen");
	for (size_t i = 0; i < count; i++)
		check_figure_metric(s, &list[i], i, uses, diags);
	return diags->errors != errors ? ERR_INVALID : 0;
}

/* --- subjects --- */

/* More of them than that are not listed anyway. */
enum { SUBJECTS_LISTED = 1000 };

static int list_subjects(struct metric_use *use, const struct world *world, struct arena *arena)
{
	char list[LIST_SIZE] = "", buf[WORLD_SUBJECT_SIZE];
	const char **names = arena_array(arena, SUBJECTS_LISTED + 1, sizeof(*names));
	const char *own;
	for (size_t i = 0;
	     names && i < SUBJECTS_LISTED && (own = world_subject(world, use->metric, i, buf));
	     i++) {
		add_to_list(list, own);
		names[i] = arena_strdup(arena, own);
		if (!names[i])
			return ERR_NOMEM;
	}
	const char *nearest = names && use->subject ? diag_nearest(use->subject, names) : NULL;
	use->subjects = arena_strdup(arena, list);
	use->nearest = arena_strdup(arena, nearest ? nearest : "");
	return names && use->subjects && use->nearest ? 0 : ERR_NOMEM;
}

int metric_uses_meet(struct metric_uses *uses, const struct world *world, struct arena *arena)
{
	for (size_t i = 0; i < uses->count; i++) {
		struct metric_use *use = &uses->items[i];
		size_t n = world_subject_count(world, use->metric);
		use->most = n > use->most ? n : use->most;
		use->met = use->met || !use->subject ||
			   world_has_subject(world, use->metric, use->subject);
		bool wrong = !use->met || (!use->subject && !use->all && n > 1);
		if (wrong && !use->subjects && list_subjects(use, world, arena) != 0)
			return ERR_NOMEM;
	}
	return 0;
}

int metric_uses_check(const struct metric_uses *uses, const struct json_doc *doc,
		      struct diag_list *diags)
{
	int code = 0;
	for (size_t i = 0; i < uses->count; i++) {
		const struct metric_use *use = &uses->items[i];
		const char *list = use->subjects && use->subjects[0] ? use->subjects : "none";
		char at[100];
		if (use->subject && !use->met) {
			bool whole = use->metric->subjects == WORLD_WHOLE;
			json_pointer_join(at, sizeof(at), use->pointer, "subject");
			if (use->nearest && use->nearest[0])
				json_doc_error(doc, diags, at,
					       "\"%s\" has no subject \"%s\"; did you mean \"%s\"?",
					       use->metric->name, use->subject, use->nearest);
			else
				json_doc_error(doc, diags, at,
					       "\"%s\" has no subject \"%s\" (%s%s)",
					       use->metric->name, use->subject,
					       whole ? "it is of the whole" : "it has ",
					       whole ? "" : list);
		} else if (!use->subject && !use->all && use->most > 1) {
			json_doc_error(
				doc, diags, use->pointer,
				"\"%s\" has several subjects: choose one with \"subject\" (%s)",
				use->metric->name, list);
		} else {
			continue;
		}
		code = ERR_INVALID;
	}
	return code;
}

/* --- the points of a figure --- */

static bool is_value(const struct parameter *p, const struct parameter *wanted)
{
	if (strcmp(p->text, wanted->text) == 0)
		return true;
	return p->numeric && wanted->numeric && strcmp(p->unit, wanted->unit) == 0 &&
	       fabs(p->number - wanted->number) <= 1e-9 * fabs(p->number);
}

/* One value of `at`. */
static int check_fixed(struct study *s, const char *pointer, size_t axis, const cJSON *value,
		       struct diag_list *diags)
{
	struct parameter wanted;
	char at[400], list[LIST_SIZE] = "";
	const char *last = "";
	if (axis_parameter(value->string, value, &wanted, &s->arena) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->plan.count; i++)
		if (is_value(&s->plan.points[i].parameters[axis], &wanted))
			return 0;
	for (size_t i = 0; i < s->plan.count; i++) {
		const char *text = s->plan.points[i].parameters[axis].text;
		bool seen = strcmp(text, last) == 0;
		for (size_t k = 0; k < i && !seen && k < 1000; k++)
			seen = s->plan.points[k].parameters[axis].text == text;
		if (!seen)
			add_to_list(list, text);
		last = text;
	}
	json_pointer_join(at, sizeof(at), pointer, "at");
	json_doc_error(&s->doc, diags, json_pointer_join(at, sizeof(at), at, value->string),
		       "axis \"%s\" has no value %s (it has %s)", value->string, wanted.text, list);
	return ERR_INVALID;
}

static size_t axis_index(const struct study *s, const char *name)
{
	const struct axis *axes = s->experiment.sweep.items;
	size_t i = 0;
	while (i < s->experiment.sweep.count && strcmp(axes[i].name, name) != 0)
		i++;
	return i;
}

struct pair {
	const char *from, *to;
};

static int by_from(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->from, ((const struct pair *)b)->from);
}

/* Whether the value of axis `from` tells that of axis `to`, with which it is in lockstep: not where
 * it has a value twice. Returns 1, 0 or ERR_NOMEM. */
static int tells(const struct study *s, size_t from, size_t to)
{
	const struct axis *axes = s->experiment.sweep.items;
	const char *one = axes[from].with ? axes[from].with : axes[from].name;
	if (from == to || strcmp(one, axes[to].with ? axes[to].with : axes[to].name) != 0)
		return from == to;
	struct pair *pairs = calloc(s->plan.count, sizeof(*pairs));
	if (!pairs)
		return ERR_NOMEM;
	for (size_t i = 0; i < s->plan.count; i++)
		pairs[i] = (struct pair){s->plan.points[i].parameters[from].text,
					 s->plan.points[i].parameters[to].text};
	qsort(pairs, s->plan.count, sizeof(*pairs), by_from);
	int told = 1;
	for (size_t i = 1; i < s->plan.count && told; i++)
		told = strcmp(pairs[i].from, pairs[i - 1].from) != 0 ||
		       strcmp(pairs[i].to, pairs[i - 1].to) == 0;
	free(pairs);
	return told;
}

static bool is_chosen(const struct figure *f, const char *axis)
{
	const char *second = figure_second_axis(f);
	return (f->x && strcmp(f->x, axis) == 0) || (second && strcmp(second, axis) == 0) ||
	       (f->at && cJSON_GetObjectItemCaseSensitive(f->at, axis));
}

static bool has_several_values(const struct study *s, size_t axis)
{
	for (size_t i = 1; i < s->plan.count; i++)
		if (strcmp(s->plan.points[i].parameters[axis].text,
			   s->plan.points[0].parameters[axis].text) != 0)
			return true;
	return false;
}

static int check_axes(struct study *s, const struct figure *f, const char *pointer,
		      struct diag_list *diags)
{
	const struct axis *axes = s->experiment.sweep.items;
	size_t count = s->experiment.sweep.count;
	int code = 0;
	if ((f->kind == FIGURE_SCREEN) != (s->experiment.screen != NULL)) {
		json_doc_error(&s->doc, diags, pointer,
			       s->experiment.screen
				       ? "the parameters of \"screen\" have no points of their "
					 "own: only figures of kind screen can be drawn"
				       : "a figure of kind screen needs a study with \"screen\"");
		code = ERR_INVALID;
	}
	const cJSON *value;
	cJSON_ArrayForEach(value, f->at)
	{
		size_t axis = axis_index(s, value->string);
		int one = axis < count ? check_fixed(s, pointer, axis, value, diags) : 0;
		if (one == ERR_NOMEM)
			return one;
		code = one ? one : code;
	}
	/* `where` may bring axes into lockstep, which only the results show. */
	for (size_t a = 0; a < count && !s->experiment.where; a++) {
		int told = 0;
		for (size_t b = 0; b < count && told == 0; b++)
			told = is_chosen(f, axes[b].name) ? tells(s, b, a) : 0;
		if (told == ERR_NOMEM)
			return told;
		if (told || !has_several_values(s, a))
			continue;
		json_doc_error(&s->doc, diags, pointer,
			       "axis \"%s\" has several values: fix one with \"at\", or draw it as "
			       "x or series",
			       axes[a].name);
		code = ERR_INVALID;
	}
	return code;
}

int study_check_figure_axes(struct study *s, const struct figures *figures, struct diag_list *diags)
{
	const struct figure *list = figures->list.items;
	int code = 0;
	for (size_t i = 0; i < figures->list.count; i++) {
		char pointer[64];
		snprintf(pointer, sizeof(pointer), "/figures/%zu", i);
		int one = check_axes(s, &list[i], pointer, diags);
		if (one == ERR_NOMEM)
			return one;
		code = one ? one : code;
	}
	return code;
}
