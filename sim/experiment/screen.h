/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `screen`, an experiment that asks which parameters matter: its keys, and the points that they
 * expand to, beside those of a sweep. plan.c makes points of them; whoever reads the results
 * (reports/) makes the same design again and asks sim/engine/sensitivity.h what the values tell.
 */
#ifndef SIM_EXPERIMENT_SCREEN_H
#define SIM_EXPERIMENT_SCREEN_H

#include "sim/engine/sensitivity.h"
#include "sim/experiment/axis.h"

/* A number in the study and the range that it may be in. */
struct screen_parameter {
	const char *name; /* as an axis' name */
	const char *path; /* JSON pointer into the study */
	const cJSON *from, *to;
	int scale;  /* enum axis_scale: along what the range is even */
	bool whole; /* only whole numbers */
};

struct screen {
	int method;		    /* enum sensitivity_method */
	struct key_list parameters; /* of struct screen_parameter, in the order of the file */
	int64_t trajectories, levels, samples; /* 0: not given; see screen_blocks */
	const char *metric, *subject; /* what it is all about, unless the reader asks otherwise */
};

extern const struct key_object screen_object;

/* The design, and the points that it comes to: rows with the same values are one point. */
struct screen_points {
	struct sensitivity_design design;
	size_t count;	/* of points */
	size_t *row;	/* [design row] -> point */
	cJSON **values; /* [parameter], an array with a value for each point */
	size_t value_count;
};

/* The same study and seed give the same points. Mistakes in ranges are told at
 * /screen/parameters/NAME. Returns 0, ERR_INVALID with diags or ERR_NOMEM; the caller ends with
 * screen_points_free in any case. `points_max` limits how many rows there may be. */
int screen_points_make(struct screen_points *out, const struct screen *screen, uint64_t seed,
		       size_t points_max, const struct json_doc *doc, struct diag_list *diags);
void screen_points_free(struct screen_points *p);

#endif
