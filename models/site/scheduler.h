/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Schedulers: how a host's cores are given to virtual CPUs. One file scheduler_NAME.c each. Those
 * that share do so at every moment, as a fluid; those that take turns give a virtual CPU a whole
 * core for a slice. Within a guest its tasks share its virtual CPUs in either case.
 */
#ifndef MODELS_SCHEDULER_H
#define MODELS_SCHEDULER_H

#include "models/choice.h"
#include "sim/engine/sim.h"

/* A guest, a backend or the host's own work that wants cores now. */
struct scheduler_claim {
	double wants;  /* cores it could use, its cap observed; > 0 */
	double weight; /* > 0 */
	double gets;   /* set by share: at most what it wants */
};

struct scheduler_turns {
	sim_time slice;	      /* > 0 */
	sim_time switch_cost; /* of a core that goes to another virtual CPU than it last had */
	bool boost; /* one that wakes from idling comes before those that have been at work */
};

struct scheduler_ops {
	struct key_variant choice;
	bool plain;  /* what every host does unless its guests migrate */
	bool weighs; /* guests' weights and caps count */
	/* Gives the cores to the claims; NULL: they take turns. All cores are used, or all get what
	 * they want. */
	void (*share)(struct scheduler_claim *claims, uint32_t n, double cores);
	void (*turns)(const void *parameters, struct scheduler_turns *turns);
};

extern const struct scheduler_ops *const scheduler_models[]; /* ended by NULL */

/* Water filling: min(wants, weight x level), the level such that the cores are used up. For all
 * whose wants are small against their weight first, so rounds are few. */
void scheduler_fill(struct scheduler_claim *claims, uint32_t n, double cores);

#endif
