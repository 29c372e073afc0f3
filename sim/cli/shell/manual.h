/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Manual pages and completion for shells, made from the same tables as --help. Used by the commands
 * `manual` and `completion`, which the build runs for the package.
 */
#ifndef SIM_CLI_SHELL_MANUAL_H
#define SIM_CLI_SHELL_MANUAL_H

#include "sim/cli/cli.h"

#include <stdio.h>

/* The page of one command, mcvsim-NAME(1), in man's macros. */
void manual_write_page(const struct cli_command *command, FILE *out);

/* The page of the program, mcvsim(1): its commands. */
void manual_write_overview(FILE *out);

void completion_write_bash(FILE *out);
void completion_write_zsh(FILE *out);

#endif
