/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the cell's "up" and "down" say, all the time. */
#include "models/radio/capacity.h"

const struct capacity_ops capacity_constant_ops = {
	.choice = {.name = "constant", .help = "what \"up\" and \"down\" say, all the time"},
};
