/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The indices of a screening as a table and as JSON.
 */
#include "reports/table/screening_table.h"
#include "reports/data/scale.h"
#include "sim/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory for a table");
}

static const struct screen_parameter *parameter_at(const struct screening *s, size_t i)
{
	return (const struct screen_parameter *)s->screen->parameters.items + i;
}

static bool is_morris(const struct screening *s)
{
	return s->screen->method == SENSITIVITY_MORRIS;
}

/* --- as a table --- */

static bool is_told(const struct screening *s, size_t axis)
{
	return !screening_has_axis(s, axis) && s->data->axes[axis].count > 1;
}

static void add_column(struct table *t, const char *head, bool right)
{
	t->columns[t->column_count++] = (struct table_column){arena_strdup(&t->arena, head), right};
}

static void add_columns(const struct screening *s, struct table *t, const struct scale *scale)
{
	static const char *const sobol[] = {"S, alone", "ST, with others", NULL};
	static const char *const morris[] = {"mu*", "mu", "sigma", "noise", NULL};
	char label[200], head[300];
	for (size_t a = 0; a < s->data->axis_count; a++)
		if (is_told(s, a))
			add_column(t, scale_axis_label(s->data->axes[a].name, label, sizeof(label)),
				   s->data->axes[a].numeric);
	add_column(t, "parameter", false);
	add_column(t, "from", true);
	add_column(t, "to", true);
	for (const char *const *name = is_morris(s) ? morris : sobol; *name; name++) {
		snprintf(head, sizeof(head), "%s%s%s%s", *name,
			 is_morris(s) && scale->unit[0] ? " (" : "",
			 is_morris(s) ? scale->unit : "",
			 is_morris(s) && scale->unit[0] ? ")" : "");
		add_column(t, head, true);
	}
}

static const char *number(struct table *t, struct sensitivity_estimate x, double factor)
{
	char text[80];
	scale_print(x.value * factor, x.half_width * factor, "\xc2\xb1", text, sizeof(text));
	return arena_strdup(&t->arena, text);
}

static const char *end_text(struct table *t, const cJSON *end)
{
	return cJSON_IsString(end) ? end->valuestring
				   : arena_printf(&t->arena, "%.6g", end->valuedouble);
}

static void add_rows(const struct screening *s, struct table *t, size_t group,
		     const struct sensitivity *x, const struct scale *scale)
{
	size_t order[SENSITIVITY_FACTORS_MAX];
	screening_order(s, x, order);
	for (size_t i = 0; i < x->factors; i++) {
		const struct sensitivity_factor *f = &x->factor[order[i]];
		const struct screen_parameter *p = parameter_at(s, order[i]);
		const char **row = t->cells + t->row_count++ * t->column_count;
		char label[200];
		for (size_t a = 0; a < s->data->axis_count; a++)
			if (is_told(s, a))
				*row++ = s->data->axes[a].values[s->groups[group][a]].text;
		*row++ = arena_strdup(&t->arena, scale_axis_label(p->name, label, sizeof(label)));
		*row++ = end_text(t, p->from);
		*row++ = end_text(t, p->to);
		if (is_morris(s)) {
			*row++ = number(t, f->mu_star, scale->factor);
			*row++ = number(t, f->mu, scale->factor);
			*row++ = number(t, f->sigma, scale->factor);
			*row++ = number(t, (struct sensitivity_estimate){f->noise, NAN},
					scale->factor);
		} else {
			*row++ = number(t, f->first, 1);
			*row++ = number(t, f->total, 1);
		}
	}
}

/* How much of the design the numbers rest on, and what they are. */
static const char *make_note(const struct screening *s, struct table *t,
			     const struct sensitivity *all)
{
	size_t least = SIZE_MAX;
	double noise = 0;
	char label[200];
	for (size_t g = 0; g < s->group_count; g++) {
		least = all[g].blocks < least ? all[g].blocks : least;
		noise = fmax(noise, all[g].noise);
	}
	scale_metric_label(s->metric->name, s->metric->subject, label, sizeof(label));
	const char *what =
		is_morris(s) ? "Of %s, for the whole range of each parameter: mu* is the mean "
			       "magnitude of its effect, mu the mean, sigma how much it depends on "
			       "where and on the others; noise is the mu* of chance alone."
			     : "Shares of the variance of %s: S is what the parameter explains "
			       "alone, ST what would be left if all others were known.";
	char head[500], used[160];
	snprintf(head, sizeof(head), what, label);
	snprintf(used, sizeof(used), " %zu of %zu %s, %zu repetition%s", least,
		 s->points.design.blocks, is_morris(s) ? "trajectories" : "samples", s->repetitions,
		 s->repetitions == 1 ? "" : "s");
	return s->repetitions > 1
		       ? arena_printf(&t->arena, "%s%s; at most %.2g %% of the variance is chance.",
				      head, used, 100 * noise)
		       : arena_printf(&t->arena, "%s%s.", head, used);
}

static int estimate_all(const struct screening *s, struct sensitivity **out, struct err *e)
{
	*out = calloc(s->group_count + 1, sizeof(**out));
	int code = *out ? 0 : no_memory(e);
	for (size_t g = 0; g < s->group_count && code == 0; g++)
		code = screening_estimate(s, g, &(*out)[g], e);
	return code;
}

int screening_table(const struct screening *s, struct table *out, struct err *e)
{
	size_t n = s->screen->parameters.count, columns = s->data->axis_count + 8;
	struct sensitivity *all;
	double largest = 0;
	*out = (struct table){0};
	int code = estimate_all(s, &all, e);
	for (size_t g = 0; g < s->group_count && code == 0; g++)
		for (size_t i = 0; i < n; i++)
			largest = fmax(largest, all[g].factor[i].mu_star.value);
	struct scale scale = scale_choose(s->metric->unit, largest);
	out->columns = arena_array(&out->arena, columns, sizeof(*out->columns));
	out->cells = arena_array(&out->arena, columns * n * s->group_count, sizeof(*out->cells));
	if (code == 0 && (!out->columns || !out->cells))
		code = no_memory(e);
	if (code == 0) {
		add_columns(s, out, &scale);
		for (size_t g = 0; g < s->group_count; g++)
			add_rows(s, out, g, &all[g], &scale);
		out->note = make_note(s, out, all);
	}
	free(all);
	return code;
}

/* --- as JSON --- */

static void add_estimate(cJSON *object, const char *name, struct sensitivity_estimate x)
{
	cJSON *o = cJSON_AddObjectToObject(object, name);
	json_add_number(o, "value", x.value);
	json_add_number(o, "ci95", x.half_width);
}

static void add_factor(const struct screening *s, cJSON *list, const struct sensitivity *x,
		       size_t factor)
{
	const struct sensitivity_factor *f = &x->factor[factor];
	const struct screen_parameter *p = parameter_at(s, factor);
	cJSON *o = cJSON_CreateObject();
	cJSON_AddItemToArray(list, o);
	cJSON_AddStringToObject(o, "parameter", p->name);
	cJSON_AddStringToObject(o, "path", p->path);
	cJSON_AddItemToObject(o, "from", cJSON_Duplicate(p->from, true));
	cJSON_AddItemToObject(o, "to", cJSON_Duplicate(p->to, true));
	if (is_morris(s)) {
		add_estimate(o, "mu_star", f->mu_star);
		add_estimate(o, "mu", f->mu);
		add_estimate(o, "sigma", f->sigma);
		json_add_number(o, "noise", f->noise);
	} else {
		add_estimate(o, "first", f->first);
		add_estimate(o, "total", f->total);
	}
}

static cJSON *group_json(const struct screening *s, size_t group, const struct sensitivity *x)
{
	size_t order[SENSITIVITY_FACTORS_MAX];
	cJSON *o = cJSON_CreateObject();
	cJSON *parameters = cJSON_AddObjectToObject(o, "parameters");
	for (size_t a = 0; a < s->data->axis_count; a++) {
		const struct data_axis *axis = &s->data->axes[a];
		if (screening_has_axis(s, a))
			continue;
		const struct data_level *v = &axis->values[s->groups[group][a]];
		if (axis->numeric)
			cJSON_AddNumberToObject(parameters, axis->name, v->number);
		else
			cJSON_AddStringToObject(parameters, axis->name, v->text);
	}
	cJSON_AddStringToObject(o, "metric", s->metric->name);
	cJSON_AddStringToObject(o, "subject", s->metric->subject);
	cJSON_AddStringToObject(o, "unit", s->metric->unit);
	cJSON_AddStringToObject(o, "method", is_morris(s) ? "morris" : "sobol");
	cJSON_AddNumberToObject(o, "blocks", (double)x->blocks);
	cJSON_AddNumberToObject(o, "blocks_planned", (double)s->points.design.blocks);
	cJSON_AddNumberToObject(o, "repetitions", (double)s->repetitions);
	json_add_number(o, "mean", x->blocks > 1 ? x->mean : NAN);
	json_add_number(o, "variance", x->blocks > 1 ? x->variance : NAN);
	json_add_number(o, "noise", x->blocks > 1 ? x->noise : NAN);
	cJSON *indices = cJSON_AddArrayToObject(o, "indices");
	screening_order(s, x, order);
	for (size_t i = 0; i < x->factors; i++)
		add_factor(s, indices, x, order[i]);
	return o;
}

int screening_json(const struct screening *s, cJSON **out, struct err *e)
{
	struct sensitivity *all;
	int code = estimate_all(s, &all, e);
	*out = code ? NULL : cJSON_CreateArray();
	for (size_t g = 0; *out && g < s->group_count; g++)
		cJSON_AddItemToArray(*out, group_json(s, g, &all[g]));
	free(all);
	return code == 0 && !*out ? no_memory(e) : code;
}
