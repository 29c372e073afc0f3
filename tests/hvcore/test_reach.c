/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a guest can reach is what `hvcore surface` counts: every port and every page of the bus is
 * tried on a machine whose guest is this test, and on trap every system call by the guest. */
#include "hvcore/allow.h"
#include "hvcore/surface.h"
#include "tests/hvcore/machine.h"

#include <seccomp.h>
#include <stdlib.h>

/* ---- ports and pages ---- */

/* One access, and then the guest halts. */
static struct {
	struct hv_exit exit;
	uint8_t data[8];
	bool done;
	unsigned raised, accessed;
} guest;

static int script_open(struct hv_vm *vm, struct err *e)
{
	(void)vm;
	(void)e;
	return 0;
}

static void script_close(struct hv_vm *vm)
{
	(void)vm;
}

static int script_step(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, uint64_t deadline_ns,
		       struct err *e)
{
	(void)vm;
	(void)cpu;
	(void)deadline_ns;
	(void)e;
	*x = guest.exit;
	if (guest.done)
		x->kind = HV_EXIT_HALT;
	guest.done = true;
	return 0;
}

static int script_raise(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	(void)vm;
	(void)cpu;
	(void)e;
	guest.raised++;
	return 0;
}

static int script_map(struct hv_vm *vm, unsigned first, const uint64_t *entries, unsigned count,
		      struct err *e)
{
	(void)vm;
	(void)first;
	(void)entries;
	(void)count;
	(void)e;
	return 0;
}

static void note_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
			void *data)
{
	(void)vm;
	(void)state;
	(void)offset;
	(void)size;
	(void)write;
	(void)data;
	guest.accessed++;
}

static void close_nothing(void *state)
{
	(void)state;
}

static const struct hv_device_ops noting = {
	.name = "noting", .access = note_access, .close = close_nothing};

/* At a device's ports one that notes that it was reached. */
static void attach_like(struct hv_vm *vm, struct hv_device device)
{
	struct err e;
	device.ops->close(device.state);
	device.ops = &noting;
	device.state = NULL;
	CU_ASSERT_EQUAL_FATAL(hv_vm_attach(vm, device, &e), 0);
}

static void attach_all(struct hv_vm *vm, bool rings)
{
	static const uint16_t senders[] = {HV_CONSOLE_PORT, HV_NET_PORT};
	struct hv_device d;
	struct err e;
	if (!rings) {
		CU_ASSERT_EQUAL_FATAL(hv_ata_make(&d, -1, 512, &e), 0);
		attach_like(vm, d);
		CU_ASSERT_EQUAL_FATAL(hv_uart_make(&d, -1, &e), 0);
		attach_like(vm, d);
		CU_ASSERT_EQUAL_FATAL(hv_rtl8139_make(&d, -1, &e), 0);
		attach_like(vm, d);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(hv_virtio_blk_make(&d, -1, 512, &e), 0);
	attach_like(vm, d);
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL_FATAL(hv_virtio_send_make(&d, senders[i], 0, -1, &e), 0);
		attach_like(vm, d);
	}
	CU_ASSERT_EQUAL_FATAL(hv_virtio_recv_make(&d, HV_NET_RECEIVE_PORT, 0, -1, &e), 0);
	attach_like(vm, d);
}

static uint64_t calls_of(const struct hv_vm *vm)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < HV_CALL_COUNT; i++)
		sum += vm->counters.calls[i];
	return sum;
}

/* Lets the guest make its access. */
static enum hv_outcome_kind run(struct hv_vm *vm)
{
	struct hv_outcome outcome;
	struct err e;
	guest.done = false;
	CU_ASSERT_EQUAL_FATAL(hv_vm_run(vm, 1000000000u, &outcome, &e), 0);
	return outcome.kind;
}

static void count_reached(const struct hv_surface *s)
{
	const struct hv_backend like = {
		.name = "script",
		.open = script_open,
		.close = script_close,
		.step = script_step,
		.raise = s->backend->raise ? script_raise : NULL,
		.map = s->backend->map ? script_map : NULL,
		.map_on_demand = s->backend->map_on_demand,
	};
	const struct hv_config config = {
		.backend = &like, .mem_bytes = 2u << 20, .image = "", .interrupts = true};
	unsigned calls = 0, ports = 0, pages = 0;
	struct hv_vm *vm;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(hv_vm_open(&vm, &config, &e), 0);
	attach_all(vm, strcmp(s->devices, "rings") == 0);
	for (unsigned port = 0; port < 65536; port++) {
		uint64_t before = calls_of(vm);
		guest.raised = guest.accessed = 0;
		guest.exit = (struct hv_exit){.kind = HV_EXIT_PIO};
		guest.exit.pio.port = (uint16_t)port;
		guest.exit.pio.size = 4;
		guest.exit.pio.write = true;
		guest.exit.pio.count = 1;
		guest.exit.pio.data = guest.data;
		run(vm);
		calls += calls_of(vm) != before;
		ports += guest.raised || guest.accessed;
	}
	for (uint64_t at = 2u << 20; at < 1ull << 32; at += 4096) {
		guest.exit = (struct hv_exit){.kind = HV_EXIT_MMIO};
		guest.exit.mmio.gpa = at;
		guest.exit.mmio.size = 4;
		guest.exit.mmio.data = guest.data;
		pages += run(vm) == HV_RUN_HALTED;
	}
	hv_vm_close(vm);
	CU_ASSERT_EQUAL(calls, s->hypercalls);
	/* The kernel answers a doorbell by itself. */
	CU_ASSERT_EQUAL(ports + (s->backend->doorbell != NULL), s->ports);
	CU_ASSERT_EQUAL(pages, s->pages);
}

static void every_port_and_page_that_answers_is_counted(void)
{
	struct hv_surface rows[HV_SURFACES_MAX];
	struct err e;
	int count = hv_surfaces(rows, &e), machines = 0;
	for (int i = 0; i < count; i++)
		if (rows[i].backend->open) {
			count_reached(&rows[i]);
			machines++;
		}
	CU_ASSERT(machines >= 2);
}

/* ---- the system calls of the guest's own process ---- */

/* Finds the stub's system call instruction and uses it for `number`, with the second argument 1,
 * which a futex takes for a wake. Whether it is a call that the process has not. */
static bool is_refused(uint32_t number)
{
	uint8_t code[] = {
		0x48, 0xbb, 0,	  0x10, 0,    0, 0, 0x60, 0, 0, /* mov rbx, stub's code */
		0x66, 0x81, 0x3b, 0x0f, 0x05,			/* cmp [rbx], syscall */
		0x74, 0x05,					/* je found */
		0x48, 0xff, 0xc3,				/* inc rbx */
		0xeb, 0xf4,					/* jmp back */
		0xb8, 0,    0,	  0,	0,			/* found: mov eax, number */
		0xbf, 0,    0,	  0x10, 0,			/* mov edi, 0x100000 */
		0xbe, 1,    0,	  0,	0,			/* mov esi, 1 */
		0x31, 0xd2,					/* xor edx, edx */
		0xff, 0xe3,					/* jmp rbx */
	};
	memcpy(code + 23, &number, sizeof(number));
	const struct machine m = {.backend = "trap",
				  .code = code,
				  .code_bytes = sizeof(code),
				  .limit_ns = 500000000,
				  .disk = -1};
	struct machine_result r;
	char text[32];
	machine_run(&m, &r);
	CU_ASSERT_EQUAL(r.rc, 0);
	snprintf(text, sizeof(text), "system call %u,", number);
	return r.outcome.kind == HV_RUN_FAULT && strncmp(r.outcome.text, text, strlen(text)) == 0;
}

static void every_call_of_a_guests_process_is_listed(void)
{
	const struct hv_allow *row = hv_backend_find("trap")->guest_allow;
	unsigned left = 0, listed = 0;
	if (!machine_available("trap"))
		return;
	for (uint32_t number = 0; number < 1024; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);
		left += name && !is_refused(number);
		free(name);
	}
	for (; row->call; row++, listed++)
		CU_ASSERT(!is_refused((uint32_t)seccomp_syscall_resolve_name(row->call)));
	CU_ASSERT_EQUAL(left, listed);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"every_port_and_page_that_answers_is_counted",
		 every_port_and_page_that_answers_is_counted},
		{"every_call_of_a_guests_process_is_listed",
		 every_call_of_a_guests_process_is_listed},
		{0},
	};
	return test_main("reach", cases, argc, argv);
}
