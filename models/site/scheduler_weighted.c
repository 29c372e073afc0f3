/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cores in proportion to the guests' weights, each up to its cap, as the credit scheduler of Xen
 * and the cgroups of Linux give them over longer times. */
#include "models/site/scheduler.h"

const struct scheduler_ops scheduler_weighted_ops = {
	.choice = {.name = "weighted",
		   .help = "in proportion to the weights of the guests that have work, each up to "
			   "its cap"},
	.weighs = true,
	.share = scheduler_fill,
};
