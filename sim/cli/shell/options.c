/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option *by_name(const struct cli_command *c, const char *name, size_t n)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (strncmp(o->name, name, n) == 0 && o->name[n] == '\0')
			return o;
	return NULL;
}

static const struct cli_option *by_letter(const struct cli_command *c, char letter)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (letter && o->letter == letter)
			return o;
	return NULL;
}

static int unknown_option(const struct cli_command *c, const char *name, size_t n)
{
	char word[64];
	snprintf(word, sizeof(word), "%.*s", (int)n, name);
	const char *names[CLI_OPTIONS_MAX + 1] = {0};
	size_t count = 0;
	for (const struct cli_option *o = c->options; o && o->name && count < CLI_OPTIONS_MAX; o++)
		names[count++] = o->name;
	const char *near = diag_nearest(word, names);
	if (near)
		return cli_fail(CLI_USAGE, "%s: unknown option --%s; did you mean --%s?", c->name,
				word, near);
	return cli_fail(CLI_USAGE, "%s: unknown option --%s; `mcvsim %s --help` lists them",
			c->name, word, c->name);
}

static int give(struct cli_args *args, const struct cli_option *option, const char *value)
{
	if (args->given_count == CLI_ARGUMENTS_MAX)
		return cli_fail(CLI_USAGE, "%s: more than %d options", args->command->name,
				CLI_ARGUMENTS_MAX);
	args->given[args->given_count].option = option;
	args->given[args->given_count++].value = value;
	return CLI_OK;
}

/* One word that starts with "--"; *next is the following word or NULL, and NULL again once used. */
static int parse_long(struct cli_args *args, char *word, char **next)
{
	const struct cli_command *c = args->command;
	char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	const struct cli_option *o = by_name(c, word, n);
	if (!o)
		return unknown_option(c, word, n);
	if (!o->argument) {
		if (equals)
			return cli_fail(CLI_USAGE, "%s: --%s takes no value", c->name, o->name);
		return give(args, o, "");
	}
	if (equals)
		return give(args, o, equals + 1);
	if (!*next)
		return cli_fail(CLI_USAGE, "%s: --%s needs a value (%s)", c->name, o->name,
				o->argument);
	char *value = *next;
	*next = NULL;
	return give(args, o, value);
}

/* A word of short options, "-j4" or "-nq". */
static int parse_short(struct cli_args *args, char *word, char **next)
{
	const struct cli_command *c = args->command;
	for (char *p = word; *p; p++) {
		const struct cli_option *o = by_letter(c, *p);
		if (!o)
			return cli_fail(CLI_USAGE,
					"%s: unknown option -%c; `mcvsim %s --help` lists them",
					c->name, *p, c->name);
		if (!o->argument) {
			int code = give(args, o, "");
			if (code)
				return code;
			continue;
		}
		if (p[1])
			return give(args, o, p + 1);
		if (!*next)
			return cli_fail(CLI_USAGE, "%s: -%c needs a value (%s)", c->name, *p,
					o->argument);
		char *value = *next;
		*next = NULL;
		return give(args, o, value);
	}
	return CLI_OK;
}

static int check_count(const struct cli_args *args)
{
	const struct cli_command *c = args->command;
	if (args->argument_count < c->min_arguments)
		return cli_fail(CLI_USAGE, "%s: needs %s; `mcvsim %s --help` says more", c->name,
				c->arguments, c->name);
	if (args->argument_count > c->max_arguments)
		return cli_fail(CLI_USAGE, "%s: unexpected argument '%s'", c->name,
				args->arguments[c->max_arguments]);
	return CLI_OK;
}

int options_parse(const struct cli_command *command, int argc, char **argv, struct cli_args *args)
{
	*args = (struct cli_args){.command = command};
	bool only_arguments = false;
	for (int i = 0; i < argc; i++) {
		char *word = argv[i], *following = i + 1 < argc ? argv[i + 1] : NULL;
		char *next = following;
		int code = CLI_OK;
		if (!only_arguments && strcmp(word, "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments &&
			   (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
			return OPTIONS_HELP;
		} else if (!only_arguments && strncmp(word, "--", 2) == 0) {
			code = parse_long(args, word + 2, &next);
		} else if (!only_arguments && word[0] == '-' && word[1]) {
			code = parse_short(args, word + 1, &next);
		} else if (args->argument_count == CLI_ARGUMENTS_MAX) {
			code = cli_fail(CLI_USAGE, "%s: more than %d arguments", command->name,
					CLI_ARGUMENTS_MAX);
		} else {
			args->arguments[args->argument_count++] = word;
		}
		if (code)
			return code;
		if (following && !next)
			i++;
	}
	return check_count(args);
}

void options_print_help(const struct cli_command *c, FILE *out)
{
	fprintf(out, "usage: mcvsim %s%s%s%s\n\n%s\n", c->name, c->options ? " [OPTION]..." : "",
		c->arguments ? " " : "", c->arguments ? c->arguments : "", c->help);
	if (c->options)
		fputs("\noptions:\n", out);
	for (const struct cli_option *o = c->options; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", o->letter ? "-" : "  ",
			 o->letter ? o->letter : ' ', o->letter ? ", " : " ", o->name,
			 o->argument ? "=" : "", o->argument ? o->argument : "");
		fprintf(out, "  %-28s %s\n", left, o->help);
	}
	if (c->examples)
		fputs("\nexamples:\n", out);
	for (const char *line = c->examples; line && *line; line = strchr(line, '\n') + 1)
		fprintf(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
}

const char *cli_value_at(const struct cli_args *args, const char *option, size_t i)
{
	for (size_t g = 0; g < args->given_count; g++)
		if (strcmp(args->given[g].option->name, option) == 0 && i-- == 0)
			return args->given[g].value;
	return NULL;
}

const char *cli_value(const struct cli_args *args, const char *option)
{
	const char *last = NULL;
	for (size_t g = 0; g < args->given_count; g++)
		if (strcmp(args->given[g].option->name, option) == 0)
			last = args->given[g].value;
	return last;
}

bool cli_flag(const struct cli_args *args, const char *option)
{
	return cli_value(args, option) != NULL;
}

int cli_number(const struct cli_args *args, const char *option, long long min, long long max,
	       long long *value)
{
	const char *text = cli_value(args, option);
	if (!text)
		return CLI_OK;
	char *end;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < min || v > max)
		return cli_fail(CLI_USAGE,
				"%s: --%s must be a whole number from %lld to %lld (got '%s')",
				args->command->name, option, min, max, text);
	*value = v;
	return CLI_OK;
}
