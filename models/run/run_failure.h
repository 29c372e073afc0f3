/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures and repairs of hosts and links, at random times or by schedule. A host that fails loses
 * its guests, and these their tasks; repaired, it boots those that ran from the start. A link that
 * fails stops; what passes it waits or is lost, as its document says. Private to run_*.c.
 */
#ifndef MODELS_RUN_FAILURE_H
#define MODELS_RUN_FAILURE_H

#include "models/run/run_guest.h"

/* Schedules the failures of a region's hosts and links. After all sites. Returns 0 or ERR_NOMEM. */
int failures_start(struct run *run, const struct region *region, struct err *e);

/* Whether the task, which has lost its host or link, will be tried again; if so it lives on. */
bool task_tries_again(struct task *t, enum failure why);

#endif
