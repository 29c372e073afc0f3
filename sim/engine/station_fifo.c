/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * First come first served. All servers have the same rate, so one clock of work done by a server
 * tells when each job in service is done, and a change of rate moves one event however many servers
 * there are.
 */
#include "sim/engine/station_private.h"

static void fifo_event(struct sim *s, void *ctx, uint32_t arg);

static void fifo_settle(struct station *st)
{
	while (st->head && st->serving < st->servers) {
		struct station_job *job = st->head;
		station_line_remove(st, job);
		station_serve(st, job);
	}
	station_set_busy(st, st->serving);
	station_arm(st, fifo_event);
}

static void fifo_event(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct station *st = ctx;
	st->event = 0;
	work_clock_advance(&st->clock, sim_now(s));
	struct station_job *job = JOB_OF(pairing_pop(&st->in_service), by_finish);
	st->serving--;
	fifo_settle(st);
	station_complete(st, job);
}

static void fifo_arrive(struct station *st, struct station_job *job)
{
	station_line_append(st, job);
	if (st->serving < st->servers)
		fifo_settle(st);
}

static void fifo_leave(struct station *st, struct station_job *job)
{
	if (job->state == JOB_SERVED) {
		station_unserve(st, job);
		fifo_settle(st);
	} else {
		station_line_remove(st, job);
	}
}

static double fifo_remaining(const struct station *st, const struct station_job *job)
{
	return job->state == JOB_SERVED ? station_left(st, job->finish) : job->work;
}

static void fifo_rate_changed(struct station *st)
{
	st->clock.speed = station_speed(st);
	station_arm(st, fifo_event);
}

const struct station_ops station_fifo = {
	.name = "fifo",
	.arrive = fifo_arrive,
	.leave = fifo_leave,
	.remaining = fifo_remaining,
	.rate_changed = fifo_rate_changed,
};
