/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What ships with the program: schemas are those of the tables, every study is valid, and a small
 * study still gives the numbers that were reviewed once.
 */
#include "tests/support/program.h"
#include "tests/support/test.h"

static void schemas_are_current(void)
{
	static const char *const names[] = {"study", "platform", "app", "radio", "mixes"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim schema %s | diff - scenarios/schema/%s.json",
			       names[i], names[i]);
	/* None was forgotten above. */
	PROGRAM_EXPECT(0, "5", "$BIN/mcvsim schema | wc -l");
}

static void every_study_is_valid(void)
{
	PROGRAM_EXPECT(0, "all valid",
		       "for f in scenarios/*.json; do $BIN/mcvsim check $f || exit 1; done; "
		       "echo all valid");
}

/* What scenarios/README.md shows is what was checked. */
static void first_study_is_the_one_shown(void)
{
	PROGRAM_EXPECT(0, NULL,
		       "sed -n '/^```json$/,/^```$/p' scenarios/README.md | sed '1d;$d' | "
		       "diff - scenarios/first.json");
}

/* Every platform can be priced with the shipped profiles, for every operation. */
static void every_platform_can_be_priced(void)
{
	PROGRAM_EXPECT(
		0, "all priced",
		"for f in scenarios/platforms/*.json; do for p in scenarios/profiles/*.json; do "
		"$BIN/mcvsim explain $(basename $f .json) --profile $PWD/$p >/dev/null || "
		"exit 1; done; done; echo all priced");
}

/* Not a proof that the numbers are right (the theory suites are that), but no change of a result
 * goes unseen. To accept one, see tests/README.md. */
static void a_small_study_gives_the_numbers_on_record(void)
{
	/* One thread: rows come in the order in which runs first reported their metrics, and each
	 * platform has some of its own. */
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run tests/golden/study.json -o $TMP/golden.db -j1");
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim export $TMP/golden.db | cut -d, -f5- | "
		       "diff tests/golden/study.csv - | head -40; "
		       "$BIN/mcvsim export $TMP/golden.db | cut -d, -f5- | cmp -s - "
		       "tests/golden/study.csv");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"schemas_are_current", schemas_are_current},
		{"every_study_is_valid", every_study_is_valid},
		{"first_study_is_the_one_shown", first_study_is_the_one_shown},
		{"every_platform_can_be_priced", every_platform_can_be_priced},
		{"a_small_study_gives_the_numbers_on_record",
		 a_small_study_gives_the_numbers_on_record},
		{0},
	};
	return test_main("shipped", cases, argc, argv);
}
