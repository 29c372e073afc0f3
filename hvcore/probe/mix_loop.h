/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The work of a task mix, the same for guests and for processes: operations of several kinds, one
 * after the other in a shuffled order, in one body that is timed as a whole. What an operation does
 * is the includer's, a table of functions; this header holds what must not differ. Needs nothing
 * but abi.h.
 */
#ifndef HVCORE_MIX_LOOP_H
#define HVCORE_MIX_LOOP_H

#include "hvcore/abi.h"

/* enum, name in files, what one of it is. Those from pio_in on are parts of the others, for probes.
 */
#define HV_MIX_LIST(X)                                                                             \
	X(COMPUTE, "compute", "1 unit of integer work (compute.h), a microsecond or so")           \
	X(SYSCALL, "syscall", "a call that does nothing: getppid, or a hypercall")                 \
	X(PAGE_TOUCH, "page_touch", "the first write to a page that the host must provide")        \
	X(PAGE_RELEASE, "page_release", "a page given back: its mapping and its memory go")        \
	X(BLK_READ, "blk_read", "4 KiB read from a warm file or disk, in scattered order")         \
	X(BLK_WRITE, "blk_write", "4 KiB written to it")                                           \
	X(NET_TX, "net_tx", "a packet of 1500 bytes sent into a socket")                           \
	X(PIO_IN, "pio_in", "a 32-bit in from a port that means nothing")                          \
	X(RING, "ring", "a request for the disk's ring, without the device")                       \
	X(ATA, "ata", "a read from the disk by its bus master, without the device")                \
	X(NIC, "nic", "a packet for the register-programmed card, without the device")             \
	X(NET_RING, "net_ring", "a packet for the card's ring, without the device")                \
	X(CALL, "call", "a call, without the hypercall")                                           \
	X(PLACE, "place", "what finds the page that a touch writes to, without the write")         \
	X(GIVE, "give", "a page given back, without the hypercall")

enum hv_mix_op {
#define HV_MIX_ENUM(id, name, text) HV_MIX_##id,
	HV_MIX_LIST(HV_MIX_ENUM)
#undef HV_MIX_ENUM
		HV_MIX_OPS,
	HV_MIX_TASK_OPS = HV_MIX_PIO_IN /* those that a task may have */
};

/* How often a task is shuffled anew before the orders repeat. */
#define HV_MIX_ORDERS	  16u
#define HV_MIX_LENGTH_MAX 4096u /* operations of a task */

/* Pages that one batch may touch, and where they are in a guest: HV_TOUCH_STRIDE apart. */
#define HV_MIX_PAGES	  1024u
#define HV_MIX_PAGES_GPA  (16u << 20)
#define HV_MIX_GPA	  (8u << 20) /* struct hv_mix_run; the orders follow 4096 bytes above */
#define HV_MIX_ORDERS_GPA (HV_MIX_GPA + 4096u)

/* What a guest is asked to do, in hv_call_yield.op; arg: operations of a task. */
enum hv_mix_work { HV_MIX_STOP, HV_MIX_EMPTY, HV_MIX_FULL, HV_MIX_PARA };

/* What has been done so far. */
struct hv_mix_run {
	uint64_t task;			 /* the next one's number: decides its order */
	uint64_t reads, writes, packets; /* since the start */
	uint64_t touched, released;	 /* since the pages were taken away */
	uint64_t sum;			 /* hv_block_sum over what was read since then */
	uint32_t x;			 /* hv_compute's result */
};

/* Reads are from the lower half of the disk, writes to the upper. */
#define HV_MIX_HALF (HV_DISK_BLOCKS / 2)
static inline uint32_t hv_mix_read_block(uint64_t i)
{
	return hv_block_at(i) & (HV_MIX_HALF - 1);
}
static inline uint32_t hv_mix_write_block(uint64_t i)
{
	return HV_MIX_HALF + (hv_block_at(i) & (HV_MIX_HALF - 1));
}

/* Returns 0, or not 0 when it could not be done. */
typedef int (*hv_mix_step)(struct hv_mix_run *run);

/* n tasks, each in the next of the orders, which are `length` bytes each, one behind the other. */
static inline int hv_mix_loop(const hv_mix_step steps[HV_MIX_OPS], struct hv_mix_run *run,
			      const uint8_t *orders, uint64_t length, uint64_t n)
{
	int failed = 0;
	for (uint64_t i = 0; i < n; i++, run->task++) {
		const uint8_t *op = orders + run->task % HV_MIX_ORDERS * length;
		for (uint64_t k = 0; k < length; k++)
			failed |= steps[op[k]](run);
	}
	return failed;
}

#endif
