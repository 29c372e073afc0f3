/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An open queue for tests against theory: Poisson arrivals of several classes at one station,
 * response times by class. Included by the test programs that need it, hence static.
 */
#ifndef TESTS_ENGINE_OPEN_QUEUE_H
#define TESTS_ENGINE_OPEN_QUEUE_H

#include "sim/engine/station.h"
#include "sim/engine/stream.h"

#include <stdlib.h>

#define CLASSES_MAX 4

/* One service demand, mean 1 s of one server at rate 1 unless `mean` says otherwise. */
typedef double demand_fn(struct stream *st);

struct open_class {
	double arrival_rate; /* per second; 0 ends the list */
	demand_fn *demand;
	double mean; /* multiplies the demand; 0 stands for 1 */
	int32_t priority;
	float weight;
	double cap;
};

struct open_queue {
	struct station_config station;
	struct open_class class[CLASSES_MAX + 1];
	double warmup_s, duration_s;
	int invert, antithetic;
};

struct open_result {
	struct tally response[CLASSES_MAX];
	double mean_jobs, utilization;
};

struct customer {
	struct station_job job;
	struct open_run *run;
	struct customer *next_free, *next_made;
	sim_time arrived;
	uint32_t class;
};

struct open_run {
	const struct open_queue *queue;
	struct sim *sim;
	struct station station;
	struct stream arrivals[CLASSES_MAX], demands[CLASSES_MAX];
	struct customer *free, *all;
	struct open_result result;
};

static inline void open_served(struct sim *s, struct station_job *job)
{
	struct customer *c = job->ctx;
	struct open_run *run = c->run;
	tally_add(&run->result.response[c->class], sim_to_seconds(sim_now(s) - c->arrived));
	c->next_free = run->free;
	run->free = c;
}

static inline void open_arrival(struct sim *s, void *ctx, uint32_t class)
{
	struct open_run *run = ctx;
	const struct open_class *k = &run->queue->class[class];
	struct customer *c = run->free;
	if (c) {
		run->free = c->next_free;
	} else {
		if (!(c = calloc(1, sizeof(*c))))
			abort();
		c->next_made = run->all;
		run->all = c;
	}
	c->run = run;
	c->class = class;
	c->arrived = sim_now(s);
	c->job = (struct station_job){.done = open_served,
				      .ctx = c,
				      .priority = k->priority,
				      .weight = k->weight,
				      .cap = k->cap};
	double demand = k->demand(&run->demands[class]);
	station_submit(&run->station, &c->job, demand * (k->mean > 0 ? k->mean : 1));
	double gap = stream_exponential(&run->arrivals[class], 1 / k->arrival_rate);
	sim_after(s, sim_from_seconds(gap), open_arrival, run, class);
}

static inline struct open_result open_queue_run(const struct open_queue *queue, uint64_t seed,
						uint64_t repetition)
{
	struct open_run run = {.queue = queue, .sim = sim_create(NULL)};
	struct stream_key key = {.seed = seed, .repetition = repetition};
	struct err e;
	if (!run.sim || station_init(&run.station, run.sim, &queue->station, &e) < 0)
		abort();
	for (uint32_t i = 0; queue->class[i].arrival_rate > 0; i++) {
		stream_init(&run.arrivals[i], &key, i, stream_name("arrivals"));
		stream_init(&run.demands[i], &key, i, stream_name("demands"));
		if (queue->invert) {
			stream_invert(&run.arrivals[i], queue->antithetic);
			stream_invert(&run.demands[i], queue->antithetic);
		}
		double gap = stream_exponential(&run.arrivals[i], 1 / queue->class[i].arrival_rate);
		sim_after(run.sim, sim_from_seconds(gap), open_arrival, &run, i);
	}
	if (sim_run_until(run.sim, sim_from_seconds(queue->warmup_s), &e) < 0)
		abort();
	run.result = (struct open_result){0};
	station_reset_statistics(&run.station);
	if (sim_run_until(run.sim, sim_from_seconds(queue->warmup_s + queue->duration_s), &e) < 0)
		abort();
	run.result.mean_jobs = station_mean_jobs(&run.station);
	run.result.utilization = station_utilization(&run.station);

	station_fini(&run.station);
	for (struct customer *c; (c = run.all) != NULL; free(c))
		run.all = c->next_made;
	sim_destroy(run.sim);
	return run.result;
}

#endif
