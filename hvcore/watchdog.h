/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The watchdog of backends whose guest runs on the VMM's own thread: a timer signal that calls a
 * function when a deadline has passed, and again every few milliseconds until it is armed anew, so
 * that a signal that comes just before the guest is entered costs those and not for ever.
 */
#ifndef HVCORE_WATCHDOG_H
#define HVCORE_WATCHDOG_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hv_watchdog {
	void (*fire)(void *ctx); /* called in a signal handler: may only set flags */
	void *ctx;
	void *timer; /* timer_t */
	pid_t thread;
	bool exists;
	volatile bool due; /* it has fired since it was armed */
	uint64_t armed_ns;
};

/* The signal goes to the calling thread, which must also be the one that closes it, or
 * have ended by then. The structure
 * must stay where it is until then. Returns 0, or ERR_LIMIT or ERR_IO. */
int hv_watchdog_open(struct hv_watchdog *w, void (*fire)(void *ctx), void *ctx, struct err *e);
void hv_watchdog_close(struct hv_watchdog *w); /* of a zeroed one: nothing */

/* Interrupts a system call of that thread, without effect on the deadline; for any thread. */
void hv_watchdog_interrupt(const struct hv_watchdog *w);

/* Sets the deadline, a time of hv_clock_ns. Cheap when it is the one that was set before; then
 * returns false, else true, and no signal of the deadline before comes any more. */
bool hv_watchdog_arm(struct hv_watchdog *w, uint64_t deadline_ns);

#endif
