/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/hvcore.h"
#include "sim/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 100 };

const char *hvcore_text(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	return text ? text : "";
}

/* Parses each line; returns the number of lines that are no JSON. */
static int parse_lines(cJSON *into, const char *text)
{
	int bad = 0;
	while (*text) {
		size_t n = strcspn(text, "\n");
		cJSON *line = n ? cJSON_ParseWithLength(text, n) : NULL;
		if (line)
			cJSON_AddItemToArray(into, line);
		bad += n && !line;
		text += n + (text[n] == '\n');
	}
	return bad;
}

/* The last line of what it said on stderr: the reason, in its own words. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);
	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	char *line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return strncmp(line, "hvcore: ", 8) == 0 ? line + 8 : line;
}

int hvcore_ask(const char *const *args, double deadline_s, cJSON **lines, struct err *e)
{
	const char *argv[ARGS_MAX + 2] = {cli_find_program("hvcore")};
	char *out = NULL, *said = NULL;

	*lines = NULL;
	if (!argv[0])
		return err_set(e, ERR_NOTFOUND,
			       "cannot find the program hvcore, which belongs beside mcvsim");
	for (int i = 0; i < ARGS_MAX && args[i]; i++)
		argv[i + 1] = args[i];
	const struct cli_spawn spawn = {
		.argv = argv, .deadline_s = deadline_s, .out = &out, .err = &said};
	int status = cli_spawn_run(&spawn, e);
	int bad = 0;
	if (status >= 0 || status == ERR_TIMEOUT) {
		*lines = cJSON_CreateArray();
		bad = *lines && out ? parse_lines(*lines, out) : 0;
	}
	if (status > 128)
		status = err_set(e, ERR_IO, "hvcore was ended by signal %d (%s)", status - 128,
				 strsignal(status - 128));
	else if (status >= 0 && bad)
		status = err_set(e, ERR_CORRUPT, "hvcore printed what is not JSON");
	else if (status > 0 && said && said[0])
		err_set(e, ERR_IO, "%s", last_line(said));
	else if (status > 0)
		err_set(e, ERR_IO, "hvcore ended with exit status %d", status);
	free(out);
	free(said);
	return status;
}
