/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim manual: a manual page, in man's macros; or all of them, into a folder.
 */
#include "sim/cli/shell/manual.h"

#include <errno.h>
#include <string.h>

static const struct cli_option options[] = {
	{"output", 'o', "FOLDER", "write all pages, mcvsim.1 and mcvsim-COMMAND.1, into it"}, {0}};

/* One page into a folder; command NULL: the overview. */
static int write_file(const char *folder, const struct cli_command *command)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/mcvsim%s%s.1", folder, command ? "-" : "",
			 command ? command->name : "");
	FILE *out = n < (int)sizeof(path) ? fopen(path, "we") : NULL;
	if (!out)
		return cli_fail(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
	if (command)
		manual_write_page(command, out);
	else
		manual_write_overview(out);
	if (fclose(out) != 0)
		return cli_fail(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
	return CLI_OK;
}

static int run(const struct cli_args *args)
{
	const char *folder = cli_value(args, "output");
	const char *name = args->argument_count ? args->arguments[0] : NULL;
	int code = folder ? write_file(folder, NULL) : CLI_OK;
	if (!folder && !name)
		manual_write_overview(stdout);
	bool found = !name;
	for (size_t i = 0; cli_commands[i] && code == CLI_OK; i++) {
		if (folder) {
			code = write_file(folder, cli_commands[i]);
		} else if (name && strcmp(cli_commands[i]->name, name) == 0) {
			manual_write_page(cli_commands[i], stdout);
			found = true;
		}
	}
	if (!found && !folder)
		return cli_fail(CLI_USAGE, "manual: there is no command '%s'", name);
	return code;
}

const struct cli_command cmd_manual_command = {
	.name = "manual",
	.arguments = "[COMMAND]",
	.help = "print a manual page, for `man -l -`",
	.options = options,
	.min_arguments = 0,
	.max_arguments = 1,
	.examples = "mcvsim manual run >mcvsim-run.1\n",
	.run = run,
};
