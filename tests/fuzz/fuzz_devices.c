/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A machine whose guest is the input: a backend of its own gives the loop one access after another
 * (ports, string instructions, the bus, hypercalls) and changes the guest's memory in between, as a
 * guest would. Nothing that it does may be a failure of the host.
 *
 * Input: a sequence of actions, each a byte and its arguments (struct script). Where the input's
 * last bit is set, the ring devices work in a thread of their own, beside all that. */
#include "hvcore/device/devices.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define DISK_BYTES  (16u * 512)
#define ACTIONS_MAX 2000
#define STRING_MAX  4096u    /* bytes of a string instruction */
#define AREA	    0x20000u /* where most addresses of the input lie */
#define UNTOUCHED   0x5a     /* what the VMM's part is full of */

struct script {
	struct fuzz_input in;
	unsigned actions;
	uint8_t *data; /* of the last access: exactly its size, which a sanitizer guards */
	uint64_t handlers, raised;
};

/* `bytes` bytes, of which the first are `value`, until the next access. */
static void *access_data(struct script *s, size_t bytes, uint64_t value)
{
	free(s->data);
	s->data = calloc(1, bytes);
	demand(s->data != NULL, "memory");
	memcpy(s->data, &value, bytes < sizeof(value) ? bytes : sizeof(value));
	return s->data;
}

/* Mostly ports where something is: a device's registers and the one after, or a hypercall's. */
static uint16_t pick_port(const struct hv_vm *vm, struct fuzz_input *in)
{
	uint8_t choice = fuzz_u8(in);
	if (choice >= 0xf0)
		return fuzz_u16(in);
	uint8_t which = fuzz_u8(in);
	if (choice >= 0xe0)
		return (uint16_t)(HV_CALL_PORT + which % (HV_CALL_COUNT + 1));
	const struct hv_device *d = &vm->devices[choice % vm->device_count];
	bool ring = d->ports == 4 * HV_QUEUE_PORTS;
	return (uint16_t)(d->port +
			  (ring ? 4 * (which % (HV_QUEUE_PORTS + 1)) : which % (d->ports + 1)));
}

/* Mostly an address in a small area, so that what is written is what is read; 16-aligned, as rings
 * must be; or one in the VMM's part. */
static uint32_t pick_address(struct fuzz_input *in)
{
	uint16_t value = fuzz_u16(in);
	return value & 1 ? fuzz_u32(in) : (value & 2 ? 0 : AREA) + (value & 0xfff0u);
}

static void port_exit(const struct hv_vm *vm, struct script *s, struct hv_exit *x, uint32_t count,
		      bool write, uint32_t value)
{
	static const uint8_t sizes[] = {1, 2, 4, 1};
	x->kind = HV_EXIT_PIO;
	x->pio.port = pick_port(vm, &s->in);
	x->pio.size = sizes[fuzz_u8(&s->in) % 4];
	x->pio.write = write;
	x->pio.count = count;
	x->pio.data = access_data(s, (size_t)count * x->pio.size, value);
	if (count > 1 && write)
		fuzz_bytes(&s->in, x->pio.data, fuzz_u8(&s->in) % count);
}

static void call_exit(struct script *s, struct hv_exit *x)
{
	uint32_t block = pick_address(&s->in);
	x->kind = HV_EXIT_PIO;
	x->pio.port = (uint16_t)(HV_CALL_PORT + fuzz_u8(&s->in) % (HV_CALL_COUNT + 1));
	x->pio.size = 4;
	x->pio.write = true;
	x->pio.count = 1;
	x->pio.data = access_data(s, 4, block);
}

static void bus_exit(struct script *s, struct hv_exit *x, uint8_t action)
{
	x->kind = HV_EXIT_MMIO;
	x->mmio.gpa =
		action & 8 ? fuzz_u32(&s->in) : HV_MMIO_GPA + (uint32_t)(fuzz_u16(&s->in) % 4096);
	x->mmio.size = 1u << fuzz_u8(&s->in) % 4;
	x->mmio.write = action & 16;
	x->mmio.data = access_data(s, x->mmio.size, 0);
}

static void write_memory(struct script *s, struct hv_mem *mem)
{
	uint8_t chunk[256];
	uint32_t at = pick_address(&s->in);
	uint8_t length = fuzz_u8(&s->in);
	fuzz_bytes(&s->in, chunk, length);
	hv_mem_write(mem, at, chunk, length);
}

static int script_step(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, uint64_t deadline_ns,
		       struct err *e)
{
	(void)cpu;
	struct script *s = vm->config.console_ctx;
	(void)deadline_ns;
	(void)e;
	while (s->in.left && s->actions++ < ACTIONS_MAX) {
		uint8_t action = fuzz_u8(&s->in);
		switch (action % 8) {
		case 0: /* out */
			port_exit(vm, s, x, 1, true,
				  action & 8 ? pick_address(&s->in) : fuzz_u8(&s->in));
			return 0;
		case 1: /* in */
			port_exit(vm, s, x, 1, false, 0);
			return 0;
		case 2: /* outs, ins */
		case 3:
			port_exit(vm, s, x, 1 + 8u * fuzz_u8(&s->in), action % 8 == 2, 0);
			return 0;
		case 6:
			call_exit(s, x);
			return 0;
		case 7:
			bus_exit(s, x, action);
			return 0;
		default:
			write_memory(s, &vm->mem);
		}
	}
	x->kind = HV_EXIT_HALT;
	return 0;
}

static int script_available(struct err *e)
{
	(void)e;
	return 0;
}

static int script_open(struct hv_vm *vm, struct err *e)
{
	(void)e;
	memset(hv_mem_tables(&vm->mem, 0, HV_BOOT_GPA), UNTOUCHED, HV_BOOT_GPA);
	return 0;
}

static void script_close(struct hv_vm *vm)
{
	(void)vm;
}

static int script_handler(struct hv_vm *vm, struct hv_call_handler *call, struct err *e)
{
	struct script *s = vm->config.console_ctx;
	(void)e;
	s->handlers++;
	call->eoi = call->apic = 0;
	return 0;
}

static int script_raise(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	struct script *s = vm->config.console_ctx;
	(void)e;
	demand(cpu == 0, "a processor that exists");
	s->raised++;
	return 0;
}

static const struct hv_backend script_backend = {
	.name = "script",
	.summary = "a guest made of bytes",
	.available = script_available,
	.open = script_open,
	.close = script_close,
	.step = script_step,
	.handler = script_handler,
	.raise = script_raise,
};

/* Reads what it is given, so that a sanitizer sees whether it is there. */
static int console(void *ctx, const char *text, size_t length, struct err *e)
{
	unsigned sum = 0;
	(void)ctx;
	(void)e;
	for (size_t i = 0; i < length; i++)
		sum += (unsigned char)text[i];
	demand(length <= HV_WRITE_MAX && sum <= 255u * HV_WRITE_MAX, "a bounded line");
	return 0;
}

/* Every device there is, in the order of the corpus. */
static void attach_devices(struct hv_vm *vm, int disk, int peer)
{
	struct hv_device devices[7];
	struct err e = {0};
	demand(hv_ata_make(&devices[0], disk, DISK_BYTES, &e) == 0 &&
		       hv_virtio_blk_make(&devices[1], disk, DISK_BYTES, &e) == 0 &&
		       hv_uart_make(&devices[2], peer, &e) == 0 &&
		       hv_rtl8139_make(&devices[3], peer, &e) == 0 &&
		       hv_virtio_send_make(&devices[4], HV_CONSOLE_PORT, 0, peer, &e) == 0 &&
		       hv_virtio_send_make(&devices[5], HV_NET_PORT, HV_NET_HEADER_BYTES, peer,
					   &e) == 0 &&
		       hv_virtio_recv_make(&devices[6], HV_NET_RECEIVE_PORT, HV_NET_HEADER_BYTES,
					   peer, &e) == 0,
	       e.text);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		demand(hv_vm_attach(vm, devices[i], &e) == 0, e.text);
}

static void check_vmms_part(const struct hv_vm *vm)
{
	const uint8_t *part = hv_mem_tables(&vm->mem, 0, HV_BOOT_GPA);
	for (size_t i = 0; i < HV_BOOT_GPA; i++)
		demand(part[i] == UNTOUCHED, "the VMM's part is as it was");
}

/* What the network card finds: packets of all sizes, one larger than it takes. */
static void send_packets(int fd)
{
	static const uint8_t packet[2048] = {1, 2, 3};
	static const size_t bytes[] = {1, 60, 1500, 2048, 1792, 3, 1500, 1500, 1500, 64};
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		demand(send(fd, packet, bytes[i], MSG_NOSIGNAL) == (ssize_t)bytes[i], "send");
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct script *s = calloc(1, sizeof(*s));
	int disk = memfd_create("disk", MFD_CLOEXEC);
	int ends[2] = {-1, -1};
	bool iothread = size > 0 && data[size - 1] & 1;
	struct hv_config config = {.backend = &script_backend,
				   .mem_bytes = 2u << 20,
				   .image = "",
				   .interrupts = !iothread, /* this backend has no irqfd */
				   .iothread = iothread,
				   .console = console,
				   .console_ctx = s};
	struct hv_outcome outcome;
	struct hv_vm *vm;
	struct err e = {0};
	demand(s && disk >= 0 && ftruncate(disk, DISK_BYTES) == 0 &&
		       socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
				  ends) == 0,
	       "a disk and a peer");
	send_packets(ends[1]);
	/* At its end, so that a guest's wait never takes long. */
	demand(shutdown(ends[1], SHUT_WR) == 0, "shutdown");
	s->in = (struct fuzz_input){data, size};
	demand(hv_vm_open(&vm, &config, &e) == 0, e.text);
	attach_devices(vm, disk, ends[0]);
	do {
		demand(hv_vm_run(vm, 10000000000u, &outcome, &e) == 0, e.text);
		demand(outcome.kind != HV_RUN_TIMEOUT && outcome.kind != HV_RUN_BROKEN,
		       "an outcome that this guest can have");
	} while (outcome.kind == HV_RUN_YIELDED);
	demand(lseek(disk, 0, SEEK_END) == DISK_BYTES, "the disk keeps its size");
	demand(vm->counters.interrupts <= vm->counters.completions, "no interrupt for nothing");
	demand(vm->counters.interrupts <= s->raised, "each counted one is raised");
	demand(s->handlers || vm->counters.interrupts == 0, "and none without a handler");
	check_vmms_part(vm);
	hv_vm_close(vm);
	close(disk);
	close(ends[0]);
	close(ends[1]);
	free(s->data);
	free(s);
	return 0;
}
