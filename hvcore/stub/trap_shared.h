/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The page that the trap backend shares with the process in which its guest runs. Included by the
 * VMM (backend_trap.c) and by the freestanding stub in the guest's process. The guest can reach
 * this page and write anything into it at any time: the VMM copies, checks, and believes nothing.
 */
#ifndef HVCORE_STUB_TRAP_SHARED_H
#define HVCORE_STUB_TRAP_SHARED_H

#include <stdint.h>

#include "hvcore/abi.h"

/* Descriptors that the stub finds open when it starts; it closes them and all others, but for the
 * guest's memory where the machine has a window. */
enum { TRAP_FD_MEMORY = 3, TRAP_FD_SHARED = 4, TRAP_FD_STUB = 5, TRAP_FD_END = 6 };

/* Where the stub is linked to: far from anything a guest has. Code in the first 64 KiB of it may
 * make the two system calls that the stub needs. */
#define TRAP_STUB_BASE	     0x600000000000
#define TRAP_STUB_CODE_BYTES 0x10000

/* The signal by which the VMM stops a running guest (SIGUSR1). */
#define TRAP_KICK 10

/* What the stub says instead of a signal when the kernel did not change the window. */
#define TRAP_NOT_MAPPED 0

enum trap_turn { TRAP_TURN_VMM, TRAP_TURN_GUEST };

/* Registers in the order of the kernel's struct sigcontext. */
enum trap_reg {
	TRAP_R8,
	TRAP_R9,
	TRAP_R10,
	TRAP_R11,
	TRAP_R12,
	TRAP_R13,
	TRAP_R14,
	TRAP_R15,
	TRAP_RDI,
	TRAP_RSI,
	TRAP_RBP,
	TRAP_RBX,
	TRAP_RDX,
	TRAP_RAX,
	TRAP_RCX,
	TRAP_RSP,
	TRAP_RIP,
	TRAP_EFLAGS,
	TRAP_REGS, /* those that travel back */
	TRAP_CSGSFS = TRAP_REGS,
	TRAP_ERR,
	TRAP_TRAPNO,
	TRAP_OLDMASK,
	TRAP_CR2,
	TRAP_ALL_REGS
};

/* Neighbouring pages of the window that the stub maps to neighbouring pages of the guest's memory,
 * or takes away. */
enum { TRAP_MAP_READ = 1, TRAP_MAP_WRITE = 2 };
struct trap_map {
	uint32_t first, count; /* pages of the window */
	uint32_t gpa;	       /* of the first page there */
	uint32_t access;       /* 0: taken away */
};

struct trap_shared {
	uint32_t turn;	 /* enum trap_turn; a futex */
	uint32_t signal; /* that stopped the guest */
	uint64_t mem_bytes;
	uint64_t regs[TRAP_ALL_REGS];
	uint32_t window; /* not 0: the machine has one; set before the stub starts */
	uint32_t maps;	 /* how many of `map` the stub carries out before the guest goes on */
	struct trap_map map[HV_WINDOW_PAGES];
};

#endif
