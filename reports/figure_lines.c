/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lines: a metric over an axis, one line per value of another, with 95 % bands.
 */
#include "reports/figure_internal.h"

#include <math.h>
#include <stdlib.h>

struct extent {
	double low, high; /* of means and their intervals */
};

static void include(struct extent *x, double value)
{
	if (isnan(value))
		return;
	x->low = fmin(x->low, value);
	x->high = fmax(x->high, value);
}

/* Writes the points of one series and returns how many there are. */
static size_t write_series(struct drawing *d, const struct cell *cells, size_t s,
			   struct extent *extent)
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
		include(extent, c->mean - half);
		include(extent, c->mean + half);
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
		struct line_style look = figure_line_style(
			d->series < 0 ? &d->data->axes[d->x] : &d->data->axes[d->series],
			d->series < 0 ? 0 : s);
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
				"%s\\\n  '%s.tsv' index %zu using ($1*x_factor):($3*y_factor):"
				"($4*y_factor) with filledcurves fillcolor rgb \"#%06x\" fillstyle "
				"transparent solid 0.2 noborder notitle",
				first ? "" : ", ", file, s, look.colour);
		}
		first = false;
	}
	for (size_t s = 0; s < figure_series_count(d); s++) {
		struct line_style look = figure_line_style(
			d->series < 0 ? &d->data->axes[d->x] : &d->data->axes[d->series],
			d->series < 0 ? 0 : s);
		if (counts[s] == 0)
			continue;
		fprintf(plot, "%s\\\n  '%s.tsv' index %zu using ($1*x_factor):($2*y_factor)",
			first ? "" : ", ", file, s);
		if (counts[s] == 1)
			fprintf(plot, ":($3*y_factor):($4*y_factor) with yerrorbars");
		else
			fprintf(plot, " with linespoints");
		fprintf(plot, " linecolor rgb \"#%06x\" linewidth 1.2 dashtype %s pointtype %d",
			look.colour, counts[s] == 1 ? "1" : look.dash, look.point);
		if (d->series < 0) {
			fputs(" notitle", plot);
		} else {
			fputs(" title ", plot);
			gp_quote(plot, figure_series_title(d, s));
		}
		first = false;
	}
}

static void write_axes(struct drawing *d, struct extent extent)
{
	char label[200];
	bool log = d->figure->log == FIGURE_LOG_Y || d->figure->log == FIGURE_LOG_XY;
	struct scale scale =
		scale_choose(d->metric->unit, fmax(fabs(extent.low), fabs(extent.high)));
	gp_x_axis(d);
	fprintf(d->gp, "y_factor = %g\n", scale.factor);
	gp_axis_label(d, 'y',
		      scale_metric_label(d->metric->name, d->metric->subject, label, sizeof(label)),
		      scale.unit);
	if (log && extent.low > 0) {
		gp_log_tics(d, 'y', extent.low * scale.factor, extent.high * scale.factor);
		fprintf(d->gp, "set yrange [%.6g:%.6g]\n", extent.low * scale.factor / 1.1,
			extent.high * scale.factor * 1.1);
	} else if (extent.low >= 0 && extent.low < 0.5 * extent.high) {
		/* From zero, where that does not squeeze the lines into a strip. */
		fputs("set yrange [0:*]\n", d->gp);
	}
}

int figure_draw_lines(struct drawing *d, struct err *e)
{
	size_t series = figure_series_count(d);
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	size_t *counts = calloc(series, sizeof(*counts));
	const char **titles = calloc(series, sizeof(*titles));
	char *plot = NULL;
	size_t size;
	FILE *text = open_memstream(&plot, &size);
	int code = cells && counts && titles && text ? dataset_summary(d->data, d->metric, cells, e)
						     : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0) {
		struct extent extent = {INFINITY, -INFINITY};
		size_t shown = 0, points = 0;
		tsv_begin(d, "x\tmean\tlow\thigh\tn\tlabel, with the 95 % interval");
		for (size_t s = 0; s < series; s++) {
			counts[s] = write_series(d, cells, s, &extent);
			if (counts[s])
				titles[shown++] = figure_series_title(d, s);
			points += counts[s];
		}
		gp_begin(d);
		if (d->series >= 0)
			gp_key_above(d, titles, shown);
		write_axes(d, extent);
		fputs("plot ", text);
		plot_series(d, text, counts, cells);
		fflush(text);
		if (points)
			gp_end(d, plot);
		else
			code = figure_mistake(d, "y", "no run has a value of '%s' here",
					      d->metric->name);
	}
	if (text)
		fclose(text);
	free(plot);
	free(titles);
	free(counts);
	free(cells);
	return code;
}
