/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/plan.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct study {
	struct json_doc doc;
	struct experiment x;
	struct plan plan;
	struct arena arena;
	struct diag_list diags;
	struct err e;
	int rc;
};

static const char *const drop[] = {"description", "figures", NULL};

/* Keeps a point unless the expression is the text of one of its values. */
static int toy_filter(void *ctx, const char *expression, const struct parameter *p, size_t count,
		      bool *keep, struct err *e)
{
	(void)ctx;
	if (strcmp(expression, "syntax") == 0)
		return err_set(e, ERR_INVALID, "near \"syntax\": that is no SQL");
	*keep = true;
	for (size_t i = 0; i < count; i++)
		*keep &= strcmp(p[i].text, expression) != 0;
	return 0;
}

static struct study expand(const char *text)
{
	struct study s = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&s.doc, "s.json", text, strlen(text), &s.diags, NULL),
			      0);
	s.rc = keys_parse_part(&experiment_object, &s.doc, "", &s.x, &s.arena, &s.diags);
	return s;
}

/* To be called on the final place of the study: the plan points into it. */
static void make_plan(struct study *s)
{
	const struct plan_options options = {.drop = drop, .filter = toy_filter};
	if (s->rc == 0)
		s->rc = plan_expand(&s->plan, &s->x, &s->doc, &options, &s->diags, &s->e);
	CU_ASSERT_EQUAL(s->rc != 0, s->diags.errors > 0);
}

static void done(struct study *s)
{
	plan_free(&s->plan);
	json_doc_free(&s->doc);
	arena_free(&s->arena);
	diag_free(&s->diags);
}

/* The points as "a=1 b=x;a=1 b=y;..." */
static void expands_to(const char *text, const char *expected)
{
	struct study s = expand(text);
	make_plan(&s);
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);
	for (size_t i = 0; i < s.plan.count; i++)
		for (size_t j = 0; j < s.plan.points[i].parameter_count; j++)
			fprintf(out, "%s=%s%s", s.plan.points[i].parameters[j].name,
				s.plan.points[i].parameters[j].text,
				j + 1 < s.plan.points[i].parameter_count ? " " : ";");
	for (size_t i = 0; i < s.diags.count; i++)
		diag_print(&s.diags.items[i], out);
	fclose(out);
	if (strcmp(got, expected) != 0)
		printf("\nwanted: %s\ngot:    %s", expected, got);
	CU_ASSERT_STRING_EQUAL(got, expected);
	free(got);
	done(&s);
}

static void points_are_the_product_in_the_order_of_the_file(void)
{
	expands_to("{\"p\": {\"x\": 0, \"y\": 0}, \"sweep\": {"
		   "\"b\": {\"path\": \"/p/x\", \"values\": [1, 2.5]},"
		   "\"a\": {\"path\": \"/p/y\", \"values\": [\"u\", true, {\"k\": 1}]}}}",
		   "b=1 a=u;b=1 a=true;b=1 a=k 1;b=2.5 a=u;b=2.5 a=true;b=2.5 a=k 1;");
}

static void axes_in_lockstep_go_together(void)
{
	expands_to("{\"p\": 0, \"q\": 0, \"r\": 0, \"sweep\": {"
		   "\"q\": {\"path\": \"/q\", \"values\": [10, 20], \"with\": \"p\"},"
		   "\"p\": {\"path\": \"/p\", \"values\": [1, 2]},"
		   "\"r\": {\"path\": \"/r\", \"values\": [7, 8]}}}",
		   "q=10 p=1 r=7;q=10 p=1 r=8;q=20 p=2 r=7;q=20 p=2 r=8;");
}

static void labels_stand_for_values(void)
{
	expands_to("{\"p\": 0, \"sweep\": {\"a\": {\"path\": \"/p\", \"values\": "
		   "[{\"k\": 1}, 2], \"labels\": [\"one\", \"two\"]}}}",
		   "a=one;a=two;");
}

static void ranges_have_exact_ends_and_round_values(void)
{
	static const char frame[] = "{\"p\": 0, \"sweep\": {\"a\": {\"path\": \"/p\", %s}}}";
	static const struct {
		const char *range, *points;
	} cases[] = {
		{"\"from\": 0.25, \"to\": 8, \"steps\": 6, \"scale\": \"log\"",
		 "a=0.25;a=0.5;a=1;a=2;a=4;a=8;"},
		{"\"from\": \"1 ms\", \"to\": \"1 s\", \"steps\": 4, \"scale\": \"log\"",
		 "a=1 ms;a=10 ms;a=100 ms;a=1 s;"},
		{"\"from\": 0.1, \"to\": 0.7, \"steps\": 4", "a=0.1;a=0.3;a=0.5;a=0.7;"},
		{"\"from\": 0, \"to\": 1, \"step\": 0.1",
		 "a=0;a=0.1;a=0.2;a=0.3;a=0.4;a=0.5;a=0.6;a=0.7;a=0.8;a=0.9;a=1;"},
		{"\"from\": 10, \"to\": 1, \"step\": -4", "a=10;a=6;a=2;"},
		{"\"from\": \"0 s\", \"to\": \"1 min\", \"steps\": 3", "a=0 s;a=30 s;a=1 min;"},
		{"\"from\": \"5 ms\", \"to\": \"20 ms\", \"step\": \"5000 us\"",
		 "a=5 ms;a=10 ms;a=15 ms;a=20 ms;"},
		{"\"from\": 8, \"to\": 0.5, \"steps\": 3, \"scale\": \"log\"", "a=8;a=2;a=0.5;"},
		/* An end that no round number would give stays as the user wrote it. */
		{"\"from\": 0.1234567890123456, \"to\": 0.9876543210987654, \"steps\": 2",
		 "a=0.1234567890123456;a=0.9876543210987654;"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[400];
		snprintf(text, sizeof(text), frame, cases[i].range);
		expands_to(text, cases[i].points);
	}
}

static void mistakes_in_axes_are_placed(void)
{
	static const char frame[] =
		"{\"p\": {\"rate\": 0}, \"q\": 1, \"figures\": 1,\n\"sweep\": {\n%s}}";
	static const struct {
		const char *axes, *says;
	} cases[] = {
		{"\"a\": {\"path\": \"/p/rat\", \"values\": [1]}",
		 "s.json:3:7: /sweep/a/path: /p/rat leads nowhere: /p has no \"rat\"; did you mean "
		 "\"rate\"?\n"},
		{"\"a\": {\"path\": \"/z/y\", \"values\": [1]}",
		 "s.json:3:7: /sweep/a/path: /z/y leads nowhere: the study has no \"z\"\n"},
		{"\"a\": {\"path\": \"p\", \"values\": [1]}",
		 "s.json:3:1: /sweep/a: \"path\" must be a JSON pointer, like \"/duration\" (got "
		 "\"p\")\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": []}",
		 "s.json:3:21: /sweep/a/values: must be a list of at least one value\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": 3}",
		 "s.json:3:21: /sweep/a/values: must be a list of at least one value\n"},
		{"\"a\": {\"path\": \"/q\"}",
		 "s.json:3:1: /sweep/a: needs \"values\", or \"from\" and \"to\" with \"steps\" or "
		 "\"step\"\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": 1, \"to\": 2}",
		 "s.json:3:1: /sweep/a: needs either \"steps\" (how many values) or \"step\" (the "
		 "distance)\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": [1], \"steps\": 3}",
		 "s.json:3:1: /sweep/a: has both values and a range; give either \"values\" or "
		 "\"from\" and "
		 "\"to\"\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": 0, \"to\": 2, \"steps\": 3, \"scale\": "
		 "\"log\"}",
		 "s.json:3:21: /sweep/a/from: a logarithmic axis needs both ends above zero\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": \"1 s\", \"to\": \"2 MB\", \"steps\": 3}",
		 "s.json:3:36: /sweep/a/to: must be of the same kind as \"from\"\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": 0, \"to\": 1, \"step\": -1}",
		 "s.json:3:41: /sweep/a/step: must lead from \"from\" towards \"to\"\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": 0, \"to\": 1, \"step\": 1e-9}",
		 "s.json:3:41: /sweep/a/step: makes more than 100000 values\n"},
		{"\"a\": {\"path\": \"/q\", \"from\": 0, \"to\": 1, \"step\": 0}",
		 "s.json:3:41: /sweep/a/step: must lead from \"from\" towards \"to\"\n"},
		{"\"a-b\": {\"path\": \"/q\", \"values\": [1]}",
		 "s.json:3:1: /sweep/a-b: an axis' name is made of letters, digits and _, and does "
		 "not "
		 "begin with a digit, because `where` uses it\n"},
		{"\"a\": {\"path\": \"/seed\", \"values\": [1]}",
		 "s.json:3:7: /sweep/a/path: \"seed\" does not change a run, so it cannot be "
		 "swept; for "
		 "other random numbers use \"repeat\"\n"},
		{"\"a\": {\"path\": \"/figures\", \"values\": [1]}",
		 "s.json:3:7: /sweep/a/path: \"figures\" does not change a run, so it cannot be "
		 "swept\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": [1], \"with\": \"z\"}",
		 "s.json:3:36: /sweep/a/with: there is no other axis \"z\"\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": [1, 2]},\n\"b\": {\"path\": \"/p/rate\", "
		 "\"values\": "
		 "[1], \"with\": \"a\"}",
		 "s.json:4:41: /sweep/b/with: has 1 values, but \"a\" has 2\n"},
		{"\"a\": {\"path\": \"/p\", \"values\": [1, 2]},\n\"b\": {\"path\": \"/p/rate\", "
		 "\"values\": "
		 "[1]}",
		 "s.json:4:7: /sweep/b/path: axis \"a\" changes the same place\n"},
		{"\"a\": {\"path\": \"/q\", \"values\": [5, 2, 5.0]}",
		 "s.json:3:21: /sweep/a/values: values 1 and 3 make the same study\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[500];
		snprintf(text, sizeof(text), frame, cases[i].axes);
		expands_to(text, cases[i].says);
	}
}

static void several_mistakes_are_told_at_once(void)
{
	struct study s = expand("{\"sweep\": {\"a\": {\"path\": \"/x\", \"values\": []}, "
				"\"b\": {\"path\": \"/y\", \"values\": [1], \"with\": \"c\"}}}");
	make_plan(&s);
	CU_ASSERT_EQUAL(s.diags.errors, 4);
	done(&s);
}

static void an_endless_product_is_refused(void)
{
	struct study s =
		expand("{\"x\":0,\"y\":0,\"sweep\": {"
		       "\"a\": {\"path\": \"/x\", \"from\": 1, \"to\": 2, \"steps\": 10000}, "
		       "\"b\": {\"path\": \"/y\", \"from\": 1, \"to\": 2, \"steps\": 10000}}}");
	make_plan(&s);
	CU_ASSERT_EQUAL_FATAL(s.diags.errors, 1);
	CU_ASSERT_STRING_EQUAL(
		s.diags.items[0].text,
		"makes 100000000 combinations, more than 1000000; use shorter axes or lockstep");
	done(&s);
}

static void a_filter_leaves_points_out(void)
{
	expands_to("{\"x\": 0, \"where\": \"2\", \"sweep\": {\"a\": {\"path\": \"/x\", \"values\": "
		   "[1,2,3]}}}",
		   "a=1;a=3;");
	expands_to("{\"x\": 0,\n\"where\": \"1\", \"sweep\": {\"a\": {\"path\": \"/x\", "
		   "\"values\": [1]}}}",
		   "s.json:2:1: /where: leaves no point of the 1\n");
	expands_to("{\"x\": 0,\n\"where\": \"syntax\"}",
		   "s.json:2:1: /where: near \"syntax\": that is no SQL\n");
}

static void a_point_is_known_by_its_content_alone(void)
{
	struct study one = expand("{\"x\": 0, \"y\": 5, \"repeat\": 3, \"description\": \"d\","
				  "\"sweep\": {\"a\": {\"path\": \"/x\", \"values\": [1, 2]}}}");
	/* Another value in front, another order, other steering: the same points. */
	struct study two =
		expand("{\"y\": 5.0, \"x\": 9, \"repeat\": 7, \"figures\": [], \"record\": [\"m\"],"
		       "\"sweep\": {\"other\": {\"path\": \"/x\", \"values\": [0.5, 2, 1]}}}");
	struct study seed = expand("{\"x\": 1, \"y\": 5, \"seed\": \"2\"}");
	make_plan(&one);
	make_plan(&two);
	make_plan(&seed);
	CU_ASSERT_EQUAL_FATAL(two.plan.count, 3);
	CU_ASSERT_STRING_EQUAL(one.plan.points[0].id, two.plan.points[2].id);
	CU_ASSERT_STRING_EQUAL(one.plan.points[1].id, two.plan.points[1].id);
	CU_ASSERT_STRING_NOT_EQUAL(one.plan.points[0].id, two.plan.points[0].id);
	CU_ASSERT_STRING_NOT_EQUAL(seed.plan.points[0].id, one.plan.points[0].id);
	cJSON *document = plan_document(&one.plan, 1);
	char *text = json_canonical(document), hash[33];
	CU_ASSERT_STRING_EQUAL(text, "{\"x\":2,\"y\":5}");
	json_hash(document, hash);
	CU_ASSERT_STRING_EQUAL(hash, one.plan.points[1].id);
	free(text);
	cJSON_Delete(document);
	done(&one);
	done(&two);
	done(&seed);
}

static void a_study_without_a_sweep_is_one_point(void)
{
	struct study s = expand("{\"x\": 1}");
	make_plan(&s);
	CU_ASSERT_EQUAL(s.rc, 0);
	CU_ASSERT_EQUAL(s.plan.count, 1);
	CU_ASSERT_EQUAL(s.plan.points[0].parameter_count, 0);
	CU_ASSERT_EQUAL(s.x.repeat, 1);
	CU_ASSERT_EQUAL(s.x.seed, 1);
	done(&s);
}

static void parameters_carry_their_units(void)
{
	struct study s = expand("{\"x\": 0, \"sweep\": {\"a\": {\"path\": \"/x\", \"values\": "
				"[\"45 ms\", 2, \"lte\", \"42\", \"5 %\", false]}}}");
	make_plan(&s);
	CU_ASSERT_EQUAL_FATAL(s.plan.count, 6);
	static const struct {
		bool numeric;
		double number;
		const char *unit;
	} expected[] = {{true, 0.045, "s"}, {true, 2, "1"},    {false, 0, ""},
			{false, 0, ""},	    {true, 0.05, "1"}, {false, 0, ""}};
	for (size_t i = 0; i < 6; i++) {
		const struct parameter *p = &s.plan.points[i].parameters[0];
		CU_ASSERT_EQUAL(p->numeric, expected[i].numeric);
		CU_ASSERT_EQUAL(p->number, expected[i].number);
		CU_ASSERT_STRING_EQUAL(p->unit, expected[i].unit);
	}
	done(&s);
}

static void a_mistake_of_one_point_is_told_at_the_value(void)
{
	struct study s =
		expand("{\"x\": 0, \"y\": 0, \"sweep\": {\n\"a\": {\"path\": \"/x\", \"values\": "
		       "[1,\n 2]},\n"
		       "\"b\": {\"path\": \"/y\", \"from\": 1, \"to\": 2, \"steps\": 2}}}");
	make_plan(&s);
	struct json_doc doc;
	CU_ASSERT_EQUAL_FATAL(plan_point_doc(&s.plan, 3, &doc), 0);
	CU_ASSERT_EQUAL(json_at(doc.root, "/x")->valuedouble, 2);
	json_doc_error(&doc, &s.diags, "/x", "too large");
	json_doc_error(&doc, &s.diags, "/y", "too large");
	CU_ASSERT_EQUAL(s.diags.items[0].line, 3);
	CU_ASSERT_EQUAL(s.diags.items[0].column, 2);
	CU_ASSERT_STRING_EQUAL(s.diags.items[0].pointer, "/x");
	CU_ASSERT_EQUAL(s.diags.items[1].line, 4);
	json_doc_free(&doc);
	done(&s);
}

static void wrong_keys_of_the_experiment(void)
{
	struct study s =
		expand("{\"repeat\": 0, \"precision\": {\"metric\": \"m\", \"relative\": 2}, "
		       "\"seed\": -1, \"record\": \"x\", \"sweep\": []}");
	CU_ASSERT_EQUAL(s.diags.errors, 5);
	done(&s);
	s = expand("{\"repeat\": 9,\n \"precision\": {\"metric\": \"m\", \"relative\": 0.1, "
		   "\"max_repeat\": 5}}");
	CU_ASSERT_EQUAL_FATAL(s.diags.errors, 1);
	CU_ASSERT_STRING_EQUAL(s.diags.items[0].pointer, "/precision/max_repeat");
	CU_ASSERT_EQUAL(s.diags.items[0].line, 2);
	done(&s);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"points_are_the_product_in_the_order_of_the_file",
		 points_are_the_product_in_the_order_of_the_file},
		{"axes_in_lockstep_go_together", axes_in_lockstep_go_together},
		{"labels_stand_for_values", labels_stand_for_values},
		{"ranges_have_exact_ends_and_round_values",
		 ranges_have_exact_ends_and_round_values},
		{"mistakes_in_axes_are_placed", mistakes_in_axes_are_placed},
		{"several_mistakes_are_told_at_once", several_mistakes_are_told_at_once},
		{"an_endless_product_is_refused", an_endless_product_is_refused},
		{"a_filter_leaves_points_out", a_filter_leaves_points_out},
		{"a_point_is_known_by_its_content_alone", a_point_is_known_by_its_content_alone},
		{"a_study_without_a_sweep_is_one_point", a_study_without_a_sweep_is_one_point},
		{"parameters_carry_their_units", parameters_carry_their_units},
		{"a_mistake_of_one_point_is_told_at_the_value",
		 a_mistake_of_one_point_is_told_at_the_value},
		{"wrong_keys_of_the_experiment", wrong_keys_of_the_experiment},
		{0},
	};
	return test_main("plan", cases, argc, argv);
}
