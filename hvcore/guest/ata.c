/* SPDX-License-Identifier: GPL-2.0-or-later
 * A PIO driver for the first ATA disk, as an unmodified guest would have it. */
#include "hvcore/guest/drivers.h"

enum { DATA, ERROR, COUNT, LBA0, LBA1, LBA2, DEVICE, COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_BSY = 0x80 };
enum { CMD_READ = 0x20 };
#define SECTOR	    512u
#define POLLS	    1000u
#define DEVICE_LBA  0x40u
#define REGISTER(n) ((uint16_t)(HV_ATA_PORT + (n)))

int guest_ata_read(uint32_t sector, uint32_t count, void *to)
{
	uint8_t *at = to;
	out8(REGISTER(DEVICE), (uint8_t)(DEVICE_LBA | (sector >> 24 & 0xf)));
	out8(REGISTER(COUNT), (uint8_t)count);
	out8(REGISTER(LBA0), (uint8_t)sector);
	out8(REGISTER(LBA1), (uint8_t)(sector >> 8));
	out8(REGISTER(LBA2), (uint8_t)(sector >> 16));
	out8(REGISTER(COMMAND), CMD_READ);
	for (uint32_t i = 0; i < count; i++, at += SECTOR) {
		uint8_t status = in8(REGISTER(COMMAND));
		for (unsigned polls = 0; (status & STATUS_BSY) && polls < POLLS; polls++)
			status = in8(REGISTER(COMMAND));
		if ((status & (STATUS_BSY | STATUS_ERR)) || !(status & STATUS_DRQ))
			return -1;
		in16_string(REGISTER(DATA), at, SECTOR / 2);
	}
	return 0;
}
