/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/keys.h"

#include "sim/base/keys_range.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More unknown keys of one object than this are only counted: the file is another kind of file. */
enum { UNKNOWN_MAX = 50 };

struct reader {
	const struct json_doc *doc;
	struct arena *arena;	/* the result's */
	struct arena scratch;	/* pointers on the way */
	struct diag_list diags; /* this reading's alone, so that its verdict is */
	bool in_default;	/* reading a table's own text: a mistake is ours */
};

static void complain(struct reader *r, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct reader *r, const char *pointer, const char *fmt, ...)
{
	char text[500];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(!r->in_default && "a default breaks its own row");
	json_doc_error(r->doc, &r->diags, pointer, "%s", text);
}

static void out_of_memory(struct reader *r)
{
	diag_add(&r->diags, DIAG_ERROR, NULL, 0, 0, NULL, "out of memory");
}

static const char *join(struct reader *r, const char *pointer, const char *token)
{
	size_t size = strlen(pointer) + 2 * strlen(token) + 2;
	char *buf = arena_alloc(&r->scratch, size);
	if (!buf) {
		out_of_memory(r);
		return pointer;
	}
	return json_pointer_join(buf, size, pointer, token);
}

static const char *join_index(struct reader *r, const char *pointer, size_t index)
{
	char token[24];
	snprintf(token, sizeof(token), "%zu", index);
	return join(r, pointer, token);
}

/* What stands there, for "(got ...)". */
static const char *describe(const cJSON *node, char buf[64])
{
	if (cJSON_IsNumber(node))
		snprintf(buf, 64, "%.15g", node->valuedouble);
	else if (cJSON_IsString(node))
		snprintf(buf, 64, "\"%.40s%s\"", node->valuestring,
			 strnlen(node->valuestring, 41) > 40 ? "..." : "");
	else
		snprintf(buf, 64, "%s",
			 cJSON_IsObject(node)  ? "an object"
			 : cJSON_IsArray(node) ? "a list"
			 : cJSON_IsTrue(node)  ? "true"
			 : cJSON_IsFalse(node) ? "false"
					       : "null");
	return buf;
}

static void must_be(struct reader *r, const cJSON *node, const char *pointer, const char *what)
{
	char got[64];
	complain(r, pointer, "must be %s (got %s)", what, describe(node, got));
}

static void check_range(struct reader *r, const struct key *key, double value, const cJSON *node,
			const char *pointer)
{
	bool low = key_has_min(key) && value < key->min;
	if (!low && !(key_has_max(key) && value > key->max))
		return;
	double bound = low ? key->min : key->max;
	char limit[64], got[64];
	if (key->type == KEY_QUANTITY)
		unit_format(bound, key->unit, limit, sizeof(limit));
	else
		snprintf(limit, sizeof(limit), "%.15g", bound);
	/* Who wrote 0 may have meant that there is none, which is another thing. */
	complain(r, pointer, "must be %s %s (got %s)%s", low ? "at least" : "at most", limit,
		 describe(node, got),
		 value == 0 && key->optional ? "; to have none, leave it out" : "");
}

static void read_quantity(struct reader *r, const struct key *key, const cJSON *node,
			  const char *pointer, double *field)
{
	char why[160], got[64];
	if (cJSON_IsNumber(node) && key->unit == UNIT_RATIO) {
		*field = node->valuedouble;
	} else if (!cJSON_IsString(node)) {
		complain(r, pointer, "must be a string with a unit, like \"%s\" (got %s)",
			 unit_example(key->unit), describe(node, got));
		return;
	} else if (unit_parse(node->valuestring, key->unit, field, why) != 0) {
		complain(r, pointer, "%s (got %s)", why, describe(node, got));
		return;
	}
	check_range(r, key, *field, node, pointer);
}

static void read_int(struct reader *r, const struct key *key, const cJSON *node,
		     const char *pointer, int64_t *field)
{
	double value = cJSON_IsNumber(node) ? node->valuedouble : NAN;
	if (isnan(value) || floor(value) != value) {
		must_be(r, node, pointer, "a whole number");
	} else if (fabs(value) > 0x1p53) {
		must_be(r, node, pointer, "a whole number within 2^53");
	} else {
		*field = (int64_t)value;
		check_range(r, key, value, node, pointer);
	}
}

static void read_seed(struct reader *r, const cJSON *node, const char *pointer, uint64_t *field)
{
	static const char what[] = "a whole number from 0 to 2^64-1 in quotes, like \"42\"";
	uint64_t value = 0;
	if (cJSON_IsNumber(node)) {
		double x = node->valuedouble;
		if (x < 0 || floor(x) != x || x > 0x1p53)
			must_be(r, node, pointer, what);
		else
			*field = (uint64_t)x;
		return;
	}
	const char *s = cJSON_IsString(node) ? node->valuestring : "";
	size_t n = strspn(s, "0123456789");
	bool ok = n > 0 && !s[n];
	for (; ok && *s; s++)
		ok = !__builtin_mul_overflow(value, 10, &value) &&
		     !__builtin_add_overflow(value, (uint64_t)(*s - '0'), &value);
	if (ok)
		*field = value;
	else
		must_be(r, node, pointer, what);
}

static void read_enum(struct reader *r, const struct key *key, const cJSON *node,
		      const char *pointer, int *field)
{
	char list[300] = "", got[64];
	size_t used = 0;
	for (int i = 0; key->choices[i]; i++) {
		if (cJSON_IsString(node) && strcmp(key->choices[i], node->valuestring) == 0) {
			*field = i;
			return;
		}
		int n = snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
				 key->choices[i]);
		used = used + (size_t)n < sizeof(list) ? used + (size_t)n : sizeof(list) - 1;
	}
	const char *nearest =
		cJSON_IsString(node) ? diag_nearest(node->valuestring, key->choices) : NULL;
	complain(r, pointer, "must be one of %s (got %s)%s%s%s", list, describe(node, got),
		 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static void read_object(struct reader *r, const struct key_object *object, const cJSON *node,
			const char *pointer, void *out, bool part);

/* Room for a list's items; NULL with *list empty when it is not one, too short, or out of memory.
 */
static void *start_list(struct reader *r, const struct key *key, const cJSON *node,
			const char *pointer, size_t item, struct key_list *list)
{
	bool map = key->type == KEY_MAP;
	if (map ? !cJSON_IsObject(node) : !cJSON_IsArray(node)) {
		must_be(r, node, pointer,
			map ? "an object, each member with a name of its own" : "a list");
		return NULL;
	}
	size_t count = (size_t)cJSON_GetArraySize(node);
	if (count < key->min_items)
		complain(r, pointer, "must have at least %zu %s (got %zu)", key->min_items,
			 map ? "members" : "items", count);
	list->items = arena_array(r->arena, count, item);
	if (!list->items) {
		out_of_memory(r);
		return NULL;
	}
	list->count = count;
	return list->items;
}

static void read_objects(struct reader *r, const struct key *key, const cJSON *node,
			 const char *pointer, struct key_list *list)
{
	char *item = start_list(r, key, node, pointer, key->object->size, list);
	const cJSON *child = item ? node->child : NULL;
	for (size_t i = 0; child; child = child->next, i++, item += key->object->size) {
		const char *here = key->type == KEY_MAP ? join(r, pointer, child->string)
							: join_index(r, pointer, i);
		if (key->type == KEY_MAP) {
			char *name = arena_strdup(r->arena, child->string);
			if (!name)
				out_of_memory(r);
			else if (!*name)
				complain(r, here, "a name must not be empty");
			memcpy(item, &name, sizeof(name));
		}
		read_object(r, key->object, child, here, item, false);
	}
}

static void read_plain_list(struct reader *r, const struct key *key, const cJSON *node,
			    const char *pointer, struct key_list *list)
{
	bool strings = key->type == KEY_STRINGS;
	void *items =
		start_list(r, key, node, pointer, strings ? sizeof(char *) : sizeof(double), list);
	const cJSON *child = items ? node->child : NULL;
	for (size_t i = 0; child; child = child->next, i++) {
		if (strings ? !cJSON_IsString(child) : !cJSON_IsNumber(child)) {
			must_be(r, child, join_index(r, pointer, i),
				strings ? "a string" : "a number");
		} else if (strings) {
			((char **)items)[i] = arena_strdup(r->arena, child->valuestring);
			if (!((char **)items)[i])
				out_of_memory(r);
		} else {
			((double *)items)[i] = child->valuedouble;
			check_range(r, key, child->valuedouble, child, join_index(r, pointer, i));
		}
	}
}

static void read_ref(struct reader *r, const struct key *key, const cJSON *node,
		     const char *pointer, struct key_ref *field)
{
	char what[100];
	snprintf(what, sizeof(what), "the name of a %s, or an object that describes one", key->ref);
	field->pointer = arena_strdup(r->arena, pointer);
	if (cJSON_IsString(node) && node->valuestring[0])
		field->name = arena_strdup(r->arena, node->valuestring);
	else if (cJSON_IsObject(node) && !r->in_default)
		field->inl = node;
	else if (!r->in_default)
		must_be(r, node, pointer, what);
}

static void read_value(struct reader *r, const struct key *key, const cJSON *node,
		       const char *pointer, void *field)
{
	switch (key->type) {
	case KEY_BOOL:
		if (cJSON_IsBool(node))
			*(bool *)field = cJSON_IsTrue(node);
		else
			must_be(r, node, pointer, "true or false");
		break;
	case KEY_INT:
		read_int(r, key, node, pointer, field);
		break;
	case KEY_NUMBER:
		if (cJSON_IsNumber(node)) {
			*(double *)field = node->valuedouble;
			check_range(r, key, node->valuedouble, node, pointer);
		} else {
			must_be(r, node, pointer, "a number");
		}
		break;
	case KEY_QUANTITY:
		read_quantity(r, key, node, pointer, field);
		break;
	case KEY_STRING:
		if (!cJSON_IsString(node))
			must_be(r, node, pointer, "a string");
		else if (!(*(char **)field = arena_strdup(r->arena, node->valuestring)))
			out_of_memory(r);
		break;
	case KEY_SEED:
		read_seed(r, node, pointer, field);
		break;
	case KEY_ENUM:
		read_enum(r, key, node, pointer, field);
		break;
	case KEY_OBJECT:
		read_object(r, key->object, node, pointer, field, false);
		break;
	case KEY_OPTIONAL_OBJECT: {
		void *object = arena_alloc(r->arena, key->object->size);
		if (object)
			read_object(r, key->object, node, pointer, object, false);
		else
			out_of_memory(r);
		*(void **)field = object;
		break;
	}
	case KEY_MAP:
	case KEY_ARRAY:
		read_objects(r, key, node, pointer, field);
		break;
	case KEY_STRINGS:
	case KEY_NUMBERS:
		read_plain_list(r, key, node, pointer, field);
		break;
	case KEY_REF:
		read_ref(r, key, node, pointer, field);
		break;
	case KEY_ANY:
		if (!r->in_default)
			*(const cJSON **)field = node;
		break;
	}
}

static void read_default(struct reader *r, const struct key *key, const char *pointer, void *field)
{
	bool outer = r->in_default;
	cJSON *node = cJSON_Parse(key->def);
	assert(node && "a default that is not JSON");
	r->in_default = true;
	read_value(r, key, node, pointer, field);
	r->in_default = outer;
	cJSON_Delete(node);
}

static const struct key *find_key(const struct key_object *object, const char *name)
{
	for (const struct key *k = object->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	for (const struct key_object *const *a = object->also; a && *a; a++) {
		const struct key *k = find_key(*a, name);
		if (k)
			return k;
	}
	return NULL;
}

/* Appends the names of all keys of the level to names (when not NULL); returns how many there are.
 */
static size_t list_names(const struct key_object *object, const char **names)
{
	size_t n = 0;
	for (const struct key *k = object->keys; k->name; k++, n++)
		if (names)
			names[n] = k->name;
	for (const struct key_object *const *a = object->also; a && *a; a++)
		n += list_names(*a, names ? names + n : NULL);
	return n;
}

static void complain_unknown(struct reader *r, const struct key_object *object, const char *pointer,
			     const char *name)
{
	const char **names = arena_array(&r->scratch, list_names(object, NULL) + 1, sizeof(*names));
	if (!names) {
		out_of_memory(r);
		return;
	}
	list_names(object, names);
	const char *nearest = diag_nearest(name, names);
	if (nearest) {
		complain(r, join(r, pointer, name), "unknown key; did you mean \"%s\"?", nearest);
		return;
	}
	char list[300] = "";
	size_t used = 0;
	for (; *names && used < sizeof(list); names++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
					 *names);
	complain(r, join(r, pointer, name), "unknown key; known here: %s%s", list,
		 used >= sizeof(list) ? "..." : "");
}

static void read_object(struct reader *r, const struct key_object *object, const cJSON *node,
			const char *pointer, void *out, bool part)
{
	if (!cJSON_IsObject(node)) {
		must_be(r, node, pointer, "an object");
		return;
	}
	for (const struct key *k = object->keys; k->name; k++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(node, k->name);
		void *field = (char *)out + k->offset;
		if (value)
			read_value(r, k, value, join(r, pointer, k->name), field);
		else if (k->def)
			read_default(r, k, join(r, pointer, k->name), field);
		else if (!k->optional)
			complain(r, join(r, pointer, k->name), "is missing%s%s",
				 k->help ? ": " : "", k->help ? k->help : "");
		else if (k->type == KEY_QUANTITY || k->type == KEY_NUMBER)
			*(double *)field = k->absent;
	}
	size_t unknown = 0;
	for (const cJSON *member = node->child; member && !part; member = member->next)
		if (!find_key(object, member->string) && unknown++ < UNKNOWN_MAX)
			complain_unknown(r, object, pointer, member->string);
	if (unknown > UNKNOWN_MAX)
		complain(r, pointer, "%zu more unknown keys", unknown - UNKNOWN_MAX);
	if (object->check)
		object->check(out, r->doc, pointer, &r->diags);
}

static int compare_places(const void *va, const void *vb)
{
	const struct diag *a = *(struct diag *const *)va, *b = *(struct diag *const *)vb;
	int order = a->file && b->file ? strcmp(a->file, b->file)
				       : (a->file != NULL) - (b->file != NULL);
	if (order == 0)
		order = a->line != b->line ? (a->line > b->line) - (a->line < b->line)
					   : (a->column > b->column) - (a->column < b->column);
	return order ? order : (a > b) - (a < b);
}

/* Hands the reading's mistakes to the caller in the order of their places; the verdict. */
static int finish(struct reader *r, struct diag_list *diags)
{
	size_t n = r->diags.count;
	int rc = r->diags.errors ? ERR_INVALID : 0;
	const struct diag **order = arena_array(&r->scratch, n, sizeof(struct diag *));
	for (size_t i = 0; order && i < n; i++)
		order[i] = &r->diags.items[i];
	if (order && n > 1)
		qsort(order, n, sizeof(struct diag *), compare_places);
	for (size_t i = 0; i < n; i++) {
		const struct diag *d = order ? order[i] : &r->diags.items[i];
		diag_add(diags, d->severity, d->file, d->line, d->column, d->pointer, "%s",
			 d->text);
	}
	diag_free(&r->diags);
	arena_free(&r->scratch);
	return rc;
}

static int parse(const struct key_object *object, const struct json_doc *doc, const char *pointer,
		 void *out, struct arena *arena, struct diag_list *diags, bool part)
{
	struct reader r = {.doc = doc, .arena = arena};
	const cJSON *node = json_at(doc->root, pointer);
	memset(out, 0, object->size);
	if (node)
		read_object(&r, object, node, pointer, out, part);
	else
		complain(&r, pointer, "is missing%s%s", object->help ? ": " : "",
			 object->help ? object->help : "");
	return finish(&r, diags);
}

int keys_parse(const struct key_object *object, const struct json_doc *doc, const char *pointer,
	       void *out, struct arena *arena, struct diag_list *diags)
{
	return parse(object, doc, pointer, out, arena, diags, false);
}

int keys_parse_part(const struct key_object *object, const struct json_doc *doc,
		    const char *pointer, void *out, struct arena *arena, struct diag_list *diags)
{
	return parse(object, doc, pointer, out, arena, diags, true);
}

/* Reads an object and those that share its level into memory that nobody looks at. */
static void check_level(struct reader *r, const struct key_object *object, const cJSON *node,
			const char *pointer, bool part)
{
	void *out = arena_alloc(r->arena, object->size);
	if (!out) {
		out_of_memory(r);
		return;
	}
	read_object(r, object, node, pointer, out, part);
	for (const struct key_object *const *a = object->also; a && *a && cJSON_IsObject(node); a++)
		check_level(r, *a, node, pointer, true);
}

int keys_check(const struct key_object *object, const struct json_doc *doc, const char *pointer,
	       struct diag_list *diags)
{
	struct arena arena = {0};
	struct reader r = {.doc = doc, .arena = &arena};
	const cJSON *node = json_at(doc->root, pointer);
	if (node)
		check_level(&r, object, node, pointer, false);
	else
		complain(&r, pointer, "is missing");
	int rc = finish(&r, diags);
	arena_free(&arena);
	return rc;
}
