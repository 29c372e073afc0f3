/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrivals from a file: { "csv": "requests.csv" }, or { "csv": { "file": ..., "repeat": "24 h" } }.
 * Its heading names the columns: `time` in s from the start of the run, not falling from row to
 * row; and perhaps `handset`, the number in its class, from 0, of whose task it is; `app`, of which
 * rows of other apps are passed over; `input` and `output` in bytes and `cycles`, which stand for
 * what the app would draw. Without `handset` the class's handsets get the rows in turn. What is
 * kept of a row is 8 bytes, and 24 more where it says what the task needs; all runs of a point
 * share it. */
#include "models/app/arrival.h"
#include "models/rows.h"

#include <math.h>
#include <string.h>

enum column { TIME, HANDSET, APP, INPUT, OUTPUT, CYCLES };
static const struct rows_column columns[] = {
	[TIME] = {.name = "time", .max = 1e9, .is_needed = true},
	[HANDSET] = {.name = "handset", .max = 1e7, .is_whole = true},
	[APP] = {.name = "app", .is_text = true},
	[INPUT] = {.name = "input", .max = 1e13},
	[OUTPUT] = {.name = "output", .max = 1e13},
	[CYCLES] = {.name = "cycles", .max = 1e18},
	{0},
};

/* What a row says that a task needs; NaN: nothing. */
struct need {
	double input_bytes, output_bytes, cycles;
};

/* Of one app on the handsets of one class. */
struct list {
	const char *text;
	uint32_t handsets;
	size_t count;
	size_t *first; /* handsets + 1: where each one's rows begin */
	sim_time *at;
	struct need *needs; /* or NULL */
	sim_time last;
};

struct csv {
	const char *file;
	double repeat_s;
	struct list *list;
};

static const struct key keys[] = {
	{.name = "file",
	 .type = KEY_STRING,
	 .offset = offsetof(struct csv, file),
	 .help = "beside the study, or its section \"traces\" has it: a heading and rows of time "
		 "(s), "
		 "perhaps handset, app, input and output (bytes), cycles"},
	{.name = "repeat",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct csv, repeat_s),
	 .unit = UNIT_TIME,
	 .max = 1e9,
	 .optional = true,
	 .help = "after so long the file begins again; more than its last time. Not given: it is "
		 "followed once"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_csv",
	.keys = keys,
	.size = sizeof(struct csv),
	.help = "tasks at the times of a file",
};

/* Whether the row is of that app; NULL: of any. */
static bool is_of(const struct rows *r, const char *app)
{
	const struct rows_field *f = &r->field[APP];
	return !app || !f->is_there ||
	       (strlen(app) == f->length && memcmp(app, f->text, f->length) == 0);
}

/* The next row of the app, which is no earlier than the last one. */
static bool next_row(struct rows *r, const char *app, double *last_s)
{
	while (rows_next(r)) {
		double s = r->field[TIME].number;
		if (s < *last_s) {
			rows_complain(r, "the times must not fall from row to row");
			continue;
		}
		*last_s = s;
		if (is_of(r, app))
			return true;
	}
	return false;
}

static int check(const char *name, const char *text, struct diag_list *diags)
{
	struct rows r;
	double last_s = 0;
	rows_open(&r, name, text, columns, diags);
	while (next_row(&r, NULL, &last_s))
		;
	return rows_close(&r);
}

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct csv *p = parameters;
	p->list = arena_alloc(arena, sizeof(*p->list));
	if (!p->list)
		return ERR_NOMEM;
	p->list->text = rows_text(doc, p->file, pointer, diags);
	return p->list->text ? 0 : ERR_INVALID;
}

/* The handset whose task the n-th row is; UINT32_MAX: it has no such one. */
static uint32_t owner_of(struct rows *r, size_t n, uint32_t handsets)
{
	if (!rows_has(r, HANDSET))
		return (uint32_t)(n % handsets);
	double number = r->field[HANDSET].number;
	if (r->field[HANDSET].is_there && number < handsets)
		return (uint32_t)number;
	if (!r->field[HANDSET].is_there)
		rows_complain(r, "handset is missing");
	else
		rows_complain(r, "handset %g: the class has %u, and the first one is 0", number,
			      handsets);
	return UINT32_MAX;
}

/* Counts the rows of each handset, in first[handset + 2]. */
static int count_rows(struct list *l, const char *name, const char *app, struct diag_list *diags)
{
	struct rows r;
	double last_s = 0;
	rows_open(&r, name, l->text, columns, diags);
	while (next_row(&r, app, &last_s)) {
		uint32_t owner = owner_of(&r, l->count, l->handsets);
		if (owner == UINT32_MAX)
			continue;
		l->first[owner + 2]++;
		l->count++;
	}
	l->last = sim_from_seconds(last_s);
	return rows_close(&r);
}

static double given(const struct rows *r, enum column c)
{
	return r->field[c].is_there ? r->field[c].number : NAN;
}

/* Each row moves its handset's mark on, to where the next one's begins. */
static void fill(struct list *l, const char *name, const char *app, struct diag_list *diags)
{
	struct rows r;
	double last_s = 0;
	size_t n = 0;
	rows_open(&r, name, l->text, columns, diags);
	for (uint32_t i = 2; i <= l->handsets; i++)
		l->first[i] += l->first[i - 1];
	for (; next_row(&r, app, &last_s); n++) {
		size_t to = l->first[owner_of(&r, n, l->handsets) + 1]++;
		l->at[to] = sim_from_seconds(last_s);
		if (l->needs)
			l->needs[to] = (struct need){given(&r, INPUT), given(&r, OUTPUT),
						     given(&r, CYCLES)};
	}
}

static int fit(const void *parameters, const struct arrival_user *user, const struct json_doc *doc,
	       const char *pointer, struct arena *arena, struct diag_list *diags, unsigned *gives)
{
	const struct csv *p = parameters;
	struct list *l = p->list;
	struct rows heading;
	char at[700];
	l->handsets = user->handsets > 0 ? user->handsets : 1;
	l->first = arena_array(arena, (size_t)l->handsets + 2, sizeof(*l->first));
	if (!l->first)
		return ERR_NOMEM;
	int code = count_rows(l, p->file, user->app, diags);
	if (code < 0)
		return code;
	rows_open(&heading, p->file, l->text, columns, diags);
	bool bytes = rows_has(&heading, INPUT) || rows_has(&heading, OUTPUT);
	bool cycles = rows_has(&heading, CYCLES);
	*gives = (bytes ? ARRIVAL_GIVES_BYTES : 0) | (cycles ? ARRIVAL_GIVES_CYCLES : 0);
	l->at = arena_array(arena, l->count, sizeof(*l->at));
	l->needs = *gives ? arena_array(arena, l->count, sizeof(*l->needs)) : NULL;
	if (!l->at || (*gives && !l->needs))
		return ERR_NOMEM;
	fill(l, p->file, user->app, diags);
	if (p->repeat_s > 0 && sim_from_seconds(p->repeat_s) <= l->last) {
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "repeat"),
			       "must be more than the last time in %s, which is %g s", p->file,
			       sim_to_seconds(l->last));
		return ERR_INVALID;
	}
	return 0;
}

/* state->at: the row of the task that came last; until: when its round through the file began. */
static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct csv *p = parameters;
	const struct list *l = p->list;
	size_t begin = l->first[state->number], end = l->first[state->number + 1];
	(void)st;
	(void)now;
	state->at = first ? 0 : state->at + 1;
	if (begin + state->at >= end) {
		if (begin == end || !(p->repeat_s > 0))
			return SIM_NEVER;
		state->at = 0;
		state->until = sim_time_add(state->until, sim_from_seconds(p->repeat_s));
	}
	return sim_time_add(state->until, l->at[begin + state->at]);
}

static void task(const void *parameters, const struct arrival_state *state, struct app_task *t)
{
	const struct list *l = ((const struct csv *)parameters)->list;
	if (!l->needs)
		return;
	const struct need *n = &l->needs[l->first[state->number] + state->at];
	if (!isnan(n->input_bytes))
		t->input_bytes = n->input_bytes;
	if (!isnan(n->output_bytes))
		t->output_bytes = n->output_bytes;
	if (!isnan(n->cycles))
		t->cycles = n->cycles;
}

/* Of a file that does not begin again: while it lasts. */
static double rate(const void *parameters)
{
	const struct csv *p = parameters;
	double s = p->repeat_s > 0 ? p->repeat_s : fmax(sim_to_seconds(p->list->last), 1e-9);
	return (double)p->list->count / p->list->handsets / s;
}

static const struct rows_file file = {rows_load, check};

const struct arrival_ops arrival_csv_ops = {
	.choice = {.name = "csv",
		   .help = "tasks at the times of a file",
		   .parameters = &object,
		   .main_key = "file",
		   .finish = finish},
	.file = &file,
	.fit = fit,
	.task = task,
	.next = next,
	.rate = rate,
};
