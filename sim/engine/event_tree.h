/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The near part of the event list: a tournament of all its events. Each is a leaf, and each inner
 * node names the least leaf below it, so the root is the first event. Whatever a leaf changes to,
 * only the matches on its way to the root are played again: one load and one comparison a level,
 * without a branch on the outcome and without moving anything, where a heap mispredicts at every
 * level. Used by event_list.c and, through event_list.h, by sim.c only.
 *
 * What is taken out leaves a hole, and no match is played until it is known whether another event
 * takes its place, as it mostly does.
 */
#ifndef SIM_ENGINE_EVENT_TREE_H
#define SIM_ENGINE_EVENT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After all times: of what is no event. */
#define EVENT_NO_TIME UINT64_MAX

struct event_leaf {
	uint64_t time, order;
	uint32_t slot;
	uint32_t at; /* index of its node */
};

struct event_tree {
	struct event_leaf *leaves; /* [capacity] */
	struct event_leaf **node;  /* [2 * capacity]: the root is 1, the children of i are 2 i and
				      2 i + 1, the last half are the leaves themselves */
	struct event_leaf *hole;   /* the matches above it are not to be trusted; NULL: none */
	struct event_leaf **free;  /* a stack of those that are free; the hole is not */
	uint32_t capacity;	   /* a power of 2, at least 2 */
	uint32_t free_count;
};

/* False when out of memory. */
bool event_tree_init(struct event_tree *t);
void event_tree_free(struct event_tree *t);

/* Adds an event when there is no hole. False when all leaves are taken. */
bool event_tree_add(struct event_tree *t, uint64_t time, uint64_t order, uint32_t slot);

/* The same with twice as many leaves when all are taken. False when out of memory. */
bool event_tree_put(struct event_tree *t, uint64_t time, uint64_t order, uint32_t slot);

/* Frees the hole; its slot is the caller's. There must be a hole. */
uint32_t event_tree_free_hole(struct event_tree *t);

/* Takes out one that need not be the first. There must be no hole. */
void event_tree_remove(struct event_tree *t, struct event_leaf *leaf);

/* Takes out all. There must be no hole. */
void event_tree_clear(struct event_tree *t);

typedef unsigned __int128 event_key;

/* The total order is that of (time, order). */
static inline event_key event_key_of(uint64_t time, uint64_t order)
{
	return (event_key)time << 64 | order;
}

static inline event_key event_leaf_key(const struct event_leaf *leaf)
{
	return event_key_of(leaf->time, leaf->order);
}

static inline bool event_leaf_is_free(const struct event_leaf *leaf)
{
	return leaf->time == EVENT_NO_TIME;
}

static inline uint32_t event_tree_count(const struct event_tree *t)
{
	return t->capacity - t->free_count;
}

/* Changes a leaf and plays the matches from there up to the root. */
static inline void event_tree_play(struct event_tree *t, struct event_leaf *leaf, uint64_t time,
				   uint64_t order)
{
	struct event_leaf **node = t->node, *least = leaf;
	event_key key = event_key_of(time, order);
	leaf->time = time;
	leaf->order = order;
	for (size_t at = leaf->at; at > 1; at /= 2) {
		struct event_leaf *other = node[at ^ 1];
		event_key other_key = event_leaf_key(other);
		bool is_less = other_key < key;
		least = __builtin_expect_with_probability(is_less, 1, 0.5) ? other : least;
		key = __builtin_expect_with_probability(is_less, 1, 0.5) ? other_key : key;
		node[at / 2] = least;
	}
}

/* The first event, a free leaf when there is none. There must be no hole. */
static inline struct event_leaf *event_tree_first(const struct event_tree *t)
{
	return t->node[1];
}

/* Takes out the first event. Its leaf and slot are the hole's now. */
static inline void event_tree_pop(struct event_tree *t)
{
	t->hole = t->node[1];
}

/* Puts an event into the hole, of the hole's slot. */
static inline void event_tree_fill_hole(struct event_tree *t, uint64_t time, uint64_t order)
{
	struct event_leaf *hole = t->hole;
	t->hole = NULL;
	event_tree_play(t, hole, time, order);
}

#endif
