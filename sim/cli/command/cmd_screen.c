/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim screen: which parameters of a study that screens them matter.
 */
#include "reports/table/screening_table.h"
#include "sim/cli/study/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
	{"metric", 0, "NAME", "of another metric than the study's, or \"utilization:SUBJECT\""},
	{"format", 0, "FORMAT", "text, markdown, latex or html"},
	{"json", 0, NULL, "print JSON, in base units"},
	{0}};

/* These return an enum cli_exit, a failure having been told. */
static int print_json(const struct screening *s)
{
	struct err e = {0};
	cJSON *json = NULL;
	return screening_json(s, &json, &e) == 0 ? cli_print_json(json) : cli_fail_err(&e);
}

static int print_table(const struct screening *s, enum table_format format)
{
	struct err e = {0};
	struct table table;
	int code = screening_table(s, &table, &e);
	if (code == 0)
		table_print(&table, format, stdout);
	table_free(&table);
	return code == 0 ? CLI_OK : cli_fail_err(&e);
}

static int run(const struct cli_args *args)
{
	struct results results;
	struct screening screening = {0};
	struct err e = {0};
	enum table_format format;
	char metric[200] = "";
	const char *wanted = cli_value(args, "metric"), *subject = NULL;
	if (results_format(args, &format) != CLI_OK)
		return CLI_USAGE;
	snprintf(metric, sizeof(metric), "%s", wanted ? wanted : "");
	char *colon = strchr(metric, ':');
	if (colon) {
		*colon = '\0';
		subject = colon + 1;
	}
	int code = results_open(&results, args->arguments[0]);
	if (code == CLI_OK) {
		results_warn(&results, args->arguments[0]);
		if (screening_open(&screening, &results.data, wanted ? metric : NULL, subject,
				   &e) != 0)
			code = cli_fail_err(&e);
		else
			code = cli_flag(args, "json") ? print_json(&screening)
						      : print_table(&screening, format);
		screening_close(&screening);
	}
	results_close(&results);
	return code;
}

const struct cli_command cmd_screen_command = {
	.name = "screen",
	.arguments = "RESULTS.db",
	.help = "which parameters matter: the indices of a study that screens them",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim screen my-screening.db\n",
	.run = run,
};
