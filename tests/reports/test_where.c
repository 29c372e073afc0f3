/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/where.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct parameter point[] = {
	{"platform", "native", false, 0, ""},
	{"exit_cost", "2", true, 2, "1"},
	{"rtt", "45 ms", true, 0.045, "s"},
	{"select", "yes", false, 0, ""}, /* a name that SQL has for itself */
};
enum { AXES = sizeof(point) / sizeof(*point) };

static void expressions_choose_points(void)
{
	static const struct {
		const char *text;
		bool keep;
	} cases[] = {
		{"platform = 'native'", true},
		{"platform <> 'native'", false},
		{"NOT (platform = 'native' AND exit_cost <> 1)", false},
		{"exit_cost BETWEEN 1 AND 4 AND platform IN ('native', 'container')", true},
		{"exit_cost = 2", true},
		{"exit_cost > '1'", false}, /* SQL: every text is above every number */
		{"rtt = quantity('45 ms')", true},
		{"rtt < quantity('44ms')", false},
		{"\"select\" = 'yes' -- with a comment", true},
		{"platform LIKE 'nat%' OR max(exit_cost, 9) = 3", true},
		{"abs(log2(exit_cost) - 1) < 1e-9", true},
		{"NULL", false},
		{"0.5", true},
		{"", true},
		{"  ", true},
	};
	struct where *w = where_open();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = {0};
		bool keep = !cases[i].keep;
		CU_ASSERT_EQUAL(where_keep(w, cases[i].text, point, AXES, &keep, &e), 0);
		if (e.code || keep != cases[i].keep)
			printf(" %s: %s ", cases[i].text, e.text);
		CU_ASSERT_EQUAL(keep, cases[i].keep);
	}
	where_close(w);
}

static void whatever_is_not_an_expression_is_refused(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"platfrom = 'native'", "the axes are platform, exit_cost, rtt, select"},
		{"platform = \"native\"", "single quotes"},
		{"platform = ", "syntax error"},
		{"1; DROP TABLE axes", "syntax error"},
		{"1) FROM axes; --", "only one expression"},
		{"1), (2", "only one expression"},
		{"1) FROM axes UNION SELECT (2", "sub-queries"},
		{"1) UNION SELECT (2", "sub-queries"},
		{"exit_cost IN (SELECT 2)", "sub-queries"},
		{"EXISTS(SELECT 1 FROM sqlite_schema)", "sub-queries"},
		{"load_extension('x')", "not allowed"},
		{"readfile('/etc/passwd')", "no such function"},
		{"zeroblob(1000000000)", "zeroblob() is not allowed"},
		{"printf('%999999999d', 1)", "printf() is not allowed"},
		{"random() > 0", "random() is not allowed"},
		{"date('now') > ''", "date() is not allowed"},
		{"count(*)", "count() is not allowed"},
		{"rtt = ?", "no parameters"},
		{"rtt = quantity('45 parsecs')", "not a number with a unit"},
		{"platform = 'native", "unrecognized token"},
	};
	struct where *w = where_open();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = {0};
		bool keep;
		int code = where_keep(w, cases[i].text, point, AXES, &keep, &e);
		if (code != ERR_INVALID || !strstr(e.text, cases[i].why))
			printf(" %s gave %d: %s ", cases[i].text, code, e.text);
		CU_ASSERT_EQUAL(code, ERR_INVALID);
		CU_ASSERT_PTR_NOT_NULL(strstr(e.text, cases[i].why));
	}
	/* and it goes on working */
	struct err e = {0};
	bool keep = true;
	CU_ASSERT_EQUAL(where_keep(w, "exit_cost = 3", point, AXES, &keep, &e), 0);
	CU_ASSERT_FALSE(keep);
	where_close(w);
}

static void a_monstrous_expression_is_refused(void)
{
	struct where *w = where_open();
	struct err e = {0};
	bool keep;
	char *deep = malloc(9000);
	memset(deep, '(', 4000);
	deep[4000] = '1';
	memset(deep + 4001, ')', 4000);
	deep[8001] = '\0';
	CU_ASSERT_EQUAL(where_keep(w, deep, point, AXES, &keep, &e), ERR_INVALID);
	deep = realloc(deep, 20001);
	memset(deep, '1', 20000);
	deep[20000] = '\0';
	CU_ASSERT_EQUAL(where_keep(w, deep, point, AXES, &keep, &e), ERR_INVALID);
	free(deep);
	where_close(w);
}

static void other_points_and_other_axes_follow_one_another(void)
{
	struct where *w = where_open();
	struct err e = {0};
	bool keep;
	for (int i = 0; i < 1000; i++) {
		struct parameter p = {"n", "", true, i, "1"};
		CU_ASSERT_EQUAL(where_keep(w, "n % 7 = 3", &p, 1, &keep, &e), 0);
		CU_ASSERT_EQUAL(keep, i % 7 == 3);
	}
	CU_ASSERT_EQUAL(where_keep(w, "n % 7 = 3", point, AXES, &keep, &e), ERR_INVALID);
	CU_ASSERT_EQUAL(where_keep(w, "1 = 1", NULL, 0, &keep, &e), 0);
	CU_ASSERT_TRUE(keep);
	where_close(w);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"expressions_choose_points", expressions_choose_points},
		{"whatever_is_not_an_expression_is_refused",
		 whatever_is_not_an_expression_is_refused},
		{"a_monstrous_expression_is_refused", a_monstrous_expression_is_refused},
		{"other_points_and_other_axes_follow_one_another",
		 other_points_and_other_axes_follow_one_another},
		{0},
	};
	return test_main("reports.where", cases, argc, argv);
}
