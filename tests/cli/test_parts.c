/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The distributions of apps, policies, sites and platforms as a user meets them: recorded, swept,
 * asked for and drawn.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

/* Two apps, of which one is kept. */
#define TWO_APPS                                                                                   \
	", \"repeat\": 1, \"handsets\": { \"phones\": { \"count\": 20, \"apps\": {"                \
	" \"augmented-reality\": { \"arrivals\": { \"poisson\": \"30 /min\" } },"                  \
	" \"photo-search\": { \"arrivals\": { \"poisson\": \"30 /min\" } } } } }"

static void recorded_asked_for_and_drawn(void)
{
	study_write("parts.json", TWO_APPS
		    ", \"record\": [\"app.response_time\"], \"figures\": ["
		    " { \"name\": \"one\", \"kind\": \"cdf\", \"y\": \"app.response_time\","
		    "   \"subject\": \"photo-search\", \"series\": \"platform\" },"
		    " { \"name\": \"tail\", \"kind\": \"quantiles\", \"y\":"
		    "   \"app.response_time\", \"subject\": \"augmented-reality\","
		    "   \"series\": \"platform\" },"
		    " { \"name\": \"p95\", \"kind\": \"bars\", \"x\": \"platform\","
		    "   \"y\": \"app.response_time.p95\", \"subject\": \"photo-search\" } ]");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/parts.json -o $TMP/parts.db");
	PROGRAM_EXPECT(0, "app response time, p95, photo-search",
		       "$BIN/mcvsim query $TMP/parts.db --metric app.response_time.p95");
	/* Nothing else is there, and the means are of the same tasks as the distributions. */
	PROGRAM_EXPECT(0,
		       "app.response_time\napp.response_time.max\napp.response_time.p50\n"
		       "app.response_time.p95\napp.response_time.p99\n",
		       "sqlite3 $TMP/parts.db 'SELECT DISTINCT name FROM metric ORDER BY name'");
	PROGRAM_EXPECT(
		0, "|2\n",
		"sqlite3 $TMP/parts.db 'SELECT \"\", count(DISTINCT metric) FROM histogram'");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim report $TMP/parts.db -o $TMP/parts --format svg");
	/* Four steps from 0 to 1, of which those of the one app are not those of the other. */
	PROGRAM_EXPECT(0, "4\n", "grep -c '# series' $TMP/parts/one.tsv");
	PROGRAM_EXPECT(0, "4\n", "awk -F'\\t' '$2 == 1' $TMP/parts/one.tsv | wc -l");
	PROGRAM_EXPECT(1, NULL,
		       "$BIN/mcvsim report $TMP/parts.db -o $TMP/other --format svg --figure '"
		       "{\"name\": \"two\", \"kind\": \"cdf\", \"y\": \"app.response_time\","
		       " \"subject\": \"augmented-reality\", \"series\": \"platform\"}' && "
		       "cmp -s $TMP/parts/one.tsv $TMP/other/two.tsv");
}

static void a_part_must_be_chosen_and_be_there(void)
{
	study_write("none.json", TWO_APPS ", \"figures\": [ { \"name\": \"one\", \"kind\": \"cdf\","
					  " \"y\": \"app.response_time\", \"series\": \"platform\""
					  " } ]");
	PROGRAM_EXPECT(2, "choose one with \"subject\"", "$BIN/mcvsim check $TMP/none.json");
	study_write("nobody.json",
		    TWO_APPS ", \"figures\": [ { \"name\": \"one\", \"kind\": \"cdf\", \"y\":"
			     " \"app.response_time\", \"subject\": \"chess\", \"series\":"
			     " \"platform\" } ]");
	PROGRAM_EXPECT(2, "no subject \"chess\" (it has augmented-reality, ",
		       "$BIN/mcvsim check $TMP/nobody.json");
	study_write("left.json", TWO_APPS
		    ", \"record\": [\"response_time\"], \"figures\": [ { \"name\": \"one\","
		    " \"kind\": \"cdf\", \"y\": \"app.response_time\", \"subject\":"
		    " \"photo-search\", \"series\": \"platform\" } ]");
	PROGRAM_EXPECT(2, "\"record\" leaves \"app.response_time\" out",
		       "$BIN/mcvsim check $TMP/left.json");
	study_write("count.json",
		    TWO_APPS ", \"figures\": [ { \"name\": \"one\", \"kind\": \"cdf\","
			     " \"y\": \"app.done\", \"subject\": \"photo-search\","
			     " \"series\": \"platform\" } ]");
	PROGRAM_EXPECT(2, "has no distribution; there are those of response_time",
		       "$BIN/mcvsim check $TMP/count.json");
}

/* A study may repeat until the number of one part is known well enough. */
static void a_precision_may_be_that_of_a_part(void)
{
	study_write("precise.json",
		    TWO_APPS ", \"figures\": null, \"record\": [\"tasks\"], \"precision\": {"
			     " \"metric\": \"site.response_time.p95\", \"subject\": \"edge\","
			     " \"relative\": 0.2, \"max_repeat\": 8 }");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/precise.json -o $TMP/precise.db");
	PROGRAM_EXPECT(0, "site response time, p95",
		       "$BIN/mcvsim query $TMP/precise.db --metric site.response_time");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"recorded_asked_for_and_drawn", recorded_asked_for_and_drawn},
		{"a_part_must_be_chosen_and_be_there", a_part_must_be_chosen_and_be_there},
		{"a_precision_may_be_that_of_a_part", a_precision_may_be_that_of_a_part},
		{0},
	};
	return test_main("parts", cases, argc, argv);
}
