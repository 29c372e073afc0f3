/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lost time: how much of a stretch of time somebody else had the core, be it another thread (the
 * scheduler gave it away) or another machine (the hypervisor below stole it). Used around every
 * batch, where its work runs.
 *
 * The clock on the wall goes on meanwhile and the thread's CPU clock does not: Linux takes out of
 * it what the hypervisor reports as stolen (CONFIG_PARAVIRT_TIME_ACCOUNTING; a kernel without it,
 * or a hypervisor that reports nothing, shows the scheduler's part only). A neighbour that shares
 * the physical core slows it down without taking it, and is not seen here.
 */
#ifndef HVCORE_LOST_H
#define HVCORE_LOST_H

#include <stdint.h>
#include <sys/types.h>

struct hv_lost {
	uint64_t wall_ns, cpu_ns;
	long sleeps, preemptions;
	pid_t peer;
};

/* Begins a stretch of the calling thread. `peer`: a process that does the rest of the work, on the
 * same core, while this thread waits for it; 0: there is none. */
void hv_lost_begin(struct hv_lost *l, pid_t peer);

/* Nanoseconds lost since. 0 where the thread slept and nobody pushed it off its core; NAN where it
 * slept and somebody did: then nobody can tell how much. */
double hv_lost_end(const struct hv_lost *l);

#endif
