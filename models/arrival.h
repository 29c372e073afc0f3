/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrival processes: when the next task of an app starts. One file arrival_NAME.c each.
 */
#ifndef MODELS_ARRIVAL_H
#define MODELS_ARRIVAL_H

#include "models/choice.h"
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"

struct arrival_ops {
	struct key_variant choice;
	/* The time of the next task after `now`, > now or SIM_NEVER; drawn from st only. `first`:
	 * it is the first of the run. */
	sim_time (*next)(const void *parameters, struct stream *st, sim_time now, bool first);
	/* Tasks per second in the long run. */
	double (*rate)(const void *parameters);
};

extern const struct arrival_ops *const arrival_models[]; /* ended by NULL */

#endif
