/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/manual.h"

/* A text in man's macros: no line begins with a dot or a quote, a dash is a minus. */
static void put_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			fputs("\\e", out);
		else if (*p == '-')
			fputs("\\-", out);
		else
			fputc(*p, out);
	}
}

static void put_head(FILE *out, const char *name, const char *help)
{
	fputs(".TH \"", out);
	for (const char *p = name; *p; p++)
		fputc(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p, out);
	fprintf(out, "\" 1 \"\" \"mcvsim %s\" \"mcvsim\"\n.SH NAME\n", cli_version());
	put_text(out, name);
	fputs(" \\- ", out);
	put_text(out, help);
	fputs("\n.SH SYNOPSIS\n", out);
}

static void put_exit_status(FILE *out)
{
	static const char *const meanings[] = {
		[CLI_OK] = "done",
		[CLI_FAILED] = "failed while running",
		[CLI_USAGE] = "usage or invalid input",
		[CLI_PARTIAL] = "finished, with some runs or probes failed",
	};
	fputs(".SH EXIT STATUS\n", out);
	for (int i = CLI_OK; i <= CLI_PARTIAL; i++)
		fprintf(out, ".TP\n%d\n%s\n", i, meanings[i]);
}

void manual_write_page(const struct cli_command *c, FILE *out)
{
	char name[64];
	snprintf(name, sizeof(name), "mcvsim-%s", c->name);
	put_head(out, name, c->help);
	fprintf(out, ".B mcvsim %s\n", c->name);
	if (c->options)
		fputs("[\\fIOPTION\\fR]...\n", out);
	if (c->arguments) {
		put_text(out, c->arguments);
		fputc('\n', out);
	}
	if (c->options)
		fputs(".SH OPTIONS\n", out);
	for (const struct cli_option *o = c->options; o && o->name; o++) {
		fputs(".TP\n", out);
		if (o->letter)
			fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
		fputs("\\fB\\-\\-", out);
		put_text(out, o->name);
		fputs("\\fR", out);
		if (o->argument) {
			fputs("=\\fI", out);
			put_text(out, o->argument);
			fputs("\\fR", out);
		}
		fputc('\n', out);
		put_text(out, o->help);
		fputc('\n', out);
	}
	if (c->examples) {
		fputs(".SH EXAMPLES\n.nf\n", out);
		put_text(out, c->examples);
		fputs(".fi\n", out);
	}
	put_exit_status(out);
	fputs(".SH SEE ALSO\n.BR mcvsim (1)\n", out);
}

void manual_write_overview(FILE *out)
{
	put_head(out, "mcvsim", "what does virtualization cost a handset that offloads its work?");
	fputs(".B mcvsim\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n"
	      ".SH DESCRIPTION\n"
	      "Simulates handsets that offload tasks to cloud hosts under full, para and "
	      "OS\\-level "
	      "virtualization, with costs that were measured. Standard output carries only the "
	      "product; messages go to standard error.\n.SH COMMANDS\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++) {
		fprintf(out, ".TP\n.BR mcvsim\\-%s (1)\n", cli_commands[i]->name);
		put_text(out, cli_commands[i]->help);
		fputc('\n', out);
	}
	fputs(".SH ENVIRONMENT\n.TP\nMCVSIM_DATA\nthe folder with platforms, radios, apps and "
	      "profiles, in place of the one that came with the program\n.TP\nNO_COLOR\nno colours "
	      "on the terminal\n",
	      out);
	put_exit_status(out);
}
