/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Global sensitivity analysis: which of a function's inputs move its output, alone and together.
 * Two designs of points in the unit cube, and what they tell of the values there:
 *
 * - Morris: trajectories on a grid, each step of which moves one factor. mu* (mean magnitude of the
 *   elementary effects) ranks factors, sigma (their deviation) tells interaction or curvature.
 *   Morris, Technometrics 33:2 (1991); Campolongo, Cariboni and Saltelli (2007) for mu*.
 * - Sobol': two independent samples A and B, and for each factor A with that column of B. S is the
 *   share of the variance that the factor explains alone (Saltelli et al. 2010, table 2 b), ST the
 *   share that would be left if all others were known (Jansen 1999). The points are a Sobol'
 *   sequence (GSL) with a random digital shift.
 *
 * Knows neither what the factors are nor where values come from. Called by sim/experiment.
 */
#ifndef SIM_ENGINE_SENSITIVITY_H
#define SIM_ENGINE_SENSITIVITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sensitivity_method { SENSITIVITY_MORRIS, SENSITIVITY_SOBOL };

enum {
	SENSITIVITY_FACTORS_MAX = 20
}; /* A and B are columns of one sequence, which GSL has in 40
      dimensions */

/* Rows come in blocks that stand or fall together: a trajectory of factors + 1 rows, or the
 * factors + 2 rows A, B, A with B's column 0, 1, ... */
struct sensitivity_design {
	enum sensitivity_method method;
	size_t factors, blocks, rows_per_block;
	double *at;    /* [block][row][factor], in [0, 1] */
	size_t *moved; /* Morris: [block][step], which factor changes after row `step` */
};

/* levels: Morris only, the values of a factor, even and at least 2; a step is levels / (2 (levels -
 * 1)) of the range. factors in 1..SENSITIVITY_FACTORS_MAX, blocks at least 1. The same arguments
 * give the same design. Returns 0, or ERR_NOMEM; then, too, the caller ends with sensitivity_free.
 */
int sensitivity_design_make(struct sensitivity_design *d, enum sensitivity_method method,
			    size_t factors, size_t blocks, size_t levels, uint64_t seed);
void sensitivity_design_free(struct sensitivity_design *d);

/* An estimate and the half-width of its 95 % interval, 1.96 times the deviation over 1000 bootstrap
 * samples of blocks and, where there are several, repetitions. NaN where it is not known. The
 * points of a Sobol' sequence are more even than random ones, for which the interval is: it is too
 * wide rather than too narrow. */
struct sensitivity_estimate {
	double value, half_width;
};

struct sensitivity_factor {
	/* Morris, in units of the output for the factor's whole range */
	struct sensitivity_estimate mu, mu_star, sigma;
	double noise; /* the mu* that chance alone would give to a factor without effect; NaN with
			 one repetition */
	/* Sobol' */
	struct sensitivity_estimate first, total;
};

struct sensitivity {
	size_t factors, blocks; /* that were complete, and so used */
	double mean, variance;	/* of the output over the design's points */
	double noise; /* share of the variance that is chance, not parameters; NaN with one
			 repetition */
	struct sensitivity_factor factor[SENSITIVITY_FACTORS_MAX];
};

/* y: [block][row][repetition], NaN where a value is missing: that costs its block. Repetitions are
 * taken to share their random numbers over all rows, so that what shifts all rows alike is not
 * noise. An output that does not vary has indices NaN. Returns 0 or ERR_NOMEM. */
int sensitivity_estimate(const struct sensitivity_design *d, const double *y, size_t repetitions,
			 struct sensitivity *out);

#endif
