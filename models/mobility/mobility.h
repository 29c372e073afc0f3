/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How handsets move. One file mobility_NAME.c each. A path is a chain of legs, straight and at one
 * speed, so that when a handset comes into a cell or leaves it follows from the leg (coverage.h)
 * and nothing has to happen in between. Positions in metres, x to the east and y to the north of a
 * point that is the document's own.
 *
 * Not here: which cell a handset is in, and what becomes of its tasks (run_handover.c).
 */
#ifndef MODELS_MOBILITY_H
#define MODELS_MOBILITY_H

#include "models/choice.h"
#include "models/rows.h"
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"

/* From `from` until `until`: at from + t it is at (x + vx t, y + vy t). */
struct leg {
	double x, y;   /* m */
	double vx, vy; /* m/s */
	sim_time from, until;
};

struct box { /* all that a path can touch, borders included */
	double x0, y0, x1, y1;
};

/* What a model remembers of one handset; what it stands for is the model's own matter. */
struct mobility_state {
	double a[2];
	int32_t at[2];
	uint32_t number;
};

struct mobility_ops {
	struct key_variant choice;
	/* The first leg, from time 0, of the handset of that number in its class; then each next
	 * one, which begins when the last has ended and, unless the model says so, where. Drawn
	 * from st only. A leg lasts at least a nanosecond; SIM_NEVER is the end of the path. NULL:
	 * these handsets stay in their cell. */
	void (*start)(const void *parameters, struct mobility_state *state, struct stream *st,
		      struct leg *leg);
	void (*next)(const void *parameters, struct mobility_state *state, struct stream *st,
		     struct leg *leg);
	struct box (*bounds)(const void *parameters);
	/* How many handsets it knows the paths of; NULL: any number. */
	uint32_t (*count)(const void *parameters);
	const struct rows_file *file; /* that has the paths; NULL: they need none */
};

extern const struct mobility_ops *const mobility_models[]; /* ended by NULL */

/* Where the leg is at that time, from..until. */
static inline double leg_seconds(const struct leg *leg, sim_time at)
{
	return sim_to_seconds(at - leg->from);
}

/* Moves the start of the leg to its end. */
static inline void leg_finish(struct leg *leg)
{
	double s = leg_seconds(leg, leg->until);
	leg->x += leg->vx * s;
	leg->y += leg->vy * s;
	leg->from = leg->until;
}

/* Stands still for so long, at least a nanosecond. */
static inline void leg_rest(struct leg *leg, double seconds)
{
	sim_time ns = sim_from_seconds(seconds);
	leg->vx = leg->vy = 0;
	leg->until = sim_time_add(leg->from, ns > 0 ? ns : 1);
}

/* Goes to (x, y) at that speed in m/s, > 0. */
void leg_towards(struct leg *leg, double x, double y, double speed);

/* ---- Parameters that several models have */

struct area { /* where handsets may be */
	double x, y, width, height;
};
extern const struct key_object mobility_area_object;

static inline struct box area_box(const struct area *a)
{
	return (struct box){a->x, a->y, a->x + a->width, a->y + a->height};
}

/* Both ends included; evenly distributed between. */
struct range {
	double min, max;
};
extern const struct key_object mobility_speed_object; /* min > 0: else paths slow down for ever */
extern const struct key_object mobility_pause_object;

static inline double range_draw(const struct range *r, struct stream *st)
{
	return r->min + (r->max - r->min) * stream_uniform(st);
}

/* A speed in mid-leg: slow legs last longer, so its density falls as 1 / speed. */
double range_draw_under_way(const struct range *r, struct stream *st);

/* The mean of 1 / speed. */
double range_mean_inverse(const struct range *r);

#endif
