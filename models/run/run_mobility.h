/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How handsets move, and when that brings them into another cell. Private to models/run.
 */
#ifndef MODELS_RUN_MOBILITY_H
#define MODELS_RUN_MOBILITY_H

#include "models/run/run.h"

/* Puts the handset of that number in its class, which moves, where its path begins; when all are
 * there, sets it going. */
void mobility_set_out(struct run *run, struct handset *h, uint32_t number);
void mobility_start(struct run *run, uint32_t handset);
/* Books the time since the last change of cells. */
void mobility_book_time(struct run *run, struct handset *h, sim_time now);

static inline bool handset_is_covered(const struct handset *h)
{
	return !h->movement || h->movement->serving != COVERAGE_NONE;
}

#endif
