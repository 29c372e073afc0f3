/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host with the fewest virtual CPUs for each core. */
#include "models/site/packing.h"

static double score(const struct packing_host *host)
{
	return -((double)host->vcpus / host->cores);
}

const struct packing_ops packing_least_loaded_ops = {
	.choice = {.name = "least-loaded",
		   .help = "the host with the fewest virtual CPUs for each core"},
	.score = score,
};
