/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Writing a product to a file so that a failure (full disk, killed program) never leaves half of it
 * where a good one was: written beside, made durable, then renamed.
 */
#ifndef SIM_CLI_SHELL_SAVE_H
#define SIM_CLI_SHELL_SAVE_H

#include "sim/base/err.h"

#include <stdbool.h>

/* Whether `path` can be saved to: 0; ERR_EXISTS when something is there that `ours` (NULL: nothing
 * is) does not recognize from its text; or the code of why the folder cannot be written. To be
 * asked before long work. Devices and pipes can be saved to, and are written directly. */
int save_check(const char *path, bool (*ours)(const char *text), struct err *e);

/* Whether a file can be made at `path`: 0, or the code of why its folder cannot be written. */
int save_check_folder(const char *path, struct err *e);

/* Saves the text. With `keep` a regular file that is there becomes path.bak first. */
int save_text(const char *path, const char *text, bool keep, struct err *e);

#endif
