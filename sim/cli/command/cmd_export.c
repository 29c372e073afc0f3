/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim export: every value, bucket of a histogram or sample of a series as a row of CSV or JSON
 * lines, for other programs.
 */
#include "reports/table/export.h"
#include "sim/cli/study/results.h"

#include <errno.h>
#include <string.h>

static const struct cli_option options[] = {
	{"format", 0, "csv|jsonl", "the rows' format; csv when not given"},
	{"what", 0, "values|histograms|series",
	 "which rows: numbers of runs, buckets of distributions, samples over time; values when "
	 "not "
	 "given"},
	{"output", 'o', "FILE", "where to write; standard output when not given"},
	{0}};

/* Writes to a file that must not be there yet: results are never silently overwritten. */
static int export_to(const struct dataset *data, enum export_what what, enum export_format format,
		     const char *path)
{
	struct err e = {0};
	FILE *out = path ? fopen(path, "wx") : stdout;
	if (!out && errno == EEXIST)
		return cli_fail(CLI_FAILED,
				"%s is there already and is not overwritten: name another file",
				path);
	if (!out)
		return cli_fail(CLI_FAILED, "cannot write %s: %s", path, strerror(errno));
	int code = export_results(data, what, format, out, &e);
	if (path && fclose(out) != 0 && code == 0)
		code = err_sys(&e, errno, "cannot write %s", path);
	if (code != 0 && path)
		remove(path);
	return code == 0 ? CLI_OK : cli_fail_err(&e);
}

static int run(const struct cli_args *args)
{
	const char *format = cli_value(args, "format");
	bool jsonl = format && strcmp(format, "jsonl") == 0;
	if (format && !jsonl && strcmp(format, "csv") != 0)
		return cli_fail(CLI_USAGE, "export: --format must be csv or jsonl (got '%s')",
				format);
	static const char *const whats[] = {[EXPORT_VALUES] = "values",
					    [EXPORT_HISTOGRAMS] = "histograms",
					    [EXPORT_SERIES] = "series"};
	const char *what = cli_value(args, "what");
	size_t kind = EXPORT_VALUES;
	while (what && kind <= EXPORT_SERIES && strcmp(whats[kind], what) != 0)
		kind++;
	if (kind > EXPORT_SERIES)
		return cli_fail(CLI_USAGE,
				"export: --what must be values, histograms or series (got '%s')",
				what);
	struct results results;
	int code = results_open(&results, args->arguments[0]);
	if (code == CLI_OK)
		code = export_to(&results.data, (enum export_what)kind,
				 jsonl ? EXPORT_JSONL : EXPORT_CSV, cli_value(args, "output"));
	results_close(&results);
	return code;
}

const struct cli_command cmd_export_command = {
	.name = "export",
	.arguments = "RESULTS.db",
	.help = "write every value, or histograms or series, as rows of CSV or JSON lines",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples =
		"mcvsim export results.db -o results.csv\n"
		"mcvsim export results.db --format jsonl --what histograms -o histograms.jsonl\n",
	.run = run,
};
