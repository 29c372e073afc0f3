/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What differs between architectures in backend_emulator.c. Private to that backend; one file
 * emulator_ARCHITECTURE.c each.
 */
#ifndef HVCORE_EMULATOR_ARCH_H
#define HVCORE_EMULATOR_ARCH_H

#include "hvcore/backend/coroutine.h"
#include "hvcore/hv.h"
#include "hvcore/backend/unicorn_library.h"
#include "hvcore/watchdog.h"

#define HV_EMULATOR_NO_EXCEPTION (-1)

/* A machine as the library knows it, and the guest's progress: the library runs in a coroutine, so
 * that a step of the VMM ends inside the callback of an I/O instruction and the next goes on there.
 */
struct hv_emulator {
	struct hv_unicorn library;
	uc_engine *uc;
	struct hv_coroutine *guest;
	struct hv_watchdog watchdog;
	struct hv_exit *exit; /* of the step in progress */
	hv_gpa bus;	      /* first address without memory behind it */
	uint8_t data[8];      /* of the access in progress */
	int exception;	      /* the one that stopped the guest; or none */
	uint64_t missing;     /* address where the last refused access wanted memory */
	uint64_t handler;     /* of interrupts; 0: none */
	bool irq;	      /* an interrupt is pending */
	const struct hv_mem *mem;
	bool ended;   /* the coroutine is not to be resumed again */
	bool closing; /* accesses are no longer carried out */
	/* Shared with the watchdog's signal handler. */
	volatile bool inside, stopped;
};

/* Hands em->exit, filled, to the VMM and waits for the next step. Called on the coroutine. */
void hv_emulator_exit(struct hv_emulator *em);

/* Writes the state in which a guest starts (long mode, paging on, kernel privilege) and hooks the
 * port instructions and exceptions. */
int hv_emulator_arch_start(struct hv_emulator *em, struct hv_mem *mem, hv_gpa entry, struct err *e);

uint64_t hv_emulator_arch_pc(struct hv_emulator *em);

/* Whether the guest takes an interrupt before the instruction at `pc`, its next. */
bool hv_emulator_arch_interruptible(struct hv_emulator *em, uint64_t pc);

/* Delivers an interrupt to the guest, which is stopped: a frame on its stack, and on to the
 * handler. Returns false when the guest's stack is no place for a frame. */
bool hv_emulator_arch_interrupt(struct hv_emulator *em);

/* Why the guest that `error` stopped cannot go on: fills kind and text. */
void hv_emulator_arch_translate(struct hv_emulator *em, uc_err error, struct hv_exit *x);

/* The library's modes for uc_open. */
extern const uc_arch hv_emulator_arch;
extern const uc_mode hv_emulator_mode;

#endif
