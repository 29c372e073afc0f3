/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Together, so that hosts get empty: { "consolidate": { "below": 0.3, "above": 0.8 } }. A guest of
 * the least loaded host below one threshold goes to the most loaded one that stays below the
 * other. A host without guests draws its "off" power. */
#include "models/site/balance.h"

struct consolidate {
	struct look_interval interval; /* first */
	double below, above;
};

static const struct key keys[] = {
	{.name = "below",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct consolidate, below),
	 .min = 0,
	 .max = 1,
	 .def = "0.3",
	 .help = "load of a host, as a share of its cores, below which its guests leave it"},
	{.name = "above",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct consolidate, above),
	 .min = 0.01,
	 .max = 1,
	 .def = "0.8",
	 .help = "load that no host is brought to"},
	LOOK_INTERVAL_KEY("\"10 s\""),
	{0},
};
static const struct key_object object = {
	.name = "balance_consolidate",
	.keys = keys,
	.size = sizeof(struct consolidate),
	.help = "on few hosts",
};

static bool pick(const void *parameters, const struct balance_host *hosts, uint32_t n,
		 uint32_t *from, uint32_t *to)
{
	const struct consolidate *c = parameters;
	uint32_t low = n, high = n;
	for (uint32_t i = 0; i < n; i++)
		if (hosts[i].at_rest && hosts[i].guests > 0 && hosts[i].load < c->below &&
		    (low == n || hosts[i].load < hosts[low].load))
			low = i;
	for (uint32_t i = 0; low < n && i < n; i++)
		if (i != low && hosts[i].at_rest && hosts[i].has_room && hosts[i].guests > 0 &&
		    hosts[i].load >= hosts[low].load &&
		    balance_load(&hosts[i], hosts[low].guest_load) < c->above &&
		    (high == n || hosts[i].load > hosts[high].load))
			high = i;
	*from = low;
	*to = high;
	return high < n;
}

const struct balance_ops balance_consolidate_ops = {
	.choice = {.name = "consolidate",
		   .help = "guests leave hosts with little load, so that these can be off",
		   .parameters = &object,
		   .main_key = "below"},
	.interval = look_interval_of,
	.pick = pick,
};
