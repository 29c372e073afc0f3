/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One line on a terminal that says how far a long command is. Draws nothing when stderr is not a
 * terminal. For one thread at a time.
 */
#ifndef SIM_CLI_SHELL_PROGRESS_H
#define SIM_CLI_SHELL_PROGRESS_H

#include <stddef.h>

/* Zero-initialise to start. */
struct progress {
	double drawn_at_s; /* when the line was last drawn, on the monotonic clock */
	size_t width;	   /* characters of the line that stands there */
};

/* Draws "label 12/95  13 %  eta 0:42  2 failed", at most ten times a second (the last one always).
 * eta_s below 0: not known yet. */
void progress_draw(struct progress *p, const char *label, size_t done, size_t total, size_t failed,
		   double eta_s);

/* Wipes the line, so that other messages start at the margin. */
void progress_clear(struct progress *p);

#endif
