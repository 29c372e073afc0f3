/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Governors: at which of its levels of clock and power a handset's CPU computes a task (dynamic
 * voltage and frequency scaling). One file governor_NAME.c each. A task stays at its level from its
 * start to its end.
 */
#ifndef MODELS_GOVERNOR_H
#define MODELS_GOVERNOR_H

#include "models/choice.h"

struct governor_ops;

struct cpu_level {
	double hz, w; /* w: of the handset while it computes */
};

struct cpu {
	struct cpu_level *levels; /* slowest first */
	uint32_t count;		  /* at least 1 */
	uint32_t nominal;	  /* the level that the file gives as the CPU's own */
	double idle_w;		  /* of the handset while it does not compute */
	const struct governor_ops *governor;
	const void *parameters;
};

/* The task to be computed. */
struct governor_task {
	double cycles;
	double backlog_s;  /* work that the CPU has before it */
	double deadline_s; /* of its app; 0: none */
};

struct governor_ops {
	struct key_variant choice;
	/* An index into cpu->levels. */
	uint32_t (*pick)(const void *parameters, const struct cpu *cpu,
			 const struct governor_task *task);
};

extern const struct governor_ops *const governor_models[]; /* ended by NULL */

static inline const struct cpu_level *cpu_level_for(const struct cpu *cpu,
						    const struct governor_task *task)
{
	if (cpu->count == 1)
		return cpu->levels;
	return &cpu->levels[cpu->governor->pick(cpu->parameters, cpu, task)];
}

#endif
