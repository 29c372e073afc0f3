/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the handset's radio, CPU and battery make of its tasks. Private to models/run.
 */
#ifndef MODELS_RUN_HANDSET_H
#define MODELS_RUN_HANDSET_H

#include "models/run/run.h"

/* A task begins or ends; what the handset idles is shared among those that are out. */
void handset_task_begins(struct handset *h, struct task *t, sim_time now);
void handset_task_ends(struct run *run, struct handset *h, struct task *t, sim_time now,
		       int failure);

/* What a step of a task graph has cost goes to the task, and with it the tail that it left; NULL:
 * the task has failed, and nobody's it is. */
void handset_step_ends(struct handset *h, const struct task *step, struct task *whole);

/* The task asks for the radio; returns when it is ready (now or later). */
sim_time handset_radio_begin(struct run *run, struct handset *h, struct task *t, sim_time now);
/* The transfer itself begins and ends. */
void handset_transfer_begin(struct handset *h, struct task *t, bool up, sim_time now);
void handset_transfer_end(struct handset *h, struct task *t, bool up, double bits, sim_time now);

/* What the task's attempt, or its wait for the next one, has drawn so far is its energy for nothing.
 */
void handset_attempt_failed(struct handset *h, struct task *t, sim_time now);
/* A handover interrupts the transfer of which `bits` have moved since it began or went on; it goes
 * on. What the radio burns between is ENERGY_HANDOVER. */
void handset_transfer_pause(struct handset *h, struct task *t, bool up, double bits, sim_time now);
void handset_transfer_resume(struct handset *h, struct task *t, sim_time now);
/* The task gives up the radio that it asked for and has not begun to use. */
void handset_radio_release(struct handset *h, struct task *t, sim_time now);

/* How long the radio would take now to be ready to send. */
sim_time handset_radio_wait(const struct handset *h, sim_time now);

/* Gives the CPU the task's work after what it has, at the level that the governor chooses; sets
 * t->compute_ns and returns when that is done. */
sim_time handset_compute(struct handset *h, struct task *t, sim_time now);

/* What is left in the battery, in J; may be below 0. */
double handset_left_j(const struct handset *h, sim_time now);

/* Whether that is more than a whole tail, which needs no look at the radio. */
static inline bool handset_has_much(const struct handset *h, sim_time now)
{
	const struct class *c = h->class;
	double always_j = (c->idle_w + c->base_w) * sim_to_seconds(now);
	return c->battery_j - h->used_j - always_j > c->radio->tail_j * (1 + 1e-9);
}

/* Since when it has been empty, for one that is. Exact when it has no tasks: nothing was drawn then
 * since it was last found alive but by idling and the tail. With tasks it is `now`. */
sim_time handset_empty_since(const struct handset *h, sim_time now);

/* Whether the battery is empty; remembers since when. */
static inline bool handset_is_empty(struct handset *h, sim_time now)
{
	if (handset_has_much(h, now) || handset_left_j(h, now) > 0)
		return false;
	if (h->died == 0)
		h->died = handset_empty_since(h, now);
	return true;
}

/* How long the battery would last in s: until it was empty, or at the mean power so far. NaN
 * when nothing was drawn. */
double handset_life_s(const struct handset *h, sim_time now);

/* The run is over: the tail goes to who caused it. */
void handset_close(struct run *run, struct handset *h, sim_time now);

#endif
