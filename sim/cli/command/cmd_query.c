/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim query: means and intervals of metrics, at the points that a filter keeps.
 */
#include "sim/cli/study/results.h"

static const struct cli_option options[] = {
	{"filter", 0, "SQL", "keep points: an expression over the axes, \"platform = 'native'\""},
	{"metric", 0, "NAME",
	 "\"response_time.p95\", \"response_time\", or \"utilization:SUBJECT\"; may be "
	 "repeated"},
	{"baseline", 0, "AXIS=VALUE", "add paired differences from that value of an axis"},
	{"format", 0, "FORMAT", "text, markdown, latex or html"},
	{"json", 0, NULL, "print JSON, in base units"},
	{0}};

static int run(const struct cli_args *args)
{
	const char *metrics[CLI_ARGUMENTS_MAX];
	struct summary_request request = {.filter = cli_value(args, "filter"),
					  .metrics = metrics,
					  .baseline = cli_value(args, "baseline"),
					  .width = cli_stdout_width()};
	const char *metric;
	while ((metric = cli_value_at(args, "metric", request.metric_count)))
		metrics[request.metric_count++] = metric;
	enum table_format format;
	int code = results_format(args, &format);
	if (code != CLI_OK)
		return code;
	struct results results;
	code = results_open(&results, args->arguments[0]);
	if (code == CLI_OK)
		results_warn(&results, args->arguments[0]);
	if (code == CLI_OK)
		code = results_print(&results, &request, format, cli_flag(args, "json"));
	results_close(&results);
	return code;
}

const struct cli_command cmd_query_command = {
	.name = "query",
	.arguments = "RESULTS.db",
	.help = "print means and 95 % intervals of metrics, where a filter keeps the point",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples =
		"mcvsim query results.db --metric response_time.p95 --baseline platform=native\n"
		"mcvsim query results.db --filter \"platform <> 'native' AND phones >= 160\" "
		"--format latex\n",
	.run = run,
};
