/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A gallery of figures, every kind and the shapes that once went wrong: slanted and broken labels,
 * both logs, a page; and where the words of a picture stand.
 */
#ifndef TESTS_REPORTS_SUPPORT_GALLERY_H
#define TESTS_REPORTS_SUPPORT_GALLERY_H

enum { FIGURES_GALLERY = 15 };
extern const char figures_gallery[];			 /* as figures_draw takes it */
extern const char *const figures_names[FIGURES_GALLERY]; /* those of its figures */

struct figures_word {
	double x0, y0, x1, y1; /* pt, from the upper left of the page */
	char text[60];
};

/* Words of a page (from 1) of a PDF in the scratch folder must lie on the page and not on each
 * other: lines may touch by `overlap` pt, since the box of a line is higher than its letters.
 * Upright texts are held to the page only. `name` is for messages. Returns how many words there
 * are. */
unsigned figures_check_words(const char *name, const char *pdf, int page, double overlap);

#endif
