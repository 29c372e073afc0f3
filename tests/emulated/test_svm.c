/* SPDX-License-Identifier: GPL-2.0-or-later
 * hvcore on hardware virtualization, where the guest kernel runs at CPL0: two boots of an emulated
 * AMD machine (boot.sh) run the commands of the table below; the cases look at what they printed.
 * The machine's clock counts instructions. So a probe's "ns" are instructions here, exact and the
 * same in every boot, and no case depends on how fast the host is. */
#include "tests/emulated/known.h"
#include "tests/emulated/support_machine.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRICK(name) "hvcore run /files/cpl0.bin " name " --backend kvm --json 2>&1"
#define DELAY_NS    20000
/* Not all: a disk takes a second to make in there, and a load of CR3, one instruction on the clock,
 * makes QEMU forget what it translated. */
#define PROBED                                                                                     \
	"exit.pio_user exit.mmio_user exit.pio_in_user exit.mmio_in_user exit.hlt exit.cpuid "     \
	"exit.msr exit.kernel exit.mmio_kernel "                                                   \
	"hypercall hypercall.vmcall doorbell.pio irq.inject cpu.instruction "                      \
	"fault.guest_4k blk.read_4k.para blk.read_4k_dma.full net.recv_1500.full "                 \
	"net.recv_1500.para vm.create"
#define PROBED_ONCE                                                                                \
	"syscall.guest timer.fire_halted fault.guest_2m_present fault.guest_2m_small "             \
	"map.trapped map.hypercall map.1m.full map.1m.para"
#define REPEAT 100 /* as guest_cpl0.c does */

/* What runs in the machine, and with which status it should end. */
enum step {
	KNOWN,
	PROBES,
	BOTH_BOOTS, /* what comes from here on runs in the first boot only */
	DELAYED = BOTH_BOOTS,
	PROBES_ONCE,
	TRAPPED,
	DOCTOR,
	HELLO,
	NOTHING,
	RING,
	CONTROL,
	CPUID,
	VMMCALL,
	VMCALL,
	SSE,
	HALT,
	FAULT,
	SPIN,
	OUTSIDE,
	BAD_CALL,
	TEST_HELLO,
	TEST_WORK,
	TEST_COMPLETIONS,
	TEST_HOSTILE,
	TEST_KERNEL,
	TEST_EXITS,
	TEST_INTERRUPTS,
	TEST_TRAP,
	STEPS
};

static const struct emulated_step steps[STEPS] = {
	[KNOWN] = {0, "emulated_known /files/known.bin"},
	[PROBES] = {0, "hvcore probe " PROBED " --quick --backend kvm"},
	[DELAYED] = {0, "hvcore probe exit.pio_user --quick --backend kvm --delay-ns 20000"},
	[PROBES_ONCE] = {0, "hvcore probe " PROBED_ONCE " --quick --backend kvm"},
	[TRAPPED] = {0, "hvcore probe exit.pio_user exit.mmio_user trap.privileged irq.inject "
			"--quick --backend trap"},
	[DOCTOR] = {0, "hvcore doctor --json"},
	[HELLO] = {0, "hvcore run hello world --backend kvm --json 2>&1"},
	[NOTHING] = {0, TRICK("nothing")},
	[RING] = {0, TRICK("ring")},
	[CONTROL] = {0, TRICK("control")},
	[CPUID] = {0, TRICK("cpuid")},
	[VMMCALL] = {0, TRICK("vmmcall")},
	[VMCALL] = {0, TRICK("vmcall")},
	[SSE] = {0, TRICK("sse")},
	[HALT] = {1, TRICK("halt")},
	[FAULT] = {1, TRICK("fault")},
	[SPIN] = {1, TRICK("spin --limit-ms 20")},
	[OUTSIDE] = {1, TRICK("outside")},
	[BAD_CALL] = {1, TRICK("bad-call")},
	/* Cases of tests/hvcore that this machine's KVM sees from the other regime. */
	[TEST_HELLO] = {0, "test_hvcore_guests hello_on_kvm"},
	[TEST_WORK] = {0, "test_hvcore_guests same_work_and_exits_everywhere"},
	[TEST_COMPLETIONS] = {0, "test_hvcore_guests same_completions_by_interrupt_everywhere"},
	[TEST_HOSTILE] = {0, "test_hvcore_hostile tricks_on_kvm"},
	[TEST_KERNEL] = {0, "test_hvcore_hostile kernel_mode_tricks_on_kvm"},
	[TEST_EXITS] = {0, "test_hvcore_instrument exits_are_what_kvm_counts"},
	[TEST_INTERRUPTS] = {0, "test_hvcore_guests every_interrupt_arrives"},
	[TEST_TRAP] = {0, "test_hvcore_hostile tricks_on_trap"},
};

/* Two boots of the same machine: without SMAP, under which QEMU 7.2 lets no process return from an
 * interrupt (test_several has it). */
#define ARGUMENTS EMULATED_COUNTED_CLOCK " -cpu EPYC,+svm,+npt,-smap"
static struct emulated machine[2] = {
	{.steps = steps, .count = STEPS, .arguments = ARGUMENTS},
	{.steps = steps, .count = BOTH_BOOTS, .arguments = ARGUMENTS},
};

static bool booted(void)
{
	return emulated_boot(&machine[0]) && emulated_boot(&machine[1]);
}

static void doctor_finds_the_cpl0_regime(void)
{
	if (!booted())
		return;
	cJSON *json = emulated_expect_cpl0(&machine[0], DOCTOR);
	const cJSON *seen = cJSON_GetObjectItemCaseSensitive(json, "machine");
	CU_ASSERT_PTR_NOT_NULL(strstr(emulated_text_at(seen, "hypervisor"), "TCG"));
	CU_ASSERT_STRING_EQUAL(emulated_text_at(seen, "kvm"), "usable");
	cJSON_Delete(json);
}

static void a_guest_says_hello(void)
{
	if (!booted())
		return;
	char *text = emulated_output_of(&machine[0], HELLO);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "hello, world\n"));
	free(text);
	cJSON *json = emulated_json_of(&machine[0], HELLO);
	const cJSON *calls = cJSON_GetObjectItemCaseSensitive(json, "hypercalls");
	CU_ASSERT_STRING_EQUAL(emulated_text_at(json, "regime"), "cpl0");
	/* Nothing but hypercalls comes back from the kernel: no page is emulated into place. */
	CU_ASSERT_EQUAL(emulated_number_at(json, "exits"),
			emulated_number_at(calls, "write") + emulated_number_at(calls, "exit"));
	cJSON_Delete(json);
}

/* That one trick of guest_cpl0.c costs this many exits from the guest, and none of them to user
 * space. Interrupts of the machine itself come on top, now and then. */
static void expect_exits(enum step step, double each)
{
	cJSON *none = emulated_json_of(&machine[0], NOTHING),
	      *json = emulated_json_of(&machine[0], (int)step);
	double more =
		emulated_number_at(json, "kernel_exits") - emulated_number_at(none, "kernel_exits");
	CU_ASSERT_EQUAL(emulated_number_at(json, "exits"), emulated_number_at(none, "exits"));
	CU_ASSERT_DOUBLE_EQUAL(more / REPEAT, each, 0.05);
	if (!(fabs(more / REPEAT - each) <= 0.05))
		printf("\n%s: %g exits, not %g\n", steps[step].command, more / REPEAT, each);
	cJSON_Delete(none);
	cJSON_Delete(json);
}

static void the_guest_is_a_kernel(void)
{
	if (!booted())
		return;
	expect_exits(RING, 0);
	/* The MSR, and the read of CR4, which KVM intercepts on AMD. CR0 and CR3 are the guest's
	 * own under nested paging. */
	expect_exits(CONTROL, 2);
	expect_exits(SSE, 0);
}

static void cpuid_and_hypercalls_reach_this_kvm(void)
{
	if (!booted())
		return;
	expect_exits(CPUID, 1);
	expect_exits(VMMCALL, 1);
	expect_exits(VMCALL, 1);
}

static void bad_ends_have_names(void)
{
	static const struct {
		enum step step;
		const char *outcome;
	} rows[] = {{HALT, "halted"},
		    {FAULT, "shutdown"},
		    {SPIN, "timeout"},
		    {OUTSIDE, "fault"},
		    {BAD_CALL, "bad call"}};
	if (!booted())
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *json = emulated_json_of(&machine[0], (int)rows[i].step);
		CU_ASSERT_STRING_EQUAL(emulated_text_at(json, "outcome"), rows[i].outcome);
		cJSON_Delete(json);
	}
}

static void look_at_known(const cJSON *line)
{
	double n = emulated_number_at(line, "instructions"), p50 = emulated_number_at(line, "p50");
	CU_ASSERT_DOUBLE_EQUAL(p50, n, 0.05);
	if (!(fabs(p50 - n) < 0.05))
		printf("\n%s: %g instructions read %g\n", emulated_text_at(line, "where"), n, p50);
	CU_ASSERT(emulated_number_at(line, "clock_gap") < 1e-3);
}

static void n_instructions_read_n(void)
{
	if (!booted())
		return;
	for (int which = 0; which < 2; which++)
		CU_ASSERT_EQUAL(emulated_each_line(&machine[which], KNOWN, look_at_known), 4);
}

static bool is_exit(const char *name)
{
	return strncmp(name, "exit.", 5) == 0 || strcmp(name, "hypercall") == 0 ||
	       strcmp(name, "hypercall.vmcall") == 0 || strcmp(name, "doorbell.pio") == 0;
}

/* Page-table entries: one by one, 256 at once, and those of a mebibyte set and cleared. And a timer
 * that wakes a halted guest: arming it, the halt, the end of the interrupt. */
static const struct {
	const char *name;
	double exits;
} counts[] = {{"map.trapped", 1},
	      {"map.hypercall", 1.0 / 256},
	      {"map.1m.full", 512},
	      {"map.1m.para", 2},
	      {"timer.fire_halted", 3}};

static void look_at_count(const char *name, const cJSON *line)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (strcmp(counts[i].name, name) == 0)
			CU_ASSERT_DOUBLE_EQUAL(emulated_number_at(line, "exits_per_op"),
					       counts[i].exits, 0.02 * counts[i].exits);
}

static void look_at_probe(const cJSON *line)
{
	const char *name = emulated_text_at(line, "name"),
		   *failed = emulated_text_at(line, "failed");
	if (failed[0]) {
		printf("\n%s: %s\n", name, failed);
		CU_ASSERT(emulated_is_about_time(failed) && !is_exit(name));
		return;
	}
	CU_ASSERT_STRING_EQUAL(emulated_text_at(line, "regime"), "cpl0");
	CU_ASSERT(emulated_number_at(line, "p50") > 0);
	look_at_count(name, line);
	if (is_exit(name))
		CU_ASSERT_DOUBLE_EQUAL(emulated_number_at(line, "exits_per_op"), 1, 0.02);
}

static void every_probe_counts_its_exits(void)
{
	if (!booted())
		return;
	CU_ASSERT(emulated_each_line(&machine[0], PROBES, look_at_probe) >= 8);
	CU_ASSERT_EQUAL(emulated_each_line(&machine[0], PROBES_ONCE, look_at_probe), 8);
}

static void tests_of_hvcore_pass(void)
{
	if (booted())
		emulated_expect_cases(&machine[0], TEST_HELLO, TEST_TRAP);
}

static void look_at_trap(const cJSON *line)
{
	const char *failed = emulated_text_at(line, "failed");
	CU_ASSERT_STRING_EQUAL(failed, "");
	CU_ASSERT(emulated_number_at(line, "p50") > 0);
}

static void a_process_is_a_guest_here_too(void)
{
	if (booted())
		CU_ASSERT_EQUAL(emulated_each_line(&machine[0], TRAPPED, look_at_trap), 4);
}

/* From SYSCALL to SYSRET, as guest/task.c has them; without an exit. */
#define SYSCALL_INSTRUCTIONS 8

static int system_calls;

static void look_at_syscall(const cJSON *line)
{
	if (strcmp(emulated_text_at(line, "name"), "syscall.guest") != 0)
		return;
	CU_ASSERT_DOUBLE_EQUAL(emulated_number_at(line, "p50"), SYSCALL_INSTRUCTIONS, 0.05);
	CU_ASSERT_DOUBLE_EQUAL(emulated_number_at(line, "exits_per_op"), 0, 0.02);
	system_calls++;
}

static void a_system_call_stays_in_the_guest(void)
{
	if (!booted())
		return;
	emulated_each_line(&machine[0], PROBES_ONCE, look_at_syscall);
	CU_ASSERT_EQUAL(system_calls, 1);
}

static void a_known_delay_is_found(void)
{
	if (!booted())
		return;
	char *all = emulated_output_of(&machine[0], PROBES),
	     *at = strstr(all, "{\"name\":\"exit.pio_user\"");
	cJSON *plain = at ? cJSON_ParseWithOpts(at, NULL, false) : NULL;
	cJSON *delayed = emulated_json_of(&machine[0], DELAYED);
	free(all);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	double found = emulated_number_at(delayed, "p50") - emulated_number_at(plain, "p50");
	if (!(fabs(found - DELAY_NS) <= 0.05 * DELAY_NS))
		printf("\na delay of %d reads %g\n", DELAY_NS, found);
	CU_ASSERT_DOUBLE_EQUAL(found, DELAY_NS, 0.05 * DELAY_NS);
	cJSON_Delete(plain);
	cJSON_Delete(delayed);
}

static cJSON *other_boot; /* p50 by name */

static void name_line(const cJSON *line, char name[64])
{
	snprintf(name, 64, "%s%s%.0f", emulated_text_at(line, "name"),
		 emulated_text_at(line, "where"), emulated_number_at(line, "instructions"));
}

static void remember(const cJSON *line)
{
	char name[64];
	name_line(line, name);
	cJSON_AddNumberToObject(other_boot, name, emulated_number_at(line, "p50"));
}

static void agree(const cJSON *line, double within)
{
	char name[64];
	name_line(line, name);
	double before = emulated_number_at(other_boot, name), now = emulated_number_at(line, "p50");
	if (!(fabs(now - before) <= within * before))
		printf("\n%s: %g in one boot, %g in the other\n", name, before, now);
	CU_ASSERT_DOUBLE_EQUAL(now, before, within * before);
}

static void compare_loop(const cJSON *line)
{
	agree(line, 1e-3);
}

/* A few instructions of KVM's path depend on where its data lies; what moves data depends on it
 * more, and is not compared. */
static void compare_exit(const cJSON *line)
{
	if (is_exit(emulated_text_at(line, "name")))
		agree(line, 5e-3);
}

static void two_boots_agree(void)
{
	if (!booted())
		return;
	other_boot = cJSON_CreateObject();
	int loops = emulated_each_line(&machine[0], KNOWN, remember),
	    probes = emulated_each_line(&machine[0], PROBES, remember);
	CU_ASSERT_EQUAL(emulated_each_line(&machine[1], KNOWN, compare_loop), loops);
	CU_ASSERT_EQUAL(emulated_each_line(&machine[1], PROBES, compare_exit), probes);
	cJSON_Delete(other_boot);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"doctor_finds_the_cpl0_regime", doctor_finds_the_cpl0_regime},
		{"a_guest_says_hello", a_guest_says_hello},
		{"the_guest_is_a_kernel", the_guest_is_a_kernel},
		{"cpuid_and_hypercalls_reach_this_kvm", cpuid_and_hypercalls_reach_this_kvm},
		{"bad_ends_have_names", bad_ends_have_names},
		{"n_instructions_read_n", n_instructions_read_n},
		{"every_probe_counts_its_exits", every_probe_counts_its_exits},
		{"a_system_call_stays_in_the_guest", a_system_call_stays_in_the_guest},
		{"a_known_delay_is_found", a_known_delay_is_found},
		{"a_process_is_a_guest_here_too", a_process_is_a_guest_here_too},
		{"tests_of_hvcore_pass", tests_of_hvcore_pass},
		{"two_boots_agree", two_boots_agree},
		{0},
	};
	int status = test_main("emulated.svm", cases, argc, argv);
	free(machine[0].output);
	free(machine[1].output);
	return status;
}
