/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts and sums for each app and for each policy. */
#include "models/run/run_group.h"

/* Both groups of the task. */
#define EACH_GROUP(m, class, app)                                                                  \
	(struct group *const[])                                                                    \
	{                                                                                          \
		&(m)->apps[app], &(m)->policies[(class)->policy_index]                             \
	}

void group_offered(struct metrics *m, const struct task *t)
{
	if (!m->grouped)
		return;
	struct group *const *g = EACH_GROUP(m, t->from->handset->class, t->from->source->app_index);
	for (int i = 0; i < 2; i++) {
		g[i]->offered++;
		g[i]->remote += t->remote;
	}
}

void group_ended(struct metrics *m, const struct task *t, sim_time response, bool failed)
{
	if (!m->grouped)
		return;
	struct group *const *g = EACH_GROUP(m, t->from->handset->class, t->from->source->app_index);
	double j = 0;
	for (int i = 0; i < ENERGY_COUNT && !failed; i++)
		j += t->energy[i];
	for (int i = 0; i < 2; i++) {
		g[i]->result_j += j;
		g[i]->failed += failed;
		g[i]->done += !failed;
		g[i]->response_ns += failed ? 0 : response;
	}
}

void group_energy(struct metrics *m, const struct class *class, uint32_t app, double j)
{
	if (!m->grouped)
		return;
	struct group *const *g = EACH_GROUP(m, class, app);
	for (int i = 0; i < 2; i++) {
		g[i]->energy_j += j;
		g[i]->energy_tasks++;
	}
}
