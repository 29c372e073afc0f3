/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_ladder.h"

#include <stdlib.h>
#include <string.h>

/* Measured, with bench_engine compare. */
#define PER_BUCKET  6 /* what a rung aims at */
#define BUCKETS_MIN 16
#define LEVEL_BITS  10 /* log2 of EVENT_BUCKETS_MAX */

struct event_slab {
	struct event_slab *next;
	size_t chunks;
	struct event_chunk chunk[];
};

void event_ladder_init(struct event_ladder *l)
{
	*l = (struct event_ladder){.limit = {EVENT_FOREVER}};
}

void event_ladder_free(struct event_ladder *l)
{
	while (l->slabs) {
		struct event_slab *next = l->slabs->next;
		free(l->slabs);
		l->slabs = next;
	}
	for (uint32_t k = 0; k < EVENT_RUNGS_MAX; k++)
		free(l->rung[k]);
}

/* ---- Buckets */

static struct event_chunk *take_chunk(struct event_ladder *l)
{
	if (!l->free_chunks) {
		size_t chunks = l->slabs ? 2 * l->slabs->chunks : 64;
		if (chunks > 65536)
			chunks = 65536; /* 16 MiB */
		size_t size = sizeof(struct event_slab) + chunks * sizeof(struct event_chunk);
		struct event_slab *slab = event_alloc_large(size);
		if (!slab)
			return NULL;
		slab->next = l->slabs;
		slab->chunks = chunks;
		l->slabs = slab;
		for (size_t i = chunks; i-- > 0;) {
			slab->chunk[i].next = l->free_chunks;
			l->free_chunks = &slab->chunk[i];
		}
	}
	struct event_chunk *chunk = l->free_chunks;
	l->free_chunks = chunk->next;
	return chunk;
}

static inline bool bucket_add(struct event_ladder *l, struct event_bucket *b, uint64_t time,
			      uint32_t slot)
{
	if (!b->last || b->fill == EVENT_CHUNK_ENTRIES) {
		struct event_chunk *chunk = take_chunk(l);
		if (!chunk) {
			l->out_of_memory = true;
			return false;
		}
		*(b->last ? &b->last->next : &b->first) = chunk;
		b->last = chunk;
		b->fill = 0;
	}
	b->last->entry[b->fill++] = (struct event_far){time, slot};
	b->count++;
	return true;
}

static inline bool rung_add(struct event_ladder *l, struct event_rung *r, uint64_t time,
			    uint32_t slot)
{
	uint64_t at = (time - r->start) >> r->shift;
	r->occupied[at / 64] |= 1ULL << at % 64;
	return bucket_add(l, &r->bucket[at], time, slot);
}

static bool top_add(struct event_ladder *l, uint64_t time, uint32_t slot)
{
	if (!l->top.count) {
		l->top_min = l->top_max = l->top_base = time;
		l->top_sum = 0;
	}
	l->top_min = time < l->top_min ? time : l->top_min;
	l->top_max = time > l->top_max ? time : l->top_max;
	l->top_sum += (double)(int64_t)(time - l->top_base);
	return bucket_add(l, &l->top, time, slot);
}

bool event_ladder_add(struct event_ladder *l, uint64_t time, uint32_t slot)
{
	if (time == EVENT_FOREVER)
		return bucket_add(l, &l->never, time, slot);
	l->count++;
	if (time >= l->limit[0])
		return top_add(l, time, slot);
	uint32_t k = 0;
	while (time < l->limit[k + 1])
		k++;
	return rung_add(l, l->rung[k], time, slot);
}

/* The first bucket from `at` on that is not empty; EVENT_BUCKETS_MAX when there is none. */
static uint32_t occupied_from(const struct event_rung *r, uint32_t at)
{
	uint32_t word = at / 64;
	if (word == EVENT_BUCKETS_MAX / 64)
		return EVENT_BUCKETS_MAX;
	uint64_t bits = r->occupied[word] & ~0ULL << at % 64;
	while (!bits) {
		if (++word == EVENT_BUCKETS_MAX / 64)
			return EVENT_BUCKETS_MAX;
		bits = r->occupied[word];
	}
	return 64 * word + (uint32_t)__builtin_ctzll(bits);
}

/* ---- Rungs */

/* A new lowest rung for `count` events in start..last, below all others; NULL when out of memory.
 */
static struct event_rung *push_rung(struct event_ladder *l, uint64_t start, uint64_t last,
				    size_t count)
{
	struct event_rung **place = &l->rung[l->rungs];
	if (!*place && !(*place = malloc(sizeof(**place)))) {
		l->out_of_memory = true;
		return NULL;
	}
	/* As few levels as will do, and of equal size. */
	unsigned bits = 0, levels;
	while (((size_t)PER_BUCKET << bits) < count)
		bits++;
	levels = (bits + LEVEL_BITS - 1) / LEVEL_BITS;
	if (levels > 1)
		bits = (bits + levels - 1) / levels;
	uint64_t buckets = 1ULL << bits;
	if (buckets < BUCKETS_MIN)
		buckets = BUCKETS_MIN;

	struct event_rung *r = *place;
	r->start = start;
	r->shift = 0;
	while ((last - start) >> r->shift >= buckets)
		r->shift++;
	r->next = 0;
	memset(r->occupied, 0, sizeof(r->occupied));
	memset(r->bucket, 0, (((last - start) >> r->shift) + 1) * sizeof(r->bucket[0]));
	l->limit[++l->rungs] = start;
	return r;
}

bool event_ladder_lower(struct event_ladder *l, uint64_t least, size_t count)
{
	if (!l->rungs && l->limit[0] == EVENT_FOREVER) {
		l->limit[0] = least;
		return true;
	}
	return l->rungs < EVENT_RUNGS_MAX &&
	       push_rung(l, least, l->limit[l->rungs] - 1, count) != NULL;
}

/* Turns the top into a rung up to four times the mean delay, which is at least three quarters of
 * it; what is later (a long tail, which would make most buckets empty) stays in the top. */
static void split_top(struct event_ladder *l)
{
	double mean = l->top_sum / l->top.count - (double)(int64_t)(l->top_min - l->top_base);
	uint64_t last = l->top_max;
	if (4 * mean < (double)(last - l->top_min))
		last = l->top_min + (uint64_t)(4 * mean);
	struct event_rung *r = push_rung(l, l->top_min, last, l->top.count);
	if (!r)
		return;
	uint64_t end = r->start + ((((last - r->start) >> r->shift) + 1) << r->shift);
	l->limit[0] = end < EVENT_FOREVER ? end : EVENT_FOREVER;
	struct event_drain d = event_drain_start(&l->top);
	for (struct event_far entry; event_drain_next(l, &d, &entry);) {
		if (entry.time < l->limit[0])
			rung_add(l, r, entry.time, entry.slot);
		else
			top_add(l, entry.time, entry.slot);
	}
}

static void prefetch_slots(const struct event_slots *slots, const struct event_bucket *b)
{
	uint32_t left = b->count;
	for (const struct event_chunk *chunk = b->first; left; chunk = chunk->next) {
		uint32_t fill = left < EVENT_CHUNK_ENTRIES ? left : EVENT_CHUNK_ENTRIES;
		for (uint32_t i = 0; i < fill; i++)
			__builtin_prefetch(&slots->at[chunk->entry[i].slot]);
		left -= fill;
	}
}

/* Moves to the next bucket of the lowest rung, or into a finer rung made of it, or out of a rung
 * that is empty. The bucket, or NULL when it is not there yet. */
static struct event_bucket *step(struct event_ladder *l, const struct event_slots *slots)
{
	struct event_rung *r = l->rung[l->rungs - 1];
	uint32_t at = occupied_from(r, r->next);
	if (at == EVENT_BUCKETS_MAX) {
		l->rungs--;
		return NULL;
	}
	struct event_bucket *b = &r->bucket[at];
	uint64_t start = r->start + ((uint64_t)at << r->shift);
	uint64_t end = start + (1ULL << r->shift);
	if (end > l->limit[l->rungs - 1])
		end = l->limit[l->rungs - 1];
	r->occupied[at / 64] &= ~(1ULL << at % 64);
	r->next = at + 1;
	l->limit[l->rungs] = end;
	if (b->count > EVENT_SPLIT && r->shift > 0 && l->rungs < EVENT_RUNGS_MAX) {
		struct event_rung *finer = push_rung(l, start, end - 1, b->count);
		struct event_drain d = event_drain_start(b);
		for (struct event_far entry; finer && event_drain_next(l, &d, &entry);)
			rung_add(l, finer, entry.time, entry.slot);
		return NULL;
	}
	/* The slots of the bucket after it are on their way while this one is run. */
	uint32_t next = occupied_from(r, r->next);
	if (next < EVENT_BUCKETS_MAX && r->bucket[next].count <= EVENT_SPLIT)
		prefetch_slots(slots, &r->bucket[next]);
	return b;
}

bool event_ladder_next(struct event_ladder *l, const struct event_slots *slots,
		       struct event_bucket *out)
{
	struct event_bucket *b = NULL;
	while (!b && l->count && !l->out_of_memory) {
		if (l->rungs) {
			b = step(l, slots);
		} else if (l->top.count > EVENT_SPLIT) {
			split_top(l);
		} else {
			b = &l->top;
			l->limit[0] = EVENT_FOREVER;
		}
	}
	if (!b) {
		l->rungs = 0;
		l->limit[0] = EVENT_FOREVER;
		return false;
	}
	*out = *b;
	*b = (struct event_bucket){0};
	l->count -= out->count;
	return true;
}

/* ---- Cancelled events */

static void purge_bucket(struct event_ladder *l, struct event_slots *slots, struct event_bucket *b)
{
	struct event_drain d = event_drain_start(b);
	for (struct event_far entry; event_drain_next(l, &d, &entry);)
		if (slots->at[entry.slot].fn)
			bucket_add(l, b, entry.time, entry.slot);
		else
			event_slot_free(slots, entry.slot);
}

void event_ladder_purge(struct event_ladder *l, struct event_slots *slots)
{
	l->count = 0;
	for (uint32_t k = 0; k < l->rungs; k++) {
		struct event_rung *r = l->rung[k];
		for (uint32_t at = 0; (at = occupied_from(r, at)) < EVENT_BUCKETS_MAX; at++) {
			purge_bucket(l, slots, &r->bucket[at]);
			l->count += r->bucket[at].count;
			if (!r->bucket[at].count)
				r->occupied[at / 64] &= ~(1ULL << at % 64);
		}
	}
	purge_bucket(l, slots, &l->top);
	purge_bucket(l, slots, &l->never);
	l->count += l->top.count;
}
