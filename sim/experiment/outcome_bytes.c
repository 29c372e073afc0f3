/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/outcome_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct head {
	uint64_t point, value_count, histogram_count;
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
		uint64_t count = r->histograms[i].count;
		put_string(out, r->histograms[i].metric);
		put_string(out, r->histograms[i].subject);
		put_string(out, r->histograms[i].unit);
		fwrite(&count, sizeof(count), 1, out);
		if (count)
			fwrite(r->histograms[i].buckets, sizeof(struct result_bucket), count, out);
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

static int get_histograms(struct reading *r, uint64_t count, struct run_result *out)
{
	for (uint64_t i = 0; i < count; i++) {
		const char *metric = get_string(r), *subject = get_string(r), *unit = get_string(r);
		uint64_t n;
		if (!metric || !subject || !unit || !get(r, &n, sizeof(n)) ||
		    n > (size_t)(r->end - r->p) / sizeof(struct result_bucket))
			return ERR_CORRUPT;
		struct result_bucket *buckets = arena_array(&r->arena, n, sizeof(*buckets));
		if (!buckets || !get(r, buckets, n * sizeof(*buckets)) ||
		    run_result_add_histogram(out, metric, subject, unit, buckets, n) != 0)
			return ERR_NOMEM;
	}
	return 0;
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
	if (rc == 0 && r.p != r.end)
		rc = ERR_CORRUPT;
	arena_free(&r.arena);
	return rc;
}
