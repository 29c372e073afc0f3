/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_example.h"
#include "models/run/run_group.h"
#include "models/run/run_handset.h"
#include "models/run/run_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Passes values on until the sink refuses one. */
struct reporter {
	const struct world *world;
	const struct metrics *metrics;
	struct world_metrics_sink *sink;
	int code;
};

static void put(struct reporter *r, const char *metric, const char *subject, const char *unit,
		double value)
{
	if (r->code == 0)
		r->code = r->sink->value(r->sink->ctx, metric, subject, unit, value);
}

static void put_count(struct reporter *r, const char *metric, uint64_t value)
{
	put(r, metric, "", "1", (double)value);
}

static void put_histogram(struct reporter *r, const char *metric, const char *subject,
			  const char *unit, const struct histogram *h)
{
	uint32_t cursor = 0;
	size_t n = 0;
	struct histogram_bucket from;
	struct world_bucket *buckets = calloc((size_t)h->buckets + 2, sizeof(*buckets));
	if (r->code != 0 || !buckets) {
		r->code = r->code ? r->code : ERR_NOMEM;
		free(buckets);
		return;
	}
	while (histogram_next(h, &cursor, &from))
		buckets[n++] = (struct world_bucket){from.low, from.high, from.count};
	r->code = r->sink->histogram(r->sink->ctx, metric, subject, unit, buckets, n);
	free(buckets);
}

/* The breakdown, and as its sum in this order the mean response time. */
static void report_times(struct reporter *r)
{
	const struct metrics *m = r->metrics;
	double n = (double)m->done, mean = 0;
	for (int c = 0; c < CAUSE_COUNT; c++) {
		double seconds = (double)m->cause_ns[c] / n / 1e9;
		mean += seconds;
		put(r, "overhead", cause_names[c], "s", seconds);
	}
	put(r, "response_time.mean", "", "s", mean);
	put(r, "response_time.p50", "", "s", histogram_quantile(&m->response_s, 0.50));
	put(r, "response_time.p95", "", "s", histogram_quantile(&m->response_s, 0.95));
	put(r, "response_time.p99", "", "s", histogram_quantile(&m->response_s, 0.99));
	put(r, "response_time.max", "", "s", histogram_quantile(&m->response_s, 1));
	put_histogram(r, "response_time", "", "s", &m->response_s);
}

static void report_energy(struct reporter *r)
{
	const struct metrics *m = r->metrics;
	double n = (double)m->energy_tasks, mean = 0;
	for (int i = 0; i < ENERGY_COUNT; i++) {
		mean += m->energy[i] / n;
		put(r, "energy", energy_names[i], "J", m->energy[i] / n);
	}
	put(r, "energy_per_task.mean", "", "J", mean);
	put(r, "energy_per_task.p95", "", "J", histogram_quantile(&m->energy_j, 0.95));
	put_histogram(r, "energy_per_task", "", "J", &m->energy_j);
}

static void report_tasks(struct reporter *r)
{
	const struct metrics *m = r->metrics;
	uint64_t failed = 0;
	double window_s = sim_to_seconds(r->world->duration - r->world->warmup);
	for (int i = 0; i < FAILURE_COUNT; i++) {
		failed += m->failed[i];
		put(r, "tasks.failed", failure_names[i], "1", (double)m->failed[i]);
	}
	put_count(r, "tasks.offered", m->offered);
	put_count(r, "tasks.done", m->done);
	put_count(r, "tasks.local", m->local);
	put_count(r, "tasks.remote", m->remote);
	put_count(r, "tasks.retries", m->retries);
	put_count(r, "tasks.unfinished", m->offered - m->done - failed);
	put(r, "throughput", "", "1/s", (double)m->completions / window_s);
}

/* Something without unit over time: what is at values[i * stride], each over `full`. */
static void put_series(struct reporter *r, const char *metric, const char *subject,
		       const double *values, size_t stride, double full)
{
	struct world_sample samples[SERIES_SAMPLES + 1];
	for (size_t i = 0; i <= SERIES_SAMPLES; i++)
		samples[i] = (struct world_sample){
			sim_to_seconds(r->world->duration / SERIES_SAMPLES * (sim_time)i),
			values[i * stride] / full};
	if (r->code == 0)
		r->code = r->sink->series(r->sink->ctx, metric, subject, "1", samples,
					  SERIES_SAMPLES + 1);
}

/* What is left over time, as a share of a full battery. */
static void report_level(struct reporter *r, uint32_t c)
{
	const struct class *class = &r->world->classes[c];
	put_series(r, "battery.level", class->name, &r->metrics->level[c], r->world->class_count,
		   class->battery_j * class->count);
}

static void report_batteries(struct reporter *r)
{
	for (uint32_t c = 0; c < r->world->class_count; c++) {
		const struct class *class = &r->world->classes[c];
		put(r, "battery.end", class->name, "J", r->metrics->battery_j[c] / class->count);
		put(r, "battery.life", class->name, "s", r->metrics->life_s[c] / class->count);
		if (r->sink->series)
			report_level(r, c);
	}
}

/* Appends when a task is at the cause, as `value`, and when not (0), in simulated time; returns how
 * many samples there are then. */
static size_t sample_cause(struct world_sample *samples, size_t n,
			   const struct example_piece *pieces, size_t count, enum cause cause,
			   double value)
{
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].cause != cause)
			continue;
		double from_s = sim_to_seconds(pieces[i].from);
		if (n > 0 && samples[n - 1].time_s == from_s)
			n--; /* it goes on */
		else
			samples[n++] = (struct world_sample){from_s, value};
		samples[n++] = (struct world_sample){sim_to_seconds(pieces[i].to), 0};
	}
	return n;
}

/* One task; every cause is there, and in their order. */
static void report_example(struct reporter *r)
{
	struct example_piece pieces[EXAMPLE_PIECES];
	struct world_sample samples[2 * EXAMPLE_PIECES];
	size_t count = examples_median(r->metrics->examples, pieces);
	for (int c = 0; c < CAUSE_COUNT && count > 0; c++) {
		size_t n = sample_cause(samples, 0, pieces, count, (enum cause)c, 1);
		if (n == 0)
			samples[n++] = (struct world_sample){sim_to_seconds(pieces[0].from), 0};
		if (r->code == 0)
			r->code = r->sink->series(r->sink->ctx, "task.timeline", cause_names[c],
						  "1", samples, n);
	}
}

/* Some tasks, one after the other. */
static void report_candidates(struct reporter *r)
{
	const struct examples *x = r->metrics->examples;
	size_t candidates = examples_candidates(r->metrics->examples);
	for (int c = 0; c < CAUSE_COUNT; c++) {
		struct world_sample samples[EXAMPLE_CANDIDATES * 2 * EXAMPLE_PIECES];
		size_t n = 0;
		for (size_t i = 0; i < candidates; i++) {
			struct example_piece pieces[EXAMPLE_PIECES];
			double key;
			size_t count = examples_candidate(x, i, pieces, &key);
			n = sample_cause(samples, n, pieces, count, (enum cause)c, key);
		}
		if (n > 0 && r->code == 0)
			r->code = r->sink->series(r->sink->ctx, "task.timeline.candidates",
						  cause_names[c], "1", samples, n);
	}
}

static void report_group(struct reporter *r, enum group_kind kind, const char *subject,
			 const struct group *g)
{
	const struct {
		const char *what, *unit;
		double value;
		bool of_starts; /* not known of sites and platforms */
	} rows[] = {
		{"offered", "1", (double)g->offered, true},
		{"done", "1", (double)g->done, false},
		{"failed", "1", (double)g->failed, false},
		{"remote", "1", (double)g->remote, true},
		{"response_time", "s", (double)g->response_ns / (double)g->done / 1e9, false},
		{"energy", "J", g->energy_j / (double)g->energy_tasks, true},
		{"energy_to_result", "J", g->result_j / (double)g->done, false},
	};
	char name[64];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (kind >= GROUP_SITE && rows[i].of_starts)
			continue;
		snprintf(name, sizeof(name), "%s.%s", group_kind_names[kind], rows[i].what);
		put(r, name, subject, rows[i].unit, rows[i].value);
	}
}

/* The distributions of a group, where somebody wants them, and what they say of the whole. */
static void report_distributions(struct reporter *r, enum group_kind kind, const char *subject,
				 const struct group *g)
{
	const struct {
		const char *what, *unit, *quantile;
		double share;
		const struct histogram *of;
	} rows[] = {
		{"response_time", "s", ".p50", 0.50, g->response_histogram},
		{"response_time", "s", ".p95", 0.95, g->response_histogram},
		{"response_time", "s", ".p99", 0.99, g->response_histogram},
		{"response_time", "s", ".max", 1, g->response_histogram},
		{"response_time", "s", "", 0, g->response_histogram},
		{group_energy_names[kind], "J", ".p95", 0.95, g->energy_histogram},
		{group_energy_names[kind], "J", "", 0, g->energy_histogram},
	};
	char name[64];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].of)
			continue;
		snprintf(name, sizeof(name), "%s.%s%s", group_kind_names[kind], rows[i].what,
			 rows[i].quantile);
		if (*rows[i].quantile)
			put(r, name, subject, rows[i].unit,
			    histogram_quantile(rows[i].of, rows[i].share));
		else
			put_histogram(r, name, subject, rows[i].unit, rows[i].of);
	}
}

static void report_groups(struct reporter *r)
{
	for (int k = 0; k < GROUP_KINDS; k++) {
		enum group_kind kind = (enum group_kind)k;
		for (uint32_t i = 0; i < r->metrics->group_count[k]; i++) {
			const char *subject = group_subject(r->world, kind, i);
			report_group(r, kind, subject, &r->metrics->groups[k][i]);
			report_distributions(r, kind, subject, &r->metrics->groups[k][i]);
		}
	}
}

/* 0 where nothing moves: figures of studies that sweep mobility have that point, too. */
static double over(double what, double of)
{
	return of > 0 ? what / of : 0;
}

static void report_mobility(struct reporter *r)
{
	const struct world *w = r->world;
	const struct metrics *m = r->metrics;
	double window_s = sim_to_seconds(w->duration - w->warmup);
	double handset_s = window_s * (double)w->moving_count;
	put_count(r, "handovers", m->handovers);
	put(r, "handovers.rate", "", "1/s", over((double)m->handovers, handset_s));
	put(r, "handovers.ping_pong", "", "1", over((double)m->ping_pongs, (double)m->handovers));
	put(r, "coverage.out", "", "1", over((double)m->uncovered_ns / 1e9, handset_s));
	put_count(r, "tasks.interrupted", m->interrupted);
	for (uint32_t c = 0; c < w->cell_count; c++)
		put(r, "cell.handsets", w->cells[c].name, "1",
		    (double)m->cell_ns[c] / 1e9 / window_s);
}

static int result_of(const struct reporter *r, struct err *e)
{
	if (r->code < 0)
		return err_set(e, (enum err_code)r->code, "the run's metrics could not be kept");
	return 0;
}

int run_report(const struct world *w, const struct metrics *m, struct world_metrics_sink *sink,
	       struct err *e)
{
	struct reporter r = {w, m, sink, 0};
	report_times(&r);
	report_energy(&r);
	report_tasks(&r);
	if (m->examples) {
		report_example(&r);
		report_candidates(&r);
	}
	report_batteries(&r);
	if (m->grouped)
		report_groups(&r);
	report_mobility(&r);
	return result_of(&r, e);
}

/* ---- One region */

static void report_hosts(struct reporter *r, const struct site_state *site)
{
	sim_time now = r->world->duration;
	const struct host_kind *kind = NULL;
	uint32_t number = 0;
	for (uint32_t h = 0; h < site->host_count; h++) {
		const struct host *host = &site->hosts[h];
		char subject[600];
		number = host->kind == kind ? number + 1 : 0;
		kind = host->kind;
		world_host_subject(subject, sizeof(subject), site->site, kind, number);
		double busy = time_average_mean(&host->busy, now) / kind->cores;
		put(r, "utilization", subject, "1", busy);
		put(r, "power.mean", subject, "W",
		    kind->metered ? time_average_mean(&host->power, now)
				  : kind->idle_w + (kind->busy_w - kind->idle_w) * busy);
		if (kind->failures)
			put(r, "availability", subject, "1", time_average_mean(&host->up, now));
		double cores = time_average_mean(&host->busy, now);
		double steal = time_average_mean(&host->steal, now);
		put(r, "steal", subject, "1", steal > 0 ? steal / (steal + cores) : 0);
	}
}

static void report_guests(struct reporter *r, const struct site_state *site)
{
	const char *name = site->site->name;
	put(r, "guests.running", name, "1", time_average_mean(&site->running, r->world->duration));
	if (r->sink->series && site->level)
		put_series(r, "guests.running", name, site->level, 1, 1);
	put(r, "guests.started", name, "1", (double)site->started);
	put(r, "guests.evicted", name, "1", (double)site->evicted);
}

/* Those that began at the site after the warm-up; means are of those that were done. */
static void report_migrations(struct reporter *r, const struct site_state *site)
{
	const struct migrations *m = &site->migrations;
	const char *name = site->site->name;
	double n = (double)m->done;
	if (!site->site->migrates)
		return;
	put(r, "migrations.done", name, "1", n);
	put(r, "migrations.failed", name, "1", (double)m->failed);
	put(r, "migrations.refused", name, "1", (double)m->refused);
	put(r, "migration.time", name, "s", (double)m->ns / n / 1e9);
	put(r, "migration.downtime", name, "s", (double)m->downtime_ns / n / 1e9);
	put(r, "migration.bytes", name, "B", m->bytes / n);
	put(r, "migration.rounds", name, "1", (double)m->rounds / n);
}

/* Adds the constant part of its price for each task done. */
static void add_constant_causes(struct run *run, const struct site_state *site)
{
	for (uint32_t h = 0; h < site->host_count; h++) {
		const struct host *host = &site->hosts[h];
		for (uint32_t a = 0; a < run->world->app_count; a++)
			for (int c = 0; c < CAUSE_COUNT; c++)
				run->metrics->cause_ns[c] +=
					(wide_ns)host->kind->prices[a].cause_ns[c] *
					(wide_ns)host->tasks_done[a];
	}
}

static void add_batteries(struct run *run)
{
	const struct world *w = run->world;
	for (uint64_t i = 0; i < run->handset_count; i++) {
		const struct handset *h = &run->handsets[i];
		run->metrics->battery_j[h->class - w->classes] +=
			fmax(handset_left_j(h, w->duration), 0);
		run->metrics->life_s[h->class - w->classes] += handset_life_s(h, w->duration);
	}
}

static void report_links(struct reporter *r, const struct run *run, const struct region *region)
{
	for (uint32_t i = 0; i < region->link_count; i++) {
		const struct link *link = &run->world->links[region->links[i]];
		if (link->failures)
			put(r, "availability.link", link->name, "1",
			    time_average_mean(&run->links[i].working, run->world->duration));
	}
}

int run_report_region(struct run *run, const struct region *region, struct world_metrics_sink *sink,
		      struct err *e)
{
	struct reporter r = {run->world, run->metrics, sink, 0};
	add_batteries(run);
	report_links(&r, run, region);
	for (uint32_t s = 0; s < run->site_count; s++) {
		add_constant_causes(run, &run->sites[s]);
		report_guests(&r, &run->sites[s]);
		report_migrations(&r, &run->sites[s]);
		report_hosts(&r, &run->sites[s]);
	}
	return result_of(&r, e);
}
