/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Careful hosts: those with a scheduler other than plain sharing, or whose guests migrate. Cores
 * are shared among all that have work each time something changes, at a cost in proportion to their
 * number, where plain hosts (run_host.c) need a comparison. Private to run_host*.c.
 */
#ifndef MODELS_RUN_HOST_CAREFUL_H
#define MODELS_RUN_HOST_CAREFUL_H

#include "models/run/run.h"

#define HOST_FULL_RATE 1e9 /* nanoseconds of work per second */

/* Makes what a careful host needs, after its entities. */
int host_careful_init(struct host *h, struct run *run, struct err *e);

/* The entity has work for `demand` of its virtual CPUs now. */
void host_careful_update(struct entity *x, uint32_t demand);

/* Shares the cores anew. */
void host_careful_share(struct host *h);

/* Taking turns (run_host_turns.c). */
int host_turns_init(struct host *h, struct run *run, struct err *e);
void host_turns_update(struct entity *x, uint32_t demand);

/* So many cores are busy. */
void host_set_busy(struct host *h, double cores);

/* What the host draws may have changed. */
void host_meter(struct host *h);

/* All entities of a host, by number. */
static inline struct entity *host_entity(struct host *h, uint32_t i)
{
	if (i < h->kind->guests)
		return &h->guests[i];
	i -= h->kind->guests;
	return i < h->backend_count ? &h->backends[i] : &h->manager;
}

#endif
