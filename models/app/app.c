/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/app/app.h"

#include "models/app/app_graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MANY(word, text)                                                                           \
	{                                                                                          \
		.name = word, .type = KEY_ANY, .offset = offsetof(struct app_net_file, packets),   \
		.variants = dist_counts, .unit = UNIT_RATIO, .help = text                          \
	}
#define IN_THEM(default_text, text)                                                                \
	{                                                                                          \
		.name = "bytes", .type = KEY_QUANTITY,                                             \
		.offset = offsetof(struct app_net_file, bytes), .unit = UNIT_SIZE, .max = 1e15,    \
		.def = default_text, .help = text                                                  \
	}
static const struct key net_keys[] = {
	MANY("packets", "how many"),
	IN_THEM(NULL, "in all of them together, at the mean"),
	{0},
};
static const struct key_object net_object = {.name = "app_packets",
					     .keys = net_keys,
					     .size = sizeof(struct app_net_file),
					     .help = "packets of a task"};

static const struct key blk_keys[] = {
	MANY("requests", "how many"),
	IN_THEM("\"4 KiB\"", "in each"),
	{0},
};
static const struct key_object blk_object = {.name = "app_requests",
					     .keys = blk_keys,
					     .size = sizeof(struct app_net_file),
					     .help = "block requests of a task"};

#define COUNT(id, word, text)                                                                      \
	{                                                                                          \
		.name = word, .type = KEY_ANY,                                                     \
		.offset = offsetof(struct app_operations_file, counts) +                           \
			  OP_##id * sizeof(const cJSON *),                                         \
		.variants = dist_counts, .unit = UNIT_RATIO, .optional = true, .help = text        \
	}
#define BYTES(word, field, of, text)                                                               \
	{                                                                                          \
		.name = word, .type = KEY_OPTIONAL_OBJECT,                                         \
		.offset = offsetof(struct app_operations_file, field), .object = &of,              \
		.optional = true, .help = text                                                     \
	}
static const struct key operation_keys[] = {
	COUNT(SYSCALL, "syscall", "system calls beside those of block requests and packets"),
	COUNT(PAGE_FAULT, "page_fault", "faults on memory that the guest has already"),
	COUNT(PAGE_TOUCH, "page_touch", "first touches of pages that the host must provide"),
	COUNT(PAGE_RELEASE, "page_release", "pages given back"),
	COUNT(MAP_CHANGE, "map_change", "page-table entries changed"),
	COUNT(CONTEXT_SWITCH, "context_switch", "switches between processes"),
	COUNT(PRIVILEGED, "privileged", "privileged instructions of the guest's kernel that exit"),
	COUNT(TIMER, "timer", "timers armed"),
	COUNT(IPI, "ipi", "interrupts between CPUs"),
	BYTES("net_rx", net_rx, net_object, "packets received; by default those of the input"),
	BYTES("net_tx", net_tx, net_object, "packets sent; by default those of the output"),
	BYTES("blk_read", blk_read, blk_object, "block requests that read"),
	BYTES("blk_write", blk_write, blk_object, "block requests that write"),
	{0},
};
const struct key_object app_operations_object = {
	.name = "app_operations",
	.keys = operation_keys,
	.size = sizeof(struct app_operations_file),
	.help = "what a task makes its machine do, beside computing",
};

#define FIELD(word, kind, field, ...)                                                              \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct app_file, field),            \
		__VA_ARGS__                                                                        \
	}
#define RETRY(word, kind, field, ...)                                                              \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct app_retry, field),           \
		__VA_ARGS__                                                                        \
	}
static const struct key retry_keys[] = {
	RETRY("attempts", KEY_INT, attempts, .min = 1, .max = 200, .def = "3",
	      .help = "how many in all"),
	RETRY("backoff", KEY_QUANTITY, backoff_s, .unit = UNIT_TIME, .max = 1e6, .def = "\"1 s\"",
	      .help = "the wait before the second"),
	RETRY("factor", KEY_NUMBER, factor, .min = 1, .max = 100, .def = "2",
	      .help = "by which the wait grows before each further one"),
	RETRY("deadline", KEY_QUANTITY, deadline_s, .unit = UNIT_TIME, .min = 1e-9, .max = 1e9,
	      .optional = true,
	      .help = "so long after the task's start no attempt begins any more; without it any "
		      "time"),
	{0},
};
static const struct key_object retry_object = {.name = "app_retry",
					       .keys = retry_keys,
					       .size = sizeof(struct app_retry),
					       .help = "how often a task is tried"};

static const struct key app_keys[] = {
	FIELD("description", KEY_STRING, description, .def = "\"\"", .help = "one sentence"),
	FIELD("input", KEY_ANY, input, .optional = true, .unit = UNIT_SIZE, .variants = dist_sizes,
	      .help = "what goes up with a task: a quantity or a distribution"),
	FIELD("output", KEY_ANY, output, .optional = true, .unit = UNIT_SIZE,
	      .variants = dist_sizes, .help = "what comes down: a quantity or a distribution"),
	FIELD("cycles", KEY_ANY, cycles, .optional = true, .unit = UNIT_CYCLES,
	      .variants = dist_cycles, .help = "computing: a quantity or a distribution"),
	FIELD("deadline", KEY_QUANTITY, deadline_s, .unit = UNIT_TIME, .min = 1e-9, .max = 1e9,
	      .optional = true, .help = "a task that takes longer has failed; without it none has"),
	FIELD("operations", KEY_OBJECT, operations, .object = &app_operations_object, .def = "{}",
	      .help = "what a task makes its machine do, beside computing: counts, or "
		      "distributions of counts"),
	FIELD("stages", KEY_MAP, stages, .object = &app_stage_object, .optional = true,
	      .min_items = 1,
	      .help = "instead of input, output, cycles and operations: the parts of a task by "
		      "name, "
		      "which may run in different places (a task graph)"),
	FIELD("retry", KEY_OPTIONAL_OBJECT, retry, .object = &retry_object, .optional = true,
	      .help = "a task that has lost its host, its link or its guest is tried again; never "
		      "unless said"),
	FIELD("sources", KEY_STRINGS, sources, .optional = true,
	      .help = "where the numbers come from"),
	{0},
};

/* ---- Compiling */

struct compiler {
	struct app *app;
	const struct json_doc *doc;
	const char *pointer;
	struct arena *arena;
	struct diag_list *diags;
	int code;
};

static void read_dist(struct compiler *c, struct dist *d, enum unit unit, double max,
		      const char *const *path)
{
	char at[700], next[700];
	snprintf(at, sizeof(at), "%s", c->pointer);
	for (; *path; path++) {
		json_pointer_join(next, sizeof(next), at, *path);
		memcpy(at, next, sizeof(at));
	}
	int code = dist_read(d, unit, max, c->doc, at, c->arena, c->diags);
	if (code < 0 && c->code != ERR_NOMEM)
		c->code = code;
}

static void read_count(struct compiler *c, enum op op, const char *inner)
{
	const char *const path[] = {"operations", op_name(op), inner, NULL};
	read_dist(c, &c->app->operations[op].count, UNIT_RATIO, 1e12, path);
}

/* Packets when the file says, else those that the bytes take. */
static void compile_net(struct compiler *c, enum op op, const struct app_net_file *net,
			const struct dist *bytes)
{
	struct app_operation *o = &c->app->operations[op];
	if (net) {
		read_count(c, op, "packets");
		o->bytes = net->bytes;
		return;
	}
	o->count.mean = ceil(bytes->mean / APP_PACKET_BYTES);
	o->bytes = bytes->mean;
	o->of_payload = true;
}

static void compile_blk(struct compiler *c, enum op op, const struct app_net_file *blk)
{
	struct app_operation *o = &c->app->operations[op];
	if (!blk)
		return;
	read_count(c, op, "requests");
	o->bytes = o->count.mean * blk->bytes;
}

int app_compile_work(struct app *app, const struct app_operations_file *file,
		     const struct json_doc *doc, const char *pointer, struct arena *arena,
		     struct diag_list *diags)
{
	struct compiler c = {app, doc, pointer, arena, diags, 0};
	read_dist(&c, &app->cycles, UNIT_CYCLES, 1e18, (const char *const[]){"cycles", NULL});
	for (int op = 0; op < OP_COUNT; op++)
		if (file->counts[op])
			read_count(&c, (enum op)op, NULL);
	compile_net(&c, OP_NET_RX, file->net_rx, &app->input);
	compile_net(&c, OP_NET_TX, file->net_tx, &app->output);
	compile_blk(&c, OP_BLK_READ, file->blk_read);
	compile_blk(&c, OP_BLK_WRITE, file->blk_write);
	for (int op = 0; op < OP_COUNT; op++)
		if (dist_varies(&app->operations[op].count))
			app->varying[app->varying_count++] = (uint8_t)op;
	return c.code;
}

int app_compile(struct app *app, const struct app_file *file, const struct json_doc *doc,
		const char *pointer, struct arena *arena, struct diag_list *diags)
{
	struct compiler c = {app, doc, pointer, arena, diags, 0};
	*app = (struct app){.name = file->name, .deadline_s = file->deadline_s};
	if (file->retry)
		app->retry = *file->retry;
	if (file->stages.items)
		return app_graph_compile(app, file, doc, pointer, arena, diags);
	read_dist(&c, &app->input, UNIT_SIZE, 1e13, (const char *const[]){"input", NULL});
	read_dist(&c, &app->output, UNIT_SIZE, 1e13, (const char *const[]){"output", NULL});
	int code = app_compile_work(app, &file->operations, doc, pointer, arena, diags);
	return c.code < 0 ? c.code : code;
}

/* An app in one piece needs all of them, one of stages has none. */
static bool check_pieces(const struct app_file *file, const struct json_doc *doc,
			 const char *pointer, struct diag_list *diags)
{
	const struct {
		const char *name;
		const cJSON *node;
	} pieces[] = {{"input", file->input}, {"output", file->output}, {"cycles", file->cycles}};
	bool sound = true;
	char at[700];
	for (int i = 0; i < 3; i++) {
		json_pointer_join(at, sizeof(at), pointer, pieces[i].name);
		if (file->stages.items && pieces[i].node)
			json_doc_error(doc, diags, at,
				       "has no place beside \"stages\", which say what they %s",
				       i < 2 ? "move" : "compute");
		else if (!file->stages.items && !pieces[i].node)
			json_doc_error(doc, diags, at,
				       "is missing (an app needs it, or \"stages\")");
		else
			continue;
		sound = false;
	}
	if (file->stages.items && file->retry) {
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "retry"),
			       "has no place beside \"stages\": what they did would be lost");
		sound = false;
	}
	const cJSON *operations =
		json_at(doc->root, json_pointer_join(at, sizeof(at), pointer, "operations"));
	if (file->stages.items && operations && operations->child) {
		json_doc_error(doc, diags, at, "have no place beside \"stages\": each has its own");
		sound = false;
	}
	return sound;
}

/* Finds the mistakes in distributions where the file itself is read. */
static void check(void *object, const struct json_doc *doc, const char *pointer,
		  struct diag_list *diags)
{
	struct arena arena = {0};
	struct app unused;
	if (check_pieces(object, doc, pointer, diags))
		app_compile(&unused, object, doc, pointer, &arena, diags);
	arena_free(&arena);
}

const struct key_object app_object = {
	.name = "app",
	.keys = app_keys,
	.size = sizeof(struct app_file),
	.help = "what one task moves, computes and asks of its kernel",
	.check = check,
};

void app_load(const struct app *app, double hz, struct op_load *load)
{
	*load = (struct op_load){.compute_ns = app->cycles.mean / hz * 1e9};
	for (int op = 0; op < OP_COUNT; op++) {
		load->count[op] = app->operations[op].count.mean;
		load->bytes[op] = app->operations[op].bytes;
	}
}
