/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A clock that runs at a changing speed and does not drift: the work that a server has done, or the
 * virtual time of processor sharing. Used inside the stations. The reading is the unevaluated sum
 * of two doubles (Knuth's two-sum), so that adding up a billion pieces loses nothing.
 */
#ifndef SIM_ENGINE_CLOCK_H
#define SIM_ENGINE_CLOCK_H

#include "sim/engine/sim.h"

/* A sum of doubles with about 106 bits. */
struct compensated {
	double high, low;
};

static inline void compensated_add(struct compensated *c, double x)
{
	double sum = c->high + x, part = sum - c->high;
	double error = (c->high - (sum - part)) + (x - part);
	double low = c->low + error;
	c->high = sum + low;
	c->low = low - (c->high - sum);
}

struct work_clock {
	struct compensated reading; /* at `at` */
	double speed;		    /* per nanosecond, since `at` */
	sim_time at;
};

/* Brings the reading to `now`, which must not go back. */
static inline void work_clock_advance(struct work_clock *c, sim_time now)
{
	if (now != c->at) {
		compensated_add(&c->reading, c->speed * (double)(now - c->at));
		c->at = now;
	}
}

/* How far the reading is from `finish`, at `now`; negative when past it. */
static inline double work_clock_left(const struct work_clock *c, sim_time now, double finish)
{
	return ((finish - c->reading.high) - c->reading.low) - c->speed * (double)(now - c->at);
}

/* When the reading will be `finish`, to the nearest nanosecond and never before `now`; SIM_NEVER
 * when the clock stands. */
static inline sim_time work_clock_when(const struct work_clock *c, sim_time now, double finish)
{
	double left = work_clock_left(c, now, finish);
	if (left <= 0)
		return now;
	double ns = left / c->speed;
	if (!(ns < 0x1p62))
		return SIM_NEVER;
	sim_time whole = (sim_time)ns;
	return sim_time_add(now, whole + (ns - (double)whole >= 0.5));
}

#endif
