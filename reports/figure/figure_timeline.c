/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Timeline: where a task's time goes, a row for each cause, for each value of the series. Of the
 * metric "task.timeline" it is one real task of a run, whose pieces stand where they were in time:
 * the same one for each value of the series where all runs have kept one (figure_task.c); of
 * others, as "overhead", a task's mean time from cause to cause, each beginning where the one
 * before has ended, with a cause that comes back (the radio, there and back) in the place of its
 * first.
 */
#include "reports/figure/figure_internal.h"
#include "reports/figure/figure_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Causes that are nowhere more than this share of a task's time are left out. */
static const double negligible = 0.004;
#define NEGLIGIBLE_NOTE "; what takes less than 0.4 % is left out"
#define MEDIAN_TASK	"one task of a run, the median of up to some hundred looked at"
#define SAME_TASK	"one task, the same at each, near their medians"
#define MEDIAN_TASKS	"a median task of each, as none is common to all"

struct piece {
	size_t cause, series;
	double from, to; /* since the task began */
};

struct cascade {
	const struct data_metric **causes; /* in the order in which a run reports them */
	double *spent;			   /* [cause][series] */
	double *total;			   /* [series] */
	bool *shown;			   /* [cause] */
	size_t count, series, shown_count;
	bool left_out;	      /* some cause is not shown, which took some time */
	struct piece *pieces; /* by cause, then by time */
	size_t piece_count;
	double longest;
	double key; /* of the one task that is shown at all points; 0: none */
};

static void cascade_free(struct cascade *c)
{
	free(c->causes);
	free(c->spent);
	free(c->total);
	free(c->shown);
	free(c->pieces);
}

static int add_piece(struct cascade *c, size_t cause, size_t series, double from, double to,
		     struct err *e)
{
	struct piece *more = realloc(c->pieces, (c->piece_count + 1) * sizeof(*more));
	if (!more)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	c->pieces = more;
	c->pieces[c->piece_count++] = (struct piece){cause, series, from, to};
	c->spent[cause * c->series + series] += to - from;
	c->total[series] += to - from;
	return 0;
}

/* The mean at each point, behind those of the causes before. */
static int read_means(struct drawing *d, struct cascade *c, size_t cause, struct err *e)
{
	struct cell *cells = calloc(d->data->point_count + 1, sizeof(*cells));
	int code = cells ? dataset_summary(d->data, c->causes[cause], cells, e)
			 : err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t s = 0; s < c->series && code == 0; s++) {
		long p = figure_point(d, 0, s);
		if (p < 0 || cells[p].n == 0)
			continue;
		double from = c->total[s];
		code = add_piece(c, cause, s, from, from + cells[p].mean, e);
		figure_count_repetitions(d, cells[p].n);
	}
	free(cells);
	return code;
}

/* When the one task at each point was at it, in simulated time. */
static int read_task(struct drawing *d, struct cascade *c, size_t cause, struct err *e)
{
	const struct data_metric *m = c->causes[cause];
	int code = 0;
	if (c->key > 0 && !(m = task_candidates_metric(d->data, m->subject)))
		return 0; /* no candidate was ever at it */
	for (size_t s = 0; s < c->series && code == 0; s++) {
		long p = figure_point(d, 0, s);
		struct result_sample *samples = NULL;
		size_t count = 0;
		if (p >= 0)
			code = dataset_first_series(d->data, m, &d->data->points[p], &samples,
						    &count, e);
		for (size_t i = 0; i + 1 < count && code == 0; i++)
			if (c->key > 0 ? samples[i].value == c->key : samples[i].value > 0)
				code = add_piece(c, cause, s, samples[i].time_s,
						 samples[i + 1].time_s, e);
		free(samples);
	}
	return code;
}

/* From simulated time to time since the task began. */
static void begin_at_zero(struct cascade *c)
{
	for (size_t s = 0; s < c->series; s++) {
		double first = INFINITY;
		for (size_t i = 0; i < c->piece_count; i++)
			if (c->pieces[i].series == s)
				first = fmin(first, c->pieces[i].from);
		for (size_t i = 0; i < c->piece_count; i++) {
			struct piece *p = &c->pieces[i];
			if (p->series == s) {
				p->from -= first;
				p->to -= first;
			}
		}
	}
}

/* The task that all points of the series have; c->key stays 0 where there is none. */
static int choose_task(struct drawing *d, struct cascade *c, struct err *e)
{
	const struct data_point **points = calloc(c->series, sizeof(*points));
	size_t count = 0;
	if (!points)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t s = 0; s < c->series; s++) {
		long p = figure_point(d, 0, s);
		if (p >= 0)
			points[count++] = &d->data->points[p];
	}
	int code = count > 1 ? task_in_common(d->data, points, count, &c->key, e) : 0;
	free(points);
	return code;
}

static int cascade_read(struct drawing *d, struct cascade *c, struct err *e)
{
	bool one_task = figure_part(d->figure) == FIGURE_SERIES;
	size_t metrics = d->data->metric_count;
	c->series = figure_series_count(d);
	c->causes = calloc(metrics, sizeof(const struct data_metric *));
	c->shown = calloc(metrics, sizeof(*c->shown));
	c->spent = calloc(metrics * c->series, sizeof(*c->spent));
	c->total = calloc(c->series, sizeof(*c->total));
	int code = c->causes && c->shown && c->spent && c->total
			   ? 0
			   : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0 && one_task)
		code = choose_task(d, c, e);
	for (size_t i = 0; i < metrics && code == 0; i++) {
		const struct data_metric *m = &d->data->metrics[i];
		if (strcmp(m->name, d->figure->y) != 0 ||
		    !(one_task ? m->has_series : m->has_values))
			continue;
		c->causes[c->count++] = m;
		code = (one_task ? read_task : read_means)(d, c, c->count - 1, e);
	}
	if (one_task)
		begin_at_zero(c);
	for (size_t i = 0; i < c->count && code == 0; i++) {
		for (size_t s = 0; s < c->series; s++)
			if (c->spent[i * c->series + s] > negligible * c->total[s])
				c->shown[i] = true;
		for (size_t s = 0; s < c->series && !c->shown[i]; s++)
			c->left_out |= c->spent[i * c->series + s] > 0;
		c->shown_count += c->shown[i];
	}
	for (size_t i = 0; i < c->piece_count; i++)
		c->longest = fmax(c->longest, c->pieces[i].to);
	return code;
}

/* A block for each series; rows from the top. Bars of one cause stand together. */
static void write_data(struct drawing *d, const struct cascade *c)
{
	double each = 0.8 / (double)c->series;
	tsv_begin(d, figure_part(d->figure) == FIGURE_SERIES
			     ? "row\tbegin\tend\tlower edge\tupper edge\tcause; of one task"
			     : "row\tbegin\tend\tlower edge\tupper edge\tcause; means over the "
			       "repetitions");
	for (size_t s = 0; s < c->series; s++) {
		fprintf(d->tsv, "# series: %s\n", figure_series_title(d, s));
		size_t row = 0, rows = 0;
		for (size_t i = 0, cause = 0; i < c->piece_count; i++) {
			const struct piece *p = &c->pieces[i];
			for (; cause < p->cause; cause++)
				row += c->shown[cause];
			if (p->series != s || !c->shown[cause] || !(p->to > p->from))
				continue;
			double top = (double)row - 0.4 + each * (double)s;
			fprintf(d->tsv, "%zu\t%.17g\t%.17g\t%.6g\t%.6g\t%s\n", row, p->from, p->to,
				top, top + each * 0.9, c->causes[cause]->subject);
			rows++;
		}
		fputs(rows ? "\n\n" : "NaN\tNaN\tNaN\tNaN\tNaN\t\n\n\n", d->tsv);
	}
}

static void write_axes(struct drawing *d, const struct cascade *c)
{
	struct scale scale = scale_choose(
		figure_part(d->figure) == FIGURE_SERIES ? "s" : c->causes[0]->unit, c->longest);
	const char *names[64];
	char label[200];
	size_t rows = 0;
	for (size_t i = 0; i < c->count && rows < 64; i++)
		if (c->shown[i])
			names[rows++] = c->causes[i]->subject[0] ? c->causes[i]->subject : "all";
	fprintf(d->gp, "x_factor = %g\n", scale.factor);
	gp_rows(d, names, rows);
	bool time = strcmp(d->figure->y, "overhead") == 0;
	gp_axis_label(d, 'x',
		      figure_part(d->figure) == FIGURE_SERIES ? "time since the task began"
		      : time				      ? "mean time since the task began"
			     : scale_metric_label(d->figure->y, NULL, label, sizeof(label)),
		      scale.unit);
	gp_linear_axis(d, 'x', 0, c->longest * scale.factor);
}

static void write_plot(const struct drawing *d, const struct cascade *c, FILE *plot)
{
	fputs("plot ", plot);
	for (size_t s = 0; s < c->series; s++) {
		struct line_style look = figure_series_style(d, s);
		fprintf(plot,
			"%s\\\n  '%s.tsv' index %zu using ($2*x_factor):(($4+$5)/2):($2*x_factor):"
			"($3*x_factor):4:5 with boxxyerror fillcolor rgb \"#%06x\" fillstyle %s "
			"border rgb \"#%06x\" linewidth 0.5 ",
			s ? ", " : "", d->figure->name, s, look.colour, look.fill, look.colour);
		fputs(d->series < 0 ? "notitle" : "title ", plot);
		if (d->series >= 0)
			gp_quote_name(d, plot, figure_series_title(d, s));
	}
}

static void write_note(const struct drawing *d, const struct cascade *c, char *note, size_t size)
{
	bool one_task = figure_part(d->figure) == FIGURE_SERIES;
	const char *what = !one_task	   ? "means"
			   : c->key > 0	   ? SAME_TASK
			   : c->series > 1 ? MEDIAN_TASKS
					   : MEDIAN_TASK;
	snprintf(note, size, "%s%s", what, c->left_out ? NEGLIGIBLE_NOTE : "");
}

int figure_draw_timeline(struct drawing *d, struct err *e)
{
	char note[120];
	struct cascade c = {0};
	int code = cascade_read(d, &c, e);
	const char **titles = calloc(c.series + 1, sizeof(*titles));
	if (code == 0 && !titles)
		code = err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0 && c.shown_count == 0)
		code = figure_mistake(d, "y", "all parts of '%s' are zero here", d->figure->y);
	if (code == 0) {
		double rows = (double)c.shown_count * fmax(1, (double)c.series * 0.45);
		d->height_in = fmax(d->height_in, 0.95 + 0.135 * rows);
		write_note(d, &c, note, sizeof(note));
		d->note = note;
		for (size_t s = 0; s < c.series; s++)
			titles[s] = figure_series_title(d, s);
		write_data(d, &c);
		gp_begin(d);
		gp_key_of_series(d, titles, c.series);
		write_axes(d, &c);
		write_plot(d, &c, d->plot);
		gp_end(d);
	}
	free(titles);
	cascade_free(&c);
	return code;
}
