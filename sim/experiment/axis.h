/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One axis of a sweep: which place of the study it changes, and the list of values it takes there.
 * Used by plan.c; knows nothing of other axes.
 */
#ifndef SIM_EXPERIMENT_AXIS_H
#define SIM_EXPERIMENT_AXIS_H

#include "sim/base/keys.h"
#include "sim/experiment/run.h"

enum { AXIS_VALUES_MAX = 100000, AXIS_LABELS_MAX = 1000 };

enum axis_scale { AXIS_LINEAR, AXIS_LOG };

/* As the study has it: `values` with or without `labels`, or `from` and `to` with `steps` (how many
 * values, both ends included) or `step` (linear: the distance). `from`, `to` and `step` are numbers
 * or quantities. */
struct axis {
	const char *name; /* letters, digits and _: it is a column in `where` */
	const char *path; /* JSON pointer into the study */
	const cJSON *values, *from, *to, *step;
	int64_t steps;		/* 0: not given */
	int scale;		/* enum axis_scale */
	const char *with;	/* the axis that this one is in lockstep with, or NULL */
	struct key_list labels; /* of const char *, one for each of `values`; empty: none */
};

extern const struct key_object axis_object;
extern const char *const axis_scales[]; /* by enum axis_scale; ended by NULL */

/* Says when a name is no column of `where` or a path is no JSON pointer; either may be NULL. */
void axis_check_names(const struct json_doc *doc, const char *pointer, const char *name,
		      const char *path, struct diag_list *diags);

/* From one number or quantity to another. Numbers are in the unit of `from`. */
struct axis_range {
	const cJSON *from, *to; /* the user's own */
	double first, last;
	int scale;	  /* enum axis_scale */
	const char *unit; /* as written in `from`; "" for plain numbers */
	double factor;	  /* of that unit: how much of the base unit */
};

/* Returns 0, or ERR_INVALID with what is wrong told at pointer/from or pointer/to. */
int axis_range_read(struct axis_range *range, const cJSON *from, const cJSON *to, int scale,
		    const struct json_doc *doc, const char *pointer, struct diag_list *diags);

/* The number at `u` of the way, 0 to 1, rounded to 12 significant digits. */
double axis_range_number(const struct axis_range *range, double u);

/* The same as a value of the study, with its unit; the ends are the user's own text. NULL when out
 * of memory; owned by the caller. */
cJSON *axis_range_value(const struct axis_range *range, double number);

/* The values, as an array that the caller deletes; NULL with diags when they make no list. The ends
 * of a range are the user's own text; what lies between is rounded to 12 significant digits and has
 * the unit of `from`. `pointer` is the axis' own place in doc. */
cJSON *axis_values(const struct axis *axis, const struct json_doc *doc, const char *pointer,
		   struct diag_list *diags);

/* Describes a value for the results: text, and number with base unit where it has one. The text of
 * an object is its keys and values, "random 0.5" for {"random": 0.5}. Strings live in `arena`.
 * Returns 0 or ERR_NOMEM. */
int axis_parameter(const char *name, const cJSON *value, struct parameter *out,
		   struct arena *arena);

/* The same of the i-th value of an axis: where the axis has labels, a text, by which tables,
 * figures and `where` know it. */
int axis_value_parameter(const struct axis *axis, size_t i, const cJSON *value,
			 struct parameter *out, struct arena *arena);

#endif
