/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offload policies: whether a task runs on the handset or at which site. One file policy_NAME.c
 * each. A policy sees what a handset can know when the task starts, and nothing of the future.
 */
#ifndef MODELS_POLICY_H
#define MODELS_POLICY_H

#include "models/choice.h"
#include "models/radio.h"
#include "sim/engine/stream.h"

enum { POLICY_SITES_MAX = 16 };
#define POLICY_LOCAL (-1)

/* A site that the handset's cell reaches. Rates are nominal: of unshared cells and links. */
struct policy_site {
	double hz;					 /* of one core of its fastest host */
	double vcpus;					 /* of all its guests */
	double one_way_s;				 /* propagation */
	double up_bps, down_bps;			 /* of the cell */
	double links_up_s_per_bit, links_down_s_per_bit; /* on the links behind it, together */
};

/* What is known. */
struct policy_view {
	double cycles, input_bits, output_bits; /* of this task */
	double handset_hz, compute_w, idle_w;	/* power while computing, while waiting */
	const struct radio *radio;
	const struct policy_site *sites; /* nearest first */
	int site_count;			 /* at least 1 */
	/* Tasks at each site now, for policies with `sees_load`: what a broker would tell. */
	uint32_t tasks_at[POLICY_SITES_MAX];
};

struct policy_ops {
	struct key_variant choice;
	bool random;	/* draws from the stream */
	bool sees_load; /* wants view->tasks_at */
	/* POLICY_LOCAL, or the index of one of view->sites. */
	int (*choose)(const void *parameters, const struct policy_view *view, struct stream *st);
};

extern const struct policy_ops *const policy_models[]; /* ended by NULL */

/* Energy in J that a task is expected to cost on the handset, and at a site: Kumar and Lu,
 * IEEE Computer 43(4) 2010, Pc C/M and Pi C/S + Ptr D/B, with the radio's power at the nominal
 * rates as Ptr.
 */
double policy_local_j(const struct policy_view *v);
double policy_remote_j(const struct policy_view *v, int site);

#endif
