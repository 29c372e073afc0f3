/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Distributions: the one way in which a quantity of a file may vary. What stands there is a plain
 * quantity ("1500 kB"), which is constant, or a distribution by name with its parameters:
 * { "exponential": "1500 kB" }, { "lognormal": { "mean": "1500 kB", "cv": 2 } }. Used for what
 * tasks need, how long users think, what a round trip takes. All are of non-negative quantities.
 */
#ifndef MODELS_DIST_H
#define MODELS_DIST_H

#include "models/choice.h"
#include "sim/engine/stream.h"

enum dist_kind {
	DIST_CONSTANT,
	DIST_EMPIRICAL,
	DIST_EXPONENTIAL,
	DIST_GAMMA,
	DIST_LOGNORMAL,
	DIST_NORMAL,
	DIST_PARETO,
	DIST_UNIFORM,
	DIST_WEIBULL
};

/* Zero: constantly 0. */
struct dist {
	enum dist_kind kind;
	double mean; /* exact, of what is drawn */
	double a, b; /* of the kind: see dist.c */
	double variance;
	size_t n; /* empirical: values, rising, and the sums of their weights */
	const double *values, *sums;
};

/* For rows of type KEY_ANY: .variants = dist_sizes, .unit = UNIT_SIZE. Counts are UNIT_RATIO. */
extern const struct key_variant *const dist_sizes[];
extern const struct key_variant *const dist_cycles[];
extern const struct key_variant *const dist_times[];
extern const struct key_variant *const dist_counts[];

/* Reads what stands at `pointer`, in the base unit; every value must be in 0..max. The result lives
 * in the arena. Returns 0, ERR_INVALID with every mistake in diags, or ERR_NOMEM. */
int dist_read(struct dist *d, enum unit unit, double max, const struct json_doc *doc,
	      const char *pointer, struct arena *arena, struct diag_list *diags);

double dist_draw_slow(const struct dist *d, struct stream *st);

/* One value, >= 0. Constants draw nothing from the stream. */
static inline double dist_draw(const struct dist *d, struct stream *st)
{
	if (d->kind == DIST_CONSTANT)
		return d->mean;
	if (d->kind == DIST_EXPONENTIAL)
		return stream_exponential(st, d->mean);
	return dist_draw_slow(d, st);
}

static inline bool dist_varies(const struct dist *d)
{
	return d->kind != DIST_CONSTANT && d->mean > 0;
}

#endif
