/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The nearest site that has a virtual CPU to spare; when none has, the nearest. How many tasks each
 * site has, no handset knows; it stands for a broker that does, and is asked in no time. */
#include "models/policy/policy.h"

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	for (int i = 0; i < view->site_count; i++)
		if (view->tasks_at[i] < view->sites[i].vcpus)
			return i;
	return 0;
}

const struct policy_ops policy_nearest_ops = {
	.choice = {.name = "nearest",
		   .help = "the nearest site that has a virtual CPU to spare, by the true number "
			   "of tasks at each now, which no handset knows (a broker would)"},
	.sees_load = true,
	.choose = choose,
};
