/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Manhattan: along the streets of a grid of square blocks; at each crossing straight on, or left or
 * right, half of the rest each (ETSI TR 101 112, 1998, has the idea: there it is straight on in one
 * of two cases). Where the border of the area is in the way of what was drawn, the handset turns
 * back: that leaves every direction of every street equally likely, which is how a run starts. The
 * speed is drawn for each block. */
#include "models/mobility/mobility.h"

#include <math.h>

struct manhattan {
	double x, y, block, straight;
	int64_t columns, rows; /* of blocks; a street more than these each */
	struct range speed;
};

static const struct key keys[] = {
	{.name = "x",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct manhattan, x),
	 .unit = UNIT_LENGTH,
	 .min = -1e7,
	 .max = 1e7,
	 .def = "\"0 m\"",
	 .help = "the westernmost street"},
	{.name = "y",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct manhattan, y),
	 .unit = UNIT_LENGTH,
	 .min = -1e7,
	 .max = 1e7,
	 .def = "\"0 m\"",
	 .help = "the southernmost street"},
	{.name = "block",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct manhattan, block),
	 .unit = UNIT_LENGTH,
	 .min = 1,
	 .max = 1e5,
	 .def = "\"200 m\"",
	 .help = "from street to street"},
	{.name = "columns",
	 .type = KEY_INT,
	 .offset = offsetof(struct manhattan, columns),
	 .min = 1,
	 .max = 10000,
	 .help = "blocks from west to east"},
	{.name = "rows",
	 .type = KEY_INT,
	 .offset = offsetof(struct manhattan, rows),
	 .min = 1,
	 .max = 10000,
	 .help = "blocks from south to north"},
	{.name = "straight",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct manhattan, straight),
	 .max = 1,
	 .def = "0.5",
	 .help = "share of the crossings at which they go straight on"},
	{.name = "speed",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct manhattan, speed),
	 .object = &mobility_speed_object,
	 .help = "drawn for each block"},
	{0},
};
static const struct key_object object = {
	.name = "mobility_manhattan",
	.keys = keys,
	.size = sizeof(struct manhattan),
	.help = "along the streets of a grid, with turns at the crossings",
};

/* East, north, west, south; one more is to the left. */
static const int32_t step_x[] = {1, 0, -1, 0}, step_y[] = {0, 1, 0, -1};

/* at: the crossing that it goes to; number: the direction. */
static void go_on(const struct manhattan *p, struct mobility_state *state, struct leg *leg,
		  double speed)
{
	leg_towards(leg, p->x + p->block * state->at[0], p->y + p->block * state->at[1], speed);
}

static void start(const void *parameters, struct mobility_state *state, struct stream *st,
		  struct leg *leg)
{
	const struct manhattan *p = parameters;
	/* Any block's length of any street alike, then either way. */
	uint64_t along_x = (uint64_t)(p->columns * (p->rows + 1));
	uint64_t along_y = (uint64_t)(p->rows * (p->columns + 1));
	uint64_t piece = stream_below(st, along_x + along_y);
	double back = p->block * stream_uniform(st);
	uint32_t direction = (uint32_t)stream_below(st, 2) * 2;
	bool forth = direction == 0;
	if (piece < along_x) {
		state->at[0] = (int32_t)(piece % (uint64_t)p->columns) + forth;
		state->at[1] = (int32_t)(piece / (uint64_t)p->columns);
	} else {
		piece -= along_x;
		direction++;
		state->at[0] = (int32_t)(piece / (uint64_t)p->rows);
		state->at[1] = (int32_t)(piece % (uint64_t)p->rows) + forth;
	}
	state->number = direction;
	leg->x = p->x + p->block * state->at[0] - back * step_x[direction];
	leg->y = p->y + p->block * state->at[1] - back * step_y[direction];
	go_on(p, state, leg, range_draw_under_way(&p->speed, st));
}

static bool is_inside(const struct manhattan *p, const struct mobility_state *state, uint32_t way)
{
	int64_t x = state->at[0] + step_x[way], y = state->at[1] + step_y[way];
	return x >= 0 && y >= 0 && x <= p->columns && y <= p->rows;
}

static void next(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct manhattan *p = parameters;
	double u = stream_uniform(st);
	uint32_t turn = u < p->straight ? 0 : u < (1 + p->straight) / 2 ? 1 : 3;
	uint32_t way = (state->number + turn) % 4;
	if (!is_inside(p, state, way))
		way = (state->number + 2) % 4;
	leg->x = p->x + p->block * state->at[0]; /* exactly, however often it turned */
	leg->y = p->y + p->block * state->at[1];
	leg->from = leg->until;
	state->number = way;
	state->at[0] += step_x[way];
	state->at[1] += step_y[way];
	go_on(p, state, leg, range_draw(&p->speed, st));
}

static struct box bounds(const void *parameters)
{
	const struct manhattan *p = parameters;
	return (struct box){p->x, p->y, p->x + p->block * (double)p->columns,
			    p->y + p->block * (double)p->rows};
}

const struct mobility_ops mobility_manhattan_ops = {
	.choice = {.name = "manhattan",
		   .help = "along the streets of a grid, with turns at the crossings",
		   .parameters = &object},
	.start = start,
	.next = next,
	.bounds = bounds,
};
