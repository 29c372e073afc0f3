/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/runner.h"

#include "sim/experiment/schedule.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long the runner sleeps at most before it looks at *stop and tells its progress. */
enum { POLL_MS = 100 };

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Leaves out what the study does not ask to record and the model reported all the same. */
static struct run_result recorded(const struct experiment *x, const struct run_result *all)
{
	struct run_result kept = *all;
	kept.value_count = kept.histogram_count = kept.series_count = 0;
	for (size_t i = 0; i < all->value_count; i++)
		if (experiment_records(x, all->values[i].metric))
			kept.values[kept.value_count++] = all->values[i];
	for (size_t i = 0; i < all->histogram_count; i++)
		if (experiment_records(x, all->histograms[i].metric))
			kept.histograms[kept.histogram_count++] = all->histograms[i];
	for (size_t i = 0; i < all->series_count; i++)
		if (experiment_records(x, all->series[i].metric))
			kept.series[kept.series_count++] = all->series[i];
	return kept;
}

/* Stores one outcome: schedule's `keep`. */
static int keep(const void *ctx, const struct run_outcome *outcome, struct err *e)
{
	const struct runner *r = ctx;
	const struct point *point = &r->plan->points[outcome->task.point];
	struct run_key key = {point->id, outcome->task.repetition, r->experiment->seed};
	struct run_record record = {.key = key, .wall_s = outcome->wall_s};
	struct run_result kept;
	char *command = NULL;
	if (outcome->code == 0) {
		kept = recorded(r->experiment, &outcome->result);
		record.result = &kept;
	} else {
		record.failed = true;
		record.error = &outcome->error;
	}
	if (r->reproduce)
		command = r->reproduce(r->reproduce_ctx, point, &key);
	else if (asprintf(&command, "point %s, repetition %u, seed %llu", key.point, key.repetition,
			  (unsigned long long)key.seed) < 0)
		command = NULL;
	record.reproduce = command ? command : "";
	int rc = r->sink->put_run(r->sink->ctx, &record, e);
	if (rc == 0 && record.failed && r->failed)
		r->failed(r->failed_ctx, &record);
	free(command);
	return rc;
}

static int open_schedule(struct schedule *s, const struct runner *r, struct err *e)
{
	return schedule_open(s, r->plan, r->experiment, r->sink, r->shard,
			     r->shards ? r->shards : 1, keep, r, e);
}

static struct runner_progress progress_of(const struct runner *r, const struct schedule *s,
					  double start)
{
	struct runner_progress p = {r->plan->count, s->total,	     s->ended, s->stored,
				    s->failed,	    now_s() - start, NAN};
	size_t now = s->ended - s->stored;
	if (s->ended == s->total)
		p.eta_s = 0;
	else if (now > 0)
		p.eta_s = p.elapsed_s / (double)now * (double)(s->total - s->ended);
	return p;
}

struct running {
	const struct runner *r;
	struct run_pool *pool;
	struct schedule schedule;
	unsigned under_way;
	int end; /* why no more are submitted; 0 while more may be */
};

/* No more runs; those under way are told to stop. The first reason stays. */
static void end(struct running *x, int why)
{
	if (x->end == 0)
		x->pool->halt(x->pool->ctx);
	if (x->end == 0 || x->end == ERR_STOPPED)
		x->end = why;
}

/* Keeps the pool fed: as many again as it has slots, so that none waits for the writer. */
static void feed(struct running *x, struct err *e)
{
	while (x->end == 0 && x->under_way < 2 * x->pool->slots) {
		struct run_task task;
		int rc = schedule_next(&x->schedule, x->under_way < x->pool->slots, &task, e);
		if (rc == 0)
			return;
		if (rc > 0)
			rc = x->pool->submit(x->pool->ctx, &task, e);
		if (rc < 0)
			end(x, rc);
		else
			x->under_way++;
	}
}

static void take(struct running *x, struct run_outcome *outcome, struct err *e)
{
	x->under_way--;
	/* After a failure of the sink nothing more is offered to it; a run that we told to stop has
	 * no result, but one that ended in spite of it is kept. */
	if ((x->end != 0 && outcome->code == ERR_STOPPED) ||
	    (x->end != 0 && x->end != ERR_STOPPED)) {
		run_result_free(&outcome->result);
		return;
	}
	int rc = schedule_finish(&x->schedule, outcome, e);
	if (rc != 0)
		end(x, rc);
}

static int run_all(struct running *x, double start, struct err *e)
{
	const struct runner *r = x->r;
	for (;;) {
		struct run_outcome outcome;
		if (r->stop && __atomic_load_n(r->stop, __ATOMIC_RELAXED))
			end(x, ERR_STOPPED);
		feed(x, e);
		if (x->under_way == 0)
			break;
		int rc = x->pool->collect(x->pool->ctx, POLL_MS, &outcome, e);
		if (rc < 0)
			return rc; /* the pool is broken: nothing more will come */
		if (rc > 0)
			take(x, &outcome, e);
		if (r->progress) {
			struct runner_progress p = progress_of(r, &x->schedule, start);
			r->progress(r->progress_ctx, &p);
		}
	}
	if (x->end == ERR_STOPPED && x->schedule.ended == x->schedule.total)
		return 0; /* too late to stop anything */
	if (x->end == ERR_STOPPED)
		err_set(e, ERR_STOPPED, "stopped with %zu of %zu runs done", x->schedule.ended,
			x->schedule.total);
	return x->end;
}

static int add_points(const struct runner *r, struct err *e)
{
	for (size_t i = 0; i < r->plan->count; i++) {
		struct point p = r->plan->points[i];
		p.document = plan_document(r->plan, i);
		if (!p.document)
			return err_set(e, ERR_NOMEM, "no memory for a point's document");
		int rc = r->sink->add_point(r->sink->ctx, &p, e);
		cJSON_Delete(p.document);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int runner_run_on(const struct runner *r, struct run_pool *pool, struct runner_progress *final,
		  struct err *e)
{
	struct running x = {.r = r, .pool = pool};
	double start = now_s();
	if (final)
		*final = (struct runner_progress){.points = r->plan->count, .eta_s = NAN};
	int rc = add_points(r, e);
	if (rc == 0)
		rc = open_schedule(&x.schedule, r, e);
	if (rc != 0)
		return rc;
	rc = run_all(&x, start, e);
	if (final)
		*final = progress_of(r, &x.schedule, start);
	schedule_close(&x.schedule);
	return rc;
}

static unsigned processors(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

int runner_run(const struct runner *r, struct runner_progress *final, struct err *e)
{
	struct run_job job = {r->plan, r->run, r->run_ctx, r->experiment->seed};
	struct run_pool pool;
	int rc = pool_open_threads(&pool, &job, r->threads ? r->threads : processors(), e);
	if (rc != 0)
		return rc;
	rc = runner_run_on(r, &pool, final, e);
	pool.close(pool.ctx);
	return rc;
}

int runner_run_mpi(const struct runner *r, struct mpi_ranks ranks, struct runner_progress *final,
		   struct err *e)
{
	struct run_job job = {r->plan, r->run, r->run_ctx, r->experiment->seed};
	unsigned threads = r->threads ? r->threads : 1;
	struct run_pool pool;
	if (ranks.rank != 0)
		return pool_mpi_serve(&job, threads, e);
	int rc = pool_open_mpi(&pool, &job, threads, e);
	if (rc != 0)
		return rc;
	rc = runner_run_on(r, &pool, final, e);
	pool.close(pool.ctx);
	return rc;
}

int runner_count(const struct runner *r, struct runner_progress *out, struct err *e)
{
	struct schedule s;
	int rc = open_schedule(&s, r, e);
	if (rc != 0)
		return rc;
	*out = (struct runner_progress){r->plan->count, s.total, s.ended, s.stored, 0, 0, NAN};
	schedule_close(&s);
	return 0;
}

int runner_run_one(const struct runner *r, size_t point, uint32_t repetition,
		   struct run_result *result, struct err *e)
{
	static const volatile bool never;
	struct run_job job = {r->plan, r->run, r->run_ctx, r->experiment->seed};
	struct run_task task = {point, repetition};
	struct run_outcome outcome;
	run_execute(&job, &task, r->stop ? r->stop : &never, &outcome);
	int rc = 0;
	if (r->sink && outcome.code != ERR_STOPPED) {
		struct point p = r->plan->points[point];
		p.document = plan_document(r->plan, point);
		rc = p.document ? r->sink->add_point(r->sink->ctx, &p, e) : ERR_NOMEM;
		cJSON_Delete(p.document);
		if (rc == 0)
			rc = keep(r, &outcome, e);
	}
	if (rc == 0 && outcome.code != 0) {
		rc = outcome.code;
		if (e)
			*e = outcome.error;
	}
	if (rc == 0 && result)
		*result = outcome.result;
	else
		run_result_free(&outcome.result);
	return rc;
}
