/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the disciplines share: jobs in service, ordered by the reading of the station's clock at
 * which they are done. Included by station*.c only.
 */
#ifndef SIM_ENGINE_STATION_PRIVATE_H
#define SIM_ENGINE_STATION_PRIVATE_H

#include "sim/engine/station.h"

#include <stddef.h>

#define JOB_OF(node, member)                                                                       \
	((struct station_job *)(void *)((char *)(node)-offsetof(struct station_job, member)))

/* job->state of the disciplines that have a waiting line */
enum { JOB_WAITING, JOB_SERVED };

/* Work of one server at full rate, per nanosecond. */
static inline double station_speed(const struct station *st)
{
	return st->rate * 1e-9;
}

static inline double clock_finish(const struct work_clock *c, double work)
{
	return c->reading.high + (work + c->reading.low);
}

static inline double station_left(const struct station *st, double finish)
{
	double left = work_clock_left(&st->clock, sim_now(st->sim), finish);
	return left > 0 ? left : 0;
}

/* Puts a job into service: it is done when the clock has moved by job->work. */
static inline void station_serve(struct station *st, struct station_job *job)
{
	job->state = JOB_SERVED;
	job->finish = clock_finish(&st->clock, job->work);
	pairing_insert(&st->in_service, &job->by_finish, job->finish, job->arrival);
	st->serving++;
}

/* Takes it out again; job->work is what is left. */
static inline void station_unserve(struct station *st, struct station_job *job)
{
	job->work = station_left(st, job->finish);
	pairing_remove(&st->in_service, &job->by_finish);
	st->serving--;
}

static inline void station_set_busy(struct station *st, double servers)
{
	if (servers != st->busy.value)
		time_average_set(&st->busy, sim_now(st->sim), servers);
}

static inline void station_line_append(struct station *st, struct station_job *job)
{
	job->state = JOB_WAITING;
	job->next = NULL;
	job->prev = st->tail;
	*(st->tail ? &st->tail->next : &st->head) = job;
	st->tail = job;
}

static inline void station_line_remove(struct station *st, struct station_job *job)
{
	*(job->prev ? &job->prev->next : &st->head) = job->next;
	*(job->next ? &job->next->prev : &st->tail) = job->prev;
}

/* Makes *event happen at t, or cancels it when t is SIM_NEVER. fn and arg must always be the same
 * for one event: moving it keeps them. */
void station_arm_at(struct station *st, sim_event *event, sim_time t, sim_fn *fn, uint32_t arg);

/* Arms st->event for the first completion of in_service. */
void station_arm(struct station *st, sim_fn *fn);

/* Counts a job out that the discipline has already let go of and re-armed after, and calls it back.
 * The callback may do anything but station_fini, so this must come last. */
void station_complete(struct station *st, struct station_job *job);

/* Round robin's own storage. */
int round_robin_init(struct station *st, const struct station_config *config, struct err *e);
void round_robin_fini(struct station *st);

#endif
