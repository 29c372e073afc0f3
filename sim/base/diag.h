/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The user's mistakes in the files they wrote: collected, all of them, each with its place. The
 * program prints them at the end (`file.json:12:9: /hosts/0/cores: must be at least 1 (got 0)`).
 */
#ifndef SIM_BASE_DIAG_H
#define SIM_BASE_DIAG_H

#include "sim/base/arena.h"

#include <stddef.h>
#include <stdio.h>

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_severity severity;
	const char *file;    /* NULL when the place is not in a file (then `pointer` may say more) */
	int line, column;    /* from 1; 0 unknown */
	const char *pointer; /* RFC 6901 JSON pointer, or NULL */
	const char *text;    /* one sentence; says what to do where that is known */
};

/* Zero-initialise to start. Ends with diag_free. */
struct diag_list {
	struct diag *items;
	size_t count, errors, capacity;
	struct arena arena; /* owns the strings */
	size_t *index;	    /* private: finds an item that is already there */
};

/* Adds one; copies the strings. Out of memory is counted as an error even when it cannot be kept, so
 * that `errors` never says less than there were. The same text at the same place is added once. */
void diag_add(struct diag_list *list, enum diag_severity severity, const char *file, int line,
	      int column, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/* Writes one as a line: "file:line:column: /pointer: [warning: ]text", leaving out what is unknown.
 * Control characters that came from the user's text are shown as \xNN. */
void diag_print(const struct diag *d, FILE *out);

void diag_free(struct diag_list *list);

/* The name among `names` (ended by NULL) nearest to `name`, for "did you mean"; NULL when none is
 * near (edit distance with transpositions at most a third of the length, at least 1; case does not
 * count). */
const char *diag_nearest(const char *name, const char *const *names);

#endif
