/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the guest `hostile` share. Private to that image.
 */
#ifndef HVCORE_GUEST_HOSTILE_H
#define HVCORE_GUEST_HOSTILE_H

#include "hvcore/guest/guest.h"

/* The exit status after a trick that the VMM merely refused. */
#define REFUSED 42

struct hostile_trick {
	const char *name;
	int (*run)(void); /* returns the exit status */
};

/* Those with the VMM's part of memory, and with what the trap backend's stub may do; each ended by
 * a NULL name. */
extern const struct hostile_trick hostile_tables[], hostile_stub[];

extern const struct hv_boot *hostile_boot;

/* Writes eight bytes at a virtual address. */
int hostile_write_at(uint64_t at);

#endif
