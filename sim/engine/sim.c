/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sim {
	struct sim_face face; /* first, see sim_now */
	struct event_list list;
	uint64_t sequence;
	bool stopped;
	struct err failure;
};

#define ORDER(priority, sequence) ((uint64_t)((priority)-SIM_PRIORITY_FIRST) << 56 | (sequence))
#define ORDER_PRIORITY_MASK	  (0xffULL << 56)

struct sim *sim_create(struct err *e)
{
	struct sim *s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(e, ERR_NOMEM, "no memory for a simulation");
		return NULL;
	}
	event_list_init(&s->list);
	return s;
}

void sim_destroy(struct sim *s)
{
	if (!s)
		return;
	event_list_free(&s->list);
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

/* Adds an event whose `order` has been made. */
static sim_event insert(struct sim *s, sim_time t, uint64_t order, sim_fn *fn, void *ctx,
			uint32_t arg)
{
	bool plain = order >> 56 == ORDER(SIM_PRIORITY_DEFAULT, 0) >> 56;
	if (__builtin_expect(t < s->face.now, 0)) {
		sim_fail(s, ERR_INTERNAL, "an event was scheduled %.9f s into the past",
			 sim_to_seconds(s->face.now - t));
		return 0;
	}
	if (__builtin_expect(s->failure.code != 0, 0))
		return 0;
	uint32_t index = event_slot_take(&s->list);
	if (__builtin_expect(index == EVENT_NO_SLOT, 0))
		goto no_memory;
	struct event_slot *slot = &s->list.slots[index];
	slot->fn = fn;
	slot->ctx = ctx;
	slot->order = order;
	slot->arg = arg;
	sim_event handle = (uint64_t)slot->stamp << 32 | index;
	if (__builtin_expect(
		    !event_list_add(&s->list, (uint64_t)t, (uint64_t)s->face.now, plain, index), 0))
		goto no_memory;
	return handle;
no_memory:
	sim_fail(s, ERR_NOMEM, "no memory for %zu pending events", s->list.count);
	return 0;
}

sim_event sim_at(struct sim *s, sim_time t, sim_fn *fn, void *ctx, uint32_t arg)
{
	return insert(s, t, ORDER(SIM_PRIORITY_DEFAULT, s->sequence++), fn, ctx, arg);
}

sim_event sim_after(struct sim *s, sim_time delay, sim_fn *fn, void *ctx, uint32_t arg)
{
	return sim_at(s, sim_time_add(s->face.now, delay), fn, ctx, arg);
}

sim_event sim_at_priority(struct sim *s, sim_time t, int priority, sim_fn *fn, void *ctx,
			  uint32_t arg)
{
	assert(priority >= SIM_PRIORITY_FIRST && priority <= SIM_PRIORITY_LAST);
	return insert(s, t, ORDER(priority, s->sequence++), fn, ctx, arg);
}

static struct event_slot *find(const struct sim *s, sim_event event)
{
	uint32_t index = (uint32_t)event;
	if (!event || index >= s->list.slots_used)
		return NULL;
	struct event_slot *slot = &s->list.slots[index];
	return slot->stamp == event >> 32 && slot->fn ? slot : NULL;
}

static void kill(struct sim *s, struct event_slot *slot)
{
	event_slot_retire(slot);
	s->list.dead++;
	if (__builtin_expect(s->list.dead > s->list.count / 2 + 512, 0)) {
		event_list_purge(&s->list);
	}
}

bool sim_cancel(struct sim *s, sim_event *event)
{
	struct event_slot *slot = find(s, *event);
	*event = 0;
	if (!slot)
		return false;
	kill(s, slot);
	return true;
}

bool sim_reschedule(struct sim *s, sim_event *event, sim_time t)
{
	struct event_slot *slot = find(s, *event);
	*event = 0;
	if (!slot)
		return false;
	struct event_slot old = *slot;
	kill(s, slot);
	*event = insert(s, t, (old.order & ORDER_PRIORITY_MASK) | s->sequence++, old.fn, old.ctx,
			old.arg);
	return *event != 0;
}

bool sim_is_pending(const struct sim *s, sim_event event)
{
	return find(s, event) != NULL;
}

size_t sim_pending(const struct sim *s)
{
	return s->list.count - s->list.dead;
}

/* The first event that is alive; those before it that are dead are gone. */
static inline bool first_alive(struct sim *s, struct event_near *first, enum event_part *part)
{
	while (event_list_first(&s->list, first, part)) {
		if (__builtin_expect(s->list.slots[first->slot].fn != NULL, 1))
			return true;
		event_list_pop(&s->list, *part);
		event_slot_free(&s->list, first->slot);
		s->list.dead--;
	}
	return false;
}

sim_time sim_next_time(struct sim *s)
{
	struct event_near first;
	enum event_part part;
	return first_alive(s, &first, &part) ? (sim_time)first.time : SIM_NEVER;
}

int sim_run_until(struct sim *s, sim_time t_end, struct err *e)
{
	struct event_near first;
	enum event_part part;

	s->stopped = s->failure.code != 0;
	while (!s->stopped && first_alive(s, &first, &part) && first.time <= (uint64_t)t_end) {
		struct event_slot *slot = &s->list.slots[first.slot];
		sim_fn *fn = slot->fn;
		void *ctx = slot->ctx;
		uint32_t arg = slot->arg;
		event_slot_retire(slot);
		event_slot_free(&s->list, first.slot);
		event_list_pop(&s->list, part);
		s->face.now = (sim_time)first.time;
		s->face.executed++;
		fn(s, ctx, arg);
	}
	if (s->list.out_of_memory)
		sim_fail(s, ERR_NOMEM, "no memory for %zu pending events", s->list.count);
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
