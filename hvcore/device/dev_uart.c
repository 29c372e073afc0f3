/* SPDX-License-Identifier: GPL-2.0-or-later
 * The transmitting half of a 16550 as its data sheet has it. The FIFO is never full: a byte is
 * taken when it is written. */
#include "hvcore/device/devices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REG_DATA, REG_IER, REG_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCRATCH };
enum { LCR_DLAB = 0x80, LSR_THRE = 0x20, LSR_TEMT = 0x40, IIR_NONE = 0x01 };

struct uart {
	int fd;
	uint8_t regs[8];
	uint8_t line[256]; /* until its newline */
	size_t length;
};

/* To the peer by lines, as terminals do. What it does not take is lost, like on a wire. */
static void transmit(struct uart *u, uint8_t byte)
{
	u->line[u->length++] = byte;
	if (byte != '\n' && u->length < sizeof(u->line))
		return;
	ssize_t sent = write(u->fd, u->line, u->length);
	(void)sent;
	u->length = 0;
}

static uint8_t read_register(const struct uart *u, uint16_t offset)
{
	switch (offset) {
	case REG_DATA:
		return 0; /* nothing is ever received */
	case REG_FCR:
		return IIR_NONE;
	case REG_LSR:
		return LSR_THRE | LSR_TEMT;
	default:
		return u->regs[offset];
	}
}

static void uart_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
			void *data)
{
	struct uart *u = state;
	uint8_t *byte = data;
	(void)vm;
	if (!write) {
		memset(data, 0xff, size);
		*byte = read_register(u, offset);
	} else if (offset == REG_DATA && !(u->regs[REG_LCR] & LCR_DLAB)) {
		transmit(u, *byte);
	} else if (offset != REG_LSR && offset != REG_MSR) {
		u->regs[offset] = *byte;
	}
}

static void uart_close(void *state)
{
	free(state);
}

static const struct hv_device_ops uart_ops = {
	.name = "uart",
	.access = uart_access,
	.close = uart_close,
};

int hv_uart_make(struct hv_device *device, int fd, struct err *e)
{
	struct uart *u = calloc(1, sizeof(*u));
	if (!u)
		return err_set(e, ERR_NOMEM, "no memory for a UART");
	u->fd = fd;
	*device =
		(struct hv_device){.ops = &uart_ops, .port = HV_UART_PORT, .ports = 8, .state = u};
	return 0;
}
