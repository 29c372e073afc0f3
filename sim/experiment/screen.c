/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCKS_MAX = 100000, LEVELS_MAX = 100, LEVELS_DEFAULT = 4 };

/* --- keys --- */

static void check_parameter(void *object, const struct json_doc *doc, const char *pointer,
			    struct diag_list *diags)
{
	const struct screen_parameter *p = object;
	axis_check_names(doc, pointer, p->name, p->path, diags);
}

#define AT(field) offsetof(struct screen_parameter, field)
static const struct key parameter_keys[] = {
	{"path", KEY_STRING, AT(path), .help = "JSON pointer to the number"},
	{"from", KEY_ANY, AT(from), .help = "the least it may be, a number or a quantity"},
	{"to", KEY_ANY, AT(to), .help = "the most it may be"},
	{"scale", KEY_ENUM, AT(scale), .choices = axis_scales, .def = "\"linear\"",
	 .help = "along what all values between are as likely"},
	{"whole", KEY_BOOL, AT(whole), .def = "false", .help = "only whole numbers, as of a count"},
	{0},
};
#undef AT

static const struct key_object parameter_object = {
	"screen_parameter", parameter_keys, sizeof(struct screen_parameter),
	.help = "a number in the study and the range that it may be in", .check = check_parameter};

static void check_screen(void *object, const struct json_doc *doc, const char *pointer,
			 struct diag_list *diags)
{
	const struct screen *s = object;
	bool morris = s->method == SENSITIVITY_MORRIS;
	char at[300];
	const char *wrong = NULL;
	if (morris && s->samples)
		wrong = "is of method \"sobol\"; morris takes \"trajectories\"";
	else if (!morris && (s->trajectories || s->levels))
		wrong = "takes \"samples\" with method \"sobol\"; \"trajectories\" and \"levels\" "
			"are of morris";
	else if (morris && !s->trajectories)
		wrong = "needs \"trajectories\": how often each parameter is moved, 10 to 50";
	else if (!morris && !s->samples)
		wrong = "needs \"samples\": a power of two, 256 or more";
	if (wrong)
		json_doc_error(doc, diags,
			       morris && s->samples
				       ? json_pointer_join(at, sizeof(at), pointer, "samples")
				       : pointer,
			       "%s", wrong);
	if (s->levels % 2)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "levels"),
			       "must be even, so that every value can be moved by half of them");
	if (s->parameters.count > SENSITIVITY_FACTORS_MAX)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "parameters"),
			       "has %zu parameters, more than %d", s->parameters.count,
			       SENSITIVITY_FACTORS_MAX);
}

static const char *const methods[] = {
	[SENSITIVITY_MORRIS] = "morris", [SENSITIVITY_SOBOL] = "sobol", NULL};

#define AT(field) offsetof(struct screen, field)
static const struct key screen_keys[] = {
	{"method", KEY_ENUM, AT(method), .choices = methods,
	 .help = "morris: elementary effects, few runs, ranks many parameters; sobol: shares of "
		 "the variance, alone and with others, many runs"},
	{"parameters", KEY_MAP, AT(parameters), .object = &parameter_object, .min_items = 1,
	 .help = "what is varied, by name"},
	{"trajectories", KEY_INT, AT(trajectories), .min = 2, .max = BLOCKS_MAX, .optional = true,
	 .help = "morris: how often each parameter is moved; (parameters + 1) points each"},
	{"levels", KEY_INT, AT(levels), .min = 2, .max = LEVELS_MAX, .optional = true,
	 .help = "morris: values of each parameter, an even number; 4 when not given"},
	{"samples", KEY_INT, AT(samples), .min = 2, .max = BLOCKS_MAX, .optional = true,
	 .help = "sobol: rows of each sample; (parameters + 2) points each; a power of two is "
		 "best"},
	{"metric", KEY_STRING, AT(metric),
	 .help = "the number that parameters are to move, like \"response_time.p95\""},
	{"subject", KEY_STRING, AT(subject), .def = "\"\"",
	 .help = "of what within the world; empty for the whole"},
	{0},
};
#undef AT

const struct key_object screen_object = {
	"screen", screen_keys, sizeof(struct screen),
	.help = "which parameters matter: a design of points over their ranges",
	.check = check_screen};

/* --- points --- */

/* What a design's rows come to, before they are values. */
struct grid {
	size_t factors, rows;
	double *number; /* [row][factor], in the unit of `from` */
	size_t *order;	/* rows, sorted by their numbers */
};

static int compare_rows(const void *a, const void *b, void *ctx)
{
	const struct grid *g = ctx;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	for (size_t f = 0; f < g->factors; f++) {
		double p = g->number[x * g->factors + f], q = g->number[y * g->factors + f];
		if (p != q)
			return p < q ? -1 : 1;
	}
	return (x > y) - (x < y);
}

static bool same_rows(const struct grid *g, size_t x, size_t y)
{
	for (size_t f = 0; f < g->factors; f++)
		if (g->number[x * g->factors + f] != g->number[y * g->factors + f])
			return false;
	return true;
}

/* Rows with the same numbers get the same point; points are in the order of their first rows. */
static void number_points(const struct grid *g, struct screen_points *out)
{
	for (size_t i = 0; i < g->rows; i++)
		g->order[i] = i;
	qsort_r(g->order, g->rows, sizeof(*g->order), compare_rows, (void *)g);
	for (size_t i = 0; i < g->rows; i++) {
		bool twin = i > 0 && same_rows(g, g->order[i], g->order[i - 1]);
		out->row[g->order[i]] = twin ? out->row[g->order[i - 1]] : g->order[i];
	}
	/* Until here a row's first twin stands for the point. */
	for (size_t i = 0; i < g->rows; i++)
		out->row[i] = out->row[i] == i ? out->count++ : out->row[out->row[i]];
}

/* The values of one parameter, a number for each point. */
static cJSON *make_values(const struct grid *g, const struct screen_points *points, size_t factor,
			  const struct axis_range *range)
{
	cJSON *list = cJSON_CreateArray();
	size_t next = 0;
	for (size_t i = 0; list && i < g->rows; i++) {
		if (points->row[i] != next)
			continue;
		next++;
		cJSON *value = axis_range_value(range, g->number[i * g->factors + factor]);
		if (!cJSON_AddItemToArray(list, value)) {
			cJSON_Delete(value);
			cJSON_Delete(list);
			list = NULL;
		}
	}
	return list;
}

static int read_ranges(const struct screen *screen, const struct json_doc *doc,
		       struct axis_range *ranges, struct diag_list *diags)
{
	const struct screen_parameter *p = screen->parameters.items;
	int code = 0;
	for (size_t f = 0; f < screen->parameters.count; f++) {
		char at[400];
		json_pointer_join(at, sizeof(at), "/screen/parameters", p[f].name);
		int one =
			axis_range_read(&ranges[f], p[f].from, p[f].to, p[f].scale, doc, at, diags);
		code = one ? one : code;
	}
	return code;
}

static int make_grid(struct grid *g, const struct screen *screen, const struct axis_range *ranges,
		     const struct sensitivity_design *d)
{
	const struct screen_parameter *p = screen->parameters.items;
	g->factors = d->factors;
	g->rows = d->blocks * d->rows_per_block;
	g->number = calloc(g->rows * g->factors, sizeof(*g->number));
	g->order = calloc(g->rows, sizeof(*g->order));
	if (!g->number || !g->order)
		return ERR_NOMEM;
	for (size_t i = 0; i < g->rows * g->factors; i++) {
		size_t f = i % g->factors;
		double x = axis_range_number(&ranges[f], d->at[i]);
		g->number[i] = p[f].whole ? round(x) : x;
	}
	return 0;
}

static size_t blocks_of(const struct screen *s)
{
	return (size_t)(s->method == SENSITIVITY_MORRIS ? s->trajectories : s->samples);
}

int screen_points_make(struct screen_points *out, const struct screen *screen, uint64_t seed,
		       size_t points_max, const struct json_doc *doc, struct diag_list *diags)
{
	struct axis_range ranges[SENSITIVITY_FACTORS_MAX];
	struct grid grid = {0};
	size_t factors = screen->parameters.count, blocks = blocks_of(screen);
	*out = (struct screen_points){.value_count = factors};
	int code = read_ranges(screen, doc, ranges, diags);
	if (code == 0 && blocks > points_max / (factors + 2)) {
		json_doc_error(doc, diags, "/screen", "makes more than %zu points", points_max);
		code = ERR_INVALID;
	}
	if (code == 0)
		code = sensitivity_design_make(
			&out->design, (enum sensitivity_method)screen->method, factors, blocks,
			screen->levels ? (size_t)screen->levels : LEVELS_DEFAULT, seed);
	if (code == 0)
		code = make_grid(&grid, screen, ranges, &out->design);
	if (code == 0) {
		out->row = calloc(grid.rows, sizeof(*out->row));
		out->values = calloc(factors, sizeof(cJSON *));
		code = out->row && out->values ? 0 : ERR_NOMEM;
	}
	if (code == 0)
		number_points(&grid, out);
	for (size_t f = 0; f < factors && code == 0; f++)
		if (!(out->values[f] = make_values(&grid, out, f, &ranges[f])))
			code = ERR_NOMEM;
	free(grid.number);
	free(grid.order);
	return code;
}

void screen_points_free(struct screen_points *p)
{
	sensitivity_design_free(&p->design);
	for (size_t i = 0; p->values && i < p->value_count; i++)
		cJSON_Delete(p->values[i]);
	free(p->values);
	free(p->row);
	*p = (struct screen_points){0};
}
