/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offloads a task with a fixed probability: { "random": 0.5 }. */
#include "models/policy/policy.h"

struct random {
	double probability;
};

static const struct key keys[] = {
	{.name = "probability",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct random, probability),
	 .min = 0,
	 .max = 1,
	 .help = "of going to the site"},
	{0},
};
static const struct key_object object = {
	.name = "policy_random",
	.keys = keys,
	.size = sizeof(struct random),
	.help = "offload with a fixed probability",
};

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)view;
	const struct random *r = parameters;
	return stream_uniform(st) < r->probability ? 0 : POLICY_LOCAL;
}

const struct policy_ops policy_random_ops = {
	.choice = {.name = "random",
		   .help = "offload with a fixed probability",
		   .parameters = &object,
		   .main_key = "probability"},
	.random = true,
	.choose = choose,
};
