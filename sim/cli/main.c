/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Chooses the command and hands the rest of the line to it.
 */
#include "sim/cli/cli.h"
#include "sim/cli/shell/options.h"

#include <stdio.h>
#include <string.h>

static int print_help(FILE *out)
{
	fputs("mcvsim: what does virtualization cost a handset that offloads its work?\n\n"
	      "usage: mcvsim COMMAND [OPTION]... [ARGUMENT]...\n\ncommands:\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->help);
	fputs("\n`mcvsim COMMAND --help` says more; `mcvsim --version` prints the version.\n", out);
	return CLI_OK;
}

static const struct cli_command *find(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (strcmp(cli_commands[i]->name, name) == 0)
			return cli_commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	const char *names[64] = {0};
	for (size_t i = 0; cli_commands[i] && i < 63; i++)
		names[i] = cli_commands[i]->name;
	const char *near = diag_nearest(name, names);
	if (near)
		return cli_fail(CLI_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
	return cli_fail(CLI_USAGE, "unknown command '%s'; `mcvsim --help` lists them", name);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("mcvsim %s\n", cli_version());
		return cli_close_stdout(CLI_OK);
	}
	bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		    strcmp(argv[1], "help") == 0;
	if (help && argc == 2)
		return cli_close_stdout(print_help(stdout));
	const char *name = help ? argv[2] : argv[1];
	const struct cli_command *command = find(name);
	if (!command)
		return unknown_command(name);
	if (help) {
		options_print_help(command, stdout);
		return cli_close_stdout(CLI_OK);
	}
	struct cli_args args;
	int code = options_parse(command, argc - 2, argv + 2, &args);
	if (code == OPTIONS_HELP) {
		options_print_help(command, stdout);
		return cli_close_stdout(CLI_OK);
	}
	if (code != CLI_OK)
		return code;
	return cli_close_stdout(command->run(&args));
}
