/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pending events of one run in their total order (time, priority, sequence). Used by sim.c
 * only. What an event does is in its slot (event_slot.h); where it stands, in one of these:
 *
 * - run: times below near_limit, a sorted array with room at both ends;
 * - heap: the same, for what would have to move too many others in the run;
 * - lane: the present time, first in, first out;
 * - ladder: times from near_limit on, unsorted (event_ladder.h).
 *
 * With few events pending near_limit is "for ever" and the run is all there is.
 *
 * An entry is placed by time and priority alone, behind its equals: they are older, since nothing
 * that is already pending can be younger than what is being added. So run, lane and the ladder's
 * buckets keep the order of the sequence without knowing it; only the heap has to look it up.
 */
#ifndef SIM_ENGINE_EVENT_LIST_H
#define SIM_ENGINE_EVENT_LIST_H

#include "sim/engine/event_ladder.h"

/* In a run of up to this many entries a place is searched one by one, in longer ones by halving
 * (measured). */
#define EVENT_FEW 16

/* 16 bytes, so that moving one is a load and a store. */
struct event_near {
	uint64_t time;
	uint64_t rank; /* priority in the top 8 bits, as in `order`; slot in the low 32 */
} __attribute__((aligned(16)));

typedef unsigned __int128 event_key; /* time, then rank */

struct event_list {
	/* what every event touches */
	struct event_near *head, *tail; /* the run, inside run[0..run_capacity) */
	uint64_t near_limit;		/* of the ladder */
	size_t others;			/* entries in heap and lane */
	struct event_slots slots;

	uint32_t run_capacity, heap_count, heap_capacity;
	uint32_t spill_at; /* with this many in run and heap, they move to the ladder */
	struct event_near *run;
	struct event_near *heap; /* 4-ary */

	/* a ring of slots; head and tail run on, modulo the capacity */
	uint32_t lane_head, lane_tail, lane_capacity;
	uint32_t *lane;
	uint64_t lane_time;
	struct event_near lane_front; /* of event_list_first */

	size_t dead;	  /* entries that are cancelled */
	uint64_t removed; /* of those, how many have gone */
	struct event_ladder ladder;
};

/* Where an entry was found. */
enum event_part { EVENT_RUN, EVENT_HEAP, EVENT_LANE };

void event_list_init(struct event_list *l);
void event_list_free(struct event_list *l);

/* Adds the entry of a slot whose order is set. `now` is the present. False when out of memory. */
bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint32_t slot);

/* The rare parts of the functions below. */
const struct event_near *event_list_first_of_all(struct event_list *l, enum event_part *part);
void event_list_pop_other(struct event_list *l, enum event_part part);

/* Removes all dead entries. */
void event_list_purge(struct event_list *l);

static inline bool event_list_out_of_memory(const struct event_list *l)
{
	return l->ladder.out_of_memory;
}

static inline event_key event_near_key(const struct event_near *e)
{
	return (event_key)e->time << 64 | e->rank;
}

static inline uint32_t event_near_slot(const struct event_near *e)
{
	return (uint32_t)e->rank;
}

/* Above the keys of all entries of this time and priority, below those of all later ones. */
static inline event_key event_key_behind(uint64_t time, uint64_t order)
{
	return (event_key)time << 64 | (order | UINT64_MAX >> 8);
}

static inline struct event_near event_near(uint64_t time, uint64_t order, uint32_t slot)
{
	return (struct event_near){time, (order & ~(UINT64_MAX >> 8)) | slot};
}

/* Adds an entry where that takes no more than moving a few others: to the lane, for an event at the
 * present time which is `plain` (of default priority), or to a run of few. When it is not that
 * easy, false, and event_list_add must be called. */
static inline bool event_list_add_soon(struct event_list *l, uint64_t time, uint64_t now,
				       bool plain, uint64_t order, uint32_t slot)
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
	if (time >= l->near_limit || tail - head > EVENT_FEW || head == l->run)
		return false;
	event_key behind = event_key_behind(time, order);
	for (; at < tail && event_near_key(at) < behind; at++)
		at[-1] = *at;
	at[-1] = event_near(time, order, slot);
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
