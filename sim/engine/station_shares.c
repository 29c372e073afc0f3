/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Weighted sharing with caps. With `level` servers per unit of weight, a job gets min(cap, weight x
 * level); the level is such that the capacity is used up (water filling). Jobs below their cap run
 * on st->clock, which counts work per unit of weight; jobs at their cap run on capped_clock, which
 * counts work per server. Each kind is ordered by its next completion, and by the level at which it
 * changes to the other kind.
 */
#include "sim/engine/station_private.h"

#include <math.h>

enum { BELOW_CAP, AT_CAP };

static void shares_event(struct sim *s, void *ctx, uint32_t arg);

static double weight_of(const struct station_job *job)
{
	return job->weight > 0 ? (double)job->weight : 1.0;
}

static double cap_level(const struct station_job *job)
{
	return job->cap / weight_of(job);
}

static double level_of(const struct station *st)
{
	double spare =
		(st->servers - st->shares.capped_servers.high) - st->shares.capped_servers.low;
	if (!st->shares.weighted)
		return spare < 0 ? 0 : INFINITY;
	return spare > 0 ? spare / st->shares.weight.high : 0;
}

static void join_below(struct station *st, struct station_job *job)
{
	double weight = weight_of(job);
	job->state = BELOW_CAP;
	job->finish = clock_finish(&st->clock, job->work / weight);
	pairing_insert(&st->in_service, &job->by_finish, job->finish, job->arrival);
	if (job->cap > 0)
		pairing_insert(&st->ranked, &job->by_rank, cap_level(job), job->arrival);
	compensated_add(&st->shares.weight, weight);
	st->shares.weighted++;
}

static void join_capped(struct station *st, struct station_job *job)
{
	job->state = AT_CAP;
	job->finish = clock_finish(&st->shares.capped_clock, job->work / job->cap);
	pairing_insert(&st->shares.capped, &job->by_finish, job->finish, job->arrival);
	pairing_insert(&st->shares.capped_ranked, &job->by_rank, -cap_level(job), job->arrival);
	compensated_add(&st->shares.capped_servers, job->cap);
}

static double shares_remaining(const struct station *st, const struct station_job *job)
{
	sim_time now = sim_now(st->sim);
	double left;
	if (job->state == BELOW_CAP)
		left = weight_of(job) * work_clock_left(&st->clock, now, job->finish);
	else
		left = job->cap * work_clock_left(&st->shares.capped_clock, now, job->finish);
	return left > 0 ? left : 0;
}

/* Out of its kind, with job->work what is left. Both clocks are at now. */
static void part(struct station *st, struct station_job *job)
{
	job->work = shares_remaining(st, job);
	if (job->state == BELOW_CAP) {
		pairing_remove(&st->in_service, &job->by_finish);
		if (job->cap > 0)
			pairing_remove(&st->ranked, &job->by_rank);
		compensated_add(&st->shares.weight, -weight_of(job));
		if (!--st->shares.weighted) {
			st->shares.weight = (struct compensated){0};
			st->clock.reading = (struct compensated){0};
		}
	} else {
		pairing_remove(&st->shares.capped, &job->by_finish);
		pairing_remove(&st->shares.capped_ranked, &job->by_rank);
		compensated_add(&st->shares.capped_servers, -job->cap);
		if (!st->shares.capped) {
			st->shares.capped_servers = (struct compensated){0};
			st->shares.capped_clock.reading = (struct compensated){0};
		}
	}
}

static void shares_settle(struct station *st)
{
	sim_time now = sim_now(st->sim), below, capped = SIM_NEVER;

	/* Two passes and not a loop until nothing changes: releasing caps and then setting them is
	 * enough, because either raises the level, and round-off cannot make it run for ever. */
	while (st->shares.capped_ranked && -st->shares.capped_ranked->key > level_of(st)) {
		struct station_job *job = JOB_OF(st->shares.capped_ranked, by_rank);
		part(st, job);
		join_below(st, job);
	}
	while (st->ranked && st->ranked->key < level_of(st)) {
		struct station_job *job = JOB_OF(st->ranked, by_rank);
		part(st, job);
		join_capped(st, job);
	}
	double level = st->shares.weighted ? level_of(st) : 0;
	st->clock.speed = station_speed(st) * level;
	st->shares.capped_clock.speed = station_speed(st);
	station_set_busy(st, st->shares.capped_servers.high + level * st->shares.weight.high);

	below = st->in_service ? work_clock_when(&st->clock, now, st->in_service->key) : SIM_NEVER;
	if (st->shares.capped)
		capped = work_clock_when(&st->shares.capped_clock, now, st->shares.capped->key);
	st->shares.next_capped = capped <= below;
	station_arm_at(st, &st->event, below < capped ? below : capped, shares_event, 0);
}

static void shares_event(struct sim *s, void *ctx, uint32_t arg)
{
	(void)arg;
	struct station *st = ctx;
	st->event = 0;
	work_clock_advance(&st->clock, sim_now(s));
	work_clock_advance(&st->shares.capped_clock, sim_now(s));
	struct station_job *job =
		JOB_OF(st->shares.next_capped ? st->shares.capped : st->in_service, by_finish);
	part(st, job);
	shares_settle(st);
	station_complete(st, job);
}

static void shares_arrive(struct station *st, struct station_job *job)
{
	sim_assert(st->sim, job->weight >= 0 && job->cap >= 0);
	work_clock_advance(&st->shares.capped_clock, sim_now(st->sim));
	if (job->cap > 0 && cap_level(job) < level_of(st))
		join_capped(st, job);
	else
		join_below(st, job);
	shares_settle(st);
}

static void shares_leave(struct station *st, struct station_job *job)
{
	work_clock_advance(&st->shares.capped_clock, sim_now(st->sim));
	part(st, job);
	shares_settle(st);
}

static void shares_rate_changed(struct station *st)
{
	work_clock_advance(&st->shares.capped_clock, sim_now(st->sim));
	shares_settle(st);
}

const struct station_ops station_shares = {
	.name = "shares",
	.arrive = shares_arrive,
	.leave = shares_leave,
	.remaining = shares_remaining,
	.rate_changed = shares_rate_changed,
};
