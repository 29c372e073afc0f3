/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/results.h"

#include "reports/data/caveat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *results_path(const char *path)
{
	static char changed[4096];
	if (path[0] != ':' && strncmp(path, "file:", 5) != 0)
		return path;
	snprintf(changed, sizeof(changed), "./%s", path);
	return changed;
}

int results_open(struct results *r, const char *path)
{
	path = results_path(path);
	struct err e = {0};
	*r = (struct results){0};
	if (db_open(&r->db, path, &e) != 0 || dataset_load(&r->data, r->db, &e) != 0)
		return cli_fail_err(&e);
	return CLI_OK;
}

void results_close(struct results *r)
{
	dataset_free(&r->data);
	db_close(r->db);
	*r = (struct results){0};
}

void results_warn(const struct results *r, const char *path)
{
	struct caveat_runs runs;
	size_t count = 0;
	bool *lossy = calloc(r->data.point_count + 1, sizeof(*lossy));
	/* What cannot be read is told by whoever reads it for the user. */
	if (caveat_count_runs(&r->data, &runs, NULL) == 0 && runs.there < runs.expected)
		cli_say("only %" PRId64 " of %s%" PRId64 " runs are in %s", runs.there,
			runs.at_least ? "at least " : "", runs.expected, path);
	if (lossy && caveat_mark_lossy(&r->data, lossy, &count, NULL) == 0 && count)
		cli_say("%zu of %zu points left more than %g %% of their tasks unfinished or "
			"failed, and their numbers are of the others; to see them: mcvsim query %s "
			"--metric tasks",
			count, r->data.point_count, 100 * CAVEAT_LOSSY_SHARE, path);
	free(lossy);
}

int results_format(const struct cli_args *args, enum table_format *format)
{
	static const char *const names[] = {"text", "markdown", "latex", "html", NULL};
	const char *text = cli_value(args, "format");
	*format = TABLE_TEXT;
	for (int i = 0; text && names[i]; i++) {
		if (strcmp(names[i], text) == 0) {
			*format = (enum table_format)i;
			return CLI_OK;
		}
	}
	if (text)
		return cli_fail(CLI_USAGE,
				"%s: --format must be text, markdown, latex or html (got '%s')",
				args->command->name, text);
	return CLI_OK;
}

int results_print(const struct results *r, const struct summary_request *request,
		  enum table_format format, bool json)
{
	struct diag_list diags = {0};
	struct err e = {0};
	struct table table = {0};
	cJSON *answer = NULL;
	int code;
	if (json) {
		code = summary_json(&r->data, request, &answer, &diags, &e);
	} else {
		code = summary_table(&r->data, request, &table, &diags, &e);
		if (code == 0)
			table_print(&table, format, stdout);
		if (code == 0 && table.row_count == 0 && request->filter)
			cli_say("no point is one that --filter keeps");
	}
	table_free(&table);
	cli_print_diags(&diags);
	int exit_code = code == 0 ? CLI_OK : diags.errors ? CLI_USAGE : cli_fail_err(&e);
	diag_free(&diags);
	return exit_code == CLI_OK && json ? cli_print_json(answer) : exit_code;
}
