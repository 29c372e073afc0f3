/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a policy is shown when a task starts, and what it is told when one has ended. Private to
 * models/run.
 */
#ifndef MODELS_RUN_POLICY_H
#define MODELS_RUN_POLICY_H

#include "models/run/run.h"

/* The site at the end of the way. */
struct site_state *task_site_state(const struct run *run, const struct reach *reach);

/* Where the task goes: POLICY_LOCAL, or which of the sites that its cell reaches. Of a task graph
 * (else NULL) also which of its stages go there. */
int task_decide(struct run *run, struct generator *g, const struct app_task *work,
		struct graph_task *graph);

/* Tells a policy that learns how a task ended. */
void task_observed(const struct task *t, sim_time response, bool failed);

#endif
