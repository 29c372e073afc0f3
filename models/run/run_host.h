/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a host's cores are shared among its guests and backends. Private to models/run.
 */
#ifndef MODELS_RUN_HOST_H
#define MODELS_RUN_HOST_H

#include "models/run/run.h"

/* Makes the host's stations. */
int host_init(struct host *h, const struct host_kind *kind, struct run *run, struct err *e);
void host_fini(struct host *h);

/* Brings a job of `ns` nanoseconds of CPU time. The caller calls host_job_done first thing in the
 * job's callback. */
void host_submit(struct entity *entity, struct station_job *job, int64_t ns);
void host_job_done(struct entity *entity);

/* Takes a job back and returns what it still needed. */
int64_t host_take(struct entity *entity, struct station_job *job);

/* Of a careful host: how fast the entity's virtual CPUs run when they have a core, and the
 * nanoseconds that anything there has lost by that since the start. */
void host_set_speed(struct entity *entity, double speed);
double entity_stalled_ns(const struct entity *entity);

/* The backend of the host's guest of that number. */
static inline struct entity *host_backend(const struct host *h, uint32_t guest)
{
	return &h->backends[h->backend_count == 1 ? 0 : guest];
}

/* Guests were started or stopped. */
void host_guests_on(struct host *h, int delta);

/* The share of requests, spread evenly over the next `ns`, that find the entity at work on what it
 * has now. In 0..1; 1 for ns = 0 when it is at work. */
double host_busy_share(const struct entity *entity, int64_t ns);

#endif
