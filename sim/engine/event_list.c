/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <stdlib.h>
#include <string.h>

/* Measured, with bench_engine compare: so many events are moved from the tree to the ladder, so few
 * back. */
#define SPILL  2048
#define RETURN 512

#define RUN_LEAST 256 /* capacity */

static const struct event_near end_of_run = {.time = EVENT_NO_TIME, .order = EVENT_NO_TIME};

static struct event_near *make_run(size_t capacity)
{
	struct event_near *run = malloc(capacity * sizeof(*run));
	if (run)
		run[0] = end_of_run;
	return run;
}

bool event_list_init(struct event_list *l)
{
	struct event_near *run = make_run(RUN_LEAST);
	*l = (struct event_list){.slots = {.free = EVENT_NO_SLOT},
				 .run_start = run,
				 .run_capacity = RUN_LEAST,
				 .run = run,
				 .last = run,
				 .other_time = EVENT_NO_TIME,
				 .spill_at = SPILL};
	if (!run || !event_tree_init(&l->tree)) {
		free(run);
		return false;
	}
	event_ladder_init(&l->ladder);
	l->near_limit = event_ladder_limit(&l->ladder);
	return true;
}

void event_list_free(struct event_list *l)
{
	event_ladder_free(&l->ladder);
	event_tree_free(&l->tree);
	free(l->run_start);
	free(l->lane);
	free(l->slots.at);
}

/* Whether an entry is alive; if not, its slot is free again and the entry must go. */
static bool keep(struct event_list *l, uint32_t slot)
{
	if (l->slots.at[slot].fn)
		return true;
	event_slot_free(&l->slots, slot);
	l->removed++;
	l->dead--;
	return false;
}

void event_list_free_hole(struct event_list *l)
{
	if (l->tree.hole)
		event_slot_free(&l->slots, event_tree_free_hole(&l->tree));
}

/* ---- The first entry */

static bool is_lane_empty(const struct event_list *l)
{
	return l->lane_head == l->lane_tail;
}

static uint32_t lane_first(const struct event_list *l)
{
	return l->lane[l->lane_head & (l->lane_capacity - 1)];
}

/* After a change of run or lane; what is in the lane is never later than the run. */
static void update_other_time(struct event_list *l)
{
	l->other_time = is_lane_empty(l) ? l->run->time : l->lane_time;
}

/* The first of tree and run. */
static struct event_first first_near(const struct event_list *l)
{
	const struct event_near *run = l->run;
	const struct event_leaf *leaf = event_tree_first(&l->tree);
	if (event_key_of(run->time, run->order) <= event_leaf_key(leaf))
		return (struct event_first){run->time, run->slot, EVENT_RUN};
	return (struct event_first){leaf->time, leaf->slot, EVENT_TREE};
}

static void refill(struct event_list *l);

struct event_first event_list_first_of_all(struct event_list *l)
{
	struct event_first first = first_near(l);
	if (!is_lane_empty(l)) {
		/* Those that were added when this time was still to come are older. */
		struct event_first in_lane = {l->lane_time, lane_first(l), EVENT_LANE};
		if (first.time == EVENT_NO_TIME ||
		    event_key_of(in_lane.time, l->slots.at[in_lane.slot].order) <
			    event_key_of(first.time, l->slots.at[first.slot].order))
			return in_lane;
	} else if (first.time == EVENT_NO_TIME) {
		refill(l);
		first = first_near(l);
	}
	return first;
}

void event_list_pop_other(struct event_list *l, enum event_part part)
{
	if (part == EVENT_RUN) {
		event_slot_free(&l->slots, l->run->slot);
		l->run++;
	} else {
		event_slot_free(&l->slots, lane_first(l));
		l->lane_head++;
	}
	update_other_time(l);
}

/* ---- From the ladder and back */

static int compare(const void *a, const void *b)
{
	const struct event_near *x = a, *y = b;
	return event_key_of(x->time, x->order) < event_key_of(y->time, y->order) ? -1 : 1;
}

/* Small runs come in random order, and a sort that branches on it would mispredict once an entry:
 * count for each how many come before it. Large ones are of one time, and so in order as a rule. */
static void sort_run(struct event_near *run, size_t count)
{
	size_t at = 1;
	if (count <= EVENT_SPLIT) {
		struct event_near copy[EVENT_SPLIT];
		event_key key[EVENT_SPLIT];
		for (size_t i = 0; i < count; i++) {
			copy[i] = run[i];
			key[i] = event_key_of(run[i].time, run[i].order);
		}
		for (size_t i = 0; i < count; i++) {
			size_t place = 0;
			for (size_t j = 0; j < count; j++)
				place += key[j] < key[i];
			run[place] = copy[i];
		}
		return;
	}
	while (at < count && compare(&run[at - 1], &run[at]) < 0)
		at++;
	if (at < count)
		qsort(run, count, sizeof(*run), compare);
}

/* Makes a bucket the run (which must be empty), without the dead. */
static void load(struct event_list *l, struct event_bucket *b)
{
	size_t capacity = l->run_capacity, count = 0;
	while (capacity <= b->count)
		capacity *= 2;
	struct event_near *run = l->run_start;
	if (capacity > l->run_capacity) {
		run = make_run(capacity);
		if (!run) {
			l->ladder.out_of_memory = true;
			return;
		}
		free(l->run_start);
		l->run_start = run;
		l->run_capacity = capacity;
	}
	struct event_drain d = event_drain_start(b);
	for (struct event_far entry; event_drain_next(&l->ladder, &d, &entry);) {
		if (!keep(l, entry.slot))
			continue;
		const struct event_slot *slot = &l->slots.at[entry.slot];
		__builtin_prefetch(slot->ctx); /* it will be wanted soon */
		run[count++] = (struct event_near){entry.time, slot->order, entry.slot};
	}
	sort_run(run, count);
	run[count] = end_of_run;
	l->run = run;
	l->last = run + count;
}

/* Moves the ladder's entries to the tree. */
static void empty_ladder(struct event_list *l)
{
	struct event_bucket bucket;
	while (event_ladder_next(&l->ladder, &l->slots, &bucket)) {
		struct event_drain d = event_drain_start(&bucket);
		for (struct event_far entry; event_drain_next(&l->ladder, &d, &entry);)
			if (keep(l, entry.slot) &&
			    !event_tree_put(&l->tree, entry.time, l->slots.at[entry.slot].order,
					    entry.slot))
				l->ladder.out_of_memory = true;
	}
}

/* Brings the ladder's next entries into the run, or all, if they are few, into the tree, when both
 * are empty. */
static void refill(struct event_list *l)
{
	struct event_bucket bucket;
	l->spill_at = SPILL;
	if (l->ladder.count <= RETURN)
		empty_ladder(l);
	while (l->run == l->last && event_ladder_next(&l->ladder, &l->slots, &bucket))
		load(l, &bucket);
	l->near_limit = event_ladder_limit(&l->ladder);
	update_other_time(l);
}

/* The entries of run and tree in their order, `*count` of them; NULL when out of memory. */
static struct event_near *sorted_near(const struct event_list *l, size_t *count)
{
	const struct event_tree *t = &l->tree;
	size_t n = (size_t)(l->last - l->run);
	*count = n + event_tree_count(t);
	struct event_near *all = malloc((*count + 1) * sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, l->run, n * sizeof(*all));
	for (const struct event_leaf *leaf = t->leaves; leaf < t->leaves + t->capacity; leaf++)
		if (!event_leaf_is_free(leaf))
			all[n++] = (struct event_near){leaf->time, leaf->order, leaf->slot};
	qsort(all, n, sizeof(*all), compare);
	return all;
}

/* Moves run and tree, which is full, to the ladder. False when that cannot be, for want of memory
 * or since nothing tells them apart. */
static bool spill(struct event_list *l)
{
	size_t count;
	struct event_near *all = sorted_near(l, &count);
	if (!all)
		l->ladder.out_of_memory = true;
	if (!all || all[0].time == all[count - 1].time ||
	    !event_ladder_lower(&l->ladder, all[0].time, count)) {
		free(all);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		event_ladder_add(&l->ladder, all[i].time, all[i].slot);
	free(all);
	event_tree_clear(&l->tree);
	l->run = l->last;
	refill(l);
	return true;
}

/* ---- Adding */

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

static bool lane_add(struct event_list *l, uint64_t time, uint32_t slot)
{
	if (l->lane_tail - l->lane_head == l->lane_capacity && !grow_lane(l))
		return false;
	l->lane[l->lane_tail++ & (l->lane_capacity - 1)] = slot;
	l->lane_time = l->other_time = time;
	return true;
}

static bool near_add(struct event_list *l, uint64_t time, uint64_t order, uint32_t slot)
{
	event_list_free_hole(l);
	if (event_tree_add(&l->tree, time, order, slot))
		return true;
	if (l->tree.capacity < l->spill_at)
		return event_tree_put(&l->tree, time, order, slot);
	if (!spill(l))
		l->spill_at = 2 * l->tree.capacity; /* do not come back soon */
	if (event_list_out_of_memory(l))
		return false;
	return time < l->near_limit ? event_tree_put(&l->tree, time, order, slot)
				    : event_ladder_add(&l->ladder, time, slot);
}

bool event_list_add(struct event_list *l, uint64_t time, uint64_t now, uint64_t order,
		    uint32_t slot)
{
	if (time == now && event_priority(order) == SIM_PRIORITY_DEFAULT)
		return lane_add(l, time, slot);
	if (time >= l->near_limit)
		return event_ladder_add(&l->ladder, time, slot);
	return near_add(l, time, order, slot);
}

/* ---- Cancelled events */

void event_list_purge(struct event_list *l)
{
	struct event_near *last = l->run_start;
	for (const struct event_near *e = l->run; e < l->last; e++)
		if (keep(l, e->slot))
			*last++ = *e;
	*last = end_of_run;
	l->run = l->run_start;
	l->last = last;

	event_list_free_hole(l);
	for (uint32_t i = 0; i < l->tree.capacity; i++)
		if (!event_leaf_is_free(&l->tree.leaves[i]) && !keep(l, l->tree.leaves[i].slot))
			event_tree_remove(&l->tree, &l->tree.leaves[i]);

	uint32_t mask = l->lane_capacity - 1, kept = l->lane_head;
	for (uint32_t i = l->lane_head; i != l->lane_tail; i++)
		if (keep(l, l->lane[i & mask]))
			l->lane[kept++ & mask] = l->lane[i & mask];
	l->lane_tail = kept;
	update_other_time(l);

	event_ladder_purge(&l->ladder, &l->slots);
	l->removed += l->dead;
	l->dead = 0;
}
