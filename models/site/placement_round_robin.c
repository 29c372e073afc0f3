/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One guest after the other, whatever they have to do. */
#include "models/site/placement.h"

static uint32_t pick(const void *parameters, struct guest_loads *guests, struct stream *st)
{
	(void)parameters;
	(void)st;
	uint32_t guest;
	do {
		guest = guests->cursor;
		guests->cursor = guest + 1 < guests->count ? guest + 1 : 0;
	} while (guests->load[guest] == GUEST_BLOCKED);
	return guest;
}

const struct placement_ops placement_round_robin_ops = {
	.choice = {.name = "round-robin", .help = "one guest after the other"},
	.pick = pick,
};
