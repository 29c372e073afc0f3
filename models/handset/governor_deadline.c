/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The slowest level at which the task, after what the CPU has before it, is done by its deadline;
 * the fastest when none is, and the slowest for tasks without one. */
#include "models/handset/governor.h"

static uint32_t pick(const void *parameters, const struct cpu *cpu,
		     const struct governor_task *task)
{
	(void)parameters;
	for (uint32_t i = 0; i + 1 < cpu->count; i++)
		if (task->deadline_s == 0 ||
		    task->backlog_s + task->cycles / cpu->levels[i].hz <= task->deadline_s)
			return i;
	return cpu->count - 1;
}

const struct governor_ops governor_deadline_ops = {
	.choice = {.name = "deadline", .help = "the slowest level that meets the app's deadline"},
	.pick = pick,
};
