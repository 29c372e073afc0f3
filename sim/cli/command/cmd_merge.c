/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim merge: joins the databases of shards into one.
 */
#include "reports/db/db.h"
#include "sim/cli/cli.h"

#include <stdio.h>

static int run(const struct cli_args *args)
{
	struct err e = {0};
	if (db_merge(args->arguments[0], args->arguments + 1, args->argument_count - 1, &e) != 0)
		return cli_fail_err(&e);
	struct db *db = NULL;
	struct db_counts counts;
	if (db_open(&db, args->arguments[0], &e) != 0 || db_count(db, &counts, &e) != 0) {
		db_close(db);
		return cli_fail_err(&e);
	}
	cli_say("%s has %lld runs of %lld points%s", args->arguments[0], (long long)counts.done,
		(long long)counts.points, counts.failed ? ", and failed ones" : "");
	db_close(db);
	return CLI_OK;
}

const struct cli_command cmd_merge_command = {
	.name = "merge",
	.arguments = "RESULTS.db SHARD.db...",
	.help = "join the databases of shards (--shard) into one",
	.min_arguments = 2,
	.max_arguments = CLI_ARGUMENTS_MAX,
	.examples = "mcvsim run first.json -o part-1.db --shard 1/2\n"
		    "mcvsim run first.json -o part-2.db --shard 2/2\n"
		    "mcvsim merge whole.db part-1.db part-2.db\n",
	.run = run,
};
