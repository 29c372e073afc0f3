/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A table of texts with a head, and the ways to print it: for a terminal, Markdown, LaTeX
 * (booktabs) and HTML. Knows nothing of what stands in it.
 */
#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H

#include "sim/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
	const char *head;
	bool right; /* numbers stand to the right */
};

/* Zero-initialise to start; texts live in its arena. */
struct table {
	struct arena arena;
	struct table_column *columns;
	size_t column_count;
	const char **cells; /* row by row; NULL is empty */
	size_t row_count;
	double *order;	  /* like cells: what a column is sorted by where its texts do not say;
			       NaN: the text. NULL: always the text */
	const char *note; /* one sentence below the table; NULL: none */
};

enum table_format { TABLE_TEXT, TABLE_MARKDOWN, TABLE_LATEX, TABLE_HTML };

/* Prints in a format. LaTeX: a tabular that needs \usepackage{booktabs}; '±' becomes \pm. */
void table_print(const struct table *t, enum table_format format, FILE *out);

/* How many columns of a terminal it takes as text. */
size_t table_width(const struct table *t);

void table_free(struct table *t);

/* A text within HTML, also within an attribute in double quotes. */
void html_put(FILE *out, const char *text);

/* Columns that a UTF-8 text takes in a terminal. */
size_t table_text_width(const char *text);

#endif
