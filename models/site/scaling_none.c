/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All guests run from the start to the end. */
#include "models/site/scaling.h"

const struct scaling_ops scaling_none_ops = {
	.choice = {.name = "none", .help = "all guests run all the time"},
};
