/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `warmup` says of a study, on a server whose load is set, and how it ends.
 */
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One guest that serves tasks of 100 ms in the mean, from 100 sources. */
static void write_study(void)
{
	char here[1024], text[4096];
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text),
		 "{ \"extends\": \"%s/scenarios/base/server.json\", \"duration\": \"2 min\", "
		 "\"warmup\": \"0 s\",\n"
		 "  \"apps\": { \"work\": { \"cycles\": { \"exponential\": \"260 Mcycles\" } } },\n"
		 "  \"sites\": { \"server\": { \"hosts\": { \"node\": { \"cores\": 1, \"guests\": "
		 "{ \"count\": 1 } } } } } }\n",
		 here);
	program_write_file("server.json", text);
}

/* "6 /min" is load 1. */
#define WARMUP(rate)                                                                               \
	"$BIN/mcvsim warmup $TMP/server.json --set "                                               \
	"/handsets/sources/apps/work/arrivals/poisson='" rate " /min' "

static void a_busy_server_needs_a_warm_up(void)
{
	write_study();
	PROGRAM_EXPECT(3, "too short: at least ", WARMUP("5.4") "--pilots 60");
	PROGRAM_EXPECT(3, "at 1 of 1 points the warm-up does not suffice",
		       WARMUP("5.4") "--pilots 60");
	PROGRAM_EXPECT(0, "long enough", WARMUP("5.4") "--pilots 60 --set '/warmup=20 s'");
	/* One run is far from knowing its mean to 5 %, and its batches are not independent. */
	PROGRAM_EXPECT(3, " !  > ", WARMUP("5.4") "--pilots 60");
}

static void a_server_with_little_to_do_needs_none(void)
{
	PROGRAM_EXPECT(0, "long enough", WARMUP("1.2") "--set '/duration=10 min'");
}

static void an_overloaded_server_is_told(void)
{
	PROGRAM_EXPECT(3, "overload: ", WARMUP("9"));
	/* Hardly overloaded: few tasks are out at the end, but there is no steady state. */
	PROGRAM_EXPECT(3, "no steady state", WARMUP("6.18") "--set '/duration=40 min' -j2");
	PROGRAM_EXPECT(3, "too few tasks to say (", WARMUP("1.2") "--set '/duration=5 s'");
	PROGRAM_EXPECT(3, "too few tasks to say (0)", WARMUP("1.2") "--set '/duration=0 s'");
}

/* Pilots are the runs of the study: counted after the warm-up they have the mean that `run`
 * reports. They do not depend on threads. */
static void pilots_are_the_studys_runs(void)
{
	PROGRAM_EXPECT(
		0, NULL,
		WARMUP("3") "--pilots 1 --set '/warmup=30 s' --json >$TMP/one.json; "
			    "$BIN/mcvsim run $TMP/server.json -o $TMP/run.db --set "
			    "/handsets/sources/apps/work/arrivals/poisson='3 /min' --set "
			    "'/warmup=30 s' && "
			    "$BIN/mcvsim export $TMP/run.db >$TMP/run.csv && "
			    "mean=$(sed -n 's/.*\"mean_after_warmup\":[^0-9]*\\(0.[0-9]\\{6\\}\\)"
			    ".*/\\1/p' $TMP/one.json) && test \"$mean\" && "
			    "grep 'response_time.mean' $TMP/run.csv | grep \"$mean\"");
	PROGRAM_EXPECT(0, NULL,
		       WARMUP("3") "--json -j1 >$TMP/j1.json; " WARMUP(
			       "3") "--json -j3 >$TMP/j3.json; "
				    "cmp $TMP/j1.json $TMP/j3.json");
}

static const cJSON *json_rate(const cJSON *point)
{
	return cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(point, "parameters"), "rate");
}

static void as_json_every_point_has_its_numbers(void)
{
	static const char *const numbers[] = {"pilots",
					      "duration",
					      "warmup",
					      "truncation",
					      "tasks",
					      "unfinished",
					      "mean_from_start",
					      "mean_after_warmup",
					      "mean",
					      "ci95_one_run",
					      "lag1",
					      "independent",
					      "duration_needed",
					      NULL};
	struct program_result r = program_run(
		"$BIN/mcvsim warmup $TMP/server.json --json --pilots 3 --set '/duration=10 min' "
		"--set "
		"'/sweep={\"rate\": {\"path\": \"/handsets/sources/apps/work/arrivals/poisson\", "
		"\"values\": [\"1.2 /min\", \"9 /min\"]}}' 2>/dev/null");
	cJSON *list = cJSON_Parse(r.out);
	CU_ASSERT_EQUAL(r.code, 3);
	CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 2);
	for (int i = 0; i < 2; i++) {
		const cJSON *point = cJSON_GetArrayItem(list, i);
		const char *verdict =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(point, "verdict"));
		CU_ASSERT_STRING_EQUAL(verdict ? verdict : "", i ? "overload" : "long-enough");
		CU_ASSERT(cJSON_IsNumber(json_rate(point)));
		for (const char *const *n = numbers; *n; n++) {
			const cJSON *x = cJSON_GetObjectItemCaseSensitive(point, *n);
			CU_ASSERT(cJSON_IsNumber(x) || (i == 1 && cJSON_IsNull(x)));
		}
	}
	cJSON_Delete(list);
	program_free(&r);
}

static void mistakes_are_told(void)
{
	PROGRAM_EXPECT(1, "nowhere.json", "$BIN/mcvsim warmup $TMP/nowhere.json");
	program_write_file("broken.json", "{ \"duration\": \"2 min\", \"warmpu\": \"1 s\" }\n");
	PROGRAM_EXPECT(2, "did you mean \"warmup\"", "$BIN/mcvsim warmup $TMP/broken.json");
	PROGRAM_EXPECT(2, "--pilots", "$BIN/mcvsim warmup $TMP/server.json --pilots 0");
	PROGRAM_EXPECT(2, "--jobs", "$BIN/mcvsim warmup $TMP/server.json -j 0");
}

/* The others are judged by, but the exit status says it. */
static void a_pilot_that_fails_is_told(void)
{
	struct program_result r =
		program_run("$BIN/tests/mcvsim_broken warmup $TMP/server.json --pilots 4 --set "
			    "'/duration=10 min' --set '/apps/work/input=1 kB' "
			    "--set /handsets/sources/apps/work/arrivals/poisson='1.2 /min'");
	CU_ASSERT_EQUAL(r.code, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, ":1 failed: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, "1 of 4 pilots failed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.out, "long enough"));
	program_free(&r);
	PROGRAM_EXPECT(0, "long enough",
		       WARMUP("1.2") "--pilots 4 --set '/duration=10 min' --set "
				     "'/apps/work/input=1 kB'");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_busy_server_needs_a_warm_up", a_busy_server_needs_a_warm_up},
		{"a_server_with_little_to_do_needs_none", a_server_with_little_to_do_needs_none},
		{"an_overloaded_server_is_told", an_overloaded_server_is_told},
		{"pilots_are_the_studys_runs", pilots_are_the_studys_runs},
		{"as_json_every_point_has_its_numbers", as_json_every_point_has_its_numbers},
		{"a_pilot_that_fails_is_told", a_pilot_that_fails_is_told},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("warmup", cases, argc, argv);
}
