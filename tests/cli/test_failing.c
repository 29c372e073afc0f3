/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs that fail, of the user's making or by a bug in the model: they cost only themselves, and can
 * be repeated alone.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <string.h>
#include <time.h>

/* Of three points on each platform, the one in the middle needs more memory than the process may
 * have. */
static void a_failed_run_is_recorded_and_costs_only_itself(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	test_skip("under a sanitizer the memory cannot be limited");
	return;
#endif
	study_write("fails.json",
		    ", \"figures\": [], \"repeat\": 2, \"sweep\": { \"handsets\": { \"path\": "
		    "\"/handsets/phones/count\", \"values\": [30, 10000000, 20] } }");
	PROGRAM_EXPECT(3, "8 runs failed",
		       "ulimit -v 500000; $BIN/mcvsim run $TMP/fails.json -o $TMP/fails.db -j2");
	char hash[33];
	struct db_counts n = study_content("fails.db", hash);
	CU_ASSERT_EQUAL(n.done, 16);
	CU_ASSERT_EQUAL(n.failed, 8);
	PROGRAM_EXPECT(1, "no memory for the handsets",
		       "ulimit -v 500000; PATH=$BIN:$PATH; eval \"$(sqlite3 $TMP/fails.db \"SELECT "
		       "reproduce FROM run WHERE status = 'failed' LIMIT 1\")\"");
	/* They are tried again with the next command, and only they. */
	PROGRAM_EXPECT(3, "16 of them were there",
		       "ulimit -v 500000; $BIN/mcvsim run $TMP/fails.json -o $TMP/fails.db");
}

/* A bug of the model in every second run: the others are stored, and the program says which, when,
 * and how to see it again. */
static void an_assertion_costs_its_run_and_not_the_sweep(void)
{
	char hash[33];
	study_write("broken.json", ", \"figures\": [], \"repeat\": 2");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/broken.json -o $TMP/sound.db");
	struct db_counts sound = study_content("sound.db", hash);
	struct program_result r = program_run(
		"$BIN/tests/mcvsim_broken run $TMP/broken.json -o $TMP/broken.db --seed 1 -j2");
	CU_ASSERT_EQUAL(r.code, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, ":1 (seed 1) failed: "));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(r.err, "assertion failed: run->key.repetition != 1, broken_model.c:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, " s of simulated time)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, "to repeat it: mcvsim run "));
	program_free(&r);
	struct db_counts n = study_content("broken.db", hash);
	CU_ASSERT(n.failed > 0);
	CU_ASSERT_EQUAL(n.failed + n.done, sound.done);
	CU_ASSERT(n.done >= n.failed);
	PROGRAM_EXPECT(
		1, "assertion failed",
		"PATH=$TMP:$PATH; ln -s $BIN/tests/mcvsim_broken $TMP/mcvsim; eval \"$(sqlite3 "
		"$TMP/broken.db \"SELECT reproduce FROM run WHERE status = 'failed' LIMIT "
		"1\")\"");
	/* Once the bug is gone the same command completes the rest. */
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/broken.json -o $TMP/broken.db --seed 1");
	n = study_content("broken.db", hash);
	CU_ASSERT_EQUAL(n.failed, 0);
	CU_ASSERT_EQUAL(n.done, sound.done);
}

static void a_failed_run_can_be_repeated_alone(void)
{
	study_write("only.json", "");
	PROGRAM_EXPECT(0, "response_time.mean",
		       "point=$($BIN/mcvsim run $TMP/only.json --dry-run | sed -n 's/  "
		       "platform=native//p'); "
		       "$BIN/mcvsim run $TMP/only.json --only $point:2");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_failed_run_is_recorded_and_costs_only_itself",
		 a_failed_run_is_recorded_and_costs_only_itself},
		{"an_assertion_costs_its_run_and_not_the_sweep",
		 an_assertion_costs_its_run_and_not_the_sweep},
		{"a_failed_run_can_be_repeated_alone", a_failed_run_can_be_repeated_alone},
		{0},
	};
	return test_main("failing", cases, argc, argv);
}
