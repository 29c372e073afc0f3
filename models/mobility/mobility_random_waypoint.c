/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random waypoint: straight to a point of the area, all alike, at a speed drawn for the way; a
 * pause; and on to the next. A run starts in the stationary distribution of position, speed and
 * pause (Navidi and Camp, IEEE Trans. Mobile Computing 3:1, 2004), so that it needs no warm-up. The
 * mean speed is then (max - min) / ln(max / min) while moving, and more are in the middle of the
 * area than at its borders. */
#include "models/mobility/mobility.h"

#include <math.h>

struct waypoint {
	struct area area;
	struct range speed, pause;
};

static const struct key keys[] = {
	{.name = "area",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct waypoint, area),
	 .object = &mobility_area_object,
	 .help = "where they may be"},
	{.name = "speed",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct waypoint, speed),
	 .object = &mobility_speed_object,
	 .help = "drawn for each way"},
	{.name = "pause",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct waypoint, pause),
	 .object = &mobility_pause_object,
	 .def = "{}",
	 .help = "drawn for each stop"},
	{0},
};
static const struct key_object object = {
	.name = "mobility_random_waypoint",
	.keys = keys,
	.size = sizeof(struct waypoint),
	.help = "straight to a random point, a pause, and on",
};

/* The mean distance of two points of an a x b rectangle (Ghosh 1951); 0.5214 a where a = b. */
static double mean_distance(double a, double b)
{
	double d = sqrt(a * a + b * b), p = a / b, q = b / a;
	return (a * p * p + b * q * q + d * (3 - p * p - q * q)) / 15 +
	       (b * q * acosh(d / b) + a * p * acosh(d / a)) / 6;
}

static double draw_x(const struct area *a, struct stream *st)
{
	return a->x + a->width * stream_uniform(st);
}

static double draw_y(const struct area *a, struct stream *st)
{
	return a->y + a->height * stream_uniform(st);
}

/* at[0]: the next leg is a way, not a pause. */
static void start_at_rest(const struct waypoint *p, struct mobility_state *state, struct stream *st,
			  struct leg *leg)
{
	/* A pause that is seen at some moment is long in proportion to its length, and what is left
	 * of it even. */
	double low = p->pause.min * p->pause.min, high = p->pause.max * p->pause.max;
	double pause = sqrt(low + (high - low) * stream_uniform(st));
	leg->x = draw_x(&p->area, st);
	leg->y = draw_y(&p->area, st);
	leg_rest(leg, pause * stream_uniform(st));
	state->at[0] = 1;
}

static void start_under_way(const struct waypoint *p, struct mobility_state *state,
			    struct stream *st, struct leg *leg)
{
	const struct area *a = &p->area;
	double longest = sqrt(a->width * a->width + a->height * a->height);
	double x0, y0, x1, y1;
	do { /* ways are seen in proportion to their length */
		x0 = draw_x(a, st);
		y0 = draw_y(a, st);
		x1 = draw_x(a, st);
		y1 = draw_y(a, st);
	} while (stream_uniform(st) * longest > hypot(x1 - x0, y1 - y0));
	double gone = stream_uniform(st);
	leg->x = x0 + gone * (x1 - x0);
	leg->y = y0 + gone * (y1 - y0);
	leg_towards(leg, x1, y1, range_draw_under_way(&p->speed, st));
	state->at[0] = 0;
}

static void start(const void *parameters, struct mobility_state *state, struct stream *st,
		  struct leg *leg)
{
	const struct waypoint *p = parameters;
	double rest_s = (p->pause.min + p->pause.max) / 2;
	double way_s = mean_distance(p->area.width, p->area.height) * range_mean_inverse(&p->speed);
	if (stream_uniform(st) * (rest_s + way_s) < rest_s)
		start_at_rest(p, state, st, leg);
	else
		start_under_way(p, state, st, leg);
}

static void next(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct waypoint *p = parameters;
	leg_finish(leg);
	if (state->at[0] == 0 && p->pause.max > 0) {
		leg_rest(leg, range_draw(&p->pause, st));
		state->at[0] = 1;
		return;
	}
	double x = draw_x(&p->area, st), y = draw_y(&p->area, st);
	leg_towards(leg, x, y, range_draw(&p->speed, st));
	state->at[0] = 0;
}

static struct box bounds(const void *parameters)
{
	return area_box(&((const struct waypoint *)parameters)->area);
}

const struct mobility_ops mobility_random_waypoint_ops = {
	.choice = {.name = "random-waypoint",
		   .help = "straight to a random point, a pause, and on",
		   .parameters = &object},
	.start = start,
	.next = next,
	.bounds = bounds,
};
