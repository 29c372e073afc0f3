/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* All of these are measured, with bench_engine compare. */
#define SPILL	    96 /* near entries at which they become a rung */
#define SPLIT	    40 /* buckets of up to this many are sorted, larger ones split */
#define PER_BUCKET  6  /* what a rung aims at */
#define BUCKETS_MIN 16
#define LEVEL_BITS  10 /* log2 of EVENT_BUCKETS_MAX */

#define ROOM	  64  /* free places in front of a run, for insertions before its head */
#define RUN_LEAST 256 /* capacity */

#define CHUNK_ENTRIES 15

struct event_chunk {
	struct event_chunk *next; /* of the same bucket, or the next free one */
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
	l->limit[0] = l->near_limit = EVENT_FOREVER;
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
	free(l->run);
	free(l->heap);
	free(l->lane);
	free(l->slots);
}

/* ---- Memory */

/* Large arrays on large pages where the system has them: they are touched at random. */
static void *huge_alloc(size_t size)
{
	const size_t page = 2 << 20;
	if (size < 2 * page)
		return malloc(size);
	size = (size + page - 1) & ~(page - 1);
	void *p = aligned_alloc(page, size);
	if (p)
		madvise(p, size, MADV_HUGEPAGE); /* where it fails nothing is lost but speed */
	return p;
}

bool event_list_grow_slots(struct event_list *l)
{
	uint32_t capacity = l->slots_capacity ? 2 * l->slots_capacity : 64;
	struct event_slot *slots = NULL;
	if (l->slots_capacity <= UINT32_MAX / 4)
		slots = huge_alloc(capacity * sizeof(*slots));
	if (!slots)
		return false;
	if (l->slots_used)
		memcpy(slots, l->slots, l->slots_used * sizeof(*slots));
	free(l->slots);
	l->slots = slots;
	l->slots_capacity = capacity;
	return true;
}

static bool grow_lane(struct event_list *l)
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

/* An array of at least `count` entries in place of *array, of which the first `used` are kept. */
static bool reserve(struct event_near **array, uint32_t *capacity, uint32_t used, uint32_t count)
{
	uint32_t wanted = *capacity ? *capacity : RUN_LEAST;
	while (wanted < count)
		wanted *= 2;
	if (wanted == *capacity)
		return true;
	struct event_near *grown = malloc(wanted * sizeof(*grown));
	if (!grown)
		return false;
	if (used)
		memcpy(grown, *array, used * sizeof(*grown));
	free(*array);
	*array = grown;
	*capacity = wanted;
	return true;
}

static bool reserve_run(struct event_list *l, uint32_t count)
{
	uint32_t head = (uint32_t)(l->head - l->run), tail = (uint32_t)(l->tail - l->run);
	if (!reserve(&l->run, &l->run_capacity, tail, count))
		return false;
	l->head = l->run + head;
	l->tail = l->run + tail;
	return true;
}

static void give_chunk(struct event_list *l, struct event_chunk *chunk)
{
	chunk->next = l->free_chunks;
	l->free_chunks = chunk;
}

static struct event_chunk *take_chunk(struct event_list *l)
{
	if (!l->free_chunks) {
		size_t chunks = l->slabs ? 2 * l->slabs->chunks : 64;
		if (chunks > 65536)
			chunks = 65536; /* 16 MiB */
		size_t size = sizeof(struct event_slab) + chunks * sizeof(struct event_chunk);
		struct event_slab *slab = huge_alloc(size);
		if (!slab)
			return NULL;
		slab->next = l->slabs;
		slab->chunks = chunks;
		l->slabs = slab;
		for (size_t i = chunks; i-- > 0;)
			give_chunk(l, &slab->chunk[i]);
	}
	struct event_chunk *chunk = l->free_chunks;
	l->free_chunks = chunk->next;
	return chunk;
}

/* ---- Buckets */

static inline bool bucket_add(struct event_list *l, struct event_bucket *b, uint64_t time,
			      uint32_t slot)
{
	if (!b->last || b->fill == CHUNK_ENTRIES) {
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

/* Takes a bucket's entries out one by one, oldest first; each chunk is free again once it has been
 * read. */
struct drain {
	struct event_chunk *chunk;
	uint32_t fill, at, left;
};

static void drain_chunk(struct drain *d, struct event_chunk *chunk)
{
	d->chunk = chunk;
	d->fill = d->left < CHUNK_ENTRIES ? d->left : CHUNK_ENTRIES;
	d->left -= d->fill;
	d->at = 0;
	if (d->left)
		for (size_t i = 0; i < sizeof(*chunk); i += 64)
			__builtin_prefetch((char *)chunk->next + i);
}

static struct drain drain_start(struct event_bucket *b)
{
	struct drain d = {.left = b->count};
	drain_chunk(&d, b->first);
	*b = (struct event_bucket){0};
	return d;
}

static inline bool drain_next(struct event_list *l, struct drain *d, struct event_far *entry)
{
	if (d->at == d->fill) {
		struct event_chunk *empty = d->chunk;
		if (!empty)
			return false;
		drain_chunk(d, d->left ? empty->next : NULL);
		give_chunk(l, empty);
		if (!d->chunk)
			return false;
	}
	*entry = d->chunk->entry[d->at++];
	return true;
}

/* ---- The near parts */

static void heap_up(struct event_near *heap, uint32_t at, struct event_near moving)
{
	while (at > 0) {
		uint32_t parent = (at - 1) / 4;
		if (!event_before(&moving, &heap[parent]))
			break;
		heap[at] = heap[parent];
		at = parent;
	}
	heap[at] = moving;
}

static void heap_down(struct event_near *heap, uint32_t count, struct event_near moving)
{
	uint32_t at = 0;
	for (;;) {
		uint32_t first = 4 * at + 1, last = first + 4 < count ? first + 4 : count;
		if (first >= count)
			break;
		uint32_t least = first;
		for (uint32_t child = first + 1; child < last; child++)
			if (event_before(&heap[child], &heap[least]))
				least = child;
		if (!event_before(&heap[least], &moving))
			break;
		heap[at] = heap[least];
		at = least;
	}
	heap[at] = moving;
}

void event_list_pop_other(struct event_list *l, enum event_part part)
{
	l->others--;
	if (part == EVENT_LANE)
		l->lane_head++;
	else if (--l->heap_count)
		heap_down(l->heap, l->heap_count, l->heap[l->heap_count]);
}

const struct event_near *event_list_first_of_all(struct event_list *l, enum event_part *part)
{
	const struct event_near *first = NULL;
	if (l->head == l->tail && !l->others && !event_list_refill(l))
		return NULL;
	if (l->head != l->tail) {
		first = l->head;
		*part = EVENT_RUN;
	}
	if (l->heap_count && (!first || event_before(&l->heap[0], first))) {
		first = &l->heap[0];
		*part = EVENT_HEAP;
	}
	if (l->lane_head != l->lane_tail) {
		uint32_t slot = l->lane[l->lane_head & (l->lane_capacity - 1)];
		l->lane_front = event_near(l->lane_time, l->slots[slot].order, slot);
		if (!first || event_before(&l->lane_front, first)) {
			first = &l->lane_front;
			*part = EVENT_LANE;
		}
	}
	return first;
}

static int compare_near(const void *a, const void *b)
{
	return event_before(a, b) ? -1 : 1;
}

/* Small runs come in random order, and a sort that branches on it would mispredict once an entry:
 * count for each how many come before it. Large ones are of one time, and so in order as a rule. */
static void sort_run(struct event_near *run, uint32_t count)
{
	uint32_t at = 1;
	if (count <= SPLIT) {
		struct event_near copy[SPLIT];
		memcpy(copy, run, count * sizeof(*run));
		for (uint32_t i = 0; i < count; i++) {
			uint32_t rank = 0;
			for (uint32_t j = 0; j < count; j++)
				rank += event_before(&copy[j], &copy[i]);
			run[rank] = copy[i];
		}
		return;
	}
	while (at < count && event_before(&run[at - 1], &run[at]))
		at++;
	if (at < count)
		qsort(run, count, sizeof(*run), compare_near);
}

/* Makes a bucket the run (which must be empty), without the dead. */
static void load(struct event_list *l, struct event_bucket *b)
{
	if (!reserve_run(l, ROOM + b->count)) {
		l->out_of_memory = true;
		return;
	}
	l->far -= b->count;
	struct event_near *run = l->run + ROOM;
	uint32_t count = 0;
	struct drain d = drain_start(b);
	for (struct event_far entry; drain_next(l, &d, &entry);) {
		struct event_slot *slot = &l->slots[entry.slot];
		if (slot->fn) {
			__builtin_prefetch(slot->ctx); /* it will be wanted soon */
			run[count++] = event_near(entry.time, slot->order, entry.slot);
		} else {
			event_slot_free(l, entry.slot);
			l->removed++;
			l->dead--;
		}
	}
	sort_run(run, count);
	l->head = run;
	l->tail = run + count;
	if (l->spill_at < 2 * count)
		l->spill_at = 2 * count;
}

static void spill(struct event_list *l);

static bool add_aside(struct event_list *l, struct event_near entry)
{
	if (!reserve_run(l, RUN_LEAST))
		return false;
	size_t length = (size_t)(l->tail - l->head);
	const struct event_near *end = l->run + l->run_capacity;
	if (length <= RUN_LEAST / 2 && (l->head == l->run || l->tail == end)) {
		memmove(l->run + ROOM, l->head, length * sizeof(*l->run));
		l->head = l->run + ROOM;
		l->tail = l->head + length;
	}
	if (l->tail < end && (!length || event_before(l->tail - 1, &entry))) {
		*l->tail++ = entry;
	} else {
		if (!reserve(&l->heap, &l->heap_capacity, l->heap_count, l->heap_count + 1))
			return false;
		heap_up(l->heap, l->heap_count++, entry);
		l->others++;
	}
	if (l->heap_count + length >= l->spill_at)
		spill(l);
	return true;
}

/* ---- The ladder */

static inline bool rung_add(struct event_list *l, struct event_rung *r, uint64_t time,
			    uint32_t slot)
{
	uint64_t at = (time - r->start) >> r->shift;
	r->occupied[at / 64] |= 1ULL << at % 64;
	return bucket_add(l, &r->bucket[at], time, slot);
}

static bool top_add(struct event_list *l, uint64_t time, uint32_t slot)
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

static bool add_far(struct event_list *l, uint64_t time, uint32_t slot)
{
	if (time == EVENT_FOREVER)
		return bucket_add(l, &l->never, time, slot);
	l->far++;
	if (time >= l->limit[0])
		return top_add(l, time, slot);
	uint32_t k = 0;
	while (time < l->limit[k + 1])
		k++;
	return rung_add(l, l->rung[k], time, slot);
}

bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint32_t slot)
{
	uint64_t order = l->slots[slot].order;
	bool plain = event_priority(order) == SIM_PRIORITY_DEFAULT;
	if (time == now && plain && l->lane_tail - l->lane_head == l->lane_capacity &&
	    !grow_lane(l))
		return false;
	if (event_list_add_soon(l, time, now, plain, slot))
		return true;
	if (time >= l->limit[l->rungs])
		return add_far(l, time, slot);
	return add_aside(l, event_near(time, order, slot));
}

/* A new lowest rung for `count` events in start..last, below all others; NULL when out of memory.
 */
static struct event_rung *push_rung(struct event_list *l, uint64_t start, uint64_t last,
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

static void prefetch_slots(const struct event_list *l, const struct event_bucket *b)
{
	uint32_t left = b->count;
	for (const struct event_chunk *chunk = b->first; left; chunk = chunk->next) {
		uint32_t fill = left < CHUNK_ENTRIES ? left : CHUNK_ENTRIES;
		for (uint32_t i = 0; i < fill; i++)
			__builtin_prefetch(&l->slots[chunk->entry[i].slot]);
		left -= fill;
	}
}

/* Turns the top into a rung up to four times the mean delay, which is at least three quarters of
 * it; what is later (a long tail, which would make most buckets empty) stays in the top. */
static void split_top(struct event_list *l)
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
	struct drain d = drain_start(&l->top);
	for (struct event_far entry; drain_next(l, &d, &entry);) {
		if (entry.time < l->limit[0])
			rung_add(l, r, entry.time, entry.slot);
		else
			top_add(l, entry.time, entry.slot);
	}
}

/* Takes the next bucket of the lowest rung: into the run when it is small, into a finer rung else.
 */
static void advance(struct event_list *l)
{
	struct event_rung *r = l->rung[l->rungs - 1];
	uint32_t at = occupied_from(r, r->next);
	if (at == EVENT_BUCKETS_MAX) {
		l->rungs--;
		return;
	}
	struct event_bucket *b = &r->bucket[at];
	uint64_t start = r->start + ((uint64_t)at << r->shift);
	uint64_t end = start + (1ULL << r->shift);
	if (end > l->limit[l->rungs - 1])
		end = l->limit[l->rungs - 1];
	r->occupied[at / 64] &= ~(1ULL << at % 64);
	r->next = at + 1;
	l->limit[l->rungs] = end;
	if (b->count > SPLIT && r->shift > 0 && l->rungs < EVENT_RUNGS_MAX) {
		struct event_rung *finer = push_rung(l, start, end - 1, b->count);
		struct drain d = drain_start(b);
		for (struct event_far entry; finer && drain_next(l, &d, &entry);)
			rung_add(l, finer, entry.time, entry.slot);
		return;
	}
	/* The slots of the bucket after it are on their way while this one is run. */
	uint32_t next = occupied_from(r, r->next);
	if (next < EVENT_BUCKETS_MAX && r->bucket[next].count <= SPLIT)
		prefetch_slots(l, &r->bucket[next]);
	load(l, b);
}

bool event_list_refill(struct event_list *l)
{
	l->spill_at = SPILL;
	while (l->head == l->tail && l->far && !l->out_of_memory) {
		if (l->rungs) {
			advance(l);
		} else if (l->top.count > SPLIT) {
			split_top(l);
		} else {
			load(l, &l->top);
			l->limit[0] = EVENT_FOREVER;
		}
	}
	l->near_limit = l->limit[l->rungs];
	return l->head != l->tail;
}

/* Turns run and heap, which have grown too large, into a rung. */
static void spill(struct event_list *l)
{
	struct event_near *const part[] = {l->head, l->heap};
	const uint32_t length[] = {(uint32_t)(l->tail - l->head), l->heap_count};
	uint32_t count = length[0] + length[1];
	uint64_t least = UINT64_MAX, most = 0;
	for (int p = 0; p < 2; p++)
		for (uint32_t i = 0; i < length[p]; i++) {
			uint64_t time = event_near_time(&part[p][i]);
			least = time < least ? time : least;
			most = time > most ? time : most;
		}
	if (least == most || l->rungs == EVENT_RUNGS_MAX) {
		/* Nothing to tell them apart by. Do not come back soon. */
		l->spill_at = 2 * count;
		return;
	}
	struct event_rung *r = NULL;
	if (!l->rungs && l->limit[0] == EVENT_FOREVER)
		l->limit[0] = least;
	else if (!(r = push_rung(l, least, l->limit[l->rungs] - 1, count)))
		return;
	l->far += count;
	for (int p = 0; p < 2; p++)
		for (uint32_t i = 0; i < length[p]; i++) {
			const struct event_near *near = &part[p][i];
			if (r)
				rung_add(l, r, event_near_time(near), near->slot);
			else
				top_add(l, event_near_time(near), near->slot);
		}
	l->others -= l->heap_count;
	l->heap_count = 0;
	l->head = l->tail = l->run + ROOM;
	event_list_refill(l);
}

/* ---- Cancelled events */

/* Whether an entry stays; if not, its slot is free again. */
static bool keep(struct event_list *l, uint32_t slot)
{
	if (l->slots[slot].fn)
		return true;
	event_slot_free(l, slot);
	return false;
}

static void purge_bucket(struct event_list *l, struct event_bucket *b)
{
	struct drain d = drain_start(b);
	for (struct event_far entry; drain_next(l, &d, &entry);)
		if (keep(l, entry.slot))
			bucket_add(l, b, entry.time, entry.slot);
}

void event_list_purge(struct event_list *l)
{
	struct event_near *last = l->head;
	for (const struct event_near *e = l->head; e < l->tail; e++)
		if (keep(l, e->slot))
			*last++ = *e;
	l->tail = last;

	uint32_t kept = 0;
	for (uint32_t i = 0; i < l->heap_count; i++)
		if (keep(l, l->heap[i].slot)) {
			heap_up(l->heap, kept, l->heap[i]);
			kept++;
		}
	l->heap_count = kept;

	uint32_t mask = l->lane_capacity - 1;
	kept = l->lane_head;
	for (uint32_t i = l->lane_head; i != l->lane_tail; i++)
		if (keep(l, l->lane[i & mask]))
			l->lane[kept++ & mask] = l->lane[i & mask];
	l->lane_tail = kept;
	l->others = l->heap_count + (l->lane_tail - l->lane_head);

	l->far = 0;
	for (uint32_t k = 0; k < l->rungs; k++) {
		struct event_rung *r = l->rung[k];
		for (uint32_t at = 0; (at = occupied_from(r, at)) < EVENT_BUCKETS_MAX; at++) {
			purge_bucket(l, &r->bucket[at]);
			l->far += r->bucket[at].count;
			if (!r->bucket[at].count)
				r->occupied[at / 64] &= ~(1ULL << at % 64);
		}
	}
	purge_bucket(l, &l->top);
	purge_bucket(l, &l->never);
	l->far += l->top.count;
	l->removed += l->dead;
	l->dead = 0;
}
