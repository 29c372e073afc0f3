/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Measuring this machine: asks hvcore which probes there are, runs each in a process of its own,
 * and puts the answers together into a profile. Knows the profile's shape and nothing of what a
 * primitive is used for. Called by `mcvsim calibrate`.
 */
#ifndef SIM_CLI_MEASURE_CALIBRATE_H
#define SIM_CLI_MEASURE_CALIBRATE_H

#include "sim/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct calibrate_options {
	const char *backend; /* only this one's probes; NULL: all */
	bool quick;
	const volatile bool *stop; /* set by a signal: end after the probe that runs */
	void (*progress)(void *ctx, const char *name, size_t done, size_t total, size_t failed);
	void *progress_ctx;
};

struct calibrate_result {
	cJSON *profile;	    /* {"schema":1,"machine","primitives","operations","failed"}; owned */
	size_t measured;    /* primitives and operations with a number */
	size_t unavailable; /* that this machine does not offer: no fault */
	size_t broken;	    /* that should have worked and did not */
};

/* Measures. Returns 0; ERR_STOPPED when *stop was set; ERR_INVALID for an unknown backend; or the
 * code of what kept hvcore from being asked at all. On failure nothing needs freeing. Each probe
 * runs three times (once with `quick`), in a process of its own each, and the median run counts;
 * one without any answer is tried once more at the end. One that fails, crashes or hangs is an
 * entry in "failed". */
int calibrate_run(const struct calibrate_options *options, struct calibrate_result *result,
		  struct err *e);
void calibrate_free(struct calibrate_result *result);

/* The probe, among those that `hvcore list --json` shows, that a profile's primitive of that name
 * comes from ("hypercall@trap"); NULL when there is none. */
const cJSON *calibrate_probe(const cJSON *probes, const char *name);

/* How one entry differs from an older profile's of the same name and unit. */
struct calibrate_change {
	double before, after; /* p50 */
	double noise;	      /* change that scatter alone may make */
	bool known;	      /* both have it, in the same unit */
	bool exceeds;	      /* |after - before| > noise */
};

/* The noise is three times the scatter of both together; that of a profile's entry is the scatter
 * of its batches (1.4826 MAD), of its runs or of its calibrations (their range over
 * agreement_range_factor), whichever is most: each is the standard deviation of normal noise. */
struct calibrate_change calibrate_compare(const cJSON *before, const cJSON *after);

#endif
