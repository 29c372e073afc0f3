/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that are not JSON, or JSON nobody should have to read. Worth most under the sanitizers. */
#include "sim/base/json.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Parses; returns the code and leaves the mistakes in *diags. */
static int parse_n(const char *text, size_t length, struct diag_list *diags)
{
	/* A copy of exactly the length: reading past it is seen by the address sanitizer. */
	char *copy = malloc(length ? length : 1);
	memcpy(copy, text, length);
	struct json_doc doc;
	struct err e;
	int rc = json_doc_parse(&doc, "t.json", copy, length, diags, &e);
	CU_ASSERT_EQUAL(rc == 0, doc.root != NULL);
	CU_ASSERT_EQUAL(rc == 0, diags->errors == 0);
	if (rc == 0)
		json_doc_free(&doc);
	free(copy);
	return rc;
}

static void every_truncation_is_a_mistake(void)
{
	static const char text[] =
		"{\"name\": \"a\\u00e9\\ud83d\\ude00 \xc3\xa9\", \"list\": [1, -2.5e+3, true, "
		"null, {\"x\": {}}], \"//\": [\"c\"], \"t\": false}";
	size_t n = sizeof(text) - 1;
	for (size_t i = 0; i <= n; i++) {
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(parse_n(text, i, &diags), i == n ? 0 : ERR_INVALID);
		if (i < n) {
			CU_ASSERT_EQUAL(diags.items[0].line, 1);
			CU_ASSERT(diags.items[0].column >= 1 &&
				  (size_t)diags.items[0].column <= i + 1);
		}
		diag_free(&diags);
	}
}

static void every_mutation_of_a_byte_is_read_or_refused(void)
{
	static const char text[] =
		"{\"a\\n\": [1, -2.5e3, \"\xc3\xa9\"],\r\n \"b\": {\"c\": true}}";
	char copy[sizeof(text)];
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			struct diag_list diags = {0};
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)byte;
			parse_n(copy, sizeof(text) - 1, &diags);
			diag_free(&diags);
		}
	}
}

struct bad {
	const char *text;
	int line, column;
	const char *pointer, *says;
};

static void is_refused(const struct bad *b, size_t length)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(parse_n(b->text, length, &diags), ERR_INVALID);
	CU_ASSERT_FATAL(diags.count > 0);
	const struct diag *d = &diags.items[0];
	bool ok = d->line == b->line && d->column == b->column && strstr(d->text, b->says) &&
		  strcmp(d->pointer ? d->pointer : "", b->pointer) == 0;
	CU_ASSERT(ok);
	if (!ok) {
		printf("\n  wanted %d:%d %s ...%s...\n  got    ", b->line, b->column, b->pointer,
		       b->says);
		diag_print(d, stdout);
	}
	diag_free(&diags);
}

static void mistakes_are_named_and_placed(void)
{
	static const struct bad cases[] = {
		{"", 1, 1, "", "empty"},
		{" \n\t ", 2, 3, "", "empty"},
		{"\xef\xbb\xbf", 1, 1, "", "empty"},
		{"{\"a\": NaN}", 1, 7, "/a", "NaN is not a JSON number"},
		{"{\"a\": Infinity}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": -Infinity}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": 1e999}", 1, 7, "/a", "too large"},
		{"{\"a\": -1e999}", 1, 7, "/a", "too large"},
		{"{\"a\": 01}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": +1}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": .5}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": 5.}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": 0x1F}", 1, 7, "/a", "not a JSON number"},
		{"{\"a\": 45ms}", 1, 7, "/a", "a quantity is a string with its unit"},
		{"{\"a\": True}", 1, 7, "/a", "is written true"},
		{"{\"a\": lte}", 1, 7, "/a", "in double quotes"},
		{"{\"a\": 'x'}", 1, 7, "/a", "double quotes"},
		{"{a: 1}", 1, 2, "", "a key stands in double quotes"},
		{"{\"a\" 1}", 1, 6, "", "expected ':'"},
		{"{\"a\": }", 1, 7, "/a", "expected a value, found '}'"},
		{"{\"a\": 1,}", 1, 8, "", "a comma before '}'"},
		{"[1, 2, ]", 1, 6, "", "a comma before ']'"},
		{"{\"a\": 1 \"b\": 2}", 1, 8, "", "a comma is missing here"},
		{"{\"a\": [1 2]}", 1, 10, "/a", "expected ',' or ']'"},
		{"{,}", 1, 2, "", "expected a key"},
		{"{#", 1, 2, "", "expected a key"},
		{"{\"a\": 1} x", 1, 10, "", "behind the end of the document"},
		{"{} {}", 1, 4, "", "behind the end of the document"},
		{"{\n // no\n \"a\": 1}", 2, 2, "", "no comments"},
		{"{ /* no */ }", 1, 3, "", "no comments"},
		{"{ /* no", 1, 3, "", "no comments"},
		{"{\"a\": \"x\ny\"}", 1, 7, "/a", "not closed on its line"},
		{"{\"a\": \"\x01\"}", 1, 8, "/a", "control character 0x01"},
		{"{\"a\": \"\\x\"}", 1, 8, "/a", "unknown escape"},
		{"{\"a\": \"\\u12\"}", 1, 8, "/a", "four hexadecimal digits"},
		{"{\"a\": \"\\u0000\"}", 1, 8, "/a", "\\u0000"},
		{"{\"a\": \"\\ud800\"}", 1, 8, "/a", "surrogate"},
		{"{\"a\": \"\\ud800\\u0041\"}", 1, 8, "/a", "surrogate"},
		{"{\"a\": \"\\udc00\"}", 1, 8, "/a", "surrogate"},
		{"{\"a\": \"\xff\"}", 1, 8, "/a", "0xff is not UTF-8"},
		{"{\"a\": \"\xc0\xaf\"}", 1, 8, "/a", "not UTF-8"},
		{"{\"a\": \"\xed\xa0\x80\"}", 1, 8, "/a", "not UTF-8"},
		{"{\"a\": \"\xf4\x90\x80\x80\"}", 1, 8, "/a", "not UTF-8"},
		{"\xff\xfe{", 1, 1, "", "UTF-16"},
		{"{\"a\": 1, \"b\": {}, \"a\": 2}", 1, 19, "/a",
		 "it is already at line 1, column 2"},
		{"{\"o\": {\"a\": 1,\n \"\\u0061\": 2}}", 2, 2, "/o/a",
		 "it is already at line 1, column 8"},
		{"{\"a/b\": {\"~\": 1, \"~\": 2}}", 1, 18, "/a~1b/~0", "duplicate key"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_refused(&cases[i], strlen(cases[i].text));
	is_refused(&(struct bad){"{\"a\": \0 1}", 1, 7, "/a", "a NUL byte"}, 10);
	is_refused(&(struct bad){"{\"a\": \"x\0y\"}", 1, 9, "/a", "control character 0x00"}, 12);
	is_refused(&(struct bad){"{}\0", 1, 3, "", "a NUL byte behind"}, 3);
}

static void all_mistakes_of_a_file_are_told(void)
{
	static const char text[] = "{\"a\": NaN,\n"
				   " \"b\": 45ms,\n"
				   " \"c\": \"\\q\",\n"
				   " \"d\": {\"x\": 1, \"x\": 2},\n"
				   " \"d\": [1, 2,],\n"
				   "}";
	static const int lines[] = {1, 2, 3, 4, 5, 5, 5};
	struct diag_list diags = {0};
	parse_n(text, strlen(text), &diags);
	CU_ASSERT_EQUAL_FATAL(diags.errors, 7);
	bool seen[8] = {false};
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < 7; j++)
			if (!seen[j] && diags.items[i].line == lines[j]) {
				seen[j] = true;
				break;
			}
	for (size_t j = 0; j < 7; j++)
		CU_ASSERT(seen[j]);
	diag_free(&diags);
}

static void mistakes_have_an_end(void)
{
	size_t n = 200000;
	char *text = malloc(n + 1);
	memset(text, ',', n);
	text[0] = '[';
	for (size_t i = 1; i + 1 < n; i += 2)
		text[i] = 'x';
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(parse_n(text, n, &diags), ERR_INVALID);
	CU_ASSERT_EQUAL(diags.errors, 101);
	free(text);
	diag_free(&diags);
}

static void deep_nesting_is_refused(void)
{
	for (int deep = 199; deep <= 201; deep++) {
		char text[1024] = "";
		for (int i = 0; i < deep; i++)
			strcat(text, "[");
		for (int i = 0; i < deep; i++)
			strcat(text, "]");
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(parse_n(text, strlen(text), &diags), deep <= 200 ? 0 : ERR_INVALID);
		diag_free(&diags);
	}
	size_t n = 1000000;
	char *text = malloc(n);
	for (int kind = 0; kind < 2; kind++) {
		for (size_t i = 0; i < n; i++)
			text[i] = kind ? "{\"a\":"[i % 5] : '[';
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(parse_n(text, n, &diags), ERR_INVALID);
		CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "deeper than 200"));
		diag_free(&diags);
	}
	free(text);
}

static void long_and_large_numbers(void)
{
	char text[5000];
	struct diag_list diags = {0};
	int n = snprintf(text, sizeof(text), "[%0*d]", 60, 1); /* leading zeros */
	CU_ASSERT_EQUAL(parse_n(text, (size_t)n, &diags), ERR_INVALID);
	diag_free(&diags);
	text[0] = '[';
	memset(text + 1, '9', 4000);
	strcpy(text + 4001, "]");
	CU_ASSERT_EQUAL(parse_n(text, strlen(text), &diags), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "more than 60"));
	diag_free(&diags);
	/* Sixty digits are a double like any other; cJSON alone would cut longer ones. */
	memset(text + 1, '9', 60);
	strcpy(text + 61, "]");
	struct json_doc doc;
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, NULL), 0);
	CU_ASSERT_EQUAL(json_at(doc.root, "/0")->valuedouble, 1e60);
	json_doc_free(&doc);
}

static void many_keys_are_checked_without_delay(void)
{
	/* 200,000 members: with a quadratic search for duplicates this would not end. */
	size_t n = 200000, used = 0;
	char *text = malloc(n * 12 + 16);
	for (size_t i = 0; i < n; i++)
		used += (size_t)sprintf(text + used, "%c\"%06zu\":0", i ? ',' : '{', i);
	used += (size_t)sprintf(text + used, ",\"000777\":1}");
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(parse_n(text, used, &diags), ERR_INVALID);
	CU_ASSERT_EQUAL(diags.errors, 1);
	CU_ASSERT_STRING_EQUAL(diags.items[0].pointer, "/000777");
	free(text);
	diag_free(&diags);
}

static void files_that_cannot_be_read(void)
{
	struct json_doc doc;
	struct diag_list diags = {0};
	struct err e;
	char path[256];
	snprintf(path, sizeof(path), "%s/none.json", test_scratch());
	CU_ASSERT_EQUAL(json_doc_load(&doc, path, &diags, &e), ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "none.json: No such file"));
	CU_ASSERT_EQUAL(json_doc_load(&doc, test_scratch(), &diags, &e), ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "is a directory"));
	CU_ASSERT_EQUAL(json_doc_load(&doc, "/proc/self/mem", &diags, &e), ERR_IO);
	CU_ASSERT_EQUAL(json_doc_load(&doc, "", &diags, &e), ERR_NOTFOUND);
	CU_ASSERT_EQUAL(diags.count, 0);
	CU_ASSERT_PTR_NULL(doc.root);

	snprintf(path, sizeof(path), "%s/empty.json", test_scratch());
	FILE *f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fclose(f);
	CU_ASSERT_EQUAL(json_doc_load(&doc, path, &diags, &e), ERR_INVALID);
	CU_ASSERT_EQUAL(diags.errors, 1);
	diag_free(&diags);

	CU_ASSERT_EQUAL(truncate(path, (64 << 20) + 1), 0);
	CU_ASSERT_EQUAL(json_doc_load(&doc, path, &diags, &e), ERR_LIMIT);
	CU_ASSERT_EQUAL(chmod(path, 0), 0);
	if (access(path, R_OK) != 0)
		CU_ASSERT_EQUAL(json_doc_load(&doc, path, &diags, &e), ERR_DENIED);
	diag_free(&diags);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"every_truncation_is_a_mistake", every_truncation_is_a_mistake},
		{"every_mutation_of_a_byte_is_read_or_refused",
		 every_mutation_of_a_byte_is_read_or_refused},
		{"mistakes_are_named_and_placed", mistakes_are_named_and_placed},
		{"all_mistakes_of_a_file_are_told", all_mistakes_of_a_file_are_told},
		{"mistakes_have_an_end", mistakes_have_an_end},
		{"deep_nesting_is_refused", deep_nesting_is_refused},
		{"long_and_large_numbers", long_and_large_numbers},
		{"many_keys_are_checked_without_delay", many_keys_are_checked_without_delay},
		{"files_that_cannot_be_read", files_that_cannot_be_read},
		{0},
	};
	return test_main("json_hostile", cases, argc, argv);
}
