/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What figures with one curve for each series have in common: quantiles, time series.
 */
#include "reports/figure/figure_internal.h"

#include <stdlib.h>

/* The data of all series; rows[] and the titles of those that have any. */
static int write_all(struct drawing *d, const struct curves *kind, void *ctx,
		     struct gp_extent *extent, int *rows, const char **titles, size_t *shown,
		     struct err *e)
{
	tsv_begin(d, kind->columns);
	for (size_t s = 0; s < figure_series_count(d); s++) {
		rows[s] = kind->write(d, s, extent, ctx, e);
		if (rows[s] < 0)
			return rows[s];
		if (rows[s] > 0)
			titles[(*shown)++] = figure_series_title(d, s);
	}
	return *shown ? 0
		      : figure_mistake(d, "y", "no run has %s of '%s' here", kind->what,
				       d->metric->name);
}

int figure_draw_curves(struct drawing *d, const struct curves *kind, void *ctx, struct err *e)
{
	size_t series = figure_series_count(d), shown = 0;
	int *rows = calloc(series, sizeof(*rows));
	const char **titles = calloc(series, sizeof(*titles));
	struct gp_extent extent = GP_EXTENT_NONE;
	int code = rows && titles ? 0 : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0)
		code = write_all(d, kind, ctx, &extent, rows, titles, &shown, e);
	if (code == 0) {
		gp_begin(d);
		gp_key_of_series(d, titles, shown);
		kind->x_axis(d, ctx);
		gp_y_axis(d, &extent, false);
		fputs("plot ", d->plot);
		kind->plot(d, d->plot, rows);
		gp_end(d);
	}
	free(titles);
	free(rows);
	return code;
}
