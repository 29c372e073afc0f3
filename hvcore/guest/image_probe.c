/* SPDX-License-Identifier: GPL-2.0-or-later
 * The guest of the probes: takes work from the VMM, does it as often as asked between two readings
 * of the TSC, and hands the ticks back. Operations are in probe/, a table per file; HV_OP_EMPTY is
 * the loop of most of them without the operation. */
#include "hvcore/guest/probe_ops.h"

volatile struct hv_call_yield work;

static void (*ops[HV_OP_COUNT])(uint64_t n);

static void collect(void)
{
	static const struct probe_op *const groups[] = {probe_cpu_ops,	 probe_memory_ops,
							probe_block_ops, probe_packet_ops,
							probe_queue_ops, probe_event_ops};
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (const struct probe_op *p = groups[i]; p->op; p++)
			ops[p->op] = p->run;
}

int guest_main(const struct hv_boot *boot)
{
	if (boot->magic != HV_BOOT_MAGIC)
		return 1;
	collect();
	for (;;) {
		hypercall(HV_CALL_YIELD, &work);
		uint32_t op = work.op;
		if (op == HV_OP_STOP)
			return 0;
		work.failed = op >= HV_OP_COUNT || !ops[op] || work.blocks > HV_BLOCKS_MAX ||
			      work.depth > HV_DEPTH_MAX;
		if (work.failed)
			continue;
		uint64_t start = ticks();
		ops[op](work.iterations);
		work.ticks = ticks() - start;
	}
}
