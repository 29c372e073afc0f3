/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim run: simulates a study's points and stores the results. What is stored already is not run
 * again, so the same command after an interruption completes the rest.
 */
#include "sim/cli/shell/progress.h"
#include "sim/cli/study/results.h"
#include "sim/cli/shell/save.h"
#include "sim/cli/study/study.h"
#include "sim/cli/study/trace.h"
#include "sim/engine/stats.h"
#include "sim/experiment/runner.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
	{"output", 'o', "results.db", "where the results go; continued when it is this study's"},
	{"jobs", 'j', "N", "threads; as many as there are processors when not given"},
	{"seed", 0, "N", "the seed, in place of the study's"},
	{"set", 0, "/POINTER=VALUE", "change the study first; may be repeated"},
	{"dry-run", 'n', NULL, "say what would run, and run nothing"},
	{"shard", 0, "I/N", "only the I-th of N parts, for `merge` afterwards"},
	{"only", 0, "POINT:REPETITION", "just this run, stored or not, to look into a failure"},
	{"trace", 0, "FILE",
	 "write what each task of one run did (with --only, or of a study of one run)"},
	{"trace-format", 0, "FORMAT", "csv: a row for each task; chrome: one handset's life"},
	{"trace-handset", 0, "CLASS/N", "only the tasks of that handset, from 0"},
	{"json", 0, NULL, "print the closing summary, or what --dry-run says, as JSON"},
	{0}};

/* A longer summary than this is asked for with `query`. */
enum { SUMMARY_POINTS = 60 };

struct session {
	const struct cli_args *args;
	struct study study;
	struct db *db;
	struct trace trace;
	struct run_sink sink;
	struct runner runner;
	struct progress line;
	struct mpi_ranks ranks; /* size 1 outside mpirun */
	unsigned failures_told;
};

/* Whether mpirun has started us: by Open MPI's own variable, or what other launchers set. */
static bool started_by_mpi(void)
{
	return pool_mpi_is_built() &&
	       (getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK"));
}

/* True when this rank or another one cannot go on; then the lowest such rank tells the user. */
static bool any_failed(struct session *s, bool failed, bool *tell)
{
	int first = s->ranks.size > 1 ? pool_mpi_first_failed(failed) : failed ? 0 : -1;
	*tell = first == s->ranks.rank;
	return first >= 0;
}

static void on_progress(void *ctx, const struct runner_progress *p)
{
	struct session *s = ctx;
	progress_draw(&s->line, "runs", p->done, p->total, p->failed,
		      isnan(p->eta_s) ? -1 : p->eta_s);
}

/* More failures than this are only counted, and in the database. */
enum { FAILURES_TOLD = 3 };

static void on_failed(void *ctx, const struct run_record *record)
{
	struct session *s = ctx;
	if (s->failures_told++ >= FAILURES_TOLD)
		return;
	progress_clear(&s->line);
	cli_say("run %s:%u (seed %llu) failed: %s\nto repeat it: %s", record->key.point,
		record->key.repetition, (unsigned long long)record->key.seed, record->error->text,
		record->reproduce);
}

/* Quotes a word for the shell when it needs it. */
static char *shell_word(char *at, const char *end, const char *word)
{
	bool plain = word[0] && !word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
						   "VWXYZ0123456789_-./:=,+@%")];
	int n = plain ? snprintf(at, (size_t)(end - at), " %s", word)
		      : snprintf(at, (size_t)(end - at), " '%s'", word);
	return n < 0 || n >= end - at ? at : at + n;
}

/* The command line as it would be typed again: what makes the results, and when `all` also where
 * they go and how. */
static void command_line(const struct cli_args *args, bool all, char *buf, size_t size)
{
	char *at = buf + snprintf(buf, size, "mcvsim run"), *end = buf + size;
	at = shell_word(at, end, args->arguments[0]);
	for (size_t i = 0; i < args->given_count; i++) {
		const char *name = args->given[i].option->name;
		if (!all && strcmp(name, "set") != 0 && strcmp(name, "seed") != 0)
			continue;
		char option[32];
		snprintf(option, sizeof(option), "--%s", name);
		at = shell_word(at, end, option);
		if (args->given[i].option->argument)
			at = shell_word(at, end, args->given[i].value);
	}
}

static char *reproduce(void *ctx, const struct point *point, const struct run_key *key)
{
	struct session *s = ctx;
	char command[4000], *text = NULL;
	command_line(s->args, false, command, sizeof(command));
	if (asprintf(&text, "%s --only %s:%u", command, point->id, key->repetition) < 0)
		return NULL;
	return text;
}

static int parse_shard(const struct cli_args *args, struct runner *r)
{
	const char *text = cli_value(args, "shard");
	int end = -1;
	if (!text)
		return CLI_OK;
	unsigned i, n;
	if (sscanf(text, "%u/%u%n", &i, &n, &end) != 2 || text[end] || i < 1 || i > n || n > 100000)
		return cli_fail(CLI_USAGE, "run: --shard must be I/N with I from 1 to N (got '%s')",
				text);
	r->shard = i - 1;
	r->shards = n;
	return CLI_OK;
}

static const char *output_path(const struct cli_args *args)
{
	const char *path = cli_value(args, "output");
	return results_path(path ? path : "results.db");
}

static int open_database(struct session *s, struct err *e)
{
	const char *path = output_path(s->args);
	char command[4000];
	command_line(s->args, false, command, sizeof(command));
	struct db_study about = {
		.document = s->study.doc.root,
		.profile = s->study.profiles.stored,
		.seed = s->study.experiment.seed,
		.points = s->study.plan.points,
		.point_count = s->study.plan.count,
		.version = cli_version(),
		.command = command,
		.machine = cJSON_GetObjectItemCaseSensitive(s->study.profiles.stored, "machine")};
	static const char *const there[] = {
		[DB_SAME] = "is there already; running what it lacks",
		[DB_EXTENDED] = "has a part of this study; it is extended, running what it lacks",
		[DB_PART] = "has this study and more; running what it lacks of this one"};
	enum db_found found = DB_NEW;
	if (access(path, F_OK) != 0 && save_check_folder(path, e) != 0)
		return e->code;
	int code = db_open_run(&s->db, path, &about, &found, e);
	if (code == 0)
		s->sink = db_sink(s->db);
	if (code == 0 && found != DB_NEW)
		cli_say("%s %s", path, there[found]);
	return code;
}

static int dry_run_json(const struct session *s, const struct runner_progress *p, double tasks)
{
	cJSON *answer = cJSON_CreateObject();
	cJSON_AddNumberToObject(answer, "runs", (double)p->total);
	cJSON_AddNumberToObject(answer, "tasks", tasks * (double)p->total);
	cJSON *points = cJSON_AddArrayToObject(answer, "points");
	for (size_t i = 0; i < s->study.plan.count; i++) {
		const struct point *point = &s->study.plan.points[i];
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "point", point->id);
		cJSON *parameters = cJSON_AddObjectToObject(item, "parameters");
		for (size_t k = 0; k < point->parameter_count; k++)
			cJSON_AddStringToObject(parameters, point->parameters[k].name,
						point->parameters[k].text);
		cJSON_AddItemToArray(points, item);
	}
	return cli_print_json(answer);
}

static int dry_run(const struct session *s)
{
	struct runner_progress p;
	struct err e = {0};
	if (runner_count(&s->runner, &p, &e) != 0)
		return cli_fail_err(&e);
	double tasks = p.points ? s->study.expected_tasks / (double)p.points : 0;
	if (cli_flag(s->args, "json"))
		return dry_run_json(s, &p, tasks);
	printf("points       %zu\nruns         %s%zu\ntasks        about %.3g in all, %.3g a run\n",
	       p.points, s->study.experiment.precision ? "at least " : "", p.total,
	       tasks * (double)p.total, tasks);
	for (size_t i = 0; i < s->study.plan.count; i++) {
		const struct point *point = &s->study.plan.points[i];
		printf("%s", point->id);
		for (size_t k = 0; k < point->parameter_count; k++)
			printf("  %s=%s", point->parameters[k].name, point->parameters[k].text);
		putchar('\n');
	}
	return CLI_OK;
}

/* Runs the one that --only names and prints its numbers. */
static int run_only(struct session *s, const char *which)
{
	const char *colon = strchr(which, ':');
	char *end = NULL;
	unsigned long repetition = colon ? strtoul(colon + 1, &end, 10) : 0;
	size_t point = 0, n = colon ? (size_t)(colon - which) : 0;
	const struct plan *plan = &s->study.plan;
	if (!colon || n == 0 || end == colon + 1 || *end || repetition > UINT32_MAX)
		return cli_fail(CLI_USAGE, "run: --only must be POINT:REPETITION (got '%s')",
				which);
	while (point < plan->count && strncmp(plan->points[point].id, which, n) != 0)
		point++;
	if (point == plan->count)
		return cli_fail(CLI_USAGE, "run: the study has no point %.*s; --dry-run lists them",
				(int)n, which);
	struct run_result result = {0};
	struct err e = {0};
	if (s->trace.path && trace_open(&s->trace) != CLI_OK)
		return CLI_FAILED;
	int code = runner_run_one(&s->runner, point, (uint32_t)repetition, &result, &e);
	for (size_t i = 0; code == 0 && i < result.value_count; i++) {
		double value = result.values[i].value;
		printf("%-28s %-28s %.17g %s\n", result.values[i].metric, result.values[i].subject,
		       isnan(value) ? (double)NAN : value, result.values[i].unit); /* no "-nan" */
	}
	run_result_free(&result);
	return trace_close(&s->trace, code == 0 ? CLI_OK : cli_fail_err(&e));
}

/* A trace is of one run. */
static int run_traced(struct session *s)
{
	const struct experiment *x = &s->study.experiment;
	char which[80];
	if (s->study.plan.count != 1 || x->repeat != 1 || x->precision)
		return cli_fail(
			CLI_USAGE,
			"run: --trace is of one run, and this study has %zu points of %lld "
			"repetitions%s: say which by --only POINT:REPETITION (--dry-run lists "
			"the points; repetitions count from 0)",
			s->study.plan.count, (long long)x->repeat, x->precision ? " or more" : "");
	snprintf(which, sizeof(which), "%s:0", s->study.plan.points[0].id);
	return run_only(s, which);
}

/* Says at how many points max_repeat came before the precision that the study asks for. */
static void tell_imprecise(const struct session *s, const struct results *r)
{
	const struct precision *want = s->study.experiment.precision;
	const struct data_metric *metric =
		want ? dataset_find_metric(&r->data, want->metric, want->subject) : NULL;
	struct cell *cells = metric ? calloc(r->data.point_count, sizeof(*cells)) : NULL;
	size_t missed = 0;
	if (cells && dataset_summary(&r->data, metric, cells, NULL) == 0) {
		for (size_t i = 0; i < r->data.point_count; i++) {
			/* In the rule's own confidence, which need not be the 95 % of the tables.
			 */
			double n = (double)cells[i].n;
			struct tally t = {.n = cells[i].n,
					  .mean = cells[i].mean,
					  .m2 = cells[i].sd * cells[i].sd * (n - 1)};
			struct interval in = interval_of_tally(&t, want->confidence);
			missed += cells[i].n < 2 ||
				  !(in.half_width <= want->relative * fabs(in.mean));
		}
	}
	free(cells);
	if (missed)
		cli_say("%zu of %zu points stopped at %lld repetitions before %s was known to "
			"%.3g %%",
			missed, r->data.point_count, (long long)want->max_repeat, want->metric,
			100 * want->relative);
}

/* The closing summary: the numbers that the study's figures draw. */
static int print_summary(const struct session *s, const char *path)
{
	bool json = cli_flag(s->args, "json");
	bool small = s->study.plan.count <= SUMMARY_POINTS;
	struct results results;
	int code = results_open(&results, path);
	if (code == CLI_OK) {
		results_warn(&results, path);
		tell_imprecise(s, &results);
	}
	if (code == CLI_OK && !json && !small)
		cli_say("for the numbers: mcvsim query %s", path);
	else if (code == CLI_OK)
		code = results_print(&results,
				     &(struct summary_request){.width = cli_stdout_width()},
				     TABLE_TEXT, json);
	results_close(&results);
	return code;
}

static int finish(struct session *s, int code, const struct runner_progress *p, const struct err *e)
{
	const char *path = output_path(s->args);
	progress_clear(&s->line);
	db_close(s->db);
	s->db = NULL;
	if (code == ERR_STOPPED) {
		char command[4000];
		command_line(s->args, true, command, sizeof(command));
		return cli_fail(CLI_FAILED, "stopped; %zu of %zu runs are in %s; to go on: %s",
				p->done, p->total, path, command);
	}
	if (code != 0)
		return cli_fail_err(e);
	cli_say("%zu runs in %s (%zu of them were there), %.1f s", p->total - p->failed, path,
		p->stored, p->elapsed_s);
	int printed = p->total > p->failed ? print_summary(s, path) : CLI_OK;
	if (p->failed)
		return cli_fail(
			CLI_PARTIAL,
			"%zu runs failed; their errors and the commands that repeat them: "
			"sqlite3 %s \"SELECT error, reproduce FROM run WHERE status = 'failed'\"",
			p->failed, path);
	return printed;
}

static int run_study(struct session *s)
{
	const struct cli_args *args = s->args;
	long long threads = 0;
	struct err e = {0};
	struct runner_progress progress = {0};
	s->runner = (struct runner){.plan = &s->study.plan,
				    .experiment = &s->study.experiment,
				    .run = study_run_point,
				    .run_ctx = &s->study,
				    .progress = on_progress,
				    .progress_ctx = s,
				    .reproduce = reproduce,
				    .reproduce_ctx = s,
				    .failed = on_failed,
				    .failed_ctx = s};
	int code = cli_number(args, "jobs", 1, 4096, &threads);
	if (code == CLI_OK)
		code = parse_shard(args, &s->runner);
	if (code == CLI_OK)
		code = trace_options(&s->trace, args);
	if (code != CLI_OK)
		return code;
	s->study.trace = s->trace.path ? &s->trace.calls : NULL;
	s->runner.threads = (unsigned)threads;
	if ((cli_flag(args, "dry-run") || cli_value(args, "only") || s->trace.path) &&
	    s->ranks.rank > 0)
		return CLI_OK; /* not worth more than one rank */
	if (!output_path(args)[0])
		return cli_fail(CLI_USAGE, "run: --output is empty");
	if (cli_flag(args, "dry-run"))
		return dry_run(s);
	if (cli_value(args, "only"))
		return run_only(s, cli_value(args, "only"));
	if (s->trace.path)
		return run_traced(s);
	bool tell;
	if (any_failed(s, s->ranks.rank == 0 && open_database(s, &e) != 0, &tell))
		return tell ? cli_fail_err(&e) : CLI_OK; /* one exit status for mpirun */
	if (s->ranks.rank > 0) {
		/* Rank 0 hears the signals, tells us to stop, and writes. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		code = runner_run_mpi(&s->runner, s->ranks, &progress, &e);
		return code == 0 ? CLI_OK : cli_fail_err(&e);
	}
	s->runner.sink = &s->sink;
	s->runner.stop = cli_catch_signals();
	code = s->ranks.size > 1 ? runner_run_mpi(&s->runner, s->ranks, &progress, &e)
				 : runner_run(&s->runner, &progress, &e);
	return finish(s, code, &progress, &e);
}

static int run(const struct cli_args *args)
{
	struct session s = {.args = args, .ranks = {0, 1}};
	struct diag_list diags = {0};
	struct err e = {0};
	bool tell;
	int exit_code =
		CLI_OK; /* a rank that does not tell leaves the status to the one that does */
	bool mpi = started_by_mpi();
	if (mpi && pool_mpi_begin(&s.ranks, &e) != 0)
		return cli_fail_err(&e);
	int code = study_open(&s.study, args->arguments[0], args, &diags, &e);
	bool failed = any_failed(&s, code != 0, &tell);
	if (tell || (!failed && s.ranks.rank == 0))
		cli_print_diags(&diags);
	if (!failed)
		exit_code = run_study(&s);
	else if (tell)
		exit_code = code == ERR_INVALID && diags.errors ? CLI_USAGE : cli_fail_err(&e);
	db_close(s.db);
	study_close(&s.study);
	diag_free(&diags);
	if (mpi)
		pool_mpi_end();
	return exit_code;
}

const struct cli_command cmd_run_command = {
	.name = "run",
	.arguments = "STUDY.json",
	.help = "simulate a study and store the results; run again to complete, or with a greater "
		"study to extend",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim run first.json --dry-run\n"
		    "mcvsim run first.json -o results.db -j 2\n"
		    "mcvsim run first.json --set /handsets/phones/policy=local -o other.db\n",
	.run = run,
};
