/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The far part of the event list: events that lie unsorted in the buckets of a ladder (after Tang,
 * Goh and Thng, ACM TOMACS 15:3, 2005) and are split into finer ones only when their time has come.
 * Used by event_list.c only. What each part holds:
 *
 * - rung k: limit[k + 1] <= time < limit[k], in up to 1024 buckets of equal width;
 * - top: times from limit[0] on, except SIM_NEVER;
 * - never: SIM_NEVER.
 *
 * What is below limit[rungs] is not the ladder's. A bucket keeps its entries in the order in which
 * they were added, and splitting one does not change that: so those of equal time stay in the order
 * of their sequence.
 */
#ifndef SIM_ENGINE_EVENT_LADDER_H
#define SIM_ENGINE_EVENT_LADDER_H

#include "sim/engine/event_slot.h"

#define EVENT_FOREVER	  ((uint64_t)SIM_NEVER)
#define EVENT_RUNGS_MAX	  12
#define EVENT_BUCKETS_MAX 1024

/* Buckets of up to this many entries are handed out, larger ones split (measured, with bench_engine
 * compare). */
#define EVENT_SPLIT 40

struct event_far {
	uint64_t time;
	uint32_t slot;
};

#define EVENT_CHUNK_ENTRIES 15

/* Some entries of one bucket. */
struct event_chunk {
	struct event_chunk *next; /* of the same bucket, or the next free one */
	struct event_far entry[EVENT_CHUNK_ENTRIES];
};

struct event_bucket {
	struct event_chunk *first, *last; /* oldest entries first; NULL when empty */
	uint32_t fill;			  /* entries in the last chunk */
	uint32_t count;			  /* entries in all */
};

struct event_rung {
	uint64_t start;
	unsigned shift; /* a bucket is 2^shift ns wide */
	uint32_t next;	/* the first bucket not yet consumed */
	uint64_t occupied[EVENT_BUCKETS_MAX / 64];
	struct event_bucket bucket[EVENT_BUCKETS_MAX];
};

struct event_ladder {
	uint32_t rungs;
	uint64_t limit[EVENT_RUNGS_MAX + 1];
	struct event_rung *rung[EVENT_RUNGS_MAX]; /* made when first needed */
	struct event_bucket top, never;
	uint64_t top_min, top_max, top_base;
	double top_sum; /* of time - top_base */
	size_t count;	/* entries in top and rungs */
	struct event_chunk *free_chunks;
	struct event_slab *slabs;
	bool out_of_memory; /* entries may be missing: the run has failed */
};

void event_ladder_init(struct event_ladder *l);
void event_ladder_free(struct event_ladder *l);

/* Times from here on are the ladder's. */
static inline uint64_t event_ladder_limit(const struct event_ladder *l)
{
	return l->limit[l->rungs];
}

/* Adds an entry at or above the limit. False when out of memory. */
bool event_ladder_add(struct event_ladder *l, uint64_t time, uint32_t slot);

/* Takes out the first entries, all that are below the limit as it is afterwards: at most
 * EVENT_SPLIT, or more of one time (or, once all rungs are in use, of several). False when there
 * are none, or out of memory; without any the limit is EVENT_FOREVER. */
bool event_ladder_next(struct event_ladder *l, const struct event_slots *slots,
		       struct event_bucket *out);

/* Lowers the limit to `least`, for about `count` entries from there on that will be added. False
 * when there are no more rungs, or no memory for one. */
bool event_ladder_lower(struct event_ladder *l, uint64_t least, size_t count);

/* Removes the dead entries and frees their slots. */
void event_ladder_purge(struct event_ladder *l, struct event_slots *slots);

/* ---- Taking a bucket's entries out one by one, oldest first; each chunk is free again once it has
 * been read. */

struct event_drain {
	struct event_chunk *chunk;
	uint32_t fill, at, left;
};

static inline void event_drain_chunk(struct event_drain *d, struct event_chunk *chunk)
{
	d->chunk = chunk;
	d->fill = d->left < EVENT_CHUNK_ENTRIES ? d->left : EVENT_CHUNK_ENTRIES;
	d->left -= d->fill;
	d->at = 0;
	if (d->left)
		for (size_t i = 0; i < sizeof(*chunk); i += 64)
			__builtin_prefetch((char *)chunk->next + i);
}

/* Empties the bucket, so that entries may be added to it meanwhile. */
static inline struct event_drain event_drain_start(struct event_bucket *b)
{
	struct event_drain d = {.left = b->count};
	event_drain_chunk(&d, b->first);
	*b = (struct event_bucket){0};
	return d;
}

static inline bool event_drain_next(struct event_ladder *l, struct event_drain *d,
				    struct event_far *entry)
{
	if (d->at == d->fill) {
		struct event_chunk *empty = d->chunk;
		if (!empty)
			return false;
		event_drain_chunk(d, d->left ? empty->next : NULL);
		empty->next = l->free_chunks;
		l->free_chunks = empty;
		if (!d->chunk)
			return false;
	}
	*entry = d->chunk->entry[d->at++];
	return true;
}

#endif
