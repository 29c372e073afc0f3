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
#define REPEAT	    100 /* as guest_cpl0.c does */

/* What runs in the machine, and with which status it should end. */
enum step {
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
	KNOWN,
	PROBES,
	DELAYED,
	STEPS
};

static const struct {
	int status;
	const char *command;
} steps[STEPS] = {
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
	[KNOWN] = {0, "emulated_known /files/known.bin"},
	[PROBES] = {0, "hvcore probe all --quick --backend kvm"},
	[DELAYED] = {0, "hvcore probe exit.pio_user --quick --backend kvm --delay-ns 20000"},
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

static void write_commands(void)
{
	char text[8192];
	size_t n = 0;
	for (int i = 0; i < STEPS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d %s\n", steps[i].status,
				      steps[i].command);
	program_write_file("commands", text);
}

/* One boot, and a second attempt for a machine that stopped on the way. */
static void boot(int which, const char *package)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		struct program_result r = program_run(
			"mkdir -p $TMP/files && cp \"$BIN\"/tests/guest_cpl0.bin "
			"$TMP/files/cpl0.bin && "
			"cp \"$BIN\"/tests/guest_known.bin $TMP/files/known.bin && "
			"tests/emulated/boot.sh %s $TMP 200 \"$BIN\"/hvcore "
			"\"$BIN\"/tests/emulated_known -- ; cat $TMP/qemu.log $TMP/console >&2; "
			"cat $TMP/output",
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
			write_commands();
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

static void look_at_probe(const cJSON *line)
{
	const char *name = text_at(line, "name"), *failed = text_at(line, "failed");
	if (failed[0])
		printf("\n%s: %s\n", name, failed);
	CU_ASSERT_STRING_EQUAL(failed, "");
	CU_ASSERT_STRING_EQUAL(text_at(line, "regime"), "cpl0");
	CU_ASSERT(number_at(line, "p50") > 0);
	/* Where the claim is not one exit, the probe's own check has looked at the count. */
	CU_ASSERT(number_at(line, "exits_per_op") >= 0);
	if (strncmp(name, "exit.", 5) == 0 || strcmp(name, "hypercall") == 0)
		CU_ASSERT_DOUBLE_EQUAL(number_at(line, "exits_per_op"), 1, 0.02);
}

static void every_probe_counts_its_exits(void)
{
	if (booted())
		CU_ASSERT(each_line(0, PROBES, look_at_probe) >= 4);
}

static void a_known_delay_is_found(void)
{
	if (!booted())
		return;
	cJSON *plain = json_of(0, PROBES), *delayed = json_of(0, DELAYED);
	CU_ASSERT_STRING_EQUAL_FATAL(text_at(plain, "name"), "exit.pio_user");
	double found = number_at(delayed, "p50") - number_at(plain, "p50");
	if (!(fabs(found - DELAY_NS) <= 0.05 * DELAY_NS))
		printf("\na delay of %d reads %g\n", DELAY_NS, found);
	CU_ASSERT_DOUBLE_EQUAL(found, DELAY_NS, 0.05 * DELAY_NS);
	cJSON_Delete(plain);
	cJSON_Delete(delayed);
}

static struct {
	double p50[64];
	int n, at;
} first_boot;

static void remember(const cJSON *line)
{
	if (first_boot.n < 64)
		first_boot.p50[first_boot.n++] = number_at(line, "p50");
}

static void compare(const cJSON *line)
{
	double before = first_boot.p50[first_boot.at++], now = number_at(line, "p50");
	if (!(fabs(now - before) <= 1e-3 * before))
		printf("\n%s: %g in one boot, %g in the other\n", text_at(line, "name"), before,
		       now);
	CU_ASSERT_DOUBLE_EQUAL(now, before, 1e-3 * before);
}

static void two_boots_agree(void)
{
	if (!booted())
		return;
	int n = each_line(0, PROBES, remember);
	CU_ASSERT_EQUAL(each_line(1, PROBES, compare), n);
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
		{"two_boots_agree", two_boots_agree},
		{0},
	};
	int status = test_main("emulated.svm", cases, argc, argv);
	free(machine.output[0]);
	free(machine.output[1]);
	return status;
}
