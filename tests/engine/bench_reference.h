/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the engine is measured against: the textbook event list, a binary heap in an array of (time,
 * sequence, context), without handles, so without cancelling. Used by bench_engine.c only.
 */
#ifndef TESTS_ENGINE_BENCH_REFERENCE_H
#define TESTS_ENGINE_BENCH_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct reference_event {
	int64_t time;
	uint64_t sequence;
	void *ctx;
};

struct reference {
	struct reference_event *heap;
	size_t count, capacity;
	uint64_t sequence;
	int64_t now;
};

static inline bool reference_before(const struct reference_event *a,
				    const struct reference_event *b)
{
	return a->time < b->time || (a->time == b->time && a->sequence < b->sequence);
}

static inline void reference_schedule(struct reference *r, int64_t time, void *ctx)
{
	if (r->count == r->capacity) {
		r->capacity = r->capacity ? 2 * r->capacity : 64;
		r->heap = realloc(r->heap, r->capacity * sizeof(*r->heap));
		if (!r->heap)
			abort();
	}
	struct reference_event e = {time, r->sequence++, ctx};
	size_t at = r->count++;
	while (at > 0) {
		size_t parent = (at - 1) / 2;
		if (!reference_before(&e, &r->heap[parent]))
			break;
		r->heap[at] = r->heap[parent];
		at = parent;
	}
	r->heap[at] = e;
}

/* The heap must not be empty. */
static inline struct reference_event reference_pop(struct reference *r)
{
	struct reference_event first = r->heap[0], e = r->heap[--r->count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= r->count)
			break;
		if (child + 1 < r->count && reference_before(&r->heap[child + 1], &r->heap[child]))
			child++;
		if (!reference_before(&r->heap[child], &e))
			break;
		r->heap[at] = r->heap[child];
		at = child;
	}
	r->heap[at] = e;
	r->now = first.time;
	return first;
}

#endif
