/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What differs between architectures in backend_trap.c: the meaning of a trapped instruction.
 * Private to that backend; one file trap_ARCHITECTURE.c each.
 */
#ifndef HVCORE_TRAP_ARCH_H
#define HVCORE_TRAP_ARCH_H

#include "hvcore/hv.h"
#include "hvcore/stub/trap_shared.h"

#define TRAP_BUFFER_BYTES 4096

/* The virtual CPU as the VMM knows it: registers as of the last trap, the state that only a
 * privileged guest would see, and the I/O instruction in progress. Nothing here is in the guest's
 * reach. */
struct hv_trap_cpu {
	uint64_t regs[TRAP_ALL_REGS];
	uint32_t signal;
	uint64_t cr[16];
	bool interrupts;   /* the virtual IF */
	uint64_t handler;  /* of interrupts; 0: none */
	bool irq;	   /* an interrupt is pending */
	uint64_t emulated; /* privileged instructions carried out so far */

	/* An `in`, `ins` or load whose value is still to be delivered. */
	enum { TRAP_NOTHING, TRAP_TO_REGISTER, TRAP_TO_MEMORY } pending;
	uint8_t pending_reg, pending_bytes, pending_reg_bytes;
	bool pending_high_byte;
	uint64_t pending_gpa;
	uint32_t pending_count;
	uint8_t buffer[TRAP_BUFFER_BYTES];
};

int hv_trap_arch_available(struct err *e);

/* The program for the guest's process. */
const void *hv_trap_arch_stub(size_t *bytes);

/* The state in which a guest starts. */
void hv_trap_arch_start(struct hv_trap_cpu *cpu, hv_gpa entry);

/* What the trap in cpu->regs and cpu->signal means. Returns true with *x filled when the VMM must
 * act, false when the instruction was carried out here and the guest can go on. */
bool hv_trap_arch_translate(struct hv_trap_cpu *cpu, const struct hv_mem *mem, struct hv_exit *x);

/* Whether a guest's process can return from an interrupt here: 0, or ERR_UNSUPPORTED and why not.
 */
int hv_trap_arch_interruptible(struct err *e);

/* Delivers a pending interrupt: a frame on the guest's stack, and on to the handler. Returns false
 * when the guest's stack is no place for a frame. */
bool hv_trap_arch_interrupt(struct hv_trap_cpu *cpu, const struct hv_mem *mem);

/* Delivers what the VMM put into cpu->buffer. */
void hv_trap_arch_complete(struct hv_trap_cpu *cpu, const struct hv_mem *mem);

#endif
