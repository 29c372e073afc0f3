/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which cell a handset is in, and when that changes. A cell reaches as far as its radius. A handset
 * stays in its cell until it leaves its radius, or another one that it is in the radius of is
 * nearer by the hysteresis: received power falls with distance to the power of an exponent, so
 * "stronger by H dB" is "nearer by a factor of 10^(-H / 10 exponent)". All of this is where a
 * straight line meets circles, so changes are computed, not looked for.
 */
#ifndef MODELS_COVERAGE_H
#define MODELS_COVERAGE_H

#include "models/mobility/mobility.h"

#define COVERAGE_NONE UINT32_MAX /* no cell */

struct coverage_cell {
	double x, y, radius; /* m; radius may be infinite */
	uint32_t cell;	     /* what it is called outside */
};

/* Zero: no cells. Lives in the arena that it was made in. */
struct coverage {
	struct coverage_cell *cells;
	uint32_t count;
	double factor2;	      /* square of how much nearer another cell must be, < 1 */
	double largest;	      /* radius */
	double x0, y0, pitch; /* of the grid */
	uint32_t columns, rows;
	uint32_t *first, *members; /* cells of each square of the grid, row by row */
};

/* How much nearer, < 1 for a hysteresis > 0 dB. */
double coverage_factor(double hysteresis_db, double exponent);

/* Takes those of the cells that a handset inside the box can ever be in. Returns 0 or ERR_NOMEM. */
int coverage_init(struct coverage *c, const struct coverage_cell *cells, uint32_t count,
		  const struct box *box, double factor, struct arena *arena);

/* The nearest cell at that place of those that reach it, as a number into c->cells, or
 * COVERAGE_NONE. */
uint32_t coverage_at(const struct coverage *c, double x, double y);

/* The first change on the leg from `now` on, now <= leg->until: returns when (whole ns, not before
 * now), with *to the new cell or COVERAGE_NONE; SIM_NEVER when there is none up to leg->until. */
sim_time coverage_next(const struct coverage *c, const struct leg *leg, uint32_t serving,
		       sim_time now, uint32_t *to);

#endif
