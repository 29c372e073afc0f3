/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_scaling.h"

/* What an autoscaler remembers of a pool: what was wanted within the last `stabilization`, without
 * what is not the most from its time on. So the numbers fall from `first` on, and there are no more
 * of them than there may be guests, and 0. */
struct scaler {
	struct guest_pool *pool;
	struct wanted {
		sim_time at;
		uint32_t guests;
	} * past;
	uint32_t first, count, room; /* a ring */
};

/* Takes what is wanted now into account, and returns the most that was wanted in the time. */
static uint32_t most_wanted(struct scaler *x, uint32_t wanted, sim_time now, sim_time within)
{
	while (x->count > 0 && now - x->past[x->first].at > within) {
		x->first = (x->first + 1) % x->room;
		x->count--;
	}
	while (x->count > 0 && x->past[(x->first + x->count - 1) % x->room].guests <= wanted)
		x->count--;
	x->past[(x->first + x->count++) % x->room] = (struct wanted){now, wanted};
	return x->past[x->first].guests;
}

/* Of the running guests' virtual CPUs, since the last call. */
static double utilization(struct guest_pool *p, sim_time interval)
{
	struct site_state *site = p->site;
	sim_time now = sim_now(site->run->sim);
	double busy_s = 0, vcpus = 0;
	for (uint32_t i = 0; i < site->site->guest_count; i++) {
		struct guest *g = &site->guest[i];
		if (g->state != GUEST_UP || g->pool != p)
			continue;
		double mark = time_average_integral(&guest_entity(g)->station.busy, now);
		busy_s += mark - g->busy_mark;
		vcpus += guest_host(g)->kind->vcpus;
		g->busy_mark = mark;
	}
	return vcpus > 0 ? busy_s / vcpus / sim_to_seconds(interval) : 0;
}

static void look(struct sim *s, void *ctx, uint32_t arg)
{
	struct scaler *x = ctx;
	struct guest_pool *p = x->pool;
	struct site_state *site = p->site;
	const struct scaling_ops *ops = site->site->scaling;
	const struct scaling_pace *pace = site->site->scaling_parameters;
	sim_time interval = ops->interval(pace);
	struct scaling_view view = {
		.running = p->running,
		.starting = p->starting,
		.tasks = p->tasks + p->waiting,
		.utilization = utilization(p, interval),
	};
	uint32_t wanted = ops->wanted(pace, &view);
	(void)arg;
	if (wanted == 0 && p->waiting > 0)
		wanted = 1;
	if (wanted > site->site->guest_count)
		wanted = site->site->guest_count;
	uint32_t most = most_wanted(x, wanted, sim_now(s), sim_from_seconds(pace->stabilization_s));
	while (p->running + p->starting < wanted && guest_start(p))
		;
	for (uint32_t i = site->site->guest_count; i-- > 0;) {
		struct guest *g = &site->guest[i];
		if (p->running + p->starting <= most)
			break;
		if (guest_is_spare(g) && g->pool == p)
			guest_stop(g);
	}
	sim_after(s, interval, look, x, 0);
}

int scaling_start(struct run *run, struct site_state *site, struct err *e)
{
	const struct site *s = site->site;
	struct scaler *scalers = arena_array(&run->arena, site->pool_count, sizeof(*scalers));
	for (uint32_t p = 0; scalers && p < site->pool_count; p++) {
		struct scaler *x = &scalers[p];
		x->pool = &site->pools[p];
		x->room = s->guest_count + 1;
		x->past = arena_array(&run->arena, x->room, sizeof(*x->past));
		if (!x->past)
			scalers = NULL;
		else
			sim_after(run->sim, s->scaling->interval(s->scaling_parameters), look, x,
				  0);
	}
	return scalers ? 0 : err_set(e, ERR_NOMEM, "no memory for the autoscaler of a site");
}
