/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Apps: what one task moves, computes and asks of the kernel it runs on. Says nothing of how often
 * tasks come (arrival.h) and what anything costs (platform.h).
 */
#ifndef MODELS_APP_H
#define MODELS_APP_H

#include "models/dist.h"
#include "models/platform/op.h"

enum { APP_PACKET_BYTES = 1448 }; /* TCP payload of a 1500-byte packet with timestamps */

/* A file, as its table reads it: distributions are still JSON. */
struct app_net_file {
	const cJSON *packets; /* or requests */
	double bytes;	      /* in all of them together at the mean, or in each request */
};

struct app_operations_file {
	const cJSON *counts[OP_COUNT]; /* those without bytes */
	struct app_net_file *net_rx, *net_tx, *blk_read, *blk_write;
};

struct app_file {
	const char *name, *description;
	const cJSON *input, *output, *cycles; /* or stages */
	double deadline_s;
	struct app_operations_file operations;
	struct key_list stages;	 /* struct app_stage_file: see app_graph.h */
	struct app_retry *retry; /* or NULL */
	struct key_list sources;
};

extern const struct key_object app_object;
extern const struct key_object app_operations_object;

struct app_graph;

/* A task that has lost its host or its link is tried again. */
struct app_retry {
	int64_t attempts;  /* in all; 0 and 1: none */
	double backoff_s;  /* before the second */
	double factor;	   /* by which it grows before each further one */
	double deadline_s; /* after which, from the task's start, none begins; 0: none */
};

struct app {
	const char *name;
	struct dist input, output, cycles; /* bytes, bytes, cycles */
	double deadline_s;		   /* 0: none */
	struct app_retry retry;
	struct app_operation {
		struct dist count;
		double bytes;	 /* at the mean count, of net and block operations */
		bool of_payload; /* packets of the input or output, as many as it takes */
	} operations[OP_COUNT];
	/* The operations whose counts vary by themselves: their slots in app_task.counts. */
	uint8_t varying[OP_COUNT];
	unsigned varying_count;
	/* Of a stage: what crosses the network follows from where its neighbours run, so it is
	 * priced by the byte even where it is constant. */
	bool by_the_byte;
	/* The stages, or NULL for an app in one piece. The rest is then what a task has in all when
	 * each stage that may leave the handset does: what policies that know no stages decide on.
	 */
	const struct app_graph *graph;
};

/* Makes the app of a file that stands at `pointer`. Returns 0, ERR_INVALID with every mistake in
 * diags, or ERR_NOMEM. */
int app_compile(struct app *app, const struct app_file *file, const struct json_doc *doc,
		const char *pointer, struct arena *arena, struct diag_list *diags);

/* One task's draw. */
struct app_task {
	double input_bytes, output_bytes, cycles;
	float counts[OP_COUNT]; /* of app->varying, relative to their means; the rest is unset */
};

/* Draws a task. The number of draws does not depend on where the task will run. */
static inline void app_draw(const struct app *app, struct stream *st, struct app_task *task)
{
	task->input_bytes = dist_draw(&app->input, st);
	task->output_bytes = dist_draw(&app->output, st);
	task->cycles = dist_draw(&app->cycles, st);
	for (unsigned i = 0; i < app->varying_count; i++) {
		const struct dist *d = &app->operations[app->varying[i]].count;
		task->counts[i] = (float)(dist_draw(d, st) / d->mean);
	}
}

/* Reads the cycles and operations of an app or of a stage, which are the file's at `pointer`; its
 * input and output must be there already. Returns as app_compile. */
int app_compile_work(struct app *app, const struct app_operations_file *file,
		     const struct json_doc *doc, const char *pointer, struct arena *arena,
		     struct diag_list *diags);

/* The mean operations of one task on a CPU of `hz`, computing included. What the app does not say
 * of packets follows from its input and output. */
void app_load(const struct app *app, double hz, struct op_load *load);

#endif
