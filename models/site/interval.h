/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What models that look at a site now and then have in common: how often. Their parameters begin
 * with a struct look_interval.
 */
#ifndef MODELS_INTERVAL_H
#define MODELS_INTERVAL_H

#include "sim/base/keys.h"
#include "sim/engine/sim.h"

struct look_interval {
	double s;
};

/* The row of a key table. */
#define LOOK_INTERVAL_KEY(default_text)                                                            \
	{                                                                                          \
		.name = "interval", .type = KEY_QUANTITY, .offset = 0, .unit = UNIT_TIME,          \
		.min = 1e-3, .max = 1e6, .def = default_text, .help = "how often to look"          \
	}

/* For the ops. */
static inline sim_time look_interval_of(const void *parameters)
{
	return sim_from_seconds(((const struct look_interval *)parameters)->s);
}

#endif
