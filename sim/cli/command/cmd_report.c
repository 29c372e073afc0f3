/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim report: draws the figures that a study asks for from its results, the answer of validate,
 * or a profile. The data and the scripts are written in any case; gnuplot then makes the pictures.
 */
#include "models/platform/profile.h"
#include "reports/figure/figure.h"
#include "reports/figure/profile_chart.h"
#include "reports/figure/scatter.h"
#include "sim/base/json.h"
#include "sim/cli/study/page.h"
#include "sim/cli/shell/pictures.h"
#include "sim/cli/study/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
	{"output", 'o', "FOLDER", "where the figures go; \"figures\" when not given"},
	{"format", 0, "pdf,svg,png", "which pictures; all three when not given"},
	{"latex", 0, NULL, "also pictures with the fonts of a LaTeX document"},
	{"html", 0, NULL, "also index.html: figures, tables and provenance in one file"},
	{"figure", 0, "JSON", "draw this instead of what the study asks for"},
	{0}};

struct drawing {
	const struct cli_args *args;
	const char *folder;
	unsigned formats;
	struct db *db;
	struct dataset data;
	struct figures figures;
	struct json_doc given; /* what --figure says */
	struct diag_list diags;
	struct arena arena;
};

static int parse_formats(struct drawing *d)
{
	static const struct {
		const char *name;
		unsigned bit;
	} formats[] = {{"pdf", FIGURE_PDF}, {"svg", FIGURE_SVG}, {"png", FIGURE_PNG}};
	const char *text = cli_value(d->args, "format");
	d->formats = text ? 0 : FIGURE_PDF | FIGURE_SVG | FIGURE_PNG;
	while (text && *text) {
		size_t n = strcspn(text, ","), i = 0;
		while (i < 3 && (strncmp(formats[i].name, text, n) != 0 || formats[i].name[n]))
			i++;
		if (i == 3)
			return cli_fail(CLI_USAGE,
					"report: --format takes pdf, svg and png (got '%.*s')",
					(int)n, text);
		d->formats |= formats[i].bit;
		text += n + (text[n] == ',');
	}
	if (cli_flag(d->args, "latex"))
		d->formats |= FIGURE_LATEX;
	if (cli_flag(d->args, "html"))
		d->formats |= FIGURE_SVG;
	return CLI_OK;
}

static int read_figures(struct drawing *d, struct err *e)
{
	const char *text = cli_value(d->args, "figure");
	if (text)
		return figures_parse(d->db, text, &d->figures, &d->given, &d->arena, &d->diags, e);
	return figures_of_study(d->db, &d->figures, &d->arena, &d->diags);
}

/* What there is of the figure: `scripts` are those that were written. */
static enum page_figure look_for(const struct figure *f, const char *const *scripts,
				 const bool *drawn, size_t count)
{
	size_t n = strlen(f->name);
	for (size_t i = 0; i < count; i++)
		if (strncmp(scripts[i], f->name, n) == 0 && strcmp(scripts[i] + n, ".gp") == 0)
			return drawn[i] ? PAGE_DRAWN : PAGE_DATA;
	return PAGE_NOTHING;
}

/* The page carries the SVG pictures inside, those of this report. It is written also where some are
 * missing, lest an older page is taken for this one. */
static int write_page(const struct drawing *d, const char *const *scripts, const bool *drawn,
		      size_t count)
{
	struct err e = {0};
	const struct figure *list = d->figures.list.items;
	enum page_figure *have = calloc(d->figures.list.count + 1, sizeof(*have));
	if (!have)
		return cli_fail(CLI_FAILED, "out of memory");
	for (size_t i = 0; i < d->figures.list.count; i++)
		have[i] = look_for(&list[i], scripts, drawn, count);
	int code = cli_write_page(&d->data, &d->figures, have, d->folder, &e);
	free(have);
	if (code != 0)
		return cli_fail_err(&e);
	printf("%s/index.html\n", d->folder);
	return CLI_OK;
}

/* Draws the figures and, with --html, writes the page. */
static int deliver(struct drawing *d)
{
	struct err e = {0};
	size_t count = 0, limit = 2 * d->figures.list.count + 1;
	const char **scripts = arena_array(&d->arena, limit, sizeof(*scripts));
	bool *drawn = arena_array(&d->arena, limit, sizeof(*drawn));
	if (!scripts || !drawn)
		return cli_fail(CLI_FAILED, "out of memory");
	int code = pictures_folder(d->folder, &e);
	if (code == 0)
		code = figures_write(&d->data, &d->figures,
				     &(struct figure_request){.folder = d->folder,
							      .formats = d->formats,
							      .file = d->args->arguments[0]},
				     scripts, &count, &d->arena, &d->diags, &e);
	cli_print_diags(&d->diags);
	int exit_code = code == 0 ? CLI_OK : code == ERR_INVALID ? CLI_USAGE : cli_fail_err(&e);
	int result = pictures_draw(
		&(struct pictures){d->folder, d->formats, scripts, count, stdout, drawn});
	if (cli_flag(d->args, "html") && exit_code != CLI_FAILED) {
		int page = write_page(d, scripts, drawn, count);
		result = result ? result : page;
	}
	return exit_code ? exit_code : result;
}

static int report(struct drawing *d)
{
	struct err e = {0};
	if (db_open(&d->db, d->args->arguments[0], &e) != 0 ||
	    dataset_load(&d->data, d->db, &e) != 0)
		return cli_fail_err(&e);
	results_warn(&(struct results){d->db, d->data}, d->args->arguments[0]);
	int code = read_figures(d, &e);
	if (code != 0 && code != ERR_INVALID)
		return cli_fail_err(&e);
	if (code != 0) {
		cli_print_diags(&d->diags);
		return CLI_USAGE;
	}
	if (d->figures.list.count == 0 && !cli_flag(d->args, "html"))
		return cli_fail(CLI_USAGE,
				"the study asks for no figures; add \"figures\" to it, or say "
				"--figure '{\"kind\":...}'");
	return deliver(d);
}

/* Whether the file is what `validate` or `calibrate` wrote, not a database. */
static bool is_json(const char *path)
{
	FILE *f = fopen(path, "re");
	int c = f ? fgetc(f) : EOF;
	while (c == ' ' || c == '\n' || c == '\t' || c == '\r')
		c = fgetc(f);
	if (f)
		fclose(f);
	return c == '{';
}

static int write_validation(const struct drawing *d, const struct figure_request *request,
			    struct profile_charts *charts, struct err *e)
{
	static const char name[] = "predicted-vs-measured";
	charts->count = 1;
	snprintf(charts->scripts[0], PROFILE_CHART_NAME, "%s.gp", name);
	return scatter_of_validation(d->given.root, name, cli_version(), request, e);
}

/* What is in a file of its own: an answer of validate, or a profile. */
/* What a study could not be priced with is not drawn either. */
static int check_profile(struct drawing *d, const char *path, struct err *e)
{
	struct profile ignored = {0};
	int code = profile_read(&ignored, &d->given, path, &d->diags, e);
	profile_free(&ignored);
	return code;
}

static int report_json(struct drawing *d)
{
	const char *path = d->args->arguments[0], *scripts[2 * PROFILE_CHARTS_MAX];
	size_t count = 0;
	const struct figure_request request = {
		.folder = d->folder, .formats = d->formats, .file = path};
	struct profile_charts charts;
	struct err e = {0};
	if (cli_flag(d->args, "html") || cli_value(d->args, "figure"))
		return cli_fail(CLI_USAGE, "report: --html and --figure are for results databases");
	int code = json_doc_load(&d->given, path, &d->diags, &e);
	bool validation = cJSON_IsArray(cJSON_GetObjectItem(d->given.root, "cases"));
	bool profile = cJSON_IsObject(cJSON_GetObjectItem(d->given.root, "primitives"));
	if (code == 0 && !validation && !profile)
		return cli_fail(CLI_USAGE,
				"%s holds no \"cases\", as `validate --json` prints them, and no "
				"\"primitives\", as a profile does",
				path);
	if (code == 0 && !validation)
		code = check_profile(d, path, &e);
	if (code == 0)
		code = pictures_folder(d->folder, &e);
	if (code == 0)
		code = validation ? write_validation(d, &request, &charts, &e)
				  : profile_charts_write(d->given.root, cli_version(), &request,
							 &charts, &e);
	cli_print_diags(&d->diags);
	if (code)
		return d->diags.errors ? CLI_USAGE : cli_fail_err(&e);
	for (size_t i = 0; i < charts.count; i++) {
		const char *script = charts.scripts[i];
		scripts[count++] = script;
		if (d->formats & FIGURE_LATEX)
			scripts[count++] = arena_printf(&d->arena, "%.*s-latex.gp",
							(int)strlen(script) - 3, script);
		if (!scripts[count - 1])
			return cli_fail(CLI_FAILED, "out of memory");
	}
	return pictures_draw(
		&(struct pictures){d->folder, d->formats, scripts, count, stdout, NULL});
}

static int run(const struct cli_args *args)
{
	const char *folder = cli_value(args, "output");
	struct drawing d = {.args = args, .folder = folder ? folder : "figures"};
	int code = parse_formats(&d);
	if (code == CLI_OK)
		code = is_json(args->arguments[0]) ? report_json(&d) : report(&d);
	dataset_free(&d.data);
	db_close(d.db);
	json_doc_free(&d.given);
	diag_free(&d.diags);
	arena_free(&d.arena);
	return code;
}

const struct cli_command cmd_report_command = {
	.name = "report",
	.arguments = "RESULTS.db|VALIDATION.json|PROFILE.json",
	.help = "draw the figures of a study: data, gnuplot scripts, PDF, SVG and PNG",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 1,
	.examples = "mcvsim report results.db -o figures --html\n"
		    "mcvsim report results.db --latex --figure '{\"name\": \"p95\", \"kind\": "
		    "\"lines\", \"x\": \"phones\", \"y\": \"response_time.p95\", \"series\": "
		    "\"platform\"}'\n",
	.run = run,
};
