/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A study, put together: the document with its settings and library entries, the plan of its
 * points, the profiles that price them. What `check`, `run` and `reproduce` start from. Joins the
 * layers that know nothing of each other: the world (models/), the sweep (sim/experiment/), figures
 * and `where` (reports/).
 */
#ifndef SIM_CLI_STUDY_STUDY_H
#define SIM_CLI_STUDY_STUDY_H

#include "models/world/world.h"
#include "sim/cli/cli.h"
#include "sim/cli/study/library.h"
#include "sim/cli/study/profiles.h"
#include "sim/experiment/plan.h"

/* The key table of a whole study. */
extern const struct key_object study_object;

struct study {
	const char *path;
	struct json_doc doc; /* resolved: settings, defaults and library entries are in it */
	struct library library;
	struct experiment experiment;
	struct plan plan;
	struct profiles profiles;
	double expected_tasks;		 /* over all points, one repetition each */
	struct where *where;		 /* the filter that the plan was made with */
	const struct world_trace *trace; /* follows the runs, or NULL */
	bool stored; /* from a database: what it may name was checked when it was run */
	struct arena arena;
};

/* Reads a study: the file, then `--set` and `--seed` of args. Checks everything that can be checked
 * before the first run, each point included; mistakes go to diags. Returns 0, ERR_INVALID with
 * diags, or another code with *e. To be ended with study_close in any case. */
int study_open(struct study *s, const char *path, const struct cli_args *args,
	       struct diag_list *diags, struct err *e);

/* The same from what a results database holds. */
int study_open_stored(struct study *s, const cJSON *document, const cJSON *prices,
		      struct diag_list *diags, struct err *e);

void study_close(struct study *s);

/* One run of the study's world: a run_function, ctx is the struct study *. */
int study_run_point(void *ctx, const cJSON *document, const struct run_key *key,
		    const volatile bool *stop, struct run_result *out, struct err *e);

#endif
