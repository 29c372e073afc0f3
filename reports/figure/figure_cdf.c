/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Distributions: the share of observations up to a value, from the histograms of all repetitions.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>

/* Beyond this share the curve is a flat line that would cost most of the width. */
static const double shown_share = 0.999;

struct range {
	double low, high;
};

/* One block: the steps of a series. Returns whether it has any. */
static int write_series(struct drawing *d, size_t s, struct range *range, bool *there,
			struct err *e)
{
	long p = figure_point(d, 0, s);
	struct pooled h = {0};
	*there = false;
	fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
	if (p >= 0) {
		int code = dataset_histogram(d->data, d->metric, &d->data->points[p], &h, e);
		if (code)
			return code;
	}
	double below = 0;
	for (size_t i = 0; i < h.count; i++) {
		if (i == 0)
			fprintf(d->tsv, "%.17g\t0\t0\n", h.buckets[0].low);
		else if (h.buckets[i].low > h.buckets[i - 1].high)
			fprintf(d->tsv, "%.17g\t%.17g\t0\n", h.buckets[i].low,
				below / (double)h.total);
		below += (double)h.buckets[i].count;
		fprintf(d->tsv, "%.17g\t%.17g\t%llu\n", h.buckets[i].high, below / (double)h.total,
			(unsigned long long)h.buckets[i].count);
	}
	if (h.count) {
		range->low = fmin(range->low, h.buckets[0].low);
		range->high = fmax(range->high, pooled_quantile(&h, shown_share));
		*there = true;
	} else {
		fputs("NaN\tNaN\t0\n", d->tsv);
	}
	fputs("\n\n", d->tsv);
	pooled_free(&h);
	return 0;
}

static void write_axes(struct drawing *d, struct range range)
{
	char label[200];
	bool log = gp_is_log(d, 'x', gp_spans_decades(range.low, range.high));
	struct scale scale = scale_choose(d->metric->unit, range.high);
	fprintf(d->gp, "x_factor = %g\n", scale.factor);
	gp_axis_label(d, 'x',
		      scale_metric_label(d->metric->name, d->metric->subject, label, sizeof(label)),
		      scale.unit);
	gp_axis_label(d, 'y', "cumulative share", "");
	double low = range.low * scale.factor, high = range.high * scale.factor;
	if (log && low > 0)
		gp_log_tics(d, 'x', low, high);
	else if (low > 0 && low < 0.3 * high)
		low = 0;
	fprintf(d->gp, "set xrange [%.6g:%.6g]\nset yrange [0:1]\nset ytics 0.25\n", low, high);
}

int figure_draw_cdf(struct drawing *d, struct err *e)
{
	size_t series = figure_series_count(d), shown = 0;
	bool *there = calloc(series, sizeof(*there));
	const char **titles = calloc(series, sizeof(*titles));
	struct range range = {INFINITY, -INFINITY};
	int code = there && titles ? 0 : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0)
		tsv_begin(d, "value\tshare at most that\tobservations in the step that ends there");
	for (size_t s = 0; s < series && code == 0; s++) {
		code = write_series(d, s, &range, &there[s], e);
		if (there[s])
			titles[shown++] = figure_series_title(d, s);
	}
	if (code == 0 && shown == 0)
		code = figure_mistake(d, "y", "no run has a distribution of '%s' here",
				      d->metric->name);
	if (code == 0) {
		gp_begin(d);
		gp_key_of_series(d, titles, shown);
		write_axes(d, range);
		fputs("plot ", d->plot);
		bool first = true;
		for (size_t s = 0; s < series; s++) {
			if (!there[s])
				continue;
			struct line_style look = figure_series_style(d, s);
			/* A few points on each line, so that grey print tells them apart. */
			fprintf(d->plot,
				"%s\\\n  '%s.tsv' index %zu using ($1*x_factor):2 with linespoints "
				"linecolor rgb \"#%06x\" linewidth 1.2 dashtype %s pointtype %d "
				"pointinterval %d",
				first ? "" : ", ", d->figure->name, s, look.colour, look.dash,
				look.point, 40 + 7 * (int)(s % 8));
			fputs(d->series < 0 ? " notitle" : " title ", d->plot);
			if (d->series >= 0)
				gp_quote_name(d, d->plot, figure_series_title(d, s));
			first = false;
		}
		gp_end(d);
	}
	free(titles);
	free(there);
	return code;
}
