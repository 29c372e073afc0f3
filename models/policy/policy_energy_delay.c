/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the product of the energy and the time that a task is expected to take is least; both are
 * nominal (policy.h). */
#include "models/policy/policy.h"

static double product(const struct policy_view *v, int place, const void *ctx)
{
	(void)ctx;
	return policy_expected_j(v, place) * policy_expected_s(v, place);
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	return policy_least(view, product, NULL);
}

const struct policy_ops policy_energy_delay_ops = {
	.choice = {.name = "energy-delay",
		   .help = "the least product of expected energy and expected time"},
	.weighs_energy = true,
	.choose = choose,
};
