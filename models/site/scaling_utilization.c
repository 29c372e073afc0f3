/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Towards a utilization of the guests' virtual CPUs: { "utilization": 0.6 }. The rule of
 * Kubernetes' horizontal autoscaler: wanted = ceil(running x utilization / target), nothing
 * within a tolerance of a tenth, and down only to the most that was wanted in the last 5 min. */
#include "models/site/scaling.h"

#include <math.h>

struct utilization {
	struct scaling_pace pace; /* first */
	double target;
};

static const struct key keys[] = {
	{.name = "target",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct utilization, target),
	 .min = 0.01,
	 .max = 1,
	 .help = "share of the virtual CPUs' time"},
	SCALING_PACE_KEYS,
	{0},
};
static const struct key_object object = {
	.name = "scaling_utilization",
	.keys = keys,
	.size = sizeof(struct utilization),
	.help = "towards a utilization of the running guests",
};

static uint32_t wanted(const void *parameters, const struct scaling_view *v)
{
	double ratio = v->utilization / ((const struct utilization *)parameters)->target;
	uint32_t now = v->running + v->starting;
	if (v->running == 0)
		return v->tasks > 0 && now == 0 ? 1 : now;
	if (fabs(ratio - 1) <= 0.1)
		return now;
	return (uint32_t)ceil(v->running * ratio - 1e-9);
}

const struct scaling_ops scaling_utilization_ops = {
	.choice = {.name = "utilization",
		   .help = "towards a utilization of the running guests, as Kubernetes' horizontal "
			   "autoscaler does",
		   .parameters = &object,
		   .main_key = "target"},
	.interval = look_interval_of,
	.wanted = wanted,
};
