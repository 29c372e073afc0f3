/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/result.h"
#include "sim/base/err.h"

#include <string.h>

/* Makes room for one more item in an array that lives in the arena; the outgrown one stays there
 * until the arena goes, which doubling keeps below the size of the last. */
static void *grow(struct arena *a, void *items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	size_t more = *capacity ? *capacity * 2 : 64;
	void *p = arena_array(a, more, size);
	if (!p)
		return NULL;
	if (count)
		memcpy(p, items, count * size);
	*capacity = more;
	return p;
}

int run_result_add(struct run_result *r, const char *metric, const char *subject, const char *unit,
		   double value)
{
	struct result_value *items =
		grow(&r->arena, r->values, r->value_count, &r->value_capacity, sizeof(*items));
	if (!items)
		return ERR_NOMEM;
	r->values = items;
	struct result_value v = {arena_strdup(&r->arena, metric), arena_strdup(&r->arena, subject),
				 arena_strdup(&r->arena, unit), value};
	if (!v.metric || !v.subject || !v.unit)
		return ERR_NOMEM;
	items[r->value_count++] = v;
	return 0;
}

int run_result_add_histogram(struct run_result *r, const char *metric, const char *subject,
			     const char *unit, const struct result_bucket *buckets, size_t count)
{
	struct result_histogram *items = grow(&r->arena, r->histograms, r->histogram_count,
					      &r->histogram_capacity, sizeof(*items));
	if (!items)
		return ERR_NOMEM;
	r->histograms = items;
	struct result_bucket *copy = arena_array(&r->arena, count, sizeof(*copy));
	struct result_histogram h = {arena_strdup(&r->arena, metric),
				     arena_strdup(&r->arena, subject),
				     arena_strdup(&r->arena, unit), count, copy};
	if (!copy || !h.metric || !h.subject || !h.unit)
		return ERR_NOMEM;
	if (count)
		memcpy(copy, buckets, count * sizeof(*copy));
	items[r->histogram_count++] = h;
	return 0;
}

int run_result_add_series(struct run_result *r, const char *metric, const char *subject,
			  const char *unit, const struct result_sample *samples, size_t count)
{
	struct result_series *items =
		grow(&r->arena, r->series, r->series_count, &r->series_capacity, sizeof(*items));
	if (!items)
		return ERR_NOMEM;
	r->series = items;
	struct result_sample *copy = arena_array(&r->arena, count, sizeof(*copy));
	struct result_series s = {arena_strdup(&r->arena, metric), arena_strdup(&r->arena, subject),
				  arena_strdup(&r->arena, unit), count, copy};
	if (!copy || !s.metric || !s.subject || !s.unit)
		return ERR_NOMEM;
	if (count)
		memcpy(copy, samples, count * sizeof(*copy));
	items[r->series_count++] = s;
	return 0;
}

const struct result_value *run_result_find(const struct run_result *r, const char *metric,
					   const char *subject)
{
	for (size_t i = 0; i < r->value_count; i++)
		if (strcmp(r->values[i].metric, metric) == 0 &&
		    strcmp(r->values[i].subject, subject) == 0)
			return &r->values[i];
	return NULL;
}

void run_result_free(struct run_result *r)
{
	arena_free(&r->arena);
	*r = (struct run_result){0};
}
