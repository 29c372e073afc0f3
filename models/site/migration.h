/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Live migration: what is done next with a guest that goes to another host. One file
 * migration_NAME.c each. The run (run_migrate.c) carries the steps out: bytes over links and NICs,
 * copying on both hosts, the guest stopped and on again.
 */
#ifndef MODELS_MIGRATION_H
#define MODELS_MIGRATION_H

#include "models/choice.h"

struct migration_view {
	double memory_bytes; /* of the guest, in use */
	double left_bytes;   /* never sent, or written to since */
	double last_bytes;   /* of the last round; 0 before the first */
	double sent_bytes;
	double bytes_per_s; /* at which the last round went; 0 before the first */
	uint32_t rounds;    /* done */
};

enum migration_step {
	MIGRATION_COPY, /* send what is left while the guest runs on, and see what it has written */
	MIGRATION_STOP, /* stop it, send what is left, and go on at the target */
	MIGRATION_FETCH /* stop it, send its state, go on at the target and send the rest then */
};

/* What going on without the memory costs. */
struct migration_fetch {
	double state_bytes; /* sent while it is stopped */
	double fault_s;	    /* a page that is not there yet */
	double touches;	    /* of pages, for each second of computing */
};

struct migration_ops {
	struct key_variant choice;
	enum migration_step (*next)(const void *parameters, const struct migration_view *view);
	void (*fetch)(const void *parameters, struct migration_fetch *fetch); /* of those that do */
};

extern const struct migration_ops *const migration_models[]; /* ended by NULL */

#endif
