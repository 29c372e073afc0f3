/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/app/app_graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIELD(of, word, kind, field, ...)                                                          \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(of, field), __VA_ARGS__             \
	}
static const struct key after_keys[] = {
	FIELD(struct app_after_file, "bytes", KEY_ANY, bytes, .unit = UNIT_SIZE,
	      .variants = dist_sizes, .help = "what it hands over: a quantity or a distribution"),
	{0},
};
static const struct key_object after_object = {.name = "app_after",
					       .keys = after_keys,
					       .size = sizeof(struct app_after_file),
					       .help = "an edge of a task graph"};

static const struct key stage_keys[] = {
	FIELD(struct app_stage_file, "cycles", KEY_ANY, cycles, .unit = UNIT_CYCLES,
	      .variants = dist_cycles, .help = "computing: a quantity or a distribution"),
	FIELD(struct app_stage_file, "pinned", KEY_BOOL, pinned, .def = "false",
	      .help = "it runs on the handset whatever the policy says (camera, screen)"),
	FIELD(struct app_stage_file, "after", KEY_MAP, after, .object = &after_object, .def = "{}",
	      .help = "the stages whose results it needs, with what they hand over"),
	FIELD(struct app_stage_file, "operations", KEY_OBJECT, operations,
	      .object = &app_operations_object, .def = "{}",
	      .help = "what it makes its machine do, beside computing"),
	{0},
};
const struct key_object app_stage_object = {.name = "app_stage",
					    .keys = stage_keys,
					    .size = sizeof(struct app_stage_file),
					    .help = "a part of a task, which runs in one place"};

/* ---- Order */

struct sorter {
	const struct app_stage_file *files;
	unsigned count;
	uint32_t needs[APP_STAGES_MAX]; /* by place in the file: the stages before it */
	uint8_t order[APP_STAGES_MAX];
	struct compile_place {
		const struct json_doc *doc;
		struct diag_list *diags;
		char stages[600]; /* pointer to the map */
	} at;
	int code;
};

static void complain(struct sorter *s, const char *pointer, const char *text)
{
	json_doc_error(s->at.doc, s->at.diags, pointer, "%s", text);
	s->code = ERR_INVALID;
}

static int find(const struct sorter *s, const char *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->files[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void unknown_stage(struct sorter *s, const char *name, const char *pointer)
{
	const char *names[APP_STAGES_MAX + 1] = {0};
	char text[300];
	for (unsigned i = 0; i < s->count; i++)
		names[i] = s->files[i].name;
	const char *near = diag_nearest(name, names);
	snprintf(text, sizeof(text), "unknown stage \"%s\"%s%s%s", name,
		 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	complain(s, pointer, text);
}

static void read_needs(struct sorter *s)
{
	uint32_t connected = 0;
	char stage[700], after[750], at[850];
	for (unsigned i = 0; i < s->count; i++) {
		const struct app_after_file *before = s->files[i].after.items;
		json_pointer_join(stage, sizeof(stage), s->at.stages, s->files[i].name);
		json_pointer_join(after, sizeof(after), stage, "after");
		for (size_t k = 0; k < s->files[i].after.count; k++) {
			int from = find(s, before[k].name);
			json_pointer_join(at, sizeof(at), after, before[k].name);
			if (from < 0)
				unknown_stage(s, before[k].name, at);
			else
				s->needs[i] |= 1u << from;
		}
		connected |= s->needs[i] | (s->needs[i] ? 1u << i : 0);
	}
	for (unsigned i = 0; i < s->count && s->count > 1 && s->code == 0; i++)
		if (!(connected >> i & 1))
			complain(
				s,
				json_pointer_join(at, sizeof(at), s->at.stages, s->files[i].name),
				"is unreachable: it comes after no stage, and none comes after it");
}

/* From a stage that could not be placed, backwards until one is met again. */
static void name_cycle(struct sorter *s, uint32_t placed)
{
	uint8_t path[APP_STAGES_MAX + 1];
	unsigned n = 0, first = 0, at = 0;
	char text[1500] = "is part of a cycle: ", pointer[700];
	while (placed >> at & 1)
		at++;
	for (;;) {
		for (first = 0; first < n && path[first] != at; first++)
			;
		path[n++] = (uint8_t)at;
		if (first < n - 1)
			break;
		uint32_t open = s->needs[at] & ~placed;
		for (at = 0; !(open >> at & 1); at++)
			;
	}
	/* The path leads to what comes before; it is told in the order of time. */
	for (unsigned i = n; i-- > first;) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s%s", s->files[path[i]].name,
			 i > first ? " -> " : "");
	}
	complain(s,
		 json_pointer_join(pointer, sizeof(pointer), s->at.stages,
				   s->files[path[first]].name),
		 text);
}

static void sort(struct sorter *s)
{
	uint32_t placed = 0;
	for (unsigned n = 0; n < s->count; n++) {
		unsigned i = 0;
		while (i < s->count && ((placed >> i & 1) || (s->needs[i] & ~placed)))
			i++;
		if (i == s->count) {
			name_cycle(s, placed);
			return;
		}
		s->order[n] = (uint8_t)i;
		placed |= 1u << i;
	}
}

/* ---- Compiling */

static void add_edge(struct app_graph *g, uint8_t from, uint8_t to, const struct dist *bytes)
{
	g->edges[g->edge_count++] = (struct app_edge){from, to, bytes ? *bytes : (struct dist){0}};
}

static int compile_edges(struct app_graph *g, const struct sorter *s, struct arena *arena)
{
	uint8_t place[APP_STAGES_MAX]; /* of the file's stages in the graph */
	char stage[700], after[750], before[850], at[900];
	int code = 0;
	for (uint8_t i = 0; i < s->count; i++)
		place[s->order[i]] = i;
	for (uint8_t i = 0; i < s->count; i++) {
		const struct app_stage_file *file = &s->files[s->order[i]];
		const struct app_after_file *files = file->after.items;
		json_pointer_join(stage, sizeof(stage), s->at.stages, file->name);
		json_pointer_join(after, sizeof(after), stage, "after");
		for (size_t k = 0; k < file->after.count; k++) {
			struct dist bytes = {0};
			json_pointer_join(before, sizeof(before), after, files[k].name);
			json_pointer_join(at, sizeof(at), before, "bytes");
			int result = dist_read(&bytes, UNIT_SIZE, 1e13, s->at.doc, at, arena,
					       s->at.diags);
			code = result < 0 && code != ERR_NOMEM ? result : code;
			add_edge(g, place[find(s, files[k].name)], i, &bytes);
		}
		if (file->after.count == 0)
			add_edge(g, APP_HANDSET, i, NULL);
	}
	return code;
}

/* Counts each stage's edges, gives last ones theirs to the handset, and sums the bytes. */
static void connect(struct app_graph *g)
{
	for (unsigned i = 0; i < g->edge_count; i++)
		if (g->edges[i].from != APP_HANDSET)
			g->stages[g->edges[i].from].behind++;
	for (uint8_t i = 0; i < g->stage_count; i++)
		if (g->stages[i].behind == 0) {
			g->stages[i].behind = 1;
			add_edge(g, i, APP_HANDSET, NULL);
		}
	for (unsigned i = 0; i < g->edge_count; i++) {
		const struct app_edge *e = &g->edges[i];
		if (e->from != APP_HANDSET)
			g->stages[e->from].work.output.mean += e->bytes.mean;
		if (e->to == APP_HANDSET)
			continue;
		g->stages[e->to].work.input.mean += e->bytes.mean;
		g->stages[e->to].before++;
	}
}

static int compile_stages(struct app_graph *g, const struct sorter *s, struct arena *arena)
{
	int code = 0;
	char at[700];
	for (unsigned i = 0; i < g->stage_count; i++) {
		const struct app_stage_file *file = &s->files[s->order[i]];
		struct app *work = &g->stages[i].work;
		g->stages[i].name = work->name = file->name;
		work->by_the_byte = true;
		g->pinned |= (uint32_t)file->pinned << i;
		json_pointer_join(at, sizeof(at), s->at.stages, file->name);
		int result = app_compile_work(work, &file->operations, s->at.doc, at, arena,
					      s->at.diags);
		code = result < 0 && code != ERR_NOMEM ? result : code;
	}
	return code;
}

/* What a task has in all when each stage that may leave the handset does. */
static void sum_up(struct app *app, const struct app_graph *g)
{
	for (unsigned i = 0; i < g->edge_count; i++) {
		const struct app_edge *e = &g->edges[i];
		bool from = app_graph_is_pinned(g, e->from), to = app_graph_is_pinned(g, e->to);
		if (from && !to)
			app->input.mean += e->bytes.mean;
		else if (!from && to)
			app->output.mean += e->bytes.mean;
	}
	for (unsigned i = 0; i < g->stage_count; i++) {
		const struct app *work = &g->stages[i].work;
		if (g->pinned >> i & 1)
			continue;
		app->cycles.mean += work->cycles.mean;
		for (int op = 0; op < OP_COUNT; op++) {
			if (work->operations[op].of_payload)
				continue;
			app->operations[op].count.mean += work->operations[op].count.mean;
			app->operations[op].bytes += work->operations[op].bytes;
		}
	}
	app->operations[OP_NET_RX].count.mean += ceil(app->input.mean / APP_PACKET_BYTES);
	app->operations[OP_NET_RX].bytes += app->input.mean;
	app->operations[OP_NET_TX].count.mean += ceil(app->output.mean / APP_PACKET_BYTES);
	app->operations[OP_NET_TX].bytes += app->output.mean;
}

static size_t count_edges(const struct sorter *s)
{
	size_t n = 2 * (size_t)s->count; /* at most one of each stage from and to the handset */
	for (unsigned i = 0; i < s->count; i++)
		n += s->files[i].after.count;
	return n;
}

int app_graph_compile(struct app *app, const struct app_file *file, const struct json_doc *doc,
		      const char *pointer, struct arena *arena, struct diag_list *diags)
{
	struct sorter s = {.files = file->stages.items,
			   .count = (unsigned)file->stages.count,
			   .at = {.doc = doc, .diags = diags}};
	char text[100];
	json_pointer_join(s.at.stages, sizeof(s.at.stages), pointer, "stages");
	if (file->stages.count > APP_STAGES_MAX || count_edges(&s) > APP_EDGES_MAX) {
		snprintf(text, sizeof(text),
			 "must have at most %d stages and %d edges between them", APP_STAGES_MAX,
			 APP_EDGES_MAX - 2 * APP_STAGES_MAX);
		complain(&s, s.at.stages, text);
		return s.code;
	}
	read_needs(&s);
	if (s.code == 0)
		sort(&s);
	if (s.code < 0)
		return s.code;
	struct app_graph *g = arena_alloc(arena, sizeof(*g));
	if (!g)
		return ERR_NOMEM;
	g->stage_count = s.count;
	int code = compile_edges(g, &s, arena);
	connect(g);
	int more = compile_stages(g, &s, arena);
	code = code < 0 ? code : more;
	sum_up(app, g);
	app->graph = g;
	return code;
}

void app_graph_draw(const struct app_graph *g, struct stream *st, struct app_graph_task *task,
		    struct app_task *sums)
{
	*sums = (struct app_task){0};
	for (unsigned i = 0; i < g->stage_count; i++) {
		app_draw(&g->stages[i].work, st, &task->stages[i]);
		task->stages[i].input_bytes = task->stages[i].output_bytes = 0;
		if (!(g->pinned >> i & 1))
			sums->cycles += task->stages[i].cycles;
	}
	for (unsigned i = 0; i < g->edge_count; i++) {
		const struct app_edge *e = &g->edges[i];
		bool from = app_graph_is_pinned(g, e->from), to = app_graph_is_pinned(g, e->to);
		task->bytes[i] = dist_draw(&e->bytes, st);
		if (from && !to)
			sums->input_bytes += task->bytes[i];
		else if (!from && to)
			sums->output_bytes += task->bytes[i];
	}
}
