/* SPDX-License-Identifier: GPL-2.0-or-later
 * Drivers that send: the UART and the RTL8139 as an unmodified guest has them, and the two rings.
 */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

#define POLLS 1000u

/* ---- UART: a look at the line status before every byte, as a kernel's console does it ---- */

enum { UART_LSR = 5, UART_LSR_EMPTY = 0x20 };

int guest_uart_write(const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		unsigned polls = 0;
		while (!(in8(HV_UART_PORT + UART_LSR) & UART_LSR_EMPTY))
			if (++polls == POLLS)
				return -1;
		out8(HV_UART_PORT, bytes[i]);
	}
	return 0;
}

/* ---- RTL8139: address, status (which sends), then the interrupt status, read and acknowledged
 * ---- */

enum { RTL_TSD = 0x10, RTL_TSAD = 0x20, RTL_COMMAND = 0x37, RTL_ISR = 0x3e };
enum { RTL_RX_ENABLE = 0x08, RTL_TX_ENABLE = 0x04, RTL_TX_OK = 0x04 };

void guest_rtl8139_start(void)
{
	guest_rtl8139_start_receiving();
	out8(HV_RTL8139_PORT + RTL_COMMAND, RTL_RX_ENABLE | RTL_TX_ENABLE);
}

GUEST_DRIVER int send(int pretend, const void *packet, uint32_t bytes)
{
	static unsigned next;
	uint16_t at = (uint16_t)(HV_RTL8139_PORT + 4 * (next++ % 4));
	guest_set32(pretend, (uint16_t)(at + RTL_TSAD), gpa_of(packet));
	guest_set32(pretend, (uint16_t)(at + RTL_TSD), bytes);
	uint16_t status = guest_get16(pretend, HV_RTL8139_PORT + RTL_ISR);
	guest_set16(pretend, HV_RTL8139_PORT + RTL_ISR, status);
	return status & RTL_TX_OK ? 0 : -1;
}

int guest_rtl8139_send(const void *packet, uint32_t bytes)
{
	return send(0, packet, bytes);
}

int guest_rtl8139_send_pretend(const void *packet, uint32_t bytes)
{
	return send(1, packet, bytes);
}

/* ---- rings ---- */

static struct guest_ring console, net;
static uint8_t net_header[HV_NET_HEADER_BYTES];

void guest_rings_start(void)
{
	guest_ring_start(&console, HV_CONSOLE_PORT);
	guest_ring_start(&net, HV_NET_PORT);
	guest_net_start_receiving();
}

int guest_console_write(const uint8_t *bytes, uint32_t count)
{
	console.desc[0] = (struct vring_desc){gpa_of(bytes), count, 0, 0};
	return guest_ring_offer(&console);
}

static void describe(const void *packet, uint32_t bytes)
{
	net.desc[0] =
		(struct vring_desc){gpa_of(net_header), sizeof(net_header), VRING_DESC_F_NEXT, 1};
	net.desc[1] = (struct vring_desc){gpa_of(packet), bytes, 0, 0};
}

int guest_net_send(const void *packet, uint32_t bytes)
{
	describe(packet, bytes);
	return guest_ring_offer(&net);
}

void guest_net_send_pretend(const void *packet, uint32_t bytes)
{
	describe(packet, bytes);
	guest_ring_add(&net, 0);
	guest_ring_pretend(&net);
}
