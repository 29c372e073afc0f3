/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Paths from files. Whatever the format of the file, what the document holds of it is text with a
 * line of "handset,time,x,y" (in s and m) for each known position, so that a resolved document
 * needs no other file, and a result says what it was made from. Between two known positions a
 * handset goes straight and evenly; before the first and after the last one it stands there.
 */
#ifndef MODELS_TRACE_H
#define MODELS_TRACE_H

#include "models/mobility/mobility.h"

/* An entry of the document's section "traces". */
struct trace_file {
	const char *name; /* of the file */
	const char *data; /* the text */
};
extern const struct key_object trace_object;

/* Parameters of the models that follow a file. */
struct trace_follower {
	const char *file;
	struct trace *trace;
};
extern const struct key_object trace_csv_object, trace_fcd_object;

struct trace {
	uint32_t count; /* handsets, in the order in which they first appear */
	size_t *first;	/* count + 1 of them: where each one's points begin */
	struct trace_point {
		sim_time at; /* rising */
		double x, y; /* m */
	} * points;
	struct box box;
};

/* Reads the text of the file called `name` into the arena. Returns 0, ERR_INVALID with every bad
 * line in diags by its number, or ERR_NOMEM. */
int trace_parse(struct trace *trace, const char *name, const char *text, struct arena *arena,
		struct diag_list *diags);

/* The same for the mistakes alone: a rows_file.check. */
int trace_check(const char *name, const char *text, struct diag_list *diags);

/* What both models are made of. */
int trace_finish(void *parameters, const struct json_doc *doc, const char *pointer,
		 struct arena *arena, struct diag_list *diags);
void trace_start(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg);
void trace_next(const void *parameters, struct mobility_state *state, struct stream *st,
		struct leg *leg);
struct box trace_bounds(const void *parameters);
uint32_t trace_count(const void *parameters);

#endif
