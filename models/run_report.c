/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const energy_names[] = {
#define ENERGY_NAME(id, name) name,
	ENERGY_LIST(ENERGY_NAME)
#undef ENERGY_NAME
};
static const char *const failure_names[] = {"battery", "deadline", "no-guest"};

/* Passes values on until the sink refuses one. */
struct reporter {
	struct run *run;
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

static void put_histogram(struct reporter *r, const char *metric, const char *unit,
			  const struct histogram *h)
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
	r->code = r->sink->histogram(r->sink->ctx, metric, "", unit, buckets, n);
	free(buckets);
}

/* The sums of all causes in nanoseconds: what tasks booked, and the constant part of prices. */
static void sum_causes(const struct run *run, wide_ns causes[CAUSE_COUNT])
{
	for (int c = 0; c < CAUSE_COUNT; c++)
		causes[c] = run->metrics.cause_ns[c];
	for (uint32_t i = 0; i < run->world->site_count; i++)
		for (uint32_t h = 0; h < run->sites[i].host_count; h++) {
			const struct host *host = &run->sites[i].hosts[h];
			for (uint32_t a = 0; a < run->world->app_count; a++)
				for (int c = 0; c < CAUSE_COUNT; c++)
					causes[c] += (wide_ns)host->kind->prices[a].cause_ns[c] *
						     (wide_ns)host->tasks_done[a];
		}
}

/* The breakdown, and as its sum in this order the mean response time. */
static void report_times(struct reporter *r)
{
	const struct metrics *m = &r->run->metrics;
	wide_ns causes[CAUSE_COUNT];
	double n = (double)m->done, mean = 0;
	sum_causes(r->run, causes);
	for (int c = 0; c < CAUSE_COUNT; c++) {
		double seconds = (double)causes[c] / n / 1e9;
		mean += seconds;
		put(r, "overhead", cause_names[c], "s", seconds);
	}
	put(r, "response_time.mean", "", "s", mean);
	put(r, "response_time.p50", "", "s", histogram_quantile(&m->response_s, 0.50));
	put(r, "response_time.p95", "", "s", histogram_quantile(&m->response_s, 0.95));
	put(r, "response_time.p99", "", "s", histogram_quantile(&m->response_s, 0.99));
	put(r, "response_time.max", "", "s", histogram_quantile(&m->response_s, 1));
	put_histogram(r, "response_time", "s", &m->response_s);
}

static void report_energy(struct reporter *r)
{
	const struct metrics *m = &r->run->metrics;
	double n = (double)m->energy_tasks, mean = 0;
	for (int i = 0; i < ENERGY_COUNT; i++) {
		mean += m->energy[i] / n;
		put(r, "energy", energy_names[i], "J", m->energy[i] / n);
	}
	put(r, "energy_per_task.mean", "", "J", mean);
	put(r, "energy_per_task.p95", "", "J", histogram_quantile(&m->energy_j, 0.95));
	put_histogram(r, "energy_per_task", "J", &m->energy_j);
}

static void report_tasks(struct reporter *r)
{
	const struct metrics *m = &r->run->metrics;
	uint64_t failed = 0;
	double window_s = sim_to_seconds(r->run->world->duration - r->run->world->warmup);
	for (int i = 0; i < FAILURE_COUNT; i++) {
		failed += m->failed[i];
		put(r, "tasks.failed", failure_names[i], "1", (double)m->failed[i]);
	}
	put_count(r, "tasks.offered", m->offered);
	put_count(r, "tasks.done", m->done);
	put_count(r, "tasks.local", m->local);
	put_count(r, "tasks.remote", m->remote);
	put_count(r, "tasks.unfinished", m->offered - m->done - failed);
	put(r, "throughput", "", "1/s", (double)m->completions / window_s);
}

/* "edge/node/0": site, kind, number within the kind. */
static void report_hosts(struct reporter *r)
{
	sim_time now = r->run->world->duration;
	for (uint32_t i = 0; i < r->run->world->site_count; i++) {
		const struct site_state *site = &r->run->sites[i];
		const struct host_kind *kind = NULL;
		uint32_t number = 0;
		for (uint32_t h = 0; h < site->host_count; h++) {
			const struct host *host = &site->hosts[h];
			char subject[600];
			number = host->kind == kind ? number + 1 : 0;
			kind = host->kind;
			snprintf(subject, sizeof(subject), "%s/%s/%u", site->site->name, kind->name,
				 number);
			double busy = time_average_mean(&host->busy, now) / kind->cores;
			put(r, "utilization", subject, "1", busy);
			put(r, "power.mean", subject, "W",
			    kind->idle_w + (kind->busy_w - kind->idle_w) * busy);
		}
	}
}

static void report_batteries(struct reporter *r)
{
	sim_time now = r->run->world->duration;
	const struct handset *h = r->run->handsets;
	for (uint32_t c = 0; c < r->run->world->class_count; c++) {
		const struct class *class = &r->run->world->classes[c];
		double left = 0;
		for (uint32_t i = 0; i < class->count; i++, h++)
			left += fmax(handset_left_j(h, now), 0);
		put(r, "battery.end", class->name, "J", left / class->count);
	}
}

int run_report(struct run *run, struct world_metrics_sink *sink, struct err *e)
{
	struct reporter r = {run, sink, 0};
	report_times(&r);
	report_energy(&r);
	report_tasks(&r);
	report_hosts(&r);
	report_batteries(&r);
	if (r.code < 0)
		return err_set(e, (enum err_code)r.code, "the run's metrics could not be kept");
	return 0;
}
