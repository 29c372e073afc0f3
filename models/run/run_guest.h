/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Guests that come and go: started on demand or by an autoscaler, and stopped when idle. A
 * site where all guests run from the start to the end has pools, but no struct guest, and its tasks
 * come past none of this. Private to run_*.c.
 */
#ifndef MODELS_RUN_GUEST_H
#define MODELS_RUN_GUEST_H

#include "models/run/run.h"

enum guest_state { GUEST_OFF, GUEST_STARTING, GUEST_RESERVED, GUEST_UP };
enum guest_step { STEP_DISK, STEP_GUEST, STEP_BACKEND, STEP_WAIT };

struct guest {
	struct station_job job; /* of its start */
	struct guest_pool *pool;
	struct task *tasks;	  /* being served here */
	sim_event timer;	  /* of its start, or of its being idle */
	struct migration *moving; /* of which it is an end, or NULL */
	double busy_mark;	  /* s: of its virtual CPUs when the autoscaler last looked */
	double load_mark;	  /* likewise when the site last looked whether to migrate */
	sim_time idle_since;
	uint32_t number; /* of the site */
	uint8_t state, step;
	bool kept; /* never stopped */
};

/* Makes the pools of a site, and its guests where they come and go. After its hosts. */
int guests_init(struct run *run, struct site_state *site, struct err *e);

/* A task is at a site whose guests come and go: it is served now or when one is ready. */
void guests_admit(struct task *t);

/* The task waits for a guest of its pool no more. */
void guests_forget(struct task *t);

/* The task has left its guest; the task is in the list of its guest no more. */
void guests_left(struct task *t);

/* A guest of the pool is ready for work, or ceases to be. */
void guest_open(struct guest *g);
void guest_close(struct guest *g);

/* Starts one more guest of the pool on the host that the site's packing picks; false when there is
 * no room for one. Stops an idle one at once. */
bool guest_start(struct guest_pool *pool);
void guest_stop(struct guest *g);
/* Whether it may be stopped: it runs, does nothing, and is not on its way. */
bool guest_is_spare(const struct guest *g);

/* For failures. One that ran from the start boots, when its host is back; where tasks wait for
 * guests that will not come, others are started. */
void guest_restart(struct guest *g);
void guests_make_up(struct site_state *site);

/* For migrations. Takes a free place of the host, with its memory, or NULL: there is none. The
 * guest that comes takes its place, tasks and all: each is handed over, whose host then is the new
 * one; then those that wait for a guest may come. A guest without tasks may be stopped. */
struct guest *guest_reserve(struct site_state *site, struct host *h);
void guest_take_place(struct guest *g);
void guest_hand_task(struct task *t, struct guest *from, struct guest *to);
void guest_drop_task(struct task *t, struct guest *g); /* of one that is closed */
void guest_serve_waiting(struct guest *g);
void guest_may_idle(struct guest *g);
bool guest_has_room(const struct host *h);
/* The host that the site's packing picks for one more guest; UINT32_MAX: none has room. */
uint32_t guest_pick_host(const struct site_state *site);

static inline struct host *guest_host(const struct guest *g)
{
	struct site_state *site = g->pool->site;
	return &site->hosts[site->guests[g->number].host];
}

static inline struct entity *guest_entity(const struct guest *g)
{
	return &guest_host(g)->guests[g->pool->site->guests[g->number].guest];
}

#endif
