/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A results database as a grid to draw and tabulate: axes with their values in order, points as
 * places on them, and for any metric the mean and interval at every point. Read once, kept in
 * memory; the numbers of runs are read when asked for.
 */
#ifndef REPORTS_DATASET_H
#define REPORTS_DATASET_H

#include "reports/db/db.h"
#include "reports/db/histogram.h"
#include "reports/data/scale.h"
#include "reports/db/series.h"
#include "sim/base/arena.h"

struct data_level {
	const char *text;
	double number; /* when the axis is numeric, in its base unit */
};

struct data_axis {
	const char *name;
	const char *unit; /* base unit; "" for texts, "1" for plain numbers */
	bool numeric;
	struct data_level *values; /* numbers ascending; texts in the order of the study's sweep */
	size_t count;
	/* The first axis whose level tells this one's at every point, and the other way round: they
	 * are in lockstep. An axis that goes its own way is its own leader. */
	size_t leader;
};

struct data_point {
	int64_t key;
	char id[RUN_ID_SIZE];
	size_t *level; /* one per axis: index into its values */
};

struct data_metric {
	const char *name, *subject, *unit;
	int64_t key;
	bool has_values, has_histograms, has_series;
};

struct dataset {
	struct db *db; /* not owned */
	struct data_axis *axes;
	size_t axis_count;
	size_t **told; /* private; see dataset_tells */
	struct data_point
		*points; /* in the order of their places on the axes, the first axis slowest */
	size_t point_count;
	struct data_metric *metrics; /* in the order in which a run reports them */
	size_t metric_count;
	char version[40], command[400]; /* of the program that began the database */
	struct arena arena;
};

/* Returns 0, or a negative code with *e filled (ERR_CORRUPT when points do not fit the axes). */
int dataset_load(struct dataset *d, struct db *db, struct err *e);
void dataset_free(struct dataset *d);

/* -1 when there is none. */
int dataset_find_axis(const struct dataset *d, const char *name);

/* Whether at all points a's level tells that of b, another axis, as in lockstep, also where b has a
 * value several times; then dataset_follow gives b's level for one of a. */
bool dataset_tells(const struct dataset *d, size_t a, size_t b);
size_t dataset_follow(const struct dataset *d, size_t a, size_t level, size_t b);

/* The index of the point with these levels, one per axis; -1 when the sweep left it out. */
long dataset_find_point(const struct dataset *d, const size_t *level);

/* The metric, or NULL. subject NULL: the only one there is, NULL when there are several. */
const struct data_metric *dataset_find_metric(const struct dataset *d, const char *name,
					      const char *subject);

/* The level of `value` on an axis, or -1: texts must be the same, numbers the same within 1e-9; a
 * text may be a quantity ("45 ms"). */
int axis_find(const struct data_axis *axis, const cJSON *value);

/* How the values of a numeric axis are shown: as scale_choose has it, but times and rates in
 * minutes or hours where the values are written with fewer digits so (3 /min rather than 0.05 /s).
 */
struct scale axis_scale(const struct data_axis *axis);

/* A mean over the repetitions of a point. */
struct cell {
	size_t n;	       /* repetitions in which the value was defined */
	double mean, sd, ci95; /* NaN where n is too small (0; below 2) */
};

/* One cell per point, into cells[point_count]. */
int dataset_summary(const struct dataset *d, const struct data_metric *metric, struct cell *cells,
		    struct err *e);

/* The differences from the point `baseline[i]` (an index; SIZE_MAX: none, n = 0) at each point i,
 * paired by repetition, which common random numbers make worth while: far narrower than two
 * intervals. */
int dataset_paired(const struct dataset *d, const struct data_metric *metric,
		   const size_t *baseline, struct cell *cells, struct err *e);

/* A metric at a point of one database against that at a point of another. */
struct comparison {
	struct cell a, b;
	struct cell difference; /* b - a; n = 0 where one of them has no value */
	bool identical;		/* the same values in the same repetitions */
};

/* paired: differences are taken repetition by repetition; else as of two independent samples, with
 * Welch's degrees of freedom. */
int dataset_compare(const struct dataset *a, const struct data_metric *metric_a,
		    const struct data_point *point_a, const struct dataset *b,
		    const struct data_metric *metric_b, const struct data_point *point_b,
		    bool paired, struct comparison *out, struct err *e);

/* The histogram of a metric at one point, pooled over its repetitions. Free it with pooled_free.
 */
int dataset_histogram(const struct dataset *d, const struct data_metric *metric,
		      const struct data_point *point, struct pooled *out, struct err *e);

/* A metric over simulated time at one point: at every moment at which a repetition has a sample,
 * the mean over those that have begun. Free it with dataset_series_free. */
struct data_series {
	double *times_s;
	struct cell *cells;
	size_t count;
};
int dataset_series(const struct dataset *d, const struct data_metric *metric,
		   const struct data_point *point, struct data_series *out, struct err *e);
void dataset_series_free(struct data_series *s);

/* The samples of the first repetition at the point that has any, to be freed; *count is 0 and
 * *samples NULL when none has. */
int dataset_first_series(const struct dataset *d, const struct data_metric *metric,
			 const struct data_point *point, struct result_sample **samples,
			 size_t *count, struct err *e);

#endif
