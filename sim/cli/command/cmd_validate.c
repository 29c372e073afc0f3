/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim validate: runs task mixes on this machine and holds the predictions against them.
 */
#include "reports/figure/scatter.h"
#include "sim/base/unit.h"
#include "sim/cli/shell/pictures.h"
#include "sim/cli/shell/progress.h"
#include "sim/cli/shell/save.h"
#include "sim/cli/measure/validate.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
	{"profile", 0, "PROFILE.json", "predict with it; else the primitives are measured now"},
	{"mixes", 0, "FILE.json", "the tasks; else those that come with the program"},
	{"random", 0, "N", "N mixes drawn at random instead"},
	{"seed", 0, "N", "of the random mixes; 1 when not given"},
	{"platform", 0, "NAME", "only this one"},
	{"rounds", 0, "N", "how often everything is measured; 3 when not given"},
	{"output", 'o', "FOLDER", "draw the figure and keep the numbers there"},
	{"json", 0, NULL, "print JSON, with the terms of each prediction"},
	{0}};

/* A prediction that is off by more than this is shown term by term. */
static const double far_off = 0.15;

struct command {
	const struct cli_args *args;
	struct arena arena;
	struct diag_list diags;
	struct mixes mixes;
	struct pricing pricing;
	struct progress progress;
	struct validate_result result;
};

static void show_progress(void *ctx, const char *what, size_t done, size_t total)
{
	struct command *c = ctx;
	char label[64];
	snprintf(label, sizeof(label), "measuring %-28s", what);
	progress_draw(&c->progress, label, done, total, 0, -1);
}

static int read_mixes(struct command *c, long long random, long long seed)
{
	char shipped[PATH_MAX + 32];
	const char *path = cli_value(c->args, "mixes");
	struct err e = {0};
	if (random && path)
		return cli_fail(CLI_USAGE, "validate: either --mixes or --random");
	if (!random && cli_value(c->args, "seed"))
		return cli_fail(CLI_USAGE, "validate: --seed is for --random");
	if (random)
		return mixes_random(&c->mixes, (size_t)random, (uint64_t)seed, &c->arena) == 0
			       ? CLI_OK
			       : cli_fail(CLI_FAILED, "out of memory");
	if (!path) {
		const char *data = cli_data_folder();
		if (!data)
			return cli_fail(CLI_FAILED, "the program's own mixes are not found; say "
						    "--mixes FILE");
		snprintf(shipped, sizeof(shipped), "%s/mixes/cpu-to-io.json", data);
		path = shipped;
	}
	int code = mixes_load(&c->mixes, path, &c->arena, &c->diags, &e);
	cli_print_diags(&c->diags);
	return code == 0 ? CLI_OK : code == ERR_INVALID ? CLI_USAGE : cli_fail_err(&e);
}

static int check_platform(const char *only)
{
	const char *names[16] = {0};
	for (size_t i = 0; validate_worlds[i].platform; i++) {
		names[i] = validate_worlds[i].platform;
		if (only && strcmp(names[i], only) == 0)
			return CLI_OK;
	}
	const char *near = only ? diag_nearest(only, names) : NULL;
	return !only ? CLI_OK
		     : cli_fail(CLI_USAGE,
				"hvcore cannot run tasks on '%s'%s%s%s; it can on the platforms "
				"named hvcore-...",
				only, near ? ", did you mean '" : "", near ? near : "",
				near ? "'?" : "");
}

/* ---- printing ---- */

static const char *time_text(double ns, char *buf, size_t size)
{
	return unit_format(ns * 1e-9, UNIT_TIME, buf, size);
}

static void print_terms(const struct validate_case *c)
{
	const cJSON *t;
	char a[40];
	printf("\n%s on %s, term by term:\n", c->mix->name, c->world->platform);
	cJSON_ArrayForEach(t, c->terms)
	{
		double ns = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(t, "ns"));
		const cJSON *n = cJSON_GetObjectItemCaseSensitive(t, "n");
		printf("  %-14s %10.4g x %-26s %12s  %5.1f %%\n",
		       cJSON_GetObjectItemCaseSensitive(t, "operation")->valuestring,
		       n ? n->valuedouble : (double)c->mix->count[MIX_COMPUTE],
		       cJSON_GetObjectItemCaseSensitive(t, "primitive")->valuestring,
		       time_text(ns, a, sizeof(a)), 100 * ns / c->predicted_ns);
	}
}

/* Platform by platform, since a lean of one may hide behind the others' scatter. */
static void print_platforms(const struct validate_result *r)
{
	bool head = false;
	for (size_t w = 0; validate_worlds[w].platform; w++) {
		const struct error_summary s = validate_errors(r, &validate_worlds[w]);
		if (s.count == 0 || s.count == r->errors.count)
			continue;
		if (!head)
			printf("\n%-21s %6s %10s %9s %9s %9s\n", "platform", "cases", "too short",
			       "bias", "absolute", "largest");
		head = true;
		printf("%-21s %6zu %10zu %+7.1f %% %7.1f %% %7.1f %%\n",
		       validate_worlds[w].platform, s.count, s.too_short, 100 * s.median,
		       100 * s.median_abs, 100 * s.max_abs);
	}
}

static void print_table(const struct validate_result *r)
{
	const struct error_summary *all = &r->errors;
	char a[40], b[40];
	printf("%-20s %-21s %12s %8s %12s %8s\n", "mix", "platform", "measured", "spread",
	       "predicted", "error");
	for (size_t i = 0; i < r->count; i++) {
		const struct validate_case *c = &r->cases[i];
		if (c->samples)
			printf("%-20s %-21s %12s %6.1f %% %12s %+6.1f %%\n", c->mix->name,
			       c->world->platform, time_text(c->measured_ns, a, sizeof(a)),
			       100 * c->spread, time_text(c->predicted_ns, b, sizeof(b)),
			       100 * c->error);
	}
	for (size_t i = 0; i < r->count; i++)
		if (r->cases[i].samples && fabs(r->cases[i].error) > far_off)
			print_terms(&r->cases[i]);
	print_platforms(r);
	if (all->count)
		printf("\n%zu cases: median of the errors %+.1f %% (bias), %zu predicted too "
		       "short; "
		       "median of the absolute errors %.1f %%, largest %.1f %%\n",
		       all->count, 100 * all->median, all->too_short, 100 * all->median_abs,
		       100 * all->max_abs);
}

/* What is missing, once for a platform when it is the whole of it. */
static void say_missing(const struct validate_result *r)
{
	const struct validate_world *told = NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct validate_case *c = &r->cases[i];
		if (c->skipped && c->world != told)
			cli_say("%s is skipped: %s", c->world->platform, c->reason);
		else if (!c->skipped && c->samples == 0)
			cli_say("%s on %s has no numbers: %s", c->mix->name, c->world->platform,
				c->reason);
		told = c->skipped ? c->world : told;
	}
}

static void add_case(cJSON *cases, cJSON *skipped, const struct validate_case *c)
{
	cJSON *item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "name", c->mix->name);
	cJSON_AddStringToObject(item, "platform", c->world->platform);
	if (c->samples == 0) {
		cJSON_AddStringToObject(item, "reason", c->reason);
		cJSON_AddItemToArray(skipped, item);
		return;
	}
	cJSON_AddNumberToObject(item, "measured_ns", c->measured_ns);
	cJSON_AddNumberToObject(item, "predicted_ns", c->predicted_ns);
	cJSON_AddNumberToObject(item, "error", c->error);
	cJSON_AddNumberToObject(item, "spread", c->spread);
	cJSON_AddNumberToObject(item, "error_spread", c->deviation);
	cJSON_AddNumberToObject(item, "samples", c->samples);
	cJSON_AddItemToObject(item, "measured_samples_ns",
			      cJSON_CreateDoubleArray(c->measured, (int)c->samples));
	cJSON_AddItemToObject(item, "predicted_samples_ns",
			      cJSON_CreateDoubleArray(c->predicted, (int)c->samples));
	cJSON_AddItemToObject(item, "terms", cJSON_Duplicate(c->terms, true));
	cJSON_AddItemToArray(cases, item);
}

/* A number that is not there is null. */
static void add_number(cJSON *object, const char *key, double value)
{
	cJSON_AddItemToObject(object, key,
			      isnan(value) ? cJSON_CreateNull() : cJSON_CreateNumber(value));
}

static void add_summary(cJSON *object, const struct error_summary *s)
{
	add_number(object, "median_error", s->median);
	add_number(object, "median_abs_error", s->median_abs);
	add_number(object, "max_abs_error", s->max_abs);
	cJSON_AddNumberToObject(object, "too_short", (double)s->too_short);
}

static void add_platforms(cJSON *object, const struct validate_result *r)
{
	cJSON *platforms = cJSON_AddArrayToObject(object, "platforms");
	for (size_t w = 0; validate_worlds[w].platform; w++) {
		const struct error_summary s = validate_errors(r, &validate_worlds[w]);
		if (s.count == 0)
			continue;
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "platform", validate_worlds[w].platform);
		cJSON_AddNumberToObject(item, "cases", (double)s.count);
		add_summary(item, &s);
		cJSON_AddItemToArray(platforms, item);
	}
}

static char *json_text(const struct validate_result *r)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *cases = cJSON_AddArrayToObject(object, "cases");
	cJSON *skipped = cJSON_AddArrayToObject(object, "skipped");
	for (size_t i = 0; i < r->count; i++)
		add_case(cases, skipped, &r->cases[i]);
	add_platforms(object, r);
	add_summary(object, &r->errors);
	char *text = cJSON_Print(object);
	cJSON_Delete(object);
	char *lines = text ? realloc(text, strlen(text) + 2) : NULL;
	return lines ? strcat(lines, "\n") : NULL;
}

/* ---- the figure ---- */

static int draw(const struct command *c, const char *folder, const char *json)
{
	const struct validate_result *r = &c->result;
	const char *const script = "validate.gp";
	const unsigned formats = FIGURE_PDF | FIGURE_SVG | FIGURE_PNG;
	const struct figure_request request = {.folder = folder, .formats = formats};
	char path[PATH_MAX], note[300];
	struct err e = {0};
	struct scatter_point *points = calloc(r->count + 1, sizeof(*points));
	size_t n = 0;
	for (size_t i = 0; points && i < r->count; i++) {
		const struct validate_case *k = &r->cases[i];
		if (k->samples)
			points[n++] = (struct scatter_point){.group = k->world->platform,
							     .measured = k->measured_ns * 1e-9,
							     .predicted = k->predicted_ns * 1e-9};
	}
	snprintf(note, sizeof(note),
		 "%zu tasks, each run on this machine and predicted from primitives measured %s: "
		 "median of the errors %+.1f %%, of the absolute errors %.1f %%, largest %.1f %%.",
		 r->errors.count, cli_value(c->args, "profile") ? "before" : "meanwhile",
		 100 * r->errors.median, 100 * r->errors.median_abs, 100 * r->errors.max_abs);
	const struct scatter scatter = {.name = "validate",
					.quantity = "time of a task",
					.unit = "s",
					.points = points,
					.count = n,
					.factor = 1.3,
					.source = note,
					.version = cli_version(),
					.log = FIGURE_LOG_XY,
					.width = FIGURE_PAGE};
	int code = points ? pictures_folder(folder, &e) : err_set(&e, ERR_NOMEM, "out of memory");
	if (code == 0)
		code = scatter_write(&scatter, &request, &e);
	snprintf(path, sizeof(path), "%s/validate.json", folder);
	if (code == 0)
		code = save_text(path, json, false, &e);
	free(points);
	FILE *names = cli_flag(c->args, "json") ? NULL : stdout; /* which is for the answer then */
	return code == 0
		       ? pictures_draw(&(struct pictures){folder, formats, &script, 1, names, NULL})
		       : cli_fail_err(&e);
}

static int deliver(const struct command *c)
{
	const struct validate_result *r = &c->result;
	const char *folder = cli_value(c->args, "output");
	char *json = json_text(r);
	int code = json ? CLI_OK : cli_fail(CLI_FAILED, "out of memory");
	if (json && cli_flag(c->args, "json"))
		fputs(json, stdout);
	else if (json)
		print_table(r);
	say_missing(r);
	if (json && r->errors.count == 0)
		code = cli_fail(CLI_FAILED,
				"nothing could be measured here; `mcvsim doctor` says why");
	if (json && r->errors.count && folder)
		code = draw(c, folder, json);
	free(json);
	return code == CLI_OK && r->failed ? CLI_PARTIAL : code;
}

static int validate(struct command *c)
{
	long long rounds = 3, random = 0, seed = 1;
	struct err e = {0};
	int code = cli_number(c->args, "rounds", 1, VALIDATE_ROUNDS_MAX, &rounds);
	if (code == CLI_OK)
		code = cli_number(c->args, "random", 1, 1000, &random);
	if (code == CLI_OK)
		code = cli_number(c->args, "seed", 0, LLONG_MAX, &seed);
	if (code == CLI_OK)
		code = check_platform(cli_value(c->args, "platform"));
	if (code == CLI_OK)
		code = read_mixes(c, random, seed);
	if (code == CLI_OK)
		code = pricing_open(&c->pricing, c->args);
	if (code != CLI_OK)
		return code;
	const struct validate_options o = {
		.mixes = &c->mixes,
		.pricing = &c->pricing,
		.fixed_profile = cli_value(c->args, "profile") != NULL,
		.rounds = (unsigned)rounds,
		.only = cli_value(c->args, "platform"),
		.stop = cli_catch_signals(),
		.progress = show_progress,
		.progress_ctx = c,
	};
	int rc = validate_run(&o, &c->result, &e);
	progress_clear(&c->progress);
	return rc ? cli_fail_err(&e) : deliver(c);
}

static int run(const struct cli_args *args)
{
	struct command *c = calloc(1, sizeof(*c));
	if (!c)
		return cli_fail(CLI_FAILED, "out of memory");
	c->args = args;
	int code = validate(c);
	validate_free(&c->result);
	pricing_close(&c->pricing);
	diag_free(&c->diags);
	arena_free(&c->arena);
	free(c);
	return code;
}

const struct cli_command cmd_validate_command = {
	.name = "validate",
	.arguments = "",
	.help = "run tasks on this machine and hold the predictions against them",
	.options = options,
	.examples = "mcvsim validate --profile profile.json -o figures\n",
	.run = run,
};
