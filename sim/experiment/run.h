/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The seams of an experiment: what a point is, the function that runs it, the filter that leaves
 * points out, and the sink that keeps results. The experiment layer calls all of them and knows
 * nothing of handsets (models/) or databases (reports/).
 */
#ifndef SIM_EXPERIMENT_RUN_H
#define SIM_EXPERIMENT_RUN_H

#include "sim/base/err.h"
#include "sim/experiment/result.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN_ID_SIZE = 33 }; /* 32 hexadecimal digits and a NUL */

/* The value of one axis at one point. */
struct parameter {
	const char *name; /* of the axis */
	const char *text; /* as the user would write it ("kvm-virtio", "45 ms", "0.25") */
	bool numeric;	  /* then `number` holds it, in the base unit */
	double number;
	const char *unit; /* base unit; "" for texts, "1" for plain numbers */
};

/* One combination of axis values. Identified by what it says, never by its place in the sweep, so
 * that adding a value neither renumbers nor reseeds the others. */
struct point {
	char id[RUN_ID_SIZE]; /* json_hash of `document` */
	cJSON *document;      /* the resolved study with this point's values, without the sweep */
	struct parameter *parameters;
	size_t parameter_count;
};

struct run_key {
	const char *point;   /* the point's id */
	uint32_t repetition; /* from 0 */
	uint64_t seed; /* the study's; streams are keyed by (seed, repetition, entity, purpose) */
};

/* One run: a pure function of (document, what ctx holds unchanged, key). Called from several
 * threads at once. Returns 0 with *out filled, or a negative err_code with *e filled; that costs
 * this run only. Must return ERR_STOPPED soon after *stop becomes true. */
typedef int run_function(void *ctx, const cJSON *document, const struct run_key *key,
			 const volatile bool *stop, struct run_result *out, struct err *e);

/* Whether a point stays, by an expression over the axes. Returns 0 and *keep, or ERR_INVALID with a
 * sentence about the expression. */
typedef int point_filter(void *ctx, const char *expression, const struct parameter *parameters,
			 size_t count, bool *keep, struct err *e);

/* How a run ended. */
struct run_record {
	struct run_key key;
	bool failed;
	const struct err *error;	 /* when failed */
	const char *reproduce;		 /* the command that repeats just this run */
	double wall_s;			 /* not part of the simulated content */
	const struct run_result *result; /* when not failed */
};

/* Where results go. Called from one thread only, which need not be the caller's. Every call returns
 * 0 or a negative err_code with *e filled; an error ends the experiment, and what was stored before
 * stays stored. */
struct run_sink {
	void *ctx;
	/* Makes a point known, before any of its runs; again for a known point does nothing. */
	int (*add_point)(void *ctx, const struct point *point, struct err *e);
	/* Whether the run is there and did not fail. */
	int (*has_run)(void *ctx, const char *point, uint32_t repetition, bool *has, struct err *e);
	/* A number of a run that is there (for stopping rules after a resume); NaN when absent. */
	int (*get_value)(void *ctx, const char *point, uint32_t repetition, const char *metric,
			 const char *subject, double *value, struct err *e);
	/* Keeps one run, all of it or nothing; replaces a failed one of the same key. */
	int (*put_run)(void *ctx, const struct run_record *record, struct err *e);
};

#endif
