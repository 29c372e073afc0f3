/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/diag.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static void printed_as(const struct diag *d, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	diag_print(d, out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, expected);
	free(text);
}

static void unknown_parts_are_left_out(void)
{
	printed_as(&(struct diag){DIAG_ERROR, "a.json", 12, 9, "/hosts/0/cores", "must be 1"},
		   "a.json:12:9: /hosts/0/cores: must be 1\n");
	printed_as(&(struct diag){DIAG_WARNING, "a.json", 12, 0, NULL, "odd"},
		   "a.json:12: warning: odd\n");
	printed_as(&(struct diag){DIAG_ERROR, NULL, 0, 0, "/x", "bad"}, "/x: bad\n");
	printed_as(&(struct diag){DIAG_ERROR, "a.json", 0, 0, "", "bad"}, "a.json: bad\n");
}

static void control_characters_do_not_reach_the_terminal(void)
{
	printed_as(&(struct diag){DIAG_ERROR, "a\n.json", 1, 1, "/\x1b[31m", "got \x07"},
		   "a\\x0a.json:1:1: /\\x1b[31m: got \\x07\n");
}

static void a_mistake_is_kept_once_and_warnings_are_no_errors(void)
{
	struct diag_list list = {0};
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 500; i++)
			diag_add(&list, i % 5 ? DIAG_ERROR : DIAG_WARNING, "f.json", i, 1, NULL,
				 "mistake %d", i / 2);
	}
	CU_ASSERT_EQUAL(list.count, 500);
	CU_ASSERT_EQUAL(list.errors, 400);
	CU_ASSERT_STRING_EQUAL(list.items[499].text, "mistake 249");
	CU_ASSERT_EQUAL(list.items[499].line, 499);
	diag_add(&list, DIAG_ERROR, NULL, 499, 1, NULL, "mistake 249");
	CU_ASSERT_EQUAL(list.count, 501);
	diag_free(&list);
	CU_ASSERT_EQUAL(list.count + list.errors, 0);
}

static void strings_are_copied(void)
{
	struct diag_list list = {0};
	char file[] = "a.json", pointer[] = "/a";
	diag_add(&list, DIAG_ERROR, file, 1, 1, pointer, "%s", pointer);
	memset(file, 'x', 3);
	memset(pointer, 'x', 2);
	CU_ASSERT_STRING_EQUAL(list.items[0].file, "a.json");
	CU_ASSERT_STRING_EQUAL(list.items[0].pointer, "/a");
	CU_ASSERT_STRING_EQUAL(list.items[0].text, "/a");
	diag_free(&list);
}

static void nearest_names(void)
{
	static const char *const names[] = {"duration", "warmup", "seed", "handsets", "rtt", NULL};
	static const struct {
		const char *name, *nearest;
	} cases[] = {
		{"duraton", "duration"},
		{"Duration", "duration"},
		{"handset", "handsets"},
		{"sede", "seed"}, /* a transposition is one edit */
		{"rt", "rtt"},
		{"seed", "seed"},
		{"platform", NULL},
		{"x", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = diag_nearest(cases[i].name, names);
		CU_ASSERT_STRING_EQUAL(got ? got : "(none)",
				       cases[i].nearest ? cases[i].nearest : "(none)");
	}
	char *giant = calloc(1, 100001);
	memset(giant, 'd', 100000);
	CU_ASSERT_PTR_NULL(diag_nearest(giant, names));
	free(giant);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"unknown_parts_are_left_out", unknown_parts_are_left_out},
		{"control_characters_do_not_reach_the_terminal",
		 control_characters_do_not_reach_the_terminal},
		{"a_mistake_is_kept_once_and_warnings_are_no_errors",
		 a_mistake_is_kept_once_and_warnings_are_no_errors},
		{"strings_are_copied", strings_are_copied},
		{"nearest_names", nearest_names},
		{0},
	};
	return test_main("diag", cases, argc, argv);
}
