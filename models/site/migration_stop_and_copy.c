/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest is stopped, sent, and goes on: the least traffic and the longest downtime. */
#include "models/site/migration.h"

static enum migration_step next(const void *parameters, const struct migration_view *v)
{
	(void)parameters;
	(void)v;
	return MIGRATION_STOP;
}

const struct migration_ops migration_stop_and_copy_ops = {
	.choice = {.name = "stop-and-copy",
		   .help = "the guest is stopped while its memory is sent"},
	.next = next,
};
