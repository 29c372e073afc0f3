/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Task graphs: an app whose task is a DAG of stages. A stage starts when all that it comes `after`
 * has ended and its data is where it runs. Stages that are pinned run on the handset; each other
 * one there or at a site, as the policy says. Bytes on an edge cross the network only where its two
 * ends run in different places.
 */
#ifndef MODELS_APP_GRAPH_H
#define MODELS_APP_GRAPH_H

#include "models/app/app.h"

enum { APP_STAGES_MAX = 24, APP_EDGES_MAX = 72 };

struct app_after_file {
	const char *name; /* the stage before */
	const cJSON *bytes;
};

struct app_stage_file {
	const char *name;
	const cJSON *cycles;
	bool pinned;
	struct app_operations_file operations;
	struct key_list after; /* struct app_after_file */
};

extern const struct key_object app_stage_object;

/* Where an edge begins that brings a stage without predecessors its call, and where one ends that
 * brings a last stage's result: on the handset. Both have no bytes. */
#define APP_HANDSET UINT8_MAX

struct app_edge {
	uint8_t from, to; /* stages, or APP_HANDSET at one end */
	struct dist bytes;
};

struct app_graph {
	unsigned stage_count, edge_count;
	uint32_t pinned; /* a bit for each stage */
	/* In topological order; of stages that could come next, the file's first does. */
	struct app_stage {
		const char *name;
		struct app work; /* input and output: what all its edges carry, at the mean */
		uint8_t before, behind; /* how many edges lead to it, and away from it */
	} stages[APP_STAGES_MAX];
	struct app_edge edges[APP_EDGES_MAX];
};

/* Makes the graph of a file that has stages, and of *app what they have in all. Refuses cycles by
 * naming one, stages that nothing connects, and unknown names with the nearest one. Returns 0,
 * ERR_INVALID with every mistake in diags, or ERR_NOMEM. */
int app_graph_compile(struct app *app, const struct app_file *file, const struct json_doc *doc,
		      const char *pointer, struct arena *arena, struct diag_list *diags);

/* One task's draw for each stage and edge. */
struct app_graph_task {
	struct app_task stages[APP_STAGES_MAX]; /* bytes: 0; where it runs decides */
	double bytes[APP_EDGES_MAX];
};

/* Draws a task, and its sums when each stage that may leave the handset does. The number of draws
 * does not depend on where the stages will run. */
void app_graph_draw(const struct app_graph *graph, struct stream *st, struct app_graph_task *task,
		    struct app_task *sums);

/* Whether what stands at that end of an edge is always on the handset. */
static inline bool app_graph_is_pinned(const struct app_graph *g, uint8_t stage)
{
	return stage == APP_HANDSET || (g->pinned >> stage & 1);
}

#endif
