/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host whose power would rise least with the guest's virtual CPUs busy: one that runs already
 * before one that has to be woken (after Beloglazov and Buyya, CCPE 24(13) 2012). */
#include "models/site/packing.h"

static double score(const struct packing_host *host)
{
	double busy = host->guest_vcpus * (host->busy_w - host->idle_w) / host->cores;
	double woken = host->vcpus == 0 ? host->idle_w - host->off_w : 0;
	return -(busy + woken);
}

const struct packing_ops packing_power_aware_ops = {
	.choice = {.name = "power-aware", .help = "the host whose power rises least"},
	.score = score,
};
