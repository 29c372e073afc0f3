/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a change of cells does to the tasks of a handset. Private to models/run.
 */
#ifndef MODELS_RUN_HANDOVER_H
#define MODELS_RUN_HANDOVER_H

#include "models/run/run.h"

/* A task of a handset that moves, or a step of one, is sent up or down; it ends. */
void handover_task_sent(struct task *t, bool up);
void handover_task_ended(struct task *t);

/* The handset has come into a cell: from another one, or from where there is none. It is where
 * there is none. The interruption of a handover is over. */
void handover_changed(struct run *run, struct handset *h);
void handover_regained(struct run *run, struct handset *h);
void handover_lost(struct run *run, struct handset *h);
void handover_over(struct run *run, struct handset *h);

/* Whether the handset's radio cannot move the task now: then it is held, or fails. Before it asks
 * for the radio; when the radio is ready. */
bool handover_without_cell(struct task *t);
bool handover_holds(struct task *t, bool up);

/* The task is up; leaves its site in `wait` ns; has come back to a cell. True: it is being
 * forwarded first. */
bool handover_forwards_up(struct task *t);
bool handover_forwards_back(struct task *t, sim_time wait);
bool handover_forwards_cell(struct task *t);
/* A link has passed it on. */
void handover_forward_passed(struct task *t);

/* A guest begins to serve it, perhaps at a site that its handset's cell does not reach any more. */
void handover_task_served(struct task *t);

#endif
