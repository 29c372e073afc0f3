/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers and commands as in ATA/ATAPI-6 (T13/1410D), the part that a PIO driver needs, and the
 * bus master as in "Programming Interface for Bus Master IDE Controller" 1.0 (SFF 8038i). */
#include "hvcore/device/devices.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR	    512u
#define MAX_SECTORS 256u /* a count of 0 means 256 */

enum { REG_DATA, REG_ERROR, REG_COUNT, REG_LBA0, REG_LBA1, REG_LBA2, REG_DEVICE, REG_COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_DRDY = 0x40, STATUS_BSY = 0x80 };
enum { ERROR_ABRT = 0x04, ERROR_IDNF = 0x10, ERROR_UNC = 0x40 };
enum { DEVICE_LBA = 0x40, DEVICE_SECOND = 0x10 };
enum {
	CMD_READ = 0x20,
	CMD_WRITE = 0x30,
	CMD_READ_DMA = 0xc8,
	CMD_WRITE_DMA = 0xca,
	CMD_FLUSH = 0xe7,
	CMD_IDENTIFY = 0xec
};

/* The bus master: its registers from offset BM on, and the entries of the table in memory. */
enum { BM = HV_ATA_BM_PORT - HV_ATA_PORT, BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4, BM_END = 8 };
enum { BM_START = 0x01, BM_TO_MEMORY = 0x08 };
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04, BM_CAPABLE = 0x60 };
#define BM_ENTRIES_MAX 64u

struct bm_entry {
	uint32_t address;
	uint16_t bytes; /* 0: 64 KiB */
	uint16_t flags;
};
#define BM_LAST 0x8000u

struct ata {
	int fd;
	uint64_t sectors;
	uint8_t regs[8]; /* as last written */
	uint8_t status, error;
	bool writing; /* the command's data goes to the file, when it is complete */
	bool dma;     /* the command waits for the bus master */
	uint8_t bm_command, bm_status;
	uint32_t bm_table;
	uint64_t sector;     /* of the command in progress */
	uint32_t at, length; /* bytes of the buffer passed on, and of the command */
	uint8_t buffer[MAX_SECTORS * SECTOR];
};

static void finish(struct ata *a, uint8_t error)
{
	a->at = a->length = 0;
	a->writing = a->dma = false;
	a->error = error;
	a->status = STATUS_DRDY | (error ? STATUS_ERR : 0);
}

static void transfer(struct ata *a, uint32_t bytes, bool writing)
{
	a->at = 0;
	a->length = bytes;
	a->writing = writing;
	a->dma = false;
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
	put_word(a, 49, 0x0300, 1); /* LBA, DMA */
	put_word(a, 60, a->sectors, 2);
	put_word(a, 80, 0x0040, 1); /* ATA-6 */
	transfer(a, SECTOR, false);
}

static bool read_file(struct ata *a, uint32_t bytes)
{
	return pread(a->fd, a->buffer, bytes, (off_t)(a->sector * SECTOR)) == (ssize_t)bytes;
}

/* The next `bytes` of memory that the table names, as host memory; returns how many pieces, 0 when
 * the table does not name as many, or not all of it is memory. */
static unsigned walk_table(const struct ata *a, const struct hv_mem *mem, uint64_t bytes,
			   struct iovec *iov)
{
	for (unsigned i = 0; i < BM_ENTRIES_MAX; i++) {
		struct bm_entry entry;
		if (hv_mem_read(mem, a->bm_table + i * sizeof(entry), &entry, sizeof(entry)))
			return 0;
		uint64_t length = entry.bytes ? entry.bytes : 65536u;
		length = length < bytes ? length : bytes;
		void *at = hv_mem_at(mem, entry.address, length);
		if (!at)
			return 0;
		iov[i] = (struct iovec){at, length};
		bytes -= length;
		if (bytes == 0)
			return i + 1;
		if (entry.flags & BM_LAST)
			return 0;
	}
	return 0;
}

/* Both sides are ready: the disk has its command and the bus master was started. */
static void run_bus_master(struct ata *a, const struct hv_mem *mem)
{
	struct iovec iov[BM_ENTRIES_MAX];
	off_t at = (off_t)(a->sector * SECTOR);
	ssize_t wanted = (ssize_t)a->length;
	bool right_way = !(a->bm_command & BM_TO_MEMORY) == a->writing;
	unsigned pieces = right_way ? walk_table(a, mem, a->length, iov) : 0;
	if (!pieces) {
		a->bm_status = (uint8_t)((a->bm_status & ~BM_ACTIVE) | BM_ERROR | BM_INTERRUPT);
		finish(a, ERROR_ABRT);
		return;
	}
	ssize_t done = a->writing ? pwritev(a->fd, iov, (int)pieces, at)
				  : preadv(a->fd, iov, (int)pieces, at);
	a->bm_status = (uint8_t)((a->bm_status & ~BM_ACTIVE) | BM_INTERRUPT);
	finish(a, done == wanted ? 0 : ERROR_UNC);
}

static void start_dma(struct ata *a, const struct hv_mem *mem, uint32_t bytes, bool writing)
{
	transfer(a, bytes, writing);
	a->status = STATUS_DRDY | STATUS_BSY;
	a->dma = true;
	if (a->bm_command & BM_START)
		run_bus_master(a, mem);
}

static void write_bus_master(struct ata *a, const struct hv_mem *mem, uint16_t offset,
			     uint32_t value)
{
	bool started = a->bm_command & BM_START;
	switch (offset) {
	case BM_COMMAND:
		a->bm_command = value & (BM_START | BM_TO_MEMORY);
		if (!(value & BM_START)) {
			a->bm_status &= (uint8_t)~BM_ACTIVE;
		} else if (!started) {
			a->bm_status |= BM_ACTIVE;
			if (a->dma)
				run_bus_master(a, mem);
		}
		break;
	case BM_STATUS: /* ones clear, but for what the driver notes for itself */
		value = (a->bm_status & ~value & (BM_ERROR | BM_INTERRUPT)) | (value & BM_CAPABLE);
		a->bm_status = (uint8_t)((a->bm_status & BM_ACTIVE) | value);
		break;
	case BM_TABLE:
		a->bm_table = value & ~3u;
		break;
	}
}

static void access_bus_master(struct ata *a, const struct hv_mem *mem, uint16_t offset,
			      unsigned size, bool write, void *at)
{
	uint32_t value = 0;
	if (write) {
		memcpy(&value, at, size);
		write_bus_master(a, mem, offset, value);
		return;
	}
	value = offset == BM_COMMAND  ? a->bm_command
		: offset == BM_STATUS ? a->bm_status
		: offset == BM_TABLE  ? a->bm_table
				      : 0;
	memcpy(at, &value, size);
}

static void command(struct ata *a, const struct hv_mem *mem, uint8_t what)
{
	const uint8_t *r = a->regs;
	uint32_t count = r[REG_COUNT] ? r[REG_COUNT] : MAX_SECTORS;
	a->sector = (uint64_t)(r[REG_DEVICE] & 0xf) << 24 | (uint64_t)r[REG_LBA2] << 16 |
		    (uint64_t)r[REG_LBA1] << 8 | r[REG_LBA0];
	bool writing = what == CMD_WRITE || what == CMD_WRITE_DMA;
	switch (what) {
	case CMD_READ:
	case CMD_WRITE:
	case CMD_READ_DMA:
	case CMD_WRITE_DMA:
		if (!(r[REG_DEVICE] & DEVICE_LBA) || a->sector + count > a->sectors)
			finish(a, ERROR_IDNF);
		else if (what == CMD_READ_DMA || what == CMD_WRITE_DMA)
			start_dma(a, mem, count * SECTOR, writing);
		else if (!writing && !read_file(a, count * SECTOR))
			finish(a, ERROR_UNC);
		else
			transfer(a, count * SECTOR, writing);
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
	uint32_t left = a->writing == write && !a->dma ? a->length - a->at : 0;
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
	if (offset >= BM) {
		access_bus_master(a, &vm->mem, (uint16_t)(offset - BM), size, write, at);
		return;
	}
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
		command(a, &vm->mem, *byte);
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
	*device = (struct hv_device){
		.ops = &ata_ops, .port = HV_ATA_PORT, .ports = BM + BM_END, .state = a};
	return 0;
}
