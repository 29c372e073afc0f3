/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reads a command line by a command's table. Called by main only; commands ask the result through
 * cli.h.
 */
#ifndef SIM_CLI_SHELL_OPTIONS_H
#define SIM_CLI_SHELL_OPTIONS_H

#include "sim/cli/cli.h"

#include <stdio.h>

enum { OPTIONS_HELP = -1 };

/* Returns CLI_OK, CLI_USAGE with a message on stderr, or OPTIONS_HELP when --help was given.
 * Strings in *args point into argv. */
int options_parse(const struct cli_command *command, int argc, char **argv, struct cli_args *args);

void options_print_help(const struct cli_command *command, FILE *out);

#endif
