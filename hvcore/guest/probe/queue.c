/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rings that are kept busy: what a guest does whose devices work beside it. */
#include "hvcore/guest/probe_ops.h"

#define POLLS 200000000u

static void op_start(uint64_t n)
{
	(void)n;
	guest_queue_start();
}

/* The guest's own work between two packets, during which it does not look at the card. */
static void think(void)
{
	for (uint64_t since = work.arg ? ticks() : 0; work.arg && ticks() - since < work.arg;)
		__asm__ volatile("pause");
}

/* A slot's packet is whole after it was filled once. */
static int is_new(const uint8_t *packet)
{
	return packet[HV_PACKET_BYTES - 1] != hv_sent_byte(0, HV_PACKET_BYTES - 1);
}

/* Makes and sends the next packet, where the card takes one. */
static void send_next(void)
{
	uint8_t *packet = guest_queue_slot();
	work.failed = !packet;
	if (!packet)
		return;
	probe_make_packet(packet, is_new(packet));
	guest_queue_send(HV_PACKET_BYTES);
}

static void op_send(uint64_t n)
{
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		send_next();
		think();
	}
	work.failed |= guest_queue_flush() != 0;
}

static void op_make(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		probe_make_packet(blocks[0], is_new(blocks[0]));
		think();
	}
	probe_unmake_packets(n);
}

static void op_receive(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		uint32_t bytes = 0;
		for (unsigned polls = 0; !bytes && polls < POLLS; polls++)
			bytes = guest_queue_receive(blocks[0], HV_PACKET_BYTES);
		sum += probe_packet_sum(blocks[0], bytes);
	}
	work.checksum = sum;
}

static void op_rtt(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		uint32_t bytes = 0;
		send_next();
		for (unsigned tries = 0; !work.failed && !bytes && tries < 1000; tries++) {
			bytes = guest_queue_receive(blocks[0], HV_PACKET_BYTES);
			if (!bytes)
				guest_wait();
		}
		sum += probe_packet_sum(blocks[0], bytes);
	}
	work.checksum = sum;
}

static void begin_read(uint64_t index, unsigned slot)
{
	struct request r = probe_request(index, slot, 0);
	guest_virtio_blk_add(slot, r.sector, r.sectors * 512, r.at, 0);
	guest_virtio_blk_show();
}

static int await_slot(void)
{
	int slot = -1;
	for (unsigned polls = 0; slot == -1 && polls < POLLS; polls++)
		slot = guest_virtio_blk_take();
	return slot;
}

/* n operations of `depth` requests each, as many in flight as that. */
static void op_read(uint64_t n)
{
	uint64_t sum = 0, begun = 0, all = n * work.depth;
	for (; begun < work.depth; begun++)
		begin_read(work.arg + begun, (unsigned)begun);
	for (uint64_t done = 0; done < all && !work.failed; done++) {
		int slot = await_slot();
		work.failed = slot < 0;
		if (work.failed)
			break;
		sum += probe_block_sum(blocks[slot]);
		if (begun < all)
			begin_read(work.arg + begun++, (unsigned)slot);
	}
	work.checksum = sum;
}

const struct probe_op probe_queue_ops[] = {
	{HV_OP_QUEUE_START, op_start},
	{HV_OP_QUEUE_SEND, op_send},
	{HV_OP_QUEUE_MAKE, op_make},
	{HV_OP_QUEUE_RECEIVE, op_receive},
	{HV_OP_QUEUE_RTT, op_rtt},
	{HV_OP_QUEUE_READ, op_read},
	{0},
};
