/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the bare guest finds out about where it runs, and how it ends.
 */
#ifndef HVCORE_BARE_MACHINE_H
#define HVCORE_BARE_MACHINE_H

#include <stdint.h>

/* Prints what CPUID says: processor, vendor, hypervisor. */
void machine_print(void);

/* Ticks of the TSC per second, and in *how where that is from: the hypervisor's CPUID leaves, the
 * processor's, or the PC's timer. 0 where none of them is there. */
uint64_t machine_tsc_hz(const char **how);

/* Lets an interrupt at vector MACHINE_WATCH end what runs, unless machine_unwatch comes within 0.1
 * s (where the local APIC's timer counts at 1 GHz; elsewhere it is later). Where that timer cannot
 * be had nothing watches. */
#define MACHINE_WATCH 32
void machine_watch(void);
void machine_unwatch(void);

/* Switches off, by whichever of a PC's ways works. */
_Noreturn void machine_off(void);

#endif
