/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which core a thread runs on. Used by probes whose result depends on it.
 */
#ifndef HVCORE_PIN_H
#define HVCORE_PIN_H

#include "sim/base/err.h"

#include <pthread.h>
#include <sched.h>

/* Two cores that this process may use: *a, and *b on another physical core where there is one (else
 * another hardware thread of the same). Returns 0; ERR_UNSUPPORTED with only one core, and then
 * *a == *b. */
int hv_pin_choose(int *a, int *b, struct err *e);

/* Puts the calling thread on one core; `before` (may be NULL) gets what it was allowed until now.
 */
int hv_pin(int core, cpu_set_t *before, struct err *e);

/* The same for another thread of this process, for good. */
int hv_pin_thread(pthread_t thread, int core, struct err *e);

/* Gives the calling thread its cores back. */
void hv_unpin(const cpu_set_t *before);

#endif
