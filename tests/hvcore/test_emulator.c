/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulator backend: what its library does behind our back must not show. Guests here are a few
 * instructions each, assembled into this program.
 */
#include "hvcore/probe/guest_bench.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define LIMIT_NS 5000000000u

static const struct hv_backend *emulator(void)
{
	const struct hv_backend *b = hv_backend_find("emulator");
	struct err e = {0};
	if (!b || b->available(&e)) {
		test_skip("emulator: %s", b ? e.text : "not here");
		return NULL;
	}
	if (!hv_image_find("probe")) {
		test_skip("no guests for this architecture");
		return NULL;
	}
	return b;
}

#if defined(__x86_64__)
/* Code at its place is position independent: it runs wherever it is loaded. */
#define GUEST(name, code)                                                                          \
	extern const uint8_t name[], name##_end[];                                                 \
	__asm__(".pushsection .rodata\n" #name ":\n" code "\n" #name "_end:\n.popsection\n")

/* Answers of ports and of the bus reach the right registers, in the right width, at once: also the
 * very next instruction sees them. Exits with 0 when all were right. */
GUEST(guest_answers, "mov $0x1122334455667788, %rax\n"
		     "mov $0x7777, %dx\n"
		     "in %dx, %al\n" /* nobody answers: all ones, in al alone */
		     "mov $0x11223344556677ff, %rbx\n"
		     "cmp %rbx, %rax\n"
		     "jne 1f\n"
		     "in %dx, %eax\n"
		     "mov $0xffffffff, %ebx\n" /* 32 bits clear the upper half */
		     "cmp %rbx, %rax\n"
		     "jne 1f\n"
		     "mov $0xd0000000, %rsi\n"
		     "mov $-1, %rax\n"
		     "mov (%rsi), %ax\n" /* the bus answers 0 there */
		     "mov $0xffffffffffff0000, %rbx\n"
		     "cmp %rbx, %rax\n"
		     "jne 1f\n"
		     "movl $41, 0x20000\n" /* HV_CALL_NOP adds one */
		     "mov $0x20000, %eax\n"
		     "mov $0x503, %dx\n"
		     "out %eax, %dx\n"
		     "cmpl $42, 0x20004\n"
		     "jne 1f\n"
		     "movl $0, 0x20000\n"
		     "jmp 2f\n"
		     "1: movl $1, 0x20000\n"
		     "2: mov $0x20000, %eax\n"
		     "mov $0x500, %dx\n"
		     "out %eax, %dx\n");
GUEST(guest_halt, "hlt");
GUEST(guest_loop, "1: jmp 1b");
GUEST(guest_exit_loop, "mov $0x540, %dx\n1: out %eax, %dx\njmp 1b");
GUEST(guest_string_loop, "mov $0x540, %dx\nmov $0x200000, %edi\nmov $-1, %rcx\nrep insb");
GUEST(guest_no_memory, "mov $0xc0000000, %rsi\nmovb $1, (%rsi)");
GUEST(guest_beyond, "mov $0x1000000000, %rsi\nmovb $1, (%rsi)");
GUEST(guest_invalid, "ud2");
GUEST(guest_divide, "xor %ecx, %ecx\ndiv %ecx");
GUEST(guest_jump_nowhere, "mov $-1, %rax\njmp *%rax");
/* A far jump through a register, which there is not: the library calls abort(). */
GUEST(guest_untranslatable, "mov $0x6e, %cl\n.byte 0xff, 0xef");
GUEST(guest_run_bus, "mov $0xd0000000, %rax\njmp *%rax");
/* 2.5 * 4 + 0.25, in SSE and on the x87, must be 10.25 both. */
GUEST(guest_float, "movl $10, 0x20000\n"
		   "movl $4, 0x20004\n"
		   "cvtsi2sdl 0x20004, %xmm0\n"
		   "mov $0x4004000000000000, %rax\n" /* 2.5 */
		   "movq %rax, %xmm1\n"
		   "mulsd %xmm1, %xmm0\n"
		   "mov $0x3fd0000000000000, %rax\n" /* 0.25 */
		   "movq %rax, %xmm2\n"
		   "addsd %xmm2, %xmm0\n"
		   "movq %xmm0, %rbx\n"
		   "fninit\n"
		   "movq %rax, 0x20010\n"
		   "fildl 0x20000\n"
		   "faddl 0x20010\n"
		   "fstpl 0x20010\n"
		   "cmp 0x20010, %rbx\n"
		   "setne %al\n"
		   "movzbl %al, %eax\n"
		   "mov %eax, 0x20000\n"
		   "mov $0x20000, %eax\n"
		   "mov $0x500, %dx\n"
		   "out %eax, %dx\n");

/* Interrupts: disabled while the bell rings, they come after the instruction behind `sti`, which
 * halts, and end that halt; a halt with interrupts disabled is the end, whatever is pending. The
 * handler counts, in the memory at 0x30000, and keeps where it came from. */
#define TAKE_INTERRUPTS                                                                            \
	"mov $0x20f00, %rsp\n"                                                                     \
	"lea 9f(%rip), %eax\n"                                                                     \
	"mov %eax, 0x20000\n"                                                                      \
	"mov $0x20000, %eax\n"                                                                     \
	"mov $0x504, %dx\n"                                                                        \
	"out %eax, %dx\n"                                                                          \
	"mov $0x54c, %dx\n"
#define HANDLER                                                                                    \
	"9: incl 0x30000\n"                                                                        \
	"push %rax; mov 8(%rsp), %rax; mov %rax, 0x30008; pop %rax\n"                              \
	"iretq\n"
GUEST(guest_masked, TAKE_INTERRUPTS "cli\n"
				    "out %ax, %dx\n"
				    "mov $1000, %ecx\n"
				    "1: dec %ecx\n"
				    "jnz 1b\n"
				    "cmpl $0, 0x30000\n"
				    "jne 8f\n"
				    "jmp 2f\n"
				    "2: sti\n"
				    "hlt\n"
				    "3: cmpl $1, 0x30000\n"
				    "jne 8f\n"
				    "lea 3b(%rip), %rax\n"
				    "cmp 0x30008, %rax\n"
				    "jne 8f\n"
				    "movl $0, 0x20000\n"
				    "jmp 7f\n"
				    "8: movl $1, 0x20000\n"
				    "7: mov $0x20000, %eax\n"
				    "mov $0x500, %dx\n"
				    "out %eax, %dx\n" HANDLER);
GUEST(guest_masked_halt, TAKE_INTERRUPTS "cli\n"
					 "out %ax, %dx\n"
					 "hlt\n" HANDLER);
GUEST(guest_no_stack, TAKE_INTERRUPTS "mov $0x1000, %rsp\n"
				      "out %ax, %dx\n"
				      "1: jmp 1b\n" HANDLER);

static struct hv_outcome run(const struct hv_backend *b, const uint8_t *code, const uint8_t *end,
			     uint64_t limit_ns)
{
	struct hv_config config = {.backend = b,
				   .image = code,
				   .image_bytes = (size_t)(end - code),
				   .interrupts = true};
	struct hv_outcome outcome = {0};
	struct hv_vm *vm;
	struct err e = {0};
	int rc = hv_vm_open(&vm, &config, &e);
	if (!rc)
		rc = hv_vm_run(vm, limit_ns, &outcome, &e);
	if (rc)
		CU_FAIL(e.text);
	hv_vm_close(vm);
	return outcome;
}
#define RUN(b, name, limit_ns) run(b, name, name##_end, limit_ns)

static void test_answers(void)
{
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	struct hv_outcome outcome = RUN(b, guest_answers, LIMIT_NS);
	CU_ASSERT_EQUAL(outcome.kind, HV_RUN_EXITED);
	CU_ASSERT_EQUAL(outcome.status, 0);
}

static void test_float(void)
{
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	struct hv_outcome outcome = RUN(b, guest_float, LIMIT_NS);
	CU_ASSERT_EQUAL(outcome.kind, HV_RUN_EXITED);
	CU_ASSERT_EQUAL(outcome.status, 0);
}

static void test_ends(void)
{
	static const struct {
		const uint8_t *code, *end;
		enum hv_outcome_kind kind;
		const char *says;
	} rows[] = {
		{guest_halt, guest_halt_end, HV_RUN_HALTED, "halted"},
		{guest_no_memory, guest_no_memory_end, HV_RUN_FAULT, "0xc0000000"},
		{guest_beyond, guest_beyond_end, HV_RUN_FAULT, "0x1000000000"},
		{guest_invalid, guest_invalid_end, HV_RUN_FAULT, "rip 0x100000"},
		{guest_divide, guest_divide_end, HV_RUN_SHUTDOWN, "exception 0"},
		{guest_jump_nowhere, guest_jump_nowhere_end, HV_RUN_SHUTDOWN, "page fault"},
		{guest_untranslatable, guest_untranslatable_end, HV_RUN_BROKEN, "translate"},
		{guest_run_bus, guest_run_bus_end, HV_RUN_FAULT, "0xd0000000"},
	};
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hv_outcome outcome = run(b, rows[i].code, rows[i].end, LIMIT_NS);
		CU_ASSERT_EQUAL(outcome.kind, rows[i].kind);
		CU_ASSERT_PTR_NOT_NULL(strstr(outcome.text, rows[i].says));
	}
}

static void test_interrupts(void)
{
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	struct hv_outcome outcome = RUN(b, guest_masked, LIMIT_NS);
	CU_ASSERT_EQUAL(outcome.kind, HV_RUN_EXITED);
	CU_ASSERT_EQUAL(outcome.status, 0);
	CU_ASSERT_EQUAL(RUN(b, guest_masked_halt, LIMIT_NS).kind, HV_RUN_HALTED);
	outcome = RUN(b, guest_no_stack, LIMIT_NS);
	CU_ASSERT_EQUAL(outcome.kind, HV_RUN_FAULT);
	CU_ASSERT_PTR_NOT_NULL(strstr(outcome.text, "no stack"));
}

/* Also where the guest is in the VMM's hands most of the time. */
static void test_deadline(void)
{
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	CU_ASSERT_EQUAL(RUN(b, guest_loop, 50000000).kind, HV_RUN_TIMEOUT);
	CU_ASSERT_EQUAL(RUN(b, guest_exit_loop, 50000000).kind, HV_RUN_TIMEOUT);
	CU_ASSERT_EQUAL(RUN(b, guest_string_loop, 50000000).kind, HV_RUN_TIMEOUT);
}
#endif

/* A guest that yields and goes on; a machine that is closed while its guest waits. */
static void test_work(void)
{
	const struct hv_backend *b = emulator();
	if (!b)
		return;
	struct hv_probe_env env = {0};
	struct hv_bench bench;
	struct err e = {0};
	CU_ASSERT_EQUAL_FATAL(hv_bench_open(&bench, b, &env, NULL, &e), 0);
	static const enum hv_op ops[] = {HV_OP_EMPTY,	     HV_OP_PIO,
					 HV_OP_MMIO,	     HV_OP_HYPERCALL,
					 HV_OP_PRIVILEGED,   HV_OP_HYPERCALL_BLOCK,
					 HV_OP_RELEASE_BLOCK};
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct hv_batch batch = {NAN, NAN, NAN, -1, NAN};
		int rc = hv_bench_run(&bench, ops[i], 1000, &batch, &e);
		CU_ASSERT_EQUAL(rc, 0);
		if (rc)
			printf("%s", e.text);
		CU_ASSERT(batch.ns > 0 && batch.ticks > 0);
	}
	const struct hv_counters *c = &bench.vm->counters;
	CU_ASSERT_EQUAL(c->calls[HV_CALL_NOP], 1000);
	CU_ASSERT_EQUAL(c->calls[HV_CALL_RELEASE], 0); /* the block only */
	CU_ASSERT_EQUAL(c->calls[HV_CALL_YIELD], 8);
	CU_ASSERT_EQUAL(c->mmio, 1000);
	hv_bench_close(&bench);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
#if defined(__x86_64__)
		{"answers", test_answers},
		{"float", test_float},
		{"ends", test_ends},
		{"interrupts", test_interrupts},
		{"deadline", test_deadline},
#endif
		{"work", test_work},
		{0},
	};
	return test_main("emulator", cases, argc, argv);
}
