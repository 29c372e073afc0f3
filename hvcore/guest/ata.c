/* SPDX-License-Identifier: GPL-2.0-or-later
 * A driver for the first ATA disk, as an unmodified guest would have it: by PIO, and by its bus
 * master. It polls, and so needs no interrupt. */
#include "hvcore/guest/drivers.h"

enum { DATA, ERROR, COUNT, LBA0, LBA1, LBA2, DEVICE, COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_BSY = 0x80 };
enum { CMD_READ = 0x20, CMD_WRITE = 0x30, CMD_READ_DMA = 0xc8, CMD_WRITE_DMA = 0xca };
#define SECTOR	    512u
#define POLLS	    1000u
#define DEVICE_LBA  0x40u
#define REGISTER(n) ((uint16_t)(HV_ATA_PORT + (n)))

GUEST_DRIVER void command(int pretend, uint32_t sector, uint32_t count, uint8_t what)
{
	guest_set8(pretend, REGISTER(DEVICE), (uint8_t)(DEVICE_LBA | (sector >> 24 & 0xf)));
	guest_set8(pretend, REGISTER(COUNT), (uint8_t)count);
	guest_set8(pretend, REGISTER(LBA0), (uint8_t)sector);
	guest_set8(pretend, REGISTER(LBA1), (uint8_t)(sector >> 8));
	guest_set8(pretend, REGISTER(LBA2), (uint8_t)(sector >> 16));
	guest_set8(pretend, REGISTER(COMMAND), what);
}

/* The status once the disk is no longer busy. */
GUEST_DRIVER uint8_t status(int pretend)
{
	uint8_t value = guest_get8(pretend, REGISTER(COMMAND));
	for (unsigned polls = 0; (value & STATUS_BSY) && polls < POLLS; polls++)
		value = guest_get8(pretend, REGISTER(COMMAND));
	return value;
}

static int wants_data(void)
{
	return (status(0) & (STATUS_BSY | STATUS_ERR | STATUS_DRQ)) == STATUS_DRQ;
}

GUEST_DRIVER int is_done(int pretend)
{
	return (status(pretend) & (STATUS_BSY | STATUS_ERR | STATUS_DRQ)) == 0;
}

int guest_ata_read(uint32_t sector, uint32_t count, void *to)
{
	uint8_t *at = to;
	command(0, sector, count, CMD_READ);
	for (uint32_t i = 0; i < count; i++, at += SECTOR) {
		if (!wants_data())
			return -1;
		in16_string(REGISTER(DATA), at, SECTOR / 2);
	}
	return 0;
}

int guest_ata_write(uint32_t sector, uint32_t count, const void *from)
{
	const uint8_t *at = from;
	command(0, sector, count, CMD_WRITE);
	for (uint32_t i = 0; i < count; i++, at += SECTOR) {
		if (!wants_data())
			return -1;
		out16_string(REGISTER(DATA), at, SECTOR / 2);
	}
	return is_done(0) ? 0 : -1;
}

/* ---- bus master (Programming Interface for Bus Master IDE Controller, 1.0) ---- */

enum { BM_COMMAND = HV_ATA_BM_PORT, BM_STATUS = BM_COMMAND + 2, BM_TABLE = BM_COMMAND + 4 };
enum { BM_START = 0x01, BM_TO_MEMORY = 0x08 };
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04 };

GUEST_DRIVER int dma(int pretend, uint32_t sector, uint32_t count, void *at, int writes)
{
	static struct {
		uint32_t address;
		uint16_t bytes, flags; /* bytes 0: 64 KiB */
	} table[1] __attribute__((aligned(8)));
	uint8_t direction = writes ? 0 : BM_TO_MEMORY;
	table[0].address = gpa_of(at);
	table[0].bytes = (uint16_t)(count * SECTOR);
	table[0].flags = 0x8000; /* the last */
	guest_set32(pretend, BM_TABLE, gpa_of(table));
	guest_set8(pretend, BM_COMMAND, direction);
	guest_set8(pretend, BM_STATUS, BM_ERROR | BM_INTERRUPT); /* a one clears */
	command(pretend, sector, count, writes ? CMD_WRITE_DMA : CMD_READ_DMA);
	guest_set8(pretend, BM_COMMAND, direction | BM_START);
	unsigned polls = 0;
	uint8_t value = guest_get8(pretend, BM_STATUS);
	for (; !(value & (BM_ERROR | BM_INTERRUPT)) && polls < POLLS; polls++)
		value = guest_get8(pretend, BM_STATUS);
	guest_set8(pretend, BM_COMMAND, direction);
	return (value & (BM_ACTIVE | BM_ERROR | BM_INTERRUPT)) == BM_INTERRUPT && is_done(pretend)
		       ? 0
		       : -1;
}

int guest_ata_dma(uint32_t sector, uint32_t count, void *at, int writes)
{
	return dma(0, sector, count, at, writes);
}

int guest_ata_dma_pretend(uint32_t sector, uint32_t count, void *at, int writes)
{
	return dma(1, sector, count, at, writes);
}
