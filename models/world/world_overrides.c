/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/platform_terms.h"
#include "models/world/world.h"

#include <stdlib.h>
#include <string.h>

/* Names of primitives, borrowed; ended by NULL once all are in. */
struct names {
	const char **items;
	size_t count, capacity;
	bool failed; /* out of memory */
};

static void add_name(struct names *n, const char *name)
{
	if (!name || name[0] == '@') /* a step, which stands for a primitive of another row */
		return;
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->items[i], name) == 0)
			return;
	if (n->count + 1 >= n->capacity) {
		size_t more = n->capacity ? n->capacity * 2 : 128;
		const char **bigger = realloc(n->items, more * sizeof(*bigger));
		if (!bigger) {
			n->failed = true;
			return;
		}
		n->items = bigger;
		n->capacity = more;
	}
	n->items[n->count++] = name;
	n->items[n->count] = NULL;
}

static void add_profile(struct names *n, const struct profile *profile)
{
	for (size_t i = 0; profile && i < profile->count; i++)
		add_name(n, profile->items[i].name);
	for (size_t i = 0; profile && profile->failed && profile->failed[i]; i++)
		add_name(n, profile->failed[i]);
}

static void add_rules(struct names *n)
{
	for (size_t i = 0; i < platform_rule_count; i++) {
		add_name(n, platform_rules[i].term.primitive);
		add_name(n, platform_rules[i].term.times);
	}
	for (const struct platform_substitute *s = platform_substitutes; s->step; s++)
		add_name(n, s->primitive);
}

/* Terms of platforms, wherever they stand: in the study's section, at a host, in a sweep. */
static void add_terms(struct names *n, const cJSON *node)
{
	for (const cJSON *c = node ? node->child : NULL; c; c = c->next) {
		if (cJSON_IsString(c) && c->string &&
		    (strcmp(c->string, "primitive") == 0 || strcmp(c->string, "times") == 0))
			add_name(n, c->valuestring);
		add_terms(n, c);
	}
}

static bool matches_any(const struct names *n, const char *pattern)
{
	for (size_t i = 0; i < n->count; i++)
		if (profile_pattern_matches(pattern, n->items[i]))
			return true;
	return false;
}

static bool is_known(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->items[i], name) == 0)
			return true;
	return false;
}

/* The pattern of a known group ("exit.*") nearest to a pattern; copied into buf. */
static const char *nearest_group(const struct names *n, const char *pattern, char *buf, size_t size)
{
	char **groups = calloc(n->count + 1, sizeof(*groups));
	const char *near = NULL;
	for (size_t i = 0; groups && i < n->count; i++) {
		const char *dot = strchr(n->items[i], '.');
		int length = dot ? (int)(dot - n->items[i]) : (int)strlen(n->items[i]);
		if (asprintf(&groups[i], "%.*s.*", length, n->items[i]) < 0) {
			groups[i] = NULL;
			break;
		}
	}
	if (groups)
		near = diag_nearest(pattern, (const char *const *)groups);
	if (near)
		snprintf(buf, size, "%s", near);
	for (size_t i = 0; groups && i < n->count; i++)
		free(groups[i]);
	free(groups);
	return near ? buf : NULL;
}

static void check_name(const struct names *n, const char *name, const struct json_doc *doc,
		       struct diag_list *diags)
{
	char at[600], group[200];
	json_pointer_join(at, sizeof(at), "/overrides", name);
	const char *star = strchr(name, '*');
	size_t length = strlen(name);
	if (!star) {
		if (is_known(n, name))
			return;
		const char *near = diag_nearest(name, n->items);
		json_doc_error(doc, diags, at,
			       "there is no primitive \"%s\" in the profiles or the platforms' "
			       "terms%s%s%s",
			       name, near ? "; did you mean \"" : "", near ? near : "",
			       near ? "\"?" : "");
	} else if (length < 3 || star != name + length - 1 || star[-1] != '.') {
		json_doc_error(doc, diags, at,
			       "\"%s\" is not a pattern: a name is that of a primitive, or ends "
			       "in \".*\" (\"exit.*\") for all that begin so",
			       name);
	} else if (!matches_any(n, name)) {
		const char *near = nearest_group(n, name, group, sizeof(group));
		json_doc_error(doc, diags, at, "no primitive begins with \"%.*s\"%s%s%s",
			       (int)(length - 1), name, near ? "; did you mean \"" : "",
			       near ? near : "", near ? "\"?" : "");
	}
}

int world_check_overrides(const struct json_doc *doc, const cJSON *study,
			  const struct profile *profile, const struct profile *fallback,
			  struct diag_list *diags)
{
	const cJSON *overrides = cJSON_GetObjectItemCaseSensitive(doc->root, "overrides");
	struct names names = {0};
	size_t errors = diags->errors;
	if (!cJSON_IsObject(overrides) || !overrides->child)
		return 0;
	add_profile(&names, profile);
	add_profile(&names, fallback);
	add_rules(&names);
	add_terms(&names, study);
	add_terms(&names, doc->root);
	for (const cJSON *o = overrides->child; o && !names.failed; o = o->next)
		check_name(&names, o->string, doc, diags);
	free(names.items);
	return names.failed ? ERR_NOMEM : diags->errors != errors ? ERR_INVALID : 0;
}
