/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Always to a site: the one that has the fewest tasks for each of its virtual CPUs, of several the
 * nearest. What a broker would tell is taken as known at once. */
#include "models/policy/policy.h"

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	int best = 0;
	for (int i = 1; i < view->site_count; i++)
		if (view->tasks_at[i] * view->sites[best].vcpus <
		    view->tasks_at[best] * view->sites[i].vcpus)
			best = i;
	return best;
}

const struct policy_ops policy_least_loaded_ops = {
	.choice = {.name = "least-loaded",
		   .help = "the site with the fewest tasks for each virtual CPU, by the true "
			   "number now, which no handset knows (a broker would)"},
	.sees_load = true,
	.choose = choose,
};
