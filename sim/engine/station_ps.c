/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Egalitarian processor sharing in virtual time: the clock counts what every job present has
 * received since the station was last empty, so a job's finish is fixed when it arrives and only
 * the clock's speed changes.
 */
#include "sim/engine/station_private.h"

static void ps_event(struct sim *s, void *ctx, uint32_t arg);

static void ps_settle(struct station *st)
{
	double share = st->serving > st->servers ? (double)st->servers / st->serving : 1;
	st->clock.speed = station_speed(st) * share;
	station_set_busy(st, st->serving < st->servers ? st->serving : st->servers);
	station_arm(st, ps_event);
}

static void ps_event(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct station *st = ctx;
	st->event = 0;
	work_clock_advance(&st->clock, sim_now(s));
	struct station_job *job = JOB_OF(pairing_pop(&st->in_service), by_finish);
	st->serving--;
	ps_settle(st);
	station_complete(st, job);
}

static void ps_arrive(struct station *st, struct station_job *job)
{
	station_serve(st, job);
	ps_settle(st);
}

static void ps_leave(struct station *st, struct station_job *job)
{
	station_unserve(st, job);
	ps_settle(st);
}

static double ps_remaining(const struct station *st, const struct station_job *job)
{
	return station_left(st, job->finish);
}

const struct station_ops station_ps = {
	.name = "ps",
	.arrive = ps_arrive,
	.leave = ps_leave,
	.remaining = ps_remaining,
	.rate_changed = ps_settle,
};
