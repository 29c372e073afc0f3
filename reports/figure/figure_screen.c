/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Screen: what a study's `screen` found. Of Morris' method a place for each parameter, mu* along x
 * and sigma along y; of Sobol's a row for each, with bars of S and ST.
 */
#include "reports/figure/figure_internal.h"
#include "reports/data/screening.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct names {
	char text[SENSITIVITY_FACTORS_MAX][120];
	const char *shown[SENSITIVITY_FACTORS_MAX];
	size_t order[SENSITIVITY_FACTORS_MAX], count;
};

static void name_parameters(const struct screening *s, const struct sensitivity *x,
			    struct names *out)
{
	const struct screen_parameter *p = s->screen->parameters.items;
	screening_order(s, x, out->order);
	out->count = x->factors;
	for (size_t i = 0; i < x->factors; i++)
		out->shown[i] =
			scale_axis_label(p[out->order[i]].name, out->text[i], sizeof(out->text[i]));
}

/* The point of the sweep that `at` fixes. */
static int find_group(const struct drawing *d, const struct screening *s, size_t *group)
{
	for (size_t g = 0; g < s->group_count; g++) {
		bool same = true;
		for (size_t a = 0; a < d->data->axis_count; a++)
			same &= screening_has_axis(s, a) || s->groups[g][a] == d->level[a];
		if (same) {
			*group = g;
			return 0;
		}
	}
	return figure_mistake(d, "at", "the results have no point there");
}

static size_t count_lossy(const struct drawing *d, const struct screening *s, const size_t *group)
{
	size_t count = 0;
	for (size_t i = 0; i < d->data->point_count; i++) {
		bool same = d->lossy[i];
		for (size_t a = 0; a < d->data->axis_count; a++)
			same &= screening_has_axis(s, a) || group[a] == d->data->points[i].level[a];
		count += same;
	}
	return count;
}

static void make_note(const struct drawing *d, const struct screening *s, size_t group,
		      const struct sensitivity *x, size_t left_out, char *out, size_t size)
{
	size_t lossy = count_lossy(d, s, s->groups[group]);
	int n = snprintf(out, size, "%zu %s, 95 %% interval", x->blocks,
			 s->screen->method == SENSITIVITY_MORRIS ? "trajectories" : "samples");
	if (left_out && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n,
			      ", %zu parameter%s without effect left out", left_out,
			      left_out == 1 ? "" : "s");
	if (lossy && n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, ", at %zu points many tasks did not finish",
			 lossy);
}

/* --- Morris --- */

struct span {
	double low, high, positive;
};

static void widen(struct span *x, double value, double half)
{
	half = isnan(half) ? 0 : half;
	x->low = fmin(x->low, value - half);
	x->high = fmax(x->high, value + half);
	if (value > 0)
		x->positive = fmin(x->positive, fmax(value - half, value / 2));
}

/* One axis over displayed values; returns where it begins. */
static double place_axis(struct drawing *d, char axis, const struct span *x, double factor)
{
	bool log = gp_is_log(d, axis, gp_spans_decades(x->positive, x->high));
	double low = log ? x->positive * factor / 1.3 : 0,
	       high = log ? x->high * factor * 1.2 : x->high * factor * 1.06;
	if (log) {
		gp_log_tics(d, axis, low, high);
		fprintf(d->gp, "set %crange [%.6g:%.6g]\n", axis, low, high);
	} else {
		gp_linear_axis(d, axis, low, high > 0 ? high : 1);
	}
	return low;
}

static int draw_effects(struct drawing *d, const struct screening *s, const struct sensitivity *x,
			FILE *plot, size_t *left_out)
{
	struct names names;
	struct span across = {0, 0, INFINITY}, up = {0, 0, INFINITY};
	char label[200], text[260];
	size_t shown = 0;
	name_parameters(s, x, &names);
	tsv_begin(d, "mu*\tlow\thigh\tsigma\tlow\thigh\tnoise\tparameter, with the 95 % interval");
	for (size_t i = 0; i < names.count; i++) {
		const struct sensitivity_factor *f = &x->factor[names.order[i]];
		double a = f->mu_star.half_width, b = f->sigma.half_width;
		if (!(f->mu_star.value > 0))
			continue;
		names.order[shown] = names.order[i];
		names.shown[shown++] = names.shown[i];
		fprintf(d->tsv, "%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%s\n\n\n",
			f->mu_star.value, f->mu_star.value - a, f->mu_star.value + a,
			f->sigma.value, f->sigma.value - b, f->sigma.value + b, f->noise,
			names.shown[i]);
		widen(&across, f->mu_star.value, a);
		widen(&up, f->sigma.value, b);
	}
	*left_out = names.count - shown;
	if (shown == 0)
		return figure_mistake(d, "y", "no parameter has an effect on '%s' here",
				      s->metric->name);
	struct scale scale = scale_choose(s->metric->unit, across.high);
	gp_begin(d);
	gp_key_above(d, NULL, names.shown, shown);
	fprintf(d->gp, "factor = %g\nlong(x, low) = x < low ? low : x\n", scale.factor);
	snprintf(text, sizeof(text), "effect on %s, \xce\xbc*",
		 scale_metric_label(s->metric->name, s->metric->subject, label, sizeof(label)));
	gp_axis_label(d, 'x', text, scale.unit);
	double left = place_axis(d, 'x', &across, scale.factor);
	double bottom = place_axis(d, 'y', &up, scale.factor);
	gp_y_label(d, "dependence, \xcf\x83", scale.unit);
	fprintf(plot, "plot x with lines linecolor rgb \"#a0a0a0\" linewidth 0.75 dashtype (4,4) "
		      "notitle");
	/* The same parameter looks the same wherever it ranks. */
	struct data_axis axis = {.numeric = true, .count = x->factors};
	for (size_t i = 0; i < shown; i++) {
		struct line_style look = figure_line_style(&axis, names.order[i]);
		fprintf(plot,
			", \\\n  '%s.tsv' index %zu using ($1*factor):(long($4*factor, %.6g)):"
			"(long($2*factor, %.6g)):($3*factor):(long($5*factor, %.6g)):($6*factor) "
			"with xyerrorbars linecolor rgb \"#%06x\" linewidth 0.75 pointtype %d "
			"title ",
			d->figure->name, i, bottom, left, bottom, look.colour, look.point);
		gp_quote_name(d, plot, names.shown[i]);
	}
	return 0;
}

/* --- Sobol' --- */

static int draw_shares(struct drawing *d, const struct screening *s, const struct sensitivity *x,
		       FILE *plot)
{
	static const char *const titles[] = {"alone, S", "with others, ST"};
	static const char *const fills[] = {"solid 0.9", "pattern 4"};
	static const unsigned colours[] = {0x0072b2, 0xd55e00};
	struct names names;
	char label[200], text[260];
	double low = 0, high = 0;
	name_parameters(s, x, &names);
	tsv_begin(d, "row\tshare\tlow\thigh\tparameter, with the 95 % interval");
	for (size_t index = 0; index < 2; index++) {
		fprintf(d->tsv, "# %s\n", titles[index]);
		for (size_t i = 0; i < names.count; i++) {
			const struct sensitivity_factor *f = &x->factor[names.order[i]];
			struct sensitivity_estimate v = index ? f->total : f->first;
			if (!isfinite(v.value))
				return figure_mistake(d, "y", "'%s' does not vary here",
						      s->metric->name);
			fprintf(d->tsv, "%zu\t%.17g\t%.17g\t%.17g\t%s\n", i, v.value,
				v.value - v.half_width, v.value + v.half_width, names.shown[i]);
			low = fmin(low, v.value - v.half_width);
			high = fmax(high, v.value + v.half_width);
		}
		fputs("\n\n", d->tsv);
	}
	d->height_in = fmax(d->height_in, 0.95 + 0.22 * (double)names.count);
	gp_begin(d);
	gp_key_above(d, NULL, titles, 2);
	gp_rows(d, names.shown, names.count);
	snprintf(text, sizeof(text), "share of the variance of %s",
		 scale_metric_label(s->metric->name, s->metric->subject, label, sizeof(label)));
	gp_axis_label(d, 'x', text, "");
	gp_linear_axis(d, 'x', low, fmax(high, 0.01) * 1.03);
	fputs("plot ", plot);
	for (size_t index = 0; index < 2; index++)
		fprintf(plot,
			"%s\\\n  '%s.tsv' index %zu using (0):($1%+g):(0):2:($1%+g):($1%+g) with "
			"boxxyerror fillcolor rgb \"#%06x\" fillstyle %s border rgb \"#303030\" "
			"linewidth 0.5 title '%s'",
			index ? ", " : "", d->figure->name, index, index ? 0.18 : -0.18,
			index ? 0.0 : -0.36, index ? 0.36 : 0.0, colours[index], fills[index],
			titles[index]);
	for (size_t index = 0; index < 2; index++)
		fprintf(plot,
			", \\\n  '%s.tsv' index %zu using 3:($1%+g):($4-$3):(0) with vectors heads "
			"size screen 0.005,90 linecolor rgb \"#000000\" linewidth 0.75 notitle",
			d->figure->name, index, index ? 0.18 : -0.18);
	return 0;
}

int figure_draw_screen(struct drawing *d, struct err *e)
{
	struct screening s = {0};
	struct sensitivity x;
	char note[200];
	size_t group = 0, left_out = 0;
	int code = screening_open(&s, d->data, d->figure->y, d->figure->subject, e);
	if (code == ERR_INVALID)
		code = figure_mistake(d, "kind", "%s", e->text);
	if (code == 0)
		code = find_group(d, &s, &group);
	if (code == 0)
		code = screening_estimate(&s, group, &x, e);
	if (code == 0 && x.blocks < 2)
		code = figure_mistake(d, "y", "only %zu of the design's %zu parts are complete",
				      x.blocks, s.points.design.blocks);
	if (code == 0) {
		figure_count_repetitions(d, s.repetitions);
		code = s.screen->method == SENSITIVITY_MORRIS
			       ? draw_effects(d, &s, &x, d->plot, &left_out)
			       : draw_shares(d, &s, &x, d->plot);
	}
	if (code == 0) {
		make_note(d, &s, group, &x, left_out, note, sizeof(note));
		d->note = note;
		gp_end(d);
	}
	screening_close(&s);
	return code;
}
