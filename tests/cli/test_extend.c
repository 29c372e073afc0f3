/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A study that grows on its database: what is there is kept, only what it lacks is run, and the
 * content is that of a study which had been so great from the beginning.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>

#define PLATFORMS(values)                                                                          \
	", \"sweep\": {\"platform\": {\"path\": \"/sites/edge/hosts/node/platform\", "             \
	"\"values\": [" values "]}"
#define TWO  PLATFORMS("\"native\", \"kvm-emulated\"")
#define FOUR PLATFORMS("\"kvm-virtio\", \"native\", \"container\", \"kvm-emulated\"")
#define HANDSETS(values)                                                                           \
	", \"handsets\": {\"path\": \"/handsets/phones/count\", \"values\": [" values "]}"

/* Runs `small` into a database, then `great` on it; the content has to be that of `great` alone.
 * `runs`: how many great has, of which `kept` are not run again. */
static void grows(const char *small, const char *great, int kept, int runs)
{
	char grown[33], fresh[33], text[32];
	study_write("small.json", small);
	study_write("great.json", great);
	PROGRAM_EXPECT(0, NULL,
		       "rm -f $TMP/grown.db $TMP/fresh.db; "
		       "$BIN/mcvsim run $TMP/small.json -o $TMP/grown.db");
	CU_ASSERT_EQUAL(study_content("grown.db", grown).done, kept);
	snprintf(text, sizeof(text), "%d of them", kept);
	PROGRAM_EXPECT(0, text,
		       "$BIN/mcvsim run $TMP/great.json -o $TMP/grown.db 2>$TMP/said.txt; "
		       "code=$?; cat $TMP/said.txt; exit $code");
	PROGRAM_EXPECT(0, "it is extended", "cat $TMP/said.txt");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/great.json -o $TMP/fresh.db");
	CU_ASSERT_EQUAL(study_content("grown.db", grown).done, runs);
	study_content("fresh.db", fresh);
	CU_ASSERT_STRING_EQUAL(grown, fresh);
	PROGRAM_EXPECT(0, "to the bit", "$BIN/mcvsim reproduce $TMP/grown.db");
}

static void more_repetitions(void)
{
	grows(", \"repeat\": 2", ", \"repeat\": 3", 8, 12);
}

static void more_values_anywhere_in_the_list(void)
{
	grows(TWO "}", FOUR "}", 8, 16);
}

/* The value that the points had without the axis is among its values. */
static void another_axis(void)
{
	grows(TWO "}", TWO HANDSETS("20, 300") "}, \"figures\": []", 8, 16);
}

static void labels_are_stated_anew(void)
{
	grows(TWO "}",
	      ", \"sweep\": {\"platform\": {\"path\": \"/sites/edge/hosts/node/platform\", "
	      "\"labels\": [\"bare\", \"full\"], \"values\": [\"native\", \"kvm-emulated\"]}}",
	      8, 8);
	PROGRAM_EXPECT(
		0, "bare",
		"$BIN/mcvsim report $TMP/grown.db -o $TMP/figures && cat $TMP/figures/p95.tsv");
}

/* The figures of the greater study stay, and nothing is run. */
static void a_smaller_study_takes_nothing_away(void)
{
	char before[33], after[33];
	study_write("great.json", FOUR "}");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/great.json -o $TMP/kept.db");
	study_content("kept.db", before);
	study_write("fewer.json", TWO "}");
	study_write("seldom.json", FOUR "}, \"repeat\": 1");
	PROGRAM_EXPECT(0, "has this study and more",
		       "$BIN/mcvsim run $TMP/fewer.json -o $TMP/kept.db");
	PROGRAM_EXPECT(0, "has this study and more",
		       "$BIN/mcvsim run $TMP/seldom.json -o $TMP/kept.db");
	CU_ASSERT_EQUAL(study_content("kept.db", after).done, 16);
	CU_ASSERT_STRING_EQUAL(before, after);
	/* a part with more repetitions: the whole is asked for as many, and lacks the rest */
	study_write("often.json", TWO "}, \"repeat\": 6");
	PROGRAM_EXPECT(0, "has this study and more",
		       "$BIN/mcvsim run $TMP/often.json -o $TMP/kept.db");
	CU_ASSERT_EQUAL(study_content("kept.db", after).done, 20);
	PROGRAM_EXPECT(
		0, "20 of 24 runs",
		"$BIN/mcvsim report $TMP/kept.db -o $TMP/figures && cat $TMP/figures/p95.tsv");
}

static void refused(const char *study, const char *why)
{
	study_write("other.json", study);
	PROGRAM_EXPECT(1, why,
		       "cp $TMP/kept.db $TMP/copy.db; "
		       "$BIN/mcvsim run $TMP/other.json -o $TMP/kept.db 2>&1; code=$?; "
		       "cmp $TMP/kept.db $TMP/copy.db || exit 9; exit $code");
}

static void what_is_neither_part_nor_whole_is_refused(void)
{
	study_write("kept.json", TWO "}");
	PROGRAM_EXPECT(0, NULL,
		       "rm -f $TMP/kept.db; $BIN/mcvsim run $TMP/kept.json -o $TMP/kept.db");
	refused(PLATFORMS("\"native\", \"container\"") "}", "another study");
	refused(TWO "}, \"duration\": \"41 s\"", "/duration");
	refused(TWO "}, \"record\": [\"response_time\"]", "/record");
	refused(FOUR "}, \"profile\": \"profiles/nested-epyc.json\", "
		     "\"fallback_profile\": \"profiles/literature.json\"",
		"another profile");
	refused(FOUR "}, \"seed\": \"2\"", "/seed");
}

/* There, how often a point was repeated is a result. */
static void with_a_stopping_rule_repetitions_have_to_agree(void)
{
#define RULE                                                                                       \
	", \"precision\": {\"metric\": \"response_time.mean\", \"relative\": 0.2, "                \
	"\"max_repeat\": 6}"
	grows(TWO "}, \"repeat\": 3" RULE, FOUR "}, \"repeat\": 3" RULE, 6, 12);
	PROGRAM_EXPECT(0, NULL, "mv $TMP/grown.db $TMP/kept.db");
	refused(FOUR "}, \"repeat\": 4" RULE, "/repeat");
	refused(FOUR "}, \"repeat\": 3", "/precision");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"more_repetitions", more_repetitions},
		{"more_values_anywhere_in_the_list", more_values_anywhere_in_the_list},
		{"another_axis", another_axis},
		{"labels_are_stated_anew", labels_are_stated_anew},
		{"a_smaller_study_takes_nothing_away", a_smaller_study_takes_nothing_away},
		{"what_is_neither_part_nor_whole_is_refused",
		 what_is_neither_part_nor_whole_is_refused},
		{"with_a_stopping_rule_repetitions_have_to_agree",
		 with_a_stopping_rule_repetitions_have_to_agree},
		{0},
	};
	return test_main("extend", cases, argc, argv);
}
