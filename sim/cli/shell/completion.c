/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/manual.h"

#include <string.h>

void completion_write_bash(FILE *out)
{
	fputs("# bash completion for mcvsim; made by `mcvsim completion bash`\n"
	      "_mcvsim()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} options=\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W \"",
	      out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "%s ", cli_commands[i]->name);
	fputs("--help --version\" -- \"$word\")\n\t\treturn\n\tfi\n"
	      "\tcase ${COMP_WORDS[1]} in\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "\t%s) options=\"", cli_commands[i]->name);
		for (const struct cli_option *o = cli_commands[i]->options; o && o->name; o++)
			fprintf(out, "--%s%s ", o->name, o->argument ? "=" : "");
		fputs("--help\" ;;\n", out);
	}
	fputs("\tesac\n"
	      "\tcase $word in\n"
	      "\t-*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;\n"
	      "\t*) mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
	      "\tesac\n"
	      "\tif [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace 2>/dev/null; fi\n"
	      "}\n"
	      "complete -o filenames -F _mcvsim mcvsim\n",
	      out);
}

/* Within single quotes and the brackets of _arguments. */
static void put_zsh(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *p))
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
	}
}

static void put_zsh_option(FILE *out, const struct cli_option *o)
{
	const char *repeated = "*"; /* several may be given more than once, and none is harmed */
	if (o->letter) {
		fprintf(out, "\t\t\t'%s-%c%s[", repeated, o->letter, o->argument ? "+" : "");
		put_zsh(out, o->help);
		fprintf(out, "]%s' \\\n", o->argument ? ":value:_files" : "");
	}
	fprintf(out, "\t\t\t'%s--%s%s[", repeated, o->name, o->argument ? "=" : "");
	put_zsh(out, o->help);
	fputc(']', out);
	if (o->argument) {
		fputc(':', out);
		put_zsh(out, o->argument);
		fputs(":_files", out);
	}
	fputs("' \\\n", out);
}

void completion_write_zsh(FILE *out)
{
	fputs("#compdef mcvsim\n# zsh completion for mcvsim; made by `mcvsim completion zsh`\n"
	      "_mcvsim()\n{\n\tlocal -a commands\n\tcommands=(\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "\t\t'%s:", cli_commands[i]->name);
		put_zsh(out, cli_commands[i]->help);
		fputs("'\n", out);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command "
	      "commands\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, "\t%s)\n\t\t_arguments \\\n", cli_commands[i]->name);
		for (const struct cli_option *o = cli_commands[i]->options; o && o->name; o++)
			put_zsh_option(out, o);
		fputs("\t\t\t'--help[say more]' \\\n\t\t\t'*:file:_files' ;;\n", out);
	}
	fputs("\tesac\n}\n_mcvsim \"$@\"\n", out);
}
