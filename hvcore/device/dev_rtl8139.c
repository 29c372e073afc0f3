/* SPDX-License-Identifier: GPL-2.0-or-later
 * An RTL8139 (Realtek data sheet). To send: four descriptors, each an address and a status in
 * registers; writing the status sends the packet, which the card fetches from the guest's memory
 * itself. To receive: a ring of bytes in the guest's memory, each packet behind four bytes of
 * status and length, as far as the driver has read. */
#include "hvcore/device/devices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 4u
#define PORTS	    0x100u

/* First port of each register; the transmit ones are four in a row. */
enum { REG_TSD = 0x10, REG_TSAD = 0x20, REG_COMMAND = 0x37, REG_IMR = 0x3c, REG_ISR = 0x3e };
enum { REG_RBSTART = 0x30, REG_CAPR = 0x38, REG_CBR = 0x3a, REG_RCR = 0x44 };
enum { CMD_EMPTY = 0x01, CMD_TX_ENABLE = 0x04, CMD_RX_ENABLE = 0x08, CMD_RESET = 0x10 };
enum { ISR_RX_OK = 0x01, ISR_TX_OK = 0x04, ISR_TX_ERROR = 0x08, ISR_BUS_ERROR = 0x8000 };
enum { RCR_WRAP = 0x80, RCR_LENGTH_SHIFT = 11, RX_OK = 0x01 };
enum { TSD_SIZE = 0x1fff, TSD_OWN = 0x2000, TSD_UNDERRUN = 0x4000, TSD_OK = 0x8000 };
#define PACKET_MAX 1792u
#define CRC_BYTES  4u
#define CAPR_LAG   16u /* the register is this much behind what the driver has read */

struct rtl8139 {
	int fd;
	uint32_t tsd[DESCRIPTORS], tsad[DESCRIPTORS];
	uint16_t mask, status;
	uint8_t command;
	uint32_t rbstart, rcr;
	uint32_t written, read; /* offsets in the ring */
};

static void reset(struct rtl8139 *c)
{
	*c = (struct rtl8139){.fd = c->fd};
	for (unsigned i = 0; i < DESCRIPTORS; i++)
		c->tsd[i] = TSD_OWN;
}

/* ---- receiving ---- */

static uint32_t ring_bytes(const struct rtl8139 *c)
{
	return 8192u << (c->rcr >> RCR_LENGTH_SHIFT & 3);
}

/* Writes at an offset of the ring; past its end it goes on behind it, or at its begin. Returns
 * whether that is all the guest's memory; what is not is not written. */
static bool ring_write(const struct rtl8139 *c, const struct hv_mem *mem, uint32_t at,
		       const void *from, uint32_t bytes)
{
	uint32_t room = c->rcr & RCR_WRAP ? bytes : ring_bytes(c) - at;
	uint32_t first = bytes < room ? bytes : room;
	return hv_mem_write(mem, (hv_gpa)c->rbstart + at, from, first) == 0 &&
	       hv_mem_write(mem, c->rbstart, (const uint8_t *)from + first, bytes - first) == 0;
}

/* Takes packets from the peer as long as there is room for the largest. One that the guest's ring
 * leads where no memory is is lost. */
static void receive(struct rtl8139 *c, const struct hv_mem *mem)
{
	uint32_t size = ring_bytes(c);
	uint8_t packet[4 + PACKET_MAX + CRC_BYTES];
	while (c->command & CMD_RX_ENABLE) {
		/* The ring may have become smaller since. */
		uint32_t at = c->written % size, used = (at - c->read % size + size) % size;
		if (size - used <= sizeof(packet) + 4)
			return;
		ssize_t got = read(c->fd, packet + 4, PACKET_MAX);
		if (got <= 0)
			return;
		const uint16_t header[2] = {RX_OK, (uint16_t)((size_t)got + CRC_BYTES)};
		memcpy(packet, header, sizeof(header));
		memset(packet + 4 + got, 0, CRC_BYTES); /* which no driver looks at */
		uint32_t bytes = 4 + (uint32_t)got + CRC_BYTES;
		if (!ring_write(c, mem, at, packet, bytes)) {
			c->status |= ISR_BUS_ERROR;
			return;
		}
		c->written = (at + (bytes + 3) / 4 * 4) % size;
		c->status |= ISR_RX_OK;
	}
}

/* ---- sending ---- */

static void transmit(struct rtl8139 *c, const struct hv_mem *mem, unsigned i)
{
	uint32_t bytes = c->tsd[i] & TSD_SIZE;
	const void *packet = hv_mem_at(mem, c->tsad[i], bytes);
	bool sent = (c->command & CMD_TX_ENABLE) && packet && bytes <= PACKET_MAX &&
		    write(c->fd, packet, bytes) == (ssize_t)bytes;
	c->tsd[i] = bytes | TSD_OWN | (sent ? TSD_OK : TSD_UNDERRUN);
	c->status |= sent ? ISR_TX_OK : ISR_TX_ERROR;
}

static void write_register(struct rtl8139 *c, const struct hv_mem *mem, uint16_t offset,
			   uint32_t value)
{
	if (offset >= REG_TSD && offset < REG_TSD + 4 * DESCRIPTORS && offset % 4 == 0) {
		unsigned i = (offset - REG_TSD) / 4u;
		c->tsd[i] = value;
		if (!(value & TSD_OWN)) /* the driver hands the descriptor over by clearing it */
			transmit(c, mem, i);
	} else if (offset >= REG_TSAD && offset < REG_TSAD + 4 * DESCRIPTORS && offset % 4 == 0) {
		c->tsad[(offset - REG_TSAD) / 4u] = value;
	} else if (offset == REG_COMMAND && (value & CMD_RESET)) {
		reset(c);
	} else if (offset == REG_COMMAND) {
		c->command = value & (CMD_TX_ENABLE | CMD_RX_ENABLE);
	} else if (offset == REG_RBSTART) {
		c->rbstart = value;
		c->written = c->read = 0;
	} else if (offset == REG_RCR) {
		c->rcr = value;
	} else if (offset == REG_CAPR) {
		c->read = (value + CAPR_LAG) % ring_bytes(c);
	} else if (offset == REG_IMR) {
		c->mask = (uint16_t)value;
	} else if (offset == REG_ISR) {
		c->status &= (uint16_t)~value; /* a one clears */
	}
}

static uint32_t read_register(struct rtl8139 *c, const struct hv_mem *mem, uint16_t offset)
{
	if (offset >= REG_TSD && offset < REG_TSD + 4 * DESCRIPTORS && offset % 4 == 0)
		return c->tsd[(offset - REG_TSD) / 4u];
	if (offset >= REG_TSAD && offset < REG_TSAD + 4 * DESCRIPTORS && offset % 4 == 0)
		return c->tsad[(offset - REG_TSAD) / 4u];
	switch (offset) {
	case REG_COMMAND:
		receive(c, mem);
		return c->command | (c->written == c->read ? CMD_EMPTY : 0u);
	case REG_ISR:
		receive(c, mem);
		return c->status;
	case REG_IMR:
		return c->mask;
	case REG_RBSTART:
		return c->rbstart;
	case REG_RCR:
		return c->rcr;
	case REG_CAPR:
		return (c->read - CAPR_LAG) & 0xffff;
	case REG_CBR:
		return c->written;
	}
	return 0;
}

static void rtl8139_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size,
			   bool write, void *data)
{
	uint32_t value = 0;
	if (write) {
		memcpy(&value, data, size);
		write_register(state, &vm->mem, offset, value);
	} else {
		value = read_register(state, &vm->mem, offset);
		memcpy(data, &value, size);
	}
}

static int rtl8139_input(const void *state)
{
	const struct rtl8139 *c = state;
	return c->fd;
}

static bool rtl8139_arrived(struct hv_vm *vm, void *state)
{
	receive(state, &vm->mem);
	return true;
}

static void rtl8139_close(void *state)
{
	free(state);
}

static const struct hv_device_ops rtl8139_ops = {
	.name = "rtl8139",
	.access = rtl8139_access,
	.input = rtl8139_input,
	.arrived = rtl8139_arrived,
	.close = rtl8139_close,
};

int hv_rtl8139_make(struct hv_device *device, int fd, struct err *e)
{
	struct rtl8139 *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a network card");
	c->fd = fd;
	reset(c);
	*device = (struct hv_device){
		.ops = &rtl8139_ops, .port = HV_RTL8139_PORT, .ports = PORTS, .state = c};
	return 0;
}
