/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Service by priority. Waiting jobs are a heap by (priority, arrival); jobs in service are a second
 * one with the worst of them on top, which is what a preemptive arrival compares itself with.
 */
#include "sim/engine/station_private.h"

static void priority_event(struct sim *s, void *ctx, uint32_t arg);

static void start(struct station *st, struct station_job *job)
{
	station_serve(st, job);
	pairing_insert(&st->ranked, &job->by_rank, -(double)job->priority, ~job->arrival);
}

static void stop(struct station *st, struct station_job *job)
{
	pairing_remove(&st->ranked, &job->by_rank);
	station_unserve(st, job);
}

static void wait(struct station *st, struct station_job *job)
{
	job->state = JOB_WAITING;
	pairing_insert(&st->waiting_ranked, &job->by_rank, job->priority, job->arrival);
}

/* The job in service that the best of those waiting puts out, NULL when there is none. A job that
 * is done by now, and whose completion comes after this in the order of events, is not put out: its
 * server is about to be free. */
static struct station_job *worst_to_preempt(const struct station *st)
{
	if (!st->preemptive || !st->waiting_ranked || !st->ranked)
		return NULL;
	struct station_job *worst = JOB_OF(st->ranked, by_rank);
	sim_time now = sim_now(st->sim);
	bool is_better = JOB_OF(st->waiting_ranked, by_rank)->priority < worst->priority;
	return is_better && work_clock_when(&st->clock, now, worst->finish) > now ? worst : NULL;
}

static void priority_settle(struct station *st)
{
	struct station_job *worst;
	while (st->waiting_ranked && st->serving < st->servers)
		start(st, JOB_OF(pairing_pop(&st->waiting_ranked), by_rank));
	while ((worst = worst_to_preempt(st)) != NULL) {
		struct station_job *better = JOB_OF(pairing_pop(&st->waiting_ranked), by_rank);
		stop(st, worst);
		wait(st, worst);
		start(st, better);
		st->preempted++;
	}
	station_set_busy(st, st->serving);
	station_arm(st, priority_event);
}

static void priority_event(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct station *st = ctx;
	st->event = 0;
	work_clock_advance(&st->clock, sim_now(s));
	struct station_job *job = JOB_OF(st->in_service, by_finish);
	stop(st, job);
	priority_settle(st);
	station_complete(st, job);
}

static void priority_arrive(struct station *st, struct station_job *job)
{
	wait(st, job);
	if (st->serving < st->servers || worst_to_preempt(st))
		priority_settle(st);
}

static void priority_leave(struct station *st, struct station_job *job)
{
	if (job->state == JOB_SERVED) {
		stop(st, job);
		priority_settle(st);
	} else {
		pairing_remove(&st->waiting_ranked, &job->by_rank);
	}
}

static double priority_remaining(const struct station *st, const struct station_job *job)
{
	return job->state == JOB_SERVED ? station_left(st, job->finish) : job->work;
}

static void priority_rate_changed(struct station *st)
{
	st->clock.speed = station_speed(st);
	station_arm(st, priority_event);
}

const struct station_ops station_priority = {
	.name = "priority",
	.arrive = priority_arrive,
	.leave = priority_leave,
	.remaining = priority_remaining,
	.rate_changed = priority_rate_changed,
};
