/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Round robin. Each server runs the job at the head of the line for a slice, after the cost of
 * switching to it; a job whose slice is over goes to the end, unless nobody waits. st->clock counts
 * the work of a server that runs.
 */
#include "sim/engine/station_private.h"

#include <stdlib.h>

enum phase { IDLE, SWITCHING, RUNNING };

struct round_robin_server {
	enum phase phase;
	struct station_job *job;
	uint64_t last;	    /* arrival number + 1 of the job it ran last; 0 none */
	sim_time slice_end; /* while running */
	sim_event event;
};

static void server_event(struct sim *s, void *ctx, uint32_t index);

static void run(struct station *st, struct round_robin_server *server)
{
	bool stands = st->clock.speed == 0;
	server->phase = RUNNING;
	server->last = server->job->arrival + 1;
	server->slice_end = sim_time_add(stands ? st->round_robin.stopped : sim_now(st->sim),
					 st->round_robin.slice);
	server->job->finish = clock_finish(&st->clock, server->job->work);
}

static void arm(struct station *st, struct round_robin_server *server)
{
	sim_time now = sim_now(st->sim), t = SIM_NEVER;
	if (server->phase == RUNNING && st->clock.speed > 0) {
		t = work_clock_when(&st->clock, now, server->job->finish);
		t = t < server->slice_end ? t : server->slice_end;
		t = t > now ? t : now;
	}
	station_arm_at(st, &server->event, t, server_event,
		       (uint32_t)(server - st->round_robin.server));
}

/* Gives a server that has let go of its job the next one. */
static void dispatch(struct station *st, struct round_robin_server *server)
{
	struct station_job *job = st->head;
	server->job = job;
	if (!job) {
		server->phase = IDLE;
		if (--st->serving == 0)
			st->clock.reading = (struct compensated){0};
		station_set_busy(st, st->serving);
		arm(st, server);
		return;
	}
	station_line_remove(st, job);
	job->state = JOB_SERVED + (int)(server - st->round_robin.server);
	if (st->round_robin.switch_cost > 0 && server->last != job->arrival + 1) {
		server->phase = SWITCHING;
		station_arm_at(st, &server->event,
			       sim_time_add(sim_now(st->sim), st->round_robin.switch_cost),
			       server_event, (uint32_t)(server - st->round_robin.server));
		return;
	}
	run(st, server);
	arm(st, server);
}

static void server_event(struct sim *s, void *ctx, uint32_t index)
{
	struct station *st = ctx;
	struct round_robin_server *server = &st->round_robin.server[index];
	struct station_job *job = server->job;

	server->event = 0;
	work_clock_advance(&st->clock, sim_now(s));
	if (server->phase == SWITCHING) {
		run(st, server);
		arm(st, server);
		return;
	}
	bool over = work_clock_when(&st->clock, sim_now(s), job->finish) <= sim_now(s);
	job->work = station_left(st, job->finish);
	if (over) {
		dispatch(st, server);
		station_complete(st, job);
	} else if (st->head) {
		station_line_append(st, job);
		dispatch(st, server);
	} else {
		run(st, server);
		arm(st, server);
	}
}

static void round_robin_arrive(struct station *st, struct station_job *job)
{
	station_line_append(st, job);
	if (st->serving == st->servers)
		return;
	struct round_robin_server *server = st->round_robin.server;
	while (server->phase != IDLE)
		server++;
	st->serving++;
	station_set_busy(st, st->serving);
	dispatch(st, server);
}

static double round_robin_remaining(const struct station *st, const struct station_job *job)
{
	if (job->state == JOB_WAITING)
		return job->work;
	const struct round_robin_server *server = &st->round_robin.server[job->state - JOB_SERVED];
	return server->phase == RUNNING ? station_left(st, job->finish) : job->work;
}

static void round_robin_leave(struct station *st, struct station_job *job)
{
	job->work = round_robin_remaining(st, job);
	if (job->state == JOB_WAITING)
		station_line_remove(st, job);
	else
		dispatch(st, &st->round_robin.server[job->state - JOB_SERVED]);
}

/* At rate 0 slices stand still, too: they end later by the time for which they did. */
static void round_robin_rate_changed(struct station *st)
{
	sim_time now = sim_now(st->sim), stood = 0;
	double speed = station_speed(st);
	if (st->clock.speed == 0 && speed > 0)
		stood = now - st->round_robin.stopped;
	if (st->clock.speed > 0 && speed == 0)
		st->round_robin.stopped = now;
	st->clock.speed = speed;
	for (uint32_t i = 0; i < st->servers; i++) {
		struct round_robin_server *server = &st->round_robin.server[i];
		if (server->phase != RUNNING)
			continue;
		server->slice_end = sim_time_add(server->slice_end, stood);
		arm(st, server);
	}
}

int round_robin_init(struct station *st, const struct station_config *config, struct err *e)
{
	if (config->slice <= 0 || config->switch_cost < 0)
		return err_set(e, ERR_INVALID,
			       "round robin needs a slice above 0 ns and a switch "
			       "cost of at least 0 ns");
	st->round_robin.slice = config->slice;
	st->round_robin.stopped = sim_now(st->sim);
	st->round_robin.switch_cost = config->switch_cost;
	st->round_robin.server = calloc(st->servers, sizeof(*st->round_robin.server));
	if (!st->round_robin.server)
		return err_set(e, ERR_NOMEM, "no memory for %u servers", st->servers);
	st->ops->rate_changed(st);
	return 0;
}

void round_robin_fini(struct station *st)
{
	for (uint32_t i = 0; i < st->servers; i++)
		sim_cancel(st->sim, &st->round_robin.server[i].event);
	free(st->round_robin.server);
}

const struct station_ops station_round_robin = {
	.name = "round-robin",
	.arrive = round_robin_arrive,
	.leave = round_robin_leave,
	.remaining = round_robin_remaining,
	.rate_changed = round_robin_rate_changed,
};
