/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/profiles.h"
#include "sim/cli/study/prices.h"

#include <stdio.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "out of memory");
}

static const char *text_at(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Reads a profile that the study names at `pointer`; *document becomes its tree, owned by the
 * caller. */
static int read_file(struct library *library, const struct json_doc *study, const char *pointer,
		     const char *name, struct profile *profile, cJSON **document,
		     struct diag_list *diags, struct err *e)
{
	const char *path = library_file_path(library, name);
	if (!path) {
		json_doc_error(
			study, diags, pointer,
			"there is no profile \"%s\"; `mcvsim calibrate -o FILE` makes one, and "
			"\"profiles/literature.json\" comes with the program",
			name);
		return ERR_INVALID;
	}
	struct json_doc doc;
	int code = json_doc_load(&doc, path, diags, e);
	if (code != 0)
		return code;
	const char *slash = strrchr(name, '/');
	code = profile_read(profile, &doc, slash ? slash + 1 : name, diags, e);
	if (code == 0) {
		*document = doc.root;
		doc.root = NULL;
	}
	json_doc_free(&doc);
	return code;
}

/* The values of the sweep's axis over profiles, or NULL. Asked before the keys are parsed: what has
 * another shape is told then. */
static const cJSON *swept_names(const struct json_doc *doc, char *pointer, size_t size)
{
	const cJSON *axis, *sweep = cJSON_GetObjectItemCaseSensitive(doc->root, "sweep");
	if (!cJSON_IsObject(sweep))
		return NULL;
	cJSON_ArrayForEach(axis, sweep)
	{
		const char *path = text_at(axis, "path");
		const cJSON *values = cJSON_GetObjectItemCaseSensitive(axis, "values");
		if (!path || strcmp(path, "/profile") != 0 || !cJSON_IsArray(values))
			continue;
		json_pointer_join(pointer, size, "/sweep", axis->string);
		json_pointer_join(pointer, size, pointer, "values");
		return values;
	}
	return NULL;
}

/* One more item, priced by a document that the study names. */
static int add_file(struct profiles *p, struct library *library, const struct json_doc *study,
		    const char *pointer, const cJSON *name, const cJSON *fallback,
		    struct diag_list *diags, struct err *e)
{
	struct priced_profile *item = &p->items[p->count];
	cJSON *document = NULL;
	if (!cJSON_IsString(name)) {
		json_doc_error(study, diags, pointer, "must be the name of a profile");
		return ERR_INVALID;
	}
	if (!(item->named = arena_strdup(&p->arena, name->valuestring)))
		return no_memory(e);
	int code = read_file(library, study, pointer, item->named, &item->profile, &document, diags,
			     e);
	p->count++;
	if (code == 0) {
		item->prices =
			prices_join(document, item->profile.name, fallback, p->fallback.name);
		code = item->prices ? 0 : no_memory(e);
	}
	cJSON_Delete(document);
	return code;
}

/* Puts the items' prices into one document. */
static int store(struct profiles *p, struct err *e)
{
	if (!p->swept) {
		p->stored = p->items[0].prices;
		return 0;
	}
	p->stored = cJSON_CreateObject();
	cJSON *all = cJSON_AddObjectToObject(p->stored, "profiles");
	bool whole = all != NULL;
	for (size_t i = 0; i < p->count; i++) {
		cJSON *prices = p->items[i].prices;
		if (whole && !cJSON_HasObjectItem(all, p->items[i].named))
			whole = cJSON_AddItemToObject(all, p->items[i].named, prices);
		else
			cJSON_Delete(
				prices); /* a name that the sweep has twice is told by the plan */
		p->items[i].prices = cJSON_GetObjectItemCaseSensitive(all, p->items[i].named);
	}
	return whole ? 0 : no_memory(e);
}

int profiles_read(struct profiles *p, struct library *library, const struct json_doc *doc,
		  struct diag_list *diags, struct err *e)
{
	char values_at[400] = "", at[440];
	const cJSON *swept = swept_names(doc, values_at, sizeof(values_at));
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(doc->root, "profile");
	const char *fallback_name = text_at(doc->root, "fallback_profile");
	cJSON *fallback = NULL;
	size_t count = swept ? (size_t)cJSON_GetArraySize(swept) : 1;
	p->swept = swept != NULL;
	if (!swept && !cJSON_IsString(own))
		return 0; /* told when the whole is parsed */
	p->items = arena_array(&p->arena, count + 1, sizeof(*p->items));
	if (!p->items)
		return no_memory(e);
	int code = fallback_name ? read_file(library, doc, "/fallback_profile", fallback_name,
					     &p->fallback, &fallback, diags, e)
				 : 0;
	const cJSON *name = swept ? swept->child : own;
	for (size_t i = 0; i < count && (code == 0 || code == ERR_INVALID); i++) {
		if (swept)
			snprintf(at, sizeof(at), "%s/%zu", values_at, i);
		int one = add_file(p, library, doc, swept ? at : "/profile", name, fallback, diags,
				   e);
		code = one ? one : code;
		name = name->next;
	}
	cJSON_Delete(fallback);
	if (code == 0 && p->count)
		return store(p, e);
	for (size_t i = 0; i < p->count; i++) {
		cJSON_Delete(p->items[i].prices);
		p->items[i].prices = NULL;
	}
	return code;
}

/* Reads one stored document of prices. */
static int add_stored(struct profiles *p, const char *named, cJSON *prices, struct diag_list *diags,
		      struct err *e)
{
	struct priced_profile *item = &p->items[p->count++];
	struct json_doc doc = {0};
	const char *name = text_at(prices, "name");
	char *text = cJSON_PrintUnformatted(prices);
	*item = (struct priced_profile){.named = named, .prices = prices};
	int code = text ? json_doc_parse(&doc, "stored profile", text, strlen(text), diags, e)
			: no_memory(e);
	if (code == 0)
		code = profile_read(&item->profile, &doc, name ? name : "stored profile", diags, e);
	json_doc_free(&doc);
	cJSON_free(text);
	return code;
}

int profiles_read_stored(struct profiles *p, const cJSON *stored, struct diag_list *diags,
			 struct err *e)
{
	p->stored = cJSON_Duplicate(stored, true);
	if (!p->stored)
		return no_memory(e);
	cJSON *all = cJSON_GetObjectItemCaseSensitive(p->stored, "profiles");
	p->swept = all != NULL;
	p->items = arena_array(&p->arena, (size_t)cJSON_GetArraySize(all) + 1, sizeof(*p->items));
	if (!p->items)
		return no_memory(e);
	if (!p->swept)
		return add_stored(p, "", p->stored, diags, e);
	int code = 0;
	for (cJSON *one = all->child; one && code == 0; one = one->next)
		code = add_stored(p, one->string, one, diags, e);
	return code;
}

/* The hash of what the profile's file says: without its name, and without what prices_join and
 * prices_mark_used put in. */
static int identify(struct priced_profile *item)
{
	cJSON *copy = cJSON_Duplicate(item->prices, true);
	cJSON *primitives = cJSON_GetObjectItemCaseSensitive(copy, "primitives");
	if (!copy)
		return ERR_NOMEM;
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "name");
	for (cJSON *one = primitives ? primitives->child : NULL, *next; one; one = next) {
		next = one->next;
		if (cJSON_HasObjectItem(one, "profile"))
			cJSON_Delete(cJSON_DetachItemViaPointer(primitives, one));
		else
			cJSON_DeleteItemFromObjectCaseSensitive(one, "used");
	}
	json_hash(copy, item->id);
	cJSON_Delete(copy);
	return 0;
}

int profiles_identify(struct profiles *p, const struct json_doc *doc)
{
	int code = 0;
	for (size_t i = 0; i < p->count && p->stored && code == 0; i++) {
		prices_mark_used(p->items[i].prices, doc);
		code = identify(&p->items[i]);
	}
	return code;
}

int profiles_trim(const struct profiles *p, cJSON *document)
{
	const char *name = text_at(document, "profile");
	for (size_t i = 0; i < p->count && p->swept && name; i++) {
		if (strcmp(p->items[i].named, name) != 0)
			continue;
		cJSON *id = cJSON_CreateString(p->items[i].id);
		if (id && cJSON_ReplaceItemInObjectCaseSensitive(document, "profile", id))
			return 0;
		cJSON_Delete(id);
		return ERR_NOMEM;
	}
	return 0;
}

const struct profile *profiles_of(const struct profiles *p, const cJSON *document)
{
	const char *id = text_at(document, "profile");
	for (size_t i = 0; i < p->count && p->swept; i++)
		if (id && strcmp(p->items[i].id, id) == 0)
			return &p->items[i].profile;
	return &p->items[0].profile;
}

void profiles_free(struct profiles *p)
{
	for (size_t i = 0; i < p->count; i++)
		profile_free(&p->items[i].profile);
	profile_free(&p->fallback);
	cJSON_Delete(p->stored);
	arena_free(&p->arena);
	*p = (struct profiles){0};
}
