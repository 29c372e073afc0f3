/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rates from a file: { "csv": "drive.csv" }, or { "csv": { "file": ..., "repeat": "10 min" } }. Its
 * heading names the columns: `time` in s from the start of the run, rising; `up` and `down`, or one
 * of them, in bit/s. A rate holds until the next row; before the first one, and where the file says
 * none, it is the cell's own; after the last one it holds to the end, or the file begins again. */
#include "models/radio/capacity.h"

#include <math.h>

enum column { TIME, UP, DOWN };
static const struct rows_column columns[] = {
	[TIME] = {.name = "time", .max = 1e9, .is_needed = true},
	[UP] = {.name = "up", .max = 1e15},
	[DOWN] = {.name = "down", .max = 1e15},
	{0},
};

struct step {
	sim_time at;
	double up_bps, down_bps; /* NaN: as before */
};

struct csv {
	const char *file;
	double repeat_s;
	struct step *steps;
	size_t count;
};

static const struct key keys[] = {
	{.name = "file",
	 .type = KEY_STRING,
	 .offset = offsetof(struct csv, file),
	 .help = "beside the study, or its section \"traces\" has it: a heading and rows of time "
		 "(s), and up, down or both (bit/s)"},
	{.name = "repeat",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct csv, repeat_s),
	 .unit = UNIT_TIME,
	 .max = 1e9,
	 .optional = true,
	 .help = "after so long the file begins again; more than its last time. Not given: its "
		 "last "
		 "rates hold to the end"},
	{0},
};
static const struct key_object object = {
	.name = "capacity_csv",
	.keys = keys,
	.size = sizeof(struct csv),
	.help = "rates over time, from a file",
};

static void begin_reading(struct rows *r, const char *name, const char *text,
			  struct diag_list *diags)
{
	rows_open(r, name, text, columns, diags);
	if (r->mistakes == 0 && !rows_has(r, UP) && !rows_has(r, DOWN))
		rows_complain(r, "the first line must name the column \"up\", \"down\" or both");
}

/* The next step, later than the last one. */
static bool next_step(struct rows *r, struct step *s, sim_time *last)
{
	while (rows_next(r)) {
		const struct rows_field *f = r->field;
		s->at = sim_from_seconds(f[TIME].number);
		if (s->at <= *last) {
			rows_complain(r, "the times must rise from row to row");
			continue;
		}
		*last = s->at;
		s->up_bps = f[UP].is_there ? f[UP].number : NAN;
		s->down_bps = f[DOWN].is_there ? f[DOWN].number : NAN;
		return true;
	}
	return false;
}

static int count_steps(const char *name, const char *text, struct diag_list *diags, size_t *count,
		       sim_time *last)
{
	struct rows r;
	struct step s;
	*last = -1;
	*count = 0;
	for (begin_reading(&r, name, text, diags); next_step(&r, &s, last);)
		++*count;
	return rows_close(&r);
}

static int check(const char *name, const char *text, struct diag_list *diags)
{
	size_t count;
	sim_time last;
	return count_steps(name, text, diags, &count, &last);
}

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct csv *p = parameters;
	const char *text = rows_text(doc, p->file, pointer, diags);
	struct rows r;
	sim_time last, again = -1;
	char at[700];
	int code = text ? count_steps(p->file, text, diags, &p->count, &last) : ERR_INVALID;
	if (code < 0)
		return code;
	if (p->repeat_s > 0 && sim_from_seconds(p->repeat_s) <= last) {
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "repeat"),
			       "must be more than the last time in %s, which is %g s", p->file,
			       sim_to_seconds(last));
		return ERR_INVALID;
	}
	p->steps = arena_array(arena, p->count, sizeof(*p->steps));
	if (!p->steps)
		return ERR_NOMEM;
	begin_reading(&r, p->file, text, diags);
	for (size_t i = 0; i < p->count; i++)
		next_step(&r, &p->steps[i], &again);
	return 0;
}

static sim_time begin(const void *parameters)
{
	return ((const struct csv *)parameters)->steps[0].at;
}

static sim_time change(const void *parameters, struct capacity_state *state, sim_time now,
		       double *up_bps, double *down_bps)
{
	const struct csv *p = parameters;
	const struct step *s = &p->steps[state->at];
	(void)now;
	if (!isnan(s->up_bps))
		*up_bps = s->up_bps;
	if (!isnan(s->down_bps))
		*down_bps = s->down_bps;
	if (++state->at == p->count) {
		if (!(p->repeat_s > 0))
			return SIM_NEVER;
		state->at = 0;
		state->began = sim_time_add(state->began, sim_from_seconds(p->repeat_s));
	}
	return sim_time_add(state->began, p->steps[state->at].at);
}

static const struct rows_file file = {rows_load, check};

const struct capacity_ops capacity_csv_ops = {
	.choice = {.name = "csv",
		   .help = "rates over time, from a file",
		   .parameters = &object,
		   .main_key = "file",
		   .finish = finish},
	.begin = begin,
	.change = change,
	.file = &file,
};
