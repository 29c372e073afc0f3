/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tables give besides parsing: defaults in the tree, and the JSON Schema. */
#include "sim/base/keys.h"

#include "sim/base/keys_range.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fill_value(const struct key *key, cJSON *value)
{
	cJSON *child;
	int rc = 0;
	switch (key->type) {
	case KEY_OBJECT:
	case KEY_OPTIONAL_OBJECT:
		return keys_fill_defaults(key->object, value);
	case KEY_MAP:
	case KEY_ARRAY:
		cJSON_ArrayForEach(child, value) if (rc == 0) rc =
			keys_fill_defaults(key->object, child);
		return rc;
	default:
		return 0;
	}
}

int keys_fill_defaults(const struct key_object *object, cJSON *node)
{
	int rc = 0;
	if (!cJSON_IsObject(node))
		return 0;
	for (const struct key *k = object->keys; k->name && rc == 0; k++) {
		cJSON *value = cJSON_GetObjectItemCaseSensitive(node, k->name);
		if (!value && k->def) {
			value = cJSON_Parse(k->def);
			if (!value || !cJSON_AddItemToObject(node, k->name, value)) {
				cJSON_Delete(value);
				return ERR_NOMEM;
			}
		}
		if (value)
			rc = fill_value(k, value);
	}
	for (const struct key_object *const *a = object->also; a && *a && rc == 0; a++)
		rc = keys_fill_defaults(*a, node);
	return rc;
}

/* Out of memory leaves a member out; keys_schema sees it by the count of failures. */
struct writer {
	cJSON *defs;
	unsigned failures;
};

static void put(struct writer *w, cJSON *to, const char *name, cJSON *value)
{
	if (!value || !cJSON_AddItemToObject(to, name, value)) {
		cJSON_Delete(value);
		w->failures++;
	}
}

/* An empty object inside `to`, or NULL. */
static cJSON *put_object(struct writer *w, cJSON *to, const char *name)
{
	cJSON *object = cJSON_AddObjectToObject(to, name);
	w->failures += !object;
	return object;
}

static void put_string(struct writer *w, cJSON *to, const char *name, const char *value)
{
	put(w, to, name, cJSON_CreateString(value));
}

static void put_types(struct writer *w, cJSON *to, const char *a, const char *b)
{
	const char *const types[] = {a, b};
	put(w, to, "type", cJSON_CreateStringArray(types, 2));
}

static void put_range(struct writer *w, cJSON *to, const struct key *key)
{
	if (key_has_min(key))
		put(w, to, "minimum", cJSON_CreateNumber(key->min));
	if (key_has_max(key))
		put(w, to, "maximum", cJSON_CreateNumber(key->max));
}

static void put_comments_allowed(struct writer *w, cJSON *to)
{
	put_object(w, put_object(w, to, "patternProperties"), "^//");
}

/* JSON Schema has no bounds for quantities: beyond their sign they are said in words. */
static void put_quantity(struct writer *w, cJSON *to, const struct key *key)
{
	char low[64] = "", high[64] = "", *pattern = NULL, *text = NULL;
	pattern = unit_pattern(key->unit, key_has_min(key) ? key->min : -INFINITY);
	if (key->unit == UNIT_RATIO) {
		put_types(w, to, "string", "number");
		put_range(w, to, key);
	} else {
		put_string(w, to, "type", "string");
	}
	put_string(w, to, "pattern", pattern ? pattern : "");
	free(pattern);
	const char *example = unit_example(key->unit);
	put(w, to, "examples", cJSON_CreateStringArray(&example, 1));
	if (key_has_min(key))
		unit_format(key->min, key->unit, low, sizeof(low));
	if (key_has_max(key))
		unit_format(key->max, key->unit, high, sizeof(high));
	if (asprintf(&text, "%s%s%s%s%s%s%s", key->help ? key->help : "", *low || *high ? " (" : "",
		     *low ? "at least " : "", low,
		     *low && *high ? ", at most "
		     : *high	   ? "at most "
				   : "",
		     high, *low || *high ? ")" : "") >= 0)
		put_string(w, to, "description", text);
	else
		w->failures++;
	free(text);
}

static void write_object(struct writer *w, const struct key_object *object, cJSON *to);

/* {"$ref": ...} to the object's definition, which is written when first met. */
static cJSON *reference(struct writer *w, const struct key_object *object)
{
	char path[128];
	if (!cJSON_GetObjectItemCaseSensitive(w->defs, object->name)) {
		/* It is there before its keys are, because it may hold itself. */
		cJSON *definition = put_object(w, w->defs, object->name);
		if (w->failures)
			return NULL;
		write_object(w, object, definition);
	}
	cJSON *ref = cJSON_CreateObject();
	snprintf(path, sizeof(path), "#/$defs/%s", object->name);
	put_string(w, ref, "$ref", path);
	return ref;
}

/* Takes the item, whatever comes of it. */
static void append(struct writer *w, cJSON *array, cJSON *item)
{
	if (!item || !cJSON_AddItemToArray(array, item)) {
		cJSON_Delete(item);
		w->failures++;
	}
}

/* In a file with `extends`, null takes out what its base has, whatever that is. */
static void allow_null(struct writer *w, cJSON *schema)
{
	cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
	cJSON *list = cJSON_GetObjectItemCaseSensitive(schema, "enum");
	cJSON *either = cJSON_GetObjectItemCaseSensitive(schema, "anyOf");
	cJSON *ref = cJSON_DetachItemFromObjectCaseSensitive(schema, "$ref");
	cJSON *null = NULL;
	if (cJSON_IsString(type)) {
		const char *const types[] = {type->valuestring, "null"};
		cJSON *both = cJSON_CreateStringArray(types, 2);
		if (!both || !cJSON_ReplaceItemInObjectCaseSensitive(schema, "type", both)) {
			cJSON_Delete(both);
			w->failures++;
		}
		return;
	}
	if (ref) {
		cJSON *item = cJSON_CreateObject();
		put(w, item, "$ref", ref);
		either = cJSON_AddArrayToObject(schema, "anyOf");
		append(w, either, item);
	}
	if (either) {
		null = cJSON_CreateObject();
		put_string(w, null, "type", "null");
	} else if (type) {
		null = cJSON_CreateString("null");
	} else if (list) {
		null = cJSON_CreateNull();
	} else {
		return; /* anything is allowed */
	}
	append(w, either ? either : type ? type : list, null);
}

static cJSON *list_of(struct writer *w, cJSON *to, const struct key *key, cJSON *items)
{
	bool map = key->type == KEY_MAP;
	put_string(w, to, "type", map ? "object" : "array");
	if (map && items)
		allow_null(w, items);
	put(w, to, map ? "additionalProperties" : "items", items);
	if (map)
		put_comments_allowed(w, to);
	if (key->min_items)
		put(w, to, map ? "minProperties" : "minItems",
		    cJSON_CreateNumber((double)key->min_items));
	return to;
}

static cJSON *write_value(struct writer *w, const struct key *key);

/* The schema of a model's parameters; a bare value may stand for the main one. */
static cJSON *write_parameters(struct writer *w, const struct key_variant *v)
{
	if (!v->parameters)
		return cJSON_CreateObject();
	cJSON *long_form = reference(w, v->parameters);
	const struct key *k = v->parameters->keys;
	while (v->main_key && k->name && strcmp(k->name, v->main_key) != 0)
		k++;
	if (!v->main_key || !k->name)
		return long_form;
	cJSON *to = cJSON_CreateObject(), *either = cJSON_AddArrayToObject(to, "anyOf");
	cJSON *short_form = write_value(w, k);
	if (!either || !cJSON_AddItemToArray(either, short_form) ||
	    !cJSON_AddItemToArray(either, long_form))
		w->failures++;
	return to;
}

/* Whether a name says enough: no parameter is needed. */
static bool has_defaults(const struct key_object *parameters)
{
	for (const struct key *k = parameters ? parameters->keys : NULL; k && k->name; k++)
		if (!k->def && !k->optional)
			return false;
	return true;
}

/* The models that may be named, each with its parameters. */
static void put_variants(struct writer *w, cJSON *to, const struct key *key)
{
	const struct key_variant *const *list = key->variants;
	cJSON *any = cJSON_AddArrayToObject(to, "anyOf"), *names = cJSON_CreateArray();
	cJSON *plain = cJSON_CreateObject();
	put(w, plain, "enum", names);
	if (!any || !cJSON_AddItemToArray(any, plain))
		w->failures++;
	if (key->unit != UNIT_NONE) {
		struct key quantity = *key;
		quantity.help = NULL;
		cJSON *value = cJSON_CreateObject();
		put_quantity(w, value, &quantity);
		w->failures += !cJSON_AddItemToArray(any, value);
	}
	for (; *list; list++) {
		cJSON *item = cJSON_CreateObject();
		put_string(w, item, "type", "object");
		put_string(w, item, "description", (*list)->help);
		put(w, put_object(w, item, "properties"), (*list)->name,
		    write_parameters(w, *list));
		put(w, item, "required", cJSON_CreateStringArray(&(*list)->name, 1));
		put_comments_allowed(w, item);
		put(w, item, "additionalProperties", cJSON_CreateFalse());
		w->failures += !cJSON_AddItemToArray(any, item);
		if (has_defaults((*list)->parameters))
			w->failures +=
				!cJSON_AddItemToArray(names, cJSON_CreateString((*list)->name));
	}
	if (cJSON_GetArraySize(names) == 0)
		cJSON_DeleteItemFromArray(any, 0);
}

static cJSON *write_value(struct writer *w, const struct key *key)
{
	cJSON *to = cJSON_CreateObject(), *items;
	char text[200];
	size_t n = 0;
	if (!to) {
		w->failures++;
		return NULL;
	}
	switch (key->type) {
	case KEY_BOOL:
		put_string(w, to, "type", "boolean");
		break;
	case KEY_INT:
	case KEY_NUMBER:
		put_string(w, to, "type", key->type == KEY_INT ? "integer" : "number");
		put_range(w, to, key);
		break;
	case KEY_QUANTITY:
		put_quantity(w, to, key);
		break;
	case KEY_STRING:
		put_string(w, to, "type", "string");
		break;
	case KEY_SEED:
		put_types(w, to, "string", "integer");
		put_string(w, to, "pattern", "^[0-9]{1,20}$");
		put(w, to, "minimum", cJSON_CreateNumber(0));
		break;
	case KEY_ENUM:
		while (key->choices[n])
			n++;
		put(w, to, "enum", cJSON_CreateStringArray(key->choices, (int)n));
		break;
	case KEY_OBJECT:
	case KEY_OPTIONAL_OBJECT:
		cJSON_Delete(to);
		to = reference(w, key->object);
		break;
	case KEY_MAP:
	case KEY_ARRAY:
		list_of(w, to, key, reference(w, key->object));
		break;
	case KEY_STRINGS:
	case KEY_NUMBERS:
		items = cJSON_CreateObject();
		put_string(w, items, "type", key->type == KEY_STRINGS ? "string" : "number");
		if (key->type == KEY_NUMBERS)
			put_range(w, items, key);
		list_of(w, to, key, items);
		break;
	case KEY_REF:
		put_types(w, to, "string", "object");
		snprintf(text, sizeof(text), "the name of a %s, or an object that describes one",
			 key->ref);
		put_string(w, to, "$comment", text);
		break;
	case KEY_ANY:
		if (key->variants)
			put_variants(w, to, key);
		break;
	}
	if (to && key->help && !cJSON_GetObjectItemCaseSensitive(to, "description"))
		put_string(w, to, "description", key->help);
	if (to && key->def)
		put(w, to, "default", cJSON_Parse(key->def));
	return to;
}

static void write_keys(struct writer *w, const struct key_object *object, cJSON *properties,
		       cJSON *required)
{
	for (const struct key *k = object->keys; k->name; k++) {
		cJSON *value = write_value(w, k);
		if (value)
			allow_null(w, value);
		put(w, properties, k->name, value);
		if (required && !k->def && !k->optional) {
			append(w, required, cJSON_CreateString(k->name));
		}
	}
	for (const struct key_object *const *a = object->also; a && *a; a++)
		write_keys(w, *a, properties, required);
}

static cJSON *write_level(struct writer *w, const struct key_object *object, cJSON *to,
			  cJSON *required)
{
	put_string(w, to, "type", "object");
	if (object->help)
		put_string(w, to, "description", object->help);
	cJSON *properties = put_object(w, to, "properties");
	write_keys(w, object, properties, required);
	put_comments_allowed(w, to);
	put(w, to, "additionalProperties", cJSON_CreateFalse());
	return properties;
}

static void write_object(struct writer *w, const struct key_object *object, cJSON *to)
{
	write_level(w, object, to, NULL);
}

/* What only the outermost level of a file may have. */
static void write_file_keys(struct writer *w, cJSON *properties)
{
	static const struct {
		const char *name, *help;
	} own[] = {
		{"$schema", "the schema for editors"},
		{"extends",
		 "the path of a file that this one patches (RFC 7396), relative to this one"},
	};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		cJSON *property = put_object(w, properties, own[i].name);
		put_string(w, property, "type", "string");
		put_string(w, property, "description", own[i].help);
	}
}

static cJSON *requires(struct writer *w, cJSON *names)
{
	cJSON *to = cJSON_CreateObject();
	put(w, to, "required", names);
	return to;
}

cJSON *keys_schema(const struct key_object *object, const char *title)
{
	struct writer w = {.defs = cJSON_CreateObject()};
	cJSON *root = cJSON_CreateObject(), *required = cJSON_CreateArray();
	put_string(&w, root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_string(&w, root, "title", title);
	cJSON *properties = write_level(&w, object, root, required);
	write_file_keys(&w, properties);
	if (cJSON_GetArraySize(required) > 0) {
		/* A file that extends another may leave anything to it. */
		static const char *const extends[] = {"extends"};
		put(&w, root, "if", requires(&w, cJSON_CreateStringArray(extends, 1)));
		put(&w, root, "else", requires(&w, required));
	} else {
		cJSON_Delete(required);
	}
	if (cJSON_GetArraySize(w.defs) > 0)
		put(&w, root, "$defs", w.defs);
	else
		cJSON_Delete(w.defs);
	if (w.failures) {
		cJSON_Delete(root);
		return NULL;
	}
	return root;
}
