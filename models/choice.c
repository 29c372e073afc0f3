/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/choice.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static const struct key_variant *find(choice_table table, const char *name)
{
	for (; *table; table++)
		if (strcmp((*table)->name, name) == 0)
			return *table;
	return NULL;
}

int choice_normalise(choice_table table, cJSON *node, const char *key)
{
	cJSON *old = cJSON_GetObjectItemCaseSensitive(node, key);
	cJSON *member = cJSON_IsObject(old) ? old->child : NULL;
	const char *name = cJSON_IsString(old) ? old->valuestring : member ? member->string : NULL;
	const struct key_variant *c = name ? find(table, name) : NULL;
	if (!c || (member && (member->next || cJSON_IsObject(member) || !c->main_key)))
		return 0;
	cJSON *wrapped = cJSON_CreateObject(), *inner = cJSON_CreateObject();
	cJSON *value = member ? cJSON_Duplicate(member, true) : NULL;
	if (!wrapped || !inner || (member && !value) ||
	    (value && !cJSON_AddItemToObject(inner, c->main_key, value)) ||
	    !cJSON_AddItemToObject(wrapped, c->name, inner)) {
		cJSON_Delete(wrapped);
		return ERR_NOMEM;
	}
	return cJSON_ReplaceItemInObjectCaseSensitive(node, key, wrapped) ? 0 : ERR_NOMEM;
}

static void unknown(choice_table table, const char *kind, const char *name,
		    const struct json_doc *doc, const char *pointer, struct diag_list *diags)
{
	const char *names[NAMES_MAX + 1] = {0};
	char list[800];
	size_t used = 0;
	list[0] = '\0';
	for (int i = 0; table[i] && i < NAMES_MAX; i++) {
		names[i] = table[i]->name;
		int n = snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
		if (n > 0 && (size_t)n < sizeof(list) - used)
			used += (size_t)n;
	}
	const char *near = diag_nearest(name, names);
	json_doc_error(doc, diags, pointer, "unknown %s \"%s\"%s%s%s; there are %s", kind, name,
		       near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "", list);
}

int choice_read(choice_table table, const char *kind, const struct json_doc *doc,
		const char *pointer, struct arena *arena, struct diag_list *diags,
		const struct key_variant **chosen, const void **parameters)
{
	const cJSON *node = json_at(doc->root, pointer);
	const cJSON *member = cJSON_IsObject(node) ? node->child : NULL;
	const char *name = cJSON_IsString(node)	     ? node->valuestring
			   : member && !member->next ? member->string
						     : NULL;
	*chosen = NULL;
	*parameters = NULL;
	if (!name) {
		json_doc_error(
			doc, diags, pointer,
			"must be the name of a %s, or an object with its name as the only key",
			kind);
		return ERR_INVALID;
	}
	const struct key_variant *c = find(table, name);
	if (!c) {
		unknown(table, kind, name, doc, pointer, diags);
		return ERR_INVALID;
	}
	*chosen = c;
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, name);
	if (!c->parameters) {
		if (member && !(cJSON_IsObject(member) && !member->child)) {
			json_doc_error(doc, diags, at, "%s takes no parameters", name);
			return ERR_INVALID;
		}
		return 0;
	}
	if (!member) {
		json_doc_error(doc, diags, pointer,
			       "%s \"%s\" needs its parameters: { \"%s\": { ... } }", kind, name,
			       name);
		return ERR_INVALID;
	}
	void *out = arena_alloc(arena, c->parameters->size);
	if (!out)
		return ERR_NOMEM;
	*parameters = out;
	int code = keys_parse(c->parameters, doc, at, out, arena, diags);
	return code == 0 && c->finish ? c->finish(out, doc, at, arena, diags) : code;
}
