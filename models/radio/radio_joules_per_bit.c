/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A radio whose only cost is energy for each bit: no promotion, no base power, no tail. What many
 * simulators assume; kept to show what it misses. */
#include "models/radio/radio.h"

struct joules_per_bit {
	double up, down;
	struct radio_measured *measured;
};

#define SLOPE(word, field, text)                                                                   \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY,                                                \
		.offset = offsetof(struct joules_per_bit, field), .unit = UNIT_POWER_PER_BITRATE,  \
		.min = 0, .max = 1e-3, .help = text                                                \
	}
static const struct key keys[] = {
	SLOPE("up", up, "energy of a bit sent, as power per rate"),
	SLOPE("down", down, "energy of a bit received, as power per rate"),
	RADIO_MEASURED(struct joules_per_bit, measured),
	{0},
};
static const struct key_object object = {
	.name = "radio_joules_per_bit",
	.keys = keys,
	.size = sizeof(struct joules_per_bit),
	.help = "energy for each bit and nothing else",
};

static void fill(const void *parameters, struct radio *r)
{
	const struct joules_per_bit *p = parameters;
	r->up_j_per_bit = p->up;
	r->down_j_per_bit = p->down;
	r->measured = p->measured;
}

const struct radio_ops radio_joules_per_bit_ops = {
	.choice = {.name = "joules-per-bit",
		   .help = "energy for each bit and nothing else",
		   .parameters = &object},
	.fill = fill,
};
