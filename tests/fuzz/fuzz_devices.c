/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any sequence of register accesses and memory writes that a guest could make, against every
 * device: nothing may crash, leak, hang or touch what is not the guest's or the disk's.
 * With -DMCVSIM_FUZZ=ON (clang) this is a libFuzzer program; without, it reads the files named, or,
 * given none, runs a fixed number of pseudo-random sequences.
 *
 * The input is a program: one byte says what to do, the next ones with what.
 */
#include "hvcore/devices.h"

#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define DISK_BYTES (64u << 10)
#define MEM_BYTES  (2u << 20)

struct input {
	const unsigned char *data;
	size_t left;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < bytes && in->left; i++, in->left--)
		value = value << 8 | *in->data++;
	return value;
}

static void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void access_port(struct hv_vm *vm, struct hv_device *d, struct input *in, bool write)
{
	static const unsigned sizes[] = {1, 2, 4, 4};
	uint16_t offset = (uint16_t)(take(in, 1) % d->ports);
	unsigned size = sizes[take(in, 1) & 3];
	/* Of exactly the size of the access, for the address sanitizer. */
	unsigned char *value = malloc(size);
	demand(value, "no memory");
	uint32_t number = write ? take(in, size) : 0;
	memcpy(value, &number, size);
	d->ops->access(vm, d->state, offset, size, write, value);
	free(value);
}

static void access_block(struct hv_vm *vm, struct hv_device *d, struct input *in)
{
	uint32_t what = take(in, 2);
	unsigned size = 1u << (what & 1), count = 1 + (what >> 2) % 600;
	unsigned char *value = calloc(count, size);
	demand(value, "no memory");
	if (d->ops->block)
		d->ops->block(vm, d->state, (uint16_t)(what >> 12) % d->ports, size, what & 2,
			      value, count);
	free(value);
}

/* A well-formed request to begin with, so that the fuzzer need not find one. */
static void offer_request(struct hv_vm *vm, struct hv_device *ring, struct input *in)
{
	enum {
		DESC = 0x1000,
		AVAIL = 0x2000,
		USED = 0x3000,
		HEADER = 0x4000,
		DATA = 0x5000,
		STATUS = 0x4800
	};
	uint32_t what = take(in, 2);
	const struct virtio_blk_outhdr header = {.type = what & 1, .sector = what >> 4 & 0xff};
	uint16_t direction = what & 1 ? 0 : VRING_DESC_F_WRITE;
	const struct vring_desc desc[] = {
		{HEADER, sizeof(header), VRING_DESC_F_NEXT, 1},
		{DATA, 512 * (1 + (what >> 12)), (uint16_t)(VRING_DESC_F_NEXT | direction), 2},
		{STATUS, 1, VRING_DESC_F_WRITE, 0},
	};
	const uint16_t avail[] = {0, 1, 0};
	const uint32_t registers[] = {DESC, AVAIL, USED, 8, 0};
	hv_mem_write(&vm->mem, HEADER, &header, sizeof(header));
	hv_mem_write(&vm->mem, DESC, desc, sizeof(desc));
	hv_mem_write(&vm->mem, AVAIL, avail, sizeof(avail));
	for (uint16_t i = 0; i < 5; i++) {
		uint32_t value = registers[i];
		ring->ops->access(vm, ring->state, (uint16_t)(4 * i), 4, true, &value);
	}
}

enum { RING, ATA, UART, RTL8139, CONSOLE, NET, DEVICES };

static void run(struct hv_vm *vm, struct hv_device *devices, struct input in)
{
	while (in.left) {
		uint32_t op = take(&in, 1);
		struct hv_device *d = &devices[(op >> 3) % DEVICES];
		uint32_t value;
		switch (op & 7) {
		case 0:
		case 1:
			access_port(vm, d, &in, true);
			break;
		case 2:
			access_port(vm, d, &in, false);
			break;
		case 3:
			access_block(vm, d, &in);
			break;
		case 4:
			offer_request(vm, op & 0x40 ? d : &devices[RING], &in);
			break;
		default:
			value = take(&in, 2);
			uint32_t bytes = take(&in, 4);
			hv_mem_write(&vm->mem, 0x1000 + value % 0x4000, &bytes, sizeof(bytes));
		}
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct err e;
	struct hv_vm vm = {0};
	struct hv_device devices[DEVICES];
	int disk = memfd_create("disk", MFD_CLOEXEC),
	    peer = open("/dev/null", O_WRONLY | O_CLOEXEC);
	demand(disk >= 0 && ftruncate(disk, DISK_BYTES) == 0 && peer >= 0, "no disk");
	demand(hv_mem_open(&vm.mem, MEM_BYTES, &e) == 0, "no memory");
	demand(hv_virtio_blk_make(&devices[RING], disk, DISK_BYTES, &e) == 0 &&
		       hv_ata_make(&devices[ATA], disk, DISK_BYTES, &e) == 0 &&
		       hv_uart_make(&devices[UART], peer, &e) == 0 &&
		       hv_rtl8139_make(&devices[RTL8139], peer, &e) == 0 &&
		       hv_virtio_send_make(&devices[CONSOLE], HV_CONSOLE_PORT, 0, peer, &e) == 0 &&
		       hv_virtio_send_make(&devices[NET], HV_NET_PORT, HV_NET_HEADER_BYTES, peer,
					   &e) == 0,
	       "no devices");
	run(&vm, devices, (struct input){data, size});
	demand(lseek(disk, 0, SEEK_END) == DISK_BYTES, "the disk has grown");
	for (unsigned i = 0; i < DEVICES; i++)
		devices[i].ops->close(devices[i].state);
	close(peer);
	hv_mem_close(&vm.mem);
	close(disk);
	return 0;
}

#ifndef MCVSIM_FUZZ
static void run_file(const char *path)
{
	static unsigned char bytes[1 << 16];
	FILE *file = fopen(path, "rb");
	demand(file, path);
	size_t size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	srandom(1);
	for (int round = 0; argc == 1 && round < 4000; round++) {
		unsigned char bytes[600];
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)random();
		LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
	}
	return 0;
}
#endif
