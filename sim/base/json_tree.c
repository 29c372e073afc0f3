/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees alone, wherever they came from: pointers, merge patch, canonical text. */
#include "sim/base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* An array index by RFC 6901: digits without leading zeros. -1 when it is none. */
static int index_of(const char *token)
{
	size_t n = strspn(token, "0123456789");
	if (n == 0 || n > 9 || token[n] || (token[0] == '0' && n > 1))
		return -1;
	return atoi(token);
}

static cJSON *child_of(const cJSON *node, const char *token)
{
	if (cJSON_IsObject(node))
		return cJSON_GetObjectItemCaseSensitive(node, token);
	int index = cJSON_IsArray(node) ? index_of(token) : -1;
	return index >= 0 ? cJSON_GetArrayItem(node, index) : NULL;
}

/* Decodes ~0 and ~1 in place. */
static void unescape(char *token)
{
	char *out = token;
	for (; *token; token++) {
		if (token[0] == '~' && (token[1] == '0' || token[1] == '1'))
			*out++ = *++token == '0' ? '~' : '/';
		else
			*out++ = *token;
	}
	*out = '\0';
}

/* Walks to the node that holds the pointer's last token; *last gets a copy of that token, to be
 * freed. NULL (and no copy) when the pointer is "", malformed, or leads nowhere. */
static cJSON *parent_of(const cJSON *root, const char *pointer, char **last)
{
	char *copy = pointer[0] == '/' ? strdup(pointer + 1) : NULL, *token = copy;
	const cJSON *node = root;
	while (copy && node) {
		char *slash = strchr(token, '/');
		if (slash)
			*slash = '\0';
		unescape(token);
		if (!slash) {
			*last = strdup(token);
			free(copy);
			return *last ? (cJSON *)node : NULL;
		}
		node = child_of(node, token);
		token = slash + 1;
	}
	free(copy);
	return NULL;
}

cJSON *json_at(const cJSON *root, const char *pointer)
{
	if (!*pointer)
		return (cJSON *)root;
	char *last;
	const cJSON *parent = parent_of(root, pointer, &last);
	if (!parent)
		return NULL;
	cJSON *node = child_of(parent, last);
	free(last);
	return node;
}

/* Puts value in old's place. cJSON's own replacement by name loses the name when memory runs out,
 * and reports success. */
static bool replace(cJSON *parent, cJSON *old, cJSON *value)
{
	if (old->string) {
		size_t size = strlen(old->string) + 1;
		char *name = cJSON_malloc(size);
		if (!name)
			return false;
		memcpy(name, old->string, size);
		if (value->string && !(value->type & cJSON_StringIsConst))
			cJSON_free(value->string);
		value->string = name;
		value->type &= ~cJSON_StringIsConst;
	}
	return cJSON_ReplaceItemViaPointer(parent, old, value);
}

int json_put(cJSON *root, const char *pointer, cJSON *value)
{
	char *last;
	cJSON *parent = parent_of(root, pointer, &last);
	cJSON *old = parent ? child_of(parent, last) : NULL;
	bool ok = false;
	if (old)
		ok = replace(parent, old, value);
	else if (cJSON_IsObject(parent))
		ok = cJSON_AddItemToObject(parent, last, value);
	else if (cJSON_IsArray(parent) && strcmp(last, "-") == 0)
		ok = cJSON_AddItemToArray(parent, value);
	if (parent)
		free(last);
	return ok ? 0 : ERR_INVALID;
}

/* Patches an object in place; false when out of memory. */
static bool patch_object(cJSON *target, const cJSON *patch)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, patch)
	{
		cJSON *old = cJSON_GetObjectItemCaseSensitive(target, member->string);
		if (cJSON_IsNull(member)) {
			cJSON_DeleteItemFromObjectCaseSensitive(target, member->string);
		} else if (cJSON_IsObject(old) && cJSON_IsObject(member)) {
			if (!patch_object(old, member))
				return false;
		} else {
			cJSON *fresh = json_merge_patch(NULL, member);
			bool ok = fresh &&
				  (old ? replace(target, old, fresh)
				       : cJSON_AddItemToObject(target, member->string, fresh));
			if (!ok) {
				cJSON_Delete(fresh);
				return false;
			}
		}
	}
	return true;
}

cJSON *json_merge_patch(cJSON *target, const cJSON *patch)
{
	if (!cJSON_IsObject(patch)) {
		cJSON_Delete(target);
		return cJSON_Duplicate(patch, true);
	}
	if (!cJSON_IsObject(target)) {
		cJSON_Delete(target);
		target = cJSON_CreateObject();
	}
	if (target && !patch_object(target, patch)) {
		cJSON_Delete(target);
		target = NULL;
	}
	return target;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void write_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void write_number(FILE *out, double value)
{
	char buf[40];
	if (fabs(value) < 0x1p53 && floor(value) == value) {
		fprintf(out, "%.0f", value == 0 ? 0 : value); /* one zero, not two */
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, value);
		if (strtod(buf, NULL) == value)
			break;
	}
	fputs(buf, out);
}

static bool write_canonical(FILE *out, const cJSON *node)
{
	if (cJSON_IsObject(node)) {
		size_t n = 0;
		const cJSON *m;
		const cJSON **members =
			calloc((size_t)cJSON_GetArraySize(node) + 1, sizeof(cJSON *));
		if (!members)
			return false;
		cJSON_ArrayForEach(m, node) members[n++] = m;
		qsort(members, n, sizeof(*members), compare_members);
		bool ok = true;
		putc('{', out);
		for (size_t i = 0; ok && i < n; i++) {
			if (i > 0)
				putc(',', out);
			write_string(out, members[i]->string);
			putc(':', out);
			ok = write_canonical(out, members[i]);
		}
		putc('}', out);
		free(members);
		return ok;
	}
	if (cJSON_IsArray(node)) {
		const cJSON *item;
		putc('[', out);
		cJSON_ArrayForEach(item, node)
		{
			if (item != node->child)
				putc(',', out);
			if (!write_canonical(out, item))
				return false;
		}
		putc(']', out);
	} else if (cJSON_IsString(node)) {
		write_string(out, node->valuestring);
	} else if (cJSON_IsNumber(node)) {
		write_number(out, node->valuedouble);
	} else {
		fputs(cJSON_IsTrue(node) ? "true" : cJSON_IsFalse(node) ? "false" : "null", out);
	}
	return true;
}

void json_add_number(cJSON *object, const char *name, double value)
{
	if (isfinite(value))
		cJSON_AddNumberToObject(object, name, value);
	else
		cJSON_AddNullToObject(object, name);
}

char *json_canonical(const cJSON *node)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	bool ok = write_canonical(out, node) && !ferror(out);
	if (fclose(out) != 0 || !ok) {
		free(text);
		return NULL;
	}
	return text;
}

void json_hash(const cJSON *node, char out[33])
{
	char *text = json_canonical(node);
	XXH128_hash_t h = {0, 0};
	if (text)
		h = XXH3_128bits(text, strlen(text));
	free(text);
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.high64,
		 (unsigned long long)h.low64);
}

char *json_pointer_join(char *buf, size_t size, const char *pointer, const char *token)
{
	if (size == 0)
		return buf;
	size_t n = strnlen(pointer, size - 1);
	memmove(buf, pointer, n);
	if (n + 1 < size)
		buf[n++] = '/';
	for (; *token && n + 1 < size; token++) {
		if (*token == '~' || *token == '/') {
			if (n + 2 >= size)
				break; /* half an escape would be another pointer */
			buf[n++] = '~';
			buf[n++] = *token == '~' ? '0' : '1';
		} else {
			buf[n++] = *token;
		}
	}
	buf[n] = '\0';
	return buf;
}
