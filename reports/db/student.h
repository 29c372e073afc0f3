/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The 97.5 % quantile of Student's t, which turns a standard error into the half-width of a 95 %
 * interval. Kept as a table and four coefficients, because the same numbers must be computable by
 * the views of a results database in a plain sqlite3 shell (schema.c writes them there) and by the
 * tables and figures made from it.
 */
#ifndef REPORTS_STUDENT_H
#define REPORTS_STUDENT_H

enum { STUDENT_ROWS = 40 };

/* student_table[v - 1] is the quantile for v degrees of freedom. */
extern const double student_table[STUDENT_ROWS];

/* The normal quantile z and the coefficients of z + c1/v + c2/v^2 + c3/v^3 + c4/v^4 (Abramowitz and
 * Stegun 26.7.5), which past the table is within 4e-9 of the quantile. */
extern const double student_expansion[5];

/* For v >= 1 degrees of freedom, rounded down up to the table's end (which widens an interval); NaN
 * for less. */
double student_t975(double v);

/* The half-width of the 95 % interval of a mean: t * sd / sqrt(n). NaN when n < 2. */
double student_ci95(double n, double sd);

#endif
