/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Away from hosts under load: { "spread": { "above": 0.8, "interval": "10 s" } }. A guest of the
 * most loaded host above the threshold goes to the least loaded one, where that stays below the
 * threshold and below what it relieves. */
#include "models/site/balance.h"

struct spread {
	struct look_interval interval; /* first */
	double above;
};

static const struct key keys[] = {
	{.name = "above",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct spread, above),
	 .min = 0.01,
	 .max = 1,
	 .def = "0.8",
	 .help = "load of a host, as a share of its cores, from which a guest leaves it"},
	LOOK_INTERVAL_KEY("\"10 s\""),
	{0},
};
static const struct key_object object = {
	.name = "balance_spread",
	.keys = keys,
	.size = sizeof(struct spread),
	.help = "away from hosts under load",
};

static bool pick(const void *parameters, const struct balance_host *hosts, uint32_t n,
		 uint32_t *from, uint32_t *to)
{
	const struct spread *s = parameters;
	uint32_t high = n, low = n;
	for (uint32_t i = 0; i < n; i++)
		if (hosts[i].at_rest && hosts[i].guests > 0 && hosts[i].load >= s->above &&
		    (high == n || hosts[i].load > hosts[high].load))
			high = i;
	for (uint32_t i = 0; i < n; i++)
		if (i != high && hosts[i].at_rest && hosts[i].has_room &&
		    (low == n || hosts[i].load < hosts[low].load))
			low = i;
	if (high == n || low == n)
		return false;
	double after = balance_load(&hosts[low], hosts[high].guest_load);
	*from = high;
	*to = low;
	return after < s->above && after < hosts[high].load;
}

const struct balance_ops balance_spread_ops = {
	.choice = {.name = "spread",
		   .help = "a guest leaves a host under load for the least loaded one",
		   .parameters = &object,
		   .main_key = "above"},
	.interval = look_interval_of,
	.pick = pick,
};
