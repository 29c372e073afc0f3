/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out at the first, the second, ... the n-th allocation, from reading a study to
 * its points: every time a refusal, never a crash, and (under the address sanitizer) never a leak.
 * The program is linked with --wrap, so that the calls of our own code come here first; cJSON has
 * hooks. */
#include "sim/experiment/plan.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	size_t count, fail_at; /* 0: never */
} state;

static int fails(void)
{
	return ++state.count == state.fail_at;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static const char study[] =
	"{\"a\": {\"b\": 1, \"c\": [1, {\"d\": \"\\u00e9\"}]}, \"//\": \"why\", \"repeat\": 3,"
	" \"record\": [\"x\", \"y\"], \"precision\": {\"metric\": \"m\", \"relative\": 0.1},"
	" \"sweep\": {\"b\": {\"path\": \"/a/b\", \"values\": [1, \"2 ms\", 3]},"
	" \"d\": {\"path\": \"/a/c/1/d\", \"from\": 1, \"to\": 8, \"steps\": 3, \"scale\": "
	"\"log\"}}}";

/* The whole way once; returns 0 when all of it worked. */
static int go(const char *text)
{
	struct json_doc doc, point;
	struct diag_list diags = {0};
	struct arena arena = {0};
	struct experiment x;
	struct plan plan;
	struct err e;
	int rc = json_doc_parse(&doc, "s", text, strlen(text), &diags, &e);
	if (rc == 0) {
		rc = json_doc_set(&doc, "/a/new={\"k\": 1}", &diags);
		if (rc == 0)
			rc = keys_fill_defaults(&experiment_object, doc.root);
		if (rc == 0)
			rc = keys_parse_part(&experiment_object, &doc, "", &x, &arena, &diags);
		if (rc == 0)
			rc = plan_expand(&plan, &x, &doc, &(struct plan_options){0}, &diags, &e);
		if (rc == 0) {
			rc = plan_point_doc(&plan, 4, &point);
			if (rc == 0) {
				json_doc_error(&point, &diags, "/a/b", "said");
				json_doc_free(&point);
			}
			plan_free(&plan);
		}
		json_doc_free(&doc);
	}
	cJSON *schema = rc == 0 ? keys_schema(&experiment_object, "t") : NULL;
	rc = rc == 0 && !schema ? ERR_NOMEM : rc;
	cJSON_Delete(schema);
	arena_free(&arena);
	diag_free(&diags);
	return rc;
}

/* Fails the n-th allocation for each n until the way is free; returns how many failures it took. */
static size_t exhaust(const char *text, int expected)
{
	size_t n = 0, survived = 0;
	do {
		state.count = 0;
		state.fail_at = ++n;
		int rc = go(text);
		state.fail_at = 0;
		survived += rc == 0;
		if (n > 100000)
			break;
	} while (state.count >= n);
	CU_ASSERT(n > 5 && n < 100000);
	CU_ASSERT_EQUAL(go(text), expected);
	/* Some allocations only cost a place or a message; most must be noticed. */
	CU_ASSERT(expected != 0 || survived < n / 4);
	return n;
}

static void a_good_study(void)
{
	exhaust(study, 0);
}

static void a_study_with_mistakes(void)
{
	exhaust("{\"a\": {\"b\": NaN, \"b\": 2, \"\\u0062\": \"\\q\"}, \"x\": [1, 2,], c: 1}",
		ERR_INVALID);
	exhaust("{\"a\": {}, \"repeat\": 0, \"recrd\": 1, \"sweep\": {\"b\": {\"pth\": 1, "
		"\"values\": 3}}}",
		ERR_INVALID);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_good_study", a_good_study},
		{"a_study_with_mistakes", a_study_with_mistakes},
		{0},
	};
	cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = __wrap_malloc, .free_fn = free});
	return test_main("nomem", cases, argc, argv);
}
