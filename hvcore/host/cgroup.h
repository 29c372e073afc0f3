/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A control group of one's own below the caller's, on whatever this host has: version 2 where it
 * holds the controllers, else one group in each version 1 hierarchy that matters. Used by
 * container.c; knows nothing of namespaces.
 */
#ifndef HVCORE_CGROUP_H
#define HVCORE_CGROUP_H

#include "sim/base/err.h"

#include <stdint.h>
#include <sys/types.h>

#define HV_CGROUP_PATHS 4

struct hv_cgroup {
	int version; /* 1 or 2; 0: none */
	int count;   /* groups made: one on version 2, one per hierarchy on version 1 */
	char path[HV_CGROUP_PATHS][256];
	char limits[96]; /* which limits hold, as "memory pids"; empty: none could be set */
};

struct hv_cgroup_limits {
	uint64_t memory_bytes; /* 0: none */
	uint64_t pids;	       /* 0: none */
};

/* What the host has: 2, 1, or 0 with the reason in *e. */
int hv_cgroup_version(struct err *e);

/* Makes the group `name` and sets the limits that can be set. 0, or a negative code when no group
 * could be made anywhere (ERR_DENIED: the hierarchy is not delegated to this user); nothing is left
 * behind then. */
int hv_cgroup_create(struct hv_cgroup *g, const char *name, const struct hv_cgroup_limits *limits,
		     struct err *e);

/* Removes groups named "<prefix><pid>-..." whose process is gone: a killed program cannot remove
 * its own. Groups that still hold processes stay. */
void hv_cgroup_sweep(const char *prefix);

/* Moves a process in. */
int hv_cgroup_add(const struct hv_cgroup *g, pid_t pid, struct err *e);

/* Moves a process from this group, which was made below its own, back to where it was. */
int hv_cgroup_leave(const struct hv_cgroup *g, pid_t pid, struct err *e);

/* The kernel's memory that is charged to the group and those below it, in bytes. ERR_UNSUPPORTED
 * where the group has no memory controller or that does not tell. */
int hv_cgroup_kernel_bytes(const struct hv_cgroup *g, uint64_t *bytes, struct err *e);

/* Removes the group; its processes must have been reaped. Waits up to a second for the kernel to
 * let go of them. Fails with ERR_BUSY when it does not; calling again is allowed. */
int hv_cgroup_destroy(struct hv_cgroup *g, struct err *e);

#endif
