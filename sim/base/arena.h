/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A growing region of memory that is freed all at once: one per run, one per parsed document.
 * Not safe for two threads at a time; give each its own.
 */
#ifndef SIM_BASE_ARENA_H
#define SIM_BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *head;  /* private: of small pieces, the first has room */
	struct arena_block *large; /* private: of one large piece each */
	size_t bytes;		   /* handed out so far, without padding */
};

/* Zero-initialise to start: struct arena a = {0}. Frees everything; the arena can be used again. */
void arena_free(struct arena *a);

/* `size` zeroed bytes aligned for any type, valid until arena_free. NULL only when the system is
 * out of memory. size 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* n * size zeroed bytes; NULL also when the product overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Copies of a string, or of its first n bytes with a NUL behind; NULL when out of memory. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);

/* A string made printf-style; NULL when out of memory. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
