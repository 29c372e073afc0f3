/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Live migration: a guest goes to a free place of another host, of its site or of one that the
 * site's `migration` leads to, while it serves tasks. Its memory takes the links between the sites
 * and both hosts' NICs, beside what else passes there, and both hosts copy it. Where a guest is to
 * go and in what steps is decided elsewhere (models/site/balance.h, migration.h).
 */
#ifndef MODELS_RUN_MIGRATE_H
#define MODELS_RUN_MIGRATE_H

#include "models/run/run_guest.h"

/* Begins to migrate a running guest. Returns false, with nothing changed, when it is not running or
 * on its way already, no path leads there, or the host has no room. */
bool migrate_begin(struct guest *g, struct site_state *to_site, uint32_t to_host);

/* The guest, on its way, loses one of its hosts, or a link: the migration ends, and where it still
 * can the guest goes on at the host that it comes from. Returns whether it can; if not, it is the
 * caller's to close. `lost`: the end that is gone, or NULL when it is only a link. */
bool migrate_abort(struct guest *g, const struct guest *lost);

/* A guest whose memory is still coming from the host; one on its way over the link. NULL: none. */
struct guest *migrate_fetching_from(const struct run *run, const struct host *h);
struct guest *migrate_using(const struct run *run, uint32_t link);

/* Schedules what the site's document says. After all sites. */
void migrate_start(struct run *run, struct site_state *site);

/* Moves the task, which its guest serves, to another guest: out of the stations of the one host
 * into those of the other, with the same share of its work left to do. (run_move.c) */
void task_move(struct task *t, struct guest *to);

#endif
