/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest with the fewest tasks; of several the first. */
#include "models/site/placement.h"

static uint32_t pick(const void *parameters, struct guest_loads *guests, struct stream *st)
{
	(void)parameters;
	(void)st;
	return guest_loads_least(guests);
}

const struct placement_ops placement_least_loaded_ops = {
	.choice = {.name = "least-loaded", .help = "the guest with the fewest tasks"},
	.pick = pick,
};
