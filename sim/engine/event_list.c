/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <stdlib.h>
#include <string.h>

/* Measured with bench_engine: a heap of this many stays in the first-level cache and beats any
 * bucket; buckets of up to SPLIT go to the heap as they are, and a new rung aims at PER_BUCKET. */
#define SPILL	   256
#define SPLIT	   96
#define PER_BUCKET 16

#define BUCKETS_MAX 512
#define BUCKETS_MIN 64

#define CHUNK_ENTRIES 31

struct event_chunk {
	struct event_chunk *next; /* older chunk of the same bucket, or the next free one */
	struct event_far entry[CHUNK_ENTRIES];
};

struct event_slab {
	struct event_slab *next;
	size_t chunks;
	struct event_chunk chunk[];
};

void event_list_init(struct event_list *l)
{
	*l = (struct event_list){0};
	l->spill_at = SPILL;
	l->free_slot = EVENT_NO_SLOT;
	l->limit[0] = EVENT_FOREVER;
}

void event_list_free(struct event_list *l)
{
	while (l->slabs) {
		struct event_slab *next = l->slabs->next;
		free(l->slabs);
		l->slabs = next;
	}
	for (uint32_t k = 0; k < EVENT_RUNGS_MAX; k++)
		free(l->rung[k]);
	free(l->heap);
	free(l->lane);
	free(l->slots);
}

bool event_list_grow_slots(struct event_list *l)
{
	uint32_t capacity = l->slots_capacity ? 2 * l->slots_capacity : 64;
	struct event_slot *slots = NULL;
	if (l->slots_capacity <= UINT32_MAX / 4)
		slots = realloc(l->slots, capacity * sizeof(*slots));
	if (!slots)
		return false;
	l->slots = slots;
	l->slots_capacity = capacity;
	return true;
}

static bool reserve_heap(struct event_list *l, uint32_t count)
{
	uint32_t capacity = l->heap_capacity ? l->heap_capacity : SPILL + 1;
	while (capacity < count)
		capacity *= 2;
	if (capacity == l->heap_capacity)
		return true;
	struct event_near *heap = realloc(l->heap, capacity * sizeof(*heap));
	if (!heap)
		return false;
	l->heap = heap;
	l->heap_capacity = capacity;
	return true;
}

bool event_list_grow_heap(struct event_list *l)
{
	return reserve_heap(l, l->heap_count + 1);
}

bool event_list_grow_lane(struct event_list *l)
{
	uint32_t used = l->lane_tail - l->lane_head;
	uint32_t capacity = l->lane_capacity ? 2 * l->lane_capacity : 64;
	uint32_t *lane = malloc(capacity * sizeof(*lane));
	if (!lane)
		return false;
	for (uint32_t i = 0; i < used; i++)
		lane[i] = l->lane[(l->lane_head + i) & (l->lane_capacity - 1)];
	free(l->lane);
	l->lane = lane;
	l->lane_head = 0;
	l->lane_tail = used;
	l->lane_capacity = capacity;
	return true;
}

static struct event_chunk *take_chunk(struct event_list *l)
{
	if (!l->free_chunks) {
		size_t chunks = l->slabs ? 2 * l->slabs->chunks : 64;
		if (chunks > 8192)
			chunks = 8192; /* 4 MiB */
		struct event_slab *slab =
			malloc(sizeof(*slab) + chunks * sizeof(struct event_chunk));
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

static void give_chunk(struct event_list *l, struct event_chunk *chunk)
{
	chunk->next = l->free_chunks;
	l->free_chunks = chunk;
}

static inline bool bucket_add(struct event_list *l, struct event_bucket *b, uint64_t time,
			      uint32_t slot)
{
	if (!b->chunk || b->fill == CHUNK_ENTRIES) {
		struct event_chunk *chunk = take_chunk(l);
		if (!chunk) {
			l->out_of_memory = true;
			return false;
		}
		chunk->next = b->chunk;
		b->chunk = chunk;
		b->fill = 0;
	}
	b->chunk->entry[b->fill++] = (struct event_far){time, slot};
	b->count++;
	return true;
}

static inline bool rung_add(struct event_list *l, struct event_rung *r, uint64_t time,
			    uint32_t slot)
{
	uint64_t at = (time - r->start) >> r->shift;
	r->occupied[at / 64] |= 1ULL << at % 64;
	return bucket_add(l, &r->bucket[at], time, slot);
}

bool event_list_add_far(struct event_list *l, uint64_t time, uint32_t slot)
{
	if (time == (uint64_t)SIM_NEVER)
		return bucket_add(l, &l->never, time, slot);
	l->far++;
	if (time >= l->limit[0]) {
		if (!l->top.count || time < l->top_min)
			l->top_min = time;
		if (!l->top.count || time > l->top_max)
			l->top_max = time;
		return bucket_add(l, &l->top, time, slot);
	}
	uint32_t k = 0;
	while (time < l->limit[k + 1])
		k++;
	return rung_add(l, l->rung[k], time, slot);
}

/* A new lowest rung for `count` events of [start, end), below all others; NULL when out of memory.
 * The buckets cover at least that. */
static struct event_rung *push_rung(struct event_list *l, uint64_t start, uint64_t end,
				    size_t count)
{
	struct event_rung **place = &l->rung[l->rungs];
	if (!*place && !(*place = malloc(sizeof(**place)))) {
		l->out_of_memory = true;
		return NULL;
	}
	struct event_rung *r = *place;
	uint64_t last = end - 1 - start;
	size_t buckets = BUCKETS_MIN;
	while (buckets < BUCKETS_MAX && buckets * PER_BUCKET < count)
		buckets *= 2;
	r->start = start;
	r->shift = 0;
	while (last >> r->shift >= buckets)
		r->shift++;
	r->next = 0;
	memset(r->occupied, 0, sizeof(r->occupied));
	memset(r->bucket, 0, ((last >> r->shift) + 1) * sizeof(r->bucket[0]));
	l->limit[++l->rungs] = start;
	return r;
}

/* Takes a bucket's entries out one by one; each chunk is free again once it has been read. */
struct drain {
	struct event_chunk *chunk;
	uint32_t fill, at;
};

static struct drain drain_start(struct event_bucket *b)
{
	struct drain d = {b->chunk, b->fill, 0};
	*b = (struct event_bucket){0};
	return d;
}

static inline bool drain_next(struct event_list *l, struct drain *d, struct event_far *entry)
{
	if (d->at == d->fill) {
		struct event_chunk *empty = d->chunk;
		if (!empty)
			return false;
		d->chunk = empty->next;
		give_chunk(l, empty);
		if (!d->chunk)
			return d->fill = d->at = 0, false;
		d->fill = CHUNK_ENTRIES;
		d->at = 0;
	}
	*entry = d->chunk->entry[d->at++];
	return true;
}

static void heapify(struct event_list *l)
{
	if (l->heap_count > 1)
		for (uint32_t at = (l->heap_count - 2) / 4 + 1; at-- > 0;)
			event_heap_down(l->heap, l->heap_count, at, l->heap[at]);
}

/* Moves a bucket behind the heap's entries (heapify must follow), without the dead. */
static bool load(struct event_list *l, struct event_bucket *b)
{
	if (!reserve_heap(l, l->heap_count + b->count)) {
		l->out_of_memory = true;
		return false;
	}
	l->far -= b->count;
	for (struct event_chunk *chunk = b->chunk; chunk; chunk = chunk->next) {
		uint32_t fill = chunk == b->chunk ? b->fill : CHUNK_ENTRIES;
		for (uint32_t i = 0; i < fill; i++)
			__builtin_prefetch(&l->slots[chunk->entry[i].slot]);
	}
	struct drain d = drain_start(b);
	for (struct event_far entry; drain_next(l, &d, &entry);) {
		struct event_slot *slot = &l->slots[entry.slot];
		if (slot->fn) {
			__builtin_prefetch(slot->ctx);
			l->heap[l->heap_count++] =
				(struct event_near){entry.time, slot->order, entry.slot};
		} else {
			event_slot_free(l, entry.slot);
			l->count--;
			l->dead--;
		}
	}
	return true;
}

/* Takes the next bucket of the lowest rung that is not empty; NULL when the rung is spent. */
static struct event_bucket *next_bucket(struct event_rung *r)
{
	for (uint32_t word = r->next / 64; word < 8; word++) {
		uint64_t bits = r->occupied[word];
		if (word == r->next / 64)
			bits &= ~0ULL << r->next % 64;
		if (!bits)
			continue;
		uint32_t at = 64 * word + (uint32_t)__builtin_ctzll(bits);
		r->occupied[word] &= ~(1ULL << at % 64);
		r->next = at + 1;
		return &r->bucket[at];
	}
	return NULL;
}

static void distribute(struct event_list *l, struct event_bucket *from, struct event_rung *to)
{
	struct drain d = drain_start(from);
	for (struct event_far entry; drain_next(l, &d, &entry);)
		rung_add(l, to, entry.time, entry.slot);
}

static void split_top(struct event_list *l)
{
	struct event_rung *r = push_rung(l, l->top_min, l->top_max + 1, l->top.count);
	if (!r)
		return;
	uint64_t buckets = ((l->top_max - l->top_min) >> r->shift) + 1;
	uint64_t end = r->start + (buckets << r->shift);
	l->limit[0] = end < EVENT_FOREVER ? end : EVENT_FOREVER;
	distribute(l, &l->top, r);
}

bool event_list_refill(struct event_list *l)
{
	l->spill_at = SPILL;
	while (!l->heap_count && l->far && !l->out_of_memory) {
		if (!l->rungs) {
			if (l->top.count <= SPLIT) {
				load(l, &l->top);
				l->limit[0] = EVENT_FOREVER;
				break;
			}
			split_top(l);
			continue;
		}
		struct event_rung *r = l->rung[l->rungs - 1];
		struct event_bucket *b = next_bucket(r);
		if (!b) {
			l->rungs--;
			continue;
		}
		uint64_t start = r->start + ((uint64_t)(r->next - 1) << r->shift);
		uint64_t end = start + (1ULL << r->shift);
		if (end > l->limit[l->rungs - 1])
			end = l->limit[l->rungs - 1];
		l->limit[l->rungs] = end;
		if (b->count <= SPLIT || r->shift == 0 || l->rungs == EVENT_RUNGS_MAX) {
			load(l, b);
			continue;
		}
		struct event_rung *finer = push_rung(l, start, end, b->count);
		if (finer)
			distribute(l, b, finer);
	}
	heapify(l);
	return l->heap_count > 0;
}

void event_list_spill(struct event_list *l)
{
	uint64_t least = UINT64_MAX, most = 0;
	for (uint32_t i = 0; i < l->heap_count; i++) {
		uint64_t time = l->heap[i].time;
		least = time < least ? time : least;
		most = time > most ? time : most;
	}
	if (least == most || l->rungs == EVENT_RUNGS_MAX) {
		/* Nothing to tell them apart by. Do not come back soon. */
		l->spill_at = 2 * l->heap_count;
		return;
	}
	uint32_t count = l->heap_count;
	l->heap_count = 0;
	l->far += count;
	if (l->rungs || l->limit[0] != EVENT_FOREVER) {
		struct event_rung *r = push_rung(l, least, l->limit[l->rungs], count);
		for (uint32_t i = 0; r && i < count; i++)
			rung_add(l, r, l->heap[i].time, l->heap[i].slot);
	} else {
		l->top_min = least;
		l->top_max = most;
		l->limit[0] = least;
		for (uint32_t i = 0; i < count; i++)
			bucket_add(l, &l->top, l->heap[i].time, l->heap[i].slot);
	}
	event_list_refill(l);
}

static void purge_bucket(struct event_list *l, struct event_bucket *b)
{
	struct drain d = drain_start(b);
	for (struct event_far entry; drain_next(l, &d, &entry);) {
		if (l->slots[entry.slot].fn)
			bucket_add(l, b, entry.time, entry.slot);
		else
			event_slot_free(l, entry.slot);
	}
}

void event_list_purge(struct event_list *l)
{
	event_list_close_hole(l);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < l->heap_count; i++) {
		if (l->slots[l->heap[i].slot].fn)
			l->heap[kept++] = l->heap[i];
		else
			event_slot_free(l, l->heap[i].slot);
	}
	l->heap_count = kept;
	heapify(l);

	uint32_t mask = l->lane_capacity - 1, tail = l->lane_head;
	for (uint32_t i = l->lane_head; i != l->lane_tail; i++) {
		uint32_t slot = l->lane[i & mask];
		if (l->slots[slot].fn)
			l->lane[tail++ & mask] = slot;
		else
			event_slot_free(l, slot);
	}
	l->lane_tail = tail;

	l->far = 0;
	for (uint32_t k = 0; k < l->rungs; k++) {
		struct event_rung *r = l->rung[k];
		for (uint32_t word = 0; word < 8; word++) {
			for (uint64_t bits = r->occupied[word]; bits; bits &= bits - 1) {
				uint32_t at = 64 * word + (uint32_t)__builtin_ctzll(bits);
				purge_bucket(l, &r->bucket[at]);
				l->far += r->bucket[at].count;
				if (!r->bucket[at].count)
					r->occupied[word] &= ~(1ULL << at % 64);
			}
		}
	}
	purge_bucket(l, &l->top);
	purge_bucket(l, &l->never);
	l->far += l->top.count;
	l->count -= l->dead;
	l->dead = 0;
}
