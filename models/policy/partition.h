/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Partitions of a task graph: which of its stages leave the handset, what that is expected to cost,
 * and the one that costs least. The program is MAUI's (Cuervo et al., MobiSys 2010, section 5): a
 * 0/1 variable for each stage, energy of computing here and of idling while it is computed there,
 * energy of each edge that is cut, subject to a limit on the time. Two things are added: waking the
 * radio with its tail, once when anything is cut; and stages that run at the same time: what takes
 * the time is the longest way through the graph, with the handset's one CPU taking its stages one
 * after the other in topological order. For a chain that is MAUI's sum.
 */
#ifndef MODELS_PARTITION_H
#define MODELS_PARTITION_H

#include "models/policy/policy.h"

/* What each decision adds, for one site. */
struct partition_costs {
	const struct policy_graph *graph;
	double local_j[APP_STAGES_MAX], local_s[APP_STAGES_MAX];
	double remote_j[APP_STAGES_MAX], remote_s[APP_STAGES_MAX];
	double up_j[APP_EDGES_MAX], up_s[APP_EDGES_MAX];     /* where the edge is cut */
	double down_j[APP_EDGES_MAX], down_s[APP_EDGES_MAX]; /* the other way */
	double wake_j, wake_s;				     /* once, when anything is remote */
};

/* Nominal costs: the site's core and the cell to itself. `wakes`: the radio is asleep before. */
void partition_costs(struct partition_costs *c, const struct policy_view *view, int site,
		     bool wakes);

/* Energy in J and time in s of a partition. */
double partition_j(const struct partition_costs *c, uint32_t remote);
double partition_s(const struct partition_costs *c, uint32_t remote);

/* The partition of the least energy among those within `limit_s` (INFINITY: all): exactly, of
 * those that cost the same one with few remote stages. Without a limit it is a minimum cut, in
 * O(stages x edges^2); with one that the cut exceeds, branch and bound, whose time may grow with
 * 2^stages, of which APP_STAGES_MAX is the limit. When none is within the limit, false, with
 * *remote the one of the least time. */
bool partition_least(const struct partition_costs *c, double limit_s, uint32_t *remote);

#endif
