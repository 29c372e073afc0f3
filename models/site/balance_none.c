/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Guests go only when the schedule says so, or another part of the model. */
#include "models/site/balance.h"

const struct balance_ops balance_none_ops = {
	.choice = {.name = "none", .help = "only the schedule moves guests"},
};
