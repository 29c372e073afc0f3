/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Probes: one table row per thing that can be measured on one backend. A file probe_NAME.c ends in
 * `const struct hv_probe hv_probe_NAME[]` (ended by a NULL name); the build collects the tables
 * into hv_probe_tables. The program runs them (hv_probe_run); tests may, too.
 */
#ifndef HVCORE_PROBE_H
#define HVCORE_PROBE_H

#include "hvcore/hv.h"
#include "hvcore/probe/measure.h"

#include <stdbool.h>

/* What the caller of a probe decides. */
struct hv_probe_env {
	bool quick;
	uint64_t delay_ns;   /* busy time added to the handling of every exit; only for probes with
				exits */
	double ticks_per_ns; /* of hv_ticks_rate; 0: the two clocks are not compared */
	enum hv_regime kvm_regime; /* HV_REGIME_NONE: not asked for yet; the probe asks itself */
	const char *scratch; /* folder for backing files; NULL: /var/tmp, which is a disk more often
				than /tmp */
};

struct hv_probe {
	const char *name;    /* the primitive's or composed operation's name, as in profiles */
	const char *unit;    /* of its result: "ns" for time per operation, "ns/B" per byte,
				"ratio", "B" for memory */
	const char *backend; /* name of the hv_backend it measures */
	const char *method;  /* one phrase: what one operation is and what is subtracted */
	bool composed;	/* made of primitives: predictions are held against it (blk.read_4k.*) */
	bool two_cores; /* places its threads itself; else the whole measurement runs on one core,
			   so that the scheduler's choices do not decide the result */
	double per_op;	/* results are divided by this (bytes of a copy); 0: 1 */

	/* 0 when it can be measured here, else the reason. Called after the backend's own
	 * `available`. NULL: wherever the backend works. */
	int (*valid)(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e);

	/* Makes everything that the work needs and fills *work (zeroed; exits_per_op and ticks as
	 * said in measure.h, exits_per_op preset to NAN). On failure nothing is left behind. */
	int (*setup)(const struct hv_probe *probe, const struct hv_probe_env *env,
		     struct hv_work *work, struct err *e);
	/* Frees what setup made. */
	void (*teardown)(struct hv_work *work);
	/* The self-check, after measuring: did the work do what it claims (bytes arrived, pages
	 * were really touched)? NULL: the work checks itself as it goes and its body fails. */
	int (*check)(const struct hv_work *work, const struct hv_measurement *m, struct err *e);

	int arg; /* the row's own, for files whose rows share functions */
};

/* Tables of rows, ended by NULL; each ended by a row without a name. */
extern const struct hv_probe *const hv_probe_tables[];

/* The n-th probe of all tables, or NULL past the end: for loops over all. */
const struct hv_probe *hv_probe_at(unsigned n);

/* Availability of a probe's backend and the probe itself: 0 or the reason. */
int hv_probe_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e);

/* Puts a measurement of the probe's work into the probe's unit. */
void hv_probe_scale(const struct hv_probe *probe, struct hv_measurement *m);

/* Checks, sets up, measures, self-checks, tears down. Returns 0 with *out in the probe's unit, or a
 * code with the reason why there is no number. */
int hv_probe_run(const struct hv_probe *probe, const struct hv_probe_env *env,
		 struct hv_measurement *out, struct err *e);

#endif
