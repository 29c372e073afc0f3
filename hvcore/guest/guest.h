/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every guest program has: hypercalls, port and memory access, and text for the console. No
 * libc, no interrupts; runs at CPL0, at CPL3 or deprivileged in a process without knowing which.
 */
#ifndef HVCORE_GUEST_GUEST_H
#define HVCORE_GUEST_GUEST_H

#include "hvcore/abi.h"

#include <stddef.h>

/* A guest program is this function; what it returns is its exit status. */
int guest_main(const struct hv_boot *boot);

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* n 16-bit words from a port. */
static inline void in16_string(uint16_t port, void *to, uint64_t n)
{
	__asm__ volatile("rep insw" : "+D"(to), "+c"(n) : "d"(port) : "memory");
}

/* The same to a port. */
static inline void out16_string(uint16_t port, const void *from, uint64_t n)
{
	__asm__ volatile("rep outsw" : "+S"(from), "+c"(n) : "d"(port) : "memory");
}

static inline uint64_t ticks(void)
{
	uint32_t low, high;
	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint32_t gpa_of(const volatile void *p)
{
	return (uint32_t)(uintptr_t)p; /* virtual is physical */
}

#ifdef HV_BARE
/* Without a VMM of ours underneath (hvcore/bare), a function of the image's own answers. */
void hypercall(enum hv_call number, volatile void *block);
#else
static inline void hypercall(enum hv_call number, volatile void *block)
{
	out32((uint16_t)(HV_CALL_PORT + number), gpa_of(block));
}
#endif

/* All of a hypercall that is the guest's own, without the exit: the block must be in its memory. */
static inline void hypercall_pretend(volatile void *block)
{
	__asm__ volatile("" : : "r"(gpa_of(block)) : "memory");
}

/* Asks for interrupts, which from then on only count up in guest_interrupts, on whichever processor
 * they come. */
extern volatile uint64_t guest_interrupts;
void guest_take_interrupts(void);

/* The registers of the local APIC, once interrupts have been asked for; 0: there is none. */
extern uint32_t guest_apic;

/* Lets another processor run `function(cpu)`, after which it is off again and can be started anew.
 * Returns 0, or 1 when there is none such or it is not off. */
int guest_cpu_start(uint32_t cpu, void (*function)(uint32_t cpu));

/* Until an interrupt has come, but not when guest_interrupts is not `seen` any more; may return
 * without. At CPL0 by hlt, else by HV_CALL_WAIT. */
void guest_halt(uint64_t seen);

/* Compilers may call these on their own, also in freestanding code. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

/* Console. */
void guest_puts(const char *text);
void guest_put_hex(uint64_t value);

#endif
