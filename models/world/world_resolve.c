/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/choice.h"
#include "models/mobility/trace.h"
#include "models/radio/capacity.h"
#include "models/radio/loss.h"
#include "models/world/world_keys.h"
#include "models/world/world_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
	const char *name, *section;
	const struct key_object *object;
} kinds[] = {
	{"radio", "radios", &radio_object},
	{"platform", "platforms", &platform_object},
	{"app", "apps", &app_object},
	{"trace", "traces", &trace_object},
};
enum { RADIO, PLATFORM, APP, TRACE };

struct resolver {
	struct json_doc *doc;
	const struct world_library *library;
	struct diag_list *diags;
	struct err *e;
	cJSON *used; /* an object per section whose keys are the names met; NULL: not wanted */
};

static cJSON *object_member(cJSON *node, const char *key)
{
	cJSON *found = cJSON_GetObjectItemCaseSensitive(node, key);
	return cJSON_IsObject(found) ? found : NULL;
}

/* Normalises the choices inside a library entry or a section's member. */
static int normalise_entry(const struct kind *kind, cJSON *entry)
{
	if (kind != &kinds[RADIO] || !cJSON_IsObject(entry))
		return 0;
	return choice_normalise((choice_table)radio_models, entry, "model");
}

static void report_unknown(struct resolver *r, const struct kind *kind, const char *name,
			   const char *pointer)
{
	const char *const *names = r->library && r->library->names
					   ? r->library->names(r->library->ctx, kind->name)
					   : NULL;
	const char *const none[] = {NULL};
	names = names ? names : none;
	char list[1200] = "";
	size_t used = 0;
	for (int i = 0; names[i] && used < sizeof(list); i++) {
		int n = snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	const char *near = diag_nearest(name, names);
	json_doc_error(r->doc, r->diags, pointer, "unknown %s \"%s\"%s%s%s%s%s", kind->name, name,
		       near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "",
		       list[0] ? "; there are " : "; the library has none", list);
}

/* Loads an entry, checks it where its own positions are known, and puts it into its section. */
static int load_entry(struct resolver *r, const struct kind *kind, cJSON *section, const char *name,
		      const char *pointer)
{
	struct json_doc entry = {0};
	int code = r->library ? r->library->load(r->library->ctx, kind->name, name, &entry,
						 r->diags, r->e)
			      : ERR_NOTFOUND;
	if (code == ERR_NOTFOUND) {
		report_unknown(r, kind, name, pointer);
		return ERR_INVALID;
	}
	if (code < 0)
		return code;
	struct arena arena = {0};
	void *unused = arena_alloc(&arena, kind->object->size);
	code = unused ? normalise_entry(kind, entry.root) : ERR_NOMEM;
	if (code == 0)
		code = keys_parse(kind->object, &entry, "", unused, &arena, r->diags);
	cJSON *copy = code == 0 ? cJSON_Duplicate(entry.root, true) : NULL;
	if (code == 0 && (!copy || !cJSON_AddItemToObject(section, name, copy))) {
		cJSON_Delete(copy);
		code = err_set(r->e, ERR_NOMEM, "no memory for %s %s", kind->name, name);
	}
	arena_free(&arena);
	json_doc_free(&entry);
	return code;
}

/* Reads a file as the model that follows it does, into its section. */
static int load_file(struct resolver *r, const struct rows_file *how, cJSON *section,
		     const char *name, const char *pointer)
{
	const char *path =
		r->library && r->library->file ? r->library->file(r->library->ctx, name) : NULL;
	FILE *in = path ? fopen(path, "rb") : NULL;
	if (!in) {
		json_doc_error(r->doc, r->diags, pointer, "cannot read the file \"%s\": %s", name,
			       path ? strerror(errno) : "it is not beside the study");
		return ERR_INVALID;
	}
	char *text = NULL;
	int code = how->load(in, name, &text, r->diags, r->e);
	fclose(in);
	if (code == 0)
		code = how->check(name, text, r->diags);
	cJSON *entry = code == 0 ? cJSON_AddObjectToObject(section, name) : NULL;
	if (code == 0 && !(entry && cJSON_AddStringToObject(entry, "data", text)))
		code = ERR_NOMEM;
	free(text);
	return code;
}

/* Returns ERR_INVALID for mistakes (already in diags), which do not end the search for more. */
static int need(struct resolver *r, int which, const char *name, const char *pointer,
		const struct rows_file *how)
{
	const struct kind *kind = &kinds[which];
	cJSON *used = object_member(r->used, kind->section);
	if (used && !cJSON_GetObjectItemCaseSensitive(used, name) &&
	    !cJSON_AddTrueToObject(used, name))
		return ERR_NOMEM;
	cJSON *section = cJSON_GetObjectItemCaseSensitive(r->doc->root, kind->section);
	if (!section)
		section = cJSON_AddObjectToObject(r->doc->root, kind->section);
	if (!section)
		return err_set(r->e, ERR_NOMEM, "no memory for the section %s", kind->section);
	if (!cJSON_IsObject(section) || cJSON_GetObjectItemCaseSensitive(section, name))
		return 0;
	if (how)
		return load_file(r, how, section, name, pointer);
	return load_entry(r, kind, section, name, pointer);
}

static int worse(int a, int b)
{
	if (a < 0 && a != ERR_INVALID)
		return a;
	return b < 0 ? b : a;
}

/* `node`'s member `key` names an entry. */
static int need_member(struct resolver *r, int which, cJSON *node, const char *key,
		       const char *pointer)
{
	char at[600];
	const cJSON *ref = cJSON_GetObjectItemCaseSensitive(node, key);
	if (!cJSON_IsString(ref))
		return 0;
	json_pointer_join(at, sizeof(at), pointer, key);
	return need(r, which, ref->valuestring, at, NULL);
}

/* What a model that is chosen by name may follow. */
static const struct rows_file *file_of_mobility(const struct key_variant *v)
{
	return ((const struct mobility_ops *)(const void *)v)->file;
}

static const struct rows_file *file_of_arrivals(const struct key_variant *v)
{
	return ((const struct arrival_ops *)(const void *)v)->file;
}

static const struct rows_file *file_of_capacity(const struct key_variant *v)
{
	return ((const struct capacity_ops *)(const void *)v)->file;
}

/* Gives the choice at node's `key` its long form, and loads the file that the model follows. */
static int choose_with_file(struct resolver *r, choice_table table,
			    const struct rows_file *(*file_of)(const struct key_variant *),
			    cJSON *node, const char *key, const char *pointer)
{
	int code = choice_normalise(table, node, key);
	const cJSON *choice = cJSON_GetObjectItemCaseSensitive(node, key);
	const cJSON *model = cJSON_IsObject(choice) ? choice->child : NULL;
	const char *file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(model, "file"));
	char chosen[700], name[800], at[900];
	for (; file && code == 0 && *table; table++)
		if (file_of(*table) && strcmp((*table)->name, model->string) == 0) {
			json_pointer_join(chosen, sizeof(chosen), pointer, key);
			json_pointer_join(name, sizeof(name), chosen, model->string);
			json_pointer_join(at, sizeof(at), name, "file");
			return need(r, TRACE, file, at, file_of(*table));
		}
	return code;
}

static int resolve_class(struct resolver *r, cJSON *class, const char *pointer)
{
	char apps[500], at[600];
	int code = need_member(r, RADIO, class, "radio", pointer);
	code = worse(code, choice_normalise((choice_table)policy_models, class, "policy"));
	code = worse(code, choose_with_file(r, (choice_table)mobility_models, file_of_mobility,
					    class, "mobility", pointer));
	cJSON *cpu = object_member(class, "cpu");
	if (cpu)
		code = worse(code,
			     choice_normalise((choice_table)governor_models, cpu, "governor"));
	json_pointer_join(apps, sizeof(apps), pointer, "apps");
	cJSON *app = object_member(class, "apps");
	for (app = app ? app->child : NULL; app; app = app->next) {
		json_pointer_join(at, sizeof(at), apps, app->string);
		code = worse(code, need(r, APP, app->string, at, NULL));
		if (cJSON_IsObject(app))
			code = worse(code, choose_with_file(r, (choice_table)arrival_models,
							    file_of_arrivals, app, "arrivals", at));
	}
	return code;
}

static int resolve_cell(struct resolver *r, cJSON *cell, const char *pointer)
{
	int code = choose_with_file(r, (choice_table)capacity_models, file_of_capacity, cell,
				    "capacity", pointer);
	return worse(code, choice_normalise((choice_table)loss_models, cell, "loss"));
}

static int resolve_site(struct resolver *r, cJSON *site, const char *pointer)
{
	char hosts[500], at[600];
	int code = choice_normalise((choice_table)placement_models, site, "placement");
	code = worse(code, choice_normalise((choice_table)scaling_models, site, "scaling"));
	code = worse(code, choice_normalise((choice_table)packing_models, site, "packing"));
	cJSON *migration = object_member(site, "migration");
	if (migration) {
		code = worse(code,
			     choice_normalise((choice_table)migration_models, migration, "method"));
		code = worse(code,
			     choice_normalise((choice_table)balance_models, migration, "balance"));
	}
	json_pointer_join(hosts, sizeof(hosts), pointer, "hosts");
	cJSON *host = object_member(site, "hosts");
	for (host = host ? host->child : NULL; host; host = host->next) {
		json_pointer_join(at, sizeof(at), hosts, host->string);
		code = worse(code, need_member(r, PLATFORM, host, "platform", at));
		code = worse(code,
			     choice_normalise((choice_table)scheduler_models, host, "scheduler"));
	}
	return code;
}

static int resolve_each(struct resolver *r, const char *section,
			int (*resolve)(struct resolver *, cJSON *, const char *))
{
	char root[64], at[400];
	int code = 0;
	json_pointer_join(root, sizeof(root), "", section);
	cJSON *item = object_member(r->doc->root, section);
	for (item = item ? item->child : NULL; item; item = item->next) {
		json_pointer_join(at, sizeof(at), root, item->string);
		if (cJSON_IsObject(item))
			code = worse(code, resolve(r, item, at));
	}
	return code;
}

static int resolve(struct resolver *r)
{
	cJSON *root = r->doc->root;
	int code = resolve_each(r, "handsets", resolve_class);
	code = worse(code, resolve_each(r, "cells", resolve_cell));
	code = worse(code, resolve_each(r, "sites", resolve_site));
	cJSON *radio = object_member(root, "radios");
	for (radio = radio ? radio->child : NULL; radio; radio = radio->next)
		code = worse(code, normalise_entry(&kinds[RADIO], radio));
	code = worse(code, keys_fill_defaults(&world_object, root));
	/* A default may be a choice in its short form. */
	if (code == 0)
		code = resolve_each(r, "handsets", resolve_class);
	if (code == 0)
		code = resolve_each(r, "sites", resolve_site);
	return code;
}

int world_resolve(struct json_doc *doc, const struct world_library *library,
		  struct diag_list *diags, struct err *e)
{
	struct resolver r = {doc, library, diags, e, NULL};
	int code = resolve(&r);
	if (code == ERR_NOMEM && e && !e->code)
		err_set(e, ERR_NOMEM, "no memory to resolve the study");
	return code;
}

static void remove_unused(cJSON *root, const cJSON *used)
{
	for (const cJSON *names = used->child; names; names = names->next) {
		cJSON *section = object_member(root, names->string);
		for (cJSON *entry = section ? section->child : NULL, *next; entry; entry = next) {
			next = entry->next;
			if (!cJSON_GetObjectItemCaseSensitive(names, entry->string))
				cJSON_Delete(cJSON_DetachItemViaPointer(section, entry));
		}
	}
}

int world_trim(cJSON *document)
{
	struct json_doc doc = {.root = document};
	struct diag_list told_later = {0};
	struct resolver r = {&doc, NULL, &told_later, NULL, cJSON_CreateObject()};
	int code = r.used ? 0 : ERR_NOMEM;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && code == 0; i++)
		if (!cJSON_AddObjectToObject(r.used, kinds[i].section))
			code = ERR_NOMEM;
	if (code == 0)
		code = resolve(&r);
	if (code == 0)
		remove_unused(document, r.used);
	cJSON_Delete(r.used);
	diag_free(&told_later);
	return code == ERR_INVALID ? 0 : code;
}
