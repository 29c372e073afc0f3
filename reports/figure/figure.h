/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Figures as a study's `figures` declares them, drawn from a results database. Each leaves its data
 * (.tsv) and a gnuplot script (.gp) that makes the pictures beside them; running gnuplot is the
 * program's business, because libraries start nothing. Both files are the same bytes each time.
 */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include "reports/data/dataset.h"
#include "sim/base/arena.h"
#include "sim/base/diag.h"
#include "sim/base/keys.h"

enum figure_kind {
	FIGURE_LINES,
	FIGURE_BARS,
	FIGURE_STACK,
	FIGURE_CDF,
	FIGURE_QUANTILES,
	FIGURE_HEATMAP,
	FIGURE_TORNADO,
	FIGURE_TIME_SERIES,
	FIGURE_TIMELINE,
	FIGURE_SCREEN,
};
enum figure_log { FIGURE_LOG_AUTO, FIGURE_LOG_NONE, FIGURE_LOG_X, FIGURE_LOG_Y, FIGURE_LOG_XY };
enum figure_compare { FIGURE_RATIO, FIGURE_DIFFERENCE };

/* What a kind draws of a metric: numbers of runs, their distribution, or how it went over time. */
enum figure_part { FIGURE_VALUES, FIGURE_DISTRIBUTION, FIGURE_SERIES };

enum figure_width { FIGURE_COLUMN, FIGURE_PAGE };

/* One item of `figures`. */
struct figure {
	const char *name; /* of its files */
	int kind, log, width, compare;
	const char *x;			 /* an axis; NULL for kinds that have none */
	const char *y;			 /* a metric; of a heatmap an axis */
	const char *z;			 /* the metric of a heatmap */
	const char *subject;		 /* of the metric; NULL: the only one */
	const char *series;		 /* an axis, one line or bar each; NULL: one series */
	const cJSON *at;		 /* {axis: value} for axes that are not drawn; NULL: none */
	const cJSON *baseline, *contour; /* {axis: value}; a number; NULL: none */
	const char *title;		 /* NULL: none, as in papers, where the caption says it */
};

struct figures {
	struct key_list list; /* of struct figure */
};

/* The key table of a study's `figures`, a part of the study's level. Its check compares x, series
 * and at with the study's sweep; metrics are known only when there are results. */
extern const struct key_object figures_object;

/* What of it is the metric, in which key that stands, and what the kind draws of it. */
const char *figure_metric(const struct figure *f);
const char *figure_metric_key(const struct figure *f);
enum figure_part figure_part(const struct figure *f);
bool figure_takes_all_subjects(const struct figure *f);

/* The axis that is drawn besides x: the series, or a heatmap's y. NULL: none. */
const char *figure_second_axis(const struct figure *f);

enum {
	FIGURE_PDF = 1,
	FIGURE_SVG = 2,
	FIGURE_PNG = 4,
	FIGURE_LATEX = 8, /* NAME-latex.tex and its PDF, with the fonts of the document, by a script
			     of its own */
};

struct figure_request {
	const char *folder; /* exists */
	unsigned formats;   /* FIGURE_... or-ed */
	const char *file;   /* whose figures they are, for diagnostics; may be NULL */
};

/* Writes folder/NAME.tsv and folder/NAME.gp for each figure, and with FIGURE_LATEX
 * folder/NAME-latex.gp; existing ones are replaced, unless they are of a study about something else
 * (stamp.h) or of no study, which is a diag. Appends their names to scripts (count of them
 * in *written, room for all), to be run by gnuplot inside the folder. Figures that cannot be drawn
 * from these results (an unknown metric, an axis that is not fixed) are diags; the others are
 * written all the same. Returns 0, ERR_INVALID when there were diags, or another negative code with
 * *e filled. */
int figures_write(const struct dataset *data, const struct figures *figures,
		  const struct figure_request *request, const char **scripts, size_t *written,
		  struct arena *arena, struct diag_list *diags, struct err *e);

/* Reads figures that stand on the command line: one as a JSON object, or several in an array.
 * Mistakes are diags of the file "--figure". *doc holds what the figures point into: json_doc_free
 * it after them. Returns 0, ERR_INVALID, or another negative code with *e filled. */
int figures_parse(const struct db *db, const char *text, struct figures *out, struct json_doc *doc,
		  struct arena *arena, struct diag_list *diags, struct err *e);

/* Reads the figures of the study that is stored in the database. Strings live in `arena` and in the
 * database's document. */
int figures_of_study(const struct db *db, struct figures *out, struct arena *arena,
		     struct diag_list *diags);

#endif
