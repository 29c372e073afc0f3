/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/app.h"

#include <gsl/gsl_randist.h>
#include <math.h>

static const struct key net_keys[] = {
	{.name = "packets",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct app_net, packets),
	 .max = 1e9,
	 .help = "how many"},
	{.name = "bytes",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct app_net, bytes),
	 .unit = UNIT_SIZE,
	 .max = 1e15,
	 .help = "in all of them together"},
	{0},
};
static const struct key_object net_object = {.name = "app_packets",
					     .keys = net_keys,
					     .size = sizeof(struct app_net),
					     .help = "packets of a task"};

static const struct key blk_keys[] = {
	{.name = "requests",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct app_blk, requests),
	 .max = 1e9,
	 .help = "how many"},
	{.name = "bytes",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct app_blk, request_bytes),
	 .unit = UNIT_SIZE,
	 .max = 1e12,
	 .def = "\"4 KiB\"",
	 .help = "in each"},
	{0},
};
static const struct key_object blk_object = {.name = "app_requests",
					     .keys = blk_keys,
					     .size = sizeof(struct app_blk),
					     .help = "block requests of a task"};

#define COUNT(id, word, text)                                                                      \
	{                                                                                          \
		.name = word, .type = KEY_NUMBER,                                                  \
		.offset = offsetof(struct app_operations, counts) + OP_##id * sizeof(double),      \
		.max = 1e12, .def = "0", .help = text                                              \
	}
#define BYTES(word, field, of, text)                                                               \
	{                                                                                          \
		.name = word, .type = KEY_OPTIONAL_OBJECT,                                         \
		.offset = offsetof(struct app_operations, field), .object = &of, .optional = true, \
		.help = text                                                                       \
	}
static const struct key operation_keys[] = {
	COUNT(SYSCALL, "syscall", "system calls beside those of block requests and packets"),
	COUNT(PAGE_FAULT, "page_fault", "faults on memory that the guest has already"),
	COUNT(PAGE_TOUCH, "page_touch", "first touches of pages that the host must provide"),
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
static const struct key_object operations_object = {
	.name = "app_operations",
	.keys = operation_keys,
	.size = sizeof(struct app_operations),
	.help = "what a task makes its machine do, beside computing",
};

#define FIELD(word, kind, field, ...)                                                              \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct app, field), __VA_ARGS__     \
	}
#define CV(word, field, what)                                                                      \
	FIELD(word, KEY_NUMBER, field, .max = 10, .def = "0",                                      \
	      .help = "coefficient of variation of the " what                                      \
		      ": 0 constant, 1 exponential, else gamma")
static const struct key app_keys[] = {
	FIELD("description", KEY_STRING, description, .def = "\"\"", .help = "one sentence"),
	FIELD("input", KEY_QUANTITY, input_bytes, .unit = UNIT_SIZE, .max = 1e13,
	      .help = "what goes up with a task, mean"),
	FIELD("output", KEY_QUANTITY, output_bytes, .unit = UNIT_SIZE, .max = 1e13,
	      .help = "what comes down, mean"),
	FIELD("cycles", KEY_QUANTITY, cycles, .unit = UNIT_CYCLES, .max = 1e18,
	      .help = "computing, mean"),
	CV("input_cv", input_cv, "input"),
	CV("output_cv", output_cv, "output"),
	CV("cycles_cv", cycles_cv, "cycles"),
	FIELD("deadline", KEY_QUANTITY, deadline_s, .unit = UNIT_TIME, .max = 1e9, .optional = true,
	      .help = "a task that takes longer has failed"),
	FIELD("operations", KEY_OBJECT, operations, .object = &operations_object, .def = "{}",
	      .help = "what a task makes its machine do, beside computing"),
	FIELD("sources", KEY_STRINGS, sources, .optional = true,
	      .help = "where the numbers come from"),
	{0},
};
const struct key_object app_object = {
	.name = "app",
	.keys = app_keys,
	.size = sizeof(struct app),
	.help = "what one task moves, computes and asks of its kernel",
};

static double draw(double mean, double cv, struct stream *st)
{
	if (cv == 0 || mean == 0)
		return mean;
	if (cv == 1)
		return stream_exponential(st, mean);
	double shape = 1 / (cv * cv);
	gsl_rng r = stream_gsl(st);
	return gsl_ran_gamma(&r, shape, mean / shape);
}

void app_draw(const struct app *app, struct stream *st, struct app_task *task)
{
	task->input_bytes = draw(app->input_bytes, app->input_cv, st);
	task->output_bytes = draw(app->output_bytes, app->output_cv, st);
	task->cycles = draw(app->cycles, app->cycles_cv, st);
}

static void net_load(const struct app_net *net, double default_bytes, enum op op,
		     struct op_load *load)
{
	load->bytes[op] = net ? net->bytes : default_bytes;
	load->count[op] = net ? net->packets : ceil(default_bytes / APP_PACKET_BYTES);
}

static void blk_load(const struct app_blk *blk, enum op op, struct op_load *load)
{
	load->count[op] = blk ? blk->requests : 0;
	load->bytes[op] = blk ? blk->requests * blk->request_bytes : 0;
}

void app_load(const struct app *app, double hz, struct op_load *load)
{
	const struct app_operations *o = &app->operations;
	*load = (struct op_load){.compute_ns = app->cycles / hz * 1e9};
	for (int op = 0; op < OP_COUNT; op++)
		load->count[op] = o->counts[op];
	net_load(o->net_rx, app->input_bytes, OP_NET_RX, load);
	net_load(o->net_tx, app->output_bytes, OP_NET_TX, load);
	blk_load(o->blk_read, OP_BLK_READ, load);
	blk_load(o->blk_write, OP_BLK_WRITE, load);
}
