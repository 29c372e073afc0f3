/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two clocks: the host's (CLOCK_MONOTONIC_RAW) and the processor's time-stamp counter, which
 * the guest reads too. Called by the measuring method and by watchdogs.
 */
#ifndef HVCORE_CLOCK_H
#define HVCORE_CLOCK_H

#include "sim/base/err.h"

#include <stdint.h>

/* Nanoseconds since some fixed moment. */
uint64_t hv_clock_ns(void);

/* The processor's counter (x86: TSC, aarch64: CNTVCT_EL0). */
uint64_t hv_ticks(void);

/* Ticks per nanosecond, from counting both clocks over `window_ns` (20 ms gives about 10 ppm).
 * Returns 0, or ERR_UNSUPPORTED where the counter does not run steadily. */
int hv_ticks_rate(uint64_t window_ns, double *ticks_per_ns, struct err *e);

/* Burns `ns` of CPU time on the calling thread. */
void hv_spin_ns(uint64_t ns);

#endif
