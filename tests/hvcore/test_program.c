/* SPDX-License-Identifier: GPL-2.0-or-later
 * The program hvcore as its user meets it: what it says to a wrong command line, to images that are
 * none, and when what it prints cannot arrive. */
#include "tests/hvcore/run.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void a_wrong_command_line_is_told(void)
{
	static const struct {
		const char *arguments, *says;
	} rows[] = {
		{"", "which command? doctor, list, surface, probe"},
		{"frobnicate", "no command 'frobnicate'; there are doctor"},
		{"prob exit.pio_user", "no command 'prob'; did you mean probe?"},
		{"--qiuck probe all", "no option '--qiuck'; did you mean --quick?"},
		{"-x", "no option '-x'"},
		{"list -xh", "no option '-x'"},
		{"run hello \"$(printf %256d 1)\"", "argument has more than 255 bytes"},
		{"list --json=yes", "--json takes no value"},
		{"run hello --mem", "--mem: its value is missing"},
		{"run hello --mem 1", "--mem: '1' is not a number from 2 to 2048"},
		{"run hello --mem +5", "--mem: '+5' is not a number from 2 to 2048"},
		{"run hello --mem 64k", "--mem: '64k' is not a number from 2 to 2048"},
		{"run hello --cpus 0", "--cpus: '0' is not a number from 1 to 8"},
		{"run hello --regime cpl1", "--regime: 'cpl1' is neither cpl0 nor cpl3"},
		{"run hello --regime cpl3 --backend trap", "--regime is for kvm, not for trap"},
		{"run hello --backend native", "backend native runs no guest images"},
		{"run hello --quick", "run: does not take --quick"},
		{"run hello one two", "run: one argument too many: 'two'"},
		{"run", "run: which guest?"},
		{"run no-such-guest", "neither a built-in guest (count, hello"},
		{"doctor --backend kvm", "doctor: does not take --backend"},
		{"surface --backend kvm", "surface: does not take --backend"},
		{"list all", "list: one argument too many: 'all'"},
		{"probe", "probe: which?"},
		{"probe exit.pio", "no probe 'exit.pio'; did you mean exit.pio_user?"},
		{"probe exit.poi_user", "no probe 'exit.poi_user'; did you mean exit.pio_user?"},
		{"probe nothing-like-it", "no probe 'nothing-like-it'; `hvcore list`"},
		{"probe syscall.native --backend trap", "on backend trap"},
		{"probe all --backend tarp", "'tarp' is none of kvm, trap, emulator"},
		{"mix", "a task has 1 to 4096 operations"},
		{"mix --seed -1 compute=1", "--seed: '-1' is not a whole number"},
		{"mix --para compute=1", "--para is for backends that run guests, not for native"},
		{"turns", "turns: of what?"},
		{"turns syscall.native", "neither a probe (NAME@BACKEND) nor a task"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct program_result r = program_run("\"$BIN\"/hvcore %s", rows[i].arguments);
		bool good = r.code == 2 && !r.out[0] && strstr(r.err, rows[i].says);
		CU_ASSERT(good);
		if (!good)
			printf("\n  hvcore %s: %d, not 2 and \"%s\"\n%.500s\n", rows[i].arguments,
			       r.code, rows[i].says, r.err);
		program_free(&r);
	}
}

static void what_is_asked_for_is_printed(void)
{
	PROGRAM_EXPECT(0, "--limit-ms N", "\"$BIN\"/hvcore --help");
	PROGRAM_EXPECT(0, "hvcore 0.", "\"$BIN\"/hvcore --version");
	struct program_result r = program_run("\"$BIN\"/hvcore list --backend native");
	CU_ASSERT_EQUAL(r.code, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.out, "syscall.native"));
	CU_ASSERT_PTR_NULL(strstr(r.out, "exit.pio_user"));
	program_free(&r);
}

/* What calibrating is to measure it takes from the list, where the clocks have a rate, too. */
static void the_list_knows_the_clocks(void)
{
	PROGRAM_EXPECT(1, "", "\"$BIN\"/hvcore list | grep 'has no known rate'");
	PROGRAM_EXPECT(1, "", "\"$BIN\"/hvcore list --json | grep 'has no known rate'");
}

static void an_elf_file_is_no_flat_image(void)
{
	PROGRAM_EXPECT(2, "objcopy -O binary", RUN_GUEST "$BIN/hvcore");
	PROGRAM_EXPECT(2, "Is a directory", RUN_GUEST "$TMP");
	PROGRAM_EXPECT(2, "empty", RUN_GUEST "/dev/null");
}

/* mov $0x500, %edx; mov $0x100200, %eax; movl $7, (%rax); out %eax, %dx: exits with 7. The rest of
 * the image is a hole. */
static void an_image_may_be_as_large_as_the_memory(void)
{
	PROGRAM_EXPECT(0, NULL,
		       "printf '\\272\\0\\5\\0\\0\\270\\0\\2\\20\\0\\307\\0\\7\\0\\0\\0\\357' "
		       ">$TMP/large && truncate -s 100M $TMP/large");
	PROGRAM_EXPECT(2, "does not fit in 64 MiB of guest memory; --mem says how much",
		       RUN_GUEST "$TMP/large");
	PROGRAM_EXPECT(1, "does not fit in 100 MiB", RUN_GUEST "$TMP/large --mem 100");
	PROGRAM_EXPECT(7, NULL, RUN_GUEST "$TMP/large --mem 101");
}

/* A product that nobody got is no success. */
static void a_full_disk_is_a_failure(void)
{
	static const char *const commands[] = {
		"--help",
		"--version",
		"list",
		"list --json",
		"doctor",
		"doctor --json",
		"surface",
		"surface --json",
		"probe compute.native compute.native --quick",
		"mix compute=1 --quick",
		"turns compute.native@native --limit-ms 50",
	};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		PROGRAM_EXPECT(1, "hvcore: standard output: No space left on device",
			       "\"$BIN\"/hvcore %s >/dev/full", commands[i]);
}

/* With the number of standard output free, the guest's memory would be the next to get it. */
static void a_closed_output_is_a_failure(void)
{
	PROGRAM_EXPECT(1, "hvcore: standard output: Bad file descriptor",
		       "\"$BIN\"/hvcore list >&-");
	PROGRAM_EXPECT(1, "hvcore: standard output: Bad file descriptor", RUN_GUEST "hello >&-");
	PROGRAM_EXPECT(0, "hello", RUN_GUEST "hello <&-");
}

/* The emulator's library would end the program by itself. */
static void a_small_address_space_is_named(void)
{
	struct program_result r = program_run(RUN_GUEST "hello --backend emulator");
	bool here = r.code == 0 && !TEST_SANITIZED;
	program_free(&r);
	if (!here) {
		test_skip("no emulator, or a sanitizer, which takes terabytes of addresses");
		return;
	}
	PROGRAM_EXPECT(1, "hvcore: the 1 GiB of address space that the emulator's library takes",
		       "ulimit -v 900000; \"$BIN\"/hvcore run hello --backend emulator");
	PROGRAM_EXPECT(
		1, "\"failed\":\"the 1 GiB of address space",
		"ulimit -v 900000; \"$BIN\"/hvcore probe hypercall --backend emulator --quick");
}

/* Not even where it could have one, when it is told not to. (Where there can be none:
 * test_missing.c.) */
static void a_run_says_whether_it_had_a_sandbox(void)
{
	struct program_result without = program_run("$BIN/hvcore run hello --json --no-sandbox");
	struct program_result with = program_run("$BIN/hvcore run hello --json");
	bool could_not = strstr(with.err, "would be without a sandbox") != NULL;
	if (without.code) {
		test_skip("no guest runs here: %s", without.err);
	} else {
		CU_ASSERT_PTR_NOT_NULL(strstr(without.err, "\"sandbox\":false"));
		CU_ASSERT_EQUAL(with.code, could_not);
		CU_ASSERT_EQUAL(strstr(with.err, "\"sandbox\":true") != NULL, !could_not);
	}
	CU_ASSERT(could_not || !TEST_SANITIZED);
	program_free(&with);
	program_free(&without);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_wrong_command_line_is_told", a_wrong_command_line_is_told},
		{"what_is_asked_for_is_printed", what_is_asked_for_is_printed},
		{"the_list_knows_the_clocks", the_list_knows_the_clocks},
		{"an_elf_file_is_no_flat_image", an_elf_file_is_no_flat_image},
		{"an_image_may_be_as_large_as_the_memory", an_image_may_be_as_large_as_the_memory},
		{"a_full_disk_is_a_failure", a_full_disk_is_a_failure},
		{"a_closed_output_is_a_failure", a_closed_output_is_a_failure},
		{"a_small_address_space_is_named", a_small_address_space_is_named},
		{"a_run_says_whether_it_had_a_sandbox", a_run_says_whether_it_had_a_sandbox},
		{0},
	};
	return test_main("the program hvcore", cases, argc, argv);
}
