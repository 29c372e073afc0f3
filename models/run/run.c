/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_cell.h"
#include "models/run/run_example.h"
#include "models/run/run_failure.h"
#include "models/run/run_group.h"
#include "models/run/run_handset.h"
#include "models/run/run_host.h"
#include "models/run/run_mobility.h"
#include "models/run/run_report.h"
#include "models/run/run_task.h"
#include "models/run/run_trace.h"
#include "models/run/run_migrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLICES = 256 }; /* how often a run looks whether it should stop */

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory for the handsets, cells and hosts of the run");
}

/* ---- Handsets */

static void init_generator(struct run *run, struct generator *g, struct handset *h,
			   const struct source *s, uint32_t number)
{
	g->handset = h;
	g->source = s;
	g->state.number = number;
	stream_init(&g->arrivals, &run->key, s->entity + number, stream_name("arrivals"));
	stream_init(&g->work, &run->key, s->entity + number, stream_name("work"));
}

/* A policy that learns has a memory for the handset and for each site. */
static int init_memories(struct run *run, const struct region *region, struct err *e)
{
	for (uint32_t i = 0; i < run->generator_count; i++) {
		struct generator *g = &run->generators[i];
		if (!g->handset->class->policy->observe)
			continue;
		g->memory = arena_array(&run->arena, (size_t)region->site_count + 1,
					sizeof(*g->memory));
		if (!g->memory)
			return no_memory(e);
	}
	return 0;
}

static int init_handsets(struct run *run, const struct region *region, struct err *e)
{
	const struct world *w = run->world;
	uint64_t generators = 0, handsets = 0, moving = 0;
	for (uint32_t c = 0; c < region->class_count; c++) {
		const struct class *class = &w->classes[region->classes[c]];
		handsets += class->count;
		moving += class->mobility->start ? class->count : 0;
		generators += (uint64_t) class->count * class->source_count;
	}
	if (generators > UINT32_MAX)
		return err_set(e, ERR_LIMIT,
			       "more than 4 billion apps on the handsets of a region");
	run->handsets = arena_array(&run->arena, handsets, sizeof(*run->handsets));
	run->generators = arena_array(&run->arena, generators, sizeof(*run->generators));
	run->movements = arena_array(&run->arena, moving, sizeof(*run->movements));
	if (!run->handsets || !run->generators || !run->movements)
		return no_memory(e);
	moving = 0;
	for (uint32_t c = 0; c < region->class_count; c++) {
		const struct class *class = &w->classes[region->classes[c]];
		for (uint32_t i = 0; i < class->count; i++) {
			struct handset *h = &run->handsets[run->handset_count++];
			h->class = class;
			h->cell = class->cell;
			if (class->mobility->start) {
				h->movement = &run->movements[moving++];
				mobility_set_out(run, h, i);
			}
			h->radio_quiet = SIM_NEVER;
			for (uint32_t k = 0; k < class->source_count; k++)
				init_generator(run, &run->generators[run->generator_count++], h,
					       &class->sources[k], i);
		}
	}
	return init_memories(run, region, e);
}

/* ---- Cells and sites */

static int init_network(struct run *run, const struct region *region, struct err *e)
{
	const struct world *w = run->world;
	int code = 0;
	run->cells = arena_array(&run->arena, region->cell_count, sizeof(*run->cells));
	run->links = arena_array(&run->arena, region->link_count, sizeof(*run->links));
	if (!run->cells || !run->links)
		return no_memory(e);
	for (uint32_t i = 0; code == 0 && i < region->cell_count; i++) {
		const struct cell *cell = &w->cells[region->cells[i]];
		code = cell_init(run, &run->cells[i], cell, e);
		run->cell_count += code == 0;
	}
	for (uint32_t i = 0; code == 0 && i < region->link_count; i++) {
		const struct link *link = &w->links[region->links[i]];
		code = pipes_init(run, &run->links[i], &station_ps, link->up_bps, link->down_bps,
				  e);
		time_average_start(&run->links[i].working, 0, 1);
		run->link_count += code == 0;
	}
	return code;
}

/* Numbers the guests of a site across its hosts: the first of each host, the second of each, ... */
static void number_guests(struct site_state *site)
{
	uint32_t n = 0;
	for (uint32_t g = 0; n < site->site->guest_count; g++)
		for (uint32_t h = 0; h < site->host_count; h++)
			if (g < site->hosts[h].kind->guests)
				site->guests[n++] = (struct guest_ref){h, g};
}

static int init_site(struct run *run, struct site_state *state, const struct site *site,
		     struct err *e)
{
	uint32_t hosts = 0;
	char name[500];
	for (uint32_t k = 0; k < site->kind_count; k++)
		hosts += site->kinds[k].count;
	state->site = site;
	state->hosts = arena_array(&run->arena, hosts, sizeof(*state->hosts));
	state->guests = arena_array(&run->arena, site->guest_count, sizeof(*state->guests));
	if (!state->hosts || !state->guests)
		return no_memory(e);
	for (uint32_t k = 0; k < site->kind_count; k++)
		for (uint32_t i = 0; i < site->kinds[k].count; i++) {
			int code = host_init(&state->hosts[state->host_count++], &site->kinds[k],
					     run, e);
			if (code < 0)
				return code;
		}
	number_guests(state);
	snprintf(name, sizeof(name), "sites/%s", site->name);
	stream_init(&state->placement, &run->key, stream_name(name), stream_name("placement"));
	return guests_init(run, state, e);
}

static int init_sites(struct run *run, const struct region *region, struct err *e)
{
	int code = 0;
	run->sites = arena_array(&run->arena, region->site_count, sizeof(*run->sites));
	if (!run->sites)
		return no_memory(e);
	for (uint32_t i = 0; code == 0 && i < region->site_count; i++)
		code = init_site(run, &run->sites[run->site_count++],
				 &run->world->sites[region->sites[i]], e);
	for (uint32_t i = 0; code == 0 && i < region->site_count; i++)
		migrate_start(run, &run->sites[i]);
	return code;
}

/* ---- The whole */

static void fini_pipes(struct pipes *pipes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		station_fini(&pipes[i].up);
		station_fini(&pipes[i].down);
	}
}

static void fini(struct run *run)
{
	fini_pipes(run->cells, run->cell_count);
	fini_pipes(run->links, run->link_count);
	for (uint32_t s = 0; s < run->site_count; s++)
		for (uint32_t h = 0; h < run->sites[s].host_count; h++)
			host_fini(&run->sites[s].hosts[h]);
	arena_free(&run->arena);
	sim_destroy(run->sim);
}

/* The end of the warm-up: averages over time start anew. */
static void reset_averages(struct run *run)
{
	for (uint32_t s = 0; s < run->site_count; s++)
		for (uint32_t h = 0; h < run->sites[s].host_count; h++) {
			struct time_average *busy = &run->sites[s].hosts[h].busy;
			struct time_average *steal = &run->sites[s].hosts[h].steal;
			struct time_average *power = &run->sites[s].hosts[h].power;
			time_average_start(busy, sim_now(run->sim), busy->value);
			time_average_start(steal, sim_now(run->sim), steal->value);
			time_average_start(power, sim_now(run->sim), power->value);
			struct time_average *up = &run->sites[s].hosts[h].up;
			time_average_start(up, sim_now(run->sim), up->value);
		}
	for (uint32_t l = 0; l < run->link_count; l++)
		time_average_start(&run->links[l].working, sim_now(run->sim),
				   run->links[l].working.value);
	for (uint32_t s = 0; s < run->site_count; s++)
		time_average_start(&run->sites[s].running, sim_now(run->sim),
				   run->sites[s].running.value);
}

static int advance(struct run *run, sim_time to, const volatile bool *stop, struct err *e)
{
	sim_time from = sim_now(run->sim);
	for (int i = 1; i <= SLICES; i++) {
		sim_time at = i == SLICES ? to : from + (to - from) / SLICES * i;
		int code = sim_run_until(run->sim, at, e);
		if (code < 0)
			return code;
		if (stop && *stop)
			return err_set(e, ERR_STOPPED, "stopped at %.3f s of simulated time",
				       sim_to_seconds(at));
	}
	return 0;
}

/* What is left in the batteries, and how many guests run, at evenly spaced times. */
static void take_sample(struct sim *s, void *ctx, uint32_t sample)
{
	struct run *run = ctx;
	const struct world *w = run->world;
	double *sums = &run->metrics->level[(size_t)sample * w->class_count];
	for (uint64_t i = 0; i < run->handset_count; i++) {
		const struct handset *h = &run->handsets[i];
		sums[h->class - w->classes] += fmax(handset_left_j(h, sim_now(s)), 0);
	}
	for (uint32_t i = 0; i < run->site_count; i++)
		if (run->sites[i].level)
			run->sites[i].level[sample] = run->sites[i].running.value;
	if (sample < SERIES_SAMPLES)
		sim_at_priority(s, w->duration / SERIES_SAMPLES * (sample + 1), SIM_PRIORITY_LAST,
				take_sample, run, sample + 1);
}

static int simulate(struct run *run, const struct region *region, const volatile bool *stop,
		    struct err *e)
{
	const struct world *w = run->world;
	for (uint32_t i = 0; i < run->generator_count; i++)
		task_generator_start(run, i);
	for (uint64_t i = 0; w->moving_count > 0 && i < run->handset_count; i++)
		if (run->handsets[i].movement)
			mobility_start(run, (uint32_t)i);
	for (uint32_t i = 0; i < run->cell_count; i++)
		cell_start(run, &w->cells[region->cells[i]]);
	if (run->metrics->level)
		take_sample(run->sim, run, 0);
	/* Up to the last moment before: what happens at its end counts. */
	int code = w->warmup > 0 ? advance(run, w->warmup - 1, stop, e) : 0;
	if (code < 0)
		return code;
	reset_averages(run);
	code = advance(run, w->duration, stop, e);
	for (uint64_t i = 0; code == 0 && i < run->handset_count; i++) {
		if (run->handsets[i].movement)
			mobility_book_time(run, &run->handsets[i], w->duration);
		handset_close(run, &run->handsets[i], w->duration);
	}
	return code;
}

struct region_run {
	struct run *run;
	const struct region *region;
	struct world_metrics_sink *sink;
};

/* What an assertion that does not hold (sim_assert) may leave. */
static int run_region_protected(void *ctx, struct err *e)
{
	const struct region_run *x = ctx;
	int code = init_handsets(x->run, x->region, e);
	if (code == 0 && (x->sink->trace || x->run->metrics->examples))
		code = trace_begin(x->run, x->sink->trace, e);
	if (code == 0)
		code = init_network(x->run, x->region, e);
	if (code == 0)
		code = init_sites(x->run, x->region, e);
	if (code == 0)
		code = failures_start(x->run, x->region, e);
	if (code == 0)
		code = simulate(x->run, x->region, x->sink->stop, e);
	if (code == 0)
		code = run_report_region(x->run, x->region, x->sink, e);
	if (x->run->metrics->examples)
		examples_forget(x->run->metrics->examples);
	return code;
}

static int run_region(const struct world *w, const struct region *region,
		      const struct world_run_key *key, struct metrics *metrics,
		      struct world_metrics_sink *sink, struct err *e)
{
	struct run run = {
		.world = w,
		.key = {.seed = key->seed, .repetition = key->repetition},
		.metrics = metrics,
	};
	run.sim = sim_create(e);
	if (!run.sim)
		return ERR_NOMEM;
	struct region_run region_run = {&run, region, sink};
	int code = sim_protect(run.sim, run_region_protected, &region_run, e);
	fini(&run);
	return code;
}

static void metrics_free(struct metrics *m)
{
	histogram_free(&m->response_s);
	histogram_free(&m->energy_j);
	group_free(m);
	free(m->battery_j);
	free(m->life_s);
	free(m->level);
	free(m->cell_ns);
	examples_free(m->examples);
}

static int metrics_init(struct metrics *m, const struct world *w, uint32_t repetition,
			const struct world_metrics_sink *sink, struct err *e)
{
	bool series = sink->series != NULL;
	/* One for each point is enough to draw. */
	bool example = series && repetition == 0 &&
		       (!sink->wants || sink->wants(sink->ctx, "task.timeline") ||
			sink->wants(sink->ctx, "task.timeline.candidates"));
	size_t classes = (size_t)w->class_count + 1;
	*m = (struct metrics){
		.battery_j = calloc(classes, sizeof(*m->battery_j)),
		.life_s = calloc(classes, sizeof(*m->life_s)),
		.cell_ns = calloc((size_t)w->cell_count + 1, sizeof(*m->cell_ns)),
		.level = series ? calloc(classes * (SERIES_SAMPLES + 1), sizeof(*m->level)) : NULL,
		.examples = example ? examples_new() : NULL,
	};
	return group_init(m, w, sink) == 0 && m->battery_j && m->life_s && m->cell_ns &&
			       (m->level || !series) && (m->examples || !example)
		       ? 0
		       : no_memory(e);
}

int world_run(const struct world *w, const struct world_run_key *key,
	      struct world_metrics_sink *sink, struct err *e)
{
	struct metrics metrics;
	int code = metrics_init(&metrics, w, key->repetition, sink, e);
	for (uint32_t i = 0; code == 0 && i < w->region_count; i++)
		code = run_region(w, &w->regions[i], key, &metrics, sink, e);
	if (code == 0)
		code = run_report(w, &metrics, sink, e);
	metrics_free(&metrics);
	return code;
}
