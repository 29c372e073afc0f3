/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Prices: what a task of one app costs on one kind of host, worked out once so that charging a task
 * is a few additions. Used by the builder (world_build.c) and by the run.
 */
#ifndef MODELS_WORLD_PRICE_H
#define MODELS_WORLD_PRICE_H

#include "models/world/world_model.h"

/* Works out the price; `given` is what arrivals give tasks of the app (enum arrival_gives). Returns
 * 0, or platform_cost's codes with *e filled. */
int price_make(struct price *price, const struct platform *platform,
	       const struct profile_view *view, const struct app *app, unsigned given, double hz,
	       sim_time disk_latency_ns, struct err *e);

/* How much of the drivers one task has: by enum price_driver, and those that vary of its app. Where
 * a price has no slopes only compute_ns is set. */
struct price_drivers {
	int64_t compute_ns;
	double value[DRIVER_COUNT + OP_COUNT];
};

/* What is left of `ns` of which a share is spared: of waking a backend as much as it is at work
 * already (the share of the task's requests that find it so), of interrupts that times a notice's
 * `spared`. */
static inline int64_t price_notice_ns(int64_t ns, double share)
{
	return ns - (int64_t)((double)ns * share);
}

static inline int64_t price_spared_ns(const struct price_notice *n, double busy)
{
	return price_notice_ns(n->ns, busy * n->spared);
}

static inline int64_t price_slope_ns(const struct price_slope *s, const struct price_drivers *d,
				     double busy)
{
	int64_t ns = (int64_t)(s->ns * d->value[s->driver] + 0.5);
	return s->spared > 0 ? price_notice_ns(ns, busy * s->spared) : ns;
}

/* What the task spends at each site. */
static inline void price_sites(const struct price *p, const struct price_drivers *d, double busy,
			       int64_t site_ns[SITE_COUNT])
{
	for (int i = 0; i < SITE_COUNT; i++)
		site_ns[i] = p->site_ns[i];
	if (p->compute_varies)
		site_ns[SITE_GUEST] += d->compute_ns;
	for (unsigned i = 0; i < p->notices; i++)
		site_ns[p->notice[i].site] += price_spared_ns(&p->notice[i], busy);
	for (unsigned i = 0; i < p->slopes; i++)
		site_ns[p->slope[i].site] += price_slope_ns(&p->slope[i], d, busy);
}

#endif
