/* SPDX-License-Identifier: GPL-2.0-or-later
 * hvcore on hardware virtualization, where the guest kernel runs at CPL0: two boots of an emulated
 * AMD machine (boot.sh) run the commands of the table below; the cases look at what they printed.
 * The machine's clock counts instructions. So a probe's "ns" are instructions here, exact and the
 * same in every boot, and no case depends on how fast the host is. */
#include "tests/emulated/known.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRICK(name) "hvcore run /files/cpl0.bin " name " --backend kvm --json 2>&1"
#define DELAY_NS    20000
/* Not all: a disk takes a second to make in there, and a load of CR3, one instruction on the clock,
 * makes QEMU forget what it translated. */
#define PROBED                                                                                     \
	"exit.pio_user exit.mmio_user exit.pio_in_user exit.cpuid exit.msr exit.kernel "           \
	"hypercall hypercall.vmcall doorbell.pio irq.inject cpu.instruction "                      \
	"fault.guest_4k blk.read_4k.para blk.read_4k_dma.full net.recv_1500.full "                 \
	"net.recv_1500.para vm.create"
#define REPEAT 100 /* as guest_cpl0.c does */

/* What runs in the machine, and with which status it should end. */
enum step {
	KNOWN,
	PROBES,
	BOTH_BOOTS, /* what comes from here on runs in the first boot only */
	DELAYED = BOTH_BOOTS,
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
	TEST_HOSTILE,
	TEST_KERNEL,
	TEST_EXITS,
	STEPS
};

static const struct {
	int status;
	const char *command;
} steps[STEPS] = {
	[KNOWN] = {0, "emulated_known /files/known.bin"},
	[PROBES] = {0, "hvcore probe " PROBED " --quick --backend kvm"},
	[DELAYED] = {0, "hvcore probe exit.pio_user --quick --backend kvm --delay-ns 20000"},
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
	[TEST_HOSTILE] = {0, "test_hvcore_hostile tricks_on_kvm"},
	[TEST_KERNEL] = {0, "test_hvcore_hostile kernel_mode_tricks_on_kvm"},
	[TEST_EXITS] = {0, "test_hvcore_instrument exits_are_what_kvm_counts"},
};

static struct {
	bool tried;
	char why_not[400];
	char *output[2]; /* of the two boots */
} machine;

static bool has(const char *command)
{
	struct program_result r = program_run("command -v %s", command);
	bool found = r.code == 0;
	program_free(&r);
	return found;
}

/* The path of the kernel's package, in a static buffer; empty when there is none. */
static const char *find_package(void)
{
	static char path[1024];
	const char *given = getenv("MCVSIM_KERNEL_DEB");
	struct program_result r =
		program_run("ls -t %s 2>/dev/null | head -n 1",
			    given ? given : "\"$BIN\"/emulated/linux-image-*-cloud-amd64_*.deb");
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(r.out, "\n"), r.out);
	program_free(&r);
	return path;
}

static void write_commands(int count)
{
	char text[8192];
	size_t n = 0;
	for (int i = 0; i < count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d %s\n", steps[i].status,
				      steps[i].command);
	program_write_file("commands", text);
}

/* One boot, and a second attempt for a machine that stopped on the way. */
static void boot(int which, const char *package)
{
	write_commands(which == 0 ? STEPS : BOTH_BOOTS);
	for (int attempt = 0; attempt < 2; attempt++) {
		struct program_result r = program_run(
			"mkdir -p $TMP/files && (cd \"$BIN\"/tests && cp guest_cpl0.bin "
			"$TMP/files/cpl0.bin && "
			"cp guest_known.bin $TMP/files/known.bin) && "
			"tests/emulated/boot.sh %s $TMP 200 \"$BIN\"/hvcore "
			"\"$BIN\"/tests/emulated_known \"$BIN\"/tests/test_hvcore_guests "
			"\"$BIN\"/tests/test_hvcore_hostile \"$BIN\"/tests/test_hvcore_instrument "
			"-- ; "
			"cat $TMP/qemu.log $TMP/console >&2; cat $TMP/output",
			package);
		free(machine.output[which]);
		machine.output[which] = strdup(r.out);
		bool done = strstr(r.out, "\n@done") != NULL;
		if (!done)
			printf("\nboot %d, attempt %d: the machine did not "
			       "finish\n%.3000s\n%.3000s\n",
			       which, attempt, r.err, r.out);
		program_free(&r);
		if (done)
			return;
	}
	CU_FAIL_FATAL("the emulated machine did not finish");
}

/* Boots at the first call. False: it cannot be done here, and the case is skipped. */
static bool booted(void)
{
	if (!machine.tried) {
		machine.tried = true;
		const char *package = find_package();
		if (!has("qemu-system-x86_64") || !has("busybox") || !has("cpio"))
			snprintf(machine.why_not, sizeof(machine.why_not),
				 "needs qemu-system-x86, busybox-static and cpio");
		else if (!package[0])
			snprintf(machine.why_not, sizeof(machine.why_not),
				 "no package linux-image-*-cloud-amd64 in the build's folder "
				 "emulated/ "
				 "(quickstart.sh test fetches it)");
		else {
			boot(0, package);
			boot(1, package);
		}
	}
	if (machine.why_not[0])
		test_skip("%s", machine.why_not);
	else
		CU_ASSERT_PTR_NOT_NULL_FATAL(machine.output[1]);
	return !machine.why_not[0];
}

/* What a step printed in its last run, which must have ended as expected; to be freed. */
static char *output_of(int which, enum step step)
{
	char begin[32], end[32];
	int line = (int)step + 1, status = -1;
	snprintf(begin, sizeof(begin), "@run %d\n", line);
	snprintf(end, sizeof(end), "@end %d ", line);
	const char *from = NULL, *to = NULL;
	for (const char *at = machine.output[which]; (at = strstr(at, begin)); at++)
		from = at + strlen(begin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	to = strstr(from, end);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	sscanf(to + strlen(end), "%d", &status);
	char *text = strndup(from, (size_t)(to - from));
	if (status != steps[step].status)
		printf("\n%s: status %d, not %d\n%.3000s\n", steps[step].command, status,
		       steps[step].status, text);
	CU_ASSERT_EQUAL(status, steps[step].status);
	return text;
}

/* The first line that is a JSON object; to be deleted. */
static cJSON *json_of(int which, enum step step)
{
	char *text = output_of(which, step);
	const char *brace = strchr(text, '{');
	cJSON *json = brace ? cJSON_ParseWithOpts(brace, NULL, false) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	free(text);
	return json;
}

static const char *text_at(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return text ? text : "";
}

static double number_at(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static void doctor_finds_the_cpl0_regime(void)
{
	if (!booted())
		return;
	cJSON *json = json_of(0, DOCTOR);
	const cJSON *kvm =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "backends"), 0);
	const cJSON *seen = cJSON_GetObjectItemCaseSensitive(json, "machine");
	CU_ASSERT_STRING_EQUAL(text_at(kvm, "name"), "kvm");
	CU_ASSERT_STRING_EQUAL(text_at(kvm, "regime"), "cpl0");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(seen, "hypervisor"), "TCG"));
	CU_ASSERT_STRING_EQUAL(text_at(seen, "kvm"), "usable");
	cJSON_Delete(json);
}

static void a_guest_says_hello(void)
{
	if (!booted())
		return;
	char *text = output_of(0, HELLO);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "hello, world\n"));
	free(text);
	cJSON *json = json_of(0, HELLO);
	const cJSON *calls = cJSON_GetObjectItemCaseSensitive(json, "hypercalls");
	CU_ASSERT_STRING_EQUAL(text_at(json, "regime"), "cpl0");
	/* Nothing but hypercalls comes back from the kernel: no page is emulated into place. */
	CU_ASSERT_EQUAL(number_at(json, "exits"),
			number_at(calls, "write") + number_at(calls, "exit"));
	cJSON_Delete(json);
}

/* That one trick of guest_cpl0.c costs this many exits from the guest, and none of them to user
 * space. Interrupts of the machine itself come on top, now and then. */
static void expect_exits(enum step step, double each)
{
	cJSON *none = json_of(0, NOTHING), *json = json_of(0, step);
	double more = number_at(json, "kernel_exits") - number_at(none, "kernel_exits");
	CU_ASSERT_EQUAL(number_at(json, "exits"), number_at(none, "exits"));
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
		cJSON *json = json_of(0, rows[i].step);
		CU_ASSERT_STRING_EQUAL(text_at(json, "outcome"), rows[i].outcome);
		cJSON_Delete(json);
	}
}

/* Calls `look` for each line of a step that is a JSON object; returns how many there were. */
static int each_line(int which, enum step step, void (*look)(const cJSON *line))
{
	char *text = output_of(which, step), *rest = text, *line;
	int n = 0;
	while ((line = strsep(&rest, "\n"))) {
		cJSON *json = line[0] == '{' ? cJSON_Parse(line) : NULL;
		if (json) {
			n++;
			look(json);
		}
		cJSON_Delete(json);
	}
	free(text);
	return n;
}

static void look_at_known(const cJSON *line)
{
	double n = number_at(line, "instructions"), p50 = number_at(line, "p50");
	CU_ASSERT_DOUBLE_EQUAL(p50, n, 0.05);
	if (!(fabs(p50 - n) < 0.05))
		printf("\n%s: %g instructions read %g\n", text_at(line, "where"), n, p50);
	CU_ASSERT(number_at(line, "clock_gap") < 1e-3);
}

static void n_instructions_read_n(void)
{
	if (!booted())
		return;
	for (int which = 0; which < 2; which++)
		CU_ASSERT_EQUAL(each_line(which, KNOWN, look_at_known), 4);
}

/* Reasons that are about time: exact as the clock is, KVM's own work (a grace period, a timer) may
 * fall into one batch and not into the next. */
static bool is_about_time(const char *reason)
{
	return strncmp(reason, "too noisy", 9) == 0 || strncmp(reason, "not linear", 10) == 0;
}

static bool is_exit(const char *name)
{
	return strncmp(name, "exit.", 5) == 0 || strcmp(name, "hypercall") == 0 ||
	       strcmp(name, "hypercall.vmcall") == 0 || strcmp(name, "doorbell.pio") == 0;
}

static void look_at_probe(const cJSON *line)
{
	const char *name = text_at(line, "name"), *failed = text_at(line, "failed");
	if (failed[0]) {
		printf("\n%s: %s\n", name, failed);
		CU_ASSERT(is_about_time(failed) && !is_exit(name));
		return;
	}
	CU_ASSERT_STRING_EQUAL(text_at(line, "regime"), "cpl0");
	CU_ASSERT(number_at(line, "p50") > 0);
	if (is_exit(name))
		CU_ASSERT_DOUBLE_EQUAL(number_at(line, "exits_per_op"), 1, 0.02);
}

static void every_probe_counts_its_exits(void)
{
	if (booted())
		CU_ASSERT(each_line(0, PROBES, look_at_probe) >= 8);
}

/* The case's program has looked itself; here only that it ran and skipped nothing. */
static void tests_of_hvcore_pass(void)
{
	static const enum step tests[] = {TEST_HELLO, TEST_WORK, TEST_HOSTILE, TEST_KERNEL,
					  TEST_EXITS};
	if (!booted())
		return;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		char *text = output_of(0, tests[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "cases: 1 passed, 0 failed, 0 skipped"));
		free(text);
	}
}

static void a_known_delay_is_found(void)
{
	if (!booted())
		return;
	char *all = output_of(0, PROBES), *at = strstr(all, "{\"name\":\"exit.pio_user\"");
	cJSON *plain = at ? cJSON_ParseWithOpts(at, NULL, false) : NULL;
	cJSON *delayed = json_of(0, DELAYED);
	free(all);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
	double found = number_at(delayed, "p50") - number_at(plain, "p50");
	if (!(fabs(found - DELAY_NS) <= 0.05 * DELAY_NS))
		printf("\na delay of %d reads %g\n", DELAY_NS, found);
	CU_ASSERT_DOUBLE_EQUAL(found, DELAY_NS, 0.05 * DELAY_NS);
	cJSON_Delete(plain);
	cJSON_Delete(delayed);
}

static cJSON *other_boot; /* p50 by name */

static void name_line(const cJSON *line, char name[64])
{
	snprintf(name, 64, "%s%s%.0f", text_at(line, "name"), text_at(line, "where"),
		 number_at(line, "instructions"));
}

static void remember(const cJSON *line)
{
	char name[64];
	name_line(line, name);
	cJSON_AddNumberToObject(other_boot, name, number_at(line, "p50"));
}

static void agree(const cJSON *line, double within)
{
	char name[64];
	name_line(line, name);
	double before = number_at(other_boot, name), now = number_at(line, "p50");
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
	if (is_exit(text_at(line, "name")))
		agree(line, 5e-3);
}

static void two_boots_agree(void)
{
	if (!booted())
		return;
	other_boot = cJSON_CreateObject();
	int loops = each_line(0, KNOWN, remember), probes = each_line(0, PROBES, remember);
	CU_ASSERT_EQUAL(each_line(1, KNOWN, compare_loop), loops);
	CU_ASSERT_EQUAL(each_line(1, PROBES, compare_exit), probes);
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
		{"a_known_delay_is_found", a_known_delay_is_found},
		{"tests_of_hvcore_pass", tests_of_hvcore_pass},
		{"two_boots_agree", two_boots_agree},
		{0},
	};
	int status = test_main("emulated.svm", cases, argc, argv);
	free(machine.output[0]);
	free(machine.output[1]);
	return status;
}
