/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/outcome_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct head {
	uint64_t point, value_count, histogram_count, series_count;
	uint32_t repetition;
	int32_t code, error_code;
	uint32_t error_length;
	double wall_s;
};

static void put_string(FILE *out, const char *s)
{
	uint32_t n = (uint32_t)strlen(s);
	fwrite(&n, sizeof(n), 1, out);
	fwrite(s, 1, n, out);
}

/* Buckets or samples, and what they are of. */
static void put_list(FILE *out, const char *metric, const char *subject, const char *unit,
		     const void *items, uint64_t count, size_t size)
{
	put_string(out, metric);
	put_string(out, subject);
	put_string(out, unit);
	fwrite(&count, sizeof(count), 1, out);
	if (count)
		fwrite(items, size, count, out);
}

char *outcome_to_bytes(const struct run_outcome *o, size_t *length)
{
	char *bytes = NULL;
	FILE *out = open_memstream(&bytes, length);
	if (!out)
		return NULL;
	const struct run_result *r = &o->result;
	struct head head = {.point = o->task.point,
			    .value_count = r->value_count,
			    .histogram_count = r->histogram_count,
			    .series_count = r->series_count,
			    .repetition = o->task.repetition,
			    .code = o->code,
			    .error_code = o->error.code,
			    .error_length = (uint32_t)strlen(o->error.text),
			    .wall_s = o->wall_s};
	fwrite(&head, sizeof(head), 1, out);
	fwrite(o->error.text, 1, head.error_length, out);
	for (size_t i = 0; i < r->value_count; i++) {
		put_string(out, r->values[i].metric);
		put_string(out, r->values[i].subject);
		put_string(out, r->values[i].unit);
		fwrite(&r->values[i].value, sizeof(double), 1, out);
	}
	for (size_t i = 0; i < r->histogram_count; i++) {
		const struct result_histogram *h = &r->histograms[i];
		put_list(out, h->metric, h->subject, h->unit, h->buckets, h->count,
			 sizeof(*h->buckets));
	}
	for (size_t i = 0; i < r->series_count; i++) {
		const struct result_series *s = &r->series[i];
		put_list(out, s->metric, s->subject, s->unit, s->samples, s->count,
			 sizeof(*s->samples));
	}
	bool bad = ferror(out);
	if (fclose(out) != 0 || bad) {
		free(bytes);
		return NULL;
	}
	return bytes;
}

struct reading {
	const char *p, *end;
	struct arena arena; /* strings on the way into the result, which copies them */
};

static bool get(struct reading *r, void *to, size_t n)
{
	if ((size_t)(r->end - r->p) < n)
		return false;
	if (n)
		memcpy(to, r->p, n);
	r->p += n;
	return true;
}

/* The next string, or NULL. */
static const char *get_string(struct reading *r)
{
	uint32_t n;
	if (!get(r, &n, sizeof(n)) || (size_t)(r->end - r->p) < n)
		return NULL;
	const char *s = arena_strndup(&r->arena, r->p, n);
	r->p += n;
	return s;
}

static int get_values(struct reading *r, uint64_t count, struct run_result *out)
{
	for (uint64_t i = 0; i < count; i++) {
		const char *metric = get_string(r), *subject = get_string(r), *unit = get_string(r);
		double value;
		if (!metric || !subject || !unit || !get(r, &value, sizeof(value)))
			return ERR_CORRUPT;
		if (run_result_add(out, metric, subject, unit, value) != 0)
			return ERR_NOMEM;
	}
	return 0;
}

struct list {
	const char *metric, *subject, *unit;
	void *items;
	uint64_t count;
};

/* What put_list wrote. */
static int get_list(struct reading *r, size_t size, struct list *out)
{
	*out = (struct list){0};
	out->metric = get_string(r);
	out->subject = get_string(r);
	out->unit = get_string(r);
	if (!out->metric || !out->subject || !out->unit || !get(r, &out->count, sizeof(uint64_t)) ||
	    out->count > (size_t)(r->end - r->p) / size)
		return ERR_CORRUPT;
	out->items = arena_array(&r->arena, out->count, size);
	return out->items && get(r, out->items, out->count * size) ? 0 : ERR_NOMEM;
}

static int get_histograms(struct reading *r, uint64_t count, struct run_result *out)
{
	int code = 0;
	for (uint64_t i = 0; i < count && code == 0; i++) {
		struct list h;
		code = get_list(r, sizeof(struct result_bucket), &h);
		if (code == 0)
			code = run_result_add_histogram(out, h.metric, h.subject, h.unit, h.items,
							h.count);
	}
	return code;
}

static int get_series(struct reading *r, uint64_t count, struct run_result *out)
{
	int code = 0;
	for (uint64_t i = 0; i < count && code == 0; i++) {
		struct list s;
		code = get_list(r, sizeof(struct result_sample), &s);
		if (code == 0)
			code = run_result_add_series(out, s.metric, s.subject, s.unit, s.items,
						     s.count);
	}
	return code;
}

int outcome_from_bytes(struct run_outcome *out, const char *bytes, size_t length)
{
	struct reading r = {.p = bytes, .end = bytes + length};
	struct head head;
	*out = (struct run_outcome){0};
	if (!get(&r, &head, sizeof(head)) || head.error_length >= sizeof(out->error.text) ||
	    !get(&r, out->error.text, head.error_length))
		return ERR_CORRUPT;
	out->task = (struct run_task){head.point, head.repetition};
	out->code = head.code;
	out->error.code = (enum err_code)head.error_code;
	out->wall_s = head.wall_s;
	int rc = get_values(&r, head.value_count, &out->result);
	if (rc == 0)
		rc = get_histograms(&r, head.histogram_count, &out->result);
	if (rc == 0)
		rc = get_series(&r, head.series_count, &out->result);
	if (rc == 0 && r.p != r.end)
		rc = ERR_CORRUPT;
	arena_free(&r.arena);
	return rc;
}
