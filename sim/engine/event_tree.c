/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_tree.h"

#include <stdlib.h>

enum { CAPACITY_LEAST = 2 };

void event_tree_clear(struct event_tree *t)
{
	uint32_t n = t->capacity;
	t->hole = NULL;
	t->free_count = n;
	for (uint32_t i = 0; i < n; i++) {
		struct event_leaf *leaf = &t->leaves[i];
		*leaf = (struct event_leaf){EVENT_NO_TIME, EVENT_NO_TIME, 0, n + i};
		t->node[n + i] = leaf;
		t->free[n - 1 - i] = leaf;
	}
	for (uint32_t at = n; at-- > 1;)
		t->node[at] = t->node[2 * at];
}

static bool make(struct event_tree *t, uint32_t capacity)
{
	const size_t each = sizeof(*t->leaves) + 2 * sizeof(*t->node) + sizeof(*t->free);
	struct event_leaf *all = capacity <= UINT32_MAX / 4 ? malloc(capacity * each) : NULL;
	if (!all)
		return false;
	t->leaves = all;
	t->node = (struct event_leaf **)(void *)(all + capacity);
	t->free = t->node + 2 * (size_t)capacity;
	t->capacity = capacity;
	event_tree_clear(t);
	return true;
}

bool event_tree_init(struct event_tree *t)
{
	return make(t, CAPACITY_LEAST);
}

void event_tree_free(struct event_tree *t)
{
	free(t->leaves);
}

/* There must be no hole. */
static bool resize(struct event_tree *t, uint32_t capacity)
{
	struct event_tree old = *t;
	if (!make(t, capacity))
		return false;
	for (const struct event_leaf *l = old.leaves; l < old.leaves + old.capacity; l++)
		if (!event_leaf_is_free(l))
			event_tree_add(t, l->time, l->order, l->slot);
	event_tree_free(&old);
	return true;
}

bool event_tree_add(struct event_tree *t, uint64_t time, uint64_t order, uint32_t slot)
{
	if (!t->free_count)
		return false;
	struct event_leaf *leaf = t->free[--t->free_count];
	leaf->slot = slot;
	event_tree_play(t, leaf, time, order);
	return true;
}

bool event_tree_put(struct event_tree *t, uint64_t time, uint64_t order, uint32_t slot)
{
	return event_tree_add(t, time, order, slot) ||
	       (resize(t, 2 * t->capacity) && event_tree_add(t, time, order, slot));
}

void event_tree_remove(struct event_tree *t, struct event_leaf *leaf)
{
	t->free[t->free_count++] = leaf;
	event_tree_play(t, leaf, EVENT_NO_TIME, EVENT_NO_TIME);
}

uint32_t event_tree_free_hole(struct event_tree *t)
{
	struct event_leaf *hole = t->hole;
	uint32_t slot = hole->slot;
	t->hole = NULL;
	event_tree_remove(t, hole);
	/* Every level costs. Without the memory for a smaller tree this one stays. */
	if (t->capacity > CAPACITY_LEAST && event_tree_count(t) < t->capacity / 8)
		resize(t, t->capacity / 2);
	return slot;
}
