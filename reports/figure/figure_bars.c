/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bars: a metric at each value of an axis, grouped, with 95 % intervals.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>

/* One block per series: place of the bar, mean, interval. Bars of one value of x stand together. */
static void write_series(struct drawing *d, const struct cell *cells, size_t s, double width,
			 struct gp_extent *extent)
{
	size_t series = figure_series_count(d);
	const struct data_axis *axis = &d->data->axes[d->x];
	fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
	for (size_t x = 0; x < axis->count; x++) {
		long p = figure_point(d, x, s);
		struct cell c = {0, NAN, NAN, NAN};
		if (p >= 0)
			c = cells[p];
		double half = isnan(c.ci95) ? 0 : c.ci95;
		fprintf(d->tsv, "%.6g\t%.17g\t%.17g\t%.17g\t%zu\t%s\n",
			(double)x + ((double)s - (double)(series - 1) / 2) * width, c.mean,
			c.mean - half, c.mean + half, c.n, axis->values[x].text);
		if (c.n) {
			gp_extent_add(extent, &c);
			figure_count_repetitions(d, c.n);
		}
	}
	fputs("\n\n", d->tsv);
}

/* width: of a bar, in steps of the axis. */
static void warn_thin(const struct drawing *d, double width)
{
	static const double least_pt = 5.5;
	size_t groups = d->data->axes[d->x].count;
	double pt = width * gp_plot_width(d) / (double)groups;
	if (pt < least_pt)
		diag_add(d->diags, DIAG_WARNING, d->request->file, 0, 0, NULL,
			 "%s: its %zu bars are %.1f pt wide and hard to tell apart; %sdraw fewer "
			 "values, or \"lines\"",
			 d->figure->name, groups * figure_series_count(d), pt,
			 d->figure->width == FIGURE_COLUMN ? "give it \"width\": \"page\", or "
							   : "");
}

/* The bars of a series, or, with `x` not negative, the one at that value. */
static void plot_bars(const struct drawing *d, size_t s, long x, struct line_style look)
{
	fprintf(d->plot, "%s\\\n  '%s.tsv' index %zu ", s || x > 0 ? ", " : "", d->figure->name, s);
	if (x >= 0)
		fprintf(d->plot, "every ::%ld::%ld ", x, x);
	fprintf(d->plot,
		"using 1:($2*y_factor) with boxes fillcolor rgb \"#%06x\" fillstyle %s border rgb "
		"\"#%06x\" linewidth 0.75 ",
		look.colour, look.fill, look.colour);
	fputs(d->series < 0 ? "notitle" : "title ", d->plot);
	if (d->series >= 0)
		gp_quote_name(d, d->plot, figure_series_title(d, s));
}

static void plot(const struct drawing *d)
{
	const struct data_axis *axis = &d->data->axes[d->x];
	size_t series = figure_series_count(d);
	bool each = d->series < 0 && figure_is_of_platforms(axis);
	fputs("plot ", d->plot);
	for (size_t x = 0; each && x < axis->count; x++)
		plot_bars(d, 0, (long)x, figure_line_style(axis, x));
	for (size_t s = 0; !each && s < series; s++)
		plot_bars(d, s, -1, figure_series_style(d, s));
	for (size_t s = 0; s < series; s++)
		fprintf(d->plot,
			", \\\n  '%s.tsv' index %zu using "
			"1:(y_clip($3*y_factor)):(0):(y_clip($4*y_factor)-y_clip($3*y_factor)) "
			"with vectors heads size screen 0.005,90 linecolor rgb \"#000000\" "
			"linewidth 0.75 notitle",
			d->figure->name, s);
}

int figure_draw_bars(struct drawing *d, struct err *e)
{
	size_t series = figure_series_count(d);
	double width = 0.8 / (double)series;
	struct gp_extent extent = GP_EXTENT_NONE;
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	const char **titles = calloc(series, sizeof(*titles));
	int code = cells && titles ? dataset_summary(d->data, d->metric, cells, e)
				   : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0) {
		tsv_begin(d, "place\tmean\tlow\thigh\tn\tlabel, with the 95 % interval");
		for (size_t s = 0; s < series; s++) {
			write_series(d, cells, s, width, &extent);
			titles[s] = figure_series_title(d, s);
		}
		d->note = "mean and 95 % interval";
		gp_begin(d);
		gp_key_of_series(d, titles, series);
		d->extra_bottom_pt = gp_category_axis(d, &d->data->axes[d->x], 0);
		warn_thin(d, width);
		gp_y_axis(d, &extent, true);
		fprintf(d->gp, "set boxwidth %.4g absolute\n", width * 0.9);
		plot(d);
		gp_end(d);
	}
	free(titles);
	free(cells);
	return code;
}
