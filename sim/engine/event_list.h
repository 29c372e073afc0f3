/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pending events of one run in their total order (time, priority, sequence). Used by sim.c
 * only.
 *
 * Near events are in a small 4-ary heap; events at the present time in a first-in first-out lane;
 * far events unsorted in buckets of a ladder (after Tang, Goh and Thng, ACM TOMACS 15:3, 2005),
 * which are split or moved to the heap only when their time has come. What each part holds:
 *
 *     heap and lane   times below limit[rungs]
 *     rung k          limit[k + 1] <= time < limit[k], in 2 to 512 buckets of equal width
 *     top             times from limit[0] on, except SIM_NEVER
 *     never           SIM_NEVER
 *
 * With few events pending there are no rungs, limit[0] is "for ever" and the heap is all there is.
 *
 * What an event does is in its slot; parts hold the slot's number. A cancelled event's slot is
 * marked dead and goes when its entry comes up, or when the dead outnumber the living: an entry and
 * its slot are always one to one, so a slot is never reused under an entry.
 */
#ifndef SIM_ENGINE_EVENT_LIST_H
#define SIM_ENGINE_EVENT_LIST_H

#include "sim/engine/sim.h"

#define EVENT_NO_SLOT	UINT32_MAX
#define EVENT_FOREVER	((uint64_t)SIM_NEVER)
#define EVENT_RUNGS_MAX 12

struct event_slot {
	sim_fn *fn; /* NULL: dead, or free */
	void *ctx;
	uint64_t order; /* priority in the top 8 bits, then the sequence; of a free slot the next
			   free one */
	uint32_t arg;
	uint32_t stamp; /* upper half of the event's handle; changes when it is over */
};

struct event_near {
	uint64_t time, order;
	uint32_t slot;
};

struct event_far {
	uint64_t time;
	uint32_t slot;
};

struct event_chunk; /* some far events of one bucket */

struct event_bucket {
	struct event_chunk *chunk; /* the one being filled; NULL when empty */
	uint32_t fill;		   /* entries in it */
	uint32_t count;		   /* entries in all */
};

struct event_rung {
	uint64_t start;
	unsigned shift; /* a bucket is 2^shift ns wide */
	uint32_t next;	/* the first bucket not yet consumed */
	uint64_t occupied[8];
	struct event_bucket bucket[512];
};

struct event_list {
	struct event_near *heap;
	uint32_t heap_count, heap_capacity;
	uint32_t spill_at; /* with more than this, the heap becomes a rung */
	bool hole;	   /* the root was taken and awaits the next insertion */

	uint32_t *lane; /* ring of slots; head and tail run on, modulo the capacity */
	uint32_t lane_head, lane_tail, lane_capacity;
	uint64_t lane_time;

	struct event_slot *slots;
	uint32_t free_slot, slots_used, slots_capacity;

	uint32_t rungs;
	uint64_t limit[EVENT_RUNGS_MAX + 1];
	struct event_rung *rung[EVENT_RUNGS_MAX]; /* made when first needed */
	struct event_bucket top, never;
	uint64_t top_min, top_max;

	size_t count, dead; /* entries in all parts; those of them cancelled */
	size_t far;	    /* entries in top and rungs */
	struct event_chunk *free_chunks;
	struct event_slab *slabs;
	bool out_of_memory;
};

void event_list_init(struct event_list *l);
void event_list_free(struct event_list *l);

/* The rare parts of the functions below. They return false when out of memory. */
bool event_list_grow_slots(struct event_list *l);
bool event_list_grow_heap(struct event_list *l);
bool event_list_grow_lane(struct event_list *l);
bool event_list_add_far(struct event_list *l, uint64_t time, uint32_t slot);

/* Turns a heap that grew too large into a rung. */
void event_list_spill(struct event_list *l);

/* Brings the next far events into the empty heap; false when there are none. */
bool event_list_refill(struct event_list *l);

/* Removes all dead entries. */
void event_list_purge(struct event_list *l);

static inline bool event_before(const struct event_near *a, const struct event_near *b)
{
	return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static inline void event_heap_up(struct event_near *heap, uint32_t at, struct event_near moving)
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

static inline void event_heap_down(struct event_near *heap, uint32_t count, uint32_t at,
				   struct event_near moving)
{
	for (;;) {
		uint32_t first = 4 * at + 1, least = first;
		if (first + 3 < count) {
			uint32_t a = first + (uint32_t)event_before(&heap[first + 1], &heap[first]);
			uint32_t b =
				first + (event_before(&heap[first + 3], &heap[first + 2]) ? 3 : 2);
			least = event_before(&heap[b], &heap[a]) ? b : a;
		} else {
			if (first >= count)
				break;
			for (uint32_t child = first + 1; child < count; child++)
				if (event_before(&heap[child], &heap[least]))
					least = child;
		}
		if (!event_before(&heap[least], &moving))
			break;
		heap[at] = heap[least];
		at = least;
	}
	heap[at] = moving;
}

static inline void event_list_close_hole(struct event_list *l)
{
	if (l->hole) {
		l->hole = false;
		if (--l->heap_count)
			event_heap_down(l->heap, l->heap_count, 0, l->heap[l->heap_count]);
	}
}

/* A free slot, or EVENT_NO_SLOT when out of memory. Its stamp is set. */
static inline uint32_t event_slot_take(struct event_list *l)
{
	uint32_t index = l->free_slot;
	if (__builtin_expect(index != EVENT_NO_SLOT, 1)) {
		l->free_slot = (uint32_t)l->slots[index].order;
		return index;
	}
	if (l->slots_used == l->slots_capacity && !event_list_grow_slots(l))
		return EVENT_NO_SLOT;
	index = l->slots_used++;
	l->slots[index].stamp = 1;
	return index;
}

/* Marks a slot's event as over: handles to it are stale from now on. */
static inline void event_slot_retire(struct event_slot *slot)
{
	slot->fn = NULL;
	if (!++slot->stamp) /* 0 would make a handle of 0 */
		slot->stamp = 1;
}

static inline void event_slot_free(struct event_list *l, uint32_t index)
{
	l->slots[index].order = l->free_slot;
	l->free_slot = index;
}

/* Adds the entry of a slot whose order is set. `now` is the present: an event at it, if `plain` (of
 * default priority), takes the lane. False when out of memory. */
static inline bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, bool plain,
				  uint32_t slot)
{
	l->count++;
	if (time == now && plain) {
		if (l->lane_tail - l->lane_head == l->lane_capacity && !event_list_grow_lane(l))
			return false;
		l->lane_time = time;
		l->lane[l->lane_tail++ & (l->lane_capacity - 1)] = slot;
		return true;
	}
	if (time >= l->limit[l->rungs])
		return event_list_add_far(l, time, slot);
	struct event_near entry = {time, l->slots[slot].order, slot};
	if (l->hole) {
		l->hole = false;
		event_heap_down(l->heap, l->heap_count, 0, entry);
		return true;
	}
	if (l->heap_count == l->heap_capacity && !event_list_grow_heap(l))
		return false;
	event_heap_up(l->heap, l->heap_count++, entry);
	if (__builtin_expect(l->heap_count > l->spill_at, 0))
		event_list_spill(l);
	return true;
}

/* The first entry, dead or alive; false when there is none. */
static inline bool event_list_first(struct event_list *l, struct event_near *first, bool *from_lane)
{
	event_list_close_hole(l);
	if (l->lane_head != l->lane_tail) {
		uint32_t slot = l->lane[l->lane_head & (l->lane_capacity - 1)];
		struct event_near lane = {l->lane_time, l->slots[slot].order, slot};
		if (!l->heap_count || event_before(&lane, &l->heap[0])) {
			*first = lane;
			*from_lane = true;
			return true;
		}
	} else if (!l->heap_count && !event_list_refill(l)) {
		return false;
	}
	*first = l->heap[0];
	*from_lane = false;
	return true;
}

/* Takes out what event_list_first has just given; its slot is the caller's to free. */
static inline void event_list_pop(struct event_list *l, bool from_lane)
{
	l->count--;
	if (from_lane)
		l->lane_head++;
	else
		l->hole = true;
}

#endif
