/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `screen` as points of a plan: what they are, that mistakes are told where they stand, and that
 * threads and shards store the same.
 */
#include "sim/experiment/runner.h"
#include "tests/experiment/memory_sink.h"
#include "tests/experiment/toy.h"
#include "tests/support/test.h"

struct study {
	struct json_doc doc;
	struct experiment x;
	struct plan plan;
	struct arena arena;
	struct diag_list diags;
	struct err e;
	int rc;
};

static void open_study(struct study *s, const char *text)
{
	*s = (struct study){0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&s->doc, "s", text, strlen(text), &s->diags, &s->e),
			      0);
	s->rc = keys_parse_part(&experiment_object, &s->doc, "", &s->x, &s->arena, &s->diags);
	if (s->rc == 0)
		s->rc = plan_expand(&s->plan, &s->x, &s->doc, &(struct plan_options){0}, &s->diags,
				    &s->e);
}

static void close_study(struct study *s)
{
	plan_free(&s->plan);
	json_doc_free(&s->doc);
	arena_free(&s->arena);
	diag_free(&s->diags);
}

static const char morris[] =
	"{\"a\": 1, \"b\": \"20 ms\", \"n\": 3, \"kind\": \"x\", \"repeat\": 2,"
	" \"sweep\": {\"kind\": {\"path\": \"/kind\", \"values\": [\"x\", \"y\"]}},"
	" \"screen\": {\"method\": \"morris\", \"trajectories\": 8, \"metric\": \"time.mean\","
	"  \"parameters\": {"
	"   \"a\": {\"path\": \"/a\", \"from\": 0.25, \"to\": 4, \"scale\": \"log\"},"
	"   \"b\": {\"path\": \"/b\", \"from\": \"10 ms\", \"to\": \"1 s\"},"
	"   \"n\": {\"path\": \"/n\", \"from\": 1, \"to\": 10, \"whole\": true}}}}";

/* Each combination of design and sweep is a point; rows of the design that are the same are one. */
static void a_design_is_crossed_with_the_sweep(void)
{
	struct study s;
	open_study(&s, morris);
	CU_ASSERT_EQUAL_FATAL(s.rc, 0);
	size_t half = s.plan.count / 2;
	CU_ASSERT_EQUAL(s.plan.count, 2 * half);
	CU_ASSERT(half > 8 && half <= 8 * 4);
	for (size_t i = 0; i < s.plan.count; i++) {
		const struct parameter *p = s.plan.points[i].parameters;
		cJSON *document = plan_document(&s.plan, i);
		CU_ASSERT_EQUAL_FATAL(s.plan.points[i].parameter_count, 4);
		CU_ASSERT_STRING_EQUAL(p[0].text, i < half ? "x" : "y");
		CU_ASSERT_STRING_EQUAL(p[1].text, s.plan.points[i % half].parameters[1].text);
		CU_ASSERT(p[1].number >= 0.25 && p[1].number <= 4);
		CU_ASSERT(p[2].number >= 0.0099 && p[2].number <= 1);
		CU_ASSERT_STRING_EQUAL(p[2].unit, "s");
		CU_ASSERT_EQUAL(p[3].number, floor(p[3].number));
		CU_ASSERT_EQUAL(cJSON_GetObjectItem(document, "a")->valuedouble, p[1].number);
		CU_ASSERT_PTR_NULL(cJSON_GetObjectItem(document, "screen"));
		cJSON_Delete(document);
	}
	close_study(&s);
}

/* Both ends are the user's own text; what is between has 12 digits and the unit of `from`. */
static void ends_are_as_written(void)
{
	struct study s;
	open_study(&s, morris);
	CU_ASSERT_EQUAL_FATAL(s.rc, 0);
	for (size_t i = 0; i < s.plan.count; i++) {
		const char *text = s.plan.points[i].parameters[2].text;
		CU_ASSERT(strcmp(text, "10 ms") == 0 || strcmp(text, "340 ms") == 0 ||
			  strcmp(text, "670 ms") == 0 || strcmp(text, "1 s") == 0);
	}
	close_study(&s);
}

static void the_seed_chooses_the_design(void)
{
	struct study one, again, other;
	char text[sizeof(morris) + 20];
	snprintf(text, sizeof(text), "{\"seed\": \"7\", %s", morris + 1);
	open_study(&one, morris);
	open_study(&again, morris);
	open_study(&other, text);
	bool differs = one.plan.count != other.plan.count;
	CU_ASSERT_EQUAL_FATAL(one.plan.count, again.plan.count);
	for (size_t i = 0; i < one.plan.count; i++) {
		CU_ASSERT_STRING_EQUAL(one.plan.points[i].id, again.plan.points[i].id);
		differs |= i < other.plan.count &&
			   strcmp(one.plan.points[i].parameters[1].text,
				  other.plan.points[i].parameters[1].text) != 0;
	}
	CU_ASSERT(differs);
	close_study(&one);
	close_study(&again);
	close_study(&other);
}

static char *content(const struct study *s, unsigned threads, unsigned shards)
{
	struct toy toy = {0};
	struct memory_sink memory = {0};
	struct run_sink sink = memory_sink_of(&memory);
	for (unsigned shard = 0; shard < (shards ? shards : 1); shard++) {
		struct runner runner = {.plan = &s->plan,
					.experiment = &s->x,
					.run = toy_run,
					.run_ctx = &toy,
					.sink = &sink,
					.threads = threads,
					.shard = shard,
					.shards = shards};
		struct runner_progress final;
		struct err e = {0};
		CU_ASSERT_EQUAL(runner_run(&runner, &final, &e), 0);
	}
	CU_ASSERT_EQUAL(memory.count, 2 * s->plan.count);
	char *text = memory_content(&memory);
	memory_sink_free(&memory);
	return text;
}

static void threads_and_shards_store_the_same(void)
{
	struct study s;
	open_study(&s, morris);
	CU_ASSERT_EQUAL_FATAL(s.rc, 0);
	char *one = content(&s, 1, 0), *four = content(&s, 4, 0), *parts = content(&s, 2, 3);
	CU_ASSERT_STRING_EQUAL(one, four);
	CU_ASSERT_STRING_EQUAL(one, parts);
	free(one);
	free(four);
	free(parts);
	close_study(&s);
}

/* A study with one thing wrong, and what must be said where. */
static const struct {
	const char *rest, *pointer, *text;
} mistakes[] = {
	{"\"screen\": {\"method\": \"morris\", \"metric\": \"m\", \"parameters\": {\"a\": "
	 "{\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen", "trajectories"},
	{"\"screen\": {\"method\": \"sobol\", \"metric\": \"m\", \"parameters\": {\"a\": "
	 "{\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen", "samples"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"samples\": 4, \"metric\": "
	 "\"m\", \"parameters\": {\"a\": {\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen/samples", "sobol"},
	{"\"screen\": {\"method\": \"sobol\", \"samples\": 4, \"levels\": 4, \"metric\": "
	 "\"m\", \"parameters\": {\"a\": {\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen", "morris"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"levels\": 5, \"metric\": "
	 "\"m\", \"parameters\": {\"a\": {\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen/levels", "even"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {}}",
	 "/screen/parameters", "at least 1"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {\"a\": {\"path\": \"/a\", \"from\": \"1\", \"to\": 2}}}",
	 "/screen/parameters/a/from", "number or a quantity"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {\"a\": {\"path\": \"/a\", \"from\": 0, \"to\": 2, \"scale\": \"log\"}}}",
	 "/screen/parameters/a/from", "above zero"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {\"a\": {\"path\": \"/c\", \"from\": 1, \"to\": 2}}}",
	 "/screen/parameters/a/path", "leads nowhere"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {\"a\": {\"path\": \"/repeat\", \"from\": 1, \"to\": 2}}}",
	 "/screen/parameters/a/path", "does not change a run"},
	{"\"screen\": {\"method\": \"morris\", \"trajectories\": 4, \"metric\": \"m\", "
	 "\"parameters\": {\"2a\": {\"path\": \"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen/parameters/2a", "digit"},
	{"\"sweep\": {\"a\": {\"path\": \"/b\", \"values\": [1, 2]}}, \"screen\": {\"method\": "
	 "\"morris\", \"trajectories\": 4, \"metric\": \"m\", \"parameters\": {\"a\": {\"path\": "
	 "\"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen/parameters/a", "axis of this name"},
	{"\"sweep\": {\"x\": {\"path\": \"/a\", \"values\": [1, 2]}}, \"screen\": {\"method\": "
	 "\"morris\", \"trajectories\": 4, \"metric\": \"m\", \"parameters\": {\"a\": {\"path\": "
	 "\"/a\", \"from\": 1, \"to\": 2}}}",
	 "/screen/parameters/a/path", "same place"},
	{"\"precision\": {\"metric\": \"m\", \"relative\": 0.1}, \"screen\": {\"method\": "
	 "\"morris\", \"trajectories\": 4, \"metric\": \"m\", \"parameters\": {\"a\": {\"path\": "
	 "\"/a\", \"from\": 1, \"to\": 2}}}",
	 "/precision", "as many repetitions"},
	{"\"screen\": {\"method\": \"sobol\", \"samples\": 100000, \"metric\": \"m\", "
	 "\"parameters\": {\"a\": {\"path\": \"/a\", \"from\": 1, \"to\": 2}, \"b\": {\"path\": "
	 "\"/b\", \"from\": 1, \"to\": 2}, \"c1\": {\"path\": \"/c1\", \"from\": 1, \"to\": 2}, "
	 "\"c2\": {\"path\": \"/c2\", \"from\": 1, \"to\": 2}, \"c3\": {\"path\": \"/c3\", "
	 "\"from\": 1, \"to\": 2}, \"c4\": {\"path\": \"/c4\", \"from\": 1, \"to\": 2}, \"c5\": "
	 "{\"path\": \"/c5\", \"from\": 1, \"to\": 2}, \"c6\": {\"path\": \"/c6\", \"from\": 1, "
	 "\"to\": 2}, \"c7\": {\"path\": \"/c7\", \"from\": 1, \"to\": 2}}}",
	 "/screen", "more than 1000000 points"},
};

static void mistakes_are_told_where_they_stand(void)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct study s;
		char text[2000];
		snprintf(text, sizeof(text), "{\"a\": 1, \"b\": 1, %s}", mistakes[i].rest);
		open_study(&s, text);
		CU_ASSERT_EQUAL(s.rc, ERR_INVALID);
		CU_ASSERT_EQUAL_FATAL(s.diags.errors, 1);
		CU_ASSERT_STRING_EQUAL(s.diags.items[0].pointer, mistakes[i].pointer);
		if (!strstr(s.diags.items[0].text, mistakes[i].text))
			printf("%zu: %s\n", i, s.diags.items[0].text);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.diags.items[0].text, mistakes[i].text));
		close_study(&s);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_design_is_crossed_with_the_sweep", a_design_is_crossed_with_the_sweep},
		{"ends_are_as_written", ends_are_as_written},
		{"the_seed_chooses_the_design", the_seed_chooses_the_design},
		{"threads_and_shards_store_the_same", threads_and_shards_store_the_same},
		{"mistakes_are_told_where_they_stand", mistakes_are_told_where_they_stand},
		{0}};
	return test_main("screen", cases, argc, argv);
}
