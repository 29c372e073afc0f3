/* SPDX-License-Identifier: GPL-2.0-or-later
 * Drivers that receive: the RTL8139 as an unmodified guest has it, and the card's second ring. Both
 * poll: what has not arrived is waited for with guest_wait. */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

void guest_wait(void)
{
	volatile struct hv_call_wait call = {0};
	hypercall(HV_CALL_WAIT, &call);
}

/* ---- RTL8139: interrupt status, read and acknowledged, then the buffer, packet by packet ---- */

enum { RTL_BUFFER = 0x30, RTL_COMMAND = 0x37, RTL_READ_AT = 0x38, RTL_ISR = 0x3e, RTL_RX = 0x44 };
enum { RTL_RX_EMPTY = 0x01, RTL_RX_ALL = 0x0f, RTL_RX_WRAP = 0x80, RTL_RX_OK = 0x01 };

/* 8 KiB, and room for a packet that begins before their end. */
#define RX_BYTES 8192u
static uint8_t rx[RX_BYTES + 2048] __attribute__((aligned(16)));
static uint32_t rx_at;

void guest_rtl8139_start_receiving(void)
{
	rx_at = 0;
	out32(HV_RTL8139_PORT + RTL_BUFFER, gpa_of(rx));
	out32(HV_RTL8139_PORT + RTL_RX, RTL_RX_ALL | RTL_RX_WRAP);
}

uint32_t guest_rtl8139_receive(void *to, uint32_t room)
{
	out16(HV_RTL8139_PORT + RTL_ISR, in16(HV_RTL8139_PORT + RTL_ISR));
	if (in8(HV_RTL8139_PORT + RTL_COMMAND) & RTL_RX_EMPTY)
		return 0;
	const volatile uint16_t *header = (const volatile uint16_t *)(const void *)(rx + rx_at);
	uint32_t bytes = header[1] - 4u; /* without the checksum */
	if (!(header[0] & RTL_RX_OK) || bytes > room)
		return 0;
	memcpy(to, rx + rx_at + 4, bytes);
	rx_at = (rx_at + 4 + bytes + 4 + 3) / 4 * 4 % RX_BYTES;
	out16(HV_RTL8139_PORT + RTL_READ_AT, (uint16_t)(rx_at - 16)); /* as the data sheet has it */
	return bytes;
}

/* ---- ring ---- */

static struct guest_ring ring;
static uint8_t buffer[HV_NET_HEADER_BYTES + 2048];

/* One buffer, offered again as soon as it was emptied, which takes no bell. */
static void offer(void)
{
	ring.desc[0] = (struct vring_desc){gpa_of(buffer), sizeof(buffer), VRING_DESC_F_WRITE, 0};
	guest_ring_add(&ring, 0);
	guest_ring_show(&ring);
}

void guest_net_start_receiving(void)
{
	guest_ring_start(&ring, HV_NET_RECEIVE_PORT);
	offer();
}

void guest_net_ask(void)
{
	guest_ring_bell(&ring);
}

uint32_t guest_net_receive(void *to, uint32_t room)
{
	if (!guest_ring_is_back(&ring))
		return 0;
	uint32_t slot = (uint32_t)(ring.sent - 1) % GUEST_RING_SIZE;
	uint32_t bytes = ring.used.ring[slot].len - HV_NET_HEADER_BYTES;
	if (bytes <= room)
		memcpy(to, buffer + HV_NET_HEADER_BYTES, bytes);
	offer();
	return bytes <= room ? bytes : 0;
}
