/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Predicted against measured: points around a diagonal, in the style of the other figures. For what
 * is not in a results database, as the answer of `mcvsim validate`.
 */
#ifndef REPORTS_SCATTER_H
#define REPORTS_SCATTER_H

#include "reports/figure/figure.h"

struct scatter_point {
	const char *group; /* a platform: gives the look */
	double measured, predicted;
};

struct scatter {
	const char *name;     /* of its files */
	const char *title;    /* NULL: none */
	const char *quantity; /* "time of a task": both axes are of it */
	const char *unit;     /* base unit, "s" */
	const struct scatter_point *points;
	size_t count;	     /* at least 1 */
	double factor;	     /* dotted lines at so many times too much and too little; 0: none */
	const char *source;  /* a sentence for the footnote: machine, profile; may be "" */
	const char *version; /* of the program */
	int log, width;	     /* enum figure_log, figure_width */
};

/* Writes folder/NAME.tsv and folder/NAME.gp, and with FIGURE_LATEX NAME-latex.gp, to be run by
 * gnuplot inside the folder. Points that are not finite are left out; a logarithmic axis (also
 * chosen by itself where values span decades) leaves out what is not above zero. Returns 0;
 * ERR_INVALID when no point is left; or another negative code with *e filled. */
int scatter_write(const struct scatter *s, const struct figure_request *request, struct err *e);

/* The same of what `mcvsim validate --json` prints:
 * {"cases":[{"name":..,"platform":..,"measured_ns":..,"predicted_ns":..}, ...]}, and optionally
 * "machine":{"cpu":..}. `name` is of the files. */
int scatter_of_validation(const cJSON *validation, const char *name, const char *version,
			  const struct figure_request *request, struct err *e);

#endif
