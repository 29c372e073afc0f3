/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/site/scheduler.h"

/* Grants what is below the level that all cores give; returns whether some were. */
static bool grant(struct scheduler_claim *claims, uint32_t n, double *cores)
{
	double weight = 0;
	for (uint32_t i = 0; i < n; i++)
		weight += claims[i].gets < 0 ? claims[i].weight : 0;
	double level = weight > 0 && *cores > 0 ? *cores / weight : 0;
	bool some = false;
	for (uint32_t i = 0; i < n; i++) {
		struct scheduler_claim *c = &claims[i];
		if (c->gets >= 0 || c->wants > c->weight * level)
			continue;
		c->gets = c->wants;
		*cores -= c->wants;
		some = true;
	}
	for (uint32_t i = 0; i < n && !some; i++)
		if (claims[i].gets < 0)
			claims[i].gets = claims[i].weight * level;
	return some;
}

void scheduler_fill(struct scheduler_claim *claims, uint32_t n, double cores)
{
	for (uint32_t i = 0; i < n; i++)
		claims[i].gets = -1; /* not granted yet */
	while (grant(claims, n, &cores))
		;
}
