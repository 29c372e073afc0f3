/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Always the level that the file gives as the CPU's own. */
#include "models/handset/governor.h"

static uint32_t pick(const void *parameters, const struct cpu *cpu,
		     const struct governor_task *task)
{
	(void)parameters;
	(void)task;
	return cpu->nominal;
}

const struct governor_ops governor_fixed_ops = {
	.choice = {.name = "fixed", .help = "always the CPU's own clock and power"},
	.pick = pick,
};
