/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Axes of a figure: labels, ticks, ranges.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <string.h>

static const double label_room_pt = 88, line_pt = 9.5;

/* For a name below the x axis. */
static const double tic_room_pt = 120;

/* How far apart two tick labels must be, in points, and the width of a plot in one column. */
static const double tic_gap = 4, plot_width[] = {[FIGURE_COLUMN] = 190, [FIGURE_PAGE] = 440};

/* The '-', '/' or ' ' at which a label is best broken into two lines; NULL when there is none. Not
 * within a unit, as in "1 Mbit/s" and "rate (1/s)". */
static const char *middle_break(const char *text)
{
	const char *best = NULL;
	size_t length = strlen(text), off = length;
	bool quantity = text[0] >= '0' && text[0] <= '9';
	for (const char *p = text; *p && *p != '('; p++) {
		size_t at = (size_t)(p - text),
		       from_middle = 2 * at > length ? 2 * at - length : length - 2 * at;
		if (strchr(quantity ? " " : "-/ ", *p) && at > 0 && p[1] && from_middle < off) {
			best = p;
			off = from_middle;
		}
	}
	return best;
}

static double broken_width(const char *text)
{
	const char *at = middle_break(text);
	char first[200];
	if (!at)
		return gp_text_width(text);
	snprintf(first, sizeof(first), "%.*s", (int)(at - text + 1), text);
	return fmax(gp_text_width(first), gp_text_width(at + 1));
}

/* In double quotes, where gnuplot knows \n. */
static void write_broken(const struct drawing *d, const char *text, bool in_two)
{
	const char *at = in_two ? middle_break(text) : NULL;
	fputc('"', d->gp);
	for (const char *p = text; *p;) {
		const char *own = p;
		p = gp_put_char(d, d->gp, p, '"');
		if (own == at)
			fputs("\\n", d->gp);
	}
	fputc('"', d->gp);
}

/* For the names of rows, beside the plot. */
static double row_room(const struct drawing *d)
{
	return fmin(GP_KEY_ROOM_PT, 0.4 * figure_width_pt(d));
}

/* A name at a tick. */
static void write_tic(const struct drawing *d, const char *name, bool in_two, double room_pt)
{
	const char *at = in_two ? middle_break(name) : NULL;
	fputc('"', d->gp);
	if (at) {
		for (const char *p = name; *p;) {
			const char *own = p;
			p = gp_put_char(d, d->gp, p, '%');
			if (own == at)
				fputs("\\n", d->gp);
		}
	} else {
		gp_put_name(d, d->gp, name, room_pt, '%');
	}
	fputc('"', d->gp);
}

void gp_axis_label(struct drawing *d, char axis, const char *label, const char *unit)
{
	char text[200];
	if (unit && *unit)
		snprintf(text, sizeof(text), "%s (%s)", label, unit);
	else
		snprintf(text, sizeof(text), "%s", label);
	fprintf(d->gp, "set %clabel ", axis);
	/* Beside the plot there is room for about so much in one line. */
	bool in_two = axis == 'y' && gp_text_width(text) > label_room_pt;
	d->broken_label |= in_two;
	write_broken(d, text, in_two);
	fprintf(d->gp, " noenhanced offset %s\n",
		axis == 'x' ? "0,0.4"
		: in_two    ? "0.4,0"
			    : "0.8,0");
}

enum { TICS_MAX = 64 };

/* Of a range narrower than this, relative to its ends, only rounding is left: it is one value. */
static const double narrowest = 1e-9;

/* Round numbers from low to high with at most `steps` steps between them. Returns how many. */
static size_t linear_tics(double low, double high, double steps, double tics[TICS_MAX])
{
	double rough = (high - low) / steps, step = pow(10, floor(log10(rough)));
	size_t count = 0;
	if (!(high - low > narrowest * fmax(fabs(low), fabs(high)))) {
		tics[0] = low;
		return 1;
	}
	step *= rough / step > 5 ? 10 : rough / step > 2 ? 5 : rough / step > 1 ? 2 : 1;
	for (double k = ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
		if (count < TICS_MAX)
			tics[count++] = k == 0 ? 0 : k * step;
	return count;
}

/* axis 'c' is the scale of the colours. */
static const char *axis_name(char axis)
{
	return axis == 'x' ? "x" : axis == 'y' ? "y" : "cb";
}

static void write_tics(struct drawing *d, char axis, const double *tics, size_t count)
{
	fprintf(d->gp, "set %stics (", axis_name(axis));
	for (size_t i = 0; i < count; i++) {
		char text[32];
		snprintf(text, sizeof(text), "%.6g", tics[i]);
		fprintf(d->gp, "%s\"%s\" %.12g", i ? ", " : "", text, tics[i]);
		double *widest = axis == 'y'   ? &d->y_tics_pt
				 : axis == 'c' ? &d->colour_tics_pt
					       : NULL;
		if (widest)
			*widest = fmax(*widest, gp_text_width(text));
	}
	fputs(")\n", d->gp);
}

void gp_log_tics(struct drawing *d, char axis, double low, double high)
{
	fprintf(d->gp, "set logscale %s\n", axis_name(axis));
	double span = log10(high / low);
	if (!(span > narrowest) || !isfinite(span))
		return;
	/* Six labels or so, whatever the span. */
	static const double finest[] = {1, 1.5, 2, 3, 4, 5, 7}, fine[] = {1, 2, 5}, coarse[] = {1};
	const double *steps = span < 0.8 ? finest : span < 2.2 ? fine : coarse;
	size_t n = span < 0.8 ? 7 : span < 2.2 ? 3 : 1;
	int every = span > 8 ? 3 : span > 5 ? 2 : 1;
	double tics[TICS_MAX];
	size_t count = 0;
	for (int e = (int)floor(log10(low)) - 1; e <= (int)ceil(log10(high)); e++) {
		for (size_t i = 0; i < n && count < TICS_MAX; i++) {
			double tic = steps[i] * pow(10, e);
			if (tic >= low / 1.1 && tic <= high * 1.1 && e % every == 0)
				tics[count++] = tic;
		}
	}
	if (count < 2) /* less than a step or two: there the axis is nearly linear */
		count = linear_tics(low, high, 4, tics);
	write_tics(d, axis, tics, count);
}

/* The label beside ticks of a known width. gnuplot's own place for it does not take ticks with
 * texts into account, nor a second line. */
void gp_y_label(struct drawing *d, const char *label, const char *unit)
{
	static const double edge_pt = 8, gap_pt = 9;
	char text[240];
	snprintf(text, sizeof(text), *unit ? "%s (%s)" : "%s", label, unit);
	bool in_two = gp_text_width(text) > label_room_pt && middle_break(text);
	double width = figure_width_pt(d);
	d->has_y_label = true;
	fputs("set label 100 ", d->gp);
	write_broken(d, text, in_two);
	fprintf(d->gp,
		" at screen %.4f, graph 0.5 center rotate by 90 noenhanced\n"
		"set lmargin screen %.4f\n",
		edge_pt / width,
		(edge_pt + (in_two ? 1.6 : 0.6) * line_pt + d->y_tics_pt + gap_pt) / width);
}

void gp_linear_axis(struct drawing *d, char axis, double low, double high)
{
	double tics[TICS_MAX], pad = high > low ? 0 : fabs(high) * 0.1 + (high == 0);
	low -= pad;
	high += pad;
	write_tics(d, axis, tics, linear_tics(low, high, axis == 'x' ? 7 : 6, tics));
	fprintf(d->gp, "set %srange [%.6g:%.6g]\n", axis_name(axis), low, high);
}

void gp_colour_label(struct drawing *d, const char *label, const char *unit)
{
	char text[440];
	snprintf(text, sizeof(text), *unit ? "%s (%s)" : "%s", label, unit);
	bool in_two = gp_text_width(text) > 0.6 * d->height_in * 72 && middle_break(text);
	double width = figure_width_pt(d);
	/* From the right edge: label, ticks, colours, and there the plot ends. */
	double label_pt = in_two ? 2 * line_pt : line_pt;
	double scale_pt = label_pt + 4 + d->colour_tics_pt + 7;
	fputs("set label 101 ", d->gp);
	write_broken(d, text, in_two);
	fprintf(d->gp,
		" at screen %.4f, graph 0.5 center rotate by 90 noenhanced\n"
		"set rmargin screen %.4f\n"
		"set colorbox user origin graph 1.02, graph 0 size screen %.4f, graph 1\n",
		1 - (in_two ? 1.5 : 0.5) * line_pt / width - 2 / width, 1 - (scale_pt + 14) / width,
		8 / width);
}

void gp_rows(struct drawing *d, const char *const *names, size_t count)
{
	double beside = count == 1 ? 1 : 0.6; /* a bar alone is not to fill the figure */
	fputs("set ytics scale 0 (", d->gp);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", d->gp);
		write_tic(d, names[i], false, row_room(d));
		fprintf(d->gp, " %zu", i);
		d->y_tics_pt = fmax(d->y_tics_pt, gp_name_width(names[i], row_room(d)));
	}
	fprintf(d->gp,
		") noenhanced\nset yrange [%.1f:%.1f]\nset lmargin screen %.4f\n"
		"unset grid\nset grid xtics linewidth 0.5 linecolor rgb \"#d8d8d8\" dashtype 1\n",
		(double)count - 1 + beside, -beside, (d->y_tics_pt + 10) / figure_width_pt(d));
}

void gp_extent_add(struct gp_extent *x, const struct cell *c)
{
	double half = isnan(c->ci95) ? 0 : c->ci95;
	if (c->n == 0 || isnan(c->mean))
		return;
	x->mean_low = fmin(x->mean_low, c->mean);
	x->mean_high = fmax(x->mean_high, c->mean);
	x->low = fmin(x->low, c->mean - half);
	x->high = fmax(x->high, c->mean + half);
	if (c->mean > 0)
		x->positive_low = fmin(x->positive_low, c->mean);
	else
		x->not_positive++;
}

/* A logarithmic axis holds the means and what of their intervals is not far below. */
static void log_range(const struct gp_extent *x, bool bars, double *low, double *high)
{
	*low = fmax(x->low, x->positive_low / 3);
	if (bars) /* of the smallest one, too, something must be seen */
		*low = fmin(*low, x->positive_low / 2);
	*low /= 1.1;
	*high = x->high * 1.1;
}

static void linear_range(const struct gp_extent *x, bool bars, double *low, double *high)
{
	bool signed_ = x->mean_low < 0;
	*low = x->low;
	*high = x->high;
	if (!bars) { /* beyond the means, not more than they take themselves */
		double room = fmax(x->mean_high - x->mean_low,
				   0.5 * fmax(fabs(x->mean_high), fabs(x->mean_low)));
		if (room > 0) {
			*low = fmax(*low, x->mean_low - room);
			*high = fmin(*high, x->mean_high + room);
		}
	}
	/* From zero, where that does not squeeze lines into a strip. */
	if (!signed_ && (bars || *low < 0.5 * *high))
		*low = 0;
	if (bars && *high < 0)
		*high = 0;
	double pad = 0.04 * (*high - *low);
	if (!(pad > 0))
		pad = *high == 0 ? 1 : 0.1 * fabs(*high);
	*high += pad;
	if (*low != 0)
		*low -= pad;
}

bool gp_is_log(const struct drawing *d, char axis, bool spans_decades)
{
	int log = d->figure->log;
	bool named = log == FIGURE_LOG_XY || log == (axis == 'x' ? FIGURE_LOG_X : FIGURE_LOG_Y);
	return named || (log != FIGURE_LOG_NONE && spans_decades);
}

bool gp_spans_decades(double low, double high)
{
	return low > 0 && high >= 100 * low;
}

void gp_y_axis(struct drawing *d, const struct gp_extent *x, bool bars)
{
	char label[200];
	/* The length of a bar says something only from zero. */
	bool spans = !bars && !x->not_positive && gp_spans_decades(x->positive_low, x->mean_high);
	bool log = gp_is_log(d, 'y', spans) && isfinite(x->positive_low);
	double low = 0, high = 1;
	if (log)
		log_range(x, bars, &low, &high);
	else if (isfinite(x->mean_low) && isfinite(x->high))
		linear_range(x, bars, &low, &high);
	struct scale scale = scale_choose(d->metric->unit, fmax(fabs(x->low), fabs(x->high)));
	fprintf(d->gp, "y_factor = %g\n", scale.factor);
	low *= scale.factor;
	high *= scale.factor;
	if (log) {
		gp_log_tics(d, 'y', low * 1.1, high / 1.1);
	} else {
		double tics[TICS_MAX];
		write_tics(d, 'y', tics, linear_tics(low, high, 6, tics));
	}
	gp_y_label(d, scale_metric_label(d->metric->name, d->metric->subject, label, sizeof(label)),
		   scale.unit);
	if (log && x->not_positive)
		diag_add(
			d->diags, DIAG_WARNING, d->request->file, 0, 0, NULL,
			"%s: %zu values are not above zero and have no place on a logarithmic axis",
			d->figure->name, x->not_positive);
	fprintf(d->gp,
		"set yrange [%.6g:%.6g]\ny_clip(y) = y < %.6g ? %.6g : y > %.6g ? %.6g : y\n", low,
		high, low, low, high, high);
}

/* Whether labels at every `step`-th value of the axis stay apart. */
static bool tics_fit(const struct drawing *d, const struct data_axis *axis, double factor,
		     bool logarithmic, size_t step)
{
	double low = axis->values[0].number, high = axis->values[axis->count - 1].number;
	double last_end = -INFINITY;
	for (size_t i = 0; i < axis->count; i += step) {
		char text[32];
		double v = axis->values[i].number;
		double at = high == low	  ? 0.5
			    : logarithmic ? log(v / low) / log(high / low)
					  : (v - low) / (high - low);
		scale_number(v * factor, text, sizeof(text));
		double half = gp_text_width(text) / 2;
		at *= plot_width[d->figure->width];
		if (at - half < last_end + tic_gap)
			return false;
		last_end = at + half;
	}
	return true;
}

/* Labels at all values of the axis; or at every second, third, ... that reaches both ends; or none
 * of these (0). */
static size_t tic_step(const struct drawing *d, const struct data_axis *axis, double factor,
		       bool logarithmic)
{
	for (size_t step = 1; step == 1 || step <= (axis->count - 1) / 3; step++)
		if ((axis->count - 1) % step == 0 && tics_fit(d, axis, factor, logarithmic, step))
			return step;
	return 0;
}

/* Values whose neighbours differ by about the same factor, over a decade or more. */
static bool is_geometric(const struct data_axis *axis)
{
	const struct data_level *v = axis->values;
	size_t last = axis->count - 1;
	if (axis->count < 3 || !(v[0].number > 0) || v[last].number < 10 * v[0].number)
		return false;
	double widest = 0, widest_log = 0;
	for (size_t i = 0; i < last; i++) {
		widest = fmax(widest, v[i + 1].number - v[i].number);
		widest_log = fmax(widest_log, log(v[i + 1].number / v[i].number));
	}
	/* The largest gap, as a share of the axis, is smaller on a logarithmic one. */
	return widest_log / log(v[last].number / v[0].number) <
	       0.8 * widest / (v[last].number - v[0].number);
}

bool gp_axis_is_log(const struct drawing *d, char which, const struct data_axis *axis)
{
	return axis->numeric && axis->values[0].number > 0 &&
	       gp_is_log(d, which, is_geometric(axis));
}

static void numeric_axis(struct drawing *d, const struct data_axis *axis)
{
	char label[120];
	double low = axis->values[0].number, high = axis->values[axis->count - 1].number;
	bool log = gp_axis_is_log(d, 'x', axis);
	struct scale scale = axis_scale(axis);
	fprintf(d->gp, "x_factor = %g\n", scale.factor);
	gp_axis_label(d, 'x', scale_axis_label(axis->name, label, sizeof(label)), scale.unit);
	if (log)
		gp_log_tics(d, 'x', low * scale.factor, high * scale.factor);
	size_t step = tic_step(d, axis, scale.factor, log);
	if (step) {
		fputs("set xtics (", d->gp);
		for (size_t i = 0; i < axis->count; i += step) {
			double at = axis->values[i].number * scale.factor;
			char text[32];
			fprintf(d->gp, "%s\"%s\" %.17g", i ? ", " : "",
				scale_number(at, text, sizeof(text)), at);
		}
		fputs(")\n", d->gp);
	}
	if (axis->count == 1)
		fprintf(d->gp, "set xrange [%.6g:%.6g]\n", low * scale.factor * 0.9 - (low == 0),
			high * scale.factor * 1.1 + (high == 0));
	else if (log) {
		double pad = pow(high / low, 0.04);
		fprintf(d->gp, "set xrange [%.6g:%.6g]\n", low * scale.factor / pad,
			high * scale.factor * pad);
	} else {
		double pad = (high - low) * 0.04;
		fprintf(d->gp, "set xrange [%.6g:%.6g]\n", (low - pad) * scale.factor,
			(high + pad) * scale.factor);
	}
}

double gp_plot_width(const struct drawing *d)
{
	return plot_width[d->figure->width];
}

void gp_warn_crowded(const struct drawing *d)
{
	diag_add(d->diags, DIAG_WARNING, d->request->file, 0, 0, NULL,
		 "%s: its labels do not fit beside each other; %sdraw fewer values",
		 d->figure->name,
		 d->figure->width == FIGURE_COLUMN ? "give it \"width\": \"page\", or " : "");
}

/* Slants the labels at the x axis, as flat as leaves lines of text beside each other and none over
 * the edge; the figure gets as much higher as long ones reach deep. Returns how much deeper than
 * usual they end. */
static double slant_tics(struct drawing *d, double pitch, const struct data_axis *axis)
{
	static const double angles[] = {30, 55, 90}, least_pitch[] = {18, 11, 0}, edge_pt = 42;
	double widest = 0, angle = 0, sine = 0;
	for (size_t a = 0; a < 3; a++) {
		bool fits = pitch > least_pitch[a];
		angle = angles[a] * 3.14159265358979 / 180;
		sine = sin(angle);
		for (size_t i = 0; i < axis->count; i++) {
			double width = gp_name_width(axis->values[i].text, tic_room_pt);
			widest = fmax(widest, width);
			fits &= width * cos(angle) < edge_pt + pitch * ((double)i + 0.5);
		}
		angle = angles[a];
		if (fits)
			break;
	}
	if (pitch < 0.9 * line_pt)
		gp_warn_crowded(d);
	d->slanted_tics = true;
	fprintf(d->gp, "set xtics rotate by %g right offset %s\n", angle,
		angle < 90 ? "0.8,0.1" : "0.1,0");
	double deeper = fmax(0, widest * sine - 12);
	d->height_in += fmax(0, deeper - 36) / 72;
	return deeper;
}

double gp_category_axis(struct drawing *d, const struct data_axis *axis, double taken_pt)
{
	char label[120];
	double widest = 0, broken = 0;
	double room = (plot_width[d->figure->width] - taken_pt) / (double)axis->count - tic_gap;
	for (size_t i = 0; i < axis->count; i++) {
		widest = fmax(widest, gp_name_width(axis->values[i].text, tic_room_pt));
		broken = fmax(broken, broken_width(axis->values[i].text));
	}
	bool in_two = widest > room && broken <= room;
	/* Of numbers every second or third says enough. */
	size_t step = axis->numeric && widest > room && !in_two
			      ? (size_t)ceil((widest + tic_gap) / (room + tic_gap))
			      : 1;
	gp_axis_label(d, 'x', scale_axis_label(axis->name, label, sizeof(label)), "");
	fputs("set xtics scale 0 (", d->gp);
	for (size_t i = 0; i < axis->count; i += step) {
		fprintf(d->gp, "%s", i ? ", " : "");
		write_tic(d, axis->values[i].text, in_two, tic_room_pt);
		fprintf(d->gp, " %zu", i);
	}
	fprintf(d->gp, ") noenhanced\nset xrange [-0.6:%.1f]\n", (double)axis->count - 0.4);
	if (widest <= room || step > 1)
		return 0;
	/* The labels of the values need the place of the axis's own name, and speak for themselves.
	 */
	fputs("unset xlabel\n", d->gp);
	return in_two ? 0 : slant_tics(d, room + tic_gap, axis);
}

void gp_x_axis(struct drawing *d)
{
	const struct data_axis *axis = &d->data->axes[d->x];
	if (axis->numeric) {
		numeric_axis(d, axis);
		return;
	}
	fputs("x_factor = 1\n", d->gp);
	d->extra_bottom_pt = gp_category_axis(d, axis, 0);
}

static void level_name(const struct data_axis *axis, size_t i, double factor, char *out,
		       size_t size)
{
	if (axis->numeric)
		scale_number(axis->values[i].number * factor, out, size);
	else
		snprintf(out, size, "%s", axis->values[i].text);
}

/* Every how many cells a label fits, of `room_pt` in all. */
static size_t cell_step(const struct data_axis *axis, char which, double factor, double room_pt)
{
	double needed = which == 'y' ? 9 : 0;
	char text[200];
	for (size_t i = 0; i < axis->count && which == 'x'; i++) {
		level_name(axis, i, factor, text, sizeof(text));
		needed = fmax(needed, gp_name_width(text, tic_room_pt) + tic_gap);
	}
	return (size_t)ceil(needed * (double)axis->count / room_pt);
}

void gp_cell_axis(struct drawing *d, char which, const struct data_axis *axis)
{
	char label[120], text[200];
	struct scale scale = axis_scale(axis);
	/* The scale of the colours, and row names longer than a number. */
	double beside_pt = 60 + fmax(0, d->y_tics_pt - 15);
	scale_axis_label(axis->name, label, sizeof(label));
	if (which == 'x' && !axis->numeric) {
		d->extra_bottom_pt = gp_category_axis(d, axis, beside_pt);
	} else {
		size_t step = cell_step(axis, which, scale.factor,
					which == 'x' ? plot_width[d->figure->width] - beside_pt
						     : d->height_in * 72 - 70);
		fprintf(d->gp, "set %ctics (", which);
		for (size_t i = 0; i < axis->count; i += step ? step : 1) {
			level_name(axis, i, scale.factor, text, sizeof(text));
			fputs(i ? ", " : "", d->gp);
			write_tic(d, text, false, which == 'x' ? tic_room_pt : row_room(d));
			fprintf(d->gp, " %zu", i);
			if (which == 'y')
				d->y_tics_pt = fmax(d->y_tics_pt, gp_name_width(text, row_room(d)));
		}
		fputs(") noenhanced\n", d->gp);
		if (which == 'x')
			gp_axis_label(d, 'x', label, axis->numeric ? scale.unit : "");
	}
	if (which == 'y')
		gp_y_label(d, label, axis->numeric ? scale.unit : "");
	fprintf(d->gp, "set %crange [-0.5:%.1f]\n", which, (double)axis->count - 0.5);
}
