/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim completion: a script with which a shell completes commands and options.
 */
#include "sim/cli/shell/manual.h"

#include <string.h>

static int run(const struct cli_args *args)
{
	const char *shell = args->arguments[0];
	if (strcmp(shell, "bash") == 0)
		completion_write_bash(stdout);
	else if (strcmp(shell, "zsh") == 0)
		completion_write_zsh(stdout);
	else
		return cli_fail(CLI_USAGE, "completion: the shell must be bash or zsh (got '%s')",
				shell);
	return CLI_OK;
}

const struct cli_command cmd_completion_command = {
	.name = "completion",
	.arguments = "bash|zsh",
	.help = "print what a shell completes commands and options with",
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim completion bash >mcvsim.bash\n",
	.run = run,
};
