/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files of rows: CSV with a heading, for models that follow a file. The heading names the columns,
 * in any order; which a model knows it says in a table. What a document holds of a file is its
 * text, in the section "traces", so that a resolved document needs no other file, and a result says
 * what it was made from. Rows are read one at a time; nothing is kept of them here.
 */
#ifndef MODELS_ROWS_H
#define MODELS_ROWS_H

#include "sim/base/diag.h"
#include "sim/base/err.h"
#include "sim/base/json.h"

#include <stdbool.h>
#include <stdio.h>

enum { ROWS_COLUMNS_MAX = 8, ROWS_BYTES_MAX = 64 << 20 };

/* How a model reads the file that it follows. */
struct rows_file {
	/* Reads it into text, which the caller frees in any case. Returns 0, ERR_INVALID with
	 * diags, ERR_LIMIT when it is more than ROWS_BYTES_MAX, or another code with *e filled. */
	int (*load)(FILE *in, const char *name, char **text, struct diag_list *diags,
		    struct err *e);
	/* Looks for mistakes in the text. Returns 0, ERR_INVALID with every bad line in diags by
	 * its number, or ERR_NOMEM. */
	int (*check)(const char *name, const char *text, struct diag_list *diags);
};

/* Takes a file as it is: a rows_file.load. */
int rows_load(FILE *in, const char *name, char **text, struct diag_list *diags, struct err *e);

/* The text of that file in the document, or NULL with a mistake at `pointer`. */
const char *rows_text(const struct json_doc *doc, const char *file, const char *pointer,
		      struct diag_list *diags);

/* Whether the text from..to is a finite number, as a whole. */
bool rows_number(const char *from, const char *to, double *value);

/* A table of them is ended by a NULL name. Numbers are in min..max; a whole one has no fraction. */
struct rows_column {
	const char *name;
	double min, max;
	bool is_text, is_whole, is_needed; /* needed: in the heading, and in each row */
};

struct rows {
	/* Of the row that was read last, by the table's order. */
	struct rows_field {
		bool is_there; /* the row has something there */
		double number;
		const char *text; /* not ended */
		size_t length;
	} field[ROWS_COLUMNS_MAX];
	int line;

	/* private */
	const char *name, *at;
	const struct rows_column *columns;
	struct diag_list *diags;
	int column_of[ROWS_COLUMNS_MAX]; /* by the file's order */
	int columns_here;
	size_t rows, mistakes;
};

/* Begins to read the text of the file called `name`. */
void rows_open(struct rows *r, const char *name, const char *text,
	       const struct rows_column *columns, struct diag_list *diags);

/* Reads the next row without a mistake; false: there is none. */
bool rows_next(struct rows *r);

/* Whether the heading names that column. */
bool rows_has(const struct rows *r, int column);

/* A mistake in the row that was read last. */
void rows_complain(struct rows *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* After the last row: returns 0, or ERR_INVALID when there were mistakes or no row. */
int rows_close(struct rows *r);

#endif
