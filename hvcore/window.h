/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The window (abi.h): virtual memory whose page table is the VMM's. The guest asks for each entry,
 * by a store that is an exit or by a hypercall for many; here it is looked at, and the backend puts
 * it into the table that the processor uses. Used by vm.c, under the machine's lock.
 */
#ifndef HVCORE_WINDOW_H
#define HVCORE_WINDOW_H

#include "hvcore/hv.h"

/* Whether this machine has one. */
bool hv_window_is_there(const struct hv_vm *vm);

/* An access of `size` bytes to the table at `offset` (below 4096). A store of anything but one
 * whole, acceptable entry changes nothing. Returns 0, or the host's failure. */
int hv_window_access(struct hv_vm *vm, uint64_t offset, uint32_t size, bool write, uint8_t *data,
		     struct err *e);

/* Takes as many entries as the guest says, or none of them. *done: whether it did. Returns 0, or
 * the host's failure. */
int hv_window_map(struct hv_vm *vm, const struct hv_call_map *call, bool *done, struct err *e);

#endif
