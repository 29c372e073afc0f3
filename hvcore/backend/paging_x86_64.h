/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The page tables with which a guest starts where the backend gives it a virtual MMU (kvm and
 * emulator), and where in the VMM's part of guest memory they lie.
 */
#ifndef HVCORE_PAGING_X86_64_H
#define HVCORE_PAGING_X86_64_H

#include "hvcore/hv.h"

/* First page that the tables leave free below HV_BOOT_GPA. */
#define HV_PAGING_END 0x8000u

/* The window's page table, which may lie anywhere below HV_BOOT_GPA that the backend leaves free.
 */
#define HV_PAGING_WINDOW 0xe000u

/* Maps the lowest 4 GiB to themselves, in 2 MiB pages but for the first 2 MiB. Of the lowest
 * 64 KiB nothing is for CPL3; CPL0 may read what lies from HV_PAGING_END on, and no more. An
 * address without memory behind it so becomes an access to the bus, with its address, instead of a
 * page fault. Returns the value for CR3. */
uint64_t hv_paging_build(struct hv_mem *mem, unsigned cpl);

/* Puts an entry of the window (abi.h) into its table, which with the first one becomes part of
 * those above. Returns the entry before, whose HV_PAGING_USED says that a processor may still know
 * it. */
#define HV_PAGING_USED 0x20u
uint64_t hv_paging_put(struct hv_mem *mem, unsigned index, uint64_t entry);

#endif
