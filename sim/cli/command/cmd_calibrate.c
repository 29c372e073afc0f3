/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim calibrate: measures this machine and writes a profile.
 */
#include "models/platform/profile.h"
#include "sim/cli/measure/agreement.h"
#include "sim/cli/measure/bare_metal.h"
#include "sim/cli/measure/calibrate.h"
#include "sim/cli/cli.h"
#include "sim/cli/measure/from_log.h"
#include "sim/cli/measure/hvcore.h"
#include "sim/cli/shell/progress.h"
#include "sim/cli/shell/save.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const struct cli_option calibrate_options[] = {
	{"output", 'o', "FILE", "write the profile there; an older profile is kept as FILE.bak"},
	{"backend", 0, "NAME", "measure only this backend (mcvsim doctor lists them)"},
	{"quick", 0, NULL, "run each probe once instead of three times"},
	{"repeat", 0, "N",
	 "calibrate N times (2 to 10) in a row; the profile says how far they agree"},
	{"compare", 0, "FILE",
	 "show what changed against an older profile, and what exceeds the noise"},
	{"from-log", 0, "FILE",
	 "measure nothing; make the profile from the log of hvcore's bare guest"},
	{"tsc-hz", 0, "HZ", "with --from-log: ticks per second, where the log does not know them"},
	{"from-profile", 0, "FILE", "measure nothing; change a profile, by --bare-metal"},
	{"bare-metal", 0, "FACTOR",
	 "with --from-profile: what a nested machine's exits cost, divided by it"},
	{"json", 0, NULL, "print the profile instead of a table"},
	{0},
};

struct view {
	struct progress progress;
	struct timespec start;
	size_t now, all; /* which calibration of how many, from 0 */
};

static double seconds_since(const struct timespec *start)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static void show_progress(void *ctx, const char *name, size_t done, size_t total, size_t failed)
{
	struct view *v = ctx;
	char label[64];
	double spent = seconds_since(&v->start);
	done += v->now * total;
	total *= v->all;
	snprintf(label, sizeof(label), "measuring %-28s", name);
	progress_draw(&v->progress, label, done, total, failed,
		      done ? spent / (double)done * (double)(total - done) : -1);
}

static bool is_profile(const char *text)
{
	cJSON *json = cJSON_Parse(text);
	bool yes = cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(json, "schema")) &&
		   cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "primitives"));
	cJSON_Delete(json);
	return yes;
}

/* The beginning of a file, at most 16 MiB; NULL when it cannot be read. */
static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return NULL;
	enum { MAX = 16 << 20 };
	char *text = malloc(MAX);
	if (text)
		text[fread(text, 1, MAX - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* NULL: there is none, or one with mistakes, which are told. */
static cJSON *read_profile(const char *path)
{
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct profile ignored = {0};
	struct err e = {0};
	int code = json_doc_load(&doc, path, &diags, &e);
	if (code == 0)
		code = profile_read(&ignored, &doc, path, &diags, &e);
	cJSON *json = code ? NULL : cJSON_Duplicate(doc.root, true);
	if (diags.count)
		cli_print_diags(&diags);
	if (!json && !diags.errors)
		cli_fail(CLI_USAGE, "%s", code ? e.text : "no memory for a profile");
	profile_free(&ignored);
	json_doc_free(&doc);
	diag_free(&diags);
	return json;
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* "1.53 us", or "0.0106 ns/B": what is not a time keeps its own unit. */
static const char *cost_text(double value, const char *unit, char buf[32])
{
	static const char *const times[] = {"ns", "us", "ms", "s"};
	int i = 0;
	if (strcmp(unit, "ns") != 0) {
		snprintf(buf, 32, "%.3g %s", value, unit);
		return buf;
	}
	for (; i < 3 && fabs(value) >= 1000; i++)
		value /= 1000;
	snprintf(buf, 32, "%.3g %s", value, times[i]);
	return buf;
}

static void print_entries(const cJSON *entries)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, entries)
	{
		char p50[32], mad[32], exits[32] = "";
		const char *unit = hvcore_text(item, "unit");
		double n = number(item, "exits_per_op");
		if (!isnan(n))
			snprintf(exits, sizeof(exits), "  %.3g exits", n);
		printf("%-28s %12s  +- %-12s %s %s%s\n", item->string,
		       cost_text(number(item, "p50"), unit, p50),
		       cost_text(number(item, "mad"), unit, mad), hvcore_text(item, "backend"),
		       hvcore_text(item, "regime"), exits);
		if (hvcore_text(item, "note")[0])
			printf("%-28s %s\n", "", hvcore_text(item, "note"));
	}
}

static void print_profile(const cJSON *profile)
{
	const cJSON *item, *failed = cJSON_GetObjectItemCaseSensitive(profile, "failed");
	print_entries(cJSON_GetObjectItemCaseSensitive(profile, "primitives"));
	print_entries(cJSON_GetObjectItemCaseSensitive(profile, "operations"));
	if (cJSON_GetArraySize(failed) > 0)
		printf("\nnot measured:\n");
	cJSON_ArrayForEach(item, failed) printf("%-28s %s\n", item->string, item->valuestring);
}

/* `only`: the backend that was measured; what the others had is not gone. NULL: all. */
static void compare_entries(const cJSON *old, const cJSON *entries, const char *only)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, entries)
	{
		char before[32], after[32], noise[32];
		const char *unit = hvcore_text(item, "unit");
		const cJSON *was = cJSON_GetObjectItemCaseSensitive(old, item->string);
		struct calibrate_change c = calibrate_compare(was, item);
		if (!c.known) {
			printf("%-28s %12s -> %-12s %s\n", item->string, was ? "another unit" : "-",
			       cost_text(c.after, unit, after), "new");
			continue;
		}
		printf("%-28s %12s -> %-12s %+7.1f %%  %s (noise %s)\n", item->string,
		       cost_text(c.before, unit, before), cost_text(c.after, unit, after),
		       100 * (c.after / c.before - 1), c.exceeds ? "CHANGED" : "same",
		       cost_text(c.noise, unit, noise));
	}
	cJSON_ArrayForEach(item, old)
	{
		bool meant = !only || strcmp(hvcore_text(item, "backend"), only) == 0;
		if (meant && !cJSON_GetObjectItemCaseSensitive(entries, item->string))
			printf("%-28s %12s -> %-12s gone\n", item->string, "", "-");
	}
}

static void print_comparison(const cJSON *old, const cJSON *now, const char *only)
{
	static const char *const parts[] = {"primitives", "operations"};
	static const char *const conditions[] = {"cpu",	   "kernel",   "hypervisor",
						 "regime", "governor", "clocksource"};
	for (size_t i = 0; i < 2; i++)
		compare_entries(cJSON_GetObjectItemCaseSensitive(old, parts[i]),
				cJSON_GetObjectItemCaseSensitive(now, parts[i]), only);
	const cJSON *m0 = cJSON_GetObjectItemCaseSensitive(old, "machine");
	const cJSON *m1 = cJSON_GetObjectItemCaseSensitive(now, "machine");
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const char *a = hvcore_text(m0, conditions[i]), *b = hvcore_text(m1, conditions[i]);
		if (strcmp(a, b) != 0)
			printf("machine: %s was '%s', is '%s'\n", conditions[i], a, b);
	}
}

/* Writes, then prints what was asked for. */
static int deliver(const struct cli_args *args, const cJSON *profile, const cJSON *old)
{
	const char *path = cli_value(args, "output");
	char *text = cJSON_Print(profile);
	size_t n = text ? strlen(text) : 0;
	char *lines = text ? realloc(text, n + 2) : NULL;
	struct err e = {0};
	if (!lines) {
		free(text);
		return cli_fail(CLI_FAILED, "no memory for the profile");
	}
	memcpy(lines + n, "\n", 2);
	int rc = path ? save_text(path, lines, true, &e) : 0;
	if (cli_flag(args, "json"))
		fputs(lines, stdout);
	else if (old)
		print_comparison(old, profile, cli_value(args, "backend"));
	else
		print_profile(profile);
	free(lines);
	if (rc)
		return cli_fail(CLI_FAILED, "%s", e.text);
	if (path)
		cli_say("wrote %s", path);
	else if (!cli_flag(args, "json"))
		cli_say("not kept; -o FILE writes a profile");
	return CLI_OK;
}

/* Calibrates view->all times; *result becomes what they say together. */
static int calibrate_often(const struct calibrate_options *options, struct view *view,
			   struct calibrate_result *result, struct err *e)
{
	struct calibrate_result each[AGREEMENT_MAX] = {0};
	cJSON *profiles[AGREEMENT_MAX];
	struct agreement agreement;
	int rc = 0;
	for (view->now = 0; view->now < view->all && rc == 0; view->now++) {
		rc = calibrate_run(options, &each[view->now], e);
		profiles[view->now] = each[view->now].profile;
	}
	if (rc == 0) {
		cJSON *merged = agreement_merge(profiles, view->all, &agreement);
		const cJSON *failed = cJSON_GetObjectItemCaseSensitive(merged, "failed");
		size_t measured = 0;
		for (const cJSON *part = merged ? merged->child : NULL; part; part = part->next)
			if (strcmp(part->string, "primitives") == 0 ||
			    strcmp(part->string, "operations") == 0)
				measured += (size_t)cJSON_GetArraySize(part);
		*result = (struct calibrate_result){.profile = merged,
						    .measured = measured,
						    .unavailable = each[0].unavailable,
						    .broken = (size_t)cJSON_GetArraySize(failed) -
							      each[0].unavailable};
		rc = merged ? 0 : err_set(e, ERR_NOMEM, "no memory for a profile");
	}
	for (size_t i = 0; i < view->all; i++)
		calibrate_free(&each[i]);
	if (rc == 0)
		cli_say("%zu calibrations: of %zu costs above 100 ns %zu agree within %.0f %%",
			view->all, agreement.judged, agreement.judged - agreement.beyond,
			100 * AGREEMENT_LIMIT);
	return rc;
}

/* How often to calibrate; 0 when that is no number that can be. */
static size_t repetitions(const struct cli_args *args)
{
	const char *text = cli_value(args, "repeat");
	char *end = NULL;
	long n = text ? strtol(text, &end, 10) : 1;
	if (text && (end == text || *end || n < 2 || n > AGREEMENT_MAX))
		return 0;
	return (size_t)n;
}

static int measure(const struct cli_args *args, const cJSON *old)
{
	struct view view = {.all = repetitions(args)};
	if (view.all == 0)
		return cli_fail(CLI_USAGE, "--repeat: '%s' is not a number from 2 to %d",
				cli_value(args, "repeat"), AGREEMENT_MAX);
	clock_gettime(CLOCK_MONOTONIC, &view.start);
	const struct calibrate_options options = {
		.backend = cli_value(args, "backend"),
		.quick = cli_flag(args, "quick"),
		.stop = cli_catch_signals(),
		.progress = show_progress,
		.progress_ctx = &view,
	};
	struct calibrate_result result;
	struct err e = {0};
	int rc = view.all > 1 ? calibrate_often(&options, &view, &result, &e)
			      : calibrate_run(&options, &result, &e);
	progress_clear(&view.progress);
	if (rc == ERR_STOPPED)
		return cli_fail(CLI_FAILED, "%s; nothing was written", e.text);
	if (rc)
		return cli_fail_err(&e);
	int code = CLI_OK;
	if (result.measured == 0)
		code = cli_fail(CLI_FAILED,
				"nothing could be measured here; `mcvsim doctor` says why");
	else
		code = deliver(args, result.profile, old);
	cli_say("measured %zu costs in %.1f s", result.measured, seconds_since(&view.start));
	if (result.unavailable)
		cli_say("%zu not offered by this machine; `mcvsim doctor` says what to do",
			result.unavailable);
	if (result.broken)
		cli_say("%zu should have worked and failed; the profile's \"failed\" says why",
			result.broken);
	if (code == CLI_OK && result.broken)
		code = CLI_PARTIAL;
	calibrate_free(&result);
	return code;
}

static bool is_for_measuring(const struct cli_args *args)
{
	return cli_flag(args, "quick") || cli_value(args, "backend") || cli_value(args, "repeat");
}

/* The log does not know when it was made; its file does. */
static void date_profile(cJSON *profile, const char *path)
{
	struct stat st;
	struct tm utc;
	char text[32];
	if (stat(path, &st) != 0)
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&st.st_mtime, &utc));
	cJSON_AddStringToObject(cJSON_GetObjectItemCaseSensitive(profile, "machine"), "measured_at",
				text);
}

static int convert_log(const struct cli_args *args, const char *path, const cJSON *old)
{
	const char *hz_text = cli_value(args, "tsc-hz");
	char *end = NULL;
	double hz = hz_text ? strtod(hz_text, &end) : 0;
	if (hz_text && (end == hz_text || *end || !(hz >= 1e6 && hz <= 1e12)))
		return cli_fail(CLI_USAGE, "--tsc-hz: '%s' is not a number from 1e6 to 1e12",
				hz_text);
	if (is_for_measuring(args))
		return cli_fail(CLI_USAGE, "--from-log measures nothing: --quick, --repeat and "
					   "--backend have no place");
	char *text = read_text(path);
	if (!text)
		return cli_fail(CLI_USAGE, "%s: %s", path, strerror(errno));
	struct from_log log;
	struct err e = {0};
	int rc = from_log_read(text, path, hz, &log, &e);
	free(text);
	if (rc)
		return cli_fail(CLI_USAGE, "%s", e.text);
	date_profile(log.profile, path);
	int code = deliver(args, log.profile, old);
	if (log.broken)
		cli_say("%zu did not stand the checks; the profile's \"failed\" says why",
			log.broken);
	cJSON_Delete(log.profile);
	return code == CLI_OK && log.broken ? CLI_PARTIAL : code;
}

/* A nested machine's profile as an estimate for bare metal. */
static int estimate(const struct cli_args *args, const char *path, const cJSON *old)
{
	const char *text = cli_value(args, "bare-metal");
	char *end = NULL;
	double factor = text ? strtod(text, &end) : 0;
	struct err e = {0};
	if (!text)
		return cli_fail(CLI_USAGE,
				"--from-profile: by what factor are the exits of bare metal "
				"cheaper? --bare-metal FACTOR states it");
	if (end == text || *end || !(factor >= 1 && factor <= 1000))
		return cli_fail(CLI_USAGE, "--bare-metal: '%s' is not a number from 1 to 1000",
				text);
	if (is_for_measuring(args) || cli_value(args, "from-log"))
		return cli_fail(CLI_USAGE, "--from-profile measures nothing: --quick, --repeat, "
					   "--backend and --from-log have no place");
	cJSON *profile = read_profile(path);
	if (!profile)
		return CLI_USAGE;
	int divided = bare_metal_estimate(profile, factor, &e);
	int code = divided < 0 ? cli_fail(CLI_USAGE, "%s: %s", path, e.text)
			       : deliver(args, profile, old);
	if (divided > 0)
		cli_say("%d primitives are now assumed: measured nested, divided by %g", divided,
			factor);
	cJSON_Delete(profile);
	return code;
}

static int calibrate_command(const struct cli_args *args)
{
	const char *path = cli_value(args, "output"), *older = cli_value(args, "compare");
	const char *log = cli_value(args, "from-log"), *from = cli_value(args, "from-profile");
	struct err e = {0};
	if (!from && cli_value(args, "bare-metal"))
		return cli_fail(CLI_USAGE, "--bare-metal is for --from-profile");
	if (!log && cli_value(args, "tsc-hz"))
		return cli_fail(CLI_USAGE, "--tsc-hz is for --from-log");
	if (path) {
		int rc = save_check(path, is_profile, &e);
		if (rc)
			return cli_fail(rc == ERR_EXISTS ? CLI_USAGE : CLI_FAILED, "%s", e.text);
	}
	cJSON *old = older ? read_profile(older) : NULL;
	if (older && !old)
		return CLI_USAGE;
	int code = from	 ? estimate(args, from, old)
		   : log ? convert_log(args, log, old)
			 : measure(args, old);
	cJSON_Delete(old);
	return code;
}

const struct cli_command cmd_calibrate_command = {
	.name = "calibrate",
	.arguments = "",
	.help = "measure this machine and write a profile of what its primitives cost",
	.options = calibrate_options,
	.examples = "mcvsim calibrate -o profile.json\n"
		    "mcvsim calibrate --compare profile.json -o my-second.json\n",
	.run = calibrate_command,
};
