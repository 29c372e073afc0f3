/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running gnuplot over the scripts that the reports layer writes, for the commands that draw.
 */
#ifndef SIM_CLI_SHELL_PICTURES_H
#define SIM_CLI_SHELL_PICTURES_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Makes a folder and its parents, unless it is there. Returns 0 or a negative code. */
int pictures_folder(const char *path, struct err *e);

struct pictures {
	const char *folder;
	unsigned formats;	    /* FIGURE_... or-ed */
	const char *const *scripts; /* "NAME.gp", in the folder */
	size_t count;
	FILE *names; /* gets "FOLDER/NAME" of each that is drawn; NULL: none is told */
	bool *drawn; /* set for each that is drawn, the others are left; or NULL */
};

/* Runs the scripts inside the folder and looks whether the pictures are there and whole. Says what
 * is wrong on stderr and returns an enum cli_exit. */
int pictures_draw(const struct pictures *p);

#endif
