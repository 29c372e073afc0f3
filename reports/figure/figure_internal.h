/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kinds of figures share: the choice of points, the look, and the frame of a script. A
 * kind is a file figure_<kind>.c with one function in the table of figure.c.
 */
#ifndef REPORTS_FIGURE_INTERNAL_H
#define REPORTS_FIGURE_INTERNAL_H

#include "reports/figure/figure.h"
#include "reports/data/scale.h"

#include <math.h>
#include <stdio.h>

/* Of a two-column paper, in inches. */
struct figure_size {
	double width, height;
};
extern const struct figure_size figure_sizes[]; /* by enum figure_width */

/* Where the numbers of a figure come from, as text. */
struct figure_origin {
	char version[40];  /* of the program */
	char comment[700]; /* lines, each "# ...\n", for the head of a file */
	char costs[400];   /* a sentence for the footnote */
	char study[200];   /* the beginning of another */
};
/* How long the version is without the commit, which the heads of the files have: the footnote does
 * without, so that a picture is the same after a change that concerns nothing in it. */
int figure_release(const char *version);

void figure_origin_of(const struct dataset *data, struct figure_origin *out);

/* A figure being drawn. */
struct drawing {
	const struct dataset *data; /* NULL for a figure that is not from a database */
	const struct figure_origin *origin;
	const struct figure *figure;
	const struct figure_request *request;
	size_t index;			  /* in `figures`, for diagnostics */
	int x, series;			  /* axes, -1: none; of a heatmap, `series` is its y */
	size_t *level;			  /* one per axis; those of x and series change */
	const struct data_metric *metric; /* NULL when `y` has several subjects */
	FILE *tsv, *gp;
	FILE *plot; /* the plot command, which gp_end puts where each format needs it */
	char *plot_text;
	size_t plot_size;
	bool latex;		    /* the script for LaTeX, whose texts TeX reads */
	double width_in, height_in; /* of the whole; a kind may need more height */
	const char *note;	    /* for the footnote, as "mean and 95 % interval"; may be NULL */
	size_t repetitions_min, repetitions_max; /* of what is drawn, for the footnote */
	bool slanted_tics, broken_label;	 /* on the x axis; of the y axis */
	bool has_y_label, key_above, key_titled; /* put there by gp_y_label, gp_key_above */
	double y_tics_pt, colour_tics_pt; /* the widest label at a tick of y, of the colours */
	double svg_key_surplus;		  /* of the key above, as gp_key_surplus has it */
	double latex_key_surplus;	  /* likewise of letters as wide as TeX's */
	double extra_bottom_pt;		  /* more room below the axis, for slanted labels */
	const bool *lossy;		  /* of each point (caveat.h), for the footnote */
	struct diag_list *diags;
};

struct gp_extent;

typedef int draw_function(struct drawing *d, struct err *e);
extern draw_function figure_draw_lines, figure_draw_bars, figure_draw_stack, figure_draw_cdf,
	figure_draw_quantiles, figure_draw_heatmap, figure_draw_tornado, figure_draw_time_series,
	figure_draw_timeline, figure_draw_screen;

/* Opens a drawing's files in the request's folder, and the text of its plot command. figure_end
 * closes what is open, also after a failure, and returns `code`, or what went wrong with a file. */
int figure_begin(struct drawing *d, struct err *e);
int figure_end(struct drawing *d, int code, struct err *e);

/* A user's mistake in the figure's key. Returns ERR_INVALID. */
int figure_mistake(const struct drawing *d, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The index of the point with level x on the x axis and s on the series axis (ignored where there
 * is no such axis) and the fixed levels; -1 when the sweep left it out. */
long figure_point(const struct drawing *d, size_t x, size_t s);

/* How many levels the x axis and the series axis have; 1 where there is none. */
size_t figure_x_count(const struct drawing *d);
size_t figure_series_count(const struct drawing *d);
/* The title of a series; "" where there is only one. Not quoted. */
const char *figure_series_title(const struct drawing *d, size_t s);

/* A figure with one curve for each series, over an x axis that is none of the sweep's. */
struct curves {
	const char *columns; /* of the data file */
	const char *what;    /* "no run has WHAT of 'metric' here" */
	/* Writes one block of the data file. Returns how many rows it has, or a negative code. */
	int (*write)(struct drawing *d, size_t s, struct gp_extent *extent, void *ctx,
		     struct err *e);
	void (*x_axis)(struct drawing *d, const void *ctx);
	/* Writes the plot command's parts; rows[] of each series. */
	void (*plot)(const struct drawing *d, FILE *plot, const int *rows);
};
int figure_draw_curves(struct drawing *d, const struct curves *kind, void *ctx, struct err *e);

/* Notes the repetitions of a cell that is drawn. */
void figure_count_repetitions(struct drawing *d, size_t n);

/* --- the look (figure_style.c) --- */

struct line_style {
	unsigned colour;  /* rgb */
	const char *dash; /* gnuplot's dashtype */
	int point;
	const char *fill; /* gnuplot's fillstyle, of a bar */
};

/* Of level `s` of an axis: a platform looks the same in every figure, and as far as there are looks
 * in every study. */
struct line_style figure_line_style(const struct data_axis *axis, size_t s);

/* Of a series of a figure. The only one looks as the platform that it is of, or is blue. */
struct line_style figure_series_style(const struct drawing *d, size_t s);

/* Whether an axis is of platforms, whose looks tell them apart also where they are the x axis. */
bool figure_is_of_platforms(const struct data_axis *axis);

/* For parts of a whole: a cause of delay looks the same in every figure; unknown parts by number.
 */
struct fill_style {
	unsigned colour;
	const char *fill; /* gnuplot's fillstyle */
};
struct fill_style figure_fill_style(const char *part, size_t i);

/* --- the script (figure_script.c, figure_axes.c) --- */

/* gnuplot's text in single quotes; of a script for LaTeX so that TeX shows it as it is. */
void gp_quote(const struct drawing *d, FILE *gp, const char *text);
/* The character, or byte of one, that begins at p in such a text, inside quotes of either kind;
 * '%': inside double quotes at a tick, where gnuplot takes the text for a format. Returns where the
 * next one begins. */
const char *gp_put_char(const struct drawing *d, FILE *gp, const char *p, char quote);

/* Begins the data file: what it holds, where it comes from. */
void tsv_begin(struct drawing *d, const char *columns);

/* Begins the script: settings that do not depend on the format. */
void gp_begin(struct drawing *d);

/* The key above the plot, in as many columns as fit the width of the titles; the figure gets as
 * much higher as it has more than two rows. head: above the titles, or NULL. */
void gp_key_above(struct drawing *d, const char *head, const char *const *titles, size_t count);

/* The key of the series: titles[count] of those that are shown. */
void gp_key_of_series(struct drawing *d, const char *const *titles, size_t count);

/* Of the whole figure. */
double figure_width_pt(const struct drawing *d);

void gp_axis_label(struct drawing *d, char axis, const char *label, const char *unit);

/* The x axis over the sweep's axis: label, range, ticks; sets x_factor in the script. */
void gp_x_axis(struct drawing *d);

/* What a y axis has to show, in base units; begins as GP_EXTENT_NONE. */
struct gp_extent {
	double mean_low, mean_high;
	double positive_low; /* the smallest mean above zero */
	double low, high;    /* of intervals */
	size_t not_positive; /* means that a logarithmic axis cannot show */
};
#define GP_EXTENT_NONE ((struct gp_extent){INFINITY, -INFINITY, INFINITY, INFINITY, -INFINITY, 0})
void gp_extent_add(struct gp_extent *extent, const struct cell *cell);

/* The y axis of a metric: label, range, ticks; sets y_factor and y_clip() in the script, the latter
 * for the ends of intervals. When no mean is negative, neither is the axis. bars: from zero, with
 * room for whole intervals; a band that dwarfs its lines is cut off instead. */
void gp_y_axis(struct drawing *d, const struct gp_extent *extent, bool bars);

/* An x axis with one place for each value, at 0, 1, ... taken_pt: width that something beside the
 * plot takes. Returns how much deeper than usual its labels reach, in points. */
double gp_category_axis(struct drawing *d, const struct data_axis *axis, double taken_pt);

/* Whether an axis ('x', 'y') is logarithmic: as the figure says, or, when it leaves that open, when
 * its values span decades. */
bool gp_is_log(const struct drawing *d, char axis, bool spans_decades);
bool gp_spans_decades(double low, double high);
bool gp_axis_is_log(const struct drawing *d, char which, const struct data_axis *axis);

/* About how wide the plot is within the figure, in points. */
double gp_plot_width(const struct drawing *d);

/* Warns that labels are on each other, and says what helps. */
void gp_warn_crowded(const struct drawing *d);

/* Ticks of a logarithmic axis over displayed values low..high, in decades or 1-2-5 steps. axis:
 * 'x', 'y', or 'c' for the colours. */
void gp_log_tics(struct drawing *d, char axis, double low, double high);

/* The label of the y axis beside its ticks, after they are set. */
void gp_y_label(struct drawing *d, const char *label, const char *unit);

/* Ticks and range of an axis over displayed values low..high. */
void gp_linear_axis(struct drawing *d, char axis, double low, double high);

/* A y axis with a row for each name, from the top, at 0, 1, ...; grid lines upright. */
void gp_rows(struct drawing *d, const char *const *names, size_t count);

/* An axis with a cell for each value, at 0, 1, ... */
void gp_cell_axis(struct drawing *d, char which, const struct data_axis *axis);

/* The scale of the colours, to the right of the plot, after its ticks are set. */
void gp_colour_label(struct drawing *d, const char *label, const char *unit);

/* Ends the script: footnote, then once for each format the plot command that stands in d->plot,
 * which ends without a newline. */
void gp_end(struct drawing *d);

/* Width of a text in 8 pt Helvetica, in points; outside ASCII roughly. */
double gp_text_width(const char *text);

/* The name of a value (a label of the sweep, as long as its author liked) where there is room for
 * so much: a longer one is cut and ends in an ellipsis; the data file has it whole. Its width; it
 * inside quotes, as gp_put_char has them; it in single quotes, in the key. */
enum { GP_KEY_ROOM_PT = 150 };
double gp_name_width(const char *name, double room_pt);
void gp_put_name(const struct drawing *d, FILE *gp, const char *name, double room_pt, char quote);
void gp_quote_name(const struct drawing *d, FILE *gp, const char *name);

/* By how many digits gnuplot takes the widest title of a key for wider than it is: to it, every
 * character is one. *digits: how many it is wide. */
double gp_key_surplus(const char *const *titles, size_t count, double *digits);

#endif
