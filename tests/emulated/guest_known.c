/* SPDX-License-Identifier: GPL-2.0-or-later
 * A guest whose operation is a known number of instructions: work of KNOWN_SHORT or KNOWN_LONG (in
 * known.h) per iteration, timed by the guest's TSC as the probes are. */
#include "hvcore/guest/guest.h"
#include "tests/emulated/known.h"

static volatile struct hv_call_yield work;

int guest_main(const struct hv_boot *boot)
{
	if (boot->magic != HV_BOOT_MAGIC)
		return 1;
	for (;;) {
		hypercall(HV_CALL_YIELD, &work);
		if (work.op == HV_OP_STOP)
			return 0;
		uint64_t start = ticks();
		if (work.arg == KNOWN_SHORT)
			known_short(work.iterations);
		else
			known_long(work.iterations);
		work.ticks = ticks() - start;
	}
}
