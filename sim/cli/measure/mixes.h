/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Task mixes: how many operations of each kind a task has, for `mcvsim validate`, which runs them
 * for real and predicts them. From a file, shipped or the user's, or drawn at random.
 */
#ifndef SIM_CLI_MEASURE_MIXES_H
#define SIM_CLI_MEASURE_MIXES_H

#include "models/platform/op.h"
#include "sim/base/keys.h"

/* The kinds: what `hvcore mix` calls them, the limit of one task, what one of them is. */
#define MIX_LIST(X)                                                                                \
	X(COMPUTE, "compute", 4000, "units of integer work, of a microsecond or so each")          \
	X(SYSCALL, "syscall", 4000, "calls that do nothing: system calls, or hypercalls")          \
	X(PAGE_TOUCH, "page_touch", 512, "first touches of pages that the host must provide")      \
	X(PAGE_RELEASE, "page_release", 512, "pages given back; at most as many as are touched")   \
	X(BLK_READ, "blk_read", 512, "blocks of 4 KiB read")                                       \
	X(BLK_WRITE, "blk_write", 512, "blocks of 4 KiB written")                                  \
	X(NET_TX, "net_tx", 64, "packets of 1500 bytes sent")

enum mix_kind {
#define MIX_ENUM(id, name, limit, help) MIX_##id,
	MIX_LIST(MIX_ENUM)
#undef MIX_ENUM
		MIX_KINDS
};
extern const char *const mix_kind_names[MIX_KINDS];

struct mix {
	const char *name;
	int64_t count[MIX_KINDS];
};

struct mixes {
	const char *description;
	uint64_t seed;	      /* of the order of operations */
	struct key_list list; /* of struct mix */
};

extern const struct key_object mixes_object;

/* Reads a file of mixes. Strings live in the arena. Returns 0, ERR_INVALID with every mistake in
 * diags, or another code with *e filled. */
int mixes_load(struct mixes *mixes, const char *path, struct arena *arena, struct diag_list *diags,
	       struct err *e);

/* `count` mixes drawn at random, between computing alone and I/O alone; the same for the same seed.
 * Returns 0 or ERR_NOMEM. */
int mixes_random(struct mixes *mixes, size_t count, uint64_t seed, struct arena *arena);

/* What a task of the mix asks of a platform. compute_ns: what a unit of computing takes natively.
 */
void mix_load(const struct mix *mix, double compute_ns, struct op_load *load);

#endif
