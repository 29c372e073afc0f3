/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Timeline: a task's mean time from cause to cause, each beginning where the one before has ended;
 * a cascade for each value of the series. A cause that comes back (the radio, there and back) is
 * one piece, in the place of its first.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Causes that are nowhere more than this share of a task's time are left out. */
static const double negligible = 0.004;

struct cascade {
	const struct data_metric **causes; /* in the order in which a run reports them */
	double *mean;			   /* [cause][series] */
	double *total;			   /* [series] */
	bool *shown;			   /* [cause] */
	size_t count, series, shown_count;
	double longest;
};

static void cascade_free(struct cascade *c)
{
	free(c->causes);
	free(c->mean);
	free(c->total);
	free(c->shown);
}

static int cascade_read(struct drawing *d, struct cascade *c, struct err *e)
{
	size_t metrics = d->data->metric_count;
	c->series = figure_series_count(d);
	c->causes = calloc(metrics, sizeof(const struct data_metric *));
	c->shown = calloc(metrics, sizeof(*c->shown));
	c->mean = calloc(metrics * c->series, sizeof(*c->mean));
	c->total = calloc(c->series, sizeof(*c->total));
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	int code = c->causes && c->shown && c->mean && c->total && cells
			   ? 0
			   : err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t i = 0; i < metrics && code == 0; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (strcmp(m->name, d->figure->y) != 0 || !m->has_values)
			continue;
		code = dataset_summary(d->data, m, cells, e);
		for (size_t s = 0; s < c->series; s++) {
			long p = figure_point(d, 0, s);
			if (p < 0 || cells[p].n == 0)
				continue;
			c->mean[c->count * c->series + s] = cells[p].mean;
			c->total[s] += cells[p].mean;
			figure_count_repetitions(d, cells[p].n);
		}
		c->causes[c->count++] = m;
	}
	free(cells);
	for (size_t i = 0; i < c->count; i++) {
		for (size_t s = 0; s < c->series; s++)
			if (c->mean[i * c->series + s] > negligible * c->total[s])
				c->shown[i] = true;
		c->shown_count += c->shown[i];
	}
	for (size_t s = 0; s < c->series; s++)
		c->longest = fmax(c->longest, c->total[s]);
	return code;
}

/* A block for each series; rows from the top. Bars of one cause stand together. */
static void write_data(struct drawing *d, const struct cascade *c)
{
	double each = 0.8 / (double)c->series;
	tsv_begin(d, "row\tbegin\tend\tlower edge\tupper edge\tcause; means over the repetitions");
	for (size_t s = 0; s < c->series; s++) {
		double at = 0;
		size_t row = 0;
		fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
		for (size_t i = 0; i < c->count; i++) {
			double mean = c->mean[i * c->series + s];
			if (c->shown[i]) {
				double top = (double)row - 0.4 + each * (double)s;
				fprintf(d->tsv, "%zu\t%.17g\t%.17g\t%.6g\t%.6g\t%s\n", row, at,
					at + mean, top, top + each * 0.9, c->causes[i]->subject);
				row++;
			}
			at += mean;
		}
		fputs("\n\n", d->tsv);
	}
}

static void write_axes(struct drawing *d, const struct cascade *c)
{
	struct scale scale = scale_choose(c->causes[0]->unit, c->longest);
	const char *names[64];
	char label[200];
	size_t rows = 0;
	for (size_t i = 0; i < c->count && rows < 64; i++)
		if (c->shown[i])
			names[rows++] = c->causes[i]->subject[0] ? c->causes[i]->subject : "all";
	fprintf(d->gp, "x_factor = %g\n", scale.factor);
	gp_rows(d, names, rows);
	bool time = strcmp(d->figure->y, "overhead") == 0;
	gp_axis_label(d, 'x',
		      time ? "time since the task began"
			   : scale_metric_label(d->figure->y, NULL, label, sizeof(label)),
		      scale.unit);
	gp_linear_axis(d, 'x', 0, c->longest * scale.factor);
}

static void write_plot(const struct drawing *d, const struct cascade *c, FILE *plot)
{
	fputs("plot ", plot);
	for (size_t s = 0; s < c->series; s++) {
		struct line_style look = figure_series_style(d, s);
		fprintf(plot,
			"%s\\\n  '%s.tsv' index %zu using ($2*x_factor):(($4+$5)/2):($2*x_factor):"
			"($3*x_factor):4:5 with boxxyerror fillcolor rgb \"#%06x\" fillstyle %s "
			"border rgb \"#%06x\" linewidth 0.5 ",
			s ? ", " : "", d->figure->name, s, look.colour, look.fill, look.colour);
		fputs(d->series < 0 ? "notitle" : "title ", plot);
		if (d->series >= 0)
			gp_quote_name(d, plot, figure_series_title(d, s));
	}
}

int figure_draw_timeline(struct drawing *d, struct err *e)
{
	struct cascade c = {0};
	int code = cascade_read(d, &c, e);
	const char **titles = calloc(c.series + 1, sizeof(*titles));
	if (code == 0 && !titles)
		code = err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0 && c.shown_count == 0)
		code = figure_mistake(d, "y", "all parts of '%s' are zero here", d->figure->y);
	if (code == 0) {
		double rows = (double)c.shown_count * fmax(1, (double)c.series * 0.45);
		d->height_in = fmax(d->height_in, 0.95 + 0.135 * rows);
		d->note = "means";
		for (size_t s = 0; s < c.series; s++)
			titles[s] = figure_series_title(d, s);
		write_data(d, &c);
		gp_begin(d);
		gp_key_of_series(d, titles, c.series);
		write_axes(d, &c);
		write_plot(d, &c, d->plot);
		gp_end(d);
	}
	free(titles);
	cascade_free(&c);
	return code;
}
