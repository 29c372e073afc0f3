/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim {
	struct sim_face face; /* first, see sim_now */
	struct event_list list;
	uint64_t sequence;
	bool stopped;
	jmp_buf *protection; /* where a failed assertion goes to; NULL: nowhere */
	struct err failure;
};

struct sim *sim_create(struct err *e)
{
	struct sim *s = calloc(1, sizeof(*s));
	if (s && event_list_init(&s->list))
		return s;
	free(s);
	err_set(e, ERR_NOMEM, "no memory for a simulation");
	return NULL;
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
	event_list_free_hole(&s->list); /* so that insert notices */
	char text[400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err_set(&s->failure, (enum err_code)code, "%s (at %.9f s of simulated time)", text,
		sim_to_seconds(s->face.now));
	s->stopped = true;
}

/* ---- Assertions */

void sim_assertion_failed(struct sim *s, const char *condition, const char *file, int line)
{
	const char *slash = strrchr(file, '/');
	sim_fail(s, ERR_INTERNAL, "assertion failed: %s, %s:%d", condition,
		 slash ? slash + 1 : file, line);
	if (!s->protection)
		abort();
	_longjmp(*s->protection, 1);
}

static int give_failure(const struct sim *s, struct err *e)
{
	if (e)
		*e = s->failure;
	return s->failure.code;
}

int sim_protect(struct sim *s, int (*body)(void *ctx, struct err *e), void *ctx, struct err *e)
{
	jmp_buf here, *const outer = s->protection;
	int code;
	s->protection = &here;
	if (_setjmp(here) == 0)
		code = body(ctx, e);
	else
		code = give_failure(s, e);
	s->protection = outer;
	return code;
}

/* ---- Events */

/* In the list, dead or alive: every sequence number was one, and each ran, was removed or is there.
 */
static inline size_t entries(const struct sim *s)
{
	return (size_t)(s->sequence - s->face.executed - s->list.removed);
}

/* Fills an event's slot and gives its handle and order. */
static inline sim_event fill_slot(struct sim *s, uint32_t index, int priority, sim_fn *fn,
				  void *ctx, uint32_t arg, uint64_t *order)
{
	struct event_slot *slot = &s->list.slots.at[index];
	sim_event handle = (uint64_t)slot->stamp << 32 | index;
	*order = event_order(priority, s->sequence++);
	slot->fn = fn;
	slot->ctx = ctx;
	slot->order = *order;
	slot->arg = arg;
	return handle;
}

/* When no event makes room for this one, or something is out of the ordinary. A function of its
 * own, so that the ordinary path need not save registers. */
static __attribute__((noinline)) sim_event insert_anywhere(struct sim *s, sim_time t, int priority,
							   sim_fn *fn, void *ctx, uint32_t arg)
{
	if (s->failure.code != 0)
		return 0;
	if (t < s->face.now) {
		sim_fail(s, ERR_INTERNAL, "an event was scheduled %.9f s into the past",
			 sim_to_seconds(s->face.now - t));
		return 0;
	}
	uint64_t order;
	uint32_t index = event_slot_take(&s->list.slots);
	if (index == EVENT_NO_SLOT && event_slots_grow(&s->list.slots))
		index = event_slot_take(&s->list.slots);
	if (index != EVENT_NO_SLOT) {
		sim_event handle = fill_slot(s, index, priority, fn, ctx, arg, &order);
		if (event_list_add(&s->list, (uint64_t)t, (uint64_t)s->face.now, order, index))
			return handle;
	}
	sim_fail(s, ERR_NOMEM, "no memory for %zu pending events", sim_pending(s));
	return 0;
}

static inline __attribute__((always_inline)) sim_event
insert(struct sim *s, sim_time t, int priority, sim_fn *fn, void *ctx, uint32_t arg)
{
	struct event_list *l = &s->list;
	uint64_t order;
	if (!event_list_has_hole(l, (uint64_t)t, (uint64_t)s->face.now))
		return insert_anywhere(s, t, priority, fn, ctx, arg);
	sim_event handle = fill_slot(s, l->tree.hole->slot, priority, fn, ctx, arg, &order);
	event_tree_fill_hole(&l->tree, (uint64_t)t, order);
	return handle;
}

sim_event sim_at(struct sim *s, sim_time t, sim_fn *fn, void *ctx, uint32_t arg)
{
	return insert(s, t, SIM_PRIORITY_DEFAULT, fn, ctx, arg);
}

sim_event sim_after(struct sim *s, sim_time delay, sim_fn *fn, void *ctx, uint32_t arg)
{
	return insert(s, sim_time_add(s->face.now, delay), SIM_PRIORITY_DEFAULT, fn, ctx, arg);
}

sim_event sim_at_priority(struct sim *s, sim_time t, int priority, sim_fn *fn, void *ctx,
			  uint32_t arg)
{
	sim_assert(s, priority >= SIM_PRIORITY_FIRST && priority <= SIM_PRIORITY_LAST);
	return insert(s, t, priority, fn, ctx, arg);
}

static struct event_slot *find(const struct sim *s, sim_event event)
{
	uint32_t index = (uint32_t)event;
	if (!event || index >= s->list.slots.used)
		return NULL;
	struct event_slot *slot = &s->list.slots.at[index];
	return slot->stamp == event >> 32 ? slot : NULL;
}

static void kill(struct sim *s, struct event_slot *slot)
{
	slot->fn = NULL;
	event_slot_retire(slot);
	s->list.dead++;
	if (__builtin_expect(s->list.dead > entries(s) / 2 + 512, 0))
		event_list_purge(&s->list);
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
	*event = sim_at_priority(s, t, event_priority(old.order), old.fn, old.ctx, old.arg);
	return *event != 0;
}

bool sim_is_pending(const struct sim *s, sim_event event)
{
	return find(s, event) != NULL;
}

size_t sim_pending(const struct sim *s)
{
	return entries(s) - s->list.dead;
}

/* Takes out the first event, which is dead. */
static __attribute__((noinline)) void drop_dead(struct event_list *l, enum event_part part)
{
	event_list_pop(l, part);
	l->dead--;
	l->removed++;
}

sim_time sim_next_time(struct sim *s)
{
	struct event_list *l = &s->list;
	struct event_first first;
	while ((first = event_list_first(l)).time < EVENT_FOREVER && !l->slots.at[first.slot].fn)
		drop_dead(l, first.part);
	return first.time < EVENT_FOREVER ? (sim_time)first.time : SIM_NEVER;
}

/* Runs them in their order, as sim_run_until says. */
static void run_events(struct sim *s, sim_time t_end)
{
	struct event_list *l = &s->list;

	s->stopped = s->failure.code != 0;
	while (!s->stopped) {
		struct event_first first = event_list_first(l);
		if (first.time > (uint64_t)t_end)
			break;
		struct event_slot *slot = &l->slots.at[first.slot];
		sim_fn *fn = slot->fn;
		if (__builtin_expect(!fn, 0)) {
			drop_dead(l, first.part);
			continue;
		}
		void *ctx = slot->ctx;
		uint32_t arg = slot->arg;
		s->face.now = (sim_time)first.time;
		s->face.executed++;
		event_slot_retire(slot);
		event_list_pop(l, first.part);
		fn(s, ctx, arg);
	}
}

struct until {
	struct sim *sim;
	sim_time end;
};

static int run_until(void *ctx, struct err *e)
{
	const struct until *until = ctx;
	struct sim *s = until->sim;
	run_events(s, until->end);
	if (event_list_out_of_memory(&s->list))
		sim_fail(s, ERR_NOMEM, "no memory for %zu pending events", sim_pending(s));
	return give_failure(s, e);
}

int sim_run_until(struct sim *s, sim_time t_end, struct err *e)
{
	struct until until = {s, t_end};
	int code = sim_protect(s, run_until, &until, e);
	if (code == 0 && !s->stopped && t_end != SIM_NEVER && s->face.now < t_end)
		s->face.now = t_end;
	return code;
}

void sim_stop(struct sim *s)
{
	s->stopped = true;
}
