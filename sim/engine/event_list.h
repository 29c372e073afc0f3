/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pending events of one run in their total order (time, priority, sequence). Used by sim.c
 * only. What an event does is in its slot (event_slot.h); where it stands, in one of these:
 *
 * - lane: the present time, first in, first out;
 * - tree: times below near_limit (event_tree.h);
 * - ladder: times from near_limit on, unsorted (event_ladder.h);
 * - run: what was taken from the ladder last, sorted.
 *
 * With few events pending near_limit is "for ever" and the tree is all there is.
 *
 * Nothing that is already pending can be younger than what is being added. So the lane and the
 * ladder's buckets keep the order of the sequence without knowing it, an entry of the run is older
 * than those of its time in the tree, and these are older than those in the lane.
 */
#ifndef SIM_ENGINE_EVENT_LIST_H
#define SIM_ENGINE_EVENT_LIST_H

#include "sim/engine/event_ladder.h"
#include "sim/engine/event_tree.h"

struct event_near {
	uint64_t time, order; /* of its slot, too */
	uint32_t slot;
};

struct event_list {
	/* what every event touches */
	uint64_t near_limit; /* of the ladder */
	uint64_t other_time; /* of the first in run and lane */
	struct event_tree tree;
	struct event_slots slots;

	const struct event_near *run, *last; /* the rest of it; at `last` is one of EVENT_NO_TIME */

	/* a ring of slots; head and tail run on, modulo the capacity */
	uint32_t lane_head, lane_tail, lane_capacity;
	uint32_t *lane;
	uint64_t lane_time;

	struct event_near *run_start;
	size_t run_capacity;
	uint32_t spill_at; /* a tree that is full with so many leaves moves to the ladder */

	size_t dead;	  /* entries that are cancelled */
	uint64_t removed; /* of those, how many have gone */
	struct event_ladder ladder;
};

enum event_part { EVENT_TREE, EVENT_RUN, EVENT_LANE };

struct event_first {
	uint64_t time; /* EVENT_NO_TIME: there is none */
	uint32_t slot;
	enum event_part part;
};

/* False when out of memory; then there is nothing to free. */
bool event_list_init(struct event_list *l);
void event_list_free(struct event_list *l);

/* Adds a slot's entry. `now` is the present. False when out of memory. */
bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint64_t order,
		    uint32_t slot);

/* The rare part of event_list_first. */
struct event_first event_list_first_of_all(struct event_list *l);

/* That of event_list_pop. */
void event_list_pop_other(struct event_list *l, enum event_part part);

/* Nothing takes the place of what was taken out last. */
void event_list_free_hole(struct event_list *l);

/* Removes all dead entries. */
void event_list_purge(struct event_list *l);

static inline bool event_list_out_of_memory(const struct event_list *l)
{
	return l->ladder.out_of_memory;
}

/* Whether an event at this time can take the hole in the tree, with event_tree_fill_hole. */
static inline bool event_list_has_hole(const struct event_list *l, uint64_t time, uint64_t now)
{
	return time > now && time < l->near_limit && l->tree.hole;
}

/* The first entry, dead or alive. */
static inline struct event_first event_list_first(struct event_list *l)
{
	if (__builtin_expect(l->tree.hole != NULL, 0))
		event_list_free_hole(l);
	const struct event_leaf *leaf = event_tree_first(&l->tree);
	if (__builtin_expect(leaf->time < l->other_time, 1))
		return (struct event_first){leaf->time, leaf->slot, EVENT_TREE};
	return event_list_first_of_all(l);
}

/* Takes out what event_list_first has just given. Its slot is free, or the hole's. */
static inline void event_list_pop(struct event_list *l, enum event_part part)
{
	if (__builtin_expect(part == EVENT_TREE, 1))
		event_tree_pop(&l->tree);
	else
		event_list_pop_other(l, part);
}

#endif
