/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim diff: two databases side by side.
 */
#include "reports/table/diff.h"
#include "sim/cli/study/results.h"

#include <stdio.h>

static const struct cli_option options[] = {
	{"json", 0, NULL, "print JSON, with every change, in base units"}, {0}};

enum { CHANGES_SHOWN = 20 };

static void print_text(const struct diff *d)
{
	if (d->origins) {
		table_print(&d->origin, TABLE_TEXT, stdout);
		printf("\n");
	}
	if (d->change.row_count) {
		table_print(&d->change, TABLE_TEXT, stdout);
		printf("\n");
	}
	printf("%zu points in both, %zu only in a, %zu only in b; of %zu means %zu are the same in "
	       "every "
	       "repetition, %zu differ significantly\n",
	       d->points, d->only_a, d->only_b, d->numbers, d->identical, d->significant);
	if (!d->same_axes)
		printf("They are swept over different axes, so no point of one is a point of the "
		       "other.\n");
}

static int compare(const struct results *a, const struct results *b, bool json)
{
	struct diff d;
	struct err e = {0};
	if (diff_results(&a->data, &b->data, CHANGES_SHOWN, &d, &e) != 0)
		return cli_fail_err(&e);
	int code = CLI_OK;
	if (json) {
		code = cli_print_json(d.json);
		d.json = NULL;
	} else {
		print_text(&d);
	}
	diff_free(&d);
	return code;
}

static int run(const struct cli_args *args)
{
	struct results a = {0}, b = {0};
	int code = results_open(&a, args->arguments[0]);
	if (code == CLI_OK)
		code = results_open(&b, args->arguments[1]);
	if (code == CLI_OK)
		code = compare(&a, &b, cli_flag(args, "json"));
	results_close(&b);
	results_close(&a);
	return code;
}

const struct cli_command cmd_diff_command = {
	.name = "diff",
	.arguments = "A.db B.db",
	.help = "compare what two databases were made from, and what came out",
	.options = options,
	.min_arguments = 2,
	.max_arguments = 2,
	.examples = "mcvsim diff results.db other.db\n",
	.run = run,
};
