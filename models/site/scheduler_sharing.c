/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every guest gets as much as every other, or all that it wants. */
#include "models/site/scheduler.h"

static void share(struct scheduler_claim *claims, uint32_t n, double cores)
{
	for (uint32_t i = 0; i < n; i++)
		claims[i].weight = 1;
	scheduler_fill(claims, n, cores);
}

const struct scheduler_ops scheduler_sharing_ops = {
	.choice = {.name = "sharing", .help = "the same share for every guest that has work"},
	.plain = true,
	.share = share,
};
