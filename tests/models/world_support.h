/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For the tests of models: worlds from JSON text, their runs, and what they report, by name. The
 * library is scenarios/ of the source folder, where tests run.
 */
#ifndef TESTS_MODELS_WORLD_SUPPORT_H
#define TESTS_MODELS_WORLD_SUPPORT_H

#include "models/world/world.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
	struct {
		char metric[64], subject[80], unit[8];
		double value;
	} values[700];
	size_t count;
	uint64_t histogram_count[2]; /* response_time, energy_per_task: observations */
};

static inline int support_load(void *ctx, const char *kind, const char *name, struct json_doc *out,
			       struct diag_list *diags, struct err *e)
{
	char path[500];
	(void)ctx;
	snprintf(path, sizeof(path), "scenarios/%ss/%s.json", kind, name);
	FILE *f = fopen(path, "r");
	if (!f)
		return ERR_NOTFOUND;
	fclose(f);
	return json_doc_load(out, path, diags, e);
}

static inline const char *const *support_names(void *ctx, const char *kind)
{
	static const char *const radios[] = {"3g", "lte", "wifi", NULL};
	static const char *const platforms[] = {"container", "kvm-emulated", "kvm-virtio", "native",
						NULL};
	static const char *const apps[] = {"augmented-reality", "health", NULL};
	(void)ctx;
	return strcmp(kind, "radio") == 0 ? radios : strcmp(kind, "app") == 0 ? apps : platforms;
}

static inline const char *support_file(void *ctx, const char *name)
{
	static char path[500];
	(void)ctx;
	snprintf(path, sizeof(path), "scenarios/%s", name);
	FILE *f = fopen(path, "r");
	if (f)
		fclose(f);
	return f ? path : NULL;
}

static const struct world_library support_library = {NULL, support_load, support_names,
						     support_file};

static inline int support_literature(struct profile *p)
{
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	int code = json_doc_load(&doc, "scenarios/profiles/literature.json", &diags, &e);
	if (code == 0)
		code = profile_read(p, &doc, "profiles/literature.json", &diags, &e);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	json_doc_free(&doc);
	diag_free(&diags);
	return code;
}

/* Builds a world of the text; mistakes go to diags. */
static inline struct world *support_build(const char *text, struct diag_list *diags)
{
	struct json_doc doc = {0};
	struct profile literature = {0};
	struct world *w = NULL;
	struct err e = {0};
	int code = support_literature(&literature);
	if (code == 0)
		code = json_doc_parse(&doc, "test.json", text, strlen(text), diags, &e);
	if (code == 0)
		code = world_resolve(&doc, &support_library, diags, &e);
	if (code == 0)
		code = world_new(&w, &doc, &literature, NULL, diags, &e);
	if (code < 0 && code != ERR_INVALID)
		printf("%s\n", e.text);
	json_doc_free(&doc);
	profile_free(&literature);
	return w;
}

static inline int support_value(void *ctx, const char *metric, const char *subject,
				const char *unit, double value)
{
	struct outcome *o = ctx;
	if (o->count == sizeof(o->values) / sizeof(o->values[0]))
		return ERR_LIMIT;
	snprintf(o->values[o->count].metric, sizeof(o->values[0].metric), "%s", metric);
	snprintf(o->values[o->count].subject, sizeof(o->values[0].subject), "%s", subject);
	snprintf(o->values[o->count].unit, sizeof(o->values[0].unit), "%s", unit);
	o->values[o->count++].value = value;
	return 0;
}

static inline int support_histogram(void *ctx, const char *metric, const char *subject,
				    const char *unit, const struct world_bucket *buckets,
				    size_t count)
{
	struct outcome *o = ctx;
	(void)unit;
	for (size_t i = 0; i < count && !*subject; i++)
		o->histogram_count[strcmp(metric, "response_time") != 0] += buckets[i].count;
	return 0;
}

/* Of a sink that wants nothing of apps, policies, sites and platforms. */
static inline bool support_wants_the_whole(void *ctx, const char *metric)
{
	(void)ctx;
	return strncmp(metric, "app.", 4) != 0 && strncmp(metric, "policy.", 7) != 0 &&
	       strncmp(metric, "site.", 5) != 0 && strncmp(metric, "platform.", 9) != 0;
}

static inline void support_run(const struct world *w, uint64_t seed, uint32_t repetition,
			       struct outcome *o)
{
	struct world_metrics_sink sink = {
		.ctx = o, .value = support_value, .histogram = support_histogram};
	struct world_run_key key = {seed, repetition};
	struct err e = {0};
	memset(o, 0, sizeof(*o));
	CU_ASSERT_EQUAL_FATAL(world_run(w, &key, &sink, &e), 0);
}

/* Builds and runs; the text must have no mistakes. */
static inline void support_simulate(const char *text, uint64_t seed, struct outcome *o)
{
	struct diag_list diags = {0};
	struct world *w = support_build(text, &diags);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	support_run(w, seed, 0, o);
	world_free(w);
	diag_free(&diags);
}

/* No world comes of the text, and one of the mistakes stands at that JSON pointer and says this.
 * Frees the text. */
static inline void support_refuses(char *text, const char *pointer, const char *says)
{
	struct diag_list diags = {0};
	bool found = false;
	CU_ASSERT_PTR_NULL(support_build(text, &diags));
	for (size_t i = 0; i < diags.count; i++)
		found |= strstr(diags.items[i].text, says) && diags.items[i].pointer &&
			 strcmp(diags.items[i].pointer, pointer) == 0;
	for (size_t i = 0; i < diags.count && !found; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT(found);
	diag_free(&diags);
	free(text);
}

/* The value of a metric; fails the test when it was not reported. */
static inline double get(const struct outcome *o, const char *metric, const char *subject)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->values[i].metric, metric) == 0 &&
		    strcmp(o->values[i].subject, subject) == 0)
			return o->values[i].value;
	printf(" no %s of \"%s\" ", metric, subject);
	CU_FAIL("a metric is missing");
	return NAN;
}

static inline double sum_of(const struct outcome *o, const char *metric)
{
	double sum = 0;
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->values[i].metric, metric) == 0)
			sum += o->values[i].value;
	return sum;
}

static inline bool is_near(double got, double wanted, double relative)
{
	bool near = fabs(got - wanted) <= relative * fabs(wanted);
	if (!near)
		printf(" got %.9g, wanted %.9g within %g ", got, wanted, relative);
	return near;
}

/* A study of one class of handsets, one cell, one site; printf-style from a template in which the
 * test says what differs. */
static inline char *study(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline char *study(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

#endif
