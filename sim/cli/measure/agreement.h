/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Several calibrations of one machine, in a row, as one profile that says how far they agree: what
 * is between them (another hour, neighbours who came and went) shows in none of them alone. Called
 * by `mcvsim calibrate --repeat`.
 */
#ifndef SIM_CLI_MEASURE_AGREEMENT_H
#define SIM_CLI_MEASURE_AGREEMENT_H

#include "sim/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum { AGREEMENT_MAX = 10 }; /* calibrations in a row */

/* Relative difference of the highest and the lowest median to the middle one, beyond which a
 * primitive of more than 100 ns says that the machine was too unsteady for it. */
#define AGREEMENT_LIMIT 0.2

struct agreement {
	size_t judged; /* entries of more than 100 ns that more than one calibration measured */
	size_t beyond; /* of these, how many differ by more than AGREEMENT_LIMIT */
};

/* Merges `count` (1 to AGREEMENT_MAX) profiles of calibrate_run into a new one: of each entry the
 * one with the median p50, with "calibrations" (how many had it), "calibrations_spread" (highest
 * less lowest p50, in the entry's unit), "agreement" (that over p50) and, beyond the limit, a note.
 * What no calibration measured is in "failed"; the machine is that of the last one, its "steal" and
 * "load_1m" the greatest, with "calibrations" and how many entries agree ("agreeing",
 * "disagreeing"). Returns NULL when out of memory; the caller deletes. */
cJSON *agreement_merge(cJSON *const *profiles, size_t count, struct agreement *out);

/* The mean range of n (2 to AGREEMENT_MAX) values of normal noise, in standard deviations: the
 * constant d2 of control charts. */
double agreement_range_factor(size_t n);

#endif
