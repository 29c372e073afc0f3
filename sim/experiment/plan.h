/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The experiment's own keys of a study (`sweep`, `screen`, `where`, `repeat`, `precision`, `seed`,
 * `record`), and what they expand to: points, each the study with one combination of axis values
 * put in. The program parses, expands, and hands the plan to the runner (runner.h). Runs nothing
 * itself.
 */
#ifndef SIM_EXPERIMENT_PLAN_H
#define SIM_EXPERIMENT_PLAN_H

#include "sim/base/keys.h"
#include "sim/experiment/axis.h"
#include "sim/experiment/run.h"
#include "sim/experiment/screen.h"

enum { PLAN_POINTS_MAX = 1000000 };

/* Stop a point's repetitions when its interval is narrow enough. */
struct precision {
	const char *metric, *subject; /* subject "" is the whole */
	double relative;	      /* half-width over |mean| */
	double confidence;	      /* in (0, 1) */
	int64_t max_repeat;	      /* and stop there in any case */
};

struct experiment {
	struct key_list sweep;	     /* of struct axis, in the order of the file */
	struct screen *screen;	     /* NULL: none; its parameters are axes behind those of sweep */
	const char *where;	     /* NULL: every point */
	int64_t repeat;		     /* with `precision`: at least so many */
	struct precision *precision; /* NULL: exactly `repeat` */
	uint64_t seed;
	struct key_list
		record; /* of metrics' names or their beginnings ("response_time"); empty: all */
};

/* Read with keys_parse_part, or as one of a study's `also`. */
extern const struct key_object experiment_object;

/* Whether the experiment keeps a metric: `record` has its name or what stands before a dot in it,
 * or `precision` or `screen` cannot do without it. */
bool experiment_records(const struct experiment *x, const char *metric);

/* The i-th of all axes, in the order of a point's parameters: those of the sweep, then what is
 * screened. */
struct axis_place {
	const char *section; /* where it stands, "/sweep" or "/screen/parameters" */
	const char *name, *path;
};
size_t experiment_axis_count(const struct experiment *x);
struct axis_place experiment_axis(const struct experiment *x, size_t i);

/* What the caller knows of the study's domain. */
struct plan_options {
	/* Further top-level keys that do not change a run and so do not belong to a point's
	 * identity
	 * ("description", "figures"); ended by NULL; may be NULL. The seed does belong: other seeds
	 * are other points. */
	const char *const *drop;
	point_filter *filter; /* answers `where`; may be NULL when there is none */
	void *filter_ctx;
	/* Takes out of a point's document what its values leave unused (library entries that
	 * another value of an axis asks for), so that a value more in an axis does not change the
	 * identity of the others. Pure, and called from several threads. NULL: nothing. Returns 0
	 * or a code. */
	int (*trim)(void *ctx, cJSON *document);
	void *trim_ctx;
};

struct plan_axis; /* private */

struct plan {
	struct point *points; /* `document` is NULL here: see plan_document */
	size_t count;	      /* in the order of the axes, the first one slowest */
	/* private from here */
	const struct json_doc *doc;
	struct plan_options options;
	struct screen_points screened;
	cJSON *base; /* the study without what only steers the experiment */
	struct plan_axis *axes;
	size_t axis_count;
	uint32_t *choice; /* count x axis_count: which value of each axis */
	struct arena arena;
};

/* Expands the sweep. `doc` is the study with its defaults filled in; it and `experiment` must
 * outlive the plan. Returns 0 (then the caller ends with plan_free), ERR_INVALID with diags, or
 * another code with *e. */
int plan_expand(struct plan *plan, const struct experiment *experiment, const struct json_doc *doc,
		const struct plan_options *options, struct diag_list *diags, struct err *e);

/* The resolved study of one point, to be deleted by the caller; NULL when out of memory. May be
 * called by several threads at once. */
cJSON *plan_document(const struct plan *plan, size_t point);

/* The same as a document whose mistakes are told at the place of the sweep's value, to check every
 * point before the first runs. End it with json_doc_free. Returns 0 or ERR_NOMEM. */
int plan_point_doc(const struct plan *plan, size_t point, struct json_doc *out);

void plan_free(struct plan *plan);

#endif
