/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/dist.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the keys of any of them are read into. */
struct parameters {
	double mean, cv, shape, from, to;
	const cJSON *values;
	struct key_list weights;
};

#define QUANTITY(word, field, dimension, text)                                                     \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY, .offset = offsetof(struct parameters, field),  \
		.unit = dimension, .min = 0, .max = -1, .help = text                               \
	}
#define NUMBER(word, field, low, high, text)                                                       \
	{                                                                                          \
		.name = word, .type = KEY_NUMBER, .offset = offsetof(struct parameters, field),    \
		.min = low, .max = high, .help = text                                              \
	}
#define KEYS(dimension)                                                                            \
	static const struct key mean_keys_##dimension[] = {                                        \
		QUANTITY("mean", mean, UNIT_##dimension, "mean"), {0}};                            \
	static const struct key cv_keys_##dimension[] = {                                          \
		QUANTITY("mean", mean, UNIT_##dimension, "mean"),                                  \
		NUMBER("cv", cv, 0.001, 100, "standard deviation / mean"),                         \
		{0}};                                                                              \
	static const struct key normal_keys_##dimension[] = {                                      \
		QUANTITY("mean", mean, UNIT_##dimension, "mean, before what is below 0 goes"),     \
		NUMBER("cv", cv, 0.001, 1, "standard deviation / mean"),                           \
		{0}};                                                                              \
	static const struct key pareto_keys_##dimension[] = {                                      \
		QUANTITY("mean", mean, UNIT_##dimension, "mean"),                                  \
		NUMBER("shape", shape, 1.01, 1000,                                                 \
		       "exponent of the tail; at 2 and below the variance is infinite"),           \
		{0}};                                                                              \
	static const struct key weibull_keys_##dimension[] = {                                     \
		QUANTITY("mean", mean, UNIT_##dimension, "mean"),                                  \
		NUMBER("shape", shape, 0.1, 100, "1: exponential; less: a heavier tail"),          \
		{0}};                                                                              \
	static const struct key uniform_keys_##dimension[] = {                                     \
		QUANTITY("from", from, UNIT_##dimension, "least value"),                           \
		QUANTITY("to", to, UNIT_##dimension, "greatest value"),                            \
		{0}};                                                                              \
	static const struct key empirical_keys_##dimension[] = {                                   \
		{.name = "values",                                                                 \
		 .type = KEY_ANY,                                                                  \
		 .offset = offsetof(struct parameters, values),                                    \
		 .help = "the list of values, as measured"},                                       \
		{.name = "weights",                                                                \
		 .type = KEY_NUMBERS,                                                              \
		 .offset = offsetof(struct parameters, weights),                                   \
		 .min = 0,                                                                         \
		 .max = 1e15,                                                                      \
		 .optional = true,                                                                 \
		 .help = "how often each was seen; all alike when not given"},                     \
		{0}};

/* kind, name, keys, what a bare value stands for, one sentence */
#define KINDS(X, dimension)                                                                        \
	X(dimension, EMPIRICAL, "empirical", empirical, NULL, "one of the values of a list")       \
	X(dimension, EXPONENTIAL, "exponential", mean, "mean", "exponential")                      \
	X(dimension, GAMMA, "gamma", cv, NULL, "gamma")                                            \
	X(dimension, LOGNORMAL, "lognormal", cv, NULL, "lognormal")                                \
	X(dimension, NORMAL, "normal", normal, NULL, "normal, drawn again where it is below 0")    \
	X(dimension, PARETO, "pareto", pareto, NULL, "Pareto: a power tail")                       \
	X(dimension, UNIFORM, "uniform", uniform, NULL, "any value of a range alike")              \
	X(dimension, WEIBULL, "weibull", weibull, NULL, "Weibull")
#define OBJECT(dimension, id, word, which, main, text)                                             \
	static const struct key_object object_##dimension##_##id = {                               \
		.name = "dist_" #dimension "_" #id,                                                \
		.keys = which##_keys_##dimension,                                                  \
		.size = sizeof(struct parameters),                                                 \
		.help = text};                                                                     \
	static const struct key_variant variant_##dimension##_##id = {                             \
		.name = word,                                                                      \
		.help = text,                                                                      \
		.parameters = &object_##dimension##_##id,                                          \
		.main_key = main};
#define ROW(dimension, id, word, which, main, text) &variant_##dimension##_##id,
#define TABLE(name, dimension)                                                                     \
	KEYS(dimension)                                                                            \
	KINDS(OBJECT, dimension)                                                                   \
	const struct key_variant *const name[] = {KINDS(ROW, dimension) NULL};

TABLE(dist_sizes, SIZE)
TABLE(dist_cycles, CYCLES)
TABLE(dist_times, TIME)
TABLE(dist_counts, RATIO)

static const struct key_variant *const *table_of(enum unit unit)
{
	switch (unit) {
	case UNIT_SIZE:
		return dist_sizes;
	case UNIT_CYCLES:
		return dist_cycles;
	case UNIT_TIME:
		return dist_times;
	default:
		return dist_counts;
	}
}

/* ---- Reading */

struct reading {
	const struct json_doc *doc;
	struct arena *arena;
	struct diag_list *diags;
	enum unit unit;
	double max;
};

static int too_large(const struct reading *r, const char *pointer)
{
	char limit[64];
	json_doc_error(r->doc, r->diags, pointer, "must be at most %s",
		       unit_format(r->max, r->unit, limit, sizeof(limit)));
	return ERR_INVALID;
}

static int read_quantity(const struct reading *r, const cJSON *node, const char *pointer,
			 double *value)
{
	char why[160] = "";
	if (cJSON_IsNumber(node) && r->unit == UNIT_RATIO)
		*value = node->valuedouble;
	else if (!cJSON_IsString(node))
		snprintf(why, sizeof(why), "must be a quantity like \"%s\"%s",
			 r->unit == UNIT_RATIO ? "12" : unit_example(r->unit),
			 r->unit == UNIT_RATIO ? " without quotes" : "");
	else
		unit_parse(node->valuestring, r->unit, value, why);
	if (!why[0] && !(*value >= 0))
		snprintf(why, sizeof(why), "must be at least 0");
	if (why[0]) {
		json_doc_error(r->doc, r->diags, pointer, "%s", why);
		return ERR_INVALID;
	}
	return *value > r->max ? too_large(r, pointer) : 0;
}

struct weighted {
	double value, weight;
};

static int compare_values(const void *a, const void *b)
{
	double x = ((const struct weighted *)a)->value, y = ((const struct weighted *)b)->value;
	return (x > y) - (x < y);
}

/* Sorts the values and adds up their weights; mean and variance follow. */
static int make_empirical(const struct reading *r, struct weighted *w, size_t n,
			  const char *pointer, struct dist *d)
{
	double *values = arena_array(r->arena, n, sizeof(double));
	double *sums = arena_array(r->arena, n, sizeof(double));
	double sum = 0, mean = 0, square = 0;
	if (!values || !sums)
		return ERR_NOMEM;
	qsort(w, n, sizeof(*w), compare_values);
	for (size_t i = 0; i < n; i++) {
		values[i] = w[i].value;
		sums[i] = sum += w[i].weight;
		mean += w[i].weight * w[i].value;
	}
	if (!(sum > 0)) {
		json_doc_error(r->doc, r->diags, pointer, "the weights must not all be 0");
		return ERR_INVALID;
	}
	d->mean = mean / sum;
	for (size_t i = 0; i < n; i++)
		square += w[i].weight * (w[i].value - d->mean) * (w[i].value - d->mean);
	d->variance = square / sum;
	d->values = values;
	d->sums = sums;
	d->n = n;
	return 0;
}

static int read_empirical(const struct reading *r, const struct parameters *p, const char *pointer,
			  struct dist *d)
{
	char at[600], item_at[700], index[24];
	int code = 0;
	size_t n = cJSON_IsArray(p->values) ? (size_t)cJSON_GetArraySize(p->values) : 0;
	json_pointer_join(at, sizeof(at), pointer, "values");
	if (n == 0 || (p->weights.count > 0 && p->weights.count != n)) {
		json_doc_error(r->doc, r->diags, at,
			       "must be a list of at least one value, with as many weights if any");
		return ERR_INVALID;
	}
	struct weighted *w = arena_array(r->arena, n, sizeof(*w));
	if (!w)
		return ERR_NOMEM;
	const double *weights = p->weights.items;
	size_t i = 0;
	for (const cJSON *v = p->values->child; v; v = v->next, i++) {
		snprintf(index, sizeof(index), "%zu", i);
		json_pointer_join(item_at, sizeof(item_at), at, index);
		w[i].weight = p->weights.count ? weights[i] : 1;
		if (read_quantity(r, v, item_at, &w[i].value) < 0)
			code = ERR_INVALID;
	}
	return code < 0 ? code : make_empirical(r, w, n, pointer, d);
}

/* Mean and variance of a normal of mean m and deviation s, cut at 0 (Johnson, Kotz and
 * Balakrishnan, vol. 1, section 13.10.1). */
static void truncate_normal(struct dist *d, double m, double s)
{
	double alpha = -m / s;
	double density = exp(-alpha * alpha / 2) / sqrt(2 * M_PI);
	double ratio = density / (0.5 * erfc(alpha / M_SQRT2));
	d->mean = m + s * ratio;
	d->variance = s * s * (1 + alpha * ratio - ratio * ratio);
}

static void fill(struct dist *d, const struct parameters *p)
{
	double m = p->mean, cv = p->cv, k = p->shape;
	d->mean = m;
	d->variance = cv * cv * m * m;
	switch (d->kind) {
	case DIST_EXPONENTIAL:
		d->variance = m * m;
		break;
	case DIST_GAMMA: /* a: shape, b: scale */
		d->a = 1 / (cv * cv);
		d->b = m / d->a;
		break;
	case DIST_LOGNORMAL: /* of the logarithm a: mean, b: deviation */
		d->b = sqrt(log1p(cv * cv));
		d->a = log(m) - d->b * d->b / 2;
		break;
	case DIST_NORMAL: /* before the cut a: mean, b: deviation */
		d->a = m;
		d->b = cv * m;
		if (m > 0)
			truncate_normal(d, d->a, d->b);
		break;
	case DIST_PARETO: /* a: shape, b: least value */
		d->a = k;
		d->b = m * (k - 1) / k;
		d->variance = k > 2 ? d->b * d->b * k / ((k - 1) * (k - 1) * (k - 2)) : INFINITY;
		break;
	case DIST_UNIFORM: /* from a over a width of b */
		d->a = p->from;
		d->b = p->to - p->from;
		d->mean = (p->from + p->to) / 2;
		d->variance = d->b * d->b / 12;
		break;
	case DIST_WEIBULL: /* a: shape, b: scale */
		d->a = k;
		d->b = m / gsl_sf_gamma(1 + 1 / k);
		d->variance = d->b * d->b * gsl_sf_gamma(1 + 2 / k) - m * m;
		break;
	case DIST_CONSTANT:
	case DIST_EMPIRICAL:
		break;
	}
}

static int read_parameters(const struct reading *r, const struct key_variant *v, const cJSON *value,
			   const char *pointer, struct dist *d)
{
	struct parameters p = {0};
	char at[600];
	int code;
	json_pointer_join(at, sizeof(at), pointer, v->name);
	if (v->main_key && !cJSON_IsObject(value))
		code = read_quantity(r, value, at, &p.mean);
	else
		code = keys_parse(v->parameters, r->doc, at, &p, r->arena, r->diags);
	if (code < 0)
		return code;
	if (d->kind == DIST_EMPIRICAL)
		return read_empirical(r, &p, at, d);
	if (d->kind == DIST_UNIFORM && p.to < p.from) {
		json_doc_error(r->doc, r->diags, at, "\"to\" must not be less than \"from\"");
		return ERR_INVALID;
	}
	fill(d, &p);
	if (d->mean > r->max || p.to > r->max)
		return too_large(r, at);
	if (d->mean == 0)
		d->kind = DIST_CONSTANT;
	return 0;
}

static int unknown(const struct reading *r, const cJSON *node, const char *pointer)
{
	const struct key_variant *const *table = table_of(r->unit);
	const char *names[16] = {0};
	char list[200] = "";
	size_t used = 0;
	const char *name = cJSON_IsObject(node) && node->child ? node->child->string : NULL;
	for (int i = 0; table[i]; i++) {
		names[i] = table[i]->name;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 names[i]);
	}
	const char *near = name ? diag_nearest(name, names) : NULL;
	if (name && !node->child->next)
		json_doc_error(r->doc, r->diags, pointer,
			       "unknown distribution \"%s\"%s%s%s; there are %s", name,
			       near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "",
			       list);
	else
		json_doc_error(r->doc, r->diags, pointer,
			       "must be a quantity, or an object with the name of a distribution "
			       "as its only key: %s",
			       list);
	return ERR_INVALID;
}

int dist_read(struct dist *d, enum unit unit, double max, const struct json_doc *doc,
	      const char *pointer, struct arena *arena, struct diag_list *diags)
{
	struct reading r = {doc, arena, diags, unit, max};
	const struct key_variant *const *table = table_of(unit);
	const cJSON *node = json_at(doc->root, pointer);
	*d = (struct dist){0};
	if (!cJSON_IsObject(node))
		return read_quantity(&r, node, pointer, &d->mean);
	for (int i = 0; table[i] && node->child && !node->child->next; i++)
		if (strcmp(table[i]->name, node->child->string) == 0) {
			d->kind = (enum dist_kind)(DIST_EMPIRICAL + i);
			return read_parameters(&r, table[i], node->child, pointer, d);
		}
	return unknown(&r, node, pointer);
}

/* ---- Drawing */

/* The first value whose sum of weights is past u. */
static double draw_empirical(const struct dist *d, double u)
{
	size_t low = 0, high = d->n - 1;
	u *= d->sums[d->n - 1];
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (d->sums[middle] > u)
			high = middle;
		else
			low = middle + 1;
	}
	return d->values[low];
}

static double draw_normal(const struct dist *d, struct stream *st)
{
	double x;
	do
		x = stream_normal(st, d->a, d->b);
	while (x < 0);
	return x;
}

double dist_draw_slow(const struct dist *d, struct stream *st)
{
	gsl_rng r;
	switch (d->kind) {
	case DIST_CONSTANT:
		return d->mean;
	case DIST_EXPONENTIAL:
		return stream_exponential(st, d->mean);
	case DIST_EMPIRICAL:
		return draw_empirical(d, stream_uniform(st));
	case DIST_GAMMA:
		r = stream_gsl(st);
		return gsl_ran_gamma(&r, d->a, d->b);
	case DIST_LOGNORMAL:
		return exp(stream_normal(st, d->a, d->b));
	case DIST_NORMAL:
		return draw_normal(d, st);
	case DIST_PARETO:
		return d->b * pow(stream_uniform(st), -1 / d->a);
	case DIST_UNIFORM:
		return d->a + d->b * stream_uniform(st);
	case DIST_WEIBULL:
		return d->b * pow(-log(stream_uniform(st)), 1 / d->a);
	}
	return 0;
}
