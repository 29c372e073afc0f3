/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <stdlib.h>
#include <string.h>

/* Measured, with bench_engine compare. */
#define SPILL	   192 /* near entries at which they move to the ladder */
#define LENGTH_MAX 512 /* of a run in which entries are moved; beyond it the heap costs less */

#define ROOM	  64   /* free places in front of a run, for insertions at its head */
#define RUN_LEAST 1024 /* capacity */

void event_list_init(struct event_list *l)
{
	*l = (struct event_list){.slots = {.free = EVENT_NO_SLOT}, .spill_at = SPILL};
	event_ladder_init(&l->ladder);
	l->near_limit = event_ladder_limit(&l->ladder);
}

void event_list_free(struct event_list *l)
{
	event_ladder_free(&l->ladder);
	free(l->run);
	free(l->heap);
	free(l->lane);
	free(l->slots.at);
}

/* ---- The lane */

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

/* ---- The heap */

static bool grow_heap(struct event_list *l)
{
	uint32_t capacity = l->heap_capacity ? 2 * l->heap_capacity : 256;
	struct event_near *heap = realloc(l->heap, capacity * sizeof(*heap));
	if (!heap)
		return false;
	l->heap = heap;
	l->heap_capacity = capacity;
	return true;
}

/* The total order of any two entries. */
static bool before(const struct event_list *l, const struct event_near *a,
		   const struct event_near *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	return l->slots.at[event_near_slot(a)].order < l->slots.at[event_near_slot(b)].order;
}

static void heap_up(const struct event_list *l, uint32_t at, struct event_near moving)
{
	while (at > 0) {
		uint32_t parent = (at - 1) / 4;
		if (!before(l, &moving, &l->heap[parent]))
			break;
		l->heap[at] = l->heap[parent];
		at = parent;
	}
	l->heap[at] = moving;
}

static void heap_down(const struct event_list *l, struct event_near moving)
{
	uint32_t at = 0, count = l->heap_count;
	for (;;) {
		uint32_t first = 4 * at + 1, last = first + 4 < count ? first + 4 : count;
		if (first >= count)
			break;
		uint32_t least = first;
		for (uint32_t child = first + 1; child < last; child++)
			if (before(l, &l->heap[child], &l->heap[least]))
				least = child;
		if (!before(l, &l->heap[least], &moving))
			break;
		l->heap[at] = l->heap[least];
		at = least;
	}
	l->heap[at] = moving;
}

static bool heap_add(struct event_list *l, struct event_near entry)
{
	if (l->heap_count == l->heap_capacity && !grow_heap(l))
		return false;
	heap_up(l, l->heap_count++, entry);
	l->others++;
	return true;
}

/* ---- The first entry */

void event_list_pop_other(struct event_list *l, enum event_part part)
{
	l->others--;
	if (part == EVENT_LANE)
		l->lane_head++;
	else if (--l->heap_count)
		heap_down(l, l->heap[l->heap_count]);
}

/* The first of run and heap. */
static const struct event_near *first_near(const struct event_list *l, enum event_part *part)
{
	const struct event_near *first = l->head != l->tail ? l->head : NULL;
	*part = EVENT_RUN;
	if (l->heap_count && (!first || before(l, &l->heap[0], first))) {
		first = &l->heap[0];
		*part = EVENT_HEAP;
	}
	return first;
}

static bool refill(struct event_list *l);

const struct event_near *event_list_first_of_all(struct event_list *l, enum event_part *part)
{
	if (l->head == l->tail && !l->others && !refill(l))
		return NULL;
	const struct event_near *first = first_near(l, part);
	if (l->lane_head == l->lane_tail)
		return first;
	/* Those that came to run or heap when this time was still to come are older. */
	uint32_t slot = l->lane[l->lane_head & (l->lane_capacity - 1)];
	uint64_t order = l->slots.at[slot].order;
	if (first && event_near_key(first) < event_key_behind(l->lane_time, order))
		return first;
	l->lane_front = event_near(l->lane_time, order, slot);
	*part = EVENT_LANE;
	return &l->lane_front;
}

/* ---- From the ladder and back */

/* Makes room at both ends of the run, for `count` entries in all. */
static bool settle_run(struct event_list *l, size_t count)
{
	size_t length = (size_t)(l->tail - l->head);
	uint32_t capacity = l->run_capacity ? l->run_capacity : RUN_LEAST;
	while (capacity < 2 * (ROOM + count))
		capacity *= 2;
	struct event_near *run = l->run;
	if (capacity != l->run_capacity && !(run = malloc(capacity * sizeof(*run))))
		return false;
	if (length)
		memmove(run + ROOM, l->head, length * sizeof(*run));
	if (run != l->run)
		free(l->run);
	l->run = run;
	l->run_capacity = capacity;
	l->head = run + ROOM;
	l->tail = l->head + length;
	return true;
}

static int compare(const void *a, const void *b, void *list)
{
	return before(list, a, b) ? -1 : 1;
}

/* Small runs come in random order, and a sort that branches on it would mispredict once an entry:
 * count for each how many come before it. Large ones are of one time, and so in order as a rule. */
static void sort_run(struct event_list *l, struct event_near *run, uint32_t count)
{
	uint32_t at = 1;
	if (count <= EVENT_SPLIT) {
		event_key copy[EVENT_SPLIT];
		for (uint32_t i = 0; i < count; i++) /* the index makes them different */
			copy[i] = event_near_key(&run[i]) | (event_key)i << 32;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t place = 0;
			for (uint32_t j = 0; j < count; j++)
				place += copy[j] < copy[i];
			run[place] =
				(struct event_near){(uint64_t)(copy[i] >> 64), (uint64_t)copy[i]};
		}
		return;
	}
	while (at < count && before(l, &run[at - 1], &run[at]))
		at++;
	if (at < count)
		qsort_r(run, count, sizeof(*run), compare, l);
}

/* Makes a bucket the run (which must be empty), without the dead. */
static void load(struct event_list *l, struct event_bucket *b)
{
	if (!settle_run(l, b->count)) {
		l->ladder.out_of_memory = true;
		return;
	}
	if (l->spill_at < 2 * b->count)
		l->spill_at = 2 * b->count;
	struct event_near *run = l->head;
	uint32_t count = 0;
	struct event_drain d = event_drain_start(b);
	for (struct event_far entry; event_drain_next(&l->ladder, &d, &entry);) {
		struct event_slot *slot = &l->slots.at[entry.slot];
		if (slot->fn) {
			__builtin_prefetch(slot->ctx); /* it will be wanted soon */
			run[count++] = event_near(entry.time, slot->order, entry.slot);
		} else {
			event_slot_free(&l->slots, entry.slot);
			l->removed++;
			l->dead--;
		}
	}
	sort_run(l, run, count);
	l->tail = run + count;
}

/* Brings the ladder's next entries into the run, when that and the heap are empty. False when there
 * are none. */
static bool refill(struct event_list *l)
{
	struct event_bucket bucket;
	l->spill_at = SPILL;
	while (l->head == l->tail && event_ladder_next(&l->ladder, &l->slots, &bucket))
		load(l, &bucket);
	l->near_limit = event_ladder_limit(&l->ladder);
	return l->head != l->tail;
}

/* Moves run and heap, which have grown too large, to the ladder, in their order. False when out of
 * memory. */
static bool spill(struct event_list *l)
{
	uint32_t count = (uint32_t)(l->tail - l->head) + l->heap_count;
	enum event_part part;
	const struct event_near *first = first_near(l, &part);
	uint64_t least = first->time, most = l->head != l->tail ? l->tail[-1].time : least;
	for (uint32_t i = 0; i < l->heap_count; i++)
		most = l->heap[i].time > most ? l->heap[i].time : most;
	if (least == most || !event_ladder_lower(&l->ladder, least, count)) {
		/* Nothing to tell them apart by. Do not come back soon. */
		l->spill_at = 2 * count;
		return !l->ladder.out_of_memory;
	}
	while ((first = first_near(l, &part)) != NULL) {
		event_ladder_add(&l->ladder, first->time, event_near_slot(first));
		event_list_pop(l, part);
	}
	refill(l);
	return !l->ladder.out_of_memory;
}

/* ---- Adding */

/* How many of the run's entries are before the key. By halving, without a branch on what they are,
 * which would be mispredicted every other time; and by times alone, as priorities rarely decide. */
static inline size_t place_of(const struct event_near *run, size_t count, uint64_t time,
			      event_key key)
{
	const struct event_near *from = run;
	if (!count)
		return 0;
	for (size_t rest = count; rest > 1; rest -= rest / 2) {
		const struct event_near *upper = from + rest / 2;
		bool is_later = upper[-1].time <= time;
		from = __builtin_expect_with_probability(is_later, 1, 0.5) ? upper : from;
	}
	size_t place = (size_t)(from - run) + (from->time <= time);
	while (place > 0 && __builtin_expect(event_near_key(&run[place - 1]) > key, 0))
		place--;
	return place;
}

/* Into the run, moving what is before or behind it, whichever is less. */
static bool add_near(struct event_list *l, uint64_t time, uint64_t order, uint32_t slot)
{
	size_t length = (size_t)(l->tail - l->head);
	if (__builtin_expect(length > LENGTH_MAX, 0))
		return heap_add(l, event_near(time, order, slot));
	bool is_at_end = l->head == l->run || l->tail == l->run + l->run_capacity;
	if (__builtin_expect(is_at_end, 0) && !settle_run(l, length))
		return false;
	struct event_near *head = l->head, *place;
	size_t front = place_of(head, length, time, event_key_behind(time, order));
	if (front < length / 2) {
		l->head = head - 1;
		place = head - 1 + front;
		memmove(head - 1, head, front * sizeof(*place));
	} else {
		l->tail++;
		place = head + front;
		memmove(place + 1, place, (length - front) * sizeof(*place));
	}
	*place = event_near(time, order, slot);
	return true;
}

bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint32_t slot)
{
	uint64_t order = l->slots.at[slot].order;
	if (time == now && event_priority(order) == SIM_PRIORITY_DEFAULT)
		return grow_lane(l) && event_list_add_soon(l, time, now, true, order, slot);
	if (time < l->near_limit && (size_t)(l->tail - l->head) + l->heap_count >= l->spill_at &&
	    !spill(l))
		return false;
	if (time >= l->near_limit)
		return event_ladder_add(&l->ladder, time, slot);
	return add_near(l, time, order, slot);
}

/* ---- Cancelled events */

/* Whether an entry stays; if not, its slot is free again. */
static bool keep(struct event_list *l, uint32_t slot)
{
	if (l->slots.at[slot].fn)
		return true;
	event_slot_free(&l->slots, slot);
	return false;
}

void event_list_purge(struct event_list *l)
{
	struct event_near *last = l->head;
	for (const struct event_near *e = l->head; e < l->tail; e++)
		if (keep(l, event_near_slot(e)))
			*last++ = *e;
	l->tail = last;

	uint32_t kept = 0;
	for (uint32_t i = 0; i < l->heap_count; i++)
		if (keep(l, event_near_slot(&l->heap[i])))
			heap_up(l, kept++, l->heap[i]);
	l->heap_count = kept;

	uint32_t mask = l->lane_capacity - 1;
	kept = l->lane_head;
	for (uint32_t i = l->lane_head; i != l->lane_tail; i++)
		if (keep(l, l->lane[i & mask]))
			l->lane[kept++ & mask] = l->lane[i & mask];
	l->lane_tail = kept;
	l->others = l->heap_count + (l->lane_tail - l->lane_head);

	event_ladder_purge(&l->ladder, &l->slots);
	l->removed += l->dead;
	l->dead = 0;
}
