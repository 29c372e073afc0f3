/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Careful sharing: every entity that has work claims the cores it could use, the host's scheduler
 * divides the cores among the claims, and each entity's virtual CPUs run at what it got. */
#include "models/run/run_host.h"
#include "models/run/run_host_careful.h"

int host_careful_init(struct host *h, struct run *run, struct err *e)
{
	const struct host_kind *kind = h->kind;
	for (uint32_t i = 0; i < h->entity_count; i++) {
		struct entity *x = host_entity(h, i);
		x->index = i;
		if (i >= kind->guests || !kind->scheduler->weighs)
			continue;
		if (kind->weight_count > 0)
			x->weight = (float)kind->weights[i % kind->weight_count];
		if (kind->cap_count > 0)
			x->cap = kind->caps[i % kind->cap_count];
	}
	if (kind->scheduler->turns)
		return host_turns_init(h, run, e);
	h->claims = arena_array(&run->arena, h->entity_count, sizeof(*h->claims));
	return h->claims ? 0 : err_set(e, ERR_NOMEM, "no memory for the guests of a host");
}

/* What the entity could use, 0 when it has no work or is stopped. */
static double wants(const struct entity *x)
{
	double cores = x->demand;
	if (x->cap > 0 && cores > x->cap)
		cores = x->cap;
	return cores * x->speed;
}

static void set_rate(struct entity *x, double cores)
{
	double rate = x->demand > 0 ? HOST_FULL_RATE * cores / x->demand : 0;
	if (rate != x->station.rate)
		station_set_rate(&x->station, rate);
}

void host_careful_share(struct host *h)
{
	uint32_t n = 0;
	double busy = 0, runnable = 0;
	for (uint32_t i = 0; i < h->entity_count; i++) {
		const struct entity *x = host_entity(h, i);
		double cores = wants(x);
		if (cores > 0)
			h->claims[n++] = (struct scheduler_claim){cores, x->weight, 0};
		runnable += x->demand * x->speed;
	}
	h->kind->scheduler->share(h->claims, n, h->kind->cores);
	n = 0;
	for (uint32_t i = 0; i < h->entity_count; i++) {
		struct entity *x = host_entity(h, i);
		double cores = wants(x) > 0 ? h->claims[n++].gets : 0;
		busy += cores;
		set_rate(x, cores);
	}
	busy = busy < h->kind->cores ? busy : h->kind->cores; /* of rounding */
	double stolen = runnable - busy;
	if (busy != h->busy.value)
		host_set_busy(h, busy);
	time_average_set(&h->steal, sim_now(h->sim), stolen > 1e-9 ? stolen : 0);
}

void host_careful_update(struct entity *x, uint32_t demand)
{
	x->host->demand += demand - x->demand;
	if (x->host->turns) {
		host_turns_update(x, demand);
		return;
	}
	x->demand = demand;
	host_careful_share(x->host);
}

double entity_stalled_ns(const struct entity *x)
{
	return x->stalled_ns + (1 - x->speed) * (double)(sim_now(x->station.sim) - x->stalled_at);
}

void host_set_speed(struct entity *x, double speed)
{
	x->stalled_ns = entity_stalled_ns(x);
	x->stalled_at = sim_now(x->station.sim);
	x->speed = speed;
	if (x->host->turns)
		host_turns_update(x, x->demand);
	else
		host_careful_share(x->host);
}
