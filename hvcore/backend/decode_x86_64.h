/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The instructions that a trap-and-emulate VMM meets: port I/O, the privileged ones, and the moves
 * that compilers make for memory-mapped registers. A pure function of the bytes; everything else is
 * unknown. Called by trap_x86_64.c.
 */
#ifndef HVCORE_DECODE_X86_64_H
#define HVCORE_DECODE_X86_64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hv_insn_kind {
	HV_INSN_UNKNOWN,
	HV_INSN_IN, /* al/ax/eax from a port */
	HV_INSN_OUT,
	HV_INSN_INS,  /* (rep) ins: to [rdi] */
	HV_INSN_OUTS, /* (rep) outs: from [rsi] */
	HV_INSN_HLT,
	HV_INSN_CLI,
	HV_INSN_STI,
	HV_INSN_READ_CR, /* reg <- control register `index` */
	HV_INSN_WRITE_CR,
	HV_INSN_CLTS,
	HV_INSN_INVLPG,
	HV_INSN_WBINVD,
	HV_INSN_LOAD,  /* reg <- memory, zero-extended to `reg_bytes` */
	HV_INSN_STORE, /* memory <- reg */
	HV_INSN_STORE_IMM,
};

struct hv_insn {
	enum hv_insn_kind kind;
	uint8_t length;	   /* bytes of the whole instruction */
	uint8_t size;	   /* bytes of the access: 1, 2, 4 or 8 */
	uint8_t reg;	   /* 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, ... 15, as encoded */
	uint8_t reg_bytes; /* LOAD: width of the register written (4 clears the upper half) */
	bool high_byte;	   /* reg means ah, ch, dh or bh */
	uint8_t index;	   /* control register */
	bool rep;
	bool port_in_dx;
	uint8_t port; /* when not in dx */
	uint64_t immediate;
};

/* Decodes one instruction in 64-bit mode from at most `available` bytes (15 are always enough).
 * Unknown or cut-off instructions have kind HV_INSN_UNKNOWN. */
struct hv_insn hv_decode(const uint8_t *bytes, size_t available);

#endif
