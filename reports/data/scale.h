/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Numbers and names as people read them: the prefix that fits, labels made from metric names, means
 * with as many digits as their interval allows.
 */
#ifndef REPORTS_SCALE_H
#define REPORTS_SCALE_H

#include <stddef.h>

/* A displayed value is factor * the value in the base unit; `unit` is "" where there is none. */
struct scale {
	double factor;
	char unit[24]; /* "ms", "kJ" */
};

/* For values of a base unit ("s", "J", "1") whose largest magnitude is `largest`. Chooses the
 * prefix with which that is at least 1 and below 1000; seconds get no prefix above 1,
 * and are hours from two hours on. */
struct scale scale_choose(const char *unit, double largest);

/* "response_time.p95", subject "" -> "response time, p95", but "battery.life" -> "battery life"; a
 * subject follows after a comma. */
const char *scale_metric_label(const char *metric, const char *subject, char *buf, size_t size);

/* "exit_cost" -> "exit cost". */
const char *scale_axis_label(const char *name, char *buf, size_t size);

/* A number as a tick or a place has it: four significant digits, and whole numbers below a million
 * in full (14400, not 1.44e+04). */
const char *scale_number(double value, char *buf, size_t size);

/* "12.3 ± 0.4" with the interval to two digits at most and the mean to the same place, but to two
 * digits at least; without an interval (NaN), or with one below a ten-millionth of the mean, four
 * significant digits; "-" for NaN. `sign` stands
 * between the two. Values are printed as given: apply the scale first. */
const char *scale_print(double mean, double ci95, const char *sign, char *buf, size_t size);

/* How TeX writes the character that begins at `text`, which it would take for something else or
 * does not know in its usual fonts; NULL: as it is. *bytes gets how many to go on by: at least 1.
 */
const char *scale_tex(const char *text, size_t *bytes);

#endif
