/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/stamp.h"
#include "reports/page/page.h"

#include "reports/data/caveat.h"
#include "reports/data/scale.h"
#include "reports/table/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

extern const char page_style[], page_script[]; /* page.css, page.js */

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	/* Nothing of it needs anything from elsewhere, and nothing may ask. */
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
	"style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";

static const char *text_at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* --- figures --- */

static void put_base64(FILE *out, FILE *in)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char b[3];
	size_t n;
	while ((n = fread(b, 1, 3, in)) > 0) {
		for (size_t i = n; i < 3; i++)
			b[i] = 0;
		fputc(digits[b[0] >> 2], out);
		fputc(digits[(b[0] & 3) << 4 | b[1] >> 4], out);
		fputc(n > 1 ? digits[(b[1] & 15) << 2 | b[2] >> 6] : '=', out);
		fputc(n > 2 ? digits[b[2] & 63] : '=', out);
	}
}

/* {"axis": value} as ", axis = value". */
static void put_values(FILE *out, const char *before, const cJSON *values)
{
	const cJSON *c;
	cJSON_ArrayForEach(c, values)
	{
		char *value = cJSON_PrintUnformatted(c), name[120];
		fprintf(out, "%s%s = %s", c == values->child ? before : ", ",
			scale_axis_label(c->string, name, sizeof(name)),
			!value		    ? "?"
			: cJSON_IsString(c) ? c->valuestring
					    : value);
		cJSON_free(value);
	}
}

/* What a figure shows, in a sentence made from its description; to be freed. */
static char *describe(const struct figure *f)
{
	static const char *const forms[] = {
		[FIGURE_LINES] = "%s over %s%s%s; bands are 95 %% intervals of the mean",
		[FIGURE_BARS] = "%s over %s%s%s; whiskers are 95 %% intervals of the mean",
		[FIGURE_STACK] = "%s over %s%s%s, split into its parts",
		[FIGURE_CDF] = "distribution of %s%s%s%s over all repetitions",
		[FIGURE_QUANTILES] = "quantiles of %s%s%s%s over all repetitions",
		[FIGURE_HEATMAP] = "%s over %s and%s%s",
		[FIGURE_TORNADO] = "what each axis alone changes of %s%s%s%s, end to end",
		[FIGURE_TIME_SERIES] = "%s over simulated time%s%s%s; bands are 95 %% intervals",
		[FIGURE_TIMELINE] = "%s from cause to cause, one after the other%s%s%s",
		[FIGURE_SCREEN] = "how much each parameter of the screening moves %s%s%s%s",
	};
	char y[200], x[120] = "", second[120] = "", *text = NULL;
	const char *axis = figure_second_axis(f);
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	scale_metric_label(figure_metric(f), f->subject, y, sizeof(y));
	if (f->x)
		scale_axis_label(f->x, x, sizeof(x));
	if (axis)
		scale_axis_label(axis, second, sizeof(second));
	bool one_task = f->kind == FIGURE_TIMELINE && figure_part(f) == FIGURE_SERIES;
	const char *form =
		one_task ? "one task of a run, from cause to cause%.0s%s%s%s" : forms[f->kind];
	fprintf(out, form, y, x,
		f->kind == FIGURE_HEATMAP ? " "
		: axis			  ? ", for each "
					  : "",
		second);
	put_values(out, f->compare == FIGURE_RATIO ? ", over that at " : ", minus that at ",
		   f->baseline);
	put_values(out, "; at ", f->at);
	fclose(out);
	if (text && text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
	return text;
}

static FILE *open_part(const struct page *page, const struct figure *f, const char *extension)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s.%s", page->folder, f->name, extension);
	return n < (int)sizeof(path) ? fopen(path, "re") : NULL;
}

/* A link that carries the file. */
static void put_file(const struct page *page, const struct figure *f, const char *extension,
		     const char *what, FILE *out)
{
	FILE *file = open_part(page, f, extension);
	if (!file)
		return;
	fprintf(out, " <a download=\"%s.%s\" href=\"data:text/plain;base64,", f->name, extension);
	put_base64(out, file);
	fprintf(out, "\">%s</a>", what);
	fclose(file);
}

/* The picture, or why there is none. */
static void put_picture(const struct page *page, const struct figure *f, enum page_figure have,
			const char *what, FILE *out)
{
	FILE *svg = have == PAGE_DRAWN ? open_part(page, f, "svg") : NULL;
	if (!svg) {
		fprintf(out, "<p class=\"caveat\">This figure could not be %s.</p>\n",
			have == PAGE_NOTHING ? "made from these results; the report said why"
					     : "drawn; its numbers are here all the same");
		return;
	}
	fputs("<img alt=\"", out);
	html_put(out, what);
	fputs("\" src=\"data:image/svg+xml;base64,", out);
	put_base64(out, svg);
	fputs("\">\n", out);
	fclose(svg);
}

static void put_figures(const struct page *page, FILE *out)
{
	const struct figure *list = page->figures->list.items;
	if (page->figures->list.count)
		fputs("<section id=\"figures\" aria-labelledby=\"figures-h\">\n"
		      "<h2 id=\"figures-h\">Figures</h2>\n<div class=\"figures\">\n",
		      out);
	for (size_t i = 0; i < page->figures->list.count; i++) {
		char *what = describe(&list[i]);
		enum page_figure have = page->have ? page->have[i] : PAGE_DRAWN;
		fprintf(out, "<figure%s>\n", list[i].width == FIGURE_PAGE ? " class=\"page\"" : "");
		put_picture(page, &list[i], have, what ? what : list[i].name, out);
		fputs("<figcaption>", out);
		html_put(out, what ? what : list[i].name);
		fprintf(out, ". <small>%s <span class=\"files\">", list[i].name);
		if (have != PAGE_NOTHING) {
			put_file(page, &list[i], "tsv", "numbers", out);
			put_file(page, &list[i], "gp", "gnuplot script", out);
		}
		fputs("</span></small></figcaption>\n</figure>\n", out);
		free(what);
	}
	if (page->figures->list.count)
		fputs("</div>\n</section>\n", out);
}

/* --- tables --- */

static void begin_table(FILE *out, const char *id, const char *title, const char *intro)
{
	fprintf(out,
		"<section id=\"%s-part\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n"
		"<p>%s</p>\n"
		"<p class=\"search\" hidden><label>Only rows with <input type=\"search\" "
		"data-table=\"%s\"></label> <output></output></p>\n"
		"<div class=\"scroll\" id=\"%s\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"%s, table\">\n",
		id, id, id, title, intro, id, id, title);
}

static int put_results(const struct dataset *data, FILE *out, struct err *e)
{
	struct table table;
	struct diag_list diags = {0};
	struct summary_request request = {0};
	int code = summary_table(data, &request, &table, &diags, e);
	diag_free(&diags);
	if (code)
		return code;
	begin_table(out, "results", "Results", "Means over the repetitions, with 95 % intervals.");
	table_print(&table, TABLE_HTML, out);
	fputs("</div>\n</section>\n", out);
	table_free(&table);
	return 0;
}

static void put_cell(FILE *out, const char *class_name, const char *text)
{
	fprintf(out, *class_name ? "<td class=\"%s\">" : "<td>", class_name);
	html_put(out, text ? text : "");
	fputs("</td>", out);
}

static void put_number(FILE *out, const cJSON *primitive, const char *name)
{
	const cJSON *x = cJSON_GetObjectItemCaseSensitive(primitive, name);
	if (cJSON_IsNumber(x))
		fprintf(out, "<td class=\"n\">%.4g</td>", x->valuedouble);
	else
		fputs("<td class=\"n\"></td>", out);
}

static void put_price(FILE *out, const cJSON *p)
{
	const char *source = text_at(p, "source"), *grade = text_at(p, "grade");
	const char *how = text_at(p, "citation");
	char text[100];
	if (!how)
		how = text_at(p, "method");
	if (!how)
		how = text_at(p, "note");
	snprintf(text, sizeof(text), "%s%s%s", source ? source : "", grade ? ", " : "",
		 grade ? grade : "");
	fputs("<tr><th scope=\"row\">", out);
	html_put(out, p->string);
	fputs("</th>", out);
	put_cell(out, "", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(p, "used")) ? "used" : "");
	put_number(out, p, "p50");
	put_number(out, p, "p90");
	put_cell(out, "", text_at(p, "unit"));
	put_cell(out, "", text);
	put_cell(out, "wrap", how);
	fputs("</tr>\n", out);
}

/* name: of a profile among several, or NULL. */
static void put_prices(const cJSON *profile, const char *name, size_t index, FILE *out)
{
	static const char *const heads[] = {"primitive", "here",   "median",	       "90 %",
					    "unit",	 "source", "how or from where"};
	const cJSON *p, *primitives = cJSON_GetObjectItemCaseSensitive(profile, "primitives");
	char id[32] = "prices", *title = NULL;
	size_t size;
	FILE *text = open_memstream(&title, &size);
	if (!text || !cJSON_GetArraySize(primitives)) {
		if (text)
			fclose(text);
		free(title);
		return;
	}
	if (index)
		snprintf(id, sizeof(id), "prices-%zu", index + 1);
	fputs("Where the prices come from", text);
	if (name) {
		fputs(": ", text);
		html_put(text, name);
	}
	fclose(text);
	begin_table(out, id, title ? title : "",
		    "Every primitive of the profile: <em>measured</em> by <code>mcvsim "
		    "calibrate</code> on the machine of the profile, from the <em>literature</em> "
		    "(primary: read in the source itself; secondary: in a text that quotes it; "
		    "recalled: from memory), or <em>assumed</em>. <em>Used</em> are those that the "
		    "platforms of this study name.");
	free(title);
	fputs("<table class=\"data\">\n<thead><tr>", out);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>", i == 2 || i == 3 ? " class=\"n\"" : "",
			heads[i]);
	fputs("</tr></thead>\n<tbody>\n", out);
	cJSON_ArrayForEach(p, primitives) put_price(out, p);
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

static void put_all_prices(const struct db *db, FILE *out)
{
	const cJSON *profile = NULL;
	for (size_t i = 0; (profile = db_next_profile(db, profile)); i++)
		put_prices(profile, profile->string, i, out);
}

/* --- platforms --- */

static void put_layer(const struct page_layer *l, FILE *out)
{
	fprintf(out, "<li class=\"%s%s\"><b>", l->in_guest ? "guest " : "",
		l->on_path ? "path" : "");
	html_put(out, l->name);
	fputs("</b>: ", out);
	html_put(out, l->role);
	if (l->on_path && l->step) {
		fputs("<span class=\"step\">", out);
		html_put(out, l->step);
		fputs("</span>", out);
	}
	fputs("</li>\n", out);
}

static void put_platforms(const struct page *page, FILE *out)
{
	if (page->platform_count == 0)
		return;
	fputs("<section id=\"platforms\" aria-labelledby=\"platforms-h\">\n"
	      "<h2 id=\"platforms-h\">Platforms, layer by layer</h2>\n"
	      "<p>From the task down to the hardware. Layers with a thick edge are on the way of a "
	      "block request of 4 KiB; below each stands what the step to the next one spends. "
	      "Tinted "
	      "layers are the guest.</p>\n<div class=\"platforms\">\n",
	      out);
	for (size_t i = 0; i < page->platform_count; i++) {
		const struct page_platform *p = &page->platforms[i];
		fputs("<div class=\"platform\">\n<h3>", out);
		html_put(out, p->name);
		fputs("</h3>\n<p class=\"note\">", out);
		html_put(out, p->description ? p->description : "");
		fputs("</p>\n<ol class=\"layers\">\n", out);
		for (size_t k = 0; k < p->count; k++)
			put_layer(&p->layers[k], out);
		fputs("</ol>\n</div>\n", out);
	}
	fputs("</div>\n</section>\n", out);
}

/* --- the study --- */

static void put_document(FILE *out, const char *title, const cJSON *document)
{
	char *text = cJSON_Print(document);
	fprintf(out, "<details><summary>%s</summary>\n<pre tabindex=\"0\" aria-label=\"%s\">",
		title, title);
	html_put(out, text ? text : "");
	fputs("</pre></details>\n", out);
	cJSON_free(text);
}

static void put_provenance(const struct dataset *data, FILE *out)
{
	fputs("<section id=\"again\" aria-labelledby=\"again-h\">\n"
	      "<h2 id=\"again-h\">How to run it again</h2>\n"
	      "<p>From the results database, which holds the study and the prices; the numbers "
	      "must "
	      "come out the same to the bit:</p>\n"
	      "<pre tabindex=\"0\" aria-label=\"Command\">mcvsim reproduce RESULTS.db</pre>\n"
	      "<p>The command that made it:</p>\n<pre tabindex=\"0\" aria-label=\"Command of the "
	      "run\">",
	      out);
	html_put(out, data->command);
	fputs("</pre>\n", out);
	put_document(out, "The resolved study", db_document(data->db));
	const cJSON *profile = NULL;
	while ((profile = db_next_profile(data->db, profile)))
		put_document(out, "The machine of the profile",
			     cJSON_GetObjectItemCaseSensitive(profile, "machine"));
	fputs("</section>\n", out);
}

/* What one must know before the numbers. */
static int put_caveats(const struct dataset *data, FILE *out, struct err *e)
{
	struct caveat_runs runs;
	size_t lossy_count = 0;
	bool *lossy = calloc(data->point_count + 1, sizeof(*lossy));
	if (!lossy)
		return err_set(e, ERR_NOMEM, "no memory for the page");
	int code = caveat_count_runs(data, &runs, e);
	if (code == 0)
		code = caveat_mark_lossy(data, lossy, &lossy_count, e);
	free(lossy);
	if (code || (runs.there >= runs.expected && lossy_count == 0))
		return code;
	fputs("<div class=\"caveat\" role=\"note\">\n", out);
	if (runs.there < runs.expected)
		fprintf(out, "<p>Only %" PRId64 " of %s%" PRId64 " runs are there.</p>\n",
			runs.there, runs.at_least ? "at least " : "", runs.expected);
	if (lossy_count)
		fprintf(out,
			"<p>At %zu of %zu points more than %g %% of the tasks did not finish; the "
			"numbers there are of the others.</p>\n",
			lossy_count, data->point_count, 100 * CAVEAT_LOSSY_SHARE);
	fputs("</div>\n", out);
	return 0;
}

static int put_header(const struct page *page, const char *title, FILE *out, struct err *e)
{
	const struct dataset *data = page->data;
	struct db_counts counts;
	int code = db_count(data->db, &counts, e);
	if (code)
		return code;
	fputs("<a class=\"skip\" href=\"#main\">To the results</a>\n<header>\n<h1>", out);
	html_put(out, title);
	fprintf(out, "</h1>\n<p class=\"meta\">%" PRId64 " runs of %" PRId64 " points", counts.done,
		counts.points);
	if (counts.failed)
		fprintf(out, ", and %" PRId64 " that failed", counts.failed);
	fprintf(out,
		"; study <code>%s</code>, profile <code>%s</code>, seed %" PRIu64
		"; mcvsim %s.</p>\n<nav aria-label=\"Parts of this page\"><ul>\n",
		db_study_hash(data->db), db_profile_hash(data->db), db_seed(data->db),
		data->version);
	if (page->figures->list.count)
		fputs("<li><a href=\"#figures\">Figures</a></li>\n", out);
	fputs("<li><a href=\"#results-part\">Results</a></li>\n", out);
	if (page->platform_count)
		fputs("<li><a href=\"#platforms\">Platforms</a></li>\n", out);
	if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(db_next_profile(data->db, NULL),
								"primitives")))
		fputs("<li><a href=\"#prices-part\">Prices</a></li>\n", out);
	fputs("<li><a href=\"#again\">How to run it again</a></li>\n</ul></nav>\n</header>\n", out);
	return 0;
}

int page_write(const struct page *page, FILE *out, struct err *e)
{
	const struct dataset *data = page->data;
	const char *title = text_at(db_document(data->db), "description");
	if (!title)
		title = "Results of mcvsim";
	char stamp[STAMP_SIZE];
	stamp_of(data->db, "", stamp);
	fprintf(out, "%s<!--\n%s-->\n<title>", head, stamp);
	html_put(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", page_style);
	int code = put_header(page, title, out, e);
	fputs("<main id=\"main\">\n", out);
	if (code == 0)
		code = put_caveats(data, out, e);
	put_figures(page, out);
	if (code == 0)
		code = put_results(data, out, e);
	if (code)
		return code;
	put_platforms(page, out);
	put_all_prices(data->db, out);
	put_provenance(data, out);
	fprintf(out, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", page_script);
	if (fflush(out) || ferror(out))
		return err_sys(e, errno ? errno : EIO, "cannot write the page");
	return 0;
}
