/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/page/page.h"
#include "sim/base/json.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The page of a small database whose description and profile try to break out of their places. */
static char *make_page(const char *folder, const enum page_figure *have)
{
	char path[200], *text = NULL;
	size_t size;
	struct synthetic s;
	struct err e = {0};
	struct db *db;
	struct dataset data;
	struct figures figures = {0};
	struct arena arena = {0};
	struct diag_list diags = {0};
	snprintf(path, sizeof(path), "%s/page.db", test_scratch());
	remove(path);
	synthetic_init(&s);
	json_put(s.document, "/description",
		 cJSON_CreateString("<script>alert(\"1\")</script> & co"));
	json_put(s.profile, "/primitives/hypercall/method", cJSON_CreateString("</table><b>x"));
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &s.study, NULL, &e), 0);
	for (size_t p = 0; p < SYNTHETIC_PLATFORMS; p++)
		for (uint32_t r = 0; r < 3; r++)
			CU_ASSERT_EQUAL(synthetic_put(db, p, 2, r, 200, &e), 0);
	db_close(db);
	synthetic_free(&s);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
	CU_ASSERT_EQUAL_FATAL(figures_of_study(db, &figures, &arena, &diags), 0);
	static const struct page_layer layers[] = {
		{"guest kernel", "knows </li> nothing", "22 x exit.pio_user", true, true},
		{"hardware", "cores", NULL, true, false}};
	static const struct page_platform platforms[] = {{"kvm-virtio", NULL, layers, 2}};
	struct page page = {&data, &figures, have, folder, platforms, 1};
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_EQUAL(page_write(&page, out, &e), 0);
	fclose(out);
	out = fopen("/dev/full", "w");
	if (out) {
		CU_ASSERT_EQUAL(page_write(&page, out, &e), ERR_IO);
		fclose(out);
	}
	dataset_free(&data);
	db_close(db);
	arena_free(&arena);
	diag_free(&diags);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

static void the_page_stands_alone_and_is_balanced(void)
{
	static const char *const tags[] = {"main",    "table",	 "tr",	"td",	 "th",	  "figure",
					   "details", "pre",	 "div", "thead", "tbody", "script",
					   "style",   "section", "ol",	"li",	 "nav"};
	char *text = make_page("/nonexistent", NULL);
	CU_ASSERT_PTR_NULL(strstr(text, "http:"));
	CU_ASSERT_PTR_NULL(strstr(text, "https:"));
	CU_ASSERT_PTR_NULL(strstr(text, "<link"));
	for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		char open[20], plain[20], close[20];
		snprintf(open, sizeof(open), "<%s ", tags[i]);
		snprintf(plain, sizeof(plain), "<%s>", tags[i]);
		snprintf(close, sizeof(close), "</%s>", tags[i]);
		CU_ASSERT_EQUAL(count(text, open) + count(text, plain), count(text, close));
	}
	CU_ASSERT_EQUAL(count(text, "<figure>"), 3);
	CU_ASSERT_EQUAL(count(text,
			      "<li class=\"guest path\"><b>guest kernel</b>: knows &lt;/li&gt; "
			      "nothing<span class=\"step\">22 x exit.pio_user</span></li>"),
			1);
	CU_ASSERT_EQUAL(count(text, "<img"), 0);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(text, "Response time, p95 over exit cost, for each platform"));
	free(text);
}

static void texts_cannot_break_out(void)
{
	char *text = make_page("/nonexistent", NULL);
	CU_ASSERT_PTR_NULL(strstr(text, "<script>alert"));
	CU_ASSERT_PTR_NULL(strstr(text, "<b>x"));
	CU_ASSERT_EQUAL(count(text, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; co"),
			2);
	free(text);
}

/* A picture is carried inside, and comes out again as it was. */
static void pictures_are_carried_inside(void)
{
	program_write_file("response-cdf.svg", "<svg>a picture of 22 B</svg>");
	char *text = make_page(test_scratch(), NULL);
	CU_ASSERT_EQUAL(count(text, "<img"), 1);
	CU_ASSERT_EQUAL(count(text, "alt=\"Distribution of response time"), 1);
	char *start = strstr(text, "base64,");
	CU_ASSERT_PTR_NOT_NULL_FATAL(start);
	start += strlen("base64,");
	*strchr(start, '"') = '\0';
	PROGRAM_EXPECT(0, "<svg>a picture of 22 B</svg>", "echo '%s' | base64 -d", start);
	free(text);
}

/* The picture of an earlier report lies in the folder, and so do its numbers. */
static void old_pictures_are_not_taken_for_new(void)
{
	static const enum page_figure none[] = {PAGE_NOTHING, PAGE_NOTHING, PAGE_NOTHING},
				      data[] = {PAGE_DATA, PAGE_DATA, PAGE_DATA};
	program_write_file("response-cdf.svg", "<svg>old</svg>");
	program_write_file("response-cdf.tsv", "1\t2\n");
	char *text = make_page(test_scratch(), none);
	CU_ASSERT_EQUAL(count(text, "<img"), 0);
	CU_ASSERT_EQUAL(count(text, "download="), 0);
	CU_ASSERT_EQUAL(count(text, "could not be made"), 3);
	CU_ASSERT_EQUAL(count(text, "<figure>"), 3);
	free(text);
	text = make_page(test_scratch(), data);
	CU_ASSERT_EQUAL(count(text, "<img"), 0);
	CU_ASSERT_EQUAL(count(text, "download=\"response-cdf.tsv\""), 1);
	CU_ASSERT_EQUAL(count(text, "could not be drawn"), 3);
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_page_stands_alone_and_is_balanced", the_page_stands_alone_and_is_balanced},
		{"texts_cannot_break_out", texts_cannot_break_out},
		{"pictures_are_carried_inside", pictures_are_carried_inside},
		{"old_pictures_are_not_taken_for_new", old_pictures_are_not_taken_for_new},
		{0},
	};
	return test_main("reports.page", cases, argc, argv);
}
