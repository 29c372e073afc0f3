/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim validate: what it prints for scripts, what it says about mistakes and about what this
 * machine lacks. How near predictions are is not a test: machines drift; only that they are of the
 * right size.
 */
#include "sim/cli/measure/error_summary.h"
#include "sim/cli/measure/mixes.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void mistakes_have_their_places(void)
{
	program_write_file("bad.json", "{ \"mixes\": {\n"
				       "  \"a\": { \"compute\": 10, \"sysall\": 2 },\n"
				       "  \"b\": { \"page_touch\": 1, \"page_release\": 2 },\n"
				       "  \"c\": { \"net_tx\": 65 },\n"
				       "  \"d\": {} } }\n");
	PROGRAM_EXPECT(2, "bad.json:2:25: /mixes/a/sysall",
		       "$BIN/mcvsim validate --mixes $TMP/bad.json");
	PROGRAM_EXPECT(2, "bad.json:3:27: /mixes/b/page_release: a task can give back only",
		       "$BIN/mcvsim validate --mixes $TMP/bad.json");
	PROGRAM_EXPECT(2, "/mixes/c/net_tx", "$BIN/mcvsim validate --mixes $TMP/bad.json");
	PROGRAM_EXPECT(2, "/mixes/d: a task must have 1 to 4096",
		       "$BIN/mcvsim validate --mixes $TMP/bad.json");
	program_write_file("one.json", "{ \"mixes\": { \"a\": { \"compute\": 1.5 } } }");
	struct program_result one = program_run("$BIN/mcvsim validate --mixes $TMP/one.json");
	CU_ASSERT_PTR_NOT_NULL(strstr(one.err, "/mixes/a/compute: must be a whole number"));
	CU_ASSERT_PTR_NULL(strstr(one.err, "operations in all")); /* nothing that follows from it */
	program_free(&one);
	program_write_file("one.json", "{ \"mixes\": { \"a\": { \"computee\": 3 } } }");
	one = program_run("$BIN/mcvsim validate --mixes $TMP/one.json");
	CU_ASSERT_PTR_NOT_NULL(strstr(one.err, "did you mean \"compute\"?"));
	CU_ASSERT_PTR_NULL(strstr(one.err, "operations in all"));
	program_free(&one);
	PROGRAM_EXPECT(2, "either --mixes or --random",
		       "$BIN/mcvsim validate --mixes $TMP/bad.json --random 3");
	PROGRAM_EXPECT(2, "--seed is for --random", "$BIN/mcvsim validate --seed 3");
	PROGRAM_EXPECT(2, "did you mean 'hvcore-trap'",
		       "$BIN/mcvsim validate --platform hvcore-trp");
	PROGRAM_EXPECT(2, "no profile /nowhere.json",
		       "$BIN/mcvsim validate --profile /nowhere.json");
	PROGRAM_EXPECT(1, NULL, "$BIN/mcvsim validate --mixes /nowhere.json");
}

static cJSON *validate(const char *arguments, int code)
{
	struct program_result r = program_run("$BIN/mcvsim validate %s --json", arguments);
	cJSON *json = cJSON_Parse(r.out);
	if (r.code != code || !json)
		printf(" %s: exit %d, %s%s ", arguments, r.code, r.out, r.err);
	CU_ASSERT_EQUAL(r.code, code);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	program_free(&r);
	return json;
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static void check_case(const cJSON *c)
{
	double measured = number(c, "measured_ns"), predicted = number(c, "predicted_ns"), sum = 0;
	const cJSON *t;
	CU_ASSERT_PTR_NOT_NULL(cJSON_GetObjectItem(c, "name"));
	CU_ASSERT_PTR_NOT_NULL(cJSON_GetObjectItem(c, "platform"));
	CU_ASSERT(measured > 0 && predicted > 0);
	CU_ASSERT(fabs(number(c, "error") - (predicted / measured - 1)) < 1e-9);
	CU_ASSERT(number(c, "spread") >= 0);
	/* Off by five times is no drift of a machine: a term is missing. */
	CU_ASSERT(predicted > measured / 5 && predicted < measured * 5);
	cJSON_ArrayForEach(t, cJSON_GetObjectItem(c, "terms")) sum += number(t, "ns");
	/* With one round the terms are those of the prediction; each is rounded to a nanosecond. */
	CU_ASSERT(fabs(sum - predicted) < 20);
}

/* Worked out by hand. */
static void a_lean_is_told_from_scatter(void)
{
	const double scatter[] = {-0.3, 0.1, -0.1, 0.3, 0.0}, lean[] = {-0.1, -0.02, 0.04, -0.06};
	struct error_summary s = error_summary_of(scatter, 5);
	CU_ASSERT_EQUAL(s.count, 5);
	CU_ASSERT_EQUAL(s.too_short, 2); /* 0 is neither */
	CU_ASSERT_EQUAL(s.median, 0);
	CU_ASSERT_EQUAL(s.median_abs, 0.1);
	CU_ASSERT_EQUAL(s.max_abs, 0.3);
	s = error_summary_of(lean, 4);
	CU_ASSERT_EQUAL(s.too_short, 3);
	CU_ASSERT_DOUBLE_EQUAL(s.median, -0.04, 1e-15);	   /* of -0.06 and -0.02 */
	CU_ASSERT_DOUBLE_EQUAL(s.median_abs, 0.05, 1e-15); /* of 0.04 and 0.06 */
	CU_ASSERT_EQUAL(s.max_abs, 0.1);
	CU_ASSERT_EQUAL(lean[0], -0.1); /* left in its order */
	s = error_summary_of(NULL, 0);
	CU_ASSERT(s.count == 0 && isnan(s.median) && isnan(s.median_abs) && isnan(s.max_abs));
}

/* That a summary in the answer is one of its cases: of a platform, or of all (NULL). */
static void check_summary(const cJSON *json, const char *platform, const cJSON *summary)
{
	double errors[64];
	size_t n = 0;
	const cJSON *c;
	cJSON_ArrayForEach(c, cJSON_GetObjectItem(json, "cases"))
	{
		const char *where = cJSON_GetStringValue(cJSON_GetObjectItem(c, "platform"));
		CU_ASSERT_FATAL(where != NULL && n < sizeof(errors) / sizeof(errors[0]));
		if (!platform || strcmp(where, platform) == 0)
			errors[n++] = number(c, "error");
	}
	const struct error_summary s = error_summary_of(errors, n);
	CU_ASSERT_FATAL(n > 0);
	CU_ASSERT_DOUBLE_EQUAL(number(summary, "median_error"), s.median, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(number(summary, "median_abs_error"), s.median_abs, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(number(summary, "max_abs_error"), s.max_abs, 1e-12);
	CU_ASSERT_EQUAL(number(summary, "too_short"), (double)s.too_short);
	CU_ASSERT(fabs(number(summary, "median_error")) <= number(summary, "max_abs_error"));
	if (platform)
		CU_ASSERT_EQUAL(number(summary, "cases"), (double)n);
}

static void check_summaries(const cJSON *json)
{
	const cJSON *p, *platforms = cJSON_GetObjectItem(json, "platforms");
	double cases = 0;
	check_summary(json, NULL, json);
	cJSON_ArrayForEach(p, platforms)
	{
		check_summary(json, cJSON_GetStringValue(cJSON_GetObjectItem(p, "platform")), p);
		cases += number(p, "cases");
	}
	CU_ASSERT_EQUAL(cases, cJSON_GetArraySize(cJSON_GetObjectItem(json, "cases")));
}

/* A task of known computing, priced at a thousandth and at a thousand times of what it takes. */
static void the_bias_has_its_sign(void)
{
	static const struct {
		const char *p50, *text;
		double too_short;
	} sides[] = {{"1", "median of the errors -", 2}, {"1000000", "median of the errors +", 0}};
	program_write_file("two.json", "{ \"mixes\": { \"a\": { \"compute\": 10 }, "
				       "\"b\": { \"compute\": 20 } } }");
	for (size_t i = 0; i < 2; i++) {
		char profile[200];
		snprintf(profile, sizeof(profile),
			 "{ \"schema\": 1, \"primitives\": { \"compute.native\": { \"unit\": "
			 "\"ns\", \"p50\": %s, \"source\": \"assumed\" } } }",
			 sides[i].p50);
		program_write_file("side.json", profile);
		const char *const arguments = "--profile $TMP/side.json --mixes $TMP/two.json "
					      "--rounds 1 --platform hvcore-native";
		cJSON *json = validate(arguments, 0);
		CU_ASSERT_EQUAL(number(json, "too_short"), sides[i].too_short);
		CU_ASSERT((number(json, "median_error") < 0) == (i == 0));
		CU_ASSERT(number(json, "median_abs_error") > 0.9);
		check_summaries(json);
		cJSON_Delete(json);
		struct program_result r = program_run("$BIN/mcvsim validate %s", arguments);
		CU_ASSERT_PTR_NOT_NULL(strstr(r.out, sides[i].text));
		program_free(&r);
	}
}

/* Everything there is in one small mix, on every platform that this machine has. */
static void every_platform_is_measured_or_named(void)
{
	const cJSON *c;
	program_write_file(
		"mixes.json",
		"{ \"mixes\": { \"all\": { \"compute\": 20, \"syscall\": 3, \"page_touch\": 4,"
		" \"page_release\": 2, \"blk_read\": 2, \"blk_write\": 1, \"net_tx\": 2 } } }");
	struct program_result r =
		program_run("$BIN/mcvsim validate --mixes $TMP/mixes.json --rounds 1 --json");
	cJSON *json = cJSON_Parse(r.out);
	CU_ASSERT(r.code == 0 || r.code == 3); /* 3: too noisy here, and said so */
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	program_free(&r);
	const cJSON *cases = cJSON_GetObjectItem(json, "cases");
	const cJSON *skipped = cJSON_GetObjectItem(json, "skipped");
	CU_ASSERT_EQUAL(cJSON_GetArraySize(cases) + cJSON_GetArraySize(skipped), 9);
	CU_ASSERT(cJSON_GetArraySize(cases) >= 1);
	cJSON_ArrayForEach(c, cases) check_case(c);
	cJSON_ArrayForEach(c, skipped)
		CU_ASSERT(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(c, "reason"))) > 0);
	CU_ASSERT(number(json, "median_abs_error") <= number(json, "max_abs_error"));
	check_summaries(json);
	cJSON_Delete(json);
}

/* A profile prices without measuring; what it lacks is named, case by case. */
static void what_a_profile_lacks_is_named(void)
{
	program_write_file(
		"small.json",
		"{ \"schema\": 1, \"primitives\": { \"compute.native\": { \"unit\": \"ns\", "
		"\"p50\": 1000, \"source\": \"assumed\" } } }");
	program_write_file("two.json", "{ \"mixes\": { \"cpu\": { \"compute\": 10 },"
				       " \"calls\": { \"syscall\": 10 } } }");
	cJSON *json = validate("--profile $TMP/small.json --mixes $TMP/two.json --rounds 1 "
			       "--platform hvcore-native",
			       3);
	const cJSON *cases = cJSON_GetObjectItem(json, "cases");
	const cJSON *skipped = cJSON_GetObjectItem(json, "skipped");
	CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(cases), 1);
	CU_ASSERT_EQUAL(number(cJSON_GetArrayItem(cases, 0), "predicted_ns"), 10000);
	CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(skipped), 1);
	const char *why =
		cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(skipped, 0), "reason"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "syscall.native"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "small.json"));
	cJSON_Delete(json);
}

/* How often the platform says that an operation leaves the guest. */
static double exits_in_terms(const char *operation)
{
	const cJSON *t;
	double exits = 0;
	struct program_result r =
		program_run("$BIN/mcvsim explain hvcore-full %s --json", operation);
	cJSON *json = cJSON_Parse(r.out);
	cJSON_ArrayForEach(t, cJSON_GetObjectItem(json, "terms"))
	{
		const char *primitive = cJSON_GetStringValue(cJSON_GetObjectItem(t, "primitive"));
		if (primitive && strncmp(primitive, "exit.", 5) == 0)
			exits += number(t, "n");
	}
	cJSON_Delete(json);
	program_free(&r);
	return exits;
}

/* What the terms count is what KVM counts when the guest does it. */
static void kvm_counts_as_many_exits_as_the_terms(void)
{
	static const char *const operations[] = {"blk_read", "blk_write", "net_tx"};
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		struct program_result r =
			program_run("$BIN/hvcore mix --quick --backend kvm %s=1", operations[i]);
		cJSON *json = cJSON_Parse(r.out);
		double counted = number(json, "exits_per_op");
		cJSON_Delete(json);
		program_free(&r);
		if (isnan(counted)) {
			test_skip("KVM does not count here");
			return;
		}
		CU_ASSERT_DOUBLE_EQUAL(exits_in_terms(operations[i]), counted, 0.3);
	}
}

static void random_mixes_repeat_with_their_seed(void)
{
	struct arena arena = {0};
	struct mixes a, b, other;
	CU_ASSERT_EQUAL_FATAL(mixes_random(&a, 50, 7, &arena), 0);
	CU_ASSERT_EQUAL_FATAL(mixes_random(&b, 50, 7, &arena), 0);
	CU_ASSERT_EQUAL_FATAL(mixes_random(&other, 50, 8, &arena), 0);
	const struct mix *ma = a.list.items, *mb = b.list.items, *mo = other.list.items;
	size_t differ = 0;
	for (size_t i = 0; i < 50; i++) {
		CU_ASSERT_EQUAL(memcmp(ma[i].count, mb[i].count, sizeof(ma[i].count)), 0);
		differ += memcmp(ma[i].count, mo[i].count, sizeof(ma[i].count)) != 0;
		CU_ASSERT(ma[i].count[MIX_PAGE_RELEASE] <= ma[i].count[MIX_PAGE_TOUCH]);
		CU_ASSERT(ma[i].count[MIX_NET_TX] <= 64 && ma[i].count[MIX_COMPUTE] <= 1500);
	}
	CU_ASSERT(differ > 40);
	arena_free(&arena);
	PROGRAM_EXPECT(
		0, "random-1",
		"$BIN/mcvsim validate --random 1 --seed 3 --rounds 1 --platform hvcore-trap || "
		"$BIN/mcvsim validate --random 1 --seed 3 --rounds 1 --platform hvcore-native");
	/* With --json the figure leaves nothing on stdout: all of it is the answer, which can be
	 * drawn again. (Exit status 1 of both: no gnuplot here.) */
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim validate --random 1 --rounds 1 --platform hvcore-native --json "
		       "-o $TMP/drawn >$TMP/answer.json; cmp $TMP/answer.json "
		       "$TMP/drawn/validate.json");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"mistakes_have_their_places", mistakes_have_their_places},
		{"a_lean_is_told_from_scatter", a_lean_is_told_from_scatter},
		{"the_bias_has_its_sign", the_bias_has_its_sign},
		{"every_platform_is_measured_or_named", every_platform_is_measured_or_named},
		{"what_a_profile_lacks_is_named", what_a_profile_lacks_is_named},
		{"kvm_counts_as_many_exits_as_the_terms", kvm_counts_as_many_exits_as_the_terms},
		{"random_mixes_repeat_with_their_seed", random_mixes_repeat_with_their_seed},
		{0},
	};
	return test_main("validate", cases, argc, argv);
}
