/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim reproduce: runs again what a results database holds, from the study and the prices that
 * are stored in it, and compares bit for bit.
 */
#include "reports/table/diff.h"
#include "sim/cli/shell/progress.h"
#include "sim/cli/study/results.h"
#include "sim/cli/study/study.h"
#include "sim/experiment/runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{"jobs", 'j', "N", "threads; as many as there are processors when not given"},
	{"output", 'o', "FILE", "keep the new results there"},
	{0}};

enum { DIFFERENCES_SHOWN = 10 };

struct rerun {
	struct study study;
	struct progress line;
	unsigned threads;
};

static void on_progress(void *ctx, const struct runner_progress *p)
{
	struct rerun *r = ctx;
	progress_draw(&r->line, "runs", p->done, p->total, p->failed,
		      isnan(p->eta_s) ? -1 : p->eta_s);
}

/* The new database, as the runner sees it: what the old one does not have counts as there, so that
 * a part of a study is compared with the same part. */
struct part {
	struct db *old;
	struct run_sink inner;
};

static int part_add_point(void *ctx, const struct point *point, struct err *e)
{
	struct part *p = ctx;
	return p->inner.add_point(p->inner.ctx, point, e);
}

static int part_has_run(void *ctx, const char *point, uint32_t repetition, bool *has, struct err *e)
{
	struct part *p = ctx;
	bool wanted;
	int code = p->inner.has_run(p->inner.ctx, point, repetition, has, e);
	if (code || *has)
		return code;
	code = db_has_run(p->old, point, repetition, &wanted, e);
	*has = !wanted;
	return code;
}

static int part_get_value(void *ctx, const char *point, uint32_t repetition, const char *metric,
			  const char *subject, double *value, struct err *e)
{
	struct part *p = ctx;
	return p->inner.get_value(p->inner.ctx, point, repetition, metric, subject, value, e);
}

static int part_put_run(void *ctx, const struct run_record *record, struct err *e)
{
	struct part *p = ctx;
	return p->inner.put_run(p->inner.ctx, record, e);
}

/* Runs what `old` holds into a new database at `path`. */
static int run_again(struct rerun *r, struct db *old, int64_t repetitions, const char *path,
		     char hash[33], struct err *e)
{
	struct db *db = NULL;
	struct db_study about = {.document = db_document(old),
				 .profile = db_profile(old),
				 .seed = db_seed(old),
				 .version = cli_version(),
				 .command = "mcvsim reproduce"};
	int code = db_open_run(&db, path, &about, NULL, e);
	if (code != 0)
		return code;
	struct part part = {old, db_sink(db)};
	struct run_sink sink = {&part, part_add_point, part_has_run, part_get_value, part_put_run};
	/* What was stored says how often each point ran, not a rule for stopping. */
	struct experiment experiment = r->study.experiment;
	experiment.precision = NULL;
	experiment.repeat = repetitions;
	struct runner runner = {.plan = &r->study.plan,
				.experiment = &experiment,
				.run = study_run_point,
				.run_ctx = &r->study,
				.sink = &sink,
				.threads = r->threads,
				.stop = cli_catch_signals(),
				.progress = on_progress,
				.progress_ctx = r};
	struct runner_progress progress = {0};
	code = runner_run(&runner, &progress, e);
	progress_clear(&r->line);
	if (code == 0)
		code = db_content_hash(db, hash, e);
	else if (code == ERR_STOPPED)
		err_set(e, code, "stopped");
	db_close(db);
	return code;
}

/* What differs, and what may explain it. */
static void describe_difference(const struct dataset *old, const struct dataset *again)
{
	struct diff diff = {0};
	struct db_counts before = {0}, after = {0};
	struct err e = {0};
	if (db_count(old->db, &before, &e) != 0 || db_count(again->db, &after, &e) != 0)
		return;
	if (after.done + after.failed == 0) {
		cli_say("none of its runs is a run of this program: mcvsim %s made it, which "
			"resolves the study differently; reproduce it with that one",
			old->version);
		return;
	}
	if (diff_results(old, again, DIFFERENCES_SHOWN, &diff, &e) == 0) {
		if (diff.change.row_count)
			table_print(&diff.change, TABLE_TEXT, stdout);
		cli_say("of %zu means %zu are the same in every repetition", diff.numbers,
			diff.identical);
		diff_free(&diff);
	}
	if (before.failed != after.failed)
		cli_say("%lld runs had failed when it was stored, %lld now",
			(long long)before.failed, (long long)after.failed);
}

/* The new results are at `path`. */
static void tell_difference(struct db *old, const char *path)
{
	struct db *again = NULL;
	struct dataset a = {0}, b = {0};
	struct err e = {0};
	if (db_open(&again, path, &e) == 0 && dataset_load(&a, old, &e) == 0 &&
	    dataset_load(&b, again, &e) == 0)
		describe_difference(&a, &b);
	dataset_free(&a);
	dataset_free(&b);
	db_close(again);
}

static int compare(struct db *old, const char *path, struct rerun *r)
{
	char before[33], after[33];
	struct err e = {0};
	struct db_counts counts;
	if (db_count(old, &counts, &e) != 0)
		return cli_fail_err(&e);
	if (counts.repetitions == 0)
		return cli_fail(CLI_FAILED, "the database holds no runs to compare with");
	if (db_content_hash(old, before, &e) != 0 ||
	    run_again(r, old, counts.repetitions, path, after, &e) != 0)
		return cli_fail_err(&e);
	if (strcmp(before, after) == 0) {
		printf("the same, to the bit: %s\n", before);
		return CLI_OK;
	}
	printf("different: %s stored, %s now\n", before, after);
	tell_difference(old, path);
	return cli_fail(CLI_FAILED, "the results differ; they were changed, or another "
				    "version of the program or of its libraries made them");
}

static int run(const struct cli_args *args)
{
	struct rerun r = {0};
	struct results old;
	struct diag_list diags = {0};
	struct err e = {0};
	long long threads = 0;
	char scratch[] = "/tmp/mcvsim-reproduce-XXXXXX", path[64];
	const char *kept = cli_value(args, "output");
	int code = cli_number(args, "jobs", 1, 4096, &threads);
	if (code != CLI_OK)
		return code;
	r.threads = (unsigned)threads;
	code = results_open(&old, args->arguments[0]);
	if (code == CLI_OK) {
		int opened = study_open_stored(&r.study, db_document(old.db), db_profile(old.db),
					       &diags, &e);
		if (diags.errors) {
			cli_print_diags(&diags);
			cli_say("mcvsim %s made %s, and its study is none that this program (%s) "
				"reads: reproduce it with that one",
				old.data.version, args->arguments[0], cli_version());
		}
		if (opened != 0)
			code = diags.errors ? CLI_FAILED : cli_fail_err(&e);
		else if (!kept && !mkdtemp(scratch))
			code = cli_fail(CLI_FAILED, "cannot make a folder in /tmp");
		else
			snprintf(path, sizeof(path), "%s/results.db", scratch);
		if (code == CLI_OK) {
			results_warn(&old, args->arguments[0]);
			code = compare(old.db, kept ? kept : path, &r);
		}
		if (!kept) {
			unlink(path);
			rmdir(scratch);
		}
		study_close(&r.study);
	}
	results_close(&old);
	diag_free(&diags);
	return code;
}

const struct cli_command cmd_reproduce_command = {
	.name = "reproduce",
	.arguments = "RESULTS.db",
	.help = "run again what a database holds and compare, bit for bit",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim reproduce results.db\n",
	.run = run,
};
