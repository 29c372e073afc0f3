/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Names longer than this get no suggestion: the table of distances lives on the stack. */
enum { NEAREST_MAX = 64 };

static uint64_t hash_string(uint64_t h, const char *s)
{
	/* FNV-1a; a NULL and "" differ. */
	h = (h ^ (s ? 1U : 2U)) * 0x100000001b3U;
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3U;
	return h;
}

static uint64_t hash_of(const struct diag *d)
{
	uint64_t h = 0xcbf29ce484222325U;
	h = hash_string(hash_string(hash_string(h, d->file), d->pointer), d->text);
	h ^= (uint64_t)(uint32_t)d->line << 32 | (uint32_t)d->column;
	return h * 0x9e3779b97f4a7c15U >> 16;
}

static bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same(const struct diag *a, const struct diag *b)
{
	return a->line == b->line && a->column == b->column && same_string(a->file, b->file) &&
	       same_string(a->pointer, b->pointer) && same_string(a->text, b->text);
}

/* The slot of `d` in the index, or the empty slot where it belongs. Slots hold an item's number
 * + 1. */
static size_t *slot_of(const struct diag_list *list, const struct diag *d)
{
	size_t mask = 2 * list->capacity - 1;
	for (size_t i = (size_t)hash_of(d) & mask;; i = (i + 1) & mask) {
		size_t *slot = &list->index[i];
		if (*slot == 0 || same(&list->items[*slot - 1], d))
			return slot;
	}
}

static bool grow(struct diag_list *list)
{
	size_t capacity = list->capacity ? 2 * list->capacity : 16;
	size_t *index = calloc(2 * capacity, sizeof(*index));
	struct diag *items = index ? realloc(list->items, capacity * sizeof(*items)) : NULL;
	if (!items) {
		free(index);
		return false;
	}
	free(list->index);
	list->items = items;
	list->index = index;
	list->capacity = capacity;
	for (size_t i = 0; i < list->count; i++)
		*slot_of(list, &items[i]) = i + 1;
	return true;
}

static char *copy(struct arena *a, const char *s, bool *failed)
{
	char *p = s ? arena_strdup(a, s) : NULL;
	*failed |= s && !p;
	return p;
}

void diag_add(struct diag_list *list, enum diag_severity severity, const char *file, int line,
	      int column, const char *pointer, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = NULL;
	bool failed = vasprintf(&text, fmt, ap) < 0;
	va_end(ap);
	if (failed)
		text = NULL;
	struct diag d = {severity, file, line, column, pointer, text};
	failed = failed || (list->count == list->capacity && !grow(list));
	size_t *slot = failed ? NULL : slot_of(list, &d);
	if (slot && *slot) {
		free(text);
		return;
	}
	if (severity == DIAG_ERROR)
		list->errors++;
	if (slot) {
		d.file = copy(&list->arena, file, &failed);
		d.pointer = copy(&list->arena, pointer, &failed);
		d.text = copy(&list->arena, text, &failed);
		if (!failed) {
			list->items[list->count++] = d;
			*slot = list->count;
		}
	}
	free(text);
}

/* What a user wrote may hold control characters; on a terminal they must not act. */
static void put_visible(const char *s, FILE *out)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

void diag_print(const struct diag *d, FILE *out)
{
	if (d->file) {
		put_visible(d->file, out);
		if (d->line > 0)
			fprintf(out, ":%d", d->line);
		if (d->line > 0 && d->column > 0)
			fprintf(out, ":%d", d->column);
		fputs(": ", out);
	}
	if (d->pointer && *d->pointer) {
		put_visible(d->pointer, out);
		fputs(": ", out);
	}
	if (d->severity == DIAG_WARNING)
		fputs("warning: ", out);
	put_visible(d->text, out);
	putc('\n', out);
}

void diag_free(struct diag_list *list)
{
	free(list->items);
	free(list->index);
	arena_free(&list->arena);
	*list = (struct diag_list){0};
}

/* Edit distance with transpositions of neighbours (optimal string alignment); case does not count.
 */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][NEAREST_MAX + 1];
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			int ca = tolower((unsigned char)a[i - 1]),
			    cb = tolower((unsigned char)b[j - 1]);
			size_t best = up[j - 1] + (ca != cb);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]) && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[na % 3][nb];
}

const char *diag_nearest(const char *name, const char *const *names)
{
	size_t n = strnlen(name, NEAREST_MAX + 1);
	if (n > NEAREST_MAX)
		return NULL;
	const char *nearest = NULL;
	size_t best = n / 3 > 1 ? n / 3 : 1;
	for (; *names; names++) {
		size_t m = strnlen(*names, NEAREST_MAX + 1);
		if (m > NEAREST_MAX)
			continue;
		size_t d = distance(name, n, *names, m);
		/* One that shares no letter at its place is not near, however short both are. */
		if (d <= best && d < (n > m ? n : m) && (d < best || !nearest)) {
			nearest = *names;
			best = d;
		}
	}
	return nearest;
}
