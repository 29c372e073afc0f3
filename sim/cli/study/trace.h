/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `mcvsim run --trace FILE`: what the tasks of one run did, written while it goes on. As CSV a row
 * for each task; as Chrome trace (the JSON that chrome://tracing and Perfetto open) the life of one
 * handset.
 */
#ifndef SIM_CLI_STUDY_TRACE_H
#define SIM_CLI_STUDY_TRACE_H

#include "models/world/world.h"
#include "sim/cli/cli.h"

#include <stdio.h>

enum trace_format { TRACE_CSV, TRACE_CHROME };

struct trace {
	struct world_trace calls; /* for the world's sink */
	enum trace_format format;
	FILE *file;
	const char *path;
	char class[256]; /* of --trace-handset */
	bool all;	 /* no handset was named */
	uint32_t lanes;	 /* that have a name in the file */
	unsigned long long rows;
};

/* Reads --trace, --trace-format and --trace-handset. Without --trace, calls.ctx stays NULL. Returns
 * CLI_OK, or CLI_USAGE with the mistake on stderr. */
int trace_options(struct trace *t, const struct cli_args *args);

/* Opens the file and begins it. Returns CLI_OK, or the code after a message. */
int trace_open(struct trace *t);

/* Ends and closes it; says when something did not arrive. `code` is what the run returned. */
int trace_close(struct trace *t, int code);

#endif
