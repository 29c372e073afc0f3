/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lines: a metric over an axis, one line per value of another, with 95 % bands.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>

/* Writes the points of one series and returns how many there are. */
static size_t write_series(struct drawing *d, const struct cell *cells, size_t s,
			   struct gp_extent *extent)
{
	size_t count = 0;
	const struct data_axis *axis = &d->data->axes[d->x];
	fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
	for (size_t x = 0; x < axis->count; x++) {
		long p = figure_point(d, x, s);
		if (p < 0 || cells[p].n == 0)
			continue;
		const struct cell *c = &cells[p];
		double half = isnan(c->ci95) ? 0 : c->ci95;
		fprintf(d->tsv, "%.17g\t%.17g\t%.17g\t%.17g\t%zu\t%s\n",
			axis->numeric ? axis->values[x].number : (double)x, c->mean, c->mean - half,
			c->mean + half, c->n, axis->values[x].text);
		gp_extent_add(extent, c);
		figure_count_repetitions(d, c->n);
		count++;
	}
	/* gnuplot tells blocks apart by two empty lines, and an empty block is none. */
	if (count == 0)
		fputs("NaN\tNaN\tNaN\tNaN\t0\t\n", d->tsv);
	fputs("\n\n", d->tsv);
	return count;
}

/* Bands go below all lines. A series with a single point among many, as when `where` leaves the
 * others out because they would be the same, gets its interval as a bar and a thin line across. */
static void plot_series(const struct drawing *d, FILE *plot, const size_t *counts,
			const struct cell *cells)
{
	const char *file = d->figure->name;
	bool many = figure_x_count(d) > 1, first = true;
	for (size_t s = 0; s < figure_series_count(d); s++) {
		struct line_style look = figure_series_style(d, s);
		if (counts[s] == 0 || (counts[s] == 1 && !many))
			continue;
		if (counts[s] == 1) {
			for (size_t x = 0; x < figure_x_count(d); x++) {
				long p = figure_point(d, x, s);
				if (p < 0 || cells[p].n == 0)
					continue;
				fprintf(plot,
					"%s\\\n  %.17g*y_factor with lines linecolor rgb \"#%06x\" "
					"linewidth 0.75 dashtype (2,4) notitle",
					first ? "" : ", ", cells[p].mean, look.colour);
			}
		} else {
			fprintf(plot,
				"%s\\\n  '%s.tsv' index %zu using "
				"($1*x_factor):(y_clip($3*y_factor)):"
				"(y_clip($4*y_factor)) with filledcurves fillcolor rgb \"#%06x\" "
				"fillstyle "
				"transparent solid 0.2 noborder notitle",
				first ? "" : ", ", file, s, look.colour);
		}
		first = false;
	}
	for (size_t s = 0; s < figure_series_count(d); s++) {
		struct line_style look = figure_series_style(d, s);
		if (counts[s] == 0)
			continue;
		fprintf(plot, "%s\\\n  '%s.tsv' index %zu using ($1*x_factor):($2*y_factor)",
			first ? "" : ", ", file, s);
		if (counts[s] == 1)
			fprintf(plot,
				":(y_clip($3*y_factor)):(y_clip($4*y_factor)) with yerrorbars");
		else
			fprintf(plot, " with linespoints");
		fprintf(plot, " linecolor rgb \"#%06x\" linewidth 1.2 dashtype %s pointtype %d",
			look.colour, counts[s] == 1 ? "1" : look.dash, look.point);
		if (d->series < 0) {
			fputs(" notitle", plot);
		} else {
			fputs(" title ", plot);
			gp_quote_name(d, plot, figure_series_title(d, s));
		}
		first = false;
	}
}

int figure_draw_lines(struct drawing *d, struct err *e)
{
	size_t series = figure_series_count(d);
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	size_t *counts = calloc(series, sizeof(*counts));
	const char **titles = calloc(series, sizeof(*titles));
	int code = cells && counts && titles ? dataset_summary(d->data, d->metric, cells, e)
					     : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0) {
		struct gp_extent extent = GP_EXTENT_NONE;
		size_t shown = 0, points = 0;
		tsv_begin(d, "x\tmean\tlow\thigh\tn\tlabel, with the 95 % interval");
		for (size_t s = 0; s < series; s++) {
			counts[s] = write_series(d, cells, s, &extent);
			if (counts[s])
				titles[shown++] = figure_series_title(d, s);
			points += counts[s];
		}
		d->note = "mean and 95 % interval";
		gp_begin(d);
		gp_key_of_series(d, titles, shown);
		gp_x_axis(d);
		gp_y_axis(d, &extent, false);
		fputs("plot ", d->plot);
		plot_series(d, d->plot, counts, cells);
		if (points)
			gp_end(d);
		else
			code = figure_mistake(d, "y", "no run has a value of '%s' here",
					      d->metric->name);
	}
	free(titles);
	free(counts);
	free(cells);
	return code;
}
