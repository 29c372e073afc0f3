/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offloads a task when that is expected to save the handset energy: Kumar and Lu, IEEE Computer
 * 43(4) 2010, C/M (Pc - Pi/F) > Ptr D/B. The formula knows neither promotions nor tails nor queues;
 * that it does not is part of what a study can show. */
#include "models/policy.h"

static bool offload(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	return policy_local_j(view) > policy_remote_j(view);
}

const struct policy_ops policy_energy_break_even_ops = {
	.choice =
		{.name = "energy-break-even",
		 .help = "Kumar and Lu's rule: offload when computing would take more energy than "
			 "idling and sending; knows nothing of promotions and tails"},
	.offload = offload,
};
