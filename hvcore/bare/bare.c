/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bare guest: the guest "probe" without hvcore underneath. Stands in for the VMM (answers its
 * hypercalls) and for hv_measure (batches of n, of n/2 and of the empty loop), on whatever
 * hypervisor loaded it; leaves statistics and checks to the reader of its log. */
#include "hvcore/bare/log.h"
#include "hvcore/bare/machine.h"
#include "hvcore/guest/guest.h"

#define BATCHES	       21u
#define BATCHES_PER_S  500u /* a batch is long enough from 2 ms on */
#define ITERATIONS_MAX (1u << 15)

extern uint32_t bare_loader_magic;
extern const uint8_t bare_exception_stubs[];
_Noreturn void bare_restart(void);
_Noreturn void bare_main(void);
_Noreturn void bare_measure(void);
_Noreturn void bare_exception(uint64_t vector, uint64_t rip);

/* `own`: the operation has an empty loop of its own, which is it with argument 0 instead of 1; that
 * of the others is HV_OP_EMPTY. `offer`: not every hypervisor has it; then it is an exception or
 * does not come to an end. */
static const struct {
	const char *name;
	enum hv_op op;
	const char *method;
	int own, offer;
} jobs[] = {
	{"loop.100_instructions", HV_OP_LOOP,
	 "100 integer instructions in one chain of dependences", 0, 0},
	{"exit.pio_user", HV_OP_PIO, "32-bit out to port 0x540, where a PC has nothing", 0, 0},
	{"exit.pio_in_user", HV_OP_PIO_IN, "32-bit in from port 0x540, where a PC has nothing", 0,
	 0},
	{"exit.mmio_user", HV_OP_MMIO, "32-bit store to 0xd0000000, where a PC has no memory", 0,
	 0},
	{"exit.cpuid", HV_OP_CPUID, "cpuid of leaf 0", 0, 0},
	{"exit.msr", HV_OP_MSR, "rdmsr of EFER", 0, 0},
	{"trap.privileged", HV_OP_PRIVILEGED, "read of CR4", 0, 0},
	{"switch.guest", HV_OP_SWITCH, "load of CR3 with what is in it", 0, 0},
	{"syscall.guest", HV_OP_SYSCALL,
	 "SYSCALL from a user task to this kernel, which changes stacks, counts and returns by "
	 "SYSRET; the task's loop is subtracted",
	 1, 0},
	{"hypercall.vmcall", HV_OP_VMCALL_UNKNOWN,
	 "vmcall or vmmcall, as the processor has it, with a number that no hypervisor has, "
	 "answered by an error code",
	 0, 1},
};

static struct {
	unsigned job;
	uint64_t tsc_hz;
	enum hv_op op; /* of the batch under way */
	uint64_t arg, iterations, ticks;
	int given, failed;
} state;

/* The VMM's part of the ABI. A batch is one run of guest_main: the first yield gives it its work,
 * the second takes the result and ends it. */
void hypercall(enum hv_call number, volatile void *block)
{
	volatile struct hv_call_yield *work = block;
	if (number != HV_CALL_YIELD)
		return;
	if (state.given) {
		state.ticks = work->ticks;
		state.failed |= work->failed != 0;
		work->op = HV_OP_STOP;
		return;
	}
	state.given = 1;
	work->op = state.op;
	work->arg = state.arg;
	work->iterations = state.iterations;
}

static uint64_t batch(enum hv_op op, uint64_t arg, uint64_t n)
{
	static const struct hv_boot boot = {.magic = HV_BOOT_MAGIC};
	state.op = op;
	state.arg = arg;
	state.iterations = n;
	state.given = 0;
	guest_main(&boot);
	return state.ticks;
}

/* `key`: failed or, where that is no mistake, absent. */
static void print_reason(const char *key, const char *reason)
{
	log_key(key);
	log_text(jobs[state.job].name);
	log_text(reason);
	log_line_end();
}

static void measure(void)
{
	enum hv_op op = jobs[state.job].op, none = jobs[state.job].own ? op : HV_OP_EMPTY;
	uint64_t n = 2, enough = state.tsc_hz / BATCHES_PER_S;
	state.failed = 0;
	if (jobs[state.job].offer) {
		machine_watch();
		batch(op, 1, n);
		machine_unwatch();
	}
	while (batch(op, 1, n) < enough && n < ITERATIONS_MAX)
		n *= 2;
	if (state.failed) {
		print_reason("failed", "the operation did not do what it should");
		return;
	}
	log_key("probe");
	log_text(jobs[state.job].name);
	log_number(n);
	log_text(jobs[state.job].method);
	log_line_end();
	for (unsigned i = 0; i < BATCHES; i++) {
		uint64_t whole = batch(op, 1, n), half = batch(op, 1, n / 2);
		uint64_t empty = batch(none, 0, n), empty_half = batch(none, 0, n / 2);
		log_key("batch");
		log_text(jobs[state.job].name);
		log_number(whole);
		log_number(half);
		log_number(empty);
		log_number(empty_half);
		log_line_end();
	}
}

void bare_measure(void)
{
	for (; state.job < sizeof(jobs) / sizeof(jobs[0]); state.job++)
		measure();
	log_close();
	machine_off();
}

/* An exception ends the job, not the guest. */
void bare_exception(uint64_t vector, uint64_t rip)
{
	static const char offered[] = "not offered: ";
	static char reason[] = "not offered: exception 00 at 0x0000000000000000";
	char *text = reason + sizeof(offered) - 1;
	machine_unwatch();
	text[10] = (char)('0' + vector / 10);
	text[11] = (char)('0' + vector % 10);
	for (unsigned i = 0; i < 16; i++)
		text[18 + i] = "0123456789abcdef"[rip >> 4 * (15 - i) & 15];
	if (vector == MACHINE_WATCH)
		print_reason("absent", "not offered: the instruction does not come to its end");
	else if (jobs[state.job].offer)
		print_reason("absent", reason);
	else
		print_reason("failed", text);
	state.job++;
	bare_restart();
}

static void catch_exceptions(void)
{
	static struct {
		uint16_t low, selector, flags, middle;
		uint32_t high, zero;
	} idt[MACHINE_WATCH + 1] __attribute__((aligned(16)));
	for (unsigned i = 0; i <= MACHINE_WATCH; i++) {
		uint64_t at = (uint64_t)(uintptr_t)bare_exception_stubs + 16 * i;
		idt[i].low = (uint16_t)at;
		idt[i].selector = 0x08;
		idt[i].flags = 0x8e00; /* present, interrupt gate */
		idt[i].middle = (uint16_t)(at >> 16);
		idt[i].high = (uint32_t)(at >> 32);
	}
	const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {sizeof(idt) - 1, (uint64_t)(uintptr_t)idt};
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void bare_main(void)
{
	const char *how;
	catch_exceptions();
	log_open();
	log_key("version");
	log_number(1);
	log_line_end();
	log_key("boot");
	log_text(bare_loader_magic == 0x2badb002 ? "multiboot" : "pvh");
	log_line_end();
	machine_print();
	state.tsc_hz = machine_tsc_hz(&how);
	log_key("tsc_hz");
	log_number(state.tsc_hz);
	log_text(how);
	log_line_end();
	if (!state.tsc_hz)
		state.tsc_hz = 1000000000; /* for the length of batches only */
	bare_measure();
}
