/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrival processes: when the next task of an app starts on one handset. One file arrival_NAME.c
 * each.
 */
#ifndef MODELS_ARRIVAL_H
#define MODELS_ARRIVAL_H

#include "models/choice.h"
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"

/* What a process remembers of one app on one handset; zero at the start of a run. */
struct arrival_state {
	sim_time until; /* what it stands for is the process's own matter */
	uint32_t at;
};

struct arrival_ops {
	struct key_variant choice;
	/* The next task starts so long after one has ended; `users` of them begin the run. */
	bool closed;
	uint32_t (*users)(const void *parameters); /* closed only */
	/* The time of the next task after `now`, > now or SIM_NEVER; drawn from st only. `first`:
	 * it is the first of the run (of this user). */
	sim_time (*next)(const void *parameters, struct arrival_state *state, struct stream *st,
			 sim_time now, bool first);
	/* Tasks per second in the long run; of a closed process at most. */
	double (*rate)(const void *parameters);
};

extern const struct arrival_ops *const arrival_models[]; /* ended by NULL */

/* now + seconds, at least a nanosecond later. */
static inline sim_time arrival_after(sim_time now, double seconds)
{
	sim_time gap = sim_from_seconds(seconds);
	return sim_time_add(now, gap > 0 ? gap : 1);
}

#endif
