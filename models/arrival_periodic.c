/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Periodic arrivals, each handset with a phase of its own: { "periodic": "5 s" }. */
#include "models/arrival.h"

struct periodic {
	double period_s;
};

static const struct key keys[] = {
	{.name = "period",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct periodic, period_s),
	 .unit = UNIT_TIME,
	 .min = 1e-6,
	 .max = 1e9,
	 .help = "time from one task to the next"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_periodic",
	.keys = keys,
	.size = sizeof(struct periodic),
	.help = "a task every period, from a random phase on",
};

static sim_time next(const void *parameters, struct stream *st, sim_time now, bool first)
{
	const struct periodic *p = parameters;
	double gap = first ? p->period_s * stream_uniform(st) : p->period_s;
	sim_time ns = sim_from_seconds(gap);
	return sim_time_add(now, ns > 0 ? ns : 1);
}

static double rate(const void *parameters)
{
	return 1 / ((const struct periodic *)parameters)->period_s;
}

const struct arrival_ops arrival_periodic_ops = {
	.choice = {.name = "periodic",
		   .help = "a task every period, from a random phase on",
		   .parameters = &object,
		   .main_key = "period"},
	.next = next,
	.rate = rate,
};
