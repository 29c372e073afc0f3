/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The life of a task: the steps that other parts of a run begin, end or ask about. Private to
 * models/run.
 */
#ifndef MODELS_RUN_TASK_H
#define MODELS_RUN_TASK_H

#include "models/run/run.h"
#include "models/run/run_graph.h"

/* The cell that the task's handset is in. */
static inline const struct cell *task_cell(const struct task *t)
{
	return &t->run->world->cells[t->from->handset->cell];
}

/* Calls back when the task has passed the links on its way to the site, or back from it: see
 * run_link.c. */
void task_links_up(struct task *t);
/* How long the task's way between the cell and the site takes this time, links apart. */
sim_time task_one_way_ns(const struct task *t);
void task_links_down(struct task *t);
/* Brings it to a link; when that is down and loses what it passes, the task is lost. It has left
 * the link, passed on or taken back. */
void task_pass_link(struct task *t, uint32_t link, bool up, double bits);
void task_link_left(struct task *t);
/* The last part of its way: to the site. */
void task_way_up(struct task *t);
/* A link has passed the task on. */
void task_link_passed(struct task *t);
/* It is at the site; it is back at the cell. */
void task_at_site(struct sim *s, void *ctx, uint32_t arg);
void task_at_cell(struct task *t);

/* A task that is all zero but for what every task has; NULL: the run fails. Whole tasks come from
 * their arrivals only; this is for the steps of a graph. */
struct task *task_new(struct run *run);
void task_free(struct task *t);

/* How a whole task ends; failure < 0: well. */
void task_finish(struct task *t, int failure);

/* Takes bytes from the handset to the site, or back: work and reach say what and where. Ends in
 * graph_step_ends. */
void task_send_up(struct task *t);
void task_send_down(struct task *t);

/* Where the time went of a task (or a step) that has ended well: what it sums to is exactly how
 * long it took. Adds to the sums. */
void task_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT]);

/* Serves the task, which is at its site, on the guest of that number. */
void task_serve(struct task *t, uint32_t guest);
/* It is decided upon anew and starts, locally or remotely. */
void task_start_again(struct task *t);
/* The link is not the task's any more. */
void task_left_link(struct pipes *p, struct task *t);
/* It has lost its guest, its host or its link: it is tried again, or has failed. */
void task_lost(struct task *t, enum failure why);

/* Asks for the radio, to move t->bits. */
void task_transfer(struct task *t, bool up);
/* Takes it from wherever it is on its way to the guest, or at it, so that it can start again. */
void task_withdraw(struct task *t);
/* Goes back from the site, `wait` ns from now, over t->reach. */
void task_way_back(struct task *t, sim_time wait);

/* Books time to a cause that few tasks have. */
void task_extra(struct task *t, enum task_extra what, int64_t ns);

static inline int64_t task_extra_ns(const struct task *t, enum task_extra what)
{
	return t->extras ? t->extras->ns[what] : 0;
}

/* Forgets all of it. */
void task_free_extras(struct task *t);

static inline const struct price *task_price(const struct task *t)
{
	return &t->host->kind->prices[t->price];
}

int64_t task_compute_ns(const struct task *t, double hz);

/* Where the task is served: its guest, or its backend. */
struct entity *task_entity(const struct task *t);

/* A task that has moved goes on in its phase; `bits` are left where that is a NIC's. */
void task_resume(struct task *t, double bits);

/* Of the time that a task has spent at its entity beyond its work, what the guest was stopped or
 * without its memory is no queueing. */
void task_unstall(struct task *t);

/* Takes the task out of the station of its host that it is at; returns what it needed there. Of one
 * that has moved (run_move.c): what it took on all its hosts, by cause; forgets it, if it
 * has. */
int64_t task_take_out(struct task *t);
void task_account_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT]);
void task_free_account(struct task *t);

/* A generator whose tasks come when earlier ones have ended: when the next one does. */
void task_next_arrival(struct run *run, struct generator *g, sim_time now);
/* The first arrival of a generator. */
void task_generator_start(struct run *run, uint32_t generator);

#endif
