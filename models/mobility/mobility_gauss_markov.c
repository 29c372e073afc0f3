/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Gauss-Markov (Liang and Haas, INFOCOM 1999): each component of the velocity is a Gaussian process
 * with a memory,
 *
 *     v' = memory v + (1 - memory) drift + deviation sqrt(1 - memory^2) w,   w normal (0, 1),
 *
 * drawn anew every `step`, so that its autocorrelation after k steps is memory^k: 0 is a random
 * walk, 1 a straight line. The borders of the area reflect, the drift too. A run starts with a
 * velocity from the stationary distribution, at a place that is even in the area. */
#include "models/mobility/mobility.h"

#include <math.h>

struct gauss_markov {
	struct area area;
	double deviation, drift_x, drift_y, memory, step_s;
	sim_time step;
};

static const struct key keys[] = {
	{.name = "area",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct gauss_markov, area),
	 .object = &mobility_area_object,
	 .help = "where they may be"},
	{.name = "deviation",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct gauss_markov, deviation),
	 .unit = UNIT_SPEED,
	 .max = 1e4,
	 .help = "standard deviation of each component of the velocity; without drift the mean "
		 "speed is 1.2533 of it"},
	{.name = "drift_x",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct gauss_markov, drift_x),
	 .unit = UNIT_SPEED,
	 .min = -1e4,
	 .max = 1e4,
	 .def = "\"0 m/s\"",
	 .help = "mean velocity to the east; turned at the borders"},
	{.name = "drift_y",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct gauss_markov, drift_y),
	 .unit = UNIT_SPEED,
	 .min = -1e4,
	 .max = 1e4,
	 .def = "\"0 m/s\"",
	 .help = "mean velocity to the north; turned at the borders"},
	{.name = "memory",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct gauss_markov, memory),
	 .max = 1,
	 .help = "correlation of the velocity with that one step before: 0 to 1"},
	{.name = "step",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct gauss_markov, step_s),
	 .unit = UNIT_TIME,
	 .min = 0.001,
	 .max = 1e6,
	 .def = "\"1 s\"",
	 .help = "how long a velocity lasts"},
	{0},
};
static const struct key_object object = {
	.name = "mobility_gauss_markov",
	.keys = keys,
	.size = sizeof(struct gauss_markov),
	.help = "a velocity with a memory",
};

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct gauss_markov *p = parameters;
	(void)doc;
	(void)pointer;
	(void)arena;
	(void)diags;
	p->step = sim_from_seconds(p->step_s);
	return 0;
}

/* When, from the start of the leg in s, a coordinate reaches the border that it goes to. */
static double border_after(double at, double v, double low, double high)
{
	if (v == 0)
		return INFINITY;
	double s = ((v > 0 ? high : low) - at) / v;
	return s > 0 ? s : 0;
}

/* a: the velocity, with the signs that reflections gave it; at[0]: the signs, 1 for x and 2 for y;
 * a leg is a step, or the part of it up to a border: at[1] is what is left of it in ns. */
static void go(const struct gauss_markov *p, struct mobility_state *state, struct leg *leg)
{
	struct box b = area_box(&p->area);
	double sx = border_after(leg->x, state->a[0], b.x0, b.x1);
	double sy = border_after(leg->y, state->a[1], b.y0, b.y1);
	sim_time left = leg->until - leg->from; /* of the step */
	sim_time border = sim_from_seconds(fmin(sx, sy));
	leg->vx = state->a[0];
	leg->vy = state->a[1];
	if (border >= left)
		return;
	leg->until = leg->from + (border > 0 ? border : 1);
	/* What it does there: turns, in the next leg. */
	int turned = sx <= sy ? 0 : 1;
	state->a[turned] = -state->a[turned];
	state->at[0] ^= 1 << turned;
}

static void start(const void *parameters, struct mobility_state *state, struct stream *st,
		  struct leg *leg)
{
	const struct gauss_markov *p = parameters;
	leg->x = p->area.x + p->area.width * stream_uniform(st);
	leg->y = p->area.y + p->area.height * stream_uniform(st);
	state->a[0] = stream_normal(st, p->drift_x, p->deviation);
	state->a[1] = stream_normal(st, p->drift_y, p->deviation);
	leg->until = p->step;
	go(p, state, leg);
}

static double clamp(double x, double low, double high)
{
	return fmin(fmax(x, low), high);
}

static void next(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct gauss_markov *p = parameters;
	struct box b = area_box(&p->area);
	sim_time step_end = (leg->from / p->step + 1) * p->step;
	leg_finish(leg);
	leg->x = clamp(leg->x, b.x0, b.x1);
	leg->y = clamp(leg->y, b.y0, b.y1);
	if (leg->from >= step_end) {
		double noise = p->deviation * sqrt(1 - p->memory * p->memory);
		for (int i = 0; i < 2; i++) {
			double drift = i == 0 ? p->drift_x : p->drift_y;
			if (state->at[0] & 1 << i)
				drift = -drift;
			state->a[i] = p->memory * state->a[i] + (1 - p->memory) * drift +
				      stream_normal(st, 0, noise);
		}
		step_end += p->step;
	}
	leg->until = step_end;
	go(p, state, leg);
}

static struct box bounds(const void *parameters)
{
	return area_box(&((const struct gauss_markov *)parameters)->area);
}

const struct mobility_ops mobility_gauss_markov_ops = {
	.choice = {.name = "gauss-markov",
		   .help = "a velocity with a memory",
		   .parameters = &object,
		   .finish = finish},
	.start = start,
	.next = next,
	.bounds = bounds,
};
