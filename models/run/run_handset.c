/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A handset's radio, CPU and battery. The radio needs no events of its own: its state follows from
 * when it was last used, and a tail is charged when it is cut short or over, to the task whose
 * transfer it follows - which may have ended by then; its energy is held back until the tail is
 * known. */
#include "models/run/run_group.h"
#include "models/run/run_handset.h"
#include "models/run/run_trace.h"

#include <math.h>

static void advance_idle(struct handset *h, sim_time now)
{
	if (h->tasks > 0)
		h->idle_share += h->class->idle_w * sim_to_seconds(now - h->idle_since) / h->tasks;
	h->idle_since = now;
}

/* The radio's power above idle while it moves bytes. */
static inline double active_w(const struct handset *h)
{
	const struct radio *r = h->class->radio;
	return r->base_w + (h->sending > 0 ? r->up_more_w : 0);
}

static inline __attribute__((always_inline)) void advance_base(struct handset *h, sim_time now)
{
	if (h->active > 0)
		h->base_share += active_w(h) * sim_to_seconds(now - h->base_since) / h->active;
	h->base_since = now;
}

/* Books the energy of a task that is over. */
static void record_energy(struct metrics *m, const struct handset *h, uint32_t app,
			  const double energy[ENERGY_COUNT])
{
	double sum = 0;
	for (int i = 0; i < ENERGY_COUNT; i++) {
		m->energy[i] += energy[i];
		sum += energy[i];
	}
	m->energy_tasks++;
	histogram_add(&m->energy_j, sum);
	group_energy(m, h->class, app, sum);
}

/* Books what was held back for the tail. */
static void release_last(struct run *run, struct handset *h)
{
	if (h->has_last && h->last_counts)
		record_energy(run->metrics, h, h->last_app, h->last_energy);
	if (h->has_last)
		trace_release(run, h);
	h->has_last = false;
}

/* Charges the tail since the last transfer. */
static void settle_tail(struct run *run, struct handset *h, sim_time now)
{
	if (h->radio_quiet != SIM_NEVER) {
		double j = radio_tail_j(h->class->radio, now - h->radio_quiet);
		trace_tail(run, h, now);
		h->used_j += j;
		if (h->tail_owner)
			h->tail_owner->energy[ENERGY_TAIL] += j;
		else
			h->last_energy[ENERGY_TAIL] += j;
	}
	h->tail_owner = NULL;
	release_last(run, h);
}

void handset_task_begins(struct handset *h, struct task *t, sim_time now)
{
	advance_idle(h, now);
	h->tasks++;
	t->idle_mark = h->idle_share;
}

void handset_task_ends(struct run *run, struct handset *h, struct task *t, sim_time now,
		       int failure)
{
	bool measured = t->counts && failure < 0;
	advance_idle(h, now);
	h->tasks--;
	t->energy[ENERGY_IDLE] += h->idle_share - t->idle_mark;
	if (h->tail_owner == t) {
		for (int i = 0; i < ENERGY_COUNT; i++)
			h->last_energy[i] = t->energy[i];
		h->last_app = t->from->source->app_index;
		h->last_counts = measured;
		h->has_last = true;
		h->tail_owner = NULL;
		trace_end(run, t, failure, true);
		return;
	}
	if (measured)
		record_energy(run->metrics, h, t->from->source->app_index, t->energy);
	trace_end(run, t, failure, false);
}

void handset_step_ends(struct handset *h, const struct task *step, struct task *whole)
{
	for (int i = 0; whole && i < ENERGY_COUNT; i++)
		whole->energy[i] += step->energy[i];
	if (h->tail_owner == step)
		h->tail_owner = whole;
}

sim_time handset_radio_begin(struct run *run, struct handset *h, struct task *t, sim_time now)
{
	const struct radio *r = h->class->radio;
	if (h->transfers++ > 0)
		return h->radio_ready > now ? h->radio_ready : now;
	sim_time gap = h->radio_quiet == SIM_NEVER ? SIM_NEVER : now - h->radio_quiet;
	settle_tail(run, h, now);
	sim_time wait = radio_promotion(r, gap);
	if (wait > 0) {
		double j = r->promotion_w * sim_to_seconds(wait);
		t->energy[ENERGY_PROMOTION] += j;
		h->used_j += j;
		trace_radio(run, h, now, r->promotion_w);
	}
	h->radio_ready = now + wait;
	return h->radio_ready;
}

void handset_transfer_begin(struct handset *h, struct task *t, bool up, sim_time now)
{
	advance_base(h, now);
	h->active++;
	h->sending += up;
	t->base_mark = h->base_share;
	if (h == t->run->followed)
		trace_radio_slowly(t->run, now, active_w(h));
}

void handset_radio_release(struct handset *h, struct task *t, sim_time now)
{
	if (--h->transfers == 0) {
		h->radio_quiet = now;
		h->tail_owner = t;
	}
}

void handset_transfer_pause(struct handset *h, struct task *t, bool up, double bits, sim_time now)
{
	const struct radio *r = h->class->radio;
	advance_base(h, now);
	double j = h->base_share - t->base_mark + (up ? r->up_j_per_bit : r->down_j_per_bit) * bits;
	t->energy[ENERGY_TRANSFER] += j;
	t->base_mark = h->base_share;
	h->used_j += j;
}

void handset_transfer_end(struct handset *h, struct task *t, bool up, double bits, sim_time now)
{
	handset_transfer_pause(h, t, up, bits, now);
	h->active--;
	h->sending -= up;
	handset_radio_release(h, t, now);
}

void handset_transfer_resume(struct handset *h, struct task *t, sim_time now)
{
	advance_base(h, now);
	double j = h->base_share - t->base_mark;
	t->energy[ENERGY_HANDOVER] += j;
	t->base_mark = h->base_share;
	h->used_j += j;
}

void handset_attempt_failed(struct handset *h, struct task *t, sim_time now)
{
	advance_idle(h, now);
	t->energy[ENERGY_IDLE] += h->idle_share - t->idle_mark;
	t->idle_mark = h->idle_share;
	for (int i = 0; i < ENERGY_COUNT; i++) {
		if (i == ENERGY_RETRY)
			continue;
		t->energy[ENERGY_RETRY] += t->energy[i];
		t->energy[i] = 0;
	}
}

sim_time handset_radio_wait(const struct handset *h, sim_time now)
{
	if (h->transfers > 0)
		return h->radio_ready > now ? h->radio_ready - now : 0;
	return radio_promotion(h->class->radio,
			       h->radio_quiet == SIM_NEVER ? SIM_NEVER : now - h->radio_quiet);
}

sim_time handset_compute(struct handset *h, struct task *t, sim_time now)
{
	const struct cpu *cpu = &h->class->cpu;
	sim_time start = h->cpu_free > now ? h->cpu_free : now;
	const struct cpu_level *level =
		cpu_level_for(cpu, &(struct governor_task){
					   .cycles = t->work.cycles,
					   .backlog_s = sim_to_seconds(start - now),
					   .deadline_s = t->from->source->app->deadline_s,
				   });
	t->compute_ns = (int64_t)(t->work.cycles / level->hz * 1e9 + 0.5);
	double j = (level->w - cpu->idle_w) * sim_to_seconds(t->compute_ns);
	t->energy[ENERGY_CPU] += j;
	h->used_j += j;
	h->cpu_free = sim_time_add(start, t->compute_ns);
	trace_slice(t, TRACE_QUEUE, now, start);
	trace_slice(t, TRACE_COMPUTE, start, h->cpu_free);
	return h->cpu_free;
}

double handset_left_j(const struct handset *h, sim_time now)
{
	double always_w = h->class->idle_w + h->class->base_w;
	double left = h->class->battery_j - h->used_j - always_w * sim_to_seconds(now);
	if (h->transfers == 0 && h->radio_quiet != SIM_NEVER)
		left -= radio_tail_j(h->class->radio, now - h->radio_quiet); /* not charged yet */
	return left;
}

sim_time handset_empty_since(const struct handset *h, sim_time now)
{
	sim_time alive = h->tasks > 0 ? now - 1 : 0, empty = now;
	while (empty - alive > 1) {
		sim_time middle = alive + (empty - alive) / 2;
		if (handset_left_j(h, middle) > 0)
			alive = middle;
		else
			empty = middle;
	}
	return empty;
}

double handset_life_s(const struct handset *h, sim_time now)
{
	double used = h->class->battery_j - handset_left_j(h, now);
	if (h->died > 0)
		return sim_to_seconds(h->died);
	return used > 0 ? h->class->battery_j * sim_to_seconds(now) / used : NAN;
}

void handset_close(struct run *run, struct handset *h, sim_time now)
{
	handset_is_empty(h, now);
	if (h->transfers == 0)
		settle_tail(run, h, now);
	else
		release_last(run, h);
	h->radio_quiet = SIM_NEVER;
}
