/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nomadic: dwells at a place for an exponential time, then goes to another one, the likelier the
 * more it attracts; as in EdgeCloudSim, whose places have mean dwell times of 500, 300 and 120 s.
 * Going takes no time, or the time it takes in a straight line at `speed`. A run starts at a place,
 * by the shares of time that handsets spend there when going takes none; dwell times have no
 * memory, so there is nothing else to know. */
#include "models/mobility/mobility.h"

#include <math.h>

struct place {
	const char *name;
	double x, y, dwell_s, attraction;
};

struct nomadic {
	struct key_list places;
	double speed; /* 0: at once */
};

#define PLACE(word, field, dimension, ...)                                                         \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY, .offset = offsetof(struct place, field),       \
		.unit = dimension, __VA_ARGS__                                                     \
	}
static const struct key place_keys[] = {
	PLACE("x", x, UNIT_LENGTH, .min = -1e7, .max = 1e7, .help = "to the east"),
	PLACE("y", y, UNIT_LENGTH, .min = -1e7, .max = 1e7, .help = "to the north"),
	PLACE("dwell", dwell_s, UNIT_TIME, .min = 0.001, .max = 1e8, .help = "mean time of a stay"),
	{.name = "attraction",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct place, attraction),
	 .min = 1e-6,
	 .max = 1e6,
	 .def = "1",
	 .help = "relative to the other places"},
	{0},
};
static const struct key_object place_object = {
	.name = "mobility_place",
	.keys = place_keys,
	.size = sizeof(struct place),
	.help = "where handsets dwell",
};

static const struct key keys[] = {
	{.name = "places",
	 .type = KEY_MAP,
	 .offset = offsetof(struct nomadic, places),
	 .object = &place_object,
	 .min_items = 2,
	 .help = "places by name"},
	{.name = "speed",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct nomadic, speed),
	 .unit = UNIT_SPEED,
	 .min = 0.001,
	 .max = 1e4,
	 .optional = true,
	 .help = "between places; not given: they are there at once"},
	{0},
};
static const struct key_object object = {
	.name = "mobility_nomadic",
	.keys = keys,
	.size = sizeof(struct nomadic),
	.help = "stays at places, from one to another",
};

/* How often a place is where a handset is or goes to: places other than the present one are chosen
 * in proportion to their attraction, so visits are in proportion to a (A - a), stays to that times
 * the dwell time. */
static double weight_of_time(const struct place *p, double sum)
{
	return p->attraction * (sum - p->attraction) * p->dwell_s;
}

static double attraction_of(const struct nomadic *p)
{
	const struct place *places = p->places.items;
	double sum = 0;
	for (size_t i = 0; i < p->places.count; i++)
		sum += places[i].attraction;
	return sum;
}

/* at[0]: the place; at[1]: it is on its way there. */
static void stay(const struct nomadic *p, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct place *place = (const struct place *)p->places.items + state->at[0];
	leg->x = place->x;
	leg->y = place->y;
	leg_rest(leg, stream_exponential(st, place->dwell_s));
	state->at[1] = 0;
}

static void start(const void *parameters, struct mobility_state *state, struct stream *st,
		  struct leg *leg)
{
	const struct nomadic *p = parameters;
	const struct place *places = p->places.items;
	double sum = attraction_of(p), all = 0;
	for (size_t i = 0; i < p->places.count; i++)
		all += weight_of_time(&places[i], sum);
	double u = all * stream_uniform(st);
	size_t i = 0;
	while (i + 1 < p->places.count && (u -= weight_of_time(&places[i], sum)) > 0)
		i++;
	state->at[0] = (int32_t)i;
	stay(p, state, st, leg);
}

static void choose(const struct nomadic *p, struct mobility_state *state, struct stream *st)
{
	const struct place *places = p->places.items;
	double u = (attraction_of(p) - places[state->at[0]].attraction) * stream_uniform(st);
	int32_t chosen = state->at[0];
	for (size_t i = 0; i < p->places.count && u > 0; i++) {
		if ((int32_t)i == state->at[0])
			continue;
		chosen = (int32_t)i;
		u -= places[i].attraction;
	}
	state->at[0] = chosen;
}

static void next(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct nomadic *p = parameters;
	leg_finish(leg);
	if (state->at[1] == 0)
		choose(p, state, st);
	if (state->at[1] == 0 && p->speed > 0) {
		const struct place *to = (const struct place *)p->places.items + state->at[0];
		leg_towards(leg, to->x, to->y, p->speed);
		state->at[1] = 1;
		return;
	}
	stay(p, state, st, leg);
}

static struct box bounds(const void *parameters)
{
	const struct nomadic *p = parameters;
	const struct place *places = p->places.items;
	struct box b = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	for (size_t i = 0; i < p->places.count; i++) {
		b.x0 = fmin(b.x0, places[i].x);
		b.y0 = fmin(b.y0, places[i].y);
		b.x1 = fmax(b.x1, places[i].x);
		b.y1 = fmax(b.y1, places[i].y);
	}
	return b;
}

const struct mobility_ops mobility_nomadic_ops = {
	.choice = {.name = "nomadic",
		   .help = "stays at places, from one to another",
		   .parameters = &object},
	.start = start,
	.next = next,
	.bounds = bounds,
};
