/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/station_private.h"

#include <assert.h>
#include <math.h>

int station_init(struct station *st, struct sim *s, const struct station_config *config,
		 struct err *e)
{
	if (!(config->rate >= 0) || isinf(config->rate))
		return err_set(e, ERR_INVALID, "a station's rate must be at least 0 and finite");
	*st = (struct station){
		.sim = s,
		.ops = config->ops,
		.servers = config->servers ? config->servers : 1,
		.rate = config->rate,
		.preemptive = config->preemptive,
	};
	st->clock.at = sim_now(s);
	station_reset_statistics(st);
	if (st->ops == &station_round_robin)
		return round_robin_init(st, config, e);
	st->ops->rate_changed(st);
	return 0;
}

void station_fini(struct station *st)
{
	sim_cancel(st->sim, &st->event);
	if (st->ops == &station_round_robin)
		round_robin_fini(st);
	*st = (struct station){0};
}

void station_submit(struct station *st, struct station_job *job, double demand)
{
	sim_assert(st->sim, !job->station);
	if (!(demand >= 0) || !isfinite(demand)) {
		sim_fail(st->sim, ERR_INTERNAL, "a job with a demand of %g came to a station",
			 demand);
		return;
	}
	job->station = st;
	job->work = demand;
	job->arrival = st->sequence++;
	st->arrived++;
	st->present++;
	time_average_set(&st->jobs, sim_now(st->sim), st->present);
	work_clock_advance(&st->clock, sim_now(st->sim));
	st->ops->arrive(st, job);
}

static void count_out(struct station *st, struct station_job *job)
{
	job->station = NULL;
	st->present--;
	time_average_set(&st->jobs, sim_now(st->sim), st->present);
}

double station_cancel(struct station_job *job)
{
	struct station *st = job->station;
	assert(st);
	work_clock_advance(&st->clock, sim_now(st->sim));
	st->ops->leave(st, job);
	st->cancelled++;
	count_out(st, job);
	return job->work;
}

void station_complete(struct station *st, struct station_job *job)
{
	job->work = 0;
	st->completed++;
	count_out(st, job);
	job->done(st->sim, job);
}

double station_remaining(const struct station_job *job)
{
	assert(job->station);
	return job->station->ops->remaining(job->station, job);
}

void station_set_rate(struct station *st, double rate)
{
	if (!(rate >= 0) || !isfinite(rate)) {
		sim_fail(st->sim, ERR_INTERNAL, "a station was given a rate of %g", rate);
		return;
	}
	work_clock_advance(&st->clock, sim_now(st->sim));
	st->rate = rate;
	st->ops->rate_changed(st);
}

void station_arm_at(struct station *st, sim_event *event, sim_time t, sim_fn *fn, uint32_t arg)
{
	if (t == SIM_NEVER)
		sim_cancel(st->sim, event);
	else if (!sim_reschedule(st->sim, event, t))
		*event = sim_at(st->sim, t, fn, st, arg);
}

void station_arm(struct station *st, sim_fn *fn)
{
	sim_time t = SIM_NEVER;
	if (st->in_service)
		t = work_clock_when(&st->clock, sim_now(st->sim), st->in_service->key);
	else /* nothing refers to the clock: start it anew, at full precision */
		st->clock.reading = (struct compensated){0};
	station_arm_at(st, &st->event, t, fn, 0);
}

void station_reset_statistics(struct station *st)
{
	sim_time now = sim_now(st->sim);
	time_average_start(&st->busy, now, st->busy.value);
	time_average_start(&st->jobs, now, st->present);
	st->arrived = st->completed = st->cancelled = st->preempted = 0;
}

double station_utilization(const struct station *st)
{
	return time_average_mean(&st->busy, sim_now(st->sim)) / st->servers;
}

double station_mean_jobs(const struct station *st)
{
	return time_average_mean(&st->jobs, sim_now(st->sim));
}
