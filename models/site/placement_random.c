/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any guest with the same probability. */
#include "models/site/placement.h"

static uint32_t pick(const void *parameters, struct guest_loads *guests, struct stream *st)
{
	(void)parameters;
	uint32_t guest;
	do
		guest = (uint32_t)stream_below(st, guests->count);
	while (guests->load[guest] == GUEST_BLOCKED);
	return guest;
}

const struct placement_ops placement_random_ops = {
	.choice = {.name = "random", .help = "any guest with the same probability"},
	.pick = pick,
};
