/* SPDX-License-Identifier: GPL-2.0-or-later
 * Work on memory that the VMM has prepared. Goes on where it stopped. */
#include "hvcore/guest/drivers.h"
#include "hvcore/probe/walk.h"

uint64_t guest_walk(uint64_t links, uint64_t n)
{
	static uint32_t at;
	at = hv_walk((const struct hv_link *)(uintptr_t)links, at, n);
	return at;
}

uint64_t guest_triad(uint64_t arrays, uint64_t n)
{
	static uint64_t done;
	hv_triad((uint64_t *)(uintptr_t)arrays, done, n);
	return done += n;
}
