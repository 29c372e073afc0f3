/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An epsilon-greedy bandit: with probability epsilon any place, else where the mean of what this
 * handset saw tasks of this app cost is least (Sutton and Barto, Reinforcement Learning, 2018,
 * section 2.4). Every place is tried once first. Cost is time, energy, or their product. */
#include "models/policy/policy.h"

struct bandit {
	double epsilon;
	int cost;
};

enum { COST_TIME, COST_ENERGY, COST_PRODUCT };
static const char *const costs[] = {"time", "energy", "energy-delay", NULL};

static const struct key keys[] = {
	{.name = "epsilon",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct bandit, epsilon),
	 .min = 0,
	 .max = 1,
	 .def = "0.1",
	 .help = "probability of trying any place"},
	{.name = "cost",
	 .type = KEY_ENUM,
	 .offset = offsetof(struct bandit, cost),
	 .choices = costs,
	 .def = "\"time\"",
	 .help = "what is to be small"},
	{0},
};
static const struct key_object object = {
	.name = "policy_bandit",
	.keys = keys,
	.size = sizeof(struct bandit),
	.help = "an epsilon-greedy bandit over the handset and the sites",
};

static double mean(const struct policy_view *v, int place, const void *ctx)
{
	(void)ctx;
	return policy_memory_of(v, place)->cost; /* 0 when not tried: first of all */
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	const struct bandit *p = parameters;
	/* Two draws whatever they say, so that the other draws of the stream do not shift. */
	double u = stream_uniform(st);
	int any = (int)stream_below(st, (uint64_t)view->site_count + 1) - 1;
	return u < p->epsilon ? any : policy_least(view, mean, NULL);
}

static void observe(const void *parameters, struct policy_memory *m,
		    const struct policy_outcome *outcome)
{
	const struct bandit *p = parameters;
	double cost = p->cost == COST_TIME     ? outcome->response_s
		      : p->cost == COST_ENERGY ? outcome->energy_j
					       : outcome->response_s * outcome->energy_j;
	m->cost += (cost - m->cost) / (double)++m->tasks;
}

const struct policy_ops policy_bandit_ops = {
	.choice = {.name = "bandit",
		   .help = "epsilon-greedy: mostly where tasks have cost least so far",
		   .parameters = &object},
	.random = true,
	.weighs_energy = true,
	.choose = choose,
	.observe = observe,
};
