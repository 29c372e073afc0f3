/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Counts, sums and distributions for each app and policy, and for each site and platform. */
#include "models/run/run_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const group_kind_names[] = {"app", "policy", "site", "platform"};
const char *const group_energy_names[] = {"energy", "energy", "energy_to_result",
					  "energy_to_result"};

const char *group_subject(const struct world *w, enum group_kind kind, uint32_t index)
{
	switch (kind) {
	case GROUP_APP:
		return w->apps[index]->name;
	case GROUP_POLICY:
		return w->policies[index];
	case GROUP_SITE:
		return w->sites[index].name;
	case GROUP_PLATFORM:
	case GROUP_KINDS:
		break;
	}
	return w->platforms[index];
}

/* ---- Which there are */

/* Whether the metric of that name, or one whose name goes on after a dot, is wanted. */
static bool is_wanted(const struct world_metrics_sink *sink, const char *kind, const char *what)
{
	char name[64];
	int n = snprintf(name, sizeof(name), "%s%s%s", kind, what ? "." : "", what ? what : "");
	for (const struct world_metric *m = world_metrics; m->name; m++)
		if (strncmp(m->name, name, (size_t)n) == 0 &&
		    (m->name[n] == '\0' || m->name[n] == '.') &&
		    (!sink->wants || sink->wants(sink->ctx, m->name)))
			return true;
	return false;
}

static int init_histograms(struct metrics *m, enum group_kind kind,
			   const struct world_metrics_sink *sink)
{
	bool response = is_wanted(sink, group_kind_names[kind], "response_time");
	bool energy = is_wanted(sink, group_kind_names[kind], group_energy_names[kind]);
	uint32_t n = m->group_count[kind];
	if (!response && !energy)
		return 0;
	struct histogram *h = calloc(2 * (size_t)n + 1, sizeof(*h));
	if (!h)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		m->groups[kind][i].response_histogram = response ? &h[i] : NULL;
		m->groups[kind][i].energy_histogram = energy ? &h[n + i] : NULL;
	}
	m->group_histograms[kind] = h;
	m->distributed = true;
	return 0;
}

int group_init(struct metrics *m, const struct world *w, const struct world_metrics_sink *sink)
{
	const uint32_t counts[] = {w->app_count, w->policy_count, w->site_count, w->platform_count};
	for (int k = 0; k < GROUP_KINDS; k++) {
		m->grouped |= is_wanted(sink, group_kind_names[k], NULL);
		m->group_count[k] = counts[k];
		m->groups[k] = calloc((size_t)counts[k] + 1, sizeof(*m->groups[k]));
		if (!m->groups[k] || init_histograms(m, (enum group_kind)k, sink) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

void group_free(struct metrics *m)
{
	for (int k = 0; k < GROUP_KINDS; k++) {
		for (uint32_t i = 0; m->group_histograms[k] && i < 2 * m->group_count[k]; i++)
			histogram_free(&m->group_histograms[k][i]);
		free(m->group_histograms[k]);
		free(m->groups[k]);
	}
}

/* ---- What tasks do */

/* Those that the task is in from its start. */
#define EACH_GROUP(m, class, app)                                                                  \
	(struct group *const[])                                                                    \
	{                                                                                          \
		&(m)->groups[GROUP_APP][app], &(m)->groups[GROUP_POLICY][(class)->policy_index]    \
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

static void add(struct histogram *h, double x)
{
	if (h)
		histogram_add(h, x);
}

/* Of a task that was done. Kept out of the way of runs without distributions. `kind`: or NULL. */
static __attribute__((noinline)) void distribute(struct metrics *m, const struct task *t,
						 const struct host_kind *kind, sim_time response,
						 double j)
{
	struct group *const *g = EACH_GROUP(m, t->from->handset->class, t->from->source->app_index);
	struct group *at[2] = {0};
	double s = sim_to_seconds(response);
	if (t->site)
		at[0] = &m->groups[GROUP_SITE][t->site->site - t->run->world->sites];
	if (kind)
		at[1] = &m->groups[GROUP_PLATFORM][kind->platform_index];
	for (int i = 0; i < 2; i++)
		add(g[i]->response_histogram, s);
	for (int i = 0; i < 2; i++) {
		if (!at[i])
			continue;
		add(at[i]->response_histogram, s);
		add(at[i]->energy_histogram, j);
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
	for (int i = 0; i < 2; i++)
		end(g[i], response, j, failed);
	if (t->site)
		end(&m->groups[GROUP_SITE][t->site->site - t->run->world->sites], response, j,
		    failed);
	const struct host_kind *kind = kind_of(t);
	if (kind)
		end(&m->groups[GROUP_PLATFORM][kind->platform_index], response, j, failed);
	if (m->distributed && !failed)
		distribute(m, t, kind, response, j);
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
	if (m->distributed)
		for (int i = 0; i < 2; i++)
			add(g[i]->energy_histogram, j);
}
