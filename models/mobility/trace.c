/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/mobility/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "handset,time,x,y";
enum { FIELDS = 4, MISTAKES_MAX = 20 };

/* ---- Reading lines */

struct row {
	uint32_t handset;
	struct trace_point point;
};

struct reader {
	const char *name;
	struct diag_list *diags;
	struct row *rows;
	size_t count, capacity;
	const char **ids; /* by number; not ended, see lengths */
	size_t *lengths;
	sim_time *last; /* time of each one's last row */
	uint32_t handsets, room;
	uint32_t *table; /* number + 1 by hash, 0: free; a power of two of them */
	size_t slots;
	size_t mistakes;
};

static void complain(struct reader *r, int line, const char *what)
{
	if (r->mistakes++ < MISTAKES_MAX)
		diag_add(r->diags, DIAG_ERROR, r->name, line, 0, NULL, "%s", what);
}

static size_t hash_of(const char *id, size_t length)
{
	size_t h = 14695981039346656037u; /* FNV-1a */
	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)id[i]) * 1099511628211u;
	return h;
}

static uint32_t *slot_of(struct reader *r, const char *id, size_t length)
{
	size_t i = hash_of(id, length) & (r->slots - 1);
	while (r->table[i] && (r->lengths[r->table[i] - 1] != length ||
			       memcmp(r->ids[r->table[i] - 1], id, length) != 0))
		i = (i + 1) & (r->slots - 1);
	return &r->table[i];
}

/* Makes room for twice as many handsets. */
static int more_handsets(struct reader *r)
{
	uint32_t room = r->room ? r->room * 2 : 256;
	void *ids = realloc(r->ids, room * sizeof(*r->ids));
	r->ids = ids ? ids : r->ids;
	void *lengths = realloc(r->lengths, room * sizeof(*r->lengths));
	r->lengths = lengths ? lengths : r->lengths;
	void *last = realloc(r->last, room * sizeof(*r->last));
	r->last = last ? last : r->last;
	uint32_t *table = calloc((size_t)room * 2, sizeof(*table));
	if (!ids || !lengths || !last || !table) {
		free(table);
		return ERR_NOMEM;
	}
	free(r->table);
	r->table = table;
	r->slots = (size_t)room * 2;
	r->room = room;
	for (uint32_t i = 0; i < r->handsets; i++)
		*slot_of(r, r->ids[i], r->lengths[i]) = i + 1;
	return 0;
}

static int number_of(struct reader *r, const char *id, size_t length, uint32_t *number)
{
	if (r->handsets == r->room && more_handsets(r) < 0)
		return ERR_NOMEM;
	uint32_t *slot = slot_of(r, id, length);
	if (!*slot) {
		r->ids[r->handsets] = id;
		r->lengths[r->handsets] = length;
		r->last[r->handsets] = -1;
		*slot = ++r->handsets;
	}
	*number = *slot - 1;
	return 0;
}

static int add(struct reader *r, const struct row *row)
{
	if (r->count == r->capacity) {
		size_t more = r->capacity ? r->capacity * 2 : 4096;
		struct row *bigger = realloc(r->rows, more * sizeof(*bigger));
		if (!bigger)
			return ERR_NOMEM;
		r->rows = bigger;
		r->capacity = more;
	}
	r->rows[r->count++] = *row;
	return 0;
}

static int read_line(struct reader *r, int line, const char *from, const char *to)
{
	const char *begin[FIELDS], *end[FIELDS];
	double number[FIELDS] = {0};
	int n = 0;
	for (const char *p = from;; p++) {
		const char *comma = memchr(p, ',', (size_t)(to - p));
		if (n < FIELDS) {
			begin[n] = p;
			end[n] = comma ? comma : to;
		}
		n++;
		if (!comma)
			break;
		p = comma;
	}
	if (n != FIELDS || begin[0] == end[0]) {
		complain(r, line, "must be a handset, a time in s, and x and y in m");
		return 0;
	}
	for (int i = 1; i < FIELDS; i++)
		if (!rows_number(begin[i], end[i], &number[i])) {
			complain(r, line,
				 i == 1	  ? "the time is not a number"
				 : i == 2 ? "x is not a number"
					  : "y is not a number");
			return 0;
		}
	if (!(number[1] >= 0 && number[1] <= 1e9) || fabs(number[2]) > 1e7 ||
	    fabs(number[3]) > 1e7) {
		complain(r, line, "the time must be in 0..1e9 s, x and y within 1e7 m");
		return 0;
	}
	struct row row = {.point = {sim_from_seconds(number[1]), number[2], number[3]}};
	int code = number_of(r, begin[0], (size_t)(end[0] - begin[0]), &row.handset);
	if (code < 0)
		return code;
	if (row.point.at <= r->last[row.handset]) {
		complain(r, line, "the handset's times must rise from line to line");
		return 0;
	}
	r->last[row.handset] = row.point.at;
	return add(r, &row);
}

static int read_lines(struct reader *r, const char *text)
{
	int line = 1, code = 0;
	for (const char *p = text; *p && code == 0; line++) {
		const char *end = strchrnul(p, '\n'), *to = end;
		if (to > p && to[-1] == '\r')
			to--;
		if (line == 1 && ((size_t)(to - p) != sizeof(header) - 1 ||
				  memcmp(p, header, sizeof(header) - 1) != 0))
			complain(r, line, "the first line must be handset,time,x,y");
		else if (line > 1 && to > p)
			code = read_line(r, line, p, to);
		p = *end ? end + 1 : end;
	}
	if (code == 0 && r->count == 0 && r->mistakes == 0)
		complain(r, line, "has no positions");
	return code;
}

/* ---- By handset */

static int sort(struct trace *t, const struct reader *r, struct arena *arena)
{
	t->count = r->handsets;
	t->first = arena_array(arena, (size_t)t->count + 2, sizeof(*t->first));
	t->points = arena_array(arena, r->count, sizeof(*t->points));
	if (!t->first || !t->points)
		return ERR_NOMEM;
	t->box = (struct box){INFINITY, INFINITY, -INFINITY, -INFINITY};
	for (size_t i = 0; i < r->count; i++)
		t->first[r->rows[i].handset + 2]++;
	for (uint32_t i = 2; i <= t->count; i++)
		t->first[i] += t->first[i - 1];
	/* Each row moves its handset's mark on, to where the next one's begins. */
	for (size_t i = 0; i < r->count; i++) {
		const struct trace_point *p = &r->rows[i].point;
		t->points[t->first[r->rows[i].handset + 1]++] = *p;
		t->box = (struct box){fmin(t->box.x0, p->x), fmin(t->box.y0, p->y),
				      fmax(t->box.x1, p->x), fmax(t->box.y1, p->y)};
	}
	return 0;
}

int trace_parse(struct trace *trace, const char *name, const char *text, struct arena *arena,
		struct diag_list *diags)
{
	struct reader r = {.name = name, .diags = diags};
	int code = read_lines(&r, text);
	if (r.mistakes > MISTAKES_MAX)
		diag_add(diags, DIAG_ERROR, name, 0, 0, NULL, "and %zu more such lines",
			 r.mistakes - MISTAKES_MAX);
	*trace = (struct trace){0};
	if (code == 0)
		code = r.mistakes ? ERR_INVALID : sort(trace, &r, arena);
	free(r.rows);
	free(r.ids);
	free(r.lengths);
	free(r.last);
	free(r.table);
	return code;
}

int trace_check(const char *name, const char *text, struct diag_list *diags)
{
	struct arena arena = {0};
	struct trace unused;
	int code = trace_parse(&unused, name, text, &arena, diags);
	arena_free(&arena);
	return code;
}

/* ---- Models */

#define FOLLOWER_KEYS(text)                                                                        \
	{                                                                                          \
		{.name = "file",                                                                   \
		 .type = KEY_STRING,                                                               \
		 .offset = offsetof(struct trace_follower, file),                                  \
		 .help = text},                                                                    \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
static const struct key csv_keys[] = FOLLOWER_KEYS(
	"beside the study, or its section \"traces\" has it: lines of handset,time,x,y");
const struct key_object trace_csv_object = {
	.name = "mobility_csv",
	.keys = csv_keys,
	.size = sizeof(struct trace_follower),
	.help = "paths from a file of positions; each handset of the class has one of them",
};
static const struct key fcd_keys[] =
	FOLLOWER_KEYS("what `sumo --fcd-output` wrote, beside the study; without --fcd-output.geo");
const struct key_object trace_fcd_object = {
	.name = "mobility_sumo_fcd",
	.keys = fcd_keys,
	.size = sizeof(struct trace_follower),
	.help = "paths of vehicles and persons that SUMO has simulated",
};

static const struct key trace_keys[] = {
	{.name = "data",
	 .type = KEY_STRING,
	 .offset = offsetof(struct trace_file, data),
	 .help = "its text: a heading and rows, in s, m, bytes, cycles and bit/s"},
	{0},
};
const struct key_object trace_object = {
	.name = "trace",
	.keys = trace_keys,
	.size = sizeof(struct trace_file),
	.help = "a file that a model follows",
};

int trace_finish(void *parameters, const struct json_doc *doc, const char *pointer,
		 struct arena *arena, struct diag_list *diags)
{
	struct trace_follower *f = parameters;
	f->trace = arena_alloc(arena, sizeof(*f->trace));
	if (!f->trace)
		return ERR_NOMEM;
	const char *text = rows_text(doc, f->file, pointer, diags);
	if (!text)
		return ERR_INVALID;
	return trace_parse(f->trace, f->file, text, arena, diags);
}

static const struct trace *trace_of(const void *parameters)
{
	return ((const struct trace_follower *)parameters)->trace;
}

/* at[0]: which of the handset's points the leg goes to. */
void trace_start(const void *parameters, struct mobility_state *state, struct stream *st,
		 struct leg *leg)
{
	const struct trace *t = trace_of(parameters);
	const struct trace_point *first = &t->points[t->first[state->number]];
	leg->x = first->x;
	leg->y = first->y;
	leg->until = first->at;
	if (leg->until == 0)
		trace_next(parameters, state, st, leg);
}

void trace_next(const void *parameters, struct mobility_state *state, struct stream *st,
		struct leg *leg)
{
	const struct trace *t = trace_of(parameters);
	size_t n = t->first[state->number + 1] - t->first[state->number];
	const struct trace_point *p = &t->points[t->first[state->number]] + state->at[0];
	(void)st;
	*leg = (struct leg){.x = p->x, .y = p->y, .from = p->at, .until = SIM_NEVER};
	if ((size_t)++state->at[0] >= n)
		return;
	double s = sim_to_seconds(p[1].at - p->at);
	leg->vx = (p[1].x - p->x) / s;
	leg->vy = (p[1].y - p->y) / s;
	leg->until = p[1].at;
}

struct box trace_bounds(const void *parameters)
{
	return trace_of(parameters)->box;
}

uint32_t trace_count(const void *parameters)
{
	return trace_of(parameters)->count;
}
