/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running gnuplot over the scripts that the reports layer writes, for the commands that draw.
 */
#ifndef SIM_CLI_SHELL_PICTURES_H
#define SIM_CLI_SHELL_PICTURES_H

#include "sim/base/err.h"

#include <stddef.h>

/* Makes a folder and its parents, unless it is there. Returns 0 or a negative code. */
int pictures_folder(const char *path, struct err *e);

/* Runs the scripts ("NAME.gp") inside the folder and looks whether the pictures in `formats`
 * (FIGURE_... or-ed) are there and whole; prints "FOLDER/NAME" for each on stdout. Says what is
 * wrong on stderr and returns an enum cli_exit. */
int pictures_draw(const char *folder, unsigned formats, const char *const *scripts, size_t count);

#endif
