/* SPDX-License-Identifier: GPL-2.0-or-later
 * The transmitting half of an RTL8139 (Realtek data sheet): four descriptors, each an address and a
 * status in registers; writing the status sends the packet, which the card fetches from the guest's
 * memory itself. */
#include "hvcore/devices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS 4u
#define PORTS	    0x100u

/* First port of each register; the transmit ones are four in a row. */
enum { REG_TSD = 0x10, REG_TSAD = 0x20, REG_COMMAND = 0x37, REG_IMR = 0x3c, REG_ISR = 0x3e };
enum { CMD_TX_ENABLE = 0x04, CMD_RESET = 0x10, ISR_TX_OK = 0x04, ISR_TX_ERROR = 0x08 };
enum { TSD_SIZE = 0x1fff, TSD_OWN = 0x2000, TSD_UNDERRUN = 0x4000, TSD_OK = 0x8000 };
#define PACKET_MAX 1792u

struct rtl8139 {
	int fd;
	uint32_t tsd[DESCRIPTORS], tsad[DESCRIPTORS];
	uint16_t mask, status;
	uint8_t command;
};

static void reset(struct rtl8139 *c)
{
	*c = (struct rtl8139){.fd = c->fd};
	for (unsigned i = 0; i < DESCRIPTORS; i++)
		c->tsd[i] = TSD_OWN;
}

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
		c->command = (uint8_t)value;
	} else if (offset == REG_IMR) {
		c->mask = (uint16_t)value;
	} else if (offset == REG_ISR) {
		c->status &= (uint16_t)~value; /* a one clears */
	}
}

static uint32_t read_register(const struct rtl8139 *c, uint16_t offset)
{
	if (offset >= REG_TSD && offset < REG_TSD + 4 * DESCRIPTORS && offset % 4 == 0)
		return c->tsd[(offset - REG_TSD) / 4u];
	if (offset >= REG_TSAD && offset < REG_TSAD + 4 * DESCRIPTORS && offset % 4 == 0)
		return c->tsad[(offset - REG_TSAD) / 4u];
	return offset == REG_COMMAND ? c->command
	       : offset == REG_IMR   ? c->mask
	       : offset == REG_ISR   ? c->status
				     : 0;
}

static void rtl8139_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size,
			   bool write, void *data)
{
	uint32_t value = 0;
	if (write) {
		memcpy(&value, data, size);
		write_register(state, &vm->mem, offset, value);
	} else {
		value = read_register(state, offset);
		memcpy(data, &value, size);
	}
}

static void rtl8139_close(void *state)
{
	free(state);
}

static const struct hv_device_ops rtl8139_ops = {
	.name = "rtl8139",
	.access = rtl8139_access,
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
