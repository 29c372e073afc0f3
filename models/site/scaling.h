/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Scaling: how many of its guests a site keeps running. One file scaling_NAME.c each.
 */
#ifndef MODELS_SCALING_H
#define MODELS_SCALING_H

#include "models/choice.h"
#include "models/site/interval.h"

/* What an autoscaler sees of the guests that do the same work, when an interval is over. */
struct scaling_view {
	uint32_t running, starting;
	uint32_t tasks;	    /* being served or waiting for a guest */
	double utilization; /* of the running guests' virtual CPUs over the interval, 0..1 */
};

struct scaling_ops {
	struct key_variant choice;
	bool on_demand; /* a task that finds no guest idle starts one */
	/* How often to look; NULL: never. */
	sim_time (*interval)(const void *parameters);
	/* How many guests there should be, running and starting together. */
	uint32_t (*wanted)(const void *parameters, const struct scaling_view *view);
};

extern const struct scaling_ops *const scaling_models[]; /* ended by NULL */

#endif
