/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host that has the least memory left over: keeps the large gaps for later. */
#include "models/site/packing.h"

static double score(const struct packing_host *host)
{
	return -host->free_bytes;
}

const struct packing_ops packing_best_fit_ops = {
	.choice = {.name = "best-fit", .help = "the host with the least memory to spare"},
	.score = score,
};
