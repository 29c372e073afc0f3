/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Heat map: a metric over two axes, a cell for each pair of values, as it is or against a baseline;
 * the line where it crosses a level, that of break-even above all; and a mark in cells whose
 * difference from the baseline may be chance.
 */
#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells by [y][x]; NaN where the sweep left the point out. */
struct map {
	size_t columns, rows;
	double *value;
	bool *doubtful; /* the interval of the difference holds zero */
	double low, high;
	double level; /* of the line; NaN: none */
	bool against;
};

/* For each point the one with the baseline's value of its axis. Returns 0, or ERR_INVALID. */
static int find_baseline(struct drawing *d, size_t *baseline, size_t *levels)
{
	const cJSON *value = d->figure->baseline->child;
	int axis = dataset_find_axis(d->data, value->string);
	int level = axis < 0 ? -1 : axis_find(&d->data->axes[axis], value);
	if (level < 0)
		return figure_mistake(d, "baseline", "the results have no such value of '%s'",
				      value->string);
	for (size_t i = 0; i < d->data->point_count; i++) {
		memcpy(levels, d->data->points[i].level, d->data->axis_count * sizeof(*levels));
		levels[axis] = (size_t)level;
		long found = dataset_find_point(d->data, levels);
		baseline[i] = found < 0 ? SIZE_MAX : (size_t)found;
	}
	return 0;
}

static double compare(const struct drawing *d, double own, double base, double difference)
{
	return d->figure->compare == FIGURE_DIFFERENCE ? difference : own / base;
}

static void fill_map(struct drawing *d, struct map *m, const struct cell *cells,
		     const struct cell *differences, const size_t *baseline)
{
	m->low = INFINITY;
	m->high = -INFINITY;
	for (size_t y = 0; y < m->rows; y++) {
		for (size_t x = 0; x < m->columns; x++) {
			double *v = &m->value[y * m->columns + x];
			long p = figure_point(d, x, y);
			*v = NAN;
			if (p < 0 || cells[p].n == 0)
				continue;
			*v = cells[p].mean;
			if (m->against) {
				const struct cell *c = &differences[p];
				*v = c->n ? compare(d, cells[p].mean, cells[baseline[p]].mean,
						    c->mean)
					  : NAN;
				m->doubtful[y * m->columns + x] =
					c->n > 1 && fabs(c->mean) <= c->ci95;
			}
			if (!isfinite(*v)) {
				*v = NAN;
				continue;
			}
			m->low = fmin(m->low, *v);
			m->high = fmax(m->high, *v);
			figure_count_repetitions(d, cells[p].n);
		}
	}
}

static int read_map(struct drawing *d, struct map *m, struct err *e)
{
	size_t points = d->data->point_count;
	m->columns = figure_x_count(d);
	m->rows = figure_series_count(d);
	m->against = d->figure->baseline != NULL;
	m->level = cJSON_IsNumber(d->figure->contour)	     ? d->figure->contour->valuedouble
		   : !m->against			     ? NAN
		   : d->figure->compare == FIGURE_DIFFERENCE ? 0
							     : 1;
	m->value = calloc(m->columns * m->rows, sizeof(*m->value));
	m->doubtful = calloc(m->columns * m->rows, sizeof(*m->doubtful));
	struct cell *cells = calloc(points + 1, sizeof(*cells));
	struct cell *differences = calloc(points + 1, sizeof(*differences));
	size_t *baseline = calloc(points + 1, sizeof(*baseline));
	size_t *levels = calloc(d->data->axis_count + 1, sizeof(*levels));
	int code = m->value && m->doubtful && cells && differences && baseline && levels
			   ? dataset_summary(d->data, d->metric, cells, e)
			   : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0 && m->against)
		code = find_baseline(d, baseline, levels);
	if (code == 0 && m->against)
		code = dataset_paired(d->data, d->metric, baseline, differences, e);
	if (code == 0)
		fill_map(d, m, cells, differences, baseline);
	free(levels);
	free(baseline);
	free(differences);
	free(cells);
	return code;
}

/* Cells as a grid for gnuplot's contours, then the doubtful ones. */
static size_t write_data(struct drawing *d, const struct map *m)
{
	const struct data_axis *ax = &d->data->axes[d->x], *ay = &d->data->axes[d->series];
	size_t doubtful = 0;
	tsv_begin(d, "column\trow\tvalue\tx\ty; then the cells that may be chance");
	for (size_t y = 0; y < m->rows; y++) {
		for (size_t x = 0; x < m->columns; x++)
			fprintf(d->tsv, "%zu\t%zu\t%.17g\t%s\t%s\n", x, y,
				m->value[y * m->columns + x], ax->values[x].text,
				ay->values[y].text);
		fputc('\n', d->tsv);
	}
	fputc('\n', d->tsv);
	for (size_t i = 0; i < m->columns * m->rows; i++) {
		if (!m->doubtful[i])
			continue;
		fprintf(d->tsv, "%zu\t%zu\n", i % m->columns, i / m->columns);
		doubtful++;
	}
	return doubtful;
}

/* What the colours are, "response time, mean / policy local". */
static void name_colours(const struct drawing *d, const struct map *m, char *out, size_t size)
{
	char label[200], axis[120];
	scale_metric_label(d->metric->name, d->metric->subject, label, sizeof(label));
	if (!m->against) {
		snprintf(out, size, "%s", label);
		return;
	}
	const cJSON *value = d->figure->baseline->child;
	const struct data_axis *a = &d->data->axes[dataset_find_axis(d->data, value->string)];
	snprintf(out, size, "%s, %s %s%s%s", label,
		 d->figure->compare == FIGURE_DIFFERENCE ? "minus that of" : "over that of",
		 a->numeric ? scale_axis_label(a->name, axis, sizeof(axis)) : "",
		 a->numeric ? " " : "", a->values[axis_find(a, value)].text);
}

/* Between texts there is nothing for a line to cross. */
static bool crosses(const struct drawing *d, const struct map *m)
{
	return d->data->axes[d->x].numeric && d->data->axes[d->series].numeric &&
	       m->low < m->level && m->level < m->high && m->columns > 1 && m->rows > 1;
}

static struct scale colour_scale(const struct drawing *d, const struct map *m)
{
	bool ratio = m->against && d->figure->compare == FIGURE_RATIO;
	return scale_choose(ratio ? "1" : d->metric->unit, fmax(fabs(m->low), fabs(m->high)));
}

static void write_colours(struct drawing *d, const struct map *m)
{
	char label[400];
	bool ratio = m->against && d->figure->compare == FIGURE_RATIO;
	struct scale scale = colour_scale(d, m);
	double low = m->low * scale.factor, high = m->high * scale.factor;
	fprintf(d->gp, "z_factor = %g\n", scale.factor);
	/* Darker is more, for any eye and in grey. */
	fputs("set palette defined (0 \"#ffffff\", 0.45 \"#8cc8ee\", 0.75 \"#0072b2\", 1 "
	      "\"#001f33\")\n",
	      d->gp);
	if (low > 0 && high > (ratio ? 5 : 100) * low) {
		gp_log_tics(d, 'c', low, high);
		fprintf(d->gp, "set cbrange [%.6g:%.6g]\n", low, high);
	} else {
		gp_linear_axis(d, 'c', low, high);
	}
	name_colours(d, m, label, sizeof(label));
	gp_colour_label(d, label, scale.unit);
}

static void write_plot(const struct drawing *d, const struct map *m, size_t doubtful, FILE *plot)
{
	const char *name = d->figure->name;
	fprintf(plot,
		"plot '%s.tsv' index 0 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):($3*z_factor) "
		"with boxxyerror linecolor palette linewidth 0.25 fillstyle solid 1 border notitle",
		name);
	if (crosses(d, m)) {
		fputs(", \\\n  $line using 1:2 with lines linecolor rgb \"#ffffff\" linewidth 3.5 "
		      "notitle"
		      ", \\\n  $line using 1:2 with lines linecolor rgb \"#d55e00\" linewidth 1.8 "
		      "title ",
		      plot);
		bool even = m->against && !d->figure->contour;
		struct scale scale = colour_scale(d, m);
		fprintf(plot, even ? "'break-even'" : "'at %.6g %s'", m->level * scale.factor,
			scale.unit);
	}
	if (doubtful) /* the last, so that the line hides none */
		fprintf(plot,
			", \\\n  '%s.tsv' index 1 using 1:2 with points pointtype 6 pointsize 1.4 "
			"linecolor rgb \"#ffffff\" linewidth 2.5 notitle"
			", \\\n  '' index 1 using 1:2 with points pointtype 6 linecolor rgb "
			"\"#000000\" linewidth 1 title 'may be chance'",
			name);
}

int figure_draw_heatmap(struct drawing *d, struct err *e)
{
	struct map m = {0};
	int code = read_map(d, &m, e);
	if (code == 0 && !(m.low <= m.high))
		code = figure_mistake(d, "z", "no run has a value of '%s' here", d->metric->name);
	if (code == 0) {
		static const char *const titles[] = {"may be chance", "break-even"};
		d->height_in = fmax(d->height_in, 2.3);
		d->note = m.against ? "differences paired by repetition" : "means";
		size_t doubtful = write_data(d, &m);
		gp_begin(d);
		fputs("unset grid\nset border 15\nset datafile separator whitespace\n", d->gp);
		if (doubtful || crosses(d, &m))
			gp_key_above(d, NULL, titles, 2);
		if (crosses(d, &m))
			fprintf(d->gp,
				"set contour base\nset cntrparam levels discrete %.17g\nunset "
				"surface\n"
				"set table $line\nsplot '%s.tsv' index 0 using 1:2:3 "
				"notitle\n"
				"unset table\nunset contour\n",
				m.level, d->figure->name);
		gp_cell_axis(d, 'y', &d->data->axes[d->series]); /* first: x gets what it leaves */
		gp_cell_axis(d, 'x', &d->data->axes[d->x]);
		write_colours(d, &m);
		write_plot(d, &m, doubtful, d->plot);
		gp_end(d);
	}
	free(m.value);
	free(m.doubtful);
	return code;
}
