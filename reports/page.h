/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One HTML file that tells a study to whoever opens it, without a network: the question, the
 * figures and what each shows, a table that sorts, where every price comes from, the study itself
 * and how to run it again. Called after the figures' SVG files have been made.
 */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include "reports/figure.h"

#include <stdio.h>

/* Writes the page. Figures whose folder/NAME.svg is missing are named without a picture. Returns 0
 * or a negative code with *e filled; a failed write of `out` is ERR_IO. */
int page_write(const struct dataset *data, const struct figures *figures, const char *folder,
	       FILE *out, struct err *e);

#endif
