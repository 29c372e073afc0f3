/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Memory is sent in rounds while the guest runs; each sends what was written during the one before.
 * When that would take no longer than the downtime allowed, or it does not get less, the guest is
 * stopped for the last. Clark et al., "Live migration of virtual machines", NSDI 2005; the limits
 * on rounds and on the traffic are those of Xen. With a rate R, a constant dirty rate D < R and a
 * memory V, round i sends V (D / R)^i (Akoush et al., "Predicting the performance of virtual
 * machine migration", MASCOTS 2010). */
#include "models/site/migration.h"

struct pre_copy {
	double downtime_s, traffic;
	int64_t rounds;
};

static const struct key keys[] = {
	{.name = "downtime",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct pre_copy, downtime_s),
	 .unit = UNIT_TIME,
	 .max = 3600,
	 .def = "\"300 ms\"",
	 .help = "the guest is stopped when what is left takes no longer than this, at the rate of "
		 "the last round"},
	{.name = "rounds",
	 .type = KEY_INT,
	 .offset = offsetof(struct pre_copy, rounds),
	 .min = 1,
	 .max = 10000,
	 .def = "29",
	 .help = "after so many it is stopped in any case"},
	{.name = "traffic",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct pre_copy, traffic),
	 .min = 1,
	 .max = 10000,
	 .def = "3",
	 .help = "likewise after having sent the memory so many times"},
	{0},
};
static const struct key_object object = {
	.name = "migration_pre_copy",
	.keys = keys,
	.size = sizeof(struct pre_copy),
	.help = "memory is sent in rounds while the guest runs",
};

static enum migration_step next(const void *parameters, const struct migration_view *v)
{
	const struct pre_copy *p = parameters;
	bool over = v->left_bytes <= p->downtime_s * v->bytes_per_s ||
		    v->rounds >= (uint64_t)p->rounds ||
		    v->sent_bytes >= p->traffic * v->memory_bytes;
	return v->rounds > 0 && over ? MIGRATION_STOP : MIGRATION_COPY;
}

const struct migration_ops migration_pre_copy_ops = {
	.choice = {.name = "pre-copy",
		   .help = "memory in rounds while the guest runs, the last while it is stopped",
		   .parameters = &object,
		   .main_key = "downtime"},
	.next = next,
};
