/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A results database opened for reading, and its summary on stdout: what `query` asks and `run`
 * ends with.
 */
#ifndef SIM_CLI_STUDY_RESULTS_H
#define SIM_CLI_STUDY_RESULTS_H

#include "reports/table/summary.h"
#include "sim/cli/cli.h"

struct results {
	struct db *db;
	struct dataset data;
};

/* The path as SQLite takes it for nothing but a file: ":memory:" and "file:x" get "./" before them.
 * In a static buffer, or `path` itself. */
const char *results_path(const char *path);

/* Says what is wrong and returns an enum cli_exit. To be ended with results_close in any case. */
int results_open(struct results *r, const char *path);
void results_close(struct results *r);

/* Says on stderr what a reader must know first: that runs are missing, that at some points many
 * tasks did not finish. `path` is what the hint on how to see them names. */
void results_warn(const struct results *r, const char *path);

/* Reads --format of a command that prints a table. Returns CLI_OK, or CLI_USAGE after saying what
 * is wrong. */
int results_format(const struct cli_args *args, enum table_format *format);

/* Prints the table that is asked for, or the same as JSON. Says what is wrong and returns an enum
 * cli_exit. */
int results_print(const struct results *r, const struct summary_request *request,
		  enum table_format format, bool json);

#endif
