/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts and sums for each app and policy, and for each site and platform. */
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

static void end(struct group *g, sim_time response, double j, bool failed)
{
	g->result_j += j;
	g->failed += failed;
	g->done += !failed;
	g->response_ns += failed ? 0 : response;
}

/* What served the task. The stages of one may have been on several hosts, and one that failed on
 * none: then it is known where the site has only one kind. */
static const struct host_kind *kind_of(const struct task *t)
{
	const struct site *s = t->site ? t->site->site : NULL;
	return t->host ? t->host->kind : s && s->kind_count == 1 ? s->kinds : NULL;
}

void group_ended(struct metrics *m, const struct task *t, sim_time response, bool failed)
{
	if (!m->grouped)
		return;
	struct group *const *g = EACH_GROUP(m, t->from->handset->class, t->from->source->app_index);
	double j = 0;
	for (int i = 0; i < ENERGY_COUNT && !failed; i++)
		j += t->energy[i];
	for (int i = 0; i < 2; i++)
		end(g[i], response, j, failed);
	if (t->site)
		end(&m->sites[t->site->site - t->run->world->sites], response, j, failed);
	const struct host_kind *kind = kind_of(t);
	if (kind)
		end(&m->platforms[kind->platform_index], response, j, failed);
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
