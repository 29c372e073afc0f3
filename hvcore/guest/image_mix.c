/* SPDX-License-Identifier: GPL-2.0-or-later
 * The guest of the task mixes: operations in the order that the VMM has written into its memory,
 * through register-programmed devices or rings. */
#include "hvcore/probe/compute.h"
#include "hvcore/guest/drivers.h"
#include "hvcore/probe/mix_loop.h"

static uint8_t block[HV_BLOCK_BYTES] __attribute__((aligned(4096)));
static uint8_t packet[HV_PACKET_BYTES] __attribute__((aligned(16)));
#define SECTORS (HV_BLOCK_BYTES / 512)

/* Each on a page of its own: an emulator's table of translated code (libunicorn: 64 entries for the
 * code of a page) forgets one piece for another, and which ones meet would be the linker's choice.
 */
#define PAGE __attribute__((aligned(4096)))
#define STEP static PAGE int

STEP step_none(struct hv_mix_run *run)
{
	(void)run;
	return 0;
}

STEP step_compute(struct hv_mix_run *run)
{
	run->x = hv_compute(run->x);
	return 0;
}

STEP step_syscall(struct hv_mix_run *run)
{
	volatile struct hv_call_nop call = {.value = (uint32_t)run->task};
	hypercall(HV_CALL_NOP, &call);
	return call.answer != call.value + 1;
}

static uint64_t page_at(uint64_t i)
{
	return HV_MIX_PAGES_GPA + i % HV_MIX_PAGES * HV_TOUCH_STRIDE;
}

STEP step_touch(struct hv_mix_run *run)
{
	volatile uint64_t *page = (volatile uint64_t *)page_at(run->touched);
	*page = ++run->touched;
	return 0;
}

STEP step_release(struct hv_mix_run *run)
{
	volatile struct hv_call_release call = {.gpa = (uint32_t)page_at(run->released++),
						.bytes = 4096};
	hypercall(HV_CALL_RELEASE, &call);
	return call.failed != 0;
}

/* Data goes by the disk's own access to memory, as every driver of today has it. */
static int ata(uint32_t at, int writes)
{
	return guest_ata_dma(at * SECTORS, SECTORS, block, writes);
}

static int ring(uint32_t at, int writes)
{
	guest_virtio_blk_add(0, at * (uint64_t)SECTORS, HV_BLOCK_BYTES, block, writes);
	return guest_virtio_blk_finish(1);
}

STEP step_ata_read(struct hv_mix_run *run)
{
	int rc = ata(hv_mix_read_block(run->reads++), 0);
	run->sum += hv_block_sum(block);
	return rc;
}

STEP step_virtio_read(struct hv_mix_run *run)
{
	int rc = ring(hv_mix_read_block(run->reads++), 0);
	run->sum += hv_block_sum(block);
	return rc;
}

STEP step_ata_write(struct hv_mix_run *run)
{
	uint32_t at = hv_mix_write_block(run->writes);
	*(uint64_t *)block = ++run->writes;
	return ata(at, 1);
}

STEP step_virtio_write(struct hv_mix_run *run)
{
	uint32_t at = hv_mix_write_block(run->writes);
	*(uint64_t *)block = ++run->writes;
	return ring(at, 1);
}

STEP step_rtl8139_send(struct hv_mix_run *run)
{
	*(uint64_t *)packet = ++run->packets;
	return guest_rtl8139_send(packet, HV_PACKET_BYTES);
}

STEP step_ring_send(struct hv_mix_run *run)
{
	*(uint64_t *)packet = ++run->packets;
	return guest_net_send(packet, HV_PACKET_BYTES);
}

STEP step_pio_in(struct hv_mix_run *run)
{
	(void)run;
	in32(HV_NOP_PORT);
	return 0;
}

STEP step_ring(struct hv_mix_run *run)
{
	uint32_t at = hv_mix_read_block(run->reads++);
	guest_virtio_blk_add(0, at * (uint64_t)SECTORS, HV_BLOCK_BYTES, block, 0);
	guest_virtio_blk_pretend();
	run->sum += hv_block_sum(block);
	return 0;
}

STEP step_ata(struct hv_mix_run *run)
{
	uint32_t at = hv_mix_read_block(run->reads++);
	int rc = guest_ata_dma_pretend(at * SECTORS, SECTORS, block, 0);
	run->sum += hv_block_sum(block);
	return rc;
}

/* It counts its packets as a task that sends does, which is a store, and that costs an emulator as
 * much as an exit; in x, since the VMM holds run->packets against what arrived. */
STEP step_nic(struct hv_mix_run *run)
{
	*(uint64_t *)packet = ++run->x;
	return guest_rtl8139_send_pretend(packet, HV_PACKET_BYTES);
}

STEP step_net_ring(struct hv_mix_run *run)
{
	*(uint64_t *)packet = run->task;
	guest_net_send_pretend(packet, HV_PACKET_BYTES);
	return 0;
}

/* ---- steps without what other probes measure: the exit, the fault ---- */

STEP step_call(struct hv_mix_run *run)
{
	volatile struct hv_call_nop call = {.value = (uint32_t)run->task};
	hypercall_pretend(&call);
	return call.answer + call.value != (uint32_t)run->task;
}

STEP step_place(struct hv_mix_run *run)
{
	__asm__ volatile("" : : "r"(page_at(run->task)) : "memory");
	run->x = (uint32_t)run->task + 1;
	return 0;
}

STEP step_give(struct hv_mix_run *run)
{
	volatile struct hv_call_release call = {.gpa = (uint32_t)page_at(run->x++), .bytes = 4096};
	hypercall_pretend(&call);
	return call.failed != 0;
}

#define COMMON                                                                                     \
	[HV_MIX_COMPUTE] = step_compute, [HV_MIX_SYSCALL] = step_syscall,                          \
	[HV_MIX_PAGE_TOUCH] = step_touch, [HV_MIX_PAGE_RELEASE] = step_release,                    \
	[HV_MIX_PIO_IN] = step_pio_in, [HV_MIX_RING] = step_ring, [HV_MIX_ATA] = step_ata,         \
	[HV_MIX_NIC] = step_nic, [HV_MIX_NET_RING] = step_net_ring, [HV_MIX_CALL] = step_call,     \
	[HV_MIX_PLACE] = step_place, [HV_MIX_GIVE] = step_give
static const hv_mix_step steps[][HV_MIX_OPS] = {
	[HV_MIX_EMPTY] = {[0 ... HV_MIX_OPS - 1] = step_none},
	[HV_MIX_FULL] = {COMMON, [HV_MIX_BLK_READ] = step_ata_read,
			 [HV_MIX_BLK_WRITE] = step_ata_write, [HV_MIX_NET_TX] = step_rtl8139_send},
	[HV_MIX_PARA] = {COMMON, [HV_MIX_BLK_READ] = step_virtio_read,
			 [HV_MIX_BLK_WRITE] = step_virtio_write, [HV_MIX_NET_TX] = step_ring_send},
};

PAGE int guest_main(const struct hv_boot *boot)
{
	static volatile struct hv_call_yield work;
	struct hv_mix_run *run = (struct hv_mix_run *)(uintptr_t)HV_MIX_GPA;
	if (boot->magic != HV_BOOT_MAGIC)
		return 1;
	guest_virtio_blk_start();
	guest_rtl8139_start();
	guest_rings_start();
	for (;;) {
		hypercall(HV_CALL_YIELD, &work);
		if (work.op == HV_MIX_STOP)
			return 0;
		work.failed = work.op > HV_MIX_PARA;
		if (work.failed)
			continue;
		const uint8_t *orders = (const uint8_t *)(uintptr_t)HV_MIX_ORDERS_GPA;
		uint64_t n = work.iterations, start = ticks();
		work.failed = hv_mix_loop(steps[work.op], run, orders, work.arg, n) != 0;
		work.ticks = ticks() - start;
		work.checksum = run->sum;
	}
}
