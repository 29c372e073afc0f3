/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Periodic arrivals, each handset with a phase of its own: { "periodic": "5 s" }. With jitter a
 * task starts within that share of the period after its place in the grid; the grid itself does not
 * drift. */
#include "models/app/arrival.h"

struct periodic {
	double period_s, jitter;
};

static const struct key keys[] = {
	{.name = "period",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct periodic, period_s),
	 .unit = UNIT_TIME,
	 .min = 1e-6,
	 .max = 1e9,
	 .help = "time from one task to the next"},
	{.name = "jitter",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct periodic, jitter),
	 .unit = UNIT_RATIO,
	 .min = 0,
	 .max = 1,
	 .def = "0",
	 .help = "how much of a period a task may be late, evenly"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_periodic",
	.keys = keys,
	.size = sizeof(struct periodic),
	.help = "a task every period, from a random phase on",
};

static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct periodic *p = parameters;
	double gap = first ? p->period_s * stream_uniform(st) : p->period_s;
	if (p->jitter == 0)
		return arrival_after(now, gap);
	state->until = arrival_after(first ? now : state->until, gap);
	sim_time late = sim_from_seconds(p->jitter * p->period_s * stream_uniform(st));
	sim_time at = sim_time_add(state->until, late);
	return at > now ? at : now + 1;
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
