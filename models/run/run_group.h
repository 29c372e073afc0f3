/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts, sums and distributions that apps, policies, sites and platforms have for themselves.
 * Private to models/run.
 */
#ifndef MODELS_RUN_GROUP_H
#define MODELS_RUN_GROUP_H

#include "models/run/run.h"

/* What the metrics of a kind begin with, and how the energy that it has a distribution of is called
 * in them. */
extern const char *const group_kind_names[GROUP_KINDS], *const group_energy_names[GROUP_KINDS];

/* Makes the groups of metrics that are zero, with the distributions that the sink wants. Returns 0
 * or ERR_NOMEM; group_free also after that. */
int group_init(struct metrics *m, const struct world *w, const struct world_metrics_sink *sink);
void group_free(struct metrics *m);

/* What a group is called: its metrics' subject. */
const char *group_subject(const struct world *w, enum group_kind kind, uint32_t index);

/* Books tasks that count: one has begun; it has ended, `failed` or done after `response`; the whole
 * energy in J of one that was done is known, which may be later. */
void group_offered(struct metrics *m, const struct task *t);
void group_ended(struct metrics *m, const struct task *t, sim_time response, bool failed);
void group_energy(struct metrics *m, const struct class *class, uint32_t app, double j);

#endif
