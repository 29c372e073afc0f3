/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Giving up rights: system call allow-lists, which are tables with a reason per call, loaded as a
 * seccomp filter through libseccomp, and capabilities. The container backend gives them up in its
 * guest, the VMM after set-up (sandbox.h).
 */
#ifndef HVCORE_ALLOW_H
#define HVCORE_ALLOW_H

#include "sim/base/err.h"

#include <sys/types.h>

/* What the first argument must be. */
enum hv_allow_first {
	HV_ALLOW_FIRST_ANY,
	HV_ALLOW_FIRST_SELF, /* this process's id */
	HV_ALLOW_FIRST_PEER, /* the id that the loader was given */
};

struct hv_allow {
	const char *call; /* as libseccomp names it; one that this architecture lacks is skipped */
	const char *why;
	unsigned long forbidden_bits; /* refused when an argument has any of these; 0: none */
	unsigned forbidden_arg;	      /* which: 0 is the first */
	enum hv_allow_first first;
	unsigned long second; /* allowed only with this as second argument; 0: any */
	int answer;	      /* not allowed but answered with this errno, for a libc that then
			       * falls back on another call; 0: allowed */
};

enum hv_allow_else {
	HV_ALLOW_ELSE_EPERM, /* what is not on the list fails with EPERM */
	HV_ALLOW_ELSE_KILL,  /* ... ends the process with SIGSYS */
};

/* Forbids the calling process (and what it starts) every call that is not in `tables`, which a NULL
 * ends, as a NULL call ends each. `peer`: for HV_ALLOW_FIRST_PEER, 0 where there is none (then such
 * rows are left out). Sets no_new_privs first, without which an unprivileged process may not
 * filter. Irrevocable. Returns the number of rows allowed, or ERR_UNSUPPORTED when the kernel has
 * no seccomp filters. */
int hv_allow_load(const struct hv_allow *const *tables, pid_t peer, enum hv_allow_else otherwise,
		  struct err *e);

/* Drops all capabilities from every set of the calling thread. Returns 0 or the negative errno with
 * which the kernel refused, which it does nobody but root. */
int hv_capabilities_drop(void);

/* What a program inside a container may call: files, memory, threads, signals, time, sockets,
 * processes. No mounting, no kernel modules, no tracing, no keyrings, no new namespaces. */
extern const struct hv_allow hv_allow_container[];

#endif
