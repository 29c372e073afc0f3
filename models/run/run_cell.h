/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What passes the air of a cell: capacity that changes, packets that are lost. Private to
 * models/run.
 */
#ifndef MODELS_RUN_CELL_H
#define MODELS_RUN_CELL_H

#include "models/run/run.h"

/* Makes the two stations of a cell or a link, which share by `ops`. */
int pipes_init(struct run *run, struct pipes *p, const struct station_ops *ops, double up_bps,
	       double down_bps, struct err *e);

/* Makes the stations of a cell. */
int cell_init(struct run *run, struct pipes *p, const struct cell *cell, struct err *e);
/* Its capacity begins to change, where it does. */
void cell_start(struct run *run, const struct cell *cell);

/* Begins to move t->bits; takes what moves them from the cell again, and returns the bits that it
 * has moved over the air, losses included; t->bits are those that are left. */
void cell_begin(struct task *t, bool up);
double cell_stop(struct task *t);

/* The bits that t->bits are over the air. */
static inline double cell_air_bits(const struct task *t)
{
	return t->bits * (1 + t->again);
}

#endif
