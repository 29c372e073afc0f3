/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One HTML file that tells a study to whoever opens it, without a network: the question, the
 * figures and what each shows, a table that sorts, the platforms as layers, where every price comes
 * from, the study itself and how to run it again. Called after the figures' SVG files have been
 * made.
 */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include "reports/figure/figure.h"

#include <stdio.h>

/* A layer of a platform, and how a request gets to the next one on its way. */
struct page_layer {
	const char *name, *role;
	const char *step; /* what the way to the next one costs; NULL: nothing of its own */
	bool on_path, in_guest;
};

/* What only the caller knows of a platform: this folder knows no models. */
struct page_platform {
	const char *name, *description; /* the latter may be NULL */
	const struct page_layer *layers;
	size_t count;
};

/* What there is of a figure now; files of an earlier report may lie in the same folder. */
enum page_figure {
	PAGE_DRAWN,
	PAGE_DATA,    /* its data and script, but no picture */
	PAGE_NOTHING, /* what the study says of it is a mistake */
};

struct page {
	const struct dataset *data;
	const struct figures *figures;
	const enum page_figure *have; /* of each figure; NULL: all are drawn */
	const char *folder;	      /* where NAME.svg, NAME.tsv and NAME.gp are */
	const struct page_platform *platforms;
	size_t platform_count;
};

/* Writes the page. Of a figure without a picture it says so in its place. Returns 0 or a negative
 * code with *e filled; a failed write of `out` is ERR_IO. */
int page_write(const struct page *page, FILE *out, struct err *e);

#endif
