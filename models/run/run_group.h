/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts and sums that apps, policies, sites and platforms have for themselves. Private to
 * models/run.
 */
#ifndef MODELS_RUN_GROUP_H
#define MODELS_RUN_GROUP_H

#include "models/run/run.h"

void group_offered(struct metrics *m, const struct task *t);
void group_ended(struct metrics *m, const struct task *t, sim_time response, bool failed);
void group_energy(struct metrics *m, const struct class *class, uint32_t app, double j);

#endif
