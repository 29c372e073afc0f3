/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Balances: when a site moves a guest from one of its hosts to another. One file balance_NAME.c
 * each. They are asked now and then, and answer with one move at a time.
 */
#ifndef MODELS_BALANCE_H
#define MODELS_BALANCE_H

#include "models/choice.h"
#include "models/site/interval.h"

struct balance_host {
	double load; /* share of its cores that was busy since the last look */
	double cores;
	uint32_t guests;	/* running, none of them on its way */
	double guest_load;	/* mean of theirs, in cores */
	bool has_room, at_rest; /* for one more guest; no guest is coming or going */
};

struct balance_ops {
	struct key_variant choice;
	sim_time (*interval)(const void *parameters); /* NULL: never */
	/* Whether a guest should go, and from which host to which. */
	bool (*pick)(const void *parameters, const struct balance_host *hosts, uint32_t n,
		     uint32_t *from, uint32_t *to);
};

extern const struct balance_ops *const balance_models[]; /* ended by NULL */

/* What the host's load is when it gets a guest whose load is in cores, or loses it. */
static inline double balance_load(const struct balance_host *h, double guest_cores)
{
	return h->load + guest_cores / h->cores;
}

#endif
