/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A task that finds no idle guest starts one and waits for it, as functions as a service do. */
#include "models/site/scaling.h"

const struct scaling_ops scaling_on_demand_ops = {
	.choice = {.name = "on-demand", .help = "a task that finds no guest idle starts one"},
	.on_demand = true,
};
