/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offloads a task when that is expected to save the handset energy: Kumar and Lu, IEEE Computer
 * 43(4) 2010, C/M (Pc - Pi/F) > Ptr D/B. The formula knows neither promotions nor tails nor queues;
 * that it does not is part of what a study can show. */
#include "models/policy/policy.h"

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	double least = policy_local_j(view);
	int best = POLICY_LOCAL;
	for (int i = 0; i < view->site_count; i++) {
		double j = policy_remote_j(view, i);
		if (j < least) {
			least = j;
			best = i;
		}
	}
	return best;
}

const struct policy_ops policy_energy_break_even_ops = {
	.choice =
		{.name = "energy-break-even",
		 .help = "Kumar and Lu's rule: offload when computing would take more energy than "
			 "idling and sending; knows nothing of promotions and tails"},
	.weighs_energy = true,
	.choose = choose,
};
