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

/* What autoscalers have in common: how often they look, and how long they remember. Their
 * parameters begin with a struct scaling_pace. */
struct scaling_pace {
	struct look_interval interval; /* first */
	double stabilization_s;
};

/* The rows of a key table; the defaults are those of Kubernetes' horizontal autoscaler. */
#define SCALING_PACE_KEYS                                                                          \
	LOOK_INTERVAL_KEY("\"15 s\""),                                                             \
	{                                                                                          \
		.name = "stabilization", .type = KEY_QUANTITY,                                     \
		.offset = offsetof(struct scaling_pace, stabilization_s), .unit = UNIT_TIME,       \
		.max = 1e6, .def = "\"5 min\"",                                                    \
		.help = "guests are stopped only down to the most that were wanted in this time"   \
	}

struct scaling_ops {
	struct key_variant choice;
	bool on_demand; /* a task that finds no guest idle starts one */
	/* How often to look; NULL: never. Else the parameters begin with a struct scaling_pace. */
	sim_time (*interval)(const void *parameters);
	/* How many guests there should be, running and starting together. */
	uint32_t (*wanted)(const void *parameters, const struct scaling_view *view);
	/* What is to be warned of with guests of so many virtual CPUs, as a sentence without its
	 * subject, or NULL; NULL: nothing ever. */
	const char *(*doubt)(const void *parameters, uint32_t vcpus);
};

extern const struct scaling_ops *const scaling_models[]; /* ended by NULL */

#endif
