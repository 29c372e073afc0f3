/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Probes and task mixes measured by turns, a batch of each after the other, round and round: what
 * the machine does to one of them meanwhile it does to all. For predictions that are held against
 * measurements on machines whose speed changes within seconds. Called by `hvcore turns`.
 */
#ifndef HVCORE_TURNS_H
#define HVCORE_TURNS_H

#include "hvcore/probe/mix.h"

/* At least so many rounds, whatever the time. */
#define HV_TURNS_MIN 15

struct hv_turns_item {
	const struct hv_probe *probe; /* NULL: the mix */
	struct hv_mix mix;
	/* What came out: */
	int rc; /* 0, or a code with the reason in e */
	struct err e;
	struct hv_measurement m;       /* in the probe's unit; of a mix ns per task */
	double values[HV_BATCHES_MAX]; /* of m.batches batches, in the same unit, by round */
	/* Private: */
	struct hv_work work;
	struct hv_turn turn;
	bool open;
};

/* Reads "NAME@BACKEND" (a probe) or "OPERATION=COUNT,..." (a mix, with the seed) into the zeroed
 * item. Returns 0, or ERR_INVALID with the reason. */
int hv_turns_item_set(struct hv_turns_item *item, const char *text, uint64_t seed, struct err *e);

/* Measures them all, on one core, for limit_ns once they are ready to run. Mixes run on the
 * backend, with such devices. What fails says so in its item and costs the others nothing. */
void hv_turns(struct hv_turns_item *items, unsigned count, const struct hv_backend *backend,
	      struct hv_mix_devices devices, const struct hv_probe_env *env, uint64_t limit_ns);

#endif
