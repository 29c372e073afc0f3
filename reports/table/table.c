/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/table.h"

#include "reports/data/scale.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { GAP = 2 };

/* Every character takes one column. */
static size_t count_characters(const char *text)
{
	size_t n = 0;
	for (const char *p = text; *p; p++)
		n += (*p & 0xc0) != 0x80;
	return n;
}

/* Whether a text may have characters that take two columns, or none: not those of Latin, Greek and
 * Cyrillic, which are one or two bytes, but for the accents that combine (0xcc, 0xcd). */
static bool has_odd_widths(const char *text)
{
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == 0xcc || c == 0xcd || c >= 0xd6)
			return true;
	}
	return false;
}

size_t table_text_width(const char *text)
{
	locale_t utf8 = has_odd_widths(text) ? newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0)
					     : (locale_t)0;
	if (!utf8)
		return count_characters(text);
	locale_t before = uselocale(utf8);
	mbstate_t state = {0};
	size_t width = 0, left = strlen(text);
	while (left > 0) {
		wchar_t c;
		size_t n = mbrtowc(&c, text, left, &state);
		if (n > left) { /* not a character: shown as one */
			state = (mbstate_t){0};
			c = L'?';
			n = 1;
		}
		int columns = wcwidth(c);
		width += columns < 0 ? 1 : (size_t)columns;
		text += n;
		left -= n;
	}
	uselocale(before);
	freelocale(utf8);
	return width;
}

static const char *cell_at(const struct table *t, size_t row, size_t column)
{
	const char *text = t->cells[row * t->column_count + column];
	return text ? text : "";
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = table_text_width(t->columns[column].head);
	for (size_t r = 0; r < t->row_count; r++) {
		size_t w = table_text_width(cell_at(t, r, column));
		if (w > width)
			width = w;
	}
	return width;
}

size_t table_width(const struct table *t)
{
	size_t width = 0;
	for (size_t c = 0; c < t->column_count; c++)
		width += column_width(t, c) + (c ? GAP : 0);
	return width;
}

static void pad(FILE *out, size_t n)
{
	while (n-- > 0)
		fputc(' ', out);
}

static void put_aligned(FILE *out, const char *text, size_t width, bool right, bool last)
{
	size_t own = table_text_width(text), rest = width > own ? width - own : 0;
	if (right)
		pad(out, rest);
	fputs(text, out);
	if (!right && !last)
		pad(out, rest);
}

static void put_markdown(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (strchr("|\\`*_<", *p))
			fputc('\\', out);
		fputc(*p, out);
	}
}

static void put_latex(FILE *out, const char *text)
{
	size_t bytes;
	for (; *text; text += bytes) {
		const char *written = scale_tex(text, &bytes);
		if (written)
			fputs(written, out);
		else
			fputc(*text, out);
	}
}

void html_put(FILE *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '<')
			fputs("&lt;", out);
		else if (*p == '>')
			fputs("&gt;", out);
		else if (*p == '&')
			fputs("&amp;", out);
		else if (*p == '"')
			fputs("&quot;", out);
		else
			fputc(*p, out);
	}
}

static void print_text(const struct table *t, FILE *out)
{
	size_t *widths = calloc(t->column_count + 1, sizeof(*widths));
	for (size_t c = 0; widths && c < t->column_count; c++)
		widths[c] = column_width(t, c);
	for (size_t r = 0; r <= t->row_count; r++) {
		for (size_t c = 0; c < t->column_count; c++) {
			if (c)
				pad(out, GAP);
			put_aligned(out, r ? cell_at(t, r - 1, c) : t->columns[c].head,
				    widths ? widths[c] : 0, t->columns[c].right,
				    c + 1 == t->column_count);
		}
		fputc('\n', out);
	}
	free(widths);
}

static void print_markdown(const struct table *t, FILE *out)
{
	for (size_t c = 0; c < t->column_count; c++) {
		fputs(c ? " | " : "| ", out);
		put_markdown(out, t->columns[c].head);
	}
	fputs(" |\n", out);
	for (size_t c = 0; c < t->column_count; c++)
		fputs(t->columns[c].right ? "|---:" : "|---", out);
	fputs("|\n", out);
	for (size_t r = 0; r < t->row_count; r++) {
		for (size_t c = 0; c < t->column_count; c++) {
			fputs(c ? " | " : "| ", out);
			put_markdown(out, cell_at(t, r, c));
		}
		fputs(" |\n", out);
	}
}

static void print_latex(const struct table *t, FILE *out)
{
	fputs("% needs \\usepackage{booktabs}\n\\begin{tabular}{", out);
	for (size_t c = 0; c < t->column_count; c++)
		fputc(t->columns[c].right ? 'r' : 'l', out);
	fputs("}\n\\toprule\n", out);
	for (size_t r = 0; r <= t->row_count; r++) {
		for (size_t c = 0; c < t->column_count; c++) {
			if (c)
				fputs(" & ", out);
			put_latex(out, r ? cell_at(t, r - 1, c) : t->columns[c].head);
		}
		fputs(r ? " \\\\\n" : " \\\\\n\\midrule\n", out);
	}
	fputs("\\bottomrule\n\\end{tabular}\n", out);
}

static void print_html(const struct table *t, FILE *out)
{
	fputs("<table class=\"data\">\n<thead><tr>", out);
	for (size_t c = 0; c < t->column_count; c++) {
		fprintf(out, "<th scope=\"col\"%s>", t->columns[c].right ? " class=\"n\"" : "");
		html_put(out, t->columns[c].head);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t r = 0; r < t->row_count; r++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < t->column_count; c++) {
			double order = t->order ? t->order[r * t->column_count + c] : NAN;
			fprintf(out, "<td%s", t->columns[c].right ? " class=\"n\"" : "");
			if (!isnan(order))
				fprintf(out, " data-order=\"%.9g\"", order);
			fputc('>', out);
			html_put(out, cell_at(t, r, c));
			fputs("</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

void table_print(const struct table *t, enum table_format format, FILE *out)
{
	static void (*const printers[])(const struct table *, FILE *) = {
		[TABLE_TEXT] = print_text,
		[TABLE_MARKDOWN] = print_markdown,
		[TABLE_LATEX] = print_latex,
		[TABLE_HTML] = print_html,
	};
	printers[format](t, out);
	if (!t->note)
		return;
	if (format == TABLE_HTML) {
		fputs("<p class=\"note\">", out);
		html_put(out, t->note);
		fputs("</p>\n", out);
	} else if (format == TABLE_MARKDOWN) { /* where a star would begin a list */
		fputc('\n', out);
		put_markdown(out, t->note);
		fputc('\n', out);
	} else {
		fprintf(out, format == TABLE_LATEX ? "%% %s\n" : "\n%s\n", t->note);
	}
}

void table_free(struct table *t)
{
	arena_free(&t->arena);
	*t = (struct table){0};
}
