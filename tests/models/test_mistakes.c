/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a user gets told: mistakes in studies, profiles and overrides, all of them, with their
 * places. */
#include "models/app/arrival.h"
#include "models/site/placement.h"
#include "models/policy/policy.h"
#include "tests/models/world_support.h"

static char *plain(void)
{
	return study(
		"{\n"
		" \"duration\": \"1 min\",\n"
		" \"handsets\": { \"phones\": { \"count\": 3,\n"
		"   \"cpu\": { \"clock\": \"1 GHz\", \"power\": \"2 W\", \"idle\": \"0.3 W\" },\n"
		"   \"radio\": \"lte\",\n"
		"   \"cell\": \"macro\",\n"
		"   \"policy\": \"remote\",\n"
		"   \"apps\": { \"health\": { \"arrivals\": { \"poisson\": \"6 /min\" } } } } },\n"
		" \"cells\": { \"macro\": { \"down\": \"60 Mbit/s\", \"up\": \"25 Mbit/s\",\n"
		"   \"rtt\": \"45 ms\", \"site\": \"edge\" } },\n"
		" \"sites\": { \"edge\": { \"hosts\": { \"node\": { \"cores\": 4,\n"
		"   \"clock\": \"2 GHz\", \"memory\": \"8 GiB\",\n"
		"   \"platform\": \"kvm-virtio\",\n"
		"   \"guests\": { \"count\": 4 } } } } }\n"
		"}\n");
}

/* The plain study with `old` replaced. */
static char *with(const char *old, const char *new)
{
	char *text = plain(), *at = strstr(text, old);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*at = '\0';
	char *changed = study("%s%s%s", text, new, at + strlen(old));
	free(text);
	return changed;
}

static bool told(const struct diag_list *diags, const char *pointer, const char *text, int line)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		if (d->severity == DIAG_ERROR && strstr(d->text, text) &&
		    (!pointer || (d->pointer && strcmp(d->pointer, pointer) == 0)) &&
		    (line == 0 || d->line == line))
			return true;
	}
	for (size_t i = 0; i < diags->count; i++)
		diag_print(&diags->items[i], stdout);
	return false;
}

static void check(const char *old, const char *new, const char *pointer, const char *says, int line)
{
	struct diag_list diags = {0};
	char *text = with(old, new);
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NULL(w);
	CU_ASSERT(told(&diags, pointer, says, line));
	world_free(w);
	diag_free(&diags);
	free(text);
}

static void the_plain_study_has_no_mistakes(void)
{
	struct diag_list diags = {0};
	char *text = plain();
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL(w);
	CU_ASSERT_EQUAL(diags.count, 0);
	CU_ASSERT(is_near(world_expected_tasks(w), 18, 1e-12));
	world_free(w);
	free(text);
}

static void names_that_do_not_exist_get_the_list_and_the_nearest(void)
{
	check("\"lte\"", "\"lt\"", "/handsets/phones/radio", "did you mean \"lte\"", 5);
	check("\"lte\"", "\"lt\"", "/handsets/phones/radio", "there are 3g, lte, wifi", 5);
	check("\"kvm-virtio\"", "\"kvm-virtoi\"", "/sites/edge/hosts/node/platform",
	      "did you mean \"kvm-virtio\"", 13);
	check("\"health\"", "\"wealth\"", "/handsets/phones/apps/wealth", "did you mean \"health\"",
	      8);
	check("\"cell\": \"macro\"", "\"cell\": \"macor\"", "/handsets/phones/cell",
	      "did you mean \"macro\"", 6);
	check("\"site\": \"edge\"", "\"site\": \"egde\"", "/cells/macro/site",
	      "did you mean \"edge\"", 10);
	check("\"remote\"", "\"remoet\"", "/handsets/phones/policy", "did you mean \"remote\"", 7);
	check("\"remote\"", "\"remoet\"", "/handsets/phones/policy", "energy-break-even", 7);
	check("{ \"poisson\": \"6 /min\" }", "{ \"poison\": \"6 /min\" }",
	      "/handsets/phones/apps/health/arrivals", "did you mean \"poisson\"", 8);
}

static void wrong_values_are_told_with_their_place(void)
{
	check("\"6 /min\"", "\"6 min\"", NULL, "/min", 8);
	check("\"6 /min\"", "6", NULL, "", 8);
	check("\"count\": 3", "\"count\": -3", "/handsets/phones/count", "at least 0", 3);
	check("\"count\": 3", "\"count\": 1e300", "/handsets/phones/count", "", 3);
	check("\"cores\": 4", "\"cores\": 0", "/sites/edge/hosts/node/cores", "at least 1", 11);
	check("\"idle\": \"0.3 W\"", "\"idle\": \"3 W\"", "/handsets/phones/cpu",
	      "must not be more than", 4);
	check("\"1 min\"", "\"1 min\", \"warmup\": \"2 min\"", "/warmup",
	      "shorter than the duration", 2);
	check("\"memory\": \"8 GiB\"", "\"memory\": \"1 GiB\"", "/sites/edge/hosts/node/guests",
	      "of memory", 14);
	check("\"rtt\"", "\"rrt\"", "/cells/macro/rrt", "rtt", 10);
	check("\"remote\"", "{ \"remote\": { \"x\": 1 } }", NULL, "takes no parameters", 7);
	check("\"remote\"", "\"random\"", "/handsets/phones/policy/random/probability",
	      "is missing", 7);
	check("\"remote\"", "{ \"random\": 2 }", NULL, "at most 1", 7);
	check("\"remote\"", "17", "/handsets/phones/policy", "must be the name of a policy", 7);
}

/* Valid, and hardly what anyone wants. */
/* 0 is not "none": a deadline of 0 s is one that no task meets. */
static void a_time_of_0_is_not_none(void)
{
	static const struct {
		const char *old, *new, *pointer;
	} cases[] = {
		{"\"duration\"",
		 "\"apps\":{\"health\":{\"input\":\"1 kB\",\"output\":\"1 kB\",\"cycles\":"
		 "\"1 Mcycles\",\"deadline\":\"0 s\"}},\"duration\"",
		 "/apps/health/deadline"},
		{"\"duration\"",
		 "\"apps\":{\"health\":{\"input\":\"1 kB\",\"output\":\"1 kB\",\"cycles\":"
		 "\"1 Mcycles\",\"retry\":{\"deadline\":\"0 s\"}}},\"duration\"",
		 "/apps/health/retry/deadline"},
		{"\"remote\"", "{\"maui\":{\"latency\":\"0 s\"}}",
		 "/handsets/phones/policy/maui/latency"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i].old, cases[i].new, cases[i].pointer,
		      "must be at least 1 ns (got \"0 s\"); to have none, leave it out", 0);
}

static void warned(const char *old, const char *new, const char *pointer, const char *says,
		   int line)
{
	struct diag_list diags = {0};
	char *text = with(old, new);
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL(w);
	CU_ASSERT_EQUAL_FATAL(diags.count, 1);
	CU_ASSERT_EQUAL(diags.items[0].severity, DIAG_WARNING);
	CU_ASSERT_STRING_EQUAL(diags.items[0].pointer, pointer);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, says));
	CU_ASSERT_EQUAL(diags.items[0].line, line);
	CU_ASSERT_EQUAL(world_expected_tasks(w), 0);
	world_free(w);
	diag_free(&diags);
	free(text);
}

static void worlds_in_which_nothing_happens_are_warned_of(void)
{
	warned("\"1 min\"", "\"0 s\"", "/duration", "nothing happens", 2);
	warned("\"count\": 3", "\"count\": 0", "/handsets/phones/count", "no such handsets", 3);
	warned("{ \"health\": { \"arrivals\": { \"poisson\": \"6 /min\" } } }", "{}",
	       "/handsets/phones/apps", "start no tasks", 8);
	warned("6 /min", "0 /min", "/handsets/phones/apps/health/arrivals", "no task ever starts",
	       8);
}

static void all_mistakes_are_told_not_only_the_first(void)
{
	struct diag_list diags = {0};
	char *text = with("\"cores\": 4", "\"cores\": 0, \"colour\": 1");
	memcpy(strstr(text, "\"count\": 3"), "\"count\":-3", 10);
	memcpy(strstr(text, "\"45 ms\""), "\"45 mm\"", 7);
	CU_ASSERT_PTR_NULL(support_build(text, &diags));
	CU_ASSERT(told(&diags, "/sites/edge/hosts/node/cores", "", 11));
	CU_ASSERT(told(&diags, "/sites/edge/hosts/node/colour", "", 11));
	CU_ASSERT(told(&diags, "/handsets/phones/count", "", 3));
	CU_ASSERT(told(&diags, "/cells/macro/rtt", "", 10));
	diag_free(&diags);
	free(text);
}

static void sections_of_the_wrong_type_do_no_harm(void)
{
	static const char *const keys[] = {"handsets", "cells",	    "sites",	"radios",
					   "apps",     "platforms", "overrides"};
	static const char *const values[] = {"null", "17", "\"x\"", "[1]", "{\"x\":3}", "[]"};
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			struct diag_list diags = {0};
			struct json_doc doc = {0};
			struct world *w = NULL;
			struct err e = {0};
			char *text = plain();
			CU_ASSERT_EQUAL_FATAL(
				json_doc_parse(&doc, "t", text, strlen(text), &diags, &e), 0);
			char pointer[64];
			snprintf(pointer, sizeof(pointer), "/%s", keys[k]);
			CU_ASSERT_EQUAL(json_put(doc.root, pointer, cJSON_Parse(values[v])), 0);
			int code = world_resolve(&doc, &support_library, &diags, &e);
			if (code == 0)
				code = world_new(&w, &doc, NULL, NULL, &diags, &e);
			CU_ASSERT_EQUAL(code, ERR_INVALID);
			CU_ASSERT(diags.errors > 0);
			CU_ASSERT_EQUAL(world_trim(doc.root), 0);
			world_free(w);
			json_doc_free(&doc);
			diag_free(&diags);
			free(text);
		}
}

/* ---- Profiles */

static int profile_from(const char *text, struct profile *p, struct diag_list *diags)
{
	struct json_doc doc = {0};
	struct err e;
	int code = json_doc_parse(&doc, "p.json", text, strlen(text), diags, &e);
	if (code == 0)
		code = profile_read(p, &doc, "p.json", diags, &e);
	json_doc_free(&doc);
	return code;
}

static void a_profile_says_what_is_wrong_with_it(void)
{
	static const struct {
		const char *text, *pointer, *says;
	} cases[] = {
		{"{}", "/schema", "must be 1"},
		{"{\"schema\":2,\"primitives\":{}}", "/schema", "must be 1"},
		{"{\"schema\":1}", "/primitives", "must be an object"},
		{"{\"schema\":1,\"primitives\":{\"a\":3}}", "/primitives/a", "must be an object"},
		{"{\"schema\":1,\"primitives\":{\"a\":{\"unit\":\"ns\",\"source\":\"measured\"}}}",
		 "/primitives/a/p50", "missing"},
		{"{\"schema\":1,\"primitives\":{\"a\":{\"unit\":\"ns\",\"p50\":-1,"
		 "\"source\":\"measured\"}}}",
		 "/primitives/a/p50", "not negative"},
		{"{\"schema\":1,\"primitives\":{\"a\":{\"unit\":\"parsec\",\"p50\":1,"
		 "\"source\":\"measured\"}}}",
		 "/primitives/a/unit", "must be one of"},
		{"{\"schema\":1,\"primitives\":{\"a\":{\"unit\":\"ns\",\"p50\":1,"
		 "\"source\":\"hearsay\"}}}",
		 "/primitives/a/source", "hearsay"},
		{"{\"schema\":1,\"primitives\":{\"a\":{\"unit\":\"ns\",\"p50\":1,"
		 "\"source\":\"literature\"}}}",
		 "/primitives/a/source", "citation"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile p;
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(profile_from(cases[i].text, &p, &diags), ERR_INVALID);
		CU_ASSERT(told(&diags, cases[i].pointer, cases[i].says, 1));
		diag_free(&diags);
	}
}

static void a_profile_keeps_value_spread_and_source(void)
{
	struct profile p;
	struct diag_list diags = {0};
	const char *text = "{\"schema\":1,\"machine\":{\"cpu\":\"x\"},\"primitives\":{"
			   "\"b\":{\"unit\":\"us\",\"p50\":2,\"mad\":0.5,\"source\":\"measured\","
			   "\"novelty\":[1]},"
			   "\"a\":{\"unit\":\"ns/B\",\"p50\":0.25,\"source\":\"assumed\"}},"
			   "\"failed\":{\"c\":\"no /dev/kvm\"}}";
	CU_ASSERT_EQUAL_FATAL(profile_from(text, &p, &diags), 0);
	const struct primitive *b = profile_find(&p, "b");
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->value, 2000);
	CU_ASSERT_EQUAL(b->spread, 500);
	CU_ASSERT_EQUAL(b->source, PROFILE_MEASURED);
	CU_ASSERT_EQUAL(profile_find(&p, "a")->unit, PROFILE_NS_PER_BYTE);
	CU_ASSERT_PTR_NULL(profile_find(&p, "c"));
	CU_ASSERT_STRING_EQUAL(p.failed[0], "c");
	CU_ASSERT_STRING_EQUAL(p.failed_why[0], "no /dev/kvm");
	CU_ASSERT_PTR_NULL(p.failed[1]);
	profile_free(&p);
}

static void overrides_scale_replace_and_match_patterns(void)
{
	struct profile p;
	CU_ASSERT_EQUAL_FATAL(support_literature(&p), 0);
	struct profile_override overrides[] = {
		{"exit.*", 2, NULL},
		{"exit.kernel", 3, "1 us"},
		{"mine.own", 1, "7 us"},
		{"copy.byte", 1, "3 us"},
	};
	struct profile_view view = {&p, NULL, overrides, 4};
	struct primitive got;
	struct err e;
	double pio = profile_find(&p, "exit.pio_user")->value;
	CU_ASSERT_EQUAL(profile_view_find(&view, "exit.pio_user", &got, &e), 0);
	CU_ASSERT_EQUAL(got.value, 2 * pio);
	CU_ASSERT_EQUAL(got.source, PROFILE_LITERATURE);
	CU_ASSERT_EQUAL(profile_view_find(&view, "exit.kernel", &got, &e), 0);
	CU_ASSERT_EQUAL(got.value, 3000);
	CU_ASSERT_EQUAL(got.source, PROFILE_ASSUMED);
	CU_ASSERT_EQUAL(profile_view_find(&view, "mine.own", &got, &e), 0);
	CU_ASSERT_EQUAL(got.value, 7000);
	CU_ASSERT_EQUAL(profile_view_find(&view, "copy.byte", &got, &e), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "ns/B"));
	CU_ASSERT_EQUAL(profile_view_find(&view, "exit.pio_usr", &got, &e), ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "did you mean exit.pio_user"));
	profile_free(&p);
}

/* Whether the one warning of a study, whose profile has a doorbell only, names the primitive as
 * taken from the literature. */
static bool is_taken_from_the_fallback(char *text, const char *primitive)
{
	struct profile literature, tiny;
	struct diag_list diags = {0};
	struct json_doc doc = {0};
	struct world *w = NULL;
	struct err e = {0};
	CU_ASSERT_EQUAL_FATAL(support_literature(&literature), 0);
	CU_ASSERT_EQUAL_FATAL(
		profile_from("{\"schema\":1,\"primitives\":{\"doorbell.pio\":{\"unit\":\"us\","
			     "\"p50\":2,\"source\":\"measured\"}}}",
			     &tiny, &diags),
		0);
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(world_resolve(&doc, &support_library, &diags, &e), 0);
	CU_ASSERT_EQUAL(world_new(&w, &doc, &tiny, &literature, &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(diags.count, 1);
	CU_ASSERT_EQUAL(diags.items[0].severity, DIAG_WARNING);
	bool named = strstr(diags.items[0].text, primitive);
	world_free(w);
	json_doc_free(&doc);
	diag_free(&diags);
	profile_free(&tiny);
	profile_free(&literature);
	free(text);
	return named;
}

/* Starting guests has its own primitives, which matter only where guests start. */
static void what_starting_a_guest_lacks_is_named_where_guests_start(void)
{
#define SITE	  "\"edge\": { \"hosts\""
#define ON_DEMAND "\"edge\": { \"scaling\": \"on-demand\", \"hosts\""
	CU_ASSERT_FALSE(is_taken_from_the_fallback(plain(), "boot.kernel"));
	CU_ASSERT(is_taken_from_the_fallback(with(SITE, ON_DEMAND), "boot.kernel"));
	CU_ASSERT_FALSE(is_taken_from_the_fallback(with(SITE, ON_DEMAND), "vm.restore"));
	char *booted = with(SITE, ON_DEMAND), *at = strstr(booted, "\"count\": 4");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	*at = '\0';
	char *restored = study("%s\"start\": \"restore\", \"count\": 4%s", booted,
			       at + strlen("\"count\": 4"));
	free(booted);
	CU_ASSERT(is_taken_from_the_fallback(restored, "vm.restore"));
}

/* What a profile lacks comes from the fallback, with a warning; without one it is a mistake. */
static void a_missing_primitive_names_both_files(void)
{
	struct profile literature, tiny;
	struct diag_list diags = {0};
	struct json_doc doc = {0};
	struct world *w = NULL;
	struct err e = {0};
	char *text = plain();
	const char *one =
		"{\"schema\":1,\"primitives\":{\"doorbell.pio\":{\"unit\":\"us\",\"p50\":2,"
		"\"source\":\"measured\"}}}";
	CU_ASSERT_EQUAL_FATAL(support_literature(&literature), 0);
	CU_ASSERT_EQUAL_FATAL(profile_from(one, &tiny, &diags), 0);
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(world_resolve(&doc, &support_library, &diags, &e), 0);
	CU_ASSERT_EQUAL(world_new(&w, &doc, &tiny, &literature, &diags, &e), 0);
	CU_ASSERT_EQUAL(diags.errors, 0);
	CU_ASSERT_EQUAL_FATAL(diags.count, 1);
	CU_ASSERT_EQUAL(diags.items[0].severity, DIAG_WARNING);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "p.json lacks"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "syscall.native"));
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "literature.json"));
	CU_ASSERT_PTR_NULL(strstr(diags.items[0].text, "doorbell.pio"));
	world_free(w);
	CU_ASSERT_EQUAL(world_new(&w, &doc, &tiny, NULL, &diags, &e), ERR_INVALID);
	CU_ASSERT(told(&diags, "/sites/edge/hosts/node/platform", "is in neither p.json", 0));
	CU_ASSERT(told(&diags, NULL, "\"fallback_profile\": \"profiles/literature.json\"", 0));
	json_doc_free(&doc);
	diag_free(&diags);
	profile_free(&tiny);
	profile_free(&literature);
	free(text);
}

static void a_resolved_document_is_complete_and_stays_the_same(void)
{
	struct diag_list diags = {0};
	struct json_doc doc = {0};
	struct err e = {0};
	struct world_library nothing = {0};
	char *text = plain();
	(void)nothing;
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(world_resolve(&doc, &support_library, &diags, &e), 0);
	char *once = json_canonical(doc.root);
	CU_ASSERT_EQUAL_FATAL(world_resolve(&doc, NULL, &diags, &e), 0);
	char *twice = json_canonical(doc.root);
	CU_ASSERT_STRING_EQUAL(once, twice);
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/platforms/kvm-virtio/axes/guest"));
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/radios/lte/model/rrc/promotion"));
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/apps/health/cycles"));
	CU_ASSERT_PTR_NOT_NULL(
		json_at(doc.root, "/handsets/phones/apps/health/arrivals/poisson/rate"));
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/sites/edge/placement/least-loaded"));
	/* Another platform comes in beside the first; pruning leaves the one that is named. */
	json_put(doc.root, "/sites/edge/hosts/node/platform", cJSON_CreateString("native"));
	CU_ASSERT_EQUAL(world_resolve(&doc, &support_library, &diags, &e), 0);
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/platforms/kvm-virtio"));
	CU_ASSERT_EQUAL(world_trim(doc.root), 0);
	CU_ASSERT_PTR_NULL(json_at(doc.root, "/platforms/kvm-virtio"));
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/platforms/native"));
	CU_ASSERT_PTR_NOT_NULL(json_at(doc.root, "/radios/lte"));
	free(once);
	free(twice);
	json_doc_free(&doc);
	free(text);
}

/* Every model that a study may name is in its schema, with the table of its parameters. */
static void the_schema_lists_every_model_with_its_keys(void)
{
	const choice_table tables[] = {(choice_table)arrival_models, (choice_table)policy_models,
				       (choice_table)placement_models, (choice_table)radio_models};
	cJSON *schema = keys_schema(&world_object, "world");
	CU_ASSERT_PTR_NOT_NULL_FATAL(schema);
	char *text = cJSON_PrintUnformatted(schema);
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (choice_table m = tables[t]; *m; m++) {
			char item[100], defined[100];
			snprintf(item, sizeof(item), "\"required\":[\"%s\"]", (*m)->name);
			CU_ASSERT_PTR_NOT_NULL(strstr(text, item));
			snprintf(defined, sizeof(defined), "/$defs/%s",
				 (*m)->parameters ? (*m)->parameters->name : "");
			CU_ASSERT(!(*m)->parameters || json_at(schema, defined));
		}
	free(text);
	cJSON_Delete(schema);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_plain_study_has_no_mistakes", the_plain_study_has_no_mistakes},
		{"names_that_do_not_exist_get_the_list_and_the_nearest",
		 names_that_do_not_exist_get_the_list_and_the_nearest},
		{"wrong_values_are_told_with_their_place", wrong_values_are_told_with_their_place},
		{"a_time_of_0_is_not_none", a_time_of_0_is_not_none},
		{"worlds_in_which_nothing_happens_are_warned_of",
		 worlds_in_which_nothing_happens_are_warned_of},
		{"all_mistakes_are_told_not_only_the_first",
		 all_mistakes_are_told_not_only_the_first},
		{"sections_of_the_wrong_type_do_no_harm", sections_of_the_wrong_type_do_no_harm},
		{"a_profile_says_what_is_wrong_with_it", a_profile_says_what_is_wrong_with_it},
		{"a_profile_keeps_value_spread_and_source",
		 a_profile_keeps_value_spread_and_source},
		{"overrides_scale_replace_and_match_patterns",
		 overrides_scale_replace_and_match_patterns},
		{"a_missing_primitive_names_both_files", a_missing_primitive_names_both_files},
		{"what_starting_a_guest_lacks_is_named_where_guests_start",
		 what_starting_a_guest_lacks_is_named_where_guests_start},
		{"the_schema_lists_every_model_with_its_keys",
		 the_schema_lists_every_model_with_its_keys},
		{"a_resolved_document_is_complete_and_stays_the_same",
		 a_resolved_document_is_complete_and_stays_the_same},
		{0},
	};
	return test_main("mistakes", cases, argc, argv);
}
