/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `mcvsim run --trace` writes of tasks, and what of it is refused.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static cJSON *read_json(const char *name)
{
	struct program_result r = program_run("cat %s", study_path(name));
	cJSON *root = cJSON_Parse(r.out);
	CU_ASSERT_PTR_NOT_NULL(root);
	program_free(&r);
	return root;
}

static bool has_text(const cJSON *event, const char *key)
{
	return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(event, key));
}

static double number_of(const cJSON *event, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
	CU_ASSERT(cJSON_IsNumber(item));
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

enum { THREADS = 64 };

/* What the Trace Event Format asks of a complete event; those of a thread follow each other. */
static void check_slice(const cJSON *event, const bool named[THREADS], double end_us[THREADS])
{
	double thread = number_of(event, "tid"), us = number_of(event, "ts");
	CU_ASSERT_FATAL(thread >= 1 && thread < THREADS);
	CU_ASSERT(named[(int)thread] && has_text(event, "cat"));
	CU_ASSERT(us >= end_us[(int)thread] - 1e-3 && number_of(event, "dur") > 0);
	end_us[(int)thread] = us + number_of(event, "dur");
}

/* The file against the Trace Event Format: complete events (no begin without an end), counters of
 * numbers, and a name for the process and each thread before its first event. */
static void check_chrome_trace(const cJSON *root)
{
	const cJSON *events = cJSON_GetObjectItemCaseSensitive(root, "traceEvents"), *event, *value;
	bool named[THREADS] = {false};
	double end_us[THREADS] = {0};
	int slices = 0, levels = 0;
	CU_ASSERT(cJSON_IsArray(events));
	CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(cJSON_GetObjectItem(root, "displayTimeUnit")),
			       "ms");
	cJSON_ArrayForEach(event, events)
	{
		const char *ph = cJSON_GetStringValue(cJSON_GetObjectItem(event, "ph"));
		const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
		CU_ASSERT_FATAL(ph && strlen(ph) == 1 && strchr("XCM", ph[0]) != NULL);
		CU_ASSERT(has_text(event, "name") && cJSON_IsObject(args));
		CU_ASSERT_EQUAL(number_of(event, "pid"), 1);
		if (ph[0] == 'M') {
			const cJSON *thread = cJSON_GetObjectItem(event, "tid");
			CU_ASSERT(has_text(args, "name"));
			named[thread ? thread->valueint : 0] = true;
		} else if (ph[0] == 'X') {
			check_slice(event, named, end_us);
			slices++;
		} else {
			CU_ASSERT(number_of(event, "ts") >= 0 && args->child);
			cJSON_ArrayForEach(value, args) CU_ASSERT(cJSON_IsNumber(value));
			levels++;
		}
	}
	CU_ASSERT(named[0] && slices > 3 && levels > 3);
}

/* A row for each task, and a handset's life that viewers take. */
static void tasks_can_be_traced(void)
{
	study_write("trace.json", ", \"repeat\": 1, \"sweep\": null, \"figures\": null");
	PROGRAM_EXPECT(0, "t.csv: ", "$BIN/mcvsim run $TMP/trace.json --trace $TMP/t.csv");
	PROGRAM_EXPECT(0, NULL,
		       "head -1 $TMP/t.csv | grep -q ^handset,app,begin_s,end_s,response_s,counted,"
		       "where,host,outcome,radio_s && test $(wc -l < $TMP/t.csv) -gt 100");
	PROGRAM_EXPECT(0, NULL, "test -z \"$(head -1 $TMP/t.csv | tr , '\\n' | sort | uniq -d)\"");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/trace.json --trace $TMP/again.csv");
	PROGRAM_EXPECT(0, NULL, "cmp $TMP/t.csv $TMP/again.csv");
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim run $TMP/trace.json --trace $TMP/one.csv --trace-handset "
		       "phones/7");
	PROGRAM_EXPECT(0, NULL,
		       "tail -n +2 $TMP/one.csv > $TMP/one.rows && test -s $TMP/one.rows && grep "
		       "^phones/7, $TMP/t.csv | cmp - $TMP/one.rows");
	PROGRAM_EXPECT(0, "events",
		       "$BIN/mcvsim run $TMP/trace.json --trace $TMP/t.json --trace-format chrome "
		       "--trace-handset phones/7");
	cJSON *root = read_json("t.json");
	check_chrome_trace(root);
	cJSON_Delete(root);
}

static void what_cannot_be_traced_is_refused(void)
{
	study_write("many.json", "");
	PROGRAM_EXPECT(2, "4 points of 4 repetitions: say which by --only",
		       "$BIN/mcvsim run $TMP/many.json --trace $TMP/x.csv");
	PROGRAM_EXPECT(2, "--trace-handset needs --trace",
		       "$BIN/mcvsim run $TMP/many.json --trace-handset phones/0");
	PROGRAM_EXPECT(2, "did you mean 'chrome'",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-format chrom");
	PROGRAM_EXPECT(2, "must be CLASS/N",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-handset phones");
	PROGRAM_EXPECT(2, "say which by --trace-handset",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-format chrome");
	study_write("few.json", ", \"repeat\": 1, \"sweep\": null, \"figures\": null");
	PROGRAM_EXPECT(2, "no handset phones/1000000",
		       "$BIN/mcvsim run $TMP/few.json --trace $TMP/x.json --trace-format chrome "
		       "--trace-handset phones/1000000");
	PROGRAM_EXPECT(1, "cannot write", "$BIN/mcvsim run $TMP/few.json --trace $TMP/no/x.csv");
	PROGRAM_EXPECT(1, NULL, "$BIN/mcvsim run $TMP/few.json --trace /dev/full");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"tasks_can_be_traced", tasks_can_be_traced},
		{"what_cannot_be_traced_is_refused", what_cannot_be_traced_is_refused},
		{0},
	};
	return test_main("trace", cases, argc, argv);
}
