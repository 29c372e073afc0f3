/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing is lost. */
#include "models/radio/loss.h"

const struct loss_ops loss_none_ops = {
	.choice = {.name = "none", .help = "nothing is lost"},
};
