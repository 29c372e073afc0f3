/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest goes on at the target at once; its memory is sent behind it, and a page that it touches
 * before is fetched while it waits. Every page is sent once. Hines, Deshpande and Gopalan,
 * "Post-copy live migration of virtual machines", SIGOPS OSR 43(3), 2009. While a share m of the
 * memory is missing, a second of computing touches so many pages, of which m are fetched: the guest
 * runs at 1 / (1 + m touches fault). */
#include "models/site/migration.h"

static const struct key keys[] = {
	{.name = "state",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct migration_fetch, state_bytes),
	 .unit = UNIT_SIZE,
	 .max = 1e15,
	 .def = "\"1 MiB\"",
	 .help = "registers and devices, sent while it is stopped"},
	{.name = "fault",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct migration_fetch, fault_s),
	 .unit = UNIT_TIME,
	 .max = 3600,
	 .def = "\"1 ms\"",
	 .help = "until a page that is not there has been fetched"},
	{.name = "touches",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct migration_fetch, touches),
	 .unit = UNIT_RATE,
	 .max = 1e12,
	 .def = "\"1000 /s\"",
	 .help = "pages touched in a second of computing, of which those that are missing are "
		 "fetched"},
	{0},
};
static const struct key_object object = {
	.name = "migration_post_copy",
	.keys = keys,
	.size = sizeof(struct migration_fetch),
	.help = "memory is sent after the guest",
};

static enum migration_step next(const void *parameters, const struct migration_view *v)
{
	(void)parameters;
	(void)v;
	return MIGRATION_FETCH;
}

static void fetch(const void *parameters, struct migration_fetch *f)
{
	*f = *(const struct migration_fetch *)parameters;
}

const struct migration_ops migration_post_copy_ops = {
	.choice = {.name = "post-copy",
		   .help = "the guest goes on at the target at once, and slower until its memory "
			   "has come",
		   .parameters = &object,
		   .main_key = "fault"},
	.next = next,
	.fetch = fetch,
};
