/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lines and packets that are made and sent, packets received, and requests answered. */
#include "hvcore/guest/probe_ops.h"
#include "hvcore/probe/compute.h"

static uint64_t sent_so_far;

void probe_make_packet(uint8_t *at, int anew)
{
	for (uint32_t k = HV_SENT_NUMBER; anew && k < HV_PACKET_BYTES; k++)
		at[k] = hv_sent_byte(0, k);
	for (uint32_t k = 0; k < HV_SENT_NUMBER; k++)
		at[k] = hv_sent_byte(sent_so_far, k);
	sent_so_far++;
}

void probe_unmake_packets(uint64_t n)
{
	sent_so_far -= n;
}

/* Makes the next line or packet, in the first block: the whole of it once, then its number only. */
static uint8_t *make(uint32_t bytes)
{
	static uint32_t made;
	uint8_t *block = blocks[0];
	for (uint32_t k = HV_SENT_NUMBER; made != bytes && k < bytes; k++)
		block[k] = hv_sent_byte(0, k);
	if (bytes == HV_LINE_BYTES)
		block[bytes - 1] = '\n';
	made = bytes;
	for (uint32_t k = 0; k < HV_SENT_NUMBER; k++)
		block[k] = hv_sent_byte(sent_so_far, k);
	sent_so_far++;
	return block;
}

/* The same work without the device: what HV_OP_EMPTY is to the others. */
static void op_make_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		make(HV_LINE_BYTES);
	sent_so_far -= n;
}

static void op_make_packet(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		make(HV_PACKET_BYTES);
	sent_so_far -= n;
}

static void op_uart_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_uart_write(make(HV_LINE_BYTES), HV_LINE_BYTES) != 0;
}

static void op_console_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_console_write(make(HV_LINE_BYTES), HV_LINE_BYTES) != 0;
}

static void op_rtl8139_send(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_rtl8139_send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
}

static void op_virtio_send(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_net_send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
}

/* How the guest sends, receives, waits and reads, in one world. */
struct net {
	int (*send)(const void *packet, uint32_t bytes);
	uint32_t (*receive)(void *to, uint32_t room);
	int (*read)(const struct request *r);
};

static const struct net full = {guest_rtl8139_send, guest_rtl8139_receive, probe_dma_read};
static const struct net para = {guest_net_send, guest_net_receive, probe_ring_read};

/* Waits for the next packet. An interrupt would tell of it; here the wait does. */
static uint32_t await(const struct net *net, void *to, uint32_t room)
{
	uint32_t bytes = net->receive(to, room);
	for (unsigned tries = 0; bytes == 0 && tries < 1000; tries++) {
		guest_wait();
		bytes = net->receive(to, room);
	}
	return bytes;
}

uint64_t probe_packet_sum(const uint8_t *packet, uint32_t bytes)
{
	work.failed |= bytes != HV_PACKET_BYTES;
	return hv_packet_sum(packet);
}

static void op_rtl8139_receive(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n; i++)
		sum += probe_packet_sum(blocks[0], guest_rtl8139_receive(blocks[0], HV_PACKET_BYTES));
	work.checksum = sum;
}

static void op_virtio_receive(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n; i++) {
		guest_net_ask();
		sum += probe_packet_sum(blocks[0], guest_net_receive(blocks[0], HV_PACKET_BYTES));
	}
	work.checksum = sum;
}

/* Sends packets and takes each back before the next. */
static void round_trips(uint64_t n, const struct net *net)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		work.failed |= net->send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
		sum += probe_packet_sum(blocks[1], await(net, blocks[1], HV_PACKET_BYTES));
	}
	work.checksum = sum;
}

static void op_rtl8139_rtt(uint64_t n)
{
	round_trips(n, &full);
}

static void op_virtio_rtt(uint64_t n)
{
	round_trips(n, &para);
}

static void answer_requests(uint64_t n, const struct net *net)
{
	static uint64_t answer[HV_ANSWER_BYTES / 8];
	struct hv_ask ask;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		work.failed |= await(net, &ask, sizeof(ask)) != sizeof(ask);
		const struct request r = {ask.block * (HV_BLOCK_BYTES / 512), HV_BLOCK_BYTES / 512,
					  blocks[0]};
		work.failed |= net->read(&r) != 0;
		answer[0] = hv_request_compute((const uint64_t *)(const void *)blocks[0]);
		work.failed |= net->send(answer, sizeof(answer)) != 0;
	}
}

static void op_request_full(uint64_t n)
{
	answer_requests(n, &full);
}

static void op_request_para(uint64_t n)
{
	answer_requests(n, &para);
}

const struct probe_op probe_packet_ops[] = {
	{HV_OP_MAKE_LINE, op_make_line},
	{HV_OP_MAKE_PACKET, op_make_packet},
	{HV_OP_UART_LINE, op_uart_line},
	{HV_OP_CONSOLE_LINE, op_console_line},
	{HV_OP_RTL8139_SEND, op_rtl8139_send},
	{HV_OP_VIRTIO_SEND, op_virtio_send},
	{HV_OP_RTL8139_RECEIVE, op_rtl8139_receive},
	{HV_OP_VIRTIO_RECEIVE, op_virtio_receive},
	{HV_OP_RTL8139_RTT, op_rtl8139_rtt},
	{HV_OP_VIRTIO_RTT, op_virtio_rtt},
	{HV_OP_REQUEST_FULL, op_request_full},
	{HV_OP_REQUEST_PARA, op_request_para},
	{0},
};
