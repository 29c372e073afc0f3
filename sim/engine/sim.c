/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/sim.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What is to happen. A slot has exactly one entry in the heap; cancelling clears fn and leaves both
 * until the entry comes up or the dead outnumber the living. */
struct slot {
	sim_fn *fn; /* NULL: dead */
	void *ctx;
	uint64_t order; /* priority and sequence; the next free slot while free */
	uint32_t arg;
	uint32_t stamp; /* the upper half of handles; changes when the event is over */
};

struct entry {
	sim_time time;
	uint64_t order;
	uint32_t slot;
};

struct sim {
	struct sim_face face;
	struct entry *heap;
	struct slot *slots;
	size_t count, capacity, dead;
	uint32_t free, slots_used;
	uint64_t sequence;
	bool stopped;
	struct err failure;
};

#define NO_SLOT UINT32_MAX

struct sim *sim_create(struct err *e)
{
	struct sim *s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(e, ERR_NOMEM, "no memory for a simulation");
		return NULL;
	}
	s->free = NO_SLOT;
	return s;
}

void sim_destroy(struct sim *s)
{
	if (!s)
		return;
	free(s->heap);
	free(s->slots);
	free(s);
}

void sim_fail(struct sim *s, int code, const char *fmt, ...)
{
	if (s->failure.code)
		return;
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_set(&s->failure, (enum err_code)code, "%s (at %.9f s of simulated time)", text,
		sim_to_seconds(s->face.now));
	s->stopped = true;
}

static bool before(const struct entry *a, const struct entry *b)
{
	return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static bool grow(struct sim *s)
{
	size_t capacity = s->capacity ? 2 * s->capacity : 256;
	struct entry *heap = realloc(s->heap, capacity * sizeof(*heap));
	if (heap)
		s->heap = heap;
	struct slot *slots = realloc(s->slots, capacity * sizeof(*slots));
	if (slots)
		s->slots = slots;
	if (!heap || !slots || capacity >= NO_SLOT) {
		sim_fail(s, ERR_NOMEM, "no memory for %zu pending events", capacity);
		return false;
	}
	s->capacity = capacity;
	return true;
}

static void sift_up(struct sim *s, size_t at, struct entry moving)
{
	while (at > 0) {
		size_t parent = (at - 1) / 4;
		if (!before(&moving, &s->heap[parent]))
			break;
		s->heap[at] = s->heap[parent];
		at = parent;
	}
	s->heap[at] = moving;
}

static void sift_down(struct sim *s, size_t at, struct entry moving)
{
	for (;;) {
		size_t first = 4 * at + 1, last = first + 4 < s->count ? first + 4 : s->count;
		size_t least = first;
		if (first >= s->count)
			break;
		for (size_t child = first + 1; child < last; child++)
			if (before(&s->heap[child], &s->heap[least]))
				least = child;
		if (!before(&s->heap[least], &moving))
			break;
		s->heap[at] = s->heap[least];
		at = least;
	}
	s->heap[at] = moving;
}

static void slot_free(struct sim *s, uint32_t index)
{
	s->slots[index].order = s->free;
	s->free = index;
}

static void pop(struct sim *s)
{
	struct entry last = s->heap[--s->count];
	if (s->count)
		sift_down(s, 0, last);
}

static void drop_dead(struct sim *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (s->slots[s->heap[i].slot].fn)
			s->heap[kept++] = s->heap[i];
		else
			slot_free(s, s->heap[i].slot);
	}
	s->count = kept;
	s->dead = 0;
	for (size_t i = kept / 4 + 1; i-- > 0;)
		if (i < kept)
			sift_down(s, i, s->heap[i]);
}

static sim_event insert(struct sim *s, sim_time t, uint64_t order, sim_fn *fn, void *ctx,
			uint32_t arg)
{
	if (s->failure.code)
		return 0;
	if (t < s->face.now) {
		sim_fail(s, ERR_INTERNAL, "an event was scheduled %.9f s into the past",
			 sim_to_seconds(s->face.now - t));
		return 0;
	}
	if (s->count == s->capacity && !grow(s))
		return 0;
	uint32_t index = s->free;
	if (index != NO_SLOT) {
		s->free = (uint32_t)s->slots[index].order;
	} else {
		index = s->slots_used++;
		s->slots[index].stamp = 1;
	}
	struct slot *slot = &s->slots[index];
	*slot = (struct slot){fn, ctx, order, arg, slot->stamp};
	sift_up(s, s->count++, (struct entry){t, order, index});
	return (uint64_t)slot->stamp << 32 | index;
}

static uint64_t next_order(struct sim *s, int priority)
{
	assert(priority >= SIM_PRIORITY_FIRST && priority <= SIM_PRIORITY_LAST);
	return (uint64_t)(priority - SIM_PRIORITY_FIRST) << 56 | s->sequence++;
}

sim_event sim_at(struct sim *s, sim_time t, sim_fn *fn, void *ctx, uint32_t arg)
{
	return insert(s, t, next_order(s, SIM_PRIORITY_DEFAULT), fn, ctx, arg);
}

sim_event sim_after(struct sim *s, sim_time delay, sim_fn *fn, void *ctx, uint32_t arg)
{
	return sim_at(s, sim_time_add(s->face.now, delay), fn, ctx, arg);
}

sim_event sim_at_priority(struct sim *s, sim_time t, int priority, sim_fn *fn, void *ctx,
			  uint32_t arg)
{
	return insert(s, t, next_order(s, priority), fn, ctx, arg);
}

static struct slot *find(const struct sim *s, sim_event event)
{
	uint32_t index = (uint32_t)event;
	if (!event || index >= s->slots_used)
		return NULL;
	struct slot *slot = &s->slots[index];
	return slot->stamp == event >> 32 && slot->fn ? slot : NULL;
}

static void retire(struct slot *slot)
{
	slot->fn = NULL;
	if (!++slot->stamp)
		slot->stamp = 1;
}

static void kill(struct sim *s, struct slot *slot)
{
	retire(slot);
	if (++s->dead > s->count / 2 + 512)
		drop_dead(s);
}

bool sim_cancel(struct sim *s, sim_event *event)
{
	struct slot *slot = find(s, *event);
	*event = 0;
	if (!slot)
		return false;
	kill(s, slot);
	return true;
}

bool sim_reschedule(struct sim *s, sim_event *event, sim_time t)
{
	struct slot *slot = find(s, *event);
	*event = 0;
	if (!slot)
		return false;
	struct slot old = *slot;
	kill(s, slot);
	uint64_t priority = old.order >> 56 << 56;
	*event = insert(s, t, priority | s->sequence++, old.fn, old.ctx, old.arg);
	return *event != 0;
}

bool sim_is_pending(const struct sim *s, sim_event event)
{
	return find(s, event) != NULL;
}

size_t sim_pending(const struct sim *s)
{
	return s->count - s->dead;
}

static bool clear_top(struct sim *s)
{
	while (s->count && !s->slots[s->heap[0].slot].fn) {
		slot_free(s, s->heap[0].slot);
		s->dead--;
		pop(s);
	}
	return s->count > 0;
}

sim_time sim_next_time(struct sim *s)
{
	return clear_top(s) ? s->heap[0].time : SIM_NEVER;
}

int sim_run_until(struct sim *s, sim_time t_end, struct err *e)
{
	s->stopped = s->failure.code != 0;
	while (!s->stopped && clear_top(s) && s->heap[0].time <= t_end &&
	       s->heap[0].time != SIM_NEVER) {
		struct entry top = s->heap[0];
		struct slot *slot = &s->slots[top.slot];
		struct slot now = *slot;
		pop(s);
		retire(slot);
		slot_free(s, top.slot);
		s->face.now = top.time;
		s->face.executed++;
		now.fn(s, now.ctx, now.arg);
	}
	if (s->failure.code) {
		if (e)
			*e = s->failure;
		return s->failure.code;
	}
	if (!s->stopped && t_end != SIM_NEVER && s->face.now < t_end)
		s->face.now = t_end;
	return 0;
}

void sim_stop(struct sim *s)
{
	s->stopped = true;
}
