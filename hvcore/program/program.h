/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program hvcore: one process per guest. stdout carries the product (JSON lines, or the guest's
 * console), stderr everything else. A command is a function in a file cmd_NAME.c and a row in
 * main.c; an option is a row in options.c. The only part of hvcore that prints and exits.
 */
#ifndef HVCORE_PROGRAM_PROGRAM_H
#define HVCORE_PROGRAM_PROGRAM_H

#include "hvcore/hv.h"
#include "hvcore/probe/mix.h"
#include "hvcore/probe/probe.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROGRAM_OK = 0, PROGRAM_FAILED = 1, PROGRAM_USAGE = 2 };

/* What was given on the command line; 0 or NULL where nothing was. Texts are argv's. */
struct program_options {
	bool json, quick, para, iothread, no_sandbox;
	const char *backend; /* one that there is */
	const char *scratch;
	enum hv_regime regime; /* NONE: as the machine offers */
	uint64_t delay_ns, mem_mib, limit_ms, seed, cpus;
};

struct program_command {
	const char *name; /* NULL ends a table */
	const char *arguments;
	unsigned letter; /* its bit in an option's `commands` */
	int max_arguments;
	int (*run)(const struct program_options *opt, char **args, int count);
	const char *help; /* lines */
};

int program_doctor(const struct program_options *opt, char **args, int count);
int program_list(const struct program_options *opt, char **args, int count);
int program_surface(const struct program_options *opt, char **args, int count);
int program_probe(const struct program_options *opt, char **names, int count);
int program_mix(const struct program_options *opt, char **counts, int count);
int program_turns(const struct program_options *opt, char **items, int count);
int program_run(const struct program_options *opt, char **args, int count);

/* One bit per command, for the table of options. */
enum {
	PROGRAM_DOCTOR = 1,
	PROGRAM_LIST = 2,
	PROGRAM_PROBE = 4,
	PROGRAM_MIX = 8,
	PROGRAM_TURNS = 16,
	PROGRAM_RUN = 32,
	PROGRAM_SURFACE = 64,
	PROGRAM_ALL = 127,
};

/* Which options were given: a bit for each row of the table, and those that are no command's. */
struct program_given {
	unsigned rows;
	bool help, version;
};

/* Parses the options of a command line, moves what is none to its end (as getopt_long does) and
 * leaves optind there. Returns 0, or PROGRAM_USAGE when told what is wrong. */
int program_parse(int argc, char **argv, struct program_options *opt, struct program_given *given);

/* Whether a command takes all the options that were given; if not, one of them is told. */
bool program_takes(const struct program_command *command, const struct program_given *given);

/* The command's options for its synopsis, one after the other; `i` counts from 0. NULL: no more. */
const char *program_option_of(unsigned letter, unsigned i, char text[64]);

/* Prints what each option does. */
void program_print_options(void);

/* The devices that --para and --iothread ask for, for the command of that name. Returns 0, or
 * PROGRAM_USAGE when told that the backend has none such. */
int program_devices(const char *command, const struct program_options *opt,
		    const struct hv_backend *backend, struct hv_mix_devices *out);

/* Says on stderr what is wrong with the command line; returns PROGRAM_USAGE. */
int program_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints JSON on stdout, one line, and deletes it; NULL is "no memory". Returns PROGRAM_OK, or
 * PROGRAM_FAILED when it cannot be printed, which is told. */
int program_print(cJSON *object);

/* That all that was printed on stdout has arrived: PROGRAM_OK, or PROGRAM_FAILED, told. */
int program_flush(void);

/* What a probe finds around it: options, the clock's rate and, if asked for, the regime of kvm.
 * What cannot be found out is told as a warning. */
struct hv_probe_env program_environment(const struct program_options *opt, bool with_regime);

#endif
