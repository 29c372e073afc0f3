/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/mobility/mobility.h"

#include <math.h>

void leg_towards(struct leg *leg, double x, double y, double speed)
{
	double dx = x - leg->x, dy = y - leg->y, d = sqrt(dx * dx + dy * dy);
	leg_rest(leg, d / speed);
	if (d == 0)
		return;
	/* So that it is there exactly when the leg ends, whose time is a whole number of ns. */
	double s = leg_seconds(leg, leg->until);
	leg->vx = dx / s;
	leg->vy = dy / s;
}

double range_draw_under_way(const struct range *r, struct stream *st)
{
	double u = stream_uniform(st);
	return r->max > r->min ? r->min * pow(r->max / r->min, u) : r->min;
}

double range_mean_inverse(const struct range *r)
{
	return r->max > r->min ? log(r->max / r->min) / (r->max - r->min) : 1 / r->min;
}

#define LENGTH(word, field, ...)                                                                   \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY, .offset = offsetof(struct area, field),        \
		.unit = UNIT_LENGTH, __VA_ARGS__                                                   \
	}
static const struct key area_keys[] = {
	LENGTH("x", x, .min = -1e7, .max = 1e7, .def = "\"0 m\"", .help = "its western border"),
	LENGTH("y", y, .min = -1e7, .max = 1e7, .def = "\"0 m\"", .help = "its southern border"),
	LENGTH("width", width, .min = 1, .max = 1e7, .help = "from west to east"),
	LENGTH("height", height, .min = 1, .max = 1e7, .help = "from south to north"),
	{0},
};
const struct key_object mobility_area_object = {
	.name = "mobility_area",
	.keys = area_keys,
	.size = sizeof(struct area),
	.help = "the rectangle that handsets stay in",
};

static void check_range(void *object, const struct json_doc *doc, const char *pointer,
			struct diag_list *diags)
{
	const struct range *r = object;
	if (r->max < r->min)
		json_doc_error(doc, diags, pointer, "\"max\" must not be below \"min\"");
}

#define RANGE(word, field, dimension, ...)                                                         \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY, .offset = offsetof(struct range, field),       \
		.unit = dimension, __VA_ARGS__                                                     \
	}
static const struct key speed_keys[] = {
	RANGE("min", min, UNIT_SPEED, .min = 0.001, .max = 1e4,
	      .help = "above 0: with 0 the mean speed falls for ever (Yoon, Liu and Noble 2003)"),
	RANGE("max", max, UNIT_SPEED, .min = 0.001, .max = 1e4, .help = "even between the two"),
	{0},
};
const struct key_object mobility_speed_object = {
	.name = "mobility_speed",
	.keys = speed_keys,
	.size = sizeof(struct range),
	.help = "speeds, drawn anew for each leg",
	.check = check_range,
};

static const struct key pause_keys[] = {
	RANGE("min", min, UNIT_TIME, .max = 1e8, .def = "\"0 s\"", .help = "the shortest"),
	RANGE("max", max, UNIT_TIME, .max = 1e8, .def = "\"0 s\"", .help = "even between the two"),
	{0},
};
const struct key_object mobility_pause_object = {
	.name = "mobility_pause",
	.keys = pause_keys,
	.size = sizeof(struct range),
	.help = "how long a handset rests after each leg",
	.check = check_range,
};
