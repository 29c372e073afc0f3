/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The frame of the program: one struct per command, one file per command (command/cmd_<name>.c),
 * options as table rows that yield parsing, --help and "did you mean". With hvcore's own main the
 * only code that prints, exits, reads the environment and starts processes.
 */
#ifndef SIM_CLI_CLI_H
#define SIM_CLI_CLI_H

#include "sim/base/diag.h"
#include "sim/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit codes, as scripts rely on them. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,	 /* failed while running */
	CLI_USAGE = 2,	 /* usage or invalid input */
	CLI_PARTIAL = 3, /* finished, with some runs failed */
};

enum { CLI_OPTIONS_MAX = 32, CLI_ARGUMENTS_MAX = 256 };

struct cli_option {
	const char *name;     /* long name without dashes; NULL ends a table */
	char letter;	      /* short name, or 0 */
	const char *argument; /* what the value is called in --help; NULL for a flag */
	const char *help;
};

/* A command line after parsing. Options may stand before and after arguments; "--" ends options. */
struct cli_args {
	const struct cli_command *command;
	const char *arguments[CLI_ARGUMENTS_MAX];
	size_t argument_count;
	struct {
		const struct cli_option *option;
		const char *value; /* "" for a flag */
	} given[CLI_ARGUMENTS_MAX];
	size_t given_count;
};

struct cli_command {
	const char *name;
	const char *arguments; /* as in the synopsis, "STUDY.json" */
	const char *help;      /* one sentence */
	const struct cli_option *options;
	const char *examples; /* command lines, each ended by \n */
	size_t min_arguments, max_arguments;
	int (*run)(const struct cli_args *args); /* returns an enum cli_exit */
};

/* Prints JSON on stdout, as --json asks, and deletes it. NULL is "no memory", which is told.
 * Returns CLI_OK or CLI_FAILED. */
int cli_print_json(cJSON *value);

/* The last value given for an option, or NULL when it was not given ("" for a given flag). */
const char *cli_value(const struct cli_args *args, const char *option);
bool cli_flag(const struct cli_args *args, const char *option);

/* The i-th value of an option that may be repeated, or NULL past the last. */
const char *cli_value_at(const struct cli_args *args, const char *option, size_t i);

/* Reads an option as a whole number in [min, max]. Returns 0; on a mistake says so on stderr and
 * returns CLI_USAGE. An option that was not given leaves *value alone. */
int cli_number(const struct cli_args *args, const char *option, long long min, long long max,
	       long long *value);

/* "mcvsim: text" on stderr; the second returns `code` so that a command can end with it. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints a failed call's sentence and returns the exit code that fits it (INVALID: CLI_USAGE; else
 * CLI_FAILED). */
int cli_fail_err(const struct err *e);

/* Prints all diagnostics on stderr and how many there were. */
void cli_print_diags(const struct diag_list *diags);

/* Flushes and closes stdout; returns `code`, or CLI_FAILED with a message when something that was
 * printed did not arrive. Main's last call. */
int cli_close_stdout(int code);

/* "0.1.0", and after a "+" the commit where it was built from a clone (cmake/version.cmake). */
const char *cli_version(void);

/* Whether stderr is a terminal that may be drawn on (progress); colour also needs NO_COLOR unset.
 */
bool cli_is_terminal(void);
bool cli_has_colour(void);

/* How many columns stdout shows when it is a terminal, else 0. */
size_t cli_stdout_width(void);

/* Installs handlers for SIGINT and SIGTERM that set the flag returned; the second signal kills. */
const volatile bool *cli_catch_signals(void);

/* The folder with scenarios/ (platforms, radios, apps, profiles, schema): $MCVSIM_DATA, else
 * ../share/mcvsim beside the program, else the source tree the program was built in. Static
 * storage. NULL when none is found. */
const char *cli_data_folder(void);

/* A program of ours ("hvcore"), beside mcvsim or in the build tree or ../libexec/mcvsim; falls back
 * to PATH. Static storage. NULL when it cannot be found. */
const char *cli_find_program(const char *name);

/* A program to run. */
struct cli_spawn {
	const char *const
		*argv;	    /* ended by NULL; argv[0] is found through PATH unless it has a '/' */
	const char *folder; /* to start in, or NULL */
	double deadline_s;  /* then the program and its children are killed; 0: no deadline */
	char **out, **err; /* where its stdout and stderr go: owned by the caller (free), ended by a
			      NUL, cut at 16 MiB; NULL: dropped */
};

/* Runs it to its end. Returns its exit status, 128 + the signal that ended it, or a negative
 * err_code with *e filled (ERR_NOTFOUND: no such program; ERR_TIMEOUT). */
int cli_spawn_run(const struct cli_spawn *spawn, struct err *e);

extern const struct cli_command *const cli_commands[]; /* ended by NULL */

#endif
