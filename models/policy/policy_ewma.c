/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where tasks of this app have been fastest of late: an exponentially weighted moving average of
 * the times that this handset saw at each place. A place not tried yet is taken for its nominal
 * time, and one that was once slow is forgotten at `forget` with every decision, so that it is
 * tried again. */
#include "models/policy/policy.h"

struct ewma {
	double weight, forget;
};

static const struct key keys[] = {
	{.name = "weight",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct ewma, weight),
	 .min = 0.001,
	 .max = 1,
	 .def = "0.2",
	 .help = "of the newest time in the average"},
	{.name = "forget",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct ewma, forget),
	 .min = 0,
	 .max = 1,
	 .def = "0.02",
	 .help = "how far the averages of the places not chosen go back to the nominal time with "
		 "each task"},
	{0},
};
static const struct key_object object = {
	.name = "policy_ewma",
	.keys = keys,
	.size = sizeof(struct ewma),
	.help = "where the moving average of observed times is least",
};

static double average(const struct policy_view *v, int place, const void *ctx)
{
	const struct policy_memory *m = policy_memory_of(v, place);
	(void)ctx;
	return m->tasks > 0 ? m->cost : policy_expected_s(v, place);
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	const struct ewma *p = parameters;
	int best = policy_least(view, average, NULL);
	(void)st;
	for (int place = POLICY_LOCAL; place < view->site_count; place++) {
		struct policy_memory *m = policy_memory_of(view, place);
		if (place != best && m->tasks > 0)
			m->cost += p->forget * (policy_expected_s(view, place) - m->cost);
	}
	return best;
}

static void observe(const void *parameters, struct policy_memory *m,
		    const struct policy_outcome *outcome)
{
	const struct ewma *p = parameters;
	double weight = m->tasks++ > 0 ? p->weight : 1;
	m->cost += weight * (outcome->response_s - m->cost);
}

const struct policy_ops policy_ewma_ops = {
	.choice = {.name = "ewma",
		   .help = "where the moving average of observed times is least",
		   .parameters = &object},
	.choose = choose,
	.observe = observe,
};
