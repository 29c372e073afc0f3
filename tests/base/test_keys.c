/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/keys.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct battery {
	double capacity_j, level;
};

struct app {
	const char *name;
	double period_s;
	int kind;
};

struct window {
	double from_s, to_s;
};

struct study {
	bool verbose;
	int64_t count;
	double factor, memory_bytes, duration_s;
	const char *title;
	uint64_t seed;
	struct battery battery;
	struct window *window;
	struct key_list apps, windows, names, numbers;
	struct key_ref radio;
	const cJSON *any;
	double off_w;
};

static const char *const kinds[] = {"camera", "text", NULL};

static const struct key battery_keys[] = {
	{"capacity", KEY_QUANTITY, offsetof(struct battery, capacity_j), .unit = UNIT_ENERGY,
	 .min = 1, .def = "\"15 Wh\"", .help = "energy when full"},
	{"level", KEY_QUANTITY, offsetof(struct battery, level), .unit = UNIT_RATIO, .min = 0,
	 .max = 1, .def = "1"},
	{0},
};
static const struct key_object battery_object = {"battery", battery_keys, sizeof(struct battery),
						 .help = "where energy comes from"};

static const struct key app_keys[] = {
	{"period", KEY_QUANTITY, offsetof(struct app, period_s), .unit = UNIT_TIME, .min = 1e-3},
	{"kind", KEY_ENUM, offsetof(struct app, kind), .choices = kinds, .def = "\"text\""},
	{0},
};
static const struct key_object app_object = {"app", app_keys, sizeof(struct app), .help = NULL};

static const struct key window_keys[] = {
	{"from", KEY_QUANTITY, offsetof(struct window, from_s), .unit = UNIT_TIME,
	 .def = "\"0 s\""},
	{"to", KEY_QUANTITY, offsetof(struct window, to_s), .unit = UNIT_TIME},
	{0},
};

static void check_window(void *object, const struct json_doc *doc, const char *pointer,
			 struct diag_list *diags)
{
	const struct window *w = object;
	char at[100];
	if (w->to_s < w->from_s)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "to"),
			       "must not be before \"from\"");
}

static const struct key_object window_object = {"window", window_keys, sizeof(struct window),
						.check = check_window};

static const struct key extra_keys[] = {
	{"sweep", KEY_ANY, 0, .optional = true, .help = "axes"},
	{"repeat", KEY_INT, 0, .min = 1, .def = "5"},
	{0},
};
static const struct key_object extra_object = {"extra", extra_keys, 8, .help = NULL};
static const struct key_object *const also[] = {&extra_object, NULL};

#define AT(field) offsetof(struct study, field)
static const struct key study_keys[] = {
	{"verbose", KEY_BOOL, AT(verbose), .def = "false"},
	{"count", KEY_INT, AT(count), .min = 1, .help = "how many"},
	{"factor", KEY_NUMBER, AT(factor), .min = -2, .max = 2, .def = "0.5"},
	{"memory", KEY_QUANTITY, AT(memory_bytes), .unit = UNIT_SIZE, .def = "\"1 GiB\""},
	{"duration", KEY_QUANTITY, AT(duration_s), .unit = UNIT_TIME, .min = 1e-9, .max = 3600},
	{"title", KEY_STRING, AT(title), .optional = true},
	{"seed", KEY_SEED, AT(seed), .def = "\"18446744073709551615\""},
	{"battery", KEY_OBJECT, AT(battery), .object = &battery_object, .def = "{}"},
	{"window", KEY_OPTIONAL_OBJECT, AT(window), .object = &window_object, .optional = true},
	{"apps", KEY_MAP, AT(apps), .object = &app_object, .min_items = 1},
	{"windows", KEY_ARRAY, AT(windows), .object = &window_object, .optional = true},
	{"names", KEY_STRINGS, AT(names), .def = "[\"p50\", \"p95\"]"},
	{"numbers", KEY_NUMBERS, AT(numbers), .min = 0, .max = 10, .optional = true,
	 .min_items = 2},
	{"radio", KEY_REF, AT(radio), .ref = "radio", .def = "\"lte\""},
	{"any", KEY_ANY, AT(any), .optional = true},
	{"off", KEY_QUANTITY, AT(off_w), .unit = UNIT_POWER, .optional = true, .absent = -1},
	{0},
};
static const struct key_object study_object = {"study", study_keys, sizeof(struct study),
					       .help = "a study", .also = also};

struct parsed {
	struct json_doc doc;
	struct study study;
	struct arena arena;
	struct diag_list diags;
	int rc;
};

static struct parsed parse(const char *text)
{
	struct parsed p = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&p.doc, "s.json", text, strlen(text), &p.diags, NULL),
			      0);
	p.rc = keys_parse(&study_object, &p.doc, "", &p.study, &p.arena, &p.diags);
	CU_ASSERT_EQUAL(p.rc, p.diags.errors ? ERR_INVALID : 0);
	return p;
}

static void done(struct parsed *p)
{
	json_doc_free(&p->doc);
	arena_free(&p->arena);
	diag_free(&p->diags);
}

/* The mistakes, one line each, are exactly these. */
static void complains(const char *text, const char *expected)
{
	struct parsed p = parse(text);
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);
	for (size_t i = 0; i < p.diags.count; i++)
		diag_print(&p.diags.items[i], out);
	fclose(out);
	if (strcmp(got, expected) != 0)
		printf("\nexpected:\n%sgot:\n%s", expected, got);
	CU_ASSERT_STRING_EQUAL(got, expected);
	free(got);
	done(&p);
}

static void every_type_is_read(void)
{
	struct parsed p =
		parse("{\"verbose\": true, \"count\": 9007199254740992, \"factor\": -1.5, "
		      "\"memory\": \"2 kB\","
		      " \"duration\": \"1 min\", \"title\": \"t\", \"seed\": 7,"
		      " \"battery\": {\"level\": \"50 %\"}, \"window\": {\"to\": \"5 s\"},"
		      " \"apps\": {\"ar\": {\"period\": \"2 s\", \"kind\": \"camera\"}, \"b\": "
		      "{\"period\": \"3 s\"}},"
		      " \"windows\": [{\"to\": \"1 s\"}, {\"from\": \"1 s\", \"to\": \"2 s\"}],"
		      " \"names\": [], \"numbers\": [1, 2.5], \"off\": \"0 W\", \"radio\": {\"x\": "
		      "1}, \"any\": [1], "
		      "\"repeat\": 3}");
	CU_ASSERT_EQUAL_FATAL(p.rc, 0);
	const struct study *s = &p.study;
	CU_ASSERT(s->verbose);
	CU_ASSERT_EQUAL(s->count, 9007199254740992);
	CU_ASSERT_EQUAL(s->factor, -1.5);
	CU_ASSERT_EQUAL(s->memory_bytes, 2000);
	CU_ASSERT_EQUAL(s->duration_s, 60);
	CU_ASSERT_EQUAL(s->off_w, 0);
	CU_ASSERT_STRING_EQUAL(s->title, "t");
	CU_ASSERT_EQUAL(s->seed, 7);
	CU_ASSERT_EQUAL(s->battery.capacity_j, 54000);
	CU_ASSERT_EQUAL(s->battery.level, 0.5);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->window);
	CU_ASSERT_EQUAL(s->window->to_s, 5);
	CU_ASSERT_EQUAL_FATAL(s->apps.count, 2);
	const struct app *apps = s->apps.items;
	CU_ASSERT_STRING_EQUAL(apps[0].name, "ar");
	CU_ASSERT_EQUAL(apps[0].kind, 0);
	CU_ASSERT_STRING_EQUAL(apps[1].name, "b");
	CU_ASSERT_EQUAL(apps[1].kind, 1);
	CU_ASSERT_EQUAL(apps[1].period_s, 3);
	CU_ASSERT_EQUAL_FATAL(s->windows.count, 2);
	CU_ASSERT_EQUAL(((struct window *)s->windows.items)[1].to_s, 2);
	CU_ASSERT_EQUAL(s->names.count, 0);
	CU_ASSERT_EQUAL(((double *)s->numbers.items)[1], 2.5);
	CU_ASSERT_PTR_NULL(s->radio.name);
	CU_ASSERT_PTR_EQUAL(s->radio.inl, json_at(p.doc.root, "/radio"));
	CU_ASSERT_STRING_EQUAL(s->radio.pointer, "/radio");
	CU_ASSERT_PTR_EQUAL(s->any, json_at(p.doc.root, "/any"));
	done(&p);
}

static void defaults_are_read_like_values(void)
{
	struct parsed p = parse(
		"{\"count\": 1, \"duration\": \"1 s\", \"apps\": {\"a\": {\"period\": \"1 s\"}}}");
	CU_ASSERT_EQUAL_FATAL(p.rc, 0);
	CU_ASSERT_EQUAL(p.study.factor, 0.5);
	CU_ASSERT_EQUAL(p.study.memory_bytes, 1073741824);
	CU_ASSERT_EQUAL(p.study.seed, UINT64_MAX);
	CU_ASSERT_EQUAL(p.study.battery.capacity_j, 54000);
	CU_ASSERT_EQUAL_FATAL(p.study.names.count, 2);
	CU_ASSERT_STRING_EQUAL(((const char **)p.study.names.items)[1], "p95");
	CU_ASSERT_STRING_EQUAL(p.study.radio.name, "lte");
	CU_ASSERT_PTR_NULL(p.study.window);
	CU_ASSERT_PTR_NULL(p.study.title);
	CU_ASSERT_EQUAL(p.study.off_w, -1); /* not said, which 0 W would be */
	done(&p);
}

static void filled_defaults_change_nothing_but_the_text(void)
{
	static const char text[] =
		"{\"count\": 1, \"duration\": \"1 s\", \"apps\": {\"a\": {\"period\": \"1 s\"}},"
		" \"windows\": [{\"to\": \"1 s\"}], \"names\": 5}";
	struct json_doc doc;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, NULL), 0);
	for (int i = 0; i < 2; i++) { /* the second time nothing is left to do */
		CU_ASSERT_EQUAL(keys_fill_defaults(&study_object, doc.root), 0);
		char *got = json_canonical(doc.root);
		CU_ASSERT_STRING_EQUAL(got,
				       "{\"apps\":{\"a\":{\"kind\":\"text\",\"period\":\"1 s\"}},"
				       "\"battery\":{\"capacity\":\"15 "
				       "Wh\",\"level\":1},\"count\":1,\"duration\":\"1 s\","
				       "\"factor\":0.5,\"memory\":\"1 "
				       "GiB\",\"names\":5,\"radio\":\"lte\",\"repeat\":5,"
				       "\"seed\":\"18446744073709551615\",\"verbose\":false,"
				       "\"windows\":[{\"from\":\"0 s\",\"to\":\"1 s\"}]}");
		free(got);
	}
	json_doc_free(&doc);
}

static void all_mistakes_are_told_in_the_order_of_the_file(void)
{
	complains(
		"{\"count\": 0,\n"
		" \"battery\": {\"capacty\": \"1 J\", \"level\": 1.5},\n"
		" \"apps\": {\"a\": {\"period\": 45,\n"
		"   \"kind\": \"txt\"}, \"\": {\"period\": \"0 s\"}},\n"
		" \"windows\": [{\"from\": \"2 s\", \"to\": \"1 s\"}, 7],\n"
		" \"memory\": \"512\",\n"
		" \"zzz\": 1}",
		"s.json:1:1: /duration: is missing\n"
		"s.json:1:2: /count: must be at least 1 (got 0)\n"
		"s.json:2:14: /battery/capacty: unknown key; did you mean \"capacity\"?\n"
		"s.json:2:32: /battery/level: must be at most 100 % (got 1.5)\n"
		"s.json:3:17: /apps/a/period: must be a string with a unit, like \"45 ms\" (got "
		"45)\n"
		"s.json:4:4: /apps/a/kind: must be one of camera, text (got \"txt\"); did you mean "
		"\"text\"?\n"
		"s.json:4:20: /apps/: a name must not be empty\n"
		"s.json:4:25: /apps//period: must be at least 1 ms (got \"0 s\")\n"
		"s.json:5:30: /windows/0/to: must not be before \"from\"\n"
		"s.json:5:44: /windows/1: must be an object (got 7)\n"
		"s.json:6:2: /memory: the unit is missing; use one of bit, B, kB, MB, GB, TB, KiB, "
		"MiB, "
		"GiB, TiB, kbit, Mbit, Gbit (got \"512\")\n"
		"s.json:7:2: /zzz: unknown key; known here: verbose, count, factor, memory, "
		"duration, "
		"title, seed, battery, window, apps, windows, names, numbers, radio, any, off, "
		"sweep, "
		"repeat\n");
}

static void wrong_types_are_named(void)
{
	complains(
		"{\"verbose\": 1,\n\"count\": 1.5,\n\"factor\": \"2\",\n\"memory\": "
		"null,\n\"duration\": [],\n"
		"\"title\": 5,\n\"seed\": \"-1\",\n\"battery\": [],\n\"window\": true,\n\"apps\": "
		"[],\n"
		"\"windows\": {},\n\"names\": [1],\n\"numbers\": [11],\n\"radio\": 3}",
		"s.json:1:2: /verbose: must be true or false (got 1)\n"
		"s.json:2:1: /count: must be a whole number (got 1.5)\n"
		"s.json:3:1: /factor: must be a number (got \"2\")\n"
		"s.json:4:1: /memory: must be a string with a unit, like \"512 MiB\" (got null)\n"
		"s.json:5:1: /duration: must be a string with a unit, like \"45 ms\" (got a list)\n"
		"s.json:6:1: /title: must be a string (got 5)\n"
		"s.json:7:1: /seed: must be a whole number from 0 to 2^64-1 in quotes, like \"42\" "
		"(got "
		"\"-1\")\n"
		"s.json:8:1: /battery: must be an object (got a list)\n"
		"s.json:9:1: /window: must be an object (got true)\n"
		"s.json:10:1: /apps: must be an object, each member with a name of its own (got a "
		"list)\n"
		"s.json:11:1: /windows: must be a list (got an object)\n"
		"s.json:12:11: /names/0: must be a string (got 1)\n"
		"s.json:13:1: /numbers: must have at least 2 items (got 1)\n"
		"s.json:13:13: /numbers/0: must be at most 10 (got 11)\n"
		"s.json:14:1: /radio: must be the name of a radio, or an object that describes one "
		"(got "
		"3)\n");
	complains("[]", "s.json:1:1: must be an object (got a list)\n");
}

static void numbers_past_their_type_are_refused(void)
{
	static const char *const bad[] = {"\"count\": 1e300",
					  "\"count\": 9007199254740994",
					  "\"count\": -1e300",
					  "\"seed\": \"18446744073709551616\"",
					  "\"seed\": \"\"",
					  "\"seed\": \" 1\"",
					  "\"seed\": 0.5",
					  "\"seed\": 1e17",
					  "\"duration\": \"1e999 s\"",
					  "\"duration\": \"nan s\""};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct parsed p;
		char text[200];
		snprintf(text, sizeof(text), "{%s, %s \"apps\": {\"a\": {\"period\": \"1 s\"}}%s}",
			 bad[i], strstr(bad[i], "count") ? "" : "\"count\": 1,",
			 strstr(bad[i], "duration") ? "" : ", \"duration\": \"1 s\"");
		p = parse(text);
		CU_ASSERT_EQUAL(p.diags.errors, 1);
		done(&p);
	}
}

static void a_part_leaves_other_keys_to_others(void)
{
	struct parsed p = parse(
		"{\"count\": 1, \"duration\": \"1 s\", \"apps\": {\"a\": {\"period\": \"1 s\"}}}");
	struct study s;
	CU_ASSERT_EQUAL(keys_parse(&battery_object, &p.doc, "", &s.battery, &p.arena, &p.diags),
			ERR_INVALID);
	CU_ASSERT_EQUAL(p.diags.errors, 3);
	CU_ASSERT_EQUAL(
		keys_parse_part(&battery_object, &p.doc, "", &s.battery, &p.arena, &p.diags), 0);
	/* The verdict is this call's own, even when the caller's list has the same mistakes
	 * already. */
	CU_ASSERT_EQUAL(keys_parse(&battery_object, &p.doc, "", &s.battery, &p.arena, &p.diags),
			ERR_INVALID);
	CU_ASSERT_EQUAL(p.diags.errors, 3);
	CU_ASSERT_EQUAL(
		keys_parse(&battery_object, &p.doc, "/none", &s.battery, &p.arena, &p.diags),
		ERR_INVALID);
	done(&p);
}

static void all_owners_of_a_level_are_heard_at_once(void)
{
	static const char text[] = "{\"count\": 0,\n\"repeat\": 0,\n\"duraton\": 1}";
	struct json_doc doc;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, NULL), 0);
	CU_ASSERT_EQUAL(keys_check(&study_object, &doc, "", &diags), ERR_INVALID);
	static const char *const pointers[] = {"/duration", "/apps", "/count", "/repeat",
					       "/duraton"};
	CU_ASSERT_EQUAL_FATAL(diags.count, 5);
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_STRING_EQUAL(diags.items[i].pointer, pointers[i]);
	diag_free(&diags);
	json_doc_free(&doc);
}

static void a_file_of_another_kind_is_not_told_key_by_key(void)
{
	size_t n = 100000, used = 1;
	char *text = malloc(n * 12 + 16);
	strcpy(text, "{");
	for (size_t i = 0; i < n; i++)
		used += (size_t)sprintf(text + used, "%s\"k%zu\":0", i ? "," : "", i);
	strcpy(text + used, "}");
	struct parsed p = parse(text);
	CU_ASSERT_EQUAL(p.diags.errors, 3 + 50 + 1);
	CU_ASSERT_STRING_EQUAL(p.diags.items[3].text, "99950 more unknown keys");
	free(text);
	done(&p);
}

static const char *schema_string(const cJSON *schema, const char *pointer)
{
	const cJSON *node = json_at(schema, pointer);
	return cJSON_IsString(node) ? node->valuestring : "(none)";
}

static void the_schema_says_what_the_table_says(void)
{
	cJSON *schema = keys_schema(&study_object, "A study");
	CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/$schema"),
			       "https://json-schema.org/draft/2020-12/schema");
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/properties/count/type/0"), "integer");
	CU_ASSERT_EQUAL(json_at(schema, "/properties/count/minimum")->valuedouble, 1);
	CU_ASSERT_PTR_NULL(json_at(schema, "/properties/count/maximum"));
	CU_ASSERT_EQUAL(json_at(schema, "/properties/factor/maximum")->valuedouble, 2);
	CU_ASSERT_EQUAL(json_at(schema, "/properties/factor/default")->valuedouble, 0.5);
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/properties/duration/description"),
			       " (at least 1 ns, at most 60 min)");
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/properties/battery/anyOf/0/$ref"),
			       "#/$defs/battery");
	CU_ASSERT_STRING_EQUAL(
		schema_string(schema, "/$defs/battery/properties/capacity/examples/0"), "15 Wh");
	CU_ASSERT_STRING_EQUAL(
		schema_string(schema, "/properties/apps/additionalProperties/anyOf/0/$ref"),
		"#/$defs/app");
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/$defs/app/properties/kind/enum/1"), "text");
	/* Where a base is extended, null takes a key out. */
	CU_ASSERT_STRING_EQUAL(schema_string(schema, "/properties/count/type/1"), "null");
	CU_ASSERT_STRING_EQUAL(
		schema_string(schema, "/properties/apps/additionalProperties/anyOf/1/type"),
		"null");
	CU_ASSERT_PTR_NOT_NULL(json_at(schema, "/properties/repeat"));
	CU_ASSERT_PTR_NOT_NULL(json_at(schema, "/properties/extends"));
	CU_ASSERT_PTR_NOT_NULL(json_at(schema, "/patternProperties/^~1~1"));
	CU_ASSERT(cJSON_IsFalse(json_at(schema, "/additionalProperties")));
	CU_ASSERT(cJSON_IsFalse(json_at(schema, "/$defs/window/additionalProperties")));
	char *required = json_canonical(json_at(schema, "/else/required"));
	CU_ASSERT_STRING_EQUAL(required, "[\"count\",\"duration\",\"apps\"]");
	free(required);
	cJSON_Delete(schema);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"every_type_is_read", every_type_is_read},
		{"defaults_are_read_like_values", defaults_are_read_like_values},
		{"filled_defaults_change_nothing_but_the_text",
		 filled_defaults_change_nothing_but_the_text},
		{"all_mistakes_are_told_in_the_order_of_the_file",
		 all_mistakes_are_told_in_the_order_of_the_file},
		{"wrong_types_are_named", wrong_types_are_named},
		{"numbers_past_their_type_are_refused", numbers_past_their_type_are_refused},
		{"a_part_leaves_other_keys_to_others", a_part_leaves_other_keys_to_others},
		{"all_owners_of_a_level_are_heard_at_once",
		 all_owners_of_a_level_are_heard_at_once},
		{"a_file_of_another_kind_is_not_told_key_by_key",
		 a_file_of_another_kind_is_not_told_key_by_key},
		{"the_schema_says_what_the_table_says", the_schema_says_what_the_table_says},
		{0},
	};
	return test_main("keys", cases, argc, argv);
}
