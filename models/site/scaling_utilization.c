/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Towards a utilization of the guests' virtual CPUs: { "utilization": 0.6 }. The rule of
 * Kubernetes' horizontal autoscaler: wanted = ceil(running x utilization / target), and nothing
 * within a tolerance of a tenth. */
#include "models/site/scaling.h"

#include <math.h>

struct utilization {
	double target, interval_s;
};

static const struct key keys[] = {
	{.name = "target",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct utilization, target),
	 .min = 0.01,
	 .max = 1,
	 .help = "share of the virtual CPUs' time"},
	{.name = "interval",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct utilization, interval_s),
	 .unit = UNIT_TIME,
	 .min = 1e-3,
	 .max = 1e6,
	 .def = "\"15 s\"",
	 .help = "how often to look"},
	{0},
};
static const struct key_object object = {
	.name = "scaling_utilization",
	.keys = keys,
	.size = sizeof(struct utilization),
	.help = "towards a utilization of the running guests",
};

static sim_time interval(const void *parameters)
{
	return sim_from_seconds(((const struct utilization *)parameters)->interval_s);
}

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
	.interval = interval,
	.wanted = wanted,
};
