/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Turns of a slice: { "round-robin": { "slice": "30 ms", "switch": "2 us", "boost": true } }.
 * The defaults are of Xen's credit scheduler: 30 ms, and a virtual CPU that wakes comes first. */
#include "models/site/scheduler.h"

struct round_robin {
	double slice_s, switch_s;
	bool boost;
};

static const struct key keys[] = {
	{.name = "slice",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct round_robin, slice_s),
	 .unit = UNIT_TIME,
	 .min = 1e-6,
	 .max = 3600,
	 .def = "\"30 ms\"",
	 .help = "how long a virtual CPU has a core while others wait"},
	{.name = "switch",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct round_robin, switch_s),
	 .unit = UNIT_TIME,
	 .max = 1,
	 .def = "\"2 us\"",
	 .help = "what a core loses when it goes to another virtual CPU"},
	{.name = "boost",
	 .type = KEY_BOOL,
	 .offset = offsetof(struct round_robin, boost),
	 .def = "true",
	 .help = "a guest that wakes from idling gets a core at once, from one that has been at "
		 "work"},
	{0},
};
static const struct key_object object = {
	.name = "scheduler_round_robin",
	.keys = keys,
	.size = sizeof(struct round_robin),
	.help = "virtual CPUs take turns",
};

static void turns(const void *parameters, struct scheduler_turns *t)
{
	const struct round_robin *r = parameters;
	*t = (struct scheduler_turns){sim_from_seconds(r->slice_s), sim_from_seconds(r->switch_s),
				      r->boost};
}

const struct scheduler_ops scheduler_round_robin_ops = {
	.choice = {.name = "round-robin",
		   .help = "virtual CPUs take turns of a slice",
		   .parameters = &object,
		   .main_key = "slice"},
	.turns = turns,
};
