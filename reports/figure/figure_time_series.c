/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Time series: a metric over simulated time, the mean of the repetitions with its 95 % band.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>

struct span {
	double low_s, high_s;
};

/* One block. Returns how many moments it has, or a negative code. */
static int write_series(struct drawing *d, size_t s, struct gp_extent *extent, void *ctx,
			struct err *e)
{
	struct span *span = ctx;
	long p = figure_point(d, 0, s);
	struct data_series series = {0};
	fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
	int code = p < 0 ? 0 : dataset_series(d->data, d->metric, &d->data->points[p], &series, e);
	for (size_t i = 0; i < series.count; i++) {
		const struct cell *c = &series.cells[i];
		double half = isnan(c->ci95) ? 0 : c->ci95;
		fprintf(d->tsv, "%.17g\t%.17g\t%.17g\t%.17g\t%zu\n", series.times_s[i], c->mean,
			c->mean - half, c->mean + half, c->n);
		gp_extent_add(extent, c);
		figure_count_repetitions(d, c->n);
		span->low_s = fmin(span->low_s, series.times_s[i]);
		span->high_s = fmax(span->high_s, series.times_s[i]);
	}
	int count = (int)series.count;
	if (count == 0)
		fputs("NaN\tNaN\tNaN\tNaN\t0\n", d->tsv);
	fputs("\n\n", d->tsv);
	dataset_series_free(&series);
	return code ? code : count;
}

static void time_axis(struct drawing *d, const void *ctx)
{
	const struct span *span = ctx;
	static const struct {
		double from_s, unit_s;
		const char *name;
	} units[] = {{7200, 3600, "h"}, {300, 60, "min"}, {0, 1, "s"}};
	size_t u = 0;
	while (span->high_s < units[u].from_s)
		u++;
	fprintf(d->gp, "x_factor = %.17g\n", 1 / units[u].unit_s);
	gp_axis_label(d, 'x', "simulated time", units[u].name);
	gp_linear_axis(d, 'x', span->low_s / units[u].unit_s, span->high_s / units[u].unit_s);
}

static void plot_series(const struct drawing *d, FILE *plot, const int *counts)
{
	bool first = true;
	for (int line = 0; line < 2; line++) { /* bands below all lines */
		for (size_t s = 0; s < figure_series_count(d); s++) {
			struct line_style look = figure_series_style(d, s);
			if (counts[s] <= 0)
				continue;
			fprintf(plot, "%s\\\n  '%s.tsv' index %zu using ($1*x_factor):",
				first ? "" : ", ", d->figure->name, s);
			first = false;
			if (!line) {
				fprintf(plot,
					"(y_clip($3*y_factor)):(y_clip($4*y_factor)) with "
					"filledcurves fillcolor rgb \"#%06x\" fillstyle "
					"transparent "
					"solid 0.2 noborder notitle",
					look.colour);
				continue;
			}
			fprintf(plot,
				"($2*y_factor) with linespoints linecolor rgb \"#%06x\" linewidth "
				"1.2 dashtype %s pointtype %d pointinterval %d",
				look.colour, look.dash, look.point,
				counts[s] / 6 + 1 + (int)(s % 5));
			fputs(d->series < 0 ? " notitle" : " title ", plot);
			if (d->series >= 0)
				gp_quote_name(d, plot, figure_series_title(d, s));
		}
	}
}

int figure_draw_time_series(struct drawing *d, struct err *e)
{
	static const struct curves kind = {"time (s)\tmean\tlow\thigh\tn, with the 95 % interval",
					   "samples over time", write_series, time_axis,
					   plot_series};
	struct span span = {INFINITY, -INFINITY};
	d->note = "mean and 95 % interval";
	return figure_draw_curves(d, &kind, &span, e);
}
