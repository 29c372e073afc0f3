/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers and commands as in ATA/ATAPI-6 (T13/1410D), the part that a PIO driver needs. */
#include "hvcore/devices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR	    512u
#define MAX_SECTORS 256u /* a count of 0 means 256 */

enum { REG_DATA, REG_ERROR, REG_COUNT, REG_LBA0, REG_LBA1, REG_LBA2, REG_DEVICE, REG_COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_DRDY = 0x40 };
enum { ERROR_ABRT = 0x04, ERROR_IDNF = 0x10, ERROR_UNC = 0x40 };
enum { DEVICE_LBA = 0x40, DEVICE_SECOND = 0x10 };
enum { CMD_READ = 0x20, CMD_WRITE = 0x30, CMD_FLUSH = 0xe7, CMD_IDENTIFY = 0xec };

struct ata {
	int fd;
	uint64_t sectors;
	uint8_t regs[8]; /* as last written */
	uint8_t status, error;
	bool writing;	     /* the data in the buffer goes to the file when it is complete */
	uint64_t sector;     /* of the command in progress */
	uint32_t at, length; /* bytes of the buffer passed on, and of the command */
	uint8_t buffer[MAX_SECTORS * SECTOR];
};

static void finish(struct ata *a, uint8_t error)
{
	a->at = a->length = 0;
	a->writing = false;
	a->error = error;
	a->status = STATUS_DRDY | (error ? STATUS_ERR : 0);
}

static void transfer(struct ata *a, uint32_t bytes, bool writing)
{
	a->at = 0;
	a->length = bytes;
	a->writing = writing;
	a->error = 0;
	a->status = STATUS_DRDY | STATUS_DRQ;
}

/* Strings in the identity are big-endian within each word, padded with spaces. */
static void put_string(uint8_t *to, size_t bytes, const char *text)
{
	for (size_t i = 0; i < bytes; i++) {
		to[i ^ 1] = (uint8_t)(*text ? *text : ' ');
		text += *text != '\0';
	}
}

static void put_word(struct ata *a, unsigned word, uint64_t value, unsigned words)
{
	for (unsigned i = 0; i < 2 * words; i++)
		a->buffer[2 * word + i] = (uint8_t)(value >> 8 * i);
}

static void identify(struct ata *a)
{
	memset(a->buffer, 0, SECTOR);
	put_word(a, 0, 0x0040, 1); /* fixed disk */
	put_string(a->buffer + 2 * 10, 20, "1");
	put_string(a->buffer + 2 * 23, 8, "1");
	put_string(a->buffer + 2 * 27, 40, "hvcore disk");
	put_word(a, 49, 0x0200, 1); /* LBA */
	put_word(a, 60, a->sectors, 2);
	put_word(a, 80, 0x0040, 1); /* ATA-6 */
	transfer(a, SECTOR, false);
}

static bool read_file(struct ata *a, uint32_t bytes)
{
	return pread(a->fd, a->buffer, bytes, (off_t)(a->sector * SECTOR)) == (ssize_t)bytes;
}

static void command(struct ata *a, uint8_t what)
{
	const uint8_t *r = a->regs;
	uint32_t count = r[REG_COUNT] ? r[REG_COUNT] : MAX_SECTORS;
	a->sector = (uint64_t)(r[REG_DEVICE] & 0xf) << 24 | (uint64_t)r[REG_LBA2] << 16 |
		    (uint64_t)r[REG_LBA1] << 8 | r[REG_LBA0];
	switch (what) {
	case CMD_READ:
	case CMD_WRITE:
		if (!(r[REG_DEVICE] & DEVICE_LBA) || a->sector + count > a->sectors)
			finish(a, ERROR_IDNF);
		else if (what == CMD_READ && !read_file(a, count * SECTOR))
			finish(a, ERROR_UNC);
		else
			transfer(a, count * SECTOR, what == CMD_WRITE);
		break;
	case CMD_FLUSH:
		finish(a, fdatasync(a->fd) ? ERROR_ABRT : 0);
		break;
	case CMD_IDENTIFY:
		identify(a);
		break;
	default:
		finish(a, ERROR_ABRT);
	}
}

/* Passes `bytes` through the data register. Reading past the end gives zeroes; writing past it is
 * lost. */
static void data(struct ata *a, bool write, uint8_t *bytes, uint32_t count)
{
	uint32_t left = a->writing == write ? a->length - a->at : 0;
	uint32_t n = count < left ? count : left;
	if (write)
		memcpy(a->buffer + a->at, bytes, n);
	else
		memcpy(bytes, a->buffer + a->at, n);
	if (!write && n < count)
		memset(bytes + n, 0, count - n);
	a->at += n;
	if (n == 0 || a->at < a->length)
		return;
	uint8_t error = 0;
	if (a->writing &&
	    pwrite(a->fd, a->buffer, a->length, (off_t)(a->sector * SECTOR)) != (ssize_t)a->length)
		error = ERROR_UNC;
	finish(a, error);
}

static void ata_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
		       void *at)
{
	struct ata *a = state;
	uint8_t *byte = at;
	(void)vm;
	if (offset == REG_DATA) {
		data(a, write, at, size);
		return;
	}
	if (!write) {
		memset(at, 0xff, size);
		if (a->regs[REG_DEVICE] & DEVICE_SECOND)
			*byte = 0; /* there is no second disk */
		else
			*byte = offset == REG_COMMAND ? a->status
				: offset == REG_ERROR ? a->error
						      : a->regs[offset];
		return;
	}
	a->regs[offset] = *byte;
	if (offset == REG_COMMAND && !(a->regs[REG_DEVICE] & DEVICE_SECOND))
		command(a, *byte);
}

static void ata_block(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
		      void *at, uint32_t count)
{
	uint8_t *bytes = at;
	if (offset == REG_DATA) {
		data(state, write, bytes, size * count);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		ata_access(vm, state, offset, size, write, bytes + i * size);
}

static void ata_close(void *state)
{
	free(state);
}

static const struct hv_device_ops ata_ops = {
	.name = "ata",
	.access = ata_access,
	.block = ata_block,
	.close = ata_close,
};

int hv_ata_make(struct hv_device *device, int fd, uint64_t bytes, struct err *e)
{
	if (bytes == 0 || bytes % SECTOR || bytes / SECTOR > 1u << 28)
		return err_set(e, ERR_INVALID, "an ATA disk of %llu bytes cannot be addressed",
			       (unsigned long long)bytes);
	struct ata *a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(e, ERR_NOMEM, "no memory for a disk");
	a->fd = fd;
	a->sectors = bytes / SECTOR;
	a->status = STATUS_DRDY;
	*device = (struct hv_device){.ops = &ata_ops, .port = HV_ATA_PORT, .ports = 8, .state = a};
	return 0;
}
