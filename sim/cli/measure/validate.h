/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Predicted against measured: runs task mixes for real in hvcore, in every world that this machine
 * offers, and prices the same tasks with the platforms' terms. Called by `mcvsim validate`. Nothing
 * is fitted: what a task takes in a world is never used to predict it.
 *
 * Machines change their speed within seconds, so the primitives of a world are measured (unless a
 * profile is given) by turns with its mixes, batch after batch (`hvcore turns`). A few turns are a
 * sample: medians of what was measured in them, and what the mix should have taken at that moment.
 * A case's error is the median over the samples, in several rounds over all worlds.
 */
#ifndef SIM_CLI_MEASURE_VALIDATE_H
#define SIM_CLI_MEASURE_VALIDATE_H

#include "sim/cli/measure/error_summary.h"
#include "sim/cli/measure/mixes.h"
#include "sim/cli/study/pricing.h"

#include <cjson/cJSON.h>

enum { VALIDATE_ROUNDS_MAX = 25, VALIDATE_SAMPLES_MAX = 300 };

/* A world: a platform, and where hvcore runs its tasks. */
struct validate_world {
	const char *platform, *backend;
	bool para, iothread; /* as hvcore mix --para, --iothread */
};
extern const struct validate_world validate_worlds[]; /* ended by a NULL platform */

struct validate_options {
	const struct mixes *mixes;
	struct pricing *pricing; /* the library of platforms; its profile when fixed_profile */
	bool fixed_profile;	 /* price with the profile that was given, measure no primitive */
	unsigned rounds;	 /* 1 to VALIDATE_ROUNDS_MAX */
	const char *only;	 /* a platform's name; NULL: all */
	const volatile bool *stop;
	void (*progress)(void *ctx, const char *what, size_t done, size_t total);
	void *progress_ctx;
};

/* One mix in one world. */
struct validate_case {
	const struct mix *mix;
	const struct validate_world *world;
	unsigned samples; /* 0: there are no numbers */
	double measured[VALIDATE_SAMPLES_MAX], predicted[VALIDATE_SAMPLES_MAX]; /* ns per task */
	/* Of the sample whose error is the median: predicted / measured - 1. */
	double measured_ns, predicted_ns, error;
	double spread;	  /* median absolute deviation of `measured`, over its median */
	double deviation; /* median absolute deviation of the samples' errors */
	cJSON *terms; /* of that sample: [{"primitive","n","value","ns"}]; value: ns of one of n */
	double *term_ns;  /* the times in terms, sample by sample; owned */
	bool skipped;	  /* this machine or build does not offer the world */
	char reason[600]; /* why there are no numbers */
};

struct validate_result {
	struct validate_case *cases; /* world by world; owned, with their terms */
	size_t count, failed, skipped;
	struct error_summary errors; /* of the cases with numbers */
};

/* Returns 0; ERR_STOPPED; or the code of what kept hvcore from being asked. To be ended with
 * validate_free in any case. */
int validate_run(const struct validate_options *options, struct validate_result *result,
		 struct err *e);
void validate_free(struct validate_result *result);

/* Sums up the errors of the cases of one world that have numbers; of all worlds when it is NULL. */
struct error_summary validate_errors(const struct validate_result *result,
				     const struct validate_world *world);

#endif
