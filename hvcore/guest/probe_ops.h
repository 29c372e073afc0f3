/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The operations of the guest "probe" (image_probe.c), one file for each group. Each is a loop of
 * its own that does it n times; what else it needs is in `work`, where it also leaves its checksum
 * and says that it failed.
 */
#ifndef HVCORE_GUEST_PROBE_OPS_H
#define HVCORE_GUEST_PROBE_OPS_H

#include "hvcore/guest/drivers.h"

struct probe_op {
	enum hv_op op; /* 0 ends a table */
	void (*run)(uint64_t n);
};

extern const struct probe_op probe_cpu_ops[], probe_memory_ops[], probe_block_ops[],
	probe_packet_ops[], probe_queue_ops[], probe_event_ops[];

/* What the VMM asked for last. */
extern volatile struct hv_call_yield work;

/* Of as many requests to a disk as can be in flight; packets are made in the first. */
extern uint8_t blocks[HV_DEPTH_MAX][HV_BLOCKS_MAX * HV_BLOCK_BYTES];

/* What one request, the index-th, moves; made for a slot of `blocks`. */
struct request {
	uint32_t sector, sectors;
	uint8_t *at;
};
struct request probe_request(uint64_t index, unsigned slot, int writes);

/* Reads a request's blocks, by the ATA disk's bus master and through the ring; 0, or not. */
int probe_dma_read(const struct request *r);
int probe_ring_read(const struct request *r);

/* What they add up to. */
uint64_t probe_block_sum(const uint8_t *at);

/* Makes the next packet at a place where there was one before or, anew, where there was none; takes
 * the last n back. */
void probe_make_packet(uint8_t *at, int anew);
void probe_unmake_packets(uint64_t n);

/* What a packet that was received adds up to; what is no packet fails the work. */
uint64_t probe_packet_sum(const uint8_t *packet, uint32_t bytes);

/* Asks for interrupts, the first time that it is called. */
void probe_take_interrupts(void);

#endif
