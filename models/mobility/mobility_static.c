/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Handsets that stay in the cell of their class. */
#include "models/mobility/mobility.h"

const struct mobility_ops mobility_static_ops = {
	.choice = {.name = "static", .help = "stay in the cell of the class"},
};
