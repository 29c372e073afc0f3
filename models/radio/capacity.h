/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a cell can carry over time. One file capacity_NAME.c each. What the handsets in it have to
 * move shares what there is at the moment.
 */
#ifndef MODELS_CAPACITY_H
#define MODELS_CAPACITY_H

#include "models/choice.h"
#include "models/rows.h"
#include "sim/engine/sim.h"

/* What a model remembers of one cell; zero at the start of a run. */
struct capacity_state {
	sim_time began;
	size_t at;
};

struct capacity_ops {
	struct key_variant choice;
	/* When the rates change for the first time, >= 0, or SIM_NEVER: until then they are what
	 * the cell says. NULL: they never do. */
	sim_time (*begin)(const void *parameters);
	/* They change now: what is left alone stays. In bit/s; at 0 nothing passes. Returns when
	 * they change next, > now, or SIM_NEVER. */
	sim_time (*change)(const void *parameters, struct capacity_state *state, sim_time now,
			   double *up_bps, double *down_bps);
	const struct rows_file *file; /* that it follows, by its parameter "file"; or NULL */
};

extern const struct capacity_ops *const capacity_models[]; /* ended by NULL */

#endif
