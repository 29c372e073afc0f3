/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Poisson arrivals: { "poisson": "12 /min" }. */
#include "models/app/arrival.h"

struct poisson {
	double rate;
};

static const struct key keys[] = {
	{.name = "rate",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct poisson, rate),
	 .unit = UNIT_RATE,
	 .min = 0,
	 .max = 1e9,
	 .help = "mean number of tasks"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_poisson",
	.keys = keys,
	.size = sizeof(struct poisson),
	.help = "independent tasks at a constant mean rate",
};

static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct poisson *p = parameters;
	(void)state;
	(void)first;
	if (p->rate <= 0)
		return SIM_NEVER;
	return arrival_after(now, stream_exponential(st, 1 / p->rate));
}

static double rate(const void *parameters)
{
	return ((const struct poisson *)parameters)->rate;
}

const struct arrival_ops arrival_poisson_ops = {
	.choice = {.name = "poisson",
		   .help = "independent tasks at a constant mean rate",
		   .parameters = &object,
		   .main_key = "rate"},
	.next = next,
	.rate = rate,
};
