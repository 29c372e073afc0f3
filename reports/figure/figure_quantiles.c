/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Quantiles: what the share of the observations along x stays below, with the tail stretched (the
 * distance between 90 and 99 % is that between 99 and 99.9 %), from the histograms of all
 * repetitions.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>

/* A quantile that fewer observations lie beyond says little. */
enum { OBSERVATIONS_BEYOND = 10 };

/* One block: place on the axis (the inverse of the share beyond), value, share. Returns how many
 * rows it has, or a negative code. */
static int write_series(struct drawing *d, size_t s, struct gp_extent *extent, void *ctx,
			struct err *e)
{
	double *furthest = ctx;
	long p = figure_point(d, 0, s);
	struct pooled h = {0};
	int rows = 0;
	fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
	int code = p < 0 ? 0 : dataset_histogram(d->data, d->metric, &d->data->points[p], &h, e);
	double below = 0, total = (double)h.total;
	for (size_t i = 0; i < h.count; i++) {
		below += (double)h.buckets[i].count;
		if (total - below < OBSERVATIONS_BEYOND)
			break;
		double place = total / (total - below);
		fprintf(d->tsv, "%.17g\t%.17g\t%.17g\n", place, h.buckets[i].high, below / total);
		gp_extent_add(extent, &(struct cell){1, h.buckets[i].high, NAN, NAN});
		*furthest = fmax(*furthest, place);
		rows++;
	}
	if (rows == 0)
		fputs("NaN\tNaN\tNaN\n", d->tsv);
	fputs("\n\n", d->tsv);
	pooled_free(&h);
	return code ? code : rows;
}

static void share_axis(struct drawing *d, const void *ctx)
{
	double furthest = *(const double *)ctx;
	static const struct {
		double place;
		const char *text;
	} tics[] = {{1, "0"},	     {2, "50"},	      {4, "75"},      {10, "90"},
		    {20, "95"},	     {100, "99"},     {1000, "99.9"}, {10000, "99.99"},
		    {1e5, "99.999"}, {1e6, "99.9999"}};
	fputs("set logscale x\nset xtics (", d->gp);
	for (size_t i = 0; i < sizeof(tics) / sizeof(*tics); i++)
		if (tics[i].place <= furthest * 1.05)
			fprintf(d->gp, "%s\"%s\" %g", i ? ", " : "", tics[i].text, tics[i].place);
	fprintf(d->gp, ")\nset xrange [1:%.6g]\n", furthest * 1.1);
	gp_axis_label(d, 'x', "share of observations below", "%");
}

static void plot_series(const struct drawing *d, FILE *plot, const int *rows)
{
	bool first = true;
	for (size_t s = 0; s < figure_series_count(d); s++) {
		struct line_style look = figure_series_style(d, s);
		if (rows[s] <= 0)
			continue;
		/* Points here and there, so that grey print tells the lines apart. */
		fprintf(plot,
			"%s\\\n  '%s.tsv' index %zu using 1:($2*y_factor) with linespoints "
			"linecolor rgb \"#%06x\" linewidth 1.2 dashtype %s pointtype %d "
			"pointinterval %d",
			first ? "" : ", ", d->figure->name, s, look.colour, look.dash, look.point,
			30 + 7 * (int)(s % 8));
		fputs(d->series < 0 ? " notitle" : " title ", plot);
		if (d->series >= 0)
			gp_quote_name(d, plot, figure_series_title(d, s));
		first = false;
	}
}

int figure_draw_quantiles(struct drawing *d, struct err *e)
{
	static const struct curves kind = {"inverse of the share beyond\tvalue\tshare below",
					   "a distribution", write_series, share_axis, plot_series};
	double furthest = 1;
	return figure_draw_curves(d, &kind, &furthest, e);
}
