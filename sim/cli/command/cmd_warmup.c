/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim warmup: whether a study's warm-up is long enough, and how long its runs would have to be.
 */
#include "reports/data/scale.h"
#include "reports/table/table.h"
#include "sim/base/unit.h"
#include "sim/cli/study/pilots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct cli_option options[] = {
	{"pilots", 0, "N", "runs of each point to judge from; 5 when not given"},
	{"jobs", 'j', "N", "threads; as many as there are processors when not given"},
	{"seed", 0, "N", "the seed, in place of the study's"},
	{"set", 0, "/POINTER=VALUE", "change the study first; may be repeated"},
	{"json", 0, NULL, "print JSON, in base units"},
	{0}};

enum { PILOTS = 5, PILOTS_MOST = 1000 };

static bool mostly_independent(const struct pilots_answer *a)
{
	return 2 * a->independent > a->pilots;
}

/* ---- JSON */

static cJSON *point_json(const struct point *point, const struct pilots_answer *a)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "point", point->id);
	cJSON *parameters = cJSON_AddObjectToObject(o, "parameters");
	for (size_t i = 0; i < point->parameter_count; i++) {
		const struct parameter *p = &point->parameters[i];
		if (p->numeric)
			cJSON_AddNumberToObject(parameters, p->name, p->number);
		else
			cJSON_AddStringToObject(parameters, p->name, p->text);
	}
	cJSON_AddStringToObject(o, "verdict", pilots_verdict_names[a->verdict]);
	json_add_number(o, "pilots", a->pilots);
	json_add_number(o, "duration", a->duration_s);
	json_add_number(o, "warmup", a->warmup_s);
	json_add_number(o, "truncation", a->cut_s);
	json_add_number(o, "tasks", a->tasks);
	json_add_number(o, "unfinished", a->unfinished);
	json_add_number(o, "mean_from_start", a->mean_start_s);
	json_add_number(o, "mean_after_warmup", a->mean_warmup_s);
	json_add_number(o, "mean", a->mean_s);
	json_add_number(o, "ci95_one_run", a->half_width_s);
	json_add_number(o, "lag1", a->lag1);
	json_add_number(o, "independent", a->independent);
	json_add_number(o, "duration_needed", a->needed_s);
	return o;
}

static int print_json(const struct plan *plan, const struct pilots_answer *answers)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < plan->count; i++)
		cJSON_AddItemToArray(list, point_json(&plan->points[i], &answers[i]));
	return cli_print_json(list);
}

/* ---- A table */

static const char *time_text(struct arena *arena, const char *before, double s)
{
	char text[40];
	return isfinite(s) ? arena_printf(arena, "%s%s", before,
					  unit_format(s, UNIT_TIME, text, sizeof(text)))
			   : "-";
}

static const char *verdict_text(struct arena *arena, const struct pilots_answer *a)
{
	switch (a->verdict) {
	case PILOTS_ENOUGH:
		return "long enough";
	case PILOTS_SHORT:
		return time_text(arena, "too short: at least ", a->cut_s);
	case PILOTS_UNSETTLED:
		return "no steady state: run longer, or the queue grows (overload)";
	case PILOTS_OVERLOAD:
		return arena_printf(arena, "overload: %.0f %% of the tasks had not ended",
				    100 * a->unfinished);
	case PILOTS_FEW:
		return arena_printf(arena, "too few tasks to say (%.0f)", a->tasks);
	case PILOTS_FAILED:
		break;
	}
	return "the runs failed";
}

static void add_row(struct table *t, const struct point *point, const struct pilots_answer *a)
{
	const char **row = t->cells + t->row_count++ * t->column_count;
	double half = 100 * a->half_width_s / a->mean_s;
	for (size_t i = 0; i < point->parameter_count; i++)
		*row++ = point->parameters[i].text;
	*row++ = time_text(&t->arena, "", a->warmup_s);
	*row++ = time_text(&t->arena, "", a->cut_s);
	*row++ = time_text(&t->arena, "", a->mean_warmup_s);
	*row++ = time_text(&t->arena, "", a->mean_s);
	*row++ = half < 0.001	  ? "< 0.001 %"
		 : isfinite(half) ? arena_printf(&t->arena, "%.2g %%", half)
				  : "-";
	*row++ = isfinite(a->lag1) ? arena_printf(&t->arena, "%.2f%s", a->lag1,
						  mostly_independent(a) ? "" : " !")
				   : "-";
	*row++ = time_text(&t->arena, mostly_independent(a) ? "" : "> ", a->needed_s);
	*row++ = verdict_text(&t->arena, a);
}

static int print_table(const struct plan *plan, const struct pilots_answer *answers)
{
	static const struct table_column columns[] = {
		{"warm-up", true}, {"MSER-5", true}, {"mean", true},	 {"settled", true},
		{"± a run", true}, {"lag 1", true},  {"for ±5 %", true}, {"warm-up is", false}};
	enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
	const struct point *first = plan->points;
	struct table t = {.column_count = first->parameter_count + COLUMNS};
	t.columns = arena_array(&t.arena, t.column_count, sizeof(*t.columns));
	t.cells = arena_array(&t.arena, t.column_count * plan->count, sizeof(*t.cells));
	if (!t.columns || !t.cells) {
		table_free(&t);
		return cli_fail(CLI_FAILED, "warmup: out of memory");
	}
	for (size_t i = 0; i < t.column_count; i++) {
		char label[200];
		if (i >= first->parameter_count)
			t.columns[i] = columns[i - first->parameter_count];
		else
			t.columns[i] = (struct table_column){
				arena_strdup(&t.arena, scale_axis_label(first->parameters[i].name,
									label, sizeof(label))),
				first->parameters[i].numeric};
	}
	for (size_t i = 0; i < plan->count; i++)
		add_row(&t, &plan->points[i], &answers[i]);
	t.note =
		"MSER-5: where it truncates the response times of the pilots, which start empty. "
		"mean: after the study's warm-up; settled: after the later of both. ± a run: the "
		"95 % interval of that mean from one run, by batch means; lag 1: their "
		"correlation, "
		"with ! where they are not independent, so that the interval is too narrow. for ±5 "
		"%: how long one run would have to be.";
	table_print(&t, TABLE_TEXT, stdout);
	table_free(&t);
	return CLI_OK;
}

/* ---- The command */

static int answer(const struct cli_args *args, const struct study *study)
{
	const struct plan *plan = &study->plan;
	struct err e = {0};
	long long pilots = PILOTS, threads = 0;
	if (cli_number(args, "pilots", 1, PILOTS_MOST, &pilots) != CLI_OK ||
	    cli_number(args, "jobs", 1, 4096, &threads) != CLI_OK)
		return CLI_USAGE;
	struct pilots_answer *answers = calloc(plan->count ? plan->count : 1, sizeof(*answers));
	if (!answers)
		return cli_fail(CLI_FAILED, "warmup: out of memory");
	struct pilots_request request = {study, (unsigned)pilots, (unsigned)threads};
	int code = pilots_run(&request, answers, &e);
	size_t wrong = 0, failed = 0;
	for (size_t i = 0; i < plan->count; i++) {
		wrong += answers[i].verdict != PILOTS_ENOUGH;
		failed += request.pilots - answers[i].pilots;
	}
	if (code != 0)
		code = code == ERR_STOPPED ? cli_fail(CLI_FAILED, "stopped") : cli_fail_err(&e);
	else
		code = cli_flag(args, "json") ? print_json(plan, answers)
					      : print_table(plan, answers);
	if (code == CLI_OK && wrong)
		code = cli_fail(CLI_PARTIAL, "at %zu of %zu points the warm-up does not suffice",
				wrong, plan->count);
	if (failed && (code == CLI_OK || code == CLI_PARTIAL))
		code = cli_fail(CLI_PARTIAL, "%zu of %zu pilots failed", failed,
				plan->count * request.pilots);
	free(answers);
	return code;
}

static int run(const struct cli_args *args)
{
	struct study study;
	struct diag_list diags = {0};
	struct err e = {0};
	int code = study_open(&study, args->arguments[0], args, &diags, &e);
	cli_print_diags(&diags);
	if (code == 0)
		code = answer(args, &study);
	else
		code = code == ERR_INVALID && diags.errors ? CLI_USAGE : cli_fail_err(&e);
	study_close(&study);
	diag_free(&diags);
	return code;
}

const struct cli_command cmd_warmup_command = {
	.name = "warmup",
	.arguments = "STUDY.json",
	.help = "whether the warm-up is long enough, and how long runs must be; exits with 3 where "
		"it is not",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim warmup first.json\n"
		    "mcvsim warmup first.json --pilots 3 --set '/warmup=2 min' --json\n",
	.run = run,
};
