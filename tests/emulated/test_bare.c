/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bare guest (hvcore/bare) on QEMU's TCG, by both ways of booting, and the profile that its log
 * becomes. With -icount the machine's clock counts instructions: every cost is known or at least
 * the same each time. */
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const probes[] = {"loop.100_instructions", "exit.pio_user", "exit.pio_in_user",
				     "exit.mmio_user",	      "exit.cpuid",    "exit.msr",
				     "trap.privileged",	      "switch.guest",  "syscall.guest"};
#define PROBES (sizeof(probes) / sizeof(probes[0]))
/* Which a TCG without a hypervisor of its own underneath does not offer. */
#define VMCALL "hypercall.vmcall"

static bool has_qemu(void)
{
	struct program_result r = program_run("command -v qemu-system-x86_64");
	bool found = r.code == 0;
	program_free(&r);
	if (!found)
		test_skip("needs qemu-system-x86");
	return found;
}

/* Boots an image, tries once more when it hangs, and leaves the log in TMP/serial.log. */
static void boot(const char *image, const char *machine, const char *more)
{
	PROGRAM_EXPECT(0, NULL,
		       "once() { timeout -k 5 100 qemu-system-x86_64 -accel tcg,thread=single "
		       "-machine %s -cpu max -m 64 -nodefaults -no-user-config -display none "
		       "-no-reboot -kernel \"$BIN\"/%s -serial file:$TMP/serial.log %s 2>&1; }; "
		       "once || once",
		       machine, image, more);
}

/* The profile of the log there is; to be deleted. `code`: how mcvsim must end, -1: any. */
static cJSON *profile(int code)
{
	struct program_result r =
		program_run("\"$BIN\"/mcvsim calibrate --from-log $TMP/serial.log --json");
	if (code >= 0 && r.code != code)
		printf("\n  exit %d\n%.3000s\n%.3000s\n", r.code, r.out, r.err);
	CU_ASSERT(code < 0 || r.code == code);
	cJSON *json = cJSON_Parse(r.out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	program_free(&r);
	return json;
}

static const cJSON *at(const cJSON *json, const char *a, const char *b)
{
	const cJSON *inner = cJSON_GetObjectItemCaseSensitive(json, a);
	return b ? cJSON_GetObjectItemCaseSensitive(inner, b) : inner;
}

static double p50(const cJSON *json, const char *name)
{
	const cJSON *value = at(at(json, "primitives", name), "p50", NULL);
	return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

static cJSON *counted(const char *image, const char *machine, const char *way)
{
	boot(image, machine, "-icount shift=0,sleep=off");
	cJSON *json = profile(0);
	const char *hypervisor = cJSON_GetStringValue(at(json, "machine", "hypervisor"));
	CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(at(json, "machine", "boot")), way);
	CU_ASSERT(hypervisor && strstr(hypervisor, "TCG"));
	/* The PIT runs on the same clock, so the guest finds one tick per nanosecond. */
	CU_ASSERT_DOUBLE_EQUAL(at(json, "machine", "tsc_hz")->valuedouble, 1e9, 1e5);
	/* A hundred instructions more than the empty loop: 100.0. */
	CU_ASSERT_DOUBLE_EQUAL(p50(json, probes[0]), 100, 0.05);
	/* From SYSCALL to SYSRET, as guest/task.c has them. */
	CU_ASSERT_DOUBLE_EQUAL(p50(json, "syscall.guest"), 8, 0.05);
	for (size_t i = 0; i < PROBES; i++)
		CU_ASSERT(p50(json, probes[i]) > 0);
	/* An invalid opcode, and the end of the log came all the same. */
	const char *why = cJSON_GetStringValue(at(json, "failed", VMCALL));
	CU_ASSERT(why && strncmp(why, "not offered: exception 06 at 0x", 31) == 0);
	return json;
}

static void n_instructions_read_n_by_either_boot(void)
{
	if (!has_qemu())
		return;
	cJSON *pvh = counted("hvcore-guest-pvh.elf", "q35", "pvh");
	cJSON *multiboot = counted("hvcore-guest-multiboot.elf", "pc", "multiboot");
	for (size_t i = 0; i < PROBES; i++) {
		double a = p50(pvh, probes[i]), b = p50(multiboot, probes[i]);
		if (!(fabs(a - b) <= 1e-3 * a))
			printf("\n  %s: %g in one boot, %g in the other\n", probes[i], a, b);
		CU_ASSERT_DOUBLE_EQUAL(a, b, 1e-3 * a);
	}
	cJSON_Delete(pvh);
	cJSON_Delete(multiboot);
}

/* In real time the checks may refuse any one number on a busy machine; the profile is one still. */
static void plain_tcg_gives_a_profile(void)
{
	if (!has_qemu())
		return;
	boot("hvcore-guest-pvh.elf", "q35", "");
	cJSON *json = profile(-1);
	int measured = cJSON_GetArraySize(at(json, "primitives", NULL));
	int failed = cJSON_GetArraySize(at(json, "failed", NULL));
	CU_ASSERT_EQUAL(measured + failed, (int)PROBES + 1);
	const cJSON *item;
	cJSON_ArrayForEach(item, at(json, "failed", NULL))
		printf("\n  %s: %s\n", item->string, cJSON_GetStringValue(item));
	cJSON_Delete(json);
}

/* A processor without long mode: the guest cannot start, and its log says nothing rather than half.
 */
static void a_boot_that_fails_is_no_profile(void)
{
	if (!has_qemu())
		return;
	boot("hvcore-guest-pvh.elf", "q35", "-cpu max,-lm");
	PROGRAM_EXPECT(2, "no log of the bare guest",
		       "\"$BIN\"/mcvsim calibrate --from-log $TMP/serial.log");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"n_instructions_read_n_by_either_boot", n_instructions_read_n_by_either_boot},
		{"plain_tcg_gives_a_profile", plain_tcg_gives_a_profile},
		{"a_boot_that_fails_is_no_profile", a_boot_that_fails_is_no_profile},
		{0},
	};
	return test_main("emulated.bare", cases, argc, argv);
}
