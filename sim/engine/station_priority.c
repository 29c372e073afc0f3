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

static void priority_settle(struct station *st)
{
	while (st->waiting_ranked && st->serving < st->servers)
		start(st, JOB_OF(pairing_pop(&st->waiting_ranked), by_rank));
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
	if (st->preemptive && st->serving == st->servers) {
		struct station_job *worst = JOB_OF(st->ranked, by_rank);
		if (job->priority < worst->priority) {
			stop(st, worst);
			wait(st, worst);
			st->preempted++;
		}
	}
	if (st->serving < st->servers)
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
