/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/profile.h"

#include "sim/base/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const profile_source_names[] = {"measured", "literature", "assumed", NULL};
const char *const profile_unit_names[] = {"ns", "ns/B", "ratio", "B", NULL};

/* Spellings of a unit in a profile, and what brings their numbers into ours. */
static const struct {
	const char *spelling;
	enum profile_unit unit;
	double factor;
} units[] = {
	{"ns", PROFILE_NS, 1},
	{"us", PROFILE_NS, 1e3},
	{"ms", PROFILE_NS, 1e6},
	{"s", PROFILE_NS, 1e9},
	{"ns/B", PROFILE_NS_PER_BYTE, 1},
	{"ns/byte", PROFILE_NS_PER_BYTE, 1},
	{"ratio", PROFILE_RATIO, 1},
	{"1", PROFILE_RATIO, 1},
	{"B", PROFILE_BYTES, 1},
};

static int name_index(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct primitive *)a)->name, ((const struct primitive *)b)->name);
}

const struct primitive *profile_find(const struct profile *p, const char *name)
{
	struct primitive key = {.name = name};
	if (!p || p->count == 0)
		return NULL;
	return bsearch(&key, p->items, p->count, sizeof(key), by_name);
}

/* A member that must be text when it is there. */
static const char *text_member(const cJSON *object, const char *key, struct arena *arena)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsString(node) ? arena_strdup(arena, node->valuestring) : NULL;
}

static bool number_member(const struct json_doc *doc, const cJSON *object, const char *pointer,
			  const char *key, bool required, double *value, struct diag_list *diags)
{
	char at[600];
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!node && !required)
		return true;
	json_pointer_join(at, sizeof(at), pointer, key);
	if (!node) {
		json_doc_error(doc, diags, at, "\"%s\" is missing", key);
		return false;
	}
	if (!cJSON_IsNumber(node) || !isfinite(node->valuedouble) || node->valuedouble < 0) {
		json_doc_error(doc, diags, at, "must be a number that is not negative");
		return false;
	}
	*value = node->valuedouble;
	return true;
}

/* The source says whether a number may be trusted, so one without it is refused, and so is a
 * citation that is not there. */
static bool read_source(struct primitive *out, const struct json_doc *doc, const cJSON *node,
			const char *pointer, struct arena *arena, struct diag_list *diags)
{
	char at[600];
	const char *source = text_member(node, "source", arena);
	json_pointer_join(at, sizeof(at), pointer, "source");
	int index = source ? name_index(profile_source_names, source) : -1;
	if (index < 0) {
		json_doc_error(doc, diags, at,
			       "must be \"measured\", \"literature\" or \"assumed\"%s%s%s",
			       source ? " (got \"" : "", source ? source : "", source ? "\")" : "");
		return false;
	}
	out->source = (enum profile_source)index;
	out->grade = text_member(node, "grade", arena);
	out->citation = text_member(node, "citation", arena);
	out->note = text_member(node, "note", arena);
	if (out->source == PROFILE_LITERATURE && !out->citation) {
		json_doc_error(doc, diags, at, "a number from the literature needs a \"citation\"");
		return false;
	}
	return true;
}

static bool read_primitive(struct primitive *out, const struct json_doc *doc, const cJSON *node,
			   const char *pointer, struct arena *arena, struct diag_list *diags)
{
	char at[600];
	if (!cJSON_IsObject(node)) {
		json_doc_error(doc, diags, pointer, "must be an object with \"unit\" and \"p50\"");
		return false;
	}
	const char *unit = text_member(node, "unit", arena);
	size_t u = 0, n = sizeof(units) / sizeof(units[0]);
	while (u < n && !(unit && strcmp(units[u].spelling, unit) == 0))
		u++;
	if (u == n) {
		json_pointer_join(at, sizeof(at), pointer, "unit");
		json_doc_error(doc, diags, at, "must be one of ns, us, ms, s, ns/B, ratio, B%s%s%s",
			       unit ? " (got \"" : "", unit ? unit : "", unit ? "\")" : "");
	}
	bool ok = u < n;
	ok &= number_member(doc, node, pointer, "p50", true, &out->value, diags);
	ok &= number_member(doc, node, pointer, "mad", false, &out->spread, diags);
	ok &= read_source(out, doc, node, pointer, arena, diags);
	if (!ok)
		return false;
	out->unit = units[u].unit;
	out->value *= units[u].factor;
	out->spread *= units[u].factor;
	out->scale = 1;
	return true;
}

static int read_failed(struct profile *p, const cJSON *failed)
{
	int n = cJSON_IsObject(failed) ? cJSON_GetArraySize(failed) : 0;
	p->failed = arena_array(&p->arena, (size_t)n + 1, sizeof(char *));
	p->failed_why = arena_array(&p->arena, (size_t)n + 1, sizeof(char *));
	if (!p->failed || !p->failed_why)
		return -1;
	size_t i = 0;
	for (const cJSON *f = n ? failed->child : NULL; f; f = f->next, i++) {
		p->failed[i] = arena_strdup(&p->arena, f->string);
		p->failed_why[i] = arena_strdup(&p->arena, cJSON_IsString(f) ? f->valuestring : "");
		if (!p->failed[i] || !p->failed_why[i])
			return -1;
	}
	return 0;
}

int profile_read(struct profile *p, const struct json_doc *doc, const char *name,
		 struct diag_list *diags, struct err *e)
{
	*p = (struct profile){0};
	const cJSON *schema = cJSON_GetObjectItemCaseSensitive(doc->root, "schema");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc->root, "primitives");
	size_t errors = diags->errors;
	if (!cJSON_IsNumber(schema) || schema->valuedouble != 1)
		json_doc_error(doc, diags, "/schema",
			       "must be 1: this program reads profiles of schema 1");
	if (!cJSON_IsObject(list))
		json_doc_error(doc, diags, "/primitives",
			       "must be an object of primitives by name");
	if (diags->errors != errors)
		return ERR_INVALID;

	p->name = arena_strdup(&p->arena, name);
	p->items = arena_array(&p->arena, (size_t)cJSON_GetArraySize(list) + 1, sizeof(*p->items));
	cJSON *machine = cJSON_GetObjectItemCaseSensitive(doc->root, "machine");
	if (machine) {
		char *text = json_canonical(machine);
		p->machine = text ? arena_strdup(&p->arena, text) : NULL;
		free(text);
	}
	if (!p->name || !p->items ||
	    read_failed(p, cJSON_GetObjectItemCaseSensitive(doc->root, "failed")) < 0) {
		profile_free(p);
		return err_set(e, ERR_NOMEM, "no memory for the profile %s", name);
	}
	for (const cJSON *node = list->child; node; node = node->next) {
		char pointer[500];
		struct primitive *out = &p->items[p->count];
		json_pointer_join(pointer, sizeof(pointer), "/primitives", node->string);
		if (!read_primitive(out, doc, node, pointer, &p->arena, diags))
			continue;
		out->name = arena_strdup(&p->arena, node->string);
		const char *from = text_member(node, "profile", &p->arena);
		out->profile = from ? from : p->name;
		if (out->name)
			p->count++;
	}
	if (diags->errors != errors) {
		profile_free(p);
		return ERR_INVALID;
	}
	qsort(p->items, p->count, sizeof(*p->items), by_name);
	return 0;
}

void profile_free(struct profile *p)
{
	arena_free(&p->arena);
	*p = (struct profile){0};
}

bool profile_pattern_matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);
	return n >= 2 && strcmp(pattern + n - 2, ".*") == 0 && strncmp(pattern, name, n - 1) == 0;
}

static const struct profile_override *find_override(const struct profile_view *view,
						    const char *name)
{
	const struct profile_override *by_pattern = NULL;
	for (size_t i = 0; i < view->override_count; i++) {
		const struct profile_override *o = &view->overrides[i];
		if (strcmp(o->name, name) == 0)
			return o;
		if (profile_pattern_matches(o->name, name) &&
		    (!by_pattern || strlen(o->name) > strlen(by_pattern->name)))
			by_pattern = o;
	}
	return by_pattern;
}

/* Reads an override's value; what it is (a time, a time per byte, a plain factor) shows in its
 * unit. */
static int override_value(const char *text, enum profile_unit *unit, double *value, char why[160])
{
	if (unit_parse(text, UNIT_TIME, value, why) == 0) {
		*unit = PROFILE_NS;
		*value *= 1e9;
		return 0;
	}
	char unused[160];
	if (unit_parse(text, UNIT_TIME_PER_BYTE, value, unused) == 0) {
		*unit = PROFILE_NS_PER_BYTE;
		*value *= 1e9;
		return 0;
	}
	if (unit_parse(text, UNIT_RATIO, value, unused) == 0) {
		*unit = PROFILE_RATIO;
		return 0;
	}
	return -1;
}

/* The nearest name among both profiles, for a message; NULL when none is near. */
static const char *nearest(const struct profile_view *view, const char *name)
{
	const struct profile *both[] = {view->profile, view->fallback};
	for (int k = 0; k < 2; k++) {
		if (!both[k])
			continue;
		const char **names = calloc(both[k]->count + 1, sizeof(char *));
		if (!names)
			return NULL;
		for (size_t i = 0; i < both[k]->count; i++)
			names[i] = both[k]->items[i].name;
		const char *found = diag_nearest(name, names);
		free(names);
		if (found)
			return found;
	}
	return NULL;
}

static const char *name_of(const struct profile *p, const char *none)
{
	return p && p->name ? p->name : none;
}

static int not_found(const struct profile_view *view, const char *name, struct err *e)
{
	const char *near = nearest(view, name);
	bool has_fallback = view->fallback && view->fallback->name;
	return err_set(e, ERR_NOTFOUND, "primitive %s is in neither %s nor %s%s%s%s%s", name,
		       name_of(view->profile, "a profile (there is none)"),
		       name_of(view->fallback, "a fallback (there is none)"),
		       near ? "; did you mean " : "", near ? near : "", near ? "?" : "",
		       has_fallback ? ""
				    : "; what a profile lacks may come from the literature: "
				      "\"fallback_profile\": \"profiles/literature.json\"");
}

int profile_view_find(const struct profile_view *view, const char *name, struct primitive *out,
		      struct err *e)
{
	const struct primitive *found = profile_find(view->profile, name);
	const struct profile_override *o = find_override(view, name);
	if (!found)
		found = profile_find(view->fallback, name);
	if (!found && !(o && o->value))
		return not_found(view, name, e);
	if (found)
		*out = *found;
	else
		*out = (struct primitive){.name = name, .unit = PROFILE_NS};
	out->scale = 1;
	if (!o)
		return 0;
	if (o->value) {
		char why[160];
		enum profile_unit unit;
		if (override_value(o->value, &unit, &out->value, why) < 0 ||
		    (found && unit != found->unit))
			return err_set(
				e, ERR_INVALID, "override of %s: \"%s\" is not a quantity in %s",
				name, o->value,
				found ? profile_unit_names[found->unit] : "ns, ns/B or ratio");
		out->unit = unit;
		out->source = PROFILE_ASSUMED;
		out->profile = "overrides";
		out->spread = 0;
		out->grade = out->citation = NULL;
	}
	out->value *= o->scale;
	out->spread *= o->scale;
	out->scale = o->scale;
	return 0;
}
