/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct precision, field)
static const struct key precision_keys[] = {
	{"metric", KEY_STRING, AT(metric),
	 .help = "the number whose mean is to be known, like \"response_time.p95\""},
	{"subject", KEY_STRING, AT(subject), .def = "\"\"",
	 .help = "of what within the world; empty for the whole"},
	{"relative", KEY_NUMBER, AT(relative), .min = 1e-6, .max = 1,
	 .help = "stop when the interval's half-width is at most this share of the mean"},
	{"confidence", KEY_NUMBER, AT(confidence), .min = 0.5, .max = 0.9999, .def = "0.95",
	 .help = "level of the Student-t interval"},
	{"max_repeat", KEY_INT, AT(max_repeat), .min = 2, .max = 100000, .def = "100",
	 .help = "stop after so many repetitions in any case"},
	{0},
};
#undef AT

static const struct key_object precision_object = {
	"precision", precision_keys, sizeof(struct precision),
	.help = "repeat a point until a number is known well enough"};

static void check_experiment(void *object, const struct json_doc *doc, const char *pointer,
			     struct diag_list *diags)
{
	const struct experiment *x = object;
	char at[300];
	if (x->precision && x->precision->max_repeat < x->repeat && x->precision->max_repeat > 0) {
		json_pointer_join(at, sizeof(at), pointer, "precision");
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), at, "max_repeat"),
			       "must not be below \"repeat\", which is %lld", (long long)x->repeat);
	}
	if (x->precision && x->screen)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "precision"),
			       "a design of \"screen\" takes as many repetitions at every point: "
			       "say \"repeat\" instead");
	for (size_t i = 0; x->screen && i < x->sweep.count; i++) {
		const struct screen_parameter *p = x->screen->parameters.items;
		const char *name = ((const struct axis *)x->sweep.items)[i].name;
		for (size_t k = 0; k < x->screen->parameters.count; k++)
			if (strcmp(p[k].name, name) == 0)
				json_doc_error(doc, diags,
					       json_pointer_join(at, sizeof(at),
								 "/screen/parameters", name),
					       "\"sweep\" has an axis of this name");
	}
}

bool experiment_records(const struct experiment *x, const char *metric)
{
	const char *const *names = x->record.items;
	if ((x->precision && strcmp(x->precision->metric, metric) == 0) ||
	    (x->screen && strcmp(x->screen->metric, metric) == 0))
		return true;
	for (size_t i = 0; i < x->record.count; i++) {
		size_t n = strlen(names[i]);
		if (strncmp(metric, names[i], n) == 0 && (metric[n] == '\0' || metric[n] == '.'))
			return true;
	}
	return x->record.count == 0;
}

size_t experiment_axis_count(const struct experiment *x)
{
	return x->sweep.count + (x->screen ? x->screen->parameters.count : 0);
}

struct axis_place experiment_axis(const struct experiment *x, size_t i)
{
	if (i < x->sweep.count) {
		const struct axis *a = (const struct axis *)x->sweep.items + i;
		return (struct axis_place){"/sweep", a->name, a->path};
	}
	const struct screen_parameter *p = x->screen->parameters.items;
	p += i - x->sweep.count;
	return (struct axis_place){"/screen/parameters", p->name, p->path};
}

#define AT(field) offsetof(struct experiment, field)
static const struct key experiment_keys[] = {
	{"sweep", KEY_MAP, AT(sweep), .object = &axis_object, .def = "{}",
	 .help = "the axes; every combination of their values is a point"},
	{"screen", KEY_OPTIONAL_OBJECT, AT(screen), .object = &screen_object, .optional = true,
	 .help = "which parameters matter: points over their ranges, for each point of the sweep"},
	{"where", KEY_STRING, AT(where), .optional = true,
	 .help = "SQL expression over the axes; points for which it is false are left out"},
	{"repeat", KEY_INT, AT(repeat), .min = 1, .max = 100000, .def = "1",
	 .help = "independent repetitions of every point"},
	{"precision", KEY_OPTIONAL_OBJECT, AT(precision), .object = &precision_object,
	 .optional = true, .help = "repeat until a number is known well enough"},
	{"seed", KEY_SEED, AT(seed), .def = "\"1\"",
	 .help = "same seed, same results; all points share their random numbers"},
	{"record", KEY_STRINGS, AT(record), .def = "[]",
	 .help = "metrics to keep, by name or beginning (\"response_time\"); empty keeps all, each "
		 "distribution at about 3 kB a run"},
	{0},
};
#undef AT

const struct key_object experiment_object = {
	"experiment", experiment_keys, sizeof(struct experiment),
	.help = "what to run, how often, and what to keep", .check = check_experiment};

struct plan_axis {
	const struct axis *axis;
	const char *pointer; /* where the axis stands, for messages */
	cJSON *values;
	const cJSON **value;	     /* the same, by index */
	struct parameter *parameter; /* of each value */
	uint32_t count;
	size_t leader; /* index of the axis that counts for this one: itself, or the one it is
			  `with` */
};

struct expansion {
	struct plan *plan;
	const struct experiment *experiment;
	struct diag_list *diags;
	struct err *e;
	bool refused; /* something was said in diags */
};

static int no_memory(struct expansion *x)
{
	return err_set(x->e, ERR_NOMEM, "no memory for the points of a sweep");
}

static void axis_error(struct expansion *x, const struct plan_axis *a, const char *key,
		       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void axis_error(struct expansion *x, const struct plan_axis *a, const char *key,
		       const char *fmt, ...)
{
	char text[400], at[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	x->refused = true;
	json_doc_error(x->plan->doc, x->diags, json_pointer_join(at, sizeof(at), a->pointer, key),
		       "%s", text);
}

/* The first token of the path, when it is one of the keys that do not change a run; else NULL. */
static const char *steering_key(const char *path, const char *const *drop)
{
	size_t n = strcspn(path + 1, "/");
	for (const struct key *k = experiment_keys; k->name; k++)
		if (strlen(k->name) == n && strncmp(k->name, path + 1, n) == 0)
			return k->name;
	for (; drop && *drop; drop++)
		if (strlen(*drop) == n && strncmp(*drop, path + 1, n) == 0)
			return *drop;
	return NULL;
}

/* Says which part of an axis' path is not there, and what it may have meant. */
static void path_error(struct expansion *x, const struct plan_axis *a)
{
	char *prefix = strdup(a->axis->path), *missing = NULL;
	const cJSON *parent = NULL;
	while (prefix && !parent && (missing = strrchr(prefix, '/'))) {
		*missing = '\0';
		parent = json_at(x->plan->doc->root, prefix);
	}
	const char **names = calloc((size_t)cJSON_GetArraySize(parent) + 1, sizeof(*names));
	size_t n = 0;
	const cJSON *member;
	if (names && cJSON_IsObject(parent)) {
		cJSON_ArrayForEach(member, parent) names[n++] = member->string;
	}
	const char *nearest = names && missing ? diag_nearest(missing + 1, names) : NULL;
	axis_error(x, a, "path", "%s leads nowhere: %s has no \"%s\"%s%s%s", a->axis->path,
		   prefix && *prefix ? prefix : "the study", missing ? missing + 1 : "",
		   nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		   nearest ? "\"?" : "");
	free(names);
	free(prefix);
}

static bool inside(const char *path, const char *above)
{
	size_t n = strlen(above);
	return strncmp(path, above, n) == 0 && (!path[n] || path[n] == '/');
}

/* Reads the values of one axis and what they are called. An axis of `screen` brings them. */
static int prepare_axis(struct expansion *x, struct plan_axis *a, const char *const *drop)
{
	struct arena *arena = &x->plan->arena;
	const char *steering = steering_key(a->axis->path, drop);
	if (steering)
		axis_error(x, a, "path", "\"%s\" does not change a run, so it cannot be swept%s",
			   steering,
			   strcmp(steering, "seed") == 0
				   ? "; for other random numbers use \"repeat\""
				   : "");
	else if (!json_at(x->plan->doc->root, a->axis->path))
		path_error(x, a);
	if (!a->values)
		a->values = axis_values(a->axis, x->plan->doc, a->pointer, x->diags);
	x->refused |= !a->values;
	if (!a->values)
		return 0;
	a->count = (uint32_t)cJSON_GetArraySize(a->values);
	a->value = arena_array(arena, a->count, sizeof(*a->value));
	a->parameter = arena_array(arena, a->count, sizeof(*a->parameter));
	if (!a->value || !a->parameter)
		return no_memory(x);
	const cJSON *value = a->values->child;
	for (uint32_t i = 0; i < a->count; i++, value = value->next) {
		a->value[i] = value;
		if (axis_value_parameter(a->axis, i, value, &a->parameter[i], arena) != 0)
			return no_memory(x);
	}
	return 0;
}

/* Finds each axis' leader and what two axes have to do with each other. */
static void relate_axes(struct expansion *x)
{
	struct plan_axis *axes = x->plan->axes;
	size_t n = x->plan->axis_count;
	for (size_t i = 0; i < n; i++) {
		const char *with = axes[i].axis->with;
		axes[i].leader = i;
		for (size_t j = 0; j < n; j++) {
			if (j < i && (inside(axes[i].axis->path, axes[j].axis->path) ||
				      inside(axes[j].axis->path, axes[i].axis->path)))
				axis_error(x, &axes[i], "path",
					   "axis \"%s\" changes the same place",
					   axes[j].axis->name);
			if (with && strcmp(with, axes[j].axis->name) == 0)
				axes[i].leader = j;
		}
		const struct plan_axis *leader = &axes[axes[i].leader];
		if (!with)
			continue;
		if (leader == &axes[i])
			axis_error(x, &axes[i], "with", "there is no other axis \"%s\"", with);
		else if (leader->axis->with)
			axis_error(x, &axes[i], "with",
				   "\"%s\" is itself in lockstep; name \"%s\" instead", with,
				   leader->axis->with);
		else if (axes[i].values && leader->values && axes[i].count != leader->count)
			axis_error(x, &axes[i], "with", "has %u values, but \"%s\" has %u",
				   axes[i].count, with, leader->count);
	}
}

/* How many combinations there are; 0 when too many, which is told. */
static size_t combinations(struct expansion *x)
{
	double count = 1;
	for (size_t i = 0; i < x->plan->axis_count; i++)
		if (x->plan->axes[i].leader == i)
			count *= x->plan->axes[i].count;
	if (count <= PLAN_POINTS_MAX)
		return (size_t)count;
	json_doc_error(x->plan->doc, x->diags, "/sweep",
		       "makes %.0f combinations, more than %d; use shorter axes or lockstep", count,
		       PLAN_POINTS_MAX);
	return 0;
}

/* The study without what steers the experiment. */
static cJSON *make_base(const cJSON *study, const char *const *drop)
{
	cJSON *base = cJSON_Duplicate(study, true);
	for (const struct key *k = experiment_keys; base && k->name; k++)
		if (strcmp(k->name, "seed") != 0)
			cJSON_DeleteItemFromObjectCaseSensitive(base, k->name);
	for (; base && drop && *drop; drop++)
		cJSON_DeleteItemFromObjectCaseSensitive(base, *drop);
	return base;
}

static int put_value(cJSON *document, const char *path, const cJSON *value)
{
	cJSON *copy = cJSON_Duplicate(value, true);
	if (copy && json_put(document, path, copy) == 0)
		return 0;
	cJSON_Delete(copy);
	return ERR_NOMEM;
}

/* Puts a point's values into a copy of the base. */
static int put_values(const struct plan *plan, const uint32_t *choice, cJSON *document)
{
	int rc = 0;
	for (size_t a = 0; a < plan->axis_count && rc == 0; a++)
		rc = put_value(document, plan->axes[a].axis->path, plan->axes[a].value[choice[a]]);
	return rc;
}

/* The document of one combination; NULL when out of memory. */
static cJSON *make_document(const struct plan *plan, const uint32_t *choice)
{
	const struct plan_options *o = &plan->options;
	cJSON *document = cJSON_Duplicate(plan->base, true);
	if (document && put_values(plan, choice, document) == 0 &&
	    (!o->trim || o->trim(o->trim_ctx, document) == 0))
		return document;
	cJSON_Delete(document);
	return NULL;
}

/* Adds the combination unless the filter leaves it out. */
static int add_point(struct expansion *x, const uint32_t *choice)
{
	struct plan *plan = x->plan;
	const struct plan_options *o = &plan->options;
	struct point *p = &plan->points[plan->count];
	p->parameter_count = plan->axis_count;
	p->parameters = arena_array(&plan->arena, plan->axis_count, sizeof(*p->parameters));
	if (!p->parameters)
		return no_memory(x);
	for (size_t a = 0; a < plan->axis_count; a++)
		p->parameters[a] = plan->axes[a].parameter[choice[a]];
	bool keep = true;
	struct err e = {0};
	int rc = 0;
	if (x->experiment->where && o->filter)
		rc = o->filter(o->filter_ctx, x->experiment->where, p->parameters,
			       p->parameter_count, &keep, &e);
	if (rc == ERR_INVALID)
		json_doc_error(plan->doc, x->diags, "/where", "%s", e.text);
	else if (rc != 0 && x->e)
		*x->e = e;
	if (rc != 0 || !keep)
		return rc;
	cJSON *document = make_document(plan, choice);
	if (!document)
		return no_memory(x);
	json_hash(document, p->id);
	cJSON_Delete(document);
	memcpy(plan->choice + plan->count * plan->axis_count, choice,
	       plan->axis_count * sizeof(*choice));
	plan->count++;
	return 0;
}

static int make_points(struct expansion *x)
{
	struct plan *plan = x->plan;
	size_t total = combinations(x), axes = plan->axis_count;
	if (total == 0)
		return ERR_INVALID;
	plan->points = arena_array(&plan->arena, total, sizeof(*plan->points));
	plan->choice = arena_array(&plan->arena, total * (axes + 1), sizeof(*plan->choice));
	uint32_t *choice = arena_array(&plan->arena, axes + 1, sizeof(*choice));
	int rc = plan->points && plan->choice && choice ? 0 : no_memory(x);
	for (size_t i = 0; i < total && rc == 0; i++) {
		size_t rest = i;
		for (size_t a = axes; a-- > 0;) {
			if (plan->axes[a].leader != a)
				continue;
			choice[a] = (uint32_t)(rest % plan->axes[a].count);
			rest /= plan->axes[a].count;
		}
		for (size_t a = 0; a < axes; a++)
			choice[a] = choice[plan->axes[a].leader];
		rc = add_point(x, choice);
	}
	if (rc == 0 && plan->count == 0) {
		json_doc_error(plan->doc, x->diags, "/where", "leaves no point of the %zu", total);
		return ERR_INVALID;
	}
	return rc;
}

static int compare_ids(const void *a, const void *b)
{
	const struct point *p = *(const struct point *const *)a,
			   *q = *(const struct point *const *)b;
	int order = strcmp(p->id, q->id);
	return order ? order : (p > q) - (p < q);
}

/* Two points with the same content would be one in the results. */
static int refuse_twins(struct expansion *x)
{
	struct plan *plan = x->plan;
	const struct point **sorted = calloc(plan->count, sizeof(*sorted));
	if (!sorted)
		return no_memory(x);
	for (size_t i = 0; i < plan->count; i++)
		sorted[i] = &plan->points[i];
	qsort(sorted, plan->count, sizeof(*sorted), compare_ids);
	int rc = 0;
	for (size_t i = 1; i < plan->count && rc == 0; i++) {
		if (strcmp(sorted[i]->id, sorted[i - 1]->id) != 0)
			continue;
		const uint32_t *one =
			plan->choice + (size_t)(sorted[i - 1] - plan->points) * plan->axis_count;
		const uint32_t *two =
			plan->choice + (size_t)(sorted[i] - plan->points) * plan->axis_count;
		for (size_t a = 0; a < plan->axis_count; a++)
			if (one[a] != two[a] && plan->axes[a].leader == a)
				axis_error(x, &plan->axes[a],
					   plan->axes[a].axis->values ? "values" : "from",
					   "values %u and %u make the same study", one[a] + 1,
					   two[a] + 1);
		rc = ERR_INVALID;
	}
	free(sorted);
	return rc;
}

/* The parameters that are screened become axes in lockstep with the first of them. */
static int add_screened(struct expansion *x)
{
	struct plan *plan = x->plan;
	const struct screen *screen = x->experiment->screen;
	if (!screen)
		return 0;
	const struct screen_parameter *p = screen->parameters.items;
	int rc = screen_points_make(&plan->screened, screen, x->experiment->seed, PLAN_POINTS_MAX,
				    plan->doc, x->diags);
	if (rc == ERR_NOMEM)
		return no_memory(x);
	x->refused |= rc != 0;
	for (size_t i = 0; i < screen->parameters.count && rc == 0; i++) {
		struct plan_axis *a = &plan->axes[x->experiment->sweep.count + i];
		struct axis *axis = arena_array(&plan->arena, 1, sizeof(*axis));
		if (!axis)
			return no_memory(x);
		*axis = (struct axis){.name = p[i].name, .path = p[i].path};
		axis->with = i ? p[0].name : NULL;
		a->axis = axis;
		a->values = plan->screened.values[i]; /* plan_free deletes it once, as an axis' */
		plan->screened.values[i] = NULL;
	}
	return 0;
}

static int expand(struct expansion *x)
{
	struct plan *plan = x->plan;
	const char *const *drop = plan->options.drop;
	const struct axis *axes = x->experiment->sweep.items;
	plan->axis_count = experiment_axis_count(x->experiment);
	plan->axes = arena_array(&plan->arena, plan->axis_count, sizeof(*plan->axes));
	plan->base = make_base(plan->doc->root, drop);
	if (!plan->axes || !plan->base)
		return no_memory(x);
	if (add_screened(x) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < plan->axis_count; i++) {
		char at[400];
		struct plan_axis *a = &plan->axes[i];
		struct axis_place place = experiment_axis(x->experiment, i);
		if (i < x->experiment->sweep.count)
			a->axis = &axes[i];
		if (!a->axis)
			break; /* the ranges of `screen` were refused */
		a->pointer = arena_strdup(
			&plan->arena, json_pointer_join(at, sizeof(at), place.section, place.name));
		if (!a->pointer || prepare_axis(x, a, drop) != 0)
			return no_memory(x);
	}
	if (!x->refused || !x->experiment->screen)
		relate_axes(x);
	if (x->refused)
		return ERR_INVALID;
	int rc = make_points(x);
	return rc ? rc : refuse_twins(x);
}

int plan_expand(struct plan *plan, const struct experiment *experiment, const struct json_doc *doc,
		const struct plan_options *options, struct diag_list *diags, struct err *e)
{
	*plan = (struct plan){.doc = doc, .options = *options};
	struct expansion x = {plan, experiment, diags, e, false};
	int rc = expand(&x);
	if (rc != 0)
		plan_free(plan);
	return rc;
}

cJSON *plan_document(const struct plan *plan, size_t point)
{
	return make_document(plan, plan->choice + point * plan->axis_count);
}

int plan_point_doc(const struct plan *plan, size_t point, struct json_doc *out)
{
	cJSON *root = plan_document(plan, point);
	int rc = root ? json_doc_derive(out, plan->doc, root) : ERR_NOMEM;
	for (size_t a = 0; a < plan->axis_count && rc == 0; a++) {
		const struct plan_axis *axis = &plan->axes[a];
		char at[500];
		if (axis->axis->values)
			snprintf(at, sizeof(at), "%s/values/%u", axis->pointer,
				 plan->choice[point * plan->axis_count + a]);
		else
			json_pointer_join(at, sizeof(at), axis->pointer, "from");
		rc = json_doc_redirect(out, axis->axis->path, at);
		if (rc != 0)
			json_doc_free(out);
	}
	return rc;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; plan->axes && i < plan->axis_count; i++)
		cJSON_Delete(plan->axes[i].values);
	screen_points_free(&plan->screened);
	cJSON_Delete(plan->base);
	arena_free(&plan->arena);
	*plan = (struct plan){0};
}
