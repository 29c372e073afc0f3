/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * System call allow-lists: tables with a reason per call, loaded as a seccomp filter through
 * libseccomp. The container backend loads one in its guest; a VMM process may load its own after
 * set-up.
 */
#ifndef HVCORE_ALLOW_H
#define HVCORE_ALLOW_H

#include "sim/base/err.h"

struct hv_allow {
	const char *call; /* as libseccomp names it; one that this architecture lacks is skipped */
	const char *why;
	unsigned long
		forbidden_bits; /* refused when its first argument has any of these; 0: none */
	int answer;		/* not allowed but answered with this errno, for a libc that then
				 * falls back on another call; 0: allowed */
};

enum hv_allow_else {
	HV_ALLOW_ELSE_EPERM, /* what is not on the list fails with EPERM */
	HV_ALLOW_ELSE_KILL,  /* ... ends the process with SIGSYS */
};

/* Forbids the calling thread (and what it starts) every call that is not in `table` (ended by a
 * NULL call). Sets no_new_privs first, without which an unprivileged process may not filter.
 * Irrevocable. Returns the number of calls allowed, or ERR_UNSUPPORTED when the kernel has no
 * seccomp filters. */
int hv_allow_load(const struct hv_allow *table, enum hv_allow_else otherwise, struct err *e);

/* What a program inside a container may call: files, memory, threads, signals, time, sockets,
 * processes. No mounting, no kernel modules, no tracing, no keyrings, no new namespaces. */
extern const struct hv_allow hv_allow_container[];

#endif
