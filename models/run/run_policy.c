/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a policy is shown when a task starts, and what it is told when one has ended. */
#include "models/run/run_graph.h"
#include "models/run/run_handset.h"
#include "models/run/run_policy.h"

#include <math.h>

struct site_state *task_site_state(const struct run *run, const struct reach *reach)
{
	return &run->sites[run->world->sites[reach->site].slot];
}

/* What one more task at the least loaded guest would get, if all that is there stayed. Where none
 * is running but one may be started, the start is not reckoned. */
static double hz_of_one_more(const struct site_state *site, uint32_t app)
{
	if (site->pool_count == 0)
		return 0;
	const struct guest_loads *loads = &site->pools[site->site->dedicated ? app : 0].loads;
	if (loads->count == 0 || loads->usable == 0)
		return site->guest ? site->site->hz : 0;
	uint32_t guest = guest_loads_least(loads);
	const struct host *h = &site->hosts[site->guests[guest].host];
	double present = loads->load[guest] + 1.0, vcpus = h->kind->vcpus;
	double share = present > vcpus ? vcpus / present : 1;
	double demand = h->demand + 1.0, cores = h->kind->cores;
	return h->kind->hz * share * (demand > cores ? cores / demand : 1);
}

static void look(struct run *run, const struct handset *h, const struct cell *cell, uint32_t app,
		 struct policy_now *now)
{
	sim_time t = sim_now(run->sim);
	const struct pipes *pipes = &run->cells[cell->slot];
	now->up = pipes->up.present;
	now->down = pipes->down.present;
	now->up_bps = fmax(pipes->up_bps, 1);
	now->down_bps = fmax(pipes->down_bps, 1);
	now->radio_s = sim_to_seconds(handset_radio_wait(h, t));
	now->cpu_s = h->cpu_free > t ? sim_to_seconds(h->cpu_free - t) : 0;
	for (uint32_t i = 0; i < cell->reach_count; i++)
		now->site_hz[i] = hz_of_one_more(task_site_state(run, &cell->reaches[i]), app);
}

/* The site, with the stages that go there in the graph. */
static int partition(const struct class *class, struct policy_view *view, struct graph_task *graph,
		     struct stream *st)
{
	const struct policy_ops *policy = class->policy;
	struct policy_graph shown;
	uint32_t remote = 0;
	int site;
	graph_show(graph, &shown);
	view->graph = &shown;
	if (policy->partition) {
		site = policy->partition(class->policy_parameters, view, &remote);
	} else {
		site = policy->choose(class->policy_parameters, view, st);
		remote = ~shown.pinned & (uint32_t)((1ull << shown.stages) - 1);
	}
	remote = site == POLICY_LOCAL ? 0 : remote;
	graph_set_remote(graph, remote);
	return remote ? site : POLICY_LOCAL; /* all may be pinned */
}

int task_decide(struct run *run, struct generator *g, const struct app_task *work,
		struct graph_task *graph)
{
	const struct handset *h = g->handset;
	const struct class *class = h->class;
	const struct policy_ops *policy = class->policy;
	const struct cell *cell = &run->world->cells[h->cell];
	const struct cpu_level *level =
		cpu_level_for(&class->cpu, &(struct governor_task){
						   .cycles = work->cycles,
						   .deadline_s = g->source->app->deadline_s,
					   });
	struct policy_now now;
	struct policy_view view = {
		.cycles = work->cycles,
		.input_bits = 8 * work->input_bytes,
		.output_bits = 8 * work->output_bytes,
		.deadline_s = g->source->app->deadline_s,
		.handset_hz = level->hz,
		.compute_w = level->w,
		.idle_w = class->idle_w,
		.radio = class->radio,
		.sites = cell->policy_sites,
		.site_count = (int)cell->reach_count,
		.memory = g->memory,
	};
	if (policy->sees_load)
		for (uint32_t i = 0; i < cell->reach_count; i++)
			view.tasks_at[i] = task_site_state(run, &cell->reaches[i])->tasks;
	if (policy->sees_state) {
		look(run, h, cell, g->source->app_index, &now);
		view.now = &now;
	}
	if (graph)
		return partition(class, &view, graph, &g->work);
	return policy->choose(class->policy_parameters, &view, &g->work);
}

void task_observed(const struct task *t, sim_time response, bool failed)
{
	const struct class *class = t->from->handset->class;
	struct policy_outcome outcome = {.response_s = sim_to_seconds(response)};
	if (failed)
		outcome.response_s = 10 * t->work.cycles / class->cpu.levels[class->cpu.nominal].hz;
	for (int i = 0; i < ENERGY_COUNT; i++)
		outcome.energy_j += t->energy[i];
	uint32_t place = t->site ? 1 + t->site->site->slot : 0;
	class->policy->observe(class->policy_parameters, &t->from->memory[place], &outcome);
}
