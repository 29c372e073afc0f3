/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/prices.h"
#include "models/platform/platform.h"

static cJSON *member(cJSON *node, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(node, key);
}

cJSON *prices_join(const cJSON *profile, const char *name, const cJSON *fallback,
		   const char *fallback_name)
{
	cJSON *prices = profile ? cJSON_Duplicate(profile, true) : cJSON_CreateObject();
	if (!prices)
		return NULL;
	if (name && !member(prices, "name"))
		cJSON_AddStringToObject(prices, "name", name);
	cJSON *ours = member(prices, "primitives");
	if (!ours)
		ours = cJSON_AddObjectToObject(prices, "primitives");
	const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(fallback, "primitives");
	for (const cJSON *p = theirs ? theirs->child : NULL; p && ours; p = p->next) {
		if (member(ours, p->string))
			continue;
		cJSON *copy = cJSON_Duplicate(p, true);
		if (!copy || !cJSON_AddItemToObject(ours, p->string, copy)) {
			cJSON_Delete(copy);
			cJSON_Delete(prices);
			return NULL;
		}
		if (cJSON_IsObject(copy) && fallback_name)
			cJSON_AddStringToObject(copy, "profile", fallback_name);
	}
	return prices;
}

static void mark(cJSON *primitives, const char *name)
{
	cJSON *p = name ? member(primitives, name) : NULL;
	if (cJSON_IsObject(p) && !member(p, "used"))
		cJSON_AddTrueToObject(p, "used");
}

/* Whether any of the document's apps is there to use a platform is not asked: a term that is named
 * but never charged is still part of what the platform is. */
static void mark_platform(cJSON *primitives, const struct json_doc *doc, const char *name)
{
	struct platform platform = {0};
	struct arena arena = {0};
	struct diag_list told_elsewhere = {0};
	char pointer[300];
	json_pointer_join(pointer, sizeof(pointer), "/platforms", name);
	if (platform_read(&platform, name, doc, pointer, &arena, &told_elsewhere) == 0) {
		for (size_t i = 0; i < platform.term_count; i++) {
			mark(primitives, platform.terms[i].primitive);
			mark(primitives, platform.terms[i].times);
		}
	}
	diag_free(&told_elsewhere);
	arena_free(&arena);
}

void prices_mark_used(cJSON *prices, const struct json_doc *doc)
{
	cJSON *primitives = member(prices, "primitives");
	const cJSON *platforms = cJSON_GetObjectItemCaseSensitive(doc->root, "platforms");
	for (const cJSON *p = platforms ? platforms->child : NULL; p; p = p->next)
		mark_platform(primitives, doc, p->string);
	for (cJSON *p = primitives ? primitives->child : NULL, *next; p; p = next) {
		next = p->next;
		if (member(p, "profile") && !member(p, "used"))
			cJSON_Delete(cJSON_DetachItemViaPointer(primitives, p));
	}
}
