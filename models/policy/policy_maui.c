/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The optimum of MAUI (Cuervo et al., MobiSys 2010): the partition of a task graph that costs the
 * handset the least energy among those that are expected to be in time. What it reckons with is
 * what a handset can know when the task starts: its own clock and power, its radio, the nominal
 * rates, the round trip, the site's clock, and what each stage computes and hands over. It sees no
 * queue. Where no partition is in time it takes the fastest. An app in one piece is a graph of one
 * stage. Of several sites it takes the cheapest, the nearest of those that cost the same. */
#include "models/policy/partition.h"

#include <math.h>

struct maui {
	double latency_s;
	bool tail;
};

static const struct key keys[] = {
	{.name = "latency",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct maui, latency_s),
	 .unit = UNIT_TIME,
	 .min = 1e-9,
	 .max = 1e9,
	 .optional = true,
	 .help = "the time that a task may take; without it the app's deadline, and without that "
		 "any"},
	{.name = "tail",
	 .type = KEY_BOOL,
	 .offset = offsetof(struct maui, tail),
	 .def = "true",
	 .help = "reckon with waking the radio and with its tail, once for each task that offloads "
		 "anything"},
	{0},
};
static const struct key_object object = {
	.name = "policy_maui",
	.keys = keys,
	.size = sizeof(struct maui),
	.help = "the partition of least energy that is in time",
};

static int partition(const void *parameters, const struct policy_view *v, uint32_t *remote)
{
	const struct maui *p = parameters;
	double limit = p->latency_s > 0 ? p->latency_s : v->deadline_s;
	double least = INFINITY;
	bool within = false;
	int best = POLICY_LOCAL;
	*remote = 0;
	if (!(limit > 0))
		limit = INFINITY;
	for (int site = 0; site < v->site_count; site++) {
		struct partition_costs c;
		uint32_t mask;
		partition_costs(&c, v, site, p->tail);
		bool in_time = partition_least(&c, limit, &mask);
		double cost = in_time ? partition_j(&c, mask) : partition_s(&c, mask);
		if (in_time < within || (in_time == within && cost >= least))
			continue;
		within = in_time;
		least = cost;
		*remote = mask;
		best = mask ? site : POLICY_LOCAL;
	}
	return best;
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	const struct policy_graph whole = {
		.stages = 1,
		.edges = 2,
		.cycles = {view->cycles},
		.edge = {{APP_HANDSET, 0, view->input_bits}, {0, APP_HANDSET, view->output_bits}},
	};
	struct policy_view v = *view;
	uint32_t remote;
	(void)st;
	v.graph = &whole;
	return partition(parameters, &v, &remote);
}

const struct policy_ops policy_maui_ops = {
	.choice = {.name = "maui",
		   .help = "the partition of a task graph that costs the least energy and is in "
			   "time (MAUI 2010)",
		   .parameters = &object},
	.weighs_energy = true,
	.choose = choose,
	.partition = partition,
};
