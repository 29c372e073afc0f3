/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where what an event does is kept while it is pending; the parts of the event list hold the number
 * of its slot. Used by the event list (event_list.h) and sim.c only.
 *
 * A cancelled event's slot is marked dead and goes when its entry comes up, or when the dead
 * outnumber the living: an entry and its slot are always one to one, so a slot is never reused
 * under an entry.
 */
#ifndef SIM_ENGINE_EVENT_SLOT_H
#define SIM_ENGINE_EVENT_SLOT_H

#include "sim/engine/sim.h"

#define EVENT_NO_SLOT UINT32_MAX

struct event_slot {
	sim_fn *fn; /* NULL: cancelled */
	void *ctx;
	/* Priority in the top 8 bits, then the sequence; while free, the next free slot. */
	uint64_t order;
	uint32_t arg;
	uint32_t stamp; /* upper half of the event's handle; changes when it is over */
};

/* Start with {.free = EVENT_NO_SLOT}; free() `at`. */
struct event_slots {
	struct event_slot *at;
	uint32_t free, used, capacity;
};

/* Makes room for more slots; false when out of memory. */
bool event_slots_grow(struct event_slots *s);

/* malloc for large arrays that are touched at random: on large pages where the system has them. */
void *event_alloc_large(size_t size);

static inline uint64_t event_order(int priority, uint64_t sequence)
{
	return (uint64_t)(priority - SIM_PRIORITY_FIRST) << 56 | sequence;
}

static inline int event_priority(uint64_t order)
{
	return (int)(order >> 56) + SIM_PRIORITY_FIRST;
}

/* A free slot, EVENT_NO_SLOT when there is none before event_slots_grow. Its stamp is set. */
static inline uint32_t event_slot_take(struct event_slots *s)
{
	uint32_t index = s->free;
	if (__builtin_expect(index != EVENT_NO_SLOT, 1)) {
		s->free = (uint32_t)s->at[index].order;
	} else if (s->used < s->capacity) {
		index = s->used++;
		s->at[index].stamp = 1; /* odd for ever, so that no handle is 0 */
	}
	return index;
}

/* Makes the handles to a slot's event stale. */
static inline void event_slot_retire(struct event_slot *slot)
{
	slot->stamp += 2;
}

static inline void event_slot_free(struct event_slots *s, uint32_t index)
{
	s->at[index].order = s->free;
	s->free = index;
}

#endif
