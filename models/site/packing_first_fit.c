/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first host that has room. */
#include "models/site/packing.h"

static double score(const struct packing_host *host)
{
	(void)host;
	return 0;
}

const struct packing_ops packing_first_fit_ops = {
	.choice = {.name = "first-fit", .help = "the first host with room"},
	.score = score,
};
