/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `mcvsim reproduce`: stored results come out again, or it is told what does not.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <time.h>

static void stored_results_can_be_reproduced(void)
{
	study_write("again.json", "");
	PROGRAM_EXPECT(0, "native", "$BIN/mcvsim run $TMP/again.json -o $TMP/stored.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/stored.db");
	PROGRAM_EXPECT(1, "different",
		       "sqlite3 $TMP/stored.db 'UPDATE value SET value = value * 1.0000001 "
		       "WHERE repetition = 1' && "
		       "$BIN/mcvsim reproduce $TMP/stored.db");
}

/* One changed value and one run that is said to have failed are found and told. */
static void what_does_not_come_out_again_is_told(void)
{
	study_write("changed.json", ",\n  \"repeat\": 2");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/changed.json -o $TMP/changed.db");
	PROGRAM_EXPECT(
		0, NULL,
		"cp $TMP/changed.db $TMP/failed.db && sqlite3 $TMP/changed.db \"UPDATE value "
		"SET value = 2 * value WHERE point = 2 AND metric = (SELECT key FROM metric "
		"WHERE name = 'response_time.p95')\" && sqlite3 $TMP/failed.db \"UPDATE run "
		"SET status = 'failed' WHERE point = 1 AND repetition = 1\"");
	PROGRAM_EXPECT(1, "response time, p95 (s)", "$BIN/mcvsim reproduce $TMP/changed.db");
	PROGRAM_EXPECT(1, "-50 %", "$BIN/mcvsim reproduce $TMP/changed.db");
	PROGRAM_EXPECT(1, "1 runs had failed when it was stored, 0 now",
		       "$BIN/mcvsim reproduce $TMP/failed.db");
	/* Other axes have no point in common, which is said. */
	PROGRAM_EXPECT(
		0, NULL,
		"$BIN/mcvsim run $TMP/changed.json -o $TMP/axes.db --set "
		"'/sweep/cores={\"path\": \"/sites/edge/hosts/node/cores\", \"values\": [2, 4]}' "
		"--set '/figures=[]'");
	PROGRAM_EXPECT(0, "swept over different axes",
		       "$BIN/mcvsim diff $TMP/changed.db $TMP/axes.db");
	/* Histograms and series leave as rows; what there is none of is only a head. */
	PROGRAM_EXPECT(0, "metric,subject,low,high,count,unit",
		       "$BIN/mcvsim export $TMP/axes.db --what histograms");
	PROGRAM_EXPECT(
		0, "\"time_s\":", "$BIN/mcvsim export $TMP/axes.db --what series --format jsonl");
	PROGRAM_EXPECT(2, "--what must be", "$BIN/mcvsim export $TMP/axes.db --what rows");
}

static void a_part_can_be_reproduced_and_says_that_it_is_one(void)
{
	study_write("part.json", "");
	PROGRAM_EXPECT(0, "of 16 runs are in",
		       "$BIN/mcvsim run $TMP/part.json -o $TMP/part.db --shard 2/3");
	PROGRAM_EXPECT(0, "of 16 runs are in", "$BIN/mcvsim query $TMP/part.db");
	PROGRAM_EXPECT(0, "of 16 runs are in", "$BIN/mcvsim reproduce $TMP/part.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/part.db");
	/* A point of which one repetition is left. */
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/part.json -o $TMP/holes.db");
	PROGRAM_EXPECT(1, NULL, "$BIN/mcvsim query $TMP/holes.db 2>&1 | grep only");
	PROGRAM_EXPECT(
		0, "the same, to the bit",
		"for t in value histogram series run; do sqlite3 $TMP/holes.db \"DELETE FROM $t "
		"WHERE point = 1 AND repetition < 3\" || exit 9; done; "
		"$BIN/mcvsim reproduce $TMP/holes.db");
	PROGRAM_EXPECT(0, "only 13 of 16", "$BIN/mcvsim query $TMP/holes.db");
	PROGRAM_EXPECT(1, "different",
		       "sqlite3 $TMP/holes.db 'UPDATE value SET value = value + 1 WHERE point = 1' "
		       "&& $BIN/mcvsim reproduce $TMP/holes.db");
	PROGRAM_EXPECT(
		1, "no runs",
		"for t in value histogram series run; do sqlite3 $TMP/holes.db \"DELETE FROM $t\" "
		"|| exit 9; done; $BIN/mcvsim reproduce $TMP/holes.db");
	study_write("until.json", ", \"precision\": { \"metric\": \"response_time.mean\", "
				  "\"relative\": 0.05, \"max_repeat\": 9 }");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/until.json -o $TMP/until.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/until.db");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"stored_results_can_be_reproduced", stored_results_can_be_reproduced},
		{"what_does_not_come_out_again_is_told", what_does_not_come_out_again_is_told},
		{"a_part_can_be_reproduced_and_says_that_it_is_one",
		 a_part_can_be_reproduced_and_says_that_it_is_one},
		{0},
	};
	return test_main("reproduce", cases, argc, argv);
}
