/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pending events of one run in their total order (time, priority, sequence). Used by sim.c
 * only.
 *
 * Far events lie unsorted in the buckets of a ladder (after Tang, Goh and Thng, ACM TOMACS 15:3,
 * 2005), which are split into finer ones, and in the end sorted into the run, only when their time
 * has come. What each part holds:
 *
 * - run and heap: times below limit[rungs]; a sorted array, and what would have to move too far in
 *   it;
 * - lane: the present time, first in, first out;
 * - rung k: limit[k + 1] <= time < limit[k], in up to 1024 buckets of equal width;
 * - top: times from limit[0] on, except SIM_NEVER;
 * - never: SIM_NEVER.
 *
 * With few events pending there are no rungs, limit[0] is "for ever" and the run is all there is.
 *
 * What an event does is in its slot; parts hold the slot's number. A cancelled event's slot is
 * marked dead and goes when its entry comes up, or when the dead outnumber the living: an entry and
 * its slot are always one to one, so a slot is never reused under an entry.
 */
#ifndef SIM_ENGINE_EVENT_LIST_H
#define SIM_ENGINE_EVENT_LIST_H

#include "sim/engine/sim.h"

#define EVENT_NO_SLOT	  UINT32_MAX
#define EVENT_FOREVER	  ((uint64_t)SIM_NEVER)
#define EVENT_RUNGS_MAX	  12
#define EVENT_BUCKETS_MAX 1024
#define EVENT_SHIFT_MAX	  32

struct event_slot {
	sim_fn *fn; /* NULL: cancelled */
	void *ctx;
	uint64_t
		order; /* priority in the top 8 bits, then the sequence; free: the next free slot */
	uint32_t arg;
	uint32_t stamp; /* upper half of the event's handle; changes when it is over */
};

struct event_near {
	unsigned __int128 key; /* time, then order */
	uint32_t slot;
};

struct event_far {
	uint64_t time;
	uint32_t slot;
};

struct event_chunk; /* some far events of one bucket */

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

struct event_list {
	/* what every event touches */
	struct event_near *head, *tail; /* the run, sorted, inside run[0..run_capacity) */
	uint64_t near_limit;		/* limit[rungs] */
	size_t others;			/* entries in heap and lane */

	struct event_slot *slots;
	uint32_t free_slot, slots_used, slots_capacity;

	uint32_t run_capacity, heap_count, heap_capacity;
	uint32_t spill_at; /* with more than this in run and heap, they become a rung */
	struct event_near *run;
	struct event_near *heap; /* 4-ary */

	/* a ring of slots; head and tail run on, modulo the capacity */
	uint32_t lane_head, lane_tail, lane_capacity;
	uint32_t *lane;
	uint64_t lane_time;
	struct event_near lane_front; /* of event_list_first */

	uint32_t rungs;
	uint64_t limit[EVENT_RUNGS_MAX + 1];
	struct event_rung *rung[EVENT_RUNGS_MAX]; /* made when first needed */
	struct event_bucket top, never;
	uint64_t top_min, top_max, top_base;
	double top_sum; /* of time - top_base */

	size_t dead;	  /* entries that are cancelled */
	uint64_t removed; /* of those, how many have gone */
	size_t far;	  /* entries in top and rungs */
	struct event_chunk *free_chunks;
	struct event_slab *slabs;
	bool out_of_memory;
};

/* Where an entry was found. */
enum event_part { EVENT_RUN, EVENT_HEAP, EVENT_LANE };

void event_list_init(struct event_list *l);
void event_list_free(struct event_list *l);

/* Adds the entry of a slot whose order is set. `now` is the present. False when out of memory. */
bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint32_t slot);

/* Makes room for more slots; false when out of memory. */
bool event_list_grow_slots(struct event_list *l);

/* The rare parts of the functions below. */
const struct event_near *event_list_first_of_all(struct event_list *l, enum event_part *part);
void event_list_pop_other(struct event_list *l, enum event_part part);

/* Brings the next far events into the run, when run and heap are empty; false when there are none.
 */
bool event_list_refill(struct event_list *l);

/* Removes all dead entries. */
void event_list_purge(struct event_list *l);

static inline uint64_t event_order(int priority, uint64_t sequence)
{
	return (uint64_t)(priority - SIM_PRIORITY_FIRST) << 56 | sequence;
}

static inline int event_priority(uint64_t order)
{
	return (int)(order >> 56) + SIM_PRIORITY_FIRST;
}

static inline struct event_near event_near(uint64_t time, uint64_t order, uint32_t slot)
{
	return (struct event_near){(unsigned __int128)time << 64 | order, slot};
}

static inline uint64_t event_near_time(const struct event_near *e)
{
	return (uint64_t)(e->key >> 64);
}

static inline bool event_before(const struct event_near *a, const struct event_near *b)
{
	return a->key < b->key;
}

/* A free slot, EVENT_NO_SLOT when there is none before event_list_grow_slots. Its stamp is set. */
static inline uint32_t event_slot_take(struct event_list *l)
{
	uint32_t index = l->free_slot;
	if (__builtin_expect(index != EVENT_NO_SLOT, 1)) {
		l->free_slot = (uint32_t)l->slots[index].order;
	} else if (l->slots_used < l->slots_capacity) {
		index = l->slots_used++;
		l->slots[index].stamp = 1; /* odd for ever, so that no handle is 0 */
	}
	return index;
}

/* Makes the handles to a slot's event stale. */
static inline void event_slot_retire(struct event_slot *slot)
{
	slot->stamp += 2;
}

static inline void event_slot_free(struct event_list *l, uint32_t index)
{
	l->slots[index].order = l->free_slot;
	l->free_slot = index;
}

/* Adds an entry where that takes no more than moving a few others: to the lane, for an event at the
 * present time which is `plain` (of default priority), or near the head of the run. When it is not
 * that easy, false, and event_list_add must be called. */
static inline bool event_list_add_soon(struct event_list *l, uint64_t time, uint64_t now,
				       bool plain, uint32_t slot)
{
	if (time == now && plain) {
		if (l->lane_tail - l->lane_head == l->lane_capacity)
			return false;
		l->lane_time = time;
		l->others++;
		l->lane[l->lane_tail++ & (l->lane_capacity - 1)] = slot;
		return true;
	}
	struct event_near *head = l->head, *tail = l->tail, *at = head;
	if (time >= l->near_limit || head == l->run)
		return false;
	struct event_near entry = event_near(time, l->slots[slot].order, slot);
	if (tail - head >= EVENT_SHIFT_MAX && event_before(&head[EVENT_SHIFT_MAX - 1], &entry))
		return false;
	for (; at < tail && event_before(at, &entry); at++)
		at[-1] = *at;
	at[-1] = entry;
	l->head = head - 1;
	return true;
}

/* The first entry, dead or alive, valid until the list changes; NULL when there is none. */
static inline const struct event_near *event_list_first(struct event_list *l, enum event_part *part)
{
	*part = EVENT_RUN;
	if (__builtin_expect(l->head != l->tail && !l->others, 1))
		return l->head;
	return event_list_first_of_all(l, part);
}

/* Takes out what event_list_first has just given; its slot is the caller's to free. */
static inline void event_list_pop(struct event_list *l, enum event_part part)
{
	if (part == EVENT_RUN)
		l->head++;
	else
		event_list_pop_other(l, part);
}

#endif
