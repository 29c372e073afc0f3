/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/page.h"

#include "reports/scale.h"
#include "reports/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

static const char style[] =
	"<style>\n"
	":root{color-scheme:light "
	"dark;--line:#999;--soft:#eee;--text:#1a1a1a;--back:#fff;--link:#0057a8}\n"
	"@media(prefers-color-scheme:dark){:root{--line:#777;--soft:#2a2a2a;--text:#eaeaea;"
	"--back:#161616;--link:#8cc4ff}}\n"
	"body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--back);"
	"max-width:60rem;margin:0 auto;padding:1rem}\n"
	"h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid "
	"var(--line)}\n"
	"a{color:var(--link)}\n"
	"figure{margin:1.5rem 0}figure "
	"img{width:100%;max-width:40rem;background:#fff;height:auto}\n"
	"figcaption{max-width:40rem}\n"
	".scroll{overflow-x:auto}\n"
	"table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
	"th,td{padding:.25rem .7rem;text-align:left;border-bottom:1px solid "
	"var(--soft);white-space:nowrap}\n"
	"th{border-bottom:2px solid var(--line)}.n{text-align:right}\n"
	"th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}\n"
	"th[aria-sort=ascending] button::after{content:' \\2191'}"
	"th[aria-sort=descending] button::after{content:' \\2193'}\n"
	"pre{background:var(--soft);padding:1rem;overflow:auto;font-size:.85rem}\n"
	"input{font:inherit;padding:.2rem .4rem;max-width:100%}\n"
	"@media print{body{max-width:none}figure,tr{break-inside:avoid}input,.search{display:none}"
	"details>*{display:block}}\n"
	"</style>\n";

/* Sorting by a click or the keyboard on a head, filtering by a word. Without scripts the tables are
 * all there. */
static const char script[] =
	"<script>\n"
	"'use strict';\n"
	"const value = c => { const n = parseFloat(c.textContent); return isNaN(n) ? "
	"c.textContent : n; };\n"
	"for (const table of document.querySelectorAll('table.data')) {\n"
	"  const body = table.tBodies[0];\n"
	"  [...table.tHead.rows[0].cells].forEach((th, i) => {\n"
	"    const button = document.createElement('button');\n"
	"    button.type = 'button';\n"
	"    button.textContent = th.textContent;\n"
	"    th.replaceChildren(button);\n"
	"    button.addEventListener('click', () => {\n"
	"      const up = th.getAttribute('aria-sort') !== 'ascending';\n"
	"      for (const other of th.parentNode.cells) other.removeAttribute('aria-sort');\n"
	"      th.setAttribute('aria-sort', up ? 'ascending' : 'descending');\n"
	"      const rows = [...body.rows].map(r => [value(r.cells[i]), r]);\n"
	"      rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));\n"
	"      body.append(...rows.map(r => r[1]));\n"
	"    });\n"
	"  });\n"
	"}\n"
	"for (const input of document.querySelectorAll('input[data-table]')) {\n"
	"  input.hidden = false;\n"
	"  input.addEventListener('input', () => {\n"
	"    const words = input.value.toLowerCase().split(/\\s+/);\n"
	"    for (const row of "
	"document.getElementById(input.dataset.table).querySelectorAll('tbody tr'))\n"
	"      row.hidden = !words.every(w => row.textContent.toLowerCase().includes(w));\n"
	"  });\n"
	"}\n"
	"</script>\n";

static void put_text(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*p, out);
		}
	}
}

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

/* What a figure shows, in a sentence made from its description. */
static void describe(const struct figure *f, char *out, size_t size)
{
	static const char *const forms[] = {
		[FIGURE_LINES] = "%s over %s%s%s; bands are 95 %% intervals of the mean",
		[FIGURE_BARS] = "%s over %s%s%s; whiskers are 95 %% intervals of the mean",
		[FIGURE_STACK] = "%s over %s%s%s, split into its parts",
		[FIGURE_CDF] = "Distribution of %s%s%s%s over all repetitions",
		[FIGURE_QUANTILES] = "Quantiles of %s%s%s%s over all repetitions",
		[FIGURE_HEATMAP] = "%s over %s%s%s",
		[FIGURE_TORNADO] = "What each axis alone changes of %s%s%s%s",
		[FIGURE_TIME_SERIES] = "%s over simulated time%s%s%s; bands are 95 %% intervals",
		[FIGURE_TIMELINE] = "%s of a task from cause to cause%s%s%s",
	};
	char y[200], x[120] = "", series[120] = "";
	scale_metric_label(figure_metric(f), f->subject, y, sizeof(y));
	if (f->x)
		scale_axis_label(f->x, x, sizeof(x));
	if (f->series)
		scale_axis_label(f->series, series, sizeof(series));
	size_t n = (size_t)snprintf(out, size, forms[f->kind], y, x, f->series ? ", for each " : "",
				    series);
	const cJSON *c;
	bool first = true;
	cJSON_ArrayForEach(c, f->at)
	{
		char *value = cJSON_PrintUnformatted(c), name[120];
		if (n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s = %s",
					      first ? "; at " : ", ",
					      scale_axis_label(c->string, name, sizeof(name)),
					      value ? value : "?");
		cJSON_free(value);
		first = false;
	}
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
}

static void put_figures(const struct figures *figures, const char *folder, FILE *out)
{
	const struct figure *list = figures->list.items;
	if (figures->list.count)
		fputs("<h2>Figures</h2>\n", out);
	for (size_t i = 0; i < figures->list.count; i++) {
		char what[700], path[4096];
		describe(&list[i], what, sizeof(what));
		snprintf(path, sizeof(path), "%s/%s.svg", folder, list[i].name);
		FILE *svg = fopen(path, "re");
		fputs("<figure>\n", out);
		if (svg) {
			fputs("<img alt=\"", out);
			put_text(out, what);
			fputs("; the numbers are in the table below.\" "
			      "src=\"data:image/svg+xml;base64,",
			      out);
			put_base64(out, svg);
			fputs("\">\n", out);
			fclose(svg);
		}
		fputs("<figcaption>", out);
		put_text(out, what);
		fprintf(out, ". <small>%s</small></figcaption>\n</figure>\n", list[i].name);
	}
}

/* --- tables --- */

static int put_results(const struct dataset *data, FILE *out, struct err *e)
{
	struct table table;
	struct diag_list diags = {0};
	struct summary_request request = {0};
	int code = summary_table(data, &request, &table, &diags, e);
	diag_free(&diags);
	if (code)
		return code;
	fputs("<h2>Results</h2>\n<p>Means over the repetitions, with 95 % intervals.</p>\n"
	      "<p class=\"search\"><label>Only rows with <input type=\"search\" "
	      "data-table=\"results\" "
	      "hidden></label></p>\n<div class=\"scroll\" id=\"results\" tabindex=\"0\" "
	      "role=\"region\" "
	      "aria-label=\"Results\">\n",
	      out);
	table_print(&table, TABLE_HTML, out);
	fputs("</div>\n", out);
	table_free(&table);
	return 0;
}

static void put_cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	put_text(out, text ? text : "");
	fputs("</td>", out);
}

static void put_prices(const cJSON *profile, FILE *out)
{
	const cJSON *p, *primitives = cJSON_GetObjectItemCaseSensitive(profile, "primitives");
	if (!cJSON_GetArraySize(primitives))
		return;
	fputs("<h2>Where the prices come from</h2>\n<p>Every primitive of the profile. "
	      "\"Measured\" is by "
	      "<code>mcvsim calibrate</code> on the machine of the profile.</p>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Prices\">\n"
	      "<table class=\"data\">\n<thead><tr><th scope=\"col\">primitive</th><th "
	      "scope=\"col\" "
	      "class=\"n\">median</th><th scope=\"col\">unit</th><th scope=\"col\">source</th>"
	      "<th scope=\"col\">how or from where</th></tr></thead>\n<tbody>\n",
	      out);
	cJSON_ArrayForEach(p, primitives)
	{
		const cJSON *median = cJSON_GetObjectItemCaseSensitive(p, "p50");
		const char *grade = text_at(p, "grade");
		const char *how = text_at(p, "citation");
		if (!how)
			how = text_at(p, "method");
		if (!how)
			how = text_at(p, "note");
		fputs("<tr>", out);
		put_cell(out, p->string);
		fprintf(out, "<td class=\"n\">%.4g</td>",
			cJSON_IsNumber(median) ? median->valuedouble : 0);
		put_cell(out, text_at(p, "unit"));
		fputs("<td>", out);
		put_text(out, text_at(p, "source") ? text_at(p, "source") : "");
		if (grade) {
			fputs(", ", out);
			put_text(out, grade);
		}
		fputs("</td>", out);
		put_cell(out, how);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

/* --- the study --- */

static void put_document(FILE *out, const char *title, const cJSON *document)
{
	char *text = cJSON_Print(document);
	fprintf(out, "<details><summary>%s</summary>\n<pre tabindex=\"0\">", title);
	put_text(out, text ? text : "");
	fputs("</pre></details>\n", out);
	cJSON_free(text);
}

static int put_provenance(const struct dataset *data, FILE *out, struct err *e)
{
	struct db_counts counts;
	int code = db_count(data->db, &counts, e);
	if (code)
		return code;
	fputs("<h2>How to run it again</h2>\n<pre tabindex=\"0\">", out);
	put_text(out, data->command);
	fprintf(out,
		"</pre>\n<p>mcvsim %s, seed %" PRIu64 ", study <code>%s</code>, profile "
		"<code>%s</code>; %" PRId64 " runs of %" PRId64 " points",
		data->version, db_seed(data->db), db_study_hash(data->db),
		db_profile_hash(data->db), counts.done, counts.points);
	if (counts.failed)
		fprintf(out, ", and %" PRId64 " that failed", counts.failed);
	fputs(".</p>\n", out);
	put_document(out, "The resolved study", db_document(data->db));
	put_document(out, "The machine of the profile",
		     cJSON_GetObjectItemCaseSensitive(db_profile(data->db), "machine"));
	return 0;
}

int page_write(const struct dataset *data, const struct figures *figures, const char *folder,
	       FILE *out, struct err *e)
{
	const char *title = text_at(db_document(data->db), "description");
	fputs(head, out);
	fputs("<title>", out);
	put_text(out, title ? title : "Results of mcvsim");
	fputs("</title>\n", out);
	fputs(style, out);
	fputs("</head>\n<body>\n<main>\n<h1>", out);
	put_text(out, title ? title : "Results of mcvsim");
	fputs("</h1>\n", out);
	put_figures(figures, folder, out);
	int code = put_results(data, out, e);
	if (code)
		return code;
	put_prices(db_profile(data->db), out);
	code = put_provenance(data, out, e);
	if (code)
		return code;
	fputs("</main>\n", out);
	fputs(script, out);
	fputs("</body>\n</html>\n", out);
	if (fflush(out) || ferror(out))
		return err_sys(e, errno ? errno : EIO, "cannot write the page");
	return 0;
}
