/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the axis values of a platform cost by default, and which combinations cannot be: two tables.
 * Private to platform.c.
 */
#ifndef MODELS_PLATFORM_TERMS_H
#define MODELS_PLATFORM_TERMS_H

#include "models/platform/platform.h"

/* A set of values of one axis, as bits; 0 stands for all of them. */
typedef uint8_t axis_set;

struct platform_rule {
	axis_set axes[AXIS_COUNT]; /* which platforms it holds for: all axes must match */
	struct platform_term term;
};

extern const struct platform_rule platform_rules[];
extern const size_t platform_rule_count;

/* What primitive a step ("@trap") is: the first row that matches. Ended by a NULL step. */
struct platform_substitute {
	axis_set axes[AXIS_COUNT];
	const char *step, *primitive;
};

extern const struct platform_substitute platform_substitutes[];

struct platform_conflict {
	axis_set axes[AXIS_COUNT];
	const char *reason;
};

extern const struct platform_conflict platform_conflicts[];
extern const size_t platform_conflict_count;

/* Whether axes[] lies in the sets. */
bool platform_axes_match(const axis_set sets[AXIS_COUNT], const int axes[AXIS_COUNT]);

#endif
