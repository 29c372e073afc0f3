/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Loops whose length in instructions is known, for guest and host alike: where a clock counts
 * instructions, the instrument must find these numbers again.
 */
#ifndef TESTS_EMULATED_KNOWN_H
#define TESTS_EMULATED_KNOWN_H

#include <stdint.h>

/* Instructions per iteration, the two of the loop itself among them. */
#define KNOWN_SHORT 10
#define KNOWN_LONG  100

static inline void known_short(uint64_t n)
{
	__asm__ volatile("1: .rept 8; nop; .endr; dec %0; jnz 1b" : "+r"(n) : : "cc");
}

static inline void known_long(uint64_t n)
{
	__asm__ volatile("1: .rept 98; nop; .endr; dec %0; jnz 1b" : "+r"(n) : : "cc");
}

#endif
