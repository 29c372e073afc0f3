/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The level whose cycles cost least above idle. Where power grows slower than the clock this is the
 * fastest, and where it grows faster the slowest: racing to idle pays or does not. */
#include "models/handset/governor.h"

static uint32_t pick(const void *parameters, const struct cpu *cpu,
		     const struct governor_task *task)
{
	(void)parameters;
	uint32_t best = 0;
	(void)task;
	for (uint32_t i = 1; i < cpu->count; i++) {
		const struct cpu_level *l = &cpu->levels[i], *b = &cpu->levels[best];
		if ((l->w - cpu->idle_w) / l->hz < (b->w - cpu->idle_w) / b->hz)
			best = i;
	}
	return best;
}

const struct governor_ops governor_least_energy_ops = {
	.choice = {.name = "least-energy",
		   .help = "the level that needs least energy above idle for a cycle"},
	.pick = pick,
};
