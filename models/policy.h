/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offload policies: whether a task runs on the handset or at the site. One file policy_NAME.c each.
 * A policy sees what a handset can know when the task starts, and nothing of the future.
 */
#ifndef MODELS_POLICY_H
#define MODELS_POLICY_H

#include "models/choice.h"
#include "models/radio.h"
#include "sim/engine/stream.h"

/* What is known. Rates and powers are nominal: of an unshared cell and one core of the site. */
struct policy_view {
	double cycles, input_bits, output_bits; /* of this task */
	double handset_hz, compute_w, idle_w;	/* power while computing, while waiting */
	double site_hz;
	double up_bps, down_bps;
	const struct radio *radio;
};

struct policy_ops {
	struct choice choice;
	bool random; /* draws from the stream */
	/* true: to the site. */
	bool (*offload)(const void *parameters, const struct policy_view *view, struct stream *st);
};

extern const struct policy_ops *const policy_models[]; /* ended by NULL */

/* Energy in J that a task is expected to cost on the handset, and when offloaded: Kumar and Lu,
 * IEEE Computer 43(4) 2010, Pc C/M and Pi C/S + Ptr D/B, with the radio's power at the nominal
 * rates as Ptr.
 */
double policy_local_j(const struct policy_view *v);
double policy_remote_j(const struct policy_view *v);

#endif
