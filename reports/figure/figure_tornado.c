/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tornado: what each numeric axis alone does to a metric, when it goes from the base point (that of
 * `at`) to its smallest and to its largest value; the axis that moves the metric most is on top.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LOW, HIGH };

struct bar {
	const struct data_axis *axis;
	char name[120], text[2][40]; /* of the values at its ends */
	struct cell change[2];
	double span;
};

static int by_span(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;
	if (x->span != y->span)
		return x->span > y->span ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The point that differs from the base in this axis, and in those in lockstep with it, only. */
static long end_point(const struct drawing *d, size_t axis, size_t level, size_t *levels)
{
	memcpy(levels, d->level, d->data->axis_count * sizeof(*levels));
	levels[axis] = level;
	for (size_t i = 0; i < d->data->axis_count; i++)
		if (i != axis && dataset_tells(d->data, axis, i))
			levels[i] = dataset_follow(d->data, axis, level, i);
	return dataset_find_point(d->data, levels);
}

static void name_end(struct bar *b, int end, const struct data_level *level)
{
	if (strcmp(b->axis->unit, "1") == 0)
		scale_number(level->number, b->text[end], sizeof(b->text[end]));
	else
		snprintf(b->text[end], sizeof(b->text[end]), "%s", level->text);
}

/* Fills bars[] and returns how many axes have one. */
static size_t find_bars(struct drawing *d, const struct cell *changes, size_t *levels,
			struct bar *bars)
{
	size_t n = 0;
	for (size_t a = 0; a < d->data->axis_count; a++) {
		const struct data_axis *axis = &d->data->axes[a];
		struct bar *b = &bars[n];
		bool there = false;
		if (!axis->numeric || axis->count < 2 || axis->leader != a)
			continue;
		*b = (struct bar){.axis = axis};
		scale_axis_label(axis->name, b->name, sizeof(b->name));
		for (int end = LOW; end <= HIGH; end++) {
			size_t level = end == LOW ? 0 : axis->count - 1;
			long p = end_point(d, a, level, levels);
			b->change[end] = (struct cell){0, 0, NAN, NAN};
			name_end(b, end, &axis->values[level]);
			if (p < 0 || changes[p].n == 0)
				continue;
			b->change[end] = changes[p];
			b->span = fmax(b->span, fabs(changes[p].mean));
			figure_count_repetitions(d, changes[p].n);
			there |= level != d->level[a];
		}
		n += there;
	}
	qsort(bars, n, sizeof(*bars), by_span);
	return n;
}

/* On which side of its bar the value of an end stands: when both bars go the same way, that of the
 * shorter one stands on the other side of the axis. */
static int side_of(const struct bar *b, int end)
{
	double own = b->change[end].mean, other = b->change[!end].mean;
	bool same = (own < 0) == (other < 0);
	bool shorter = fabs(own) < fabs(other) || (fabs(own) == fabs(other) && end == LOW);
	return (own < 0) != (same && shorter) ? -1 : 1;
}

static void write_data(struct drawing *d, const struct bar *bars, size_t n, struct gp_extent *x)
{
	tsv_begin(d, "row\tchange\tlow\thigh\tvalue\taxis\tside of the value; paired differences "
		     "from the base point, with the 95 % interval");
	for (int end = LOW; end <= HIGH; end++) {
		fprintf(d->tsv, "# %s value of the axis\n", end == LOW ? "smallest" : "largest");
		for (size_t i = 0; i < n; i++) {
			const struct cell *c = &bars[i].change[end];
			double half = isnan(c->ci95) ? 0 : c->ci95;
			fprintf(d->tsv, "%zu\t%.17g\t%.17g\t%.17g\t%s\t%s\t%d\n", i, c->mean,
				c->mean - half, c->mean + half, bars[i].text[end], bars[i].name,
				side_of(&bars[i], end));
			x->low = fmin(x->low, c->mean - half);
			x->high = fmax(x->high, c->mean + half);
		}
		fputs("\n\n", d->tsv);
	}
}

static void write_axes(struct drawing *d, const struct bar *bars, size_t n,
		       const struct gp_extent *x)
{
	const char *names[64];
	char label[200], text[240];
	double widest = 0, low = fmin(x->low, 0), high = fmax(x->high, 0);
	for (size_t i = 0; i < n && i < 64; i++) {
		names[i] = bars[i].name;
		for (int end = LOW; end <= HIGH; end++)
			widest = fmax(widest, gp_text_width(bars[i].text[end]));
	}
	struct scale scale = scale_choose(d->metric->unit, fmax(-low, high));
	fprintf(d->gp, "x_factor = %g\n", scale.factor);
	gp_rows(d, names, n);
	snprintf(text, sizeof(text), "change of %s",
		 scale_metric_label(d->metric->name, d->metric->subject, label, sizeof(label)));
	gp_axis_label(d, 'x', text, scale.unit);
	/* Room for the values beside the ends of the bars. */
	double share = (widest + 8) / (figure_width_pt(d) - d->y_tics_pt - 30);
	double pad = (high - low) * share / fmax(0.2, 1 - 2 * share);
	if (!(pad > 0))
		pad = 1 / scale.factor;
	gp_linear_axis(d, 'x', (low - pad) * scale.factor, (high + pad) * scale.factor);
	fputs("set arrow from first 0, graph 0 to first 0, graph 1 nohead linewidth 0.75 front\n"
	      "least(a, b) = a < b ? a : b\nmost(a, b) = a > b ? a : b\n",
	      d->gp);
}

static void write_plot(const struct drawing *d, FILE *plot)
{
	static const struct {
		unsigned colour;
		const char *fill, *title;
	} looks[] = {{0x56b4e9, "solid 1", "smallest value"},
		     {0xd55e00, "pattern 4", "largest value"}};
	const char *name = d->figure->name;
	fputs("plot ", plot);
	for (int end = LOW; end <= HIGH; end++)
		fprintf(plot,
			"%s\\\n  '%s.tsv' index %d using (0):1:($2 < 0 ? $2*x_factor : 0):"
			"($2 < 0 ? 0 : $2*x_factor):($1-0.33):($1+0.33) with boxxyerror fillcolor "
			"rgb "
			"\"#%06x\" fillstyle %s border rgb \"#303030\" linewidth 0.5 title '%s'",
			end ? ", " : "", name, end, looks[end].colour, looks[end].fill,
			looks[end].title);
	for (int end = LOW; end <= HIGH; end++) {
		fprintf(plot,
			", \\\n  '%s.tsv' index %d using ($3*x_factor):1:(($4-$3)*x_factor):(0) "
			"with "
			"vectors heads size screen 0.005,90 linecolor rgb \"#000000\" linewidth "
			"0.75 "
			"notitle",
			name, end);
		for (int side = -1; side <= 1; side += 2)
			fprintf(plot,
				", \\\n  '%s.tsv' index %d using (%s(0, $%d*x_factor)):1:($7 == %d "
				"? "
				"stringcolumn(5) : \"\") with labels %s offset %s,0 noenhanced "
				"notitle",
				name, end, side < 0 ? "least" : "most", side < 0 ? 3 : 4, side,
				side < 0 ? "right" : "left", side < 0 ? "-0.5" : "0.5");
	}
}

static const char *name_base(const struct drawing *d, size_t base, char *out, size_t size,
			     struct err *e)
{
	struct comparison c;
	char mean[80];
	const struct data_point *p = &d->data->points[base];
	if (dataset_compare(d->data, d->metric, p, d->data, d->metric, p, true, &c, e) != 0)
		return NULL;
	struct scale scale = scale_choose(d->metric->unit, c.a.mean);
	scale_print(c.a.mean * scale.factor, c.a.ci95 * scale.factor, "\xc2\xb1", mean,
		    sizeof(mean));
	snprintf(out, size, "changes from %s %s, paired by repetition, with 95 %% intervals", mean,
		 scale.unit);
	return out;
}

int figure_draw_tornado(struct drawing *d, struct err *e)
{
	size_t points = d->data->point_count, n = 0;
	long base = figure_point(d, 0, 0);
	size_t *levels = calloc(d->data->axis_count + 1, sizeof(*levels));
	size_t *baseline = calloc(points + 1, sizeof(*baseline));
	struct cell *changes = calloc(points + 1, sizeof(*changes));
	struct bar *bars = calloc(d->data->axis_count + 1, sizeof(*bars));
	char note[160];
	struct gp_extent extent = GP_EXTENT_NONE;
	int code = levels && baseline && changes && bars
			   ? 0
			   : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0 && base < 0)
		code = figure_mistake(d, "at", "the results have no point there");
	for (size_t i = 0; i < points && code == 0; i++)
		baseline[i] = (size_t)base;
	if (code == 0)
		code = dataset_paired(d->data, d->metric, baseline, changes, e);
	if (code == 0 && (n = find_bars(d, changes, levels, bars)) == 0)
		code = figure_mistake(d, "at",
				      "no numeric axis has another value while the others stay");
	if (code == 0) {
		static const char *const titles[] = {"smallest value", "largest value"};
		d->height_in = fmax(d->height_in, 0.95 + 0.17 * (double)n);
		d->note = name_base(d, (size_t)base, note, sizeof(note), e);
		write_data(d, bars, n, &extent);
		gp_begin(d);
		gp_key_above(d, NULL, titles, 2);
		write_axes(d, bars, n, &extent);
		write_plot(d, d->plot);
		gp_end(d);
	}
	free(bars);
	free(changes);
	free(baseline);
	free(levels);
	return code;
}
