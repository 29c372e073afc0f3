/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

enum { BLOCK_MIN = 4096, BLOCK_MAX = 1 << 20 };

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;
		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	free_blocks(a->head);
	free_blocks(a->large);
	*a = (struct arena){0};
}

/* A block of `size` bytes before the others of a list, or NULL. */
static struct arena_block *add_block(struct arena_block **list, size_t size)
{
	struct arena_block *b = calloc(1, sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	b->next = *list;
	*list = b;
	return b;
}

/* Blocks of small pieces double, so that a large arena costs few calls and a small one little
 * memory. A piece that would take much of a block has one of its own and makes none grow. */
static struct arena_block *block_for(struct arena *a, size_t need)
{
	struct arena_block *b = a->head;
	if (b && b->size - b->used >= need)
		return b;
	size_t size = b ? b->size * 2 : BLOCK_MIN;
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (need > size / 4)
		return add_block(&a->large, need);
	return add_block(&a->head, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > SIZE_MAX - sizeof(struct arena_block) - align)
		return NULL;
	size_t need = (size + (size == 0) + align - 1) / align * align;
	struct arena_block *b = block_for(a, need);
	if (!b)
		return NULL;
	void *p = b->data + b->used;
	b->used += need;
	a->bytes += size;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(n, size, &total))
		return NULL;
	return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);
	if (p)
		memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
