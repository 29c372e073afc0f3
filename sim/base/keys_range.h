/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a key's row states its bounds. Private to keys.c and keys_schema.c.
 */
#ifndef SIM_BASE_KEYS_RANGE_H
#define SIM_BASE_KEYS_RANGE_H

#include "sim/base/keys.h"

#include <math.h>

static inline bool key_has_min(const struct key *key)
{
	return (key->min != 0 || key->max != 0) && isfinite(key->min);
}

static inline bool key_has_max(const struct key *key)
{
	return (key->min != 0 || key->max != 0) && key->max >= key->min && isfinite(key->max);
}

#endif
