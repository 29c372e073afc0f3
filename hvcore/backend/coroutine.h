/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A function with a stack of its own that can stop in the middle and be gone on with later, on the
 * same thread. The emulator backend needs one: its library calls back out of the guest's
 * instruction, while a backend's `step` must return to the VMM and be called again.
 */
#ifndef HVCORE_COROUTINE_H
#define HVCORE_COROUTINE_H

#include "sim/base/err.h"

#include <stddef.h>

struct hv_coroutine;

/* Makes one that will run function(ctx) at its first resume. `stack_bytes` is rounded up to pages;
 * below the stack lies a page that faults. On failure *out is NULL: ERR_NOMEM. */
int hv_coroutine_open(struct hv_coroutine **out, void (*function)(void *ctx), void *ctx,
		      size_t stack_bytes, struct err *e);

/* Runs it until it suspends itself or its function returns; after that it must not be resumed. */
void hv_coroutine_resume(struct hv_coroutine *c);

/* From inside: back to the one who resumed. */
void hv_coroutine_suspend(struct hv_coroutine *c);

/* Frees the stack; what the function still holds is lost, so let it return before. NULL is fine. */
void hv_coroutine_close(struct hv_coroutine *c);

#endif
