/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim check: every mistake in a study, with its place; or the study as it is understood.
 */
#include "sim/cli/study/study.h"

#include <stdio.h>
#include <stdlib.h>

static const struct cli_option options[] = {
	{"set", 0, "/POINTER=VALUE", "change the study first; may be repeated"},
	{"seed", 0, "N", "the seed, in place of the study's"},
	{"resolved", 0, NULL, "print the document with defaults and library entries filled in"},
	{"json", 0, NULL, "print the answer as JSON"},
	{0}};

static void add_text(cJSON *object, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(object, key, text);
}

static int print_json(const struct study *s, const struct diag_list *diags, bool valid)
{
	cJSON *answer = cJSON_CreateObject();
	cJSON_AddBoolToObject(answer, "valid", valid);
	if (valid)
		cJSON_AddNumberToObject(answer, "points", (double)s->plan.count);
	cJSON *list = cJSON_AddArrayToObject(answer, "messages");
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		cJSON *m = cJSON_CreateObject();
		add_text(m, "severity", d->severity == DIAG_ERROR ? "error" : "warning");
		add_text(m, "file", d->file);
		if (d->line)
			cJSON_AddNumberToObject(m, "line", d->line);
		if (d->column)
			cJSON_AddNumberToObject(m, "column", d->column);
		add_text(m, "pointer", d->pointer);
		add_text(m, "text", d->text);
		cJSON_AddItemToArray(list, m);
	}
	return cli_print_json(answer);
}

static void print_answer(const struct study *s)
{
	const struct experiment *x = &s->experiment;
	printf("%s: valid; %zu point%s, %s%lld repetition%s each, about %.3g tasks a repetition\n",
	       s->path, s->plan.count, s->plan.count == 1 ? "" : "s",
	       x->precision ? "at least " : "", (long long)x->repeat, x->repeat == 1 ? "" : "s",
	       s->expected_tasks);
}

static int run(const struct cli_args *args)
{
	struct study study;
	struct diag_list diags = {0};
	struct err e = {0};
	int exit_code = CLI_OK;
	if (cli_flag(args, "json") && cli_flag(args, "resolved"))
		return cli_fail(CLI_USAGE, "check: --resolved and --json both print a document; "
					   "choose one");
	int code = study_open(&study, args->arguments[0], args, &diags, &e);
	bool mistakes = code == ERR_INVALID && diags.errors;
	if (code != 0)
		exit_code = mistakes || code == ERR_INVALID ? CLI_USAGE : CLI_FAILED;
	if (code != 0 && !mistakes) /* a failure of the world is a message, too */
		diag_add(&diags, DIAG_ERROR, NULL, 0, 0, NULL, "mcvsim: %s", e.text);
	int printed = CLI_OK;
	if (cli_flag(args, "json"))
		printed = print_json(&study, &diags, code == 0);
	else
		cli_print_diags(&diags);
	if (code == 0 && cli_flag(args, "resolved"))
		printed = cli_print_json(cJSON_Duplicate(study.doc.root, true));
	else if (code == 0 && !cli_flag(args, "json"))
		print_answer(&study);
	study_close(&study);
	diag_free(&diags);
	return exit_code ? exit_code : printed;
}

const struct cli_command cmd_check_command = {
	.name = "check",
	.arguments = "STUDY.json",
	.help = "find every mistake in a study, with its place in the file",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim check first.json\n"
		    "mcvsim check first.json --resolved\n",
	.run = run,
};
