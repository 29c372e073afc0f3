/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sink that keeps results in memory, and its content as a text that does not depend on the order
 * of writing. For the tests of sim/experiment.
 */
#ifndef TESTS_EXPERIMENT_MEMORY_SINK_H
#define TESTS_EXPERIMENT_MEMORY_SINK_H

#include "sim/base/json.h"
#include "sim/experiment/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory_run {
	char point[RUN_ID_SIZE];
	uint32_t repetition;
	bool failed;
	char *text; /* metrics and values, or the error */
};

struct memory_sink {
	struct memory_run *runs;
	size_t count;
	size_t points;
	char (*ids)[RUN_ID_SIZE];
	size_t fail_after; /* put_run fails once there are so many; 0: never */
	size_t puts;
	void (*on_put)(void *ctx);
	void *on_put_ctx;
};

static inline int memory_add_point(void *ctx, const struct point *p, struct err *e)
{
	struct memory_sink *s = ctx;
	(void)e;
	char hash[33];
	json_hash(p->document, hash);
	if (strcmp(hash, p->id) != 0)
		abort();
	for (size_t i = 0; i < s->points; i++)
		if (strcmp(s->ids[i], p->id) == 0)
			return 0;
	s->ids = realloc(s->ids, (s->points + 1) * sizeof(*s->ids));
	memcpy(s->ids[s->points++], p->id, RUN_ID_SIZE);
	return 0;
}

static inline struct memory_run *memory_find(const struct memory_sink *s, const char *point,
					     uint32_t rep)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->runs[i].repetition == rep && strcmp(s->runs[i].point, point) == 0)
			return &s->runs[i];
	return NULL;
}

static inline int memory_has_run(void *ctx, const char *point, uint32_t rep, bool *has,
				 struct err *e)
{
	(void)e;
	const struct memory_run *r = memory_find(ctx, point, rep);
	*has = r && !r->failed;
	return 0;
}

static inline int memory_get_value(void *ctx, const char *point, uint32_t rep, const char *metric,
				   const char *subject, double *value, struct err *e)
{
	(void)e;
	char name[200];
	const struct memory_run *r = memory_find(ctx, point, rep);
	snprintf(name, sizeof(name), "%s|%s=", metric, subject);
	const char *at = r ? strstr(r->text, name) : NULL;
	*value = at ? strtod(at + strlen(name), NULL) : NAN;
	return 0;
}

static inline int memory_put_run(void *ctx, const struct run_record *record, struct err *e)
{
	struct memory_sink *s = ctx;
	if (s->fail_after && s->count >= s->fail_after)
		return err_set(e, ERR_IO, "the disk is full");
	struct memory_run *r = memory_find(s, record->key.point, record->key.repetition);
	if (r && !r->failed)
		abort(); /* nothing may be run twice */
	if (!r) {
		s->runs = realloc(s->runs, (s->count + 1) * sizeof(*s->runs));
		r = &s->runs[s->count++];
	} else {
		free(r->text);
	}
	*r = (struct memory_run){.repetition = record->key.repetition, .failed = record->failed};
	snprintf(r->point, sizeof(r->point), "%s", record->key.point);
	size_t size;
	FILE *out = open_memstream(&r->text, &size);
	if (record->failed)
		fprintf(out, "%s <%s>", record->error->text, record->reproduce);
	for (size_t i = 0; record->result && i < record->result->value_count; i++)
		fprintf(out, "%s|%s=%.17g %s;", record->result->values[i].metric,
			record->result->values[i].subject, record->result->values[i].value,
			record->result->values[i].unit);
	for (size_t i = 0; record->result && i < record->result->histogram_count; i++)
		fprintf(out, "[%s]", record->result->histograms[i].metric);
	fclose(out);
	s->puts++;
	if (s->on_put)
		s->on_put(s->on_put_ctx);
	return 0;
}

static inline struct run_sink memory_sink_of(struct memory_sink *s)
{
	return (struct run_sink){s, memory_add_point, memory_has_run, memory_get_value,
				 memory_put_run};
}

static inline int memory_compare(const void *va, const void *vb)
{
	const struct memory_run *a = va, *b = vb;
	int order = strcmp(a->point, b->point);
	return order ? order : (a->repetition > b->repetition) - (a->repetition < b->repetition);
}

/* All runs in the order of their keys; free() it. */
static inline char *memory_content(struct memory_sink *s)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (s->count)
		qsort(s->runs, s->count, sizeof(*s->runs), memory_compare);
	for (size_t i = 0; i < s->count; i++)
		fprintf(out, "%s/%u%s %s\n", s->runs[i].point, s->runs[i].repetition,
			s->runs[i].failed ? " FAILED" : "", s->runs[i].text);
	fclose(out);
	return text;
}

static inline void memory_sink_free(struct memory_sink *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->runs[i].text);
	free(s->runs);
	free(s->ids);
	*s = (struct memory_sink){0};
}

#endif
