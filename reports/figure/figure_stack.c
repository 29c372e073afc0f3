/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stacked bars: the subjects of a metric, which are parts of a whole, on top of each other.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Parts that are nowhere more than this share of a bar are drawn as one, "other". */
static const double negligible = 0.004;

struct stack {
	const struct data_metric **parts;
	double *mean;	    /* [part][bar] */
	bool *shown;	    /* [part] */
	const char **names; /* of those that are shown, for the key */
	/* With a series the bars of one x stand together, with an empty place behind each group. */
	struct data_axis places;
	size_t count, bars, shown_count;
	bool other;
};

static void stack_free(struct stack *s)
{
	free(s->parts);
	free(s->mean);
	free(s->shown);
	free(s->names);
	free(s->places.values);
}

/* How many places a group of bars takes. */
static size_t group_size(const struct drawing *d)
{
	return figure_series_count(d) + (d->series >= 0);
}

static bool is_bar(const struct drawing *d, size_t place)
{
	return place % group_size(d) < figure_series_count(d);
}

static int name_places(struct drawing *d, struct stack *s, struct err *e)
{
	const struct data_axis *x = &d->data->axes[d->x];
	s->places = (struct data_axis){.name = x->name, .unit = "", .count = s->bars};
	s->places.values = calloc(s->bars + 1, sizeof(*s->places.values));
	if (!s->places.values)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t i = 0; i < s->bars; i++)
		s->places.values[i].text = d->series < 0 ? x->values[i].text
					   : is_bar(d, i)
						   ? figure_series_title(d, i % group_size(d))
						   : "";
	return 0;
}

static int stack_read(struct drawing *d, struct stack *s, struct err *e)
{
	/* No empty place behind the last group. */
	s->bars = figure_x_count(d) * group_size(d) - (d->series >= 0);
	s->parts = calloc(d->data->metric_count, sizeof(const struct data_metric *));
	s->shown = calloc(d->data->metric_count, sizeof(*s->shown));
	s->names = calloc(d->data->metric_count + 1, sizeof(*s->names));
	s->mean = calloc(d->data->metric_count * s->bars, sizeof(*s->mean));
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	int code = s->parts && s->shown && s->names && s->mean && cells
			   ? 0
			   : err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t i = 0; i < d->data->metric_count && code == 0; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (strcmp(m->name, d->figure->y) != 0 || !m->has_values ||
		    (d->figure->subject && strcmp(m->subject, d->figure->subject) != 0))
			continue;
		code = dataset_summary(d->data, m, cells, e);
		for (size_t b = 0; b < s->bars; b++) {
			long p = is_bar(d, b)
					 ? figure_point(d, b / group_size(d), b % group_size(d))
					 : -1;
			bool there = p >= 0 && cells[p].n > 0;
			s->mean[s->count * s->bars + b] = there ? cells[p].mean : 0;
			if (there)
				figure_count_repetitions(d, cells[p].n);
		}
		s->parts[s->count++] = m;
	}
	free(cells);
	return code ? code : name_places(d, s, e);
}

/* The height of a bar; its largest is returned. */
static double choose_parts(struct stack *s)
{
	double largest = 0;
	for (size_t x = 0; x < s->bars; x++) {
		double total = 0;
		for (size_t i = 0; i < s->count; i++)
			total += s->mean[i * s->bars + x];
		for (size_t i = 0; i < s->count; i++)
			if (fabs(s->mean[i * s->bars + x]) > negligible * total)
				s->shown[i] = true;
		largest = fmax(largest, total);
	}
	size_t hidden = 0;
	double lost = 0;
	for (size_t i = 0; i < s->count; i++) {
		s->shown_count += s->shown[i];
		for (size_t x = 0; x < s->bars && !s->shown[i]; x++)
			lost = fmax(lost, fabs(s->mean[i * s->bars + x]));
		hidden += !s->shown[i];
	}
	s->other = hidden > 0 && lost > 0;
	return largest;
}

static const char *part_name(const struct stack *s, size_t i)
{
	return s->parts[i]->subject[0] ? s->parts[i]->subject : "all";
}

/* The key stands in one column beside the plot, so the plot is as high as its rows. */
static void make_room_for_key(struct drawing *d, const struct stack *s)
{
	static const double row_pt = 10, around_pt = 62; /* footnote, axis, edge */
	double rows = (double)(s->shown_count + s->other);
	double room = d->height_in * 72 - around_pt - d->extra_bottom_pt;
	if (rows * row_pt > room)
		d->height_in += (rows * row_pt - room) / 72;
}

/* Writes the key beside the plot. Returns its width in points: the longest name and the sample. */
static double write_key(const struct drawing *d, const struct stack *s)
{
	double widest = 0, digits;
	size_t n = 0;
	for (size_t i = 0; i < s->count; i++)
		if (s->shown[i])
			s->names[n++] = part_name(s, i);
	s->names[n++] = "other";
	for (size_t i = 0; i < n; i++)
		widest = fmax(widest, gp_name_width(s->names[i], GP_KEY_ROOM_PT));
	fprintf(d->gp,
		"set key outside right center vertical maxcols 1 Left reverse invert noenhanced "
		"samplen 1 spacing 0.95 width %.1f\n",
		0.2 - gp_key_surplus(s->names, n, &digits));
	return widest + 18;
}

/* The name of a bar stands last: it may begin with what gnuplot takes for a comment or a quote. */
static void write_data(struct drawing *d, const struct stack *s)
{
	const char *between = "# ";
	tsv_begin(d, "one row a bar, one column a part; means over the repetitions");
	for (size_t i = 0; i < s->count; i++) {
		if (!s->shown[i])
			continue;
		fprintf(d->tsv, "%s%s", between, part_name(s, i));
		between = "\t";
	}
	fprintf(d->tsv, "%s\t%s\n", s->other ? "\tother" : "",
		d->series < 0 ? d->figure->x : d->figure->series);
	for (size_t x = 0; x < s->bars; x++) {
		double rest = 0;
		if (d->series >= 0 && x % group_size(d) == 0)
			fprintf(d->tsv, "# %s: %s\n", d->figure->x,
				d->data->axes[d->x].values[x / group_size(d)].text);
		for (size_t i = 0; i < s->count; i++) {
			if (s->shown[i])
				fprintf(d->tsv, "%.17g\t", s->mean[i * s->bars + x]);
			else
				rest += s->mean[i * s->bars + x];
		}
		if (s->other)
			fprintf(d->tsv, "%.17g\t", rest);
		fprintf(d->tsv, "%s\n", s->places.values[x].text);
	}
}

static void write_plot(const struct drawing *d, const struct stack *s, FILE *plot)
{
	size_t column = 1;
	fputs("plot ", plot);
	for (size_t i = 0; i <= s->count; i++) {
		if (i < s->count ? !s->shown[i] : !s->other)
			continue;
		const char *name = i < s->count ? part_name(s, i) : "other";
		struct fill_style look = figure_fill_style(name, i);
		fprintf(plot,
			"%s\\\n  '%s.tsv' using ($%zu*y_factor) fillcolor rgb \"#%06x\" "
			"fillstyle %s border rgb \"#303030\" linewidth 0.5 title ",
			column > 1 ? ", " : "", d->figure->name, column, look.colour, look.fill);
		gp_quote_name(d, plot, name);
		column++;
	}
}

/* What the bars of a group have in common, below their own labels. */
static void name_groups(struct drawing *d, double depth_pt)
{
	const struct data_axis *axis = &d->data->axes[d->x];
	struct scale scale = axis_scale(axis);
	char name[120], text[400];
	double widest = 0, pitch = 0.75 * (figure_width_pt(d) - 70) / (double)axis->count;
	scale_axis_label(axis->name, name, sizeof(name));
	fputs("unset xlabel\n", d->gp);
	for (size_t x = 0; x < axis->count; x++) {
		char number[32];
		if (axis->numeric) /* "0.5" alone says nothing */
			snprintf(text, sizeof(text), "%s%s%s%s%s", x ? "" : name, x ? "" : " ",
				 scale_number(axis->values[x].number * scale.factor, number,
					      sizeof(number)),
				 scale.unit[0] ? " " : "", scale.unit);
		else
			snprintf(text, sizeof(text), "%s", axis->values[x].text);
		fprintf(d->gp, "set label %zu ", 200 + x);
		gp_quote_name(d, d->gp, text);
		widest = fmax(widest, gp_name_width(text, GP_KEY_ROOM_PT));
		fprintf(d->gp,
			" at first %g, graph 0 center noenhanced offset screen 0, screen %.4f\n",
			(double)(x * group_size(d)) + (double)(figure_series_count(d) - 1) / 2,
			-depth_pt / (d->height_in * 72));
	}
	if (widest > 1.3 * pitch)
		gp_warn_crowded(d);
}

int figure_draw_stack(struct drawing *d, struct err *e)
{
	struct stack s = {0};
	char label[200];
	int code = stack_read(d, &s, e);
	if (code == 0) {
		double largest = choose_parts(&s);
		struct scale scale = scale_choose(s.parts[0]->unit, largest);
		write_data(d, &s);
		gp_begin(d);
		fputs("set style data histograms\nset style histogram rowstacked\nset boxwidth "
		      "0.7\n",
		      d->gp);
		fprintf(d->gp, "y_factor = %g\n", scale.factor);
		d->extra_bottom_pt = gp_category_axis(d, &s.places, write_key(d, &s));
		make_room_for_key(d, &s);
		if (d->series >= 0)
			name_groups(d, d->extra_bottom_pt + (d->slanted_tics ? 24 : 22));
		gp_linear_axis(d, 'y', 0, 1.04 * largest * scale.factor);
		gp_y_label(
			d,
			scale_metric_label(d->figure->y, d->figure->subject, label, sizeof(label)),
			scale.unit);
		write_plot(d, &s, d->plot);
		if (s.shown_count || s.other)
			gp_end(d);
		else
			code = figure_mistake(d, "y", "all parts of '%s' are zero here",
					      d->figure->y);
	}
	stack_free(&s);
	return code;
}
