/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The frame of a gnuplot script: size, fonts, axes, key, footnote, and one section per format.
 */
#include "reports/data/caveat.h"
#include "reports/figure/figure_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct figure_size figure_sizes[] = {
	[FIGURE_COLUMN] = {3.33, 2.06}, [FIGURE_PAGE] = {7.0, 2.4}};

enum { PNG_DPI = 300, SVG_DPI = 96, FOOTNOTE_LINES = 3, KEY_ROWS = 2 };
static const double font_pt = 8, footnote_pt = 5;

double figure_width_pt(const struct drawing *d)
{
	return d->width_in * 72;
}

/* Widths of Helvetica in 1/1000 em, from ' ' to '~', as in Adobe's font metrics; Liberation Sans
 * and Arial have the same. */
static const unsigned short widths[] = {
	278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
};

/* Of the character that begins here; what goes on in it has none. Of letters outside ASCII those
 * of Europe are as wide as a digit or wider, those of East Asia an em. */
static double char_width(unsigned char c)
{
	double em = c < ' '    ? 278
		    : c < 0x7f ? widths[c - ' ']
		    : c < 0xc0 ? 0
		    : c < 0xe1 ? 650
			       : 1000;
	return em / 1000 * font_pt;
}

double gp_text_width(const char *text)
{
	double width = 0;
	for (const char *p = text; *p; p++)
		width += char_width((unsigned char)*p);
	return width;
}

static const double ellipsis_pt = 8;

/* How many bytes of a name are shown: all, or what leaves room for an ellipsis. */
static size_t name_length(const char *name, double room_pt)
{
	double width = 0;
	size_t length = strlen(name), n = 0;
	if (gp_text_width(name) <= room_pt)
		return length;
	for (; n < length; n++) {
		width += char_width((unsigned char)name[n]);
		if (width > room_pt - ellipsis_pt && (name[n] & 0xc0) != 0x80)
			break;
	}
	return n;
}

double gp_name_width(const char *name, double room_pt)
{
	return fmin(gp_text_width(name), room_pt);
}

const char *gp_put_char(const struct drawing *d, FILE *gp, const char *p, char quote)
{
	char plain[2] = {(unsigned char)*p < ' ' ? ' ' : *p, '\0'};
	size_t bytes = 1;
	const char *text = d->latex ? scale_tex(p, &bytes) : NULL;
	for (const char *c = text ? text : plain; *c; c++) {
		if (quote == '\'' && *c == '\'')
			fputc('\'', gp);
		if (quote != '\'' && (*c == '"' || *c == '\\'))
			fputc('\\', gp);
		if (quote == '%' && *c == '%')
			fputc('%', gp);
		fputc(*c, gp);
	}
	return p + bytes;
}

void gp_quote(const struct drawing *d, FILE *gp, const char *text)
{
	fputc('\'', gp);
	for (const char *p = text; *p;)
		p = gp_put_char(d, gp, p, '\'');
	fputc('\'', gp);
}

void gp_put_name(const struct drawing *d, FILE *gp, const char *name, double room_pt, char quote)
{
	size_t length = name_length(name, room_pt);
	for (const char *p = name; p < name + length;)
		p = gp_put_char(d, gp, p, quote);
	if (name[length])
		fputs(!d->latex ? "\xe2\x80\xa6" : quote == '\'' ? "\\dots{}" : "\\\\dots{}", gp);
}

void gp_quote_name(const struct drawing *d, FILE *gp, const char *name)
{
	fputc('\'', gp);
	gp_put_name(d, gp, name, GP_KEY_ROOM_PT, '\'');
	fputc('\'', gp);
}

/* --- the footnote --- */

/* Numbers that are of all tasks, those that did not finish included. */
static bool counts_all_tasks(const struct figure *f)
{
	const char *metric = figure_metric(f);
	return strncmp(metric, "tasks.", 6) == 0 || strcmp(metric, "throughput") == 0;
}

/* "" unless points of the figure are lossy. Stands first, where nothing is cut. */
static void describe_losses(const struct drawing *d, char *out, size_t size)
{
	size_t count = 0;
	for (size_t x = 0; d->data && x < figure_x_count(d); x++) {
		for (size_t s = 0; s < figure_series_count(d); s++) {
			long p = figure_point(d, x, s);
			count += p >= 0 && d->lossy[p];
		}
	}
	out[0] = '\0';
	if (count)
		snprintf(out, size, "At %zu point%s over %g %% of the tasks did not finish%s. ",
			 count, count == 1 ? "" : "s", 100 * CAVEAT_LOSSY_SHARE,
			 counts_all_tasks(d->figure) ? "" : " and are left out");
}

/* What the numbers are, and of how many repetitions. */
static void describe_repetitions(const struct drawing *d, char *out, size_t size)
{
	size_t low = d->repetitions_min, high = d->repetitions_max, n = 0;
	out[0] = '\0';
	if (d->note && high != 1)
		n += (size_t)snprintf(out + n, size - n, "; %s", d->note);
	if (n < size && high && low == high)
		snprintf(out + n, size - n, ", %zu repetition%s", high, high == 1 ? "" : "s");
	else if (n < size && high)
		snprintf(out + n, size - n, ", %zu to %zu repetitions", low, high);
}

/* Breaks at spaces into lines that fit; the last line is cut. Returns how many. */
static size_t wrap(char *text, double width_pt, char *lines[], size_t limit)
{
	size_t count = 0;
	char *start = text;
	while (*start && count < limit) {
		char *space = NULL, *p = start;
		for (; *p; p++) {
			if (*p != ' ')
				continue;
			*p = '\0';
			double width = gp_text_width(start) * footnote_pt / font_pt;
			*p = ' ';
			if (width > width_pt)
				break;
			space = p;
		}
		if (!*p && gp_text_width(start) * footnote_pt / font_pt <= width_pt)
			space = NULL;
		else if (!space)
			space = strchr(start, ' ');
		lines[count++] = start;
		if (!space)
			break;
		*space = '\0';
		start = space + 1;
	}
	return count;
}

/* --- parts --- */

void tsv_begin(struct drawing *d, const char *columns)
{
	fprintf(d->tsv,
		"# %s: data of a figure of mcvsim %s\n%s# %s\n"
		"# values in base units, without prefixes\n# %s\n",
		d->figure->name, d->origin->version, d->origin->comment, d->origin->costs, columns);
}

void gp_begin(struct drawing *d)
{
	fprintf(d->gp,
		"# %s: run with gnuplot 5.4 or newer in this folder; reads %s.tsv\n"
		"# mcvsim %s\n%s"
		"reset\n"
		"set encoding utf8\n"
		"set datafile separator \"\\t\"\n"
		"set border 3 linewidth 0.75 linecolor rgb \"#404040\"\n"
		"set tics nomirror out scale 0.5 textcolor rgb \"#000000\"\n"
		"set grid ytics linewidth 0.5 linecolor rgb \"#d8d8d8\" dashtype 1\n"
		"set errorbars small\n"
		"unset key\n",
		d->figure->name, d->figure->name, d->origin->version, d->origin->comment);
	if (d->figure->title) {
		fputs("set title ", d->gp);
		gp_quote(d, d->gp, d->figure->title);
		fputs(" noenhanced offset 0,-0.5\n", d->gp);
	}
}

double gp_key_surplus(const char *const *titles, size_t count, double *digits)
{
	double widest = 0, taken = 0;
	for (size_t i = 0; i < count; i++) {
		size_t length = name_length(titles[i], GP_KEY_ROOM_PT),
		       chars = titles[i][length] != 0;
		for (size_t k = 0; k < length; k++)
			chars += (titles[i][k] & 0xc0) != 0x80;
		widest = fmax(widest, gp_name_width(titles[i], GP_KEY_ROOM_PT));
		taken = fmax(taken, (double)chars * char_width('0'));
	}
	*digits = widest / char_width('0');
	return taken / char_width('0') - *digits;
}

void gp_key_above(struct drawing *d, const char *head, const char *const *titles, size_t count)
{
	double widest = 0, room = figure_width_pt(d) - 30, digits;
	if (count == 0) { /* no series has a value: there is nothing to name */
		fputs("set key off\n", d->gp);
		return;
	}
	for (size_t i = 0; i < count; i++)
		widest = fmax(widest, gp_name_width(titles[i], GP_KEY_ROOM_PT));
	size_t columns = (size_t)(room / (widest + 30));
	if (columns < 1)
		columns = 1;
	/* As few columns as the same number of rows allows, so that rows are even. */
	size_t rows = (count + columns - 1) / columns;
	columns = (count + rows - 1) / rows;
	double surplus = gp_key_surplus(titles, count, &digits);
	d->svg_key_surplus = surplus + 0.3 * digits;
	/* cairolatex takes a character for 0.51 em, 0.92 of a digit here; what TeX writes is up to
	 * 1.08 times as wide as Helvetica. */
	d->latex_key_surplus = fmax(0, surplus + digits - 1.08 / 0.92 * digits);
	fprintf(d->gp,
		"set key tmargin center horizontal Left reverse noenhanced samplen 2.4 spacing 0.9 "
		"height 0.2 width %.1f maxcols %zu",
		-surplus, columns);
	if (head) {
		fputs(" title ", d->gp);
		gp_quote_name(d, d->gp, head);
		d->key_titled = true;
		rows++;
	}
	fputc('\n', d->gp);
	d->key_above = true;
	if (rows > KEY_ROWS)
		d->height_in += (double)(rows - KEY_ROWS) * 1.15 * font_pt / 72;
}

void gp_key_of_series(struct drawing *d, const char *const *titles, size_t count)
{
	if (d->series < 0)
		return;
	const struct data_axis *axis = &d->data->axes[d->series];
	char label[120]; /* "0.5" alone says nothing */
	gp_key_above(d, axis->numeric ? scale_axis_label(axis->name, label, sizeof(label)) : NULL,
		     titles, count);
}

static const double footnote_step_pt = 5 * 1.2; /* between its lines */
static const double latex_gap_pt = 7;		/* between it and the label of the x axis */

/* Room below the plot for `lines` of a footnote, besides what the axis takes. */
static void write_bottom(struct drawing *d, size_t lines)
{
	fprintf(d->gp, "set bmargin screen %.4f\n",
		(footnote_step_pt * (double)lines + 5 + 26 + d->extra_bottom_pt) /
			(d->height_in * 72));
}

static void write_footnote(struct drawing *d, double font_scale)
{
	char text[1000], losses[160], how[200];
	describe_losses(d, losses, sizeof(losses));
	describe_repetitions(d, how, sizeof(how));
	snprintf(text, sizeof(text), "%s%s%s%s%s.", losses, d->origin->costs,
		 d->origin->costs[0] ? " " : "", d->origin->study, how);
	char *lines[FOOTNOTE_LINES];
	double width = d->width_in * 72, height = d->height_in * 72;
	/* Small letters are set a little wider than they measure, as their places are rounded. */
	size_t count = wrap(text, 0.96 * (width - 8), lines, FOOTNOTE_LINES);
	for (size_t i = 0; i < count; i++) {
		fprintf(d->gp, "set label %zu ", i + 1);
		gp_quote(d, d->gp, lines[i]);
		fprintf(d->gp,
			" at screen %.4f,%.4f left noenhanced font \",%.4g\" textcolor rgb "
			"\"#505050\"\n",
			4 / width, (3 + footnote_step_pt * ((double)(count - i) - 0.5)) / height,
			footnote_pt * font_scale);
	}
	write_bottom(d, count);
}

/* gnuplot lays SVG out for a larger font than it writes, which leaves gaps in one place and
 * overlaps in another. */
static void correct_svg(struct drawing *d)
{
	fprintf(d->gp,
		"set pointsize 0.45\nset key spacing 0.62\nset xlabel offset 0,1.2\n"
		"set ylabel offset %s,0\n%s",
		d->broken_label ? "1" : "1.5", d->slanted_tics ? "" : "set xtics offset 0,0.4\n");
	if (d->key_above) /* texts are taken for wider than they are: no second column */
		fprintf(d->gp, "set key width %.1f\n", -d->svg_key_surplus);
	if (d->has_y_label) /* its lines stand further apart, and must not touch the ticks */
		fprintf(d->gp, "set label 100 at screen %.4f, graph 0.5\n", 5 / figure_width_pt(d));
}

void gp_end(struct drawing *d)
{
	fflush(d->plot);
	if (d->latex && d->key_above) /* TeX's lines are higher, its letters not those measured */
		fprintf(d->gp, "set key spacing 1.1 height %.1f width %.1f\n",
			d->key_titled ? 1.2 : 0.5, -d->latex_key_surplus);
	if (d->latex) { /* there the caption says what the footnote does */
		d->height_in -= (FOOTNOTE_LINES * footnote_step_pt + latex_gap_pt) / 72;
		d->extra_bottom_pt -= latex_gap_pt;
	}
	double w = d->width_in, h = d->height_in;
	const char *name = d->figure->name;
	const char *command = d->plot_text;
	/* Fonts have their size in points in all three; SVG counts in pixels of 1/96 inch. */
	struct {
		unsigned format;
		const char *extension;
		char terminal[200];
		double font_scale;
	} sections[] = {
		{FIGURE_PDF, "pdf", "", 1},
		{FIGURE_PNG, "png", "", 1},
		{FIGURE_LATEX, "tex", "", 1},
		{FIGURE_SVG, "svg", "", SVG_DPI / 72.0}, /* the last: what it corrects stays so */
	};
	snprintf(sections[0].terminal, sizeof(sections[0].terminal),
		 "pdfcairo size %gin,%gin font \"Helvetica,%g\" fontscale 0.75 linewidth 2 "
		 "pointscale 0.45",
		 w, h, font_pt);
	snprintf(sections[1].terminal, sizeof(sections[1].terminal),
		 "pngcairo size %.0f,%.0f font \"Helvetica,%g\" fontscale %.4f linewidth %.3f "
		 "pointscale %.3f",
		 w * PNG_DPI, h * PNG_DPI, font_pt, PNG_DPI / 96.0, PNG_DPI / 72.0,
		 0.45 * PNG_DPI / 72);
	snprintf(sections[2].terminal, sizeof(sections[2].terminal),
		 /* The document's font, in the size that the layout is for. */
		 "cairolatex pdf size %gin,%gin font \",%g\" linewidth 2 pointscale 0.45 "
		 "header '\\fontsize{%g}{%g}\\selectfont'",
		 w, h, font_pt, font_pt, 1.2 * font_pt);
	snprintf(sections[3].terminal, sizeof(sections[3].terminal),
		 "svg size %.0f,%.0f font \"Arial,%.2f\" linewidth 1.3333 background \"white\"",
		 w * SVG_DPI, h * SVG_DPI, font_pt * SVG_DPI / 72);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		if (!(d->request->formats & sections[i].format) ||
		    d->latex != (sections[i].format == FIGURE_LATEX))
			continue;
		fprintf(d->gp, "\nset terminal %s\n", sections[i].terminal);
		if (d->latex)
			write_bottom(d, 0);
		else
			write_footnote(d, sections[i].font_scale);
		if (sections[i].format == FIGURE_SVG)
			correct_svg(d);
		fprintf(d->gp, "set output \"%s%s.%s\"\n%s\n", name, d->latex ? "-latex" : "",
			sections[i].extension, command);
		command = "replot";
	}
	fputs("unset output\n", d->gp);
}
