/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a good document becomes: extends, --set, pointers, patches, canonical text, places. */
#include "sim/base/json.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void write_file(const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	FILE *f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	CU_ASSERT_EQUAL_FATAL(fclose(f), 0);
}

static int load(struct json_doc *doc, const char *name, struct diag_list *diags, struct err *e)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	return json_doc_load(doc, path, diags, e);
}

static struct json_doc parsed(const char *text)
{
	struct json_doc doc;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t.json", text, strlen(text), &diags, NULL), 0);
	CU_ASSERT_EQUAL(diags.count, 0);
	diag_free(&diags);
	return doc;
}

static void is_document(const cJSON *root, const char *canonical)
{
	char *text = json_canonical(root);
	CU_ASSERT_STRING_EQUAL(text, canonical);
	free(text);
}

/* The only mistake, or the first, as printed without its text. */
static void is_placed(const struct diag_list *diags, const char *file, int line, int column,
		      const char *pointer)
{
	CU_ASSERT_FATAL(diags->count > 0);
	const struct diag *d = &diags->items[diags->count - 1];
	const char *name = strrchr(d->file, '/');
	CU_ASSERT_STRING_EQUAL(name ? name + 1 : d->file, file);
	CU_ASSERT_EQUAL(d->line, line);
	CU_ASSERT_EQUAL(d->column, column);
	CU_ASSERT_STRING_EQUAL(d->pointer ? d->pointer : "", pointer);
}

static void comments_and_schema_are_dropped(void)
{
	struct json_doc doc =
		parsed("\xef\xbb\xbf{\"//\": \"one\", \"$schema\": \"x\", \"//\": \"two\",\r\n"
		       " \"a\": [{\"// why\": {\"b\": 1}, \"c\": 2}]}\n");
	is_document(doc.root, "{\"a\":[{\"c\":2}]}");
	json_doc_free(&doc);
	doc = parsed("\xef\xbb\xbf"
		     "7");
	is_document(doc.root, "7");
	json_doc_free(&doc);
}

static void extends_patches_the_base(void)
{
	write_file("base.json",
		   "{\"a\": {\"x\": 1, \"y\": [1, 2]},\n \"b\": true,\n \"gone\": {}}");
	char dir[256];
	snprintf(dir, sizeof(dir), "%s/sub", test_scratch());
	mkdir(dir, 0700);
	write_file("sub/mid.json", "{\"extends\": \"../base.json\",\n \"a\": {\"y\": [3]}}");
	write_file("top.json",
		   "{\"extends\": \"sub/mid.json\", \"gone\": null,\n\n   \"a\": {\"z\": 9}}");
	struct json_doc doc;
	struct diag_list diags = {0};
	struct err e;
	CU_ASSERT_EQUAL_FATAL(load(&doc, "top.json", &diags, &e), 0);
	is_document(doc.root, "{\"a\":{\"x\":1,\"y\":[3],\"z\":9},\"b\":true}");

	/* A mistake is where the newest file says it. */
	json_doc_error(&doc, &diags, "/a/z", "x");
	is_placed(&diags, "top.json", 3, 10, "/a/z");
	json_doc_error(&doc, &diags, "/a/y/0", "x");
	is_placed(&diags, "mid.json", 2, 14, "/a/y/0");
	json_doc_error(&doc, &diags, "/a/x", "x");
	is_placed(&diags, "base.json", 1, 8, "/a/x");
	json_doc_error(&doc, &diags, "/b", "x");
	is_placed(&diags, "base.json", 2, 2, "/b");
	/* A missing key is where it would have to stand. */
	json_doc_error(&doc, &diags, "/a/missing/deep", "x");
	is_placed(&diags, "top.json", 3, 4, "/a/missing/deep");
	json_doc_error(&doc, &diags, "", "x");
	is_placed(&diags, "top.json", 1, 1, "");

	/* What --set put there is in no file. */
	CU_ASSERT_EQUAL(json_doc_set(&doc, "/a/x={\"k\": [1]}", &diags), 0);
	json_doc_warning(&doc, &diags, "/a/x/k/0", "x");
	is_placed(&diags, "--set", 0, 0, "/a/x/k/0");
	json_doc_error(&doc, &diags, "/a", "x");
	is_placed(&diags, "top.json", 3, 4, "/a");
	json_doc_free(&doc);
	diag_free(&diags);
}

static void a_derived_document_tells_mistakes_where_its_values_stand(void)
{
	struct json_doc doc = parsed("{\"a\": {\"b\": 1},\n \"values\": [2, {\"c\": 3}]}"), derived;
	struct diag_list diags = {0};
	cJSON *root = cJSON_Duplicate(doc.root, true);
	json_put(root, "/a/b", cJSON_CreateNumber(2));
	CU_ASSERT_EQUAL_FATAL(json_doc_derive(&derived, &doc, root), 0);
	CU_ASSERT_EQUAL(json_doc_redirect(&derived, "/a/b", "/values/1"), 0);
	json_doc_error(&derived, &diags, "/a", "x");
	is_placed(&diags, "t.json", 1, 2, "/a");
	json_doc_error(&derived, &diags, "/a/b", "x");
	is_placed(&diags, "t.json", 2, 16, "/a/b");
	json_doc_error(&derived, &diags, "/a/b/c", "x");
	is_placed(&diags, "t.json", 2, 17, "/a/b/c");
	json_doc_error(&derived, &diags, "/a/b/d", "x");
	is_placed(&diags, "t.json", 2, 16, "/a/b/d");
	json_doc_free(&derived);
	json_doc_error(&doc, &diags, "/a/b", "x"); /* the sources are still the base's */
	is_placed(&diags, "t.json", 1, 8, "/a/b");
	diag_free(&diags);
	json_doc_free(&doc);
}

static void a_loop_of_extends_is_a_mistake(void)
{
	write_file("one.json", "{\"extends\": \"two.json\"}");
	write_file("two.json", "{\"a\": 1,\n  \"extends\": \"./one.json\"}");
	write_file("self.json", "{\"extends\": \"self.json\"}");
	struct json_doc doc;
	struct diag_list diags = {0};
	struct err e;
	CU_ASSERT_EQUAL(load(&doc, "one.json", &diags, &e), ERR_INVALID);
	CU_ASSERT_EQUAL(diags.errors, 1);
	is_placed(&diags, "two.json", 2, 3, "/extends");
	CU_ASSERT_PTR_NULL(doc.root);
	CU_ASSERT_EQUAL(load(&doc, "self.json", &diags, &e), ERR_INVALID);
	is_placed(&diags, "self.json", 1, 2, "/extends");
	diag_free(&diags);
}

static void a_base_that_cannot_be_read_is_a_mistake_in_the_file_that_names_it(void)
{
	static const char *const wrong[] = {"\"none.json\"", "\".\"", "7", "[]", "\"\""};
	struct json_doc doc;
	struct diag_list diags = {0};
	struct err e;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "{\n\"extends\": %s}", wrong[i]);
		write_file("orphan.json", text);
		CU_ASSERT_EQUAL(load(&doc, "orphan.json", &diags, &e), ERR_INVALID);
		CU_ASSERT_EQUAL(diags.errors, 1);
		is_placed(&diags, "orphan.json", 2, 1, "/extends");
		diag_free(&diags);
	}
	/* Mistakes in the base are told in the base's own place. */
	write_file("bad.json", "{\"a\": 1,\n \"a\": 2}");
	write_file("orphan.json", "{\"extends\": \"bad.json\"}");
	CU_ASSERT_EQUAL(load(&doc, "orphan.json", &diags, &e), ERR_INVALID);
	is_placed(&diags, "bad.json", 2, 2, "/a");
	diag_free(&diags);
}

static void settings_replace_add_append_and_remove(void)
{
	struct json_doc doc =
		parsed("{\"a\": {\"b\": 1}, \"list\": [1, 2], \"x/y\": 0, \"gone\": 1}");
	struct diag_list diags = {0};
	static const char *const good[] = {
		"/a/b=10 ms", "/a/new=[1,2]", "/list/1=\"7\"", "/list/-=true",
		"/x~1y=-1.5", "/gone=null",   "/empty=",       "/eq=a=b",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CU_ASSERT_EQUAL(json_doc_set(&doc, good[i], &diags), 0);
	CU_ASSERT_EQUAL(diags.count, 0);
	is_document(doc.root,
		    "{\"a\":{\"b\":\"10 ms\",\"new\":[1,2]},\"empty\":\"\",\"eq\":\"a=b\","
		    "\"list\":[1,\"7\",true],\"x/y\":-1.5}");

	static const char *const bad[] = {"a/b=1",     "/a/b",	     "",	 "=",  "/a/q/r=1",
					  "/list/9=1", "/list/01=1", "/a/b/c=1", "x=1"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(json_doc_set(&doc, bad[i], &diags), ERR_INVALID);
		CU_ASSERT_STRING_EQUAL(diags.items[diags.count - 1].file, "--set");
	}
	diag_free(&diags);
	CU_ASSERT_EQUAL(json_doc_set(&doc, "/lits/0=1", &diags), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "did you mean \"list\"?"));
	diag_free(&diags);
	json_doc_free(&doc);
}

static void pointers_follow_rfc_6901(void)
{
	/* The document and the pointers of the RFC's section 5. */
	struct json_doc doc =
		parsed("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3,"
		       "\"g|h\": 4, \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}");
	static const char *const pointers[] = {"/",	"/a~1b", "/c%d", "/e^f", "/g|h",
					       "/i\\j", "/k\"l", "/ ",	 "/m~0n"};
	for (int i = 0; i < 9; i++) {
		const cJSON *node = json_at(doc.root, pointers[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(node);
		CU_ASSERT_EQUAL(node->valuedouble, i);
	}
	CU_ASSERT_PTR_EQUAL(json_at(doc.root, ""), doc.root);
	CU_ASSERT_STRING_EQUAL(json_at(doc.root, "/foo/1")->valuestring, "baz");
	static const char *const nowhere[] = {
		"foo",	   "/foo/2", "/foo/00",	 "/foo/-",
		"/foo/-1", "/Foo",   "/foo/0/x", "/foo/99999999999999"};
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++)
		CU_ASSERT_PTR_NULL(json_at(doc.root, nowhere[i]));
	char buf[32];
	CU_ASSERT_STRING_EQUAL(json_pointer_join(buf, sizeof(buf), "/x", "a/b~c"), "/x/a~1b~0c");
	CU_ASSERT_STRING_EQUAL(json_pointer_join(buf, sizeof(buf), buf, "0"), "/x/a~1b~0c/0");
	CU_ASSERT_STRING_EQUAL(json_pointer_join(buf, 6, "/x", "a/b"), "/x/a");
	json_doc_free(&doc);
}

static void merge_patch_follows_rfc_7396(void)
{
	/* The table of the RFC's appendix A. */
	static const struct {
		const char *target, *patch, *result;
	} cases[] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		 "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
		{"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
		{"{\"a\":\"foo\"}", "null", "null"},
		{"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
		{"{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}"},
		{"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *patch = cJSON_Parse(cases[i].patch);
		cJSON *result = json_merge_patch(cJSON_Parse(cases[i].target), patch);
		is_document(result, cases[i].result);
		cJSON_Delete(result);
		cJSON_Delete(patch);
	}
}

static void the_canonical_text_depends_on_the_content_alone(void)
{
	struct json_doc a =
		parsed("{\"b\": [1.0, 1e2, -0.0, 0.1, 1e300], \"a\": \"\\u00e9\\n\\\"\"}");
	struct json_doc b =
		parsed("{ \"a\":\"\xc3\xa9\\u000a\\u0022\",\"b\":[1,100,0,1e-1,10e299] }");
	struct json_doc c =
		parsed("{ \"a\":\"\xc3\xa9\\u000a\\u0022\",\"b\":[1,100,0,1e-1,\"10e299\"] }");
	is_document(a.root, "{\"a\":\"\xc3\xa9\\u000a\\\"\",\"b\":[1,100,0,0.1,1e+300]}");
	char ha[33], hb[33], hc[33];
	json_hash(a.root, ha);
	json_hash(b.root, hb);
	json_hash(c.root, hc);
	CU_ASSERT_STRING_EQUAL(ha, hb);
	CU_ASSERT_STRING_NOT_EQUAL(ha, hc);
	CU_ASSERT_EQUAL(strspn(ha, "0123456789abcdef"), 32);
	json_doc_free(&a);
	json_doc_free(&b);
	json_doc_free(&c);
	/* Every double reads back the same. */
	static const double values[] = {
		0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 9007199254740993.0, 1e21};
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		cJSON *number = cJSON_CreateNumber(values[i]);
		char *text = json_canonical(number);
		CU_ASSERT_EQUAL(strtod(text, NULL), values[i]);
		free(text);
		cJSON_Delete(number);
	}
}

static void places_count_lines_and_characters(void)
{
	/* LF, CR LF and CR end lines; a tab and a letter of two bytes are one column each. */
	struct json_doc doc = parsed(
		"{\"a\": {\r\n\t\"\xc3\xa9\xc3\xa9\": 1, \"k\": [10,\r  {\"q\\u0041\": 2}]\n}}");
	struct diag_list diags = {0};
	static const struct {
		const char *pointer;
		int line, column;
	} places[] = {{"/a", 1, 2},	{"/a/\xc3\xa9\xc3\xa9", 2, 2},
		      {"/a/k", 2, 11},	{"/a/k/0", 2, 17},
		      {"/a/k/1", 3, 3}, {"/a/k/1/qA", 3, 4}};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		json_doc_error(&doc, &diags, places[i].pointer, "x");
		is_placed(&diags, "t.json", places[i].line, places[i].column, places[i].pointer);
	}
	diag_free(&diags);
	json_doc_free(&doc);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"comments_and_schema_are_dropped", comments_and_schema_are_dropped},
		{"extends_patches_the_base", extends_patches_the_base},
		{"a_derived_document_tells_mistakes_where_its_values_stand",
		 a_derived_document_tells_mistakes_where_its_values_stand},
		{"a_loop_of_extends_is_a_mistake", a_loop_of_extends_is_a_mistake},
		{"a_base_that_cannot_be_read_is_a_mistake_in_the_file_that_names_it",
		 a_base_that_cannot_be_read_is_a_mistake_in_the_file_that_names_it},
		{"settings_replace_add_append_and_remove", settings_replace_add_append_and_remove},
		{"pointers_follow_rfc_6901", pointers_follow_rfc_6901},
		{"merge_patch_follows_rfc_7396", merge_patch_follows_rfc_7396},
		{"the_canonical_text_depends_on_the_content_alone",
		 the_canonical_text_depends_on_the_content_alone},
		{"places_count_lines_and_characters", places_count_lines_and_characters},
		{0},
	};
	return test_main("json", cases, argc, argv);
}
