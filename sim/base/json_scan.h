/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What cJSON does not give: a strict check of a JSON text that names every mistake with its place,
 * and the place of a JSON pointer in a text. Used by json.c only. Builds no tree.
 */
#ifndef SIM_BASE_JSON_SCAN_H
#define SIM_BASE_JSON_SCAN_H

#include "sim/base/diag.h"

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 200, JSON_NUMBER_MAX = 60 };

/* Checks the text against RFC 8259 and this project's limits (depth, digits of a number, range of a
 * double, no NUL inside strings, no duplicate keys). A mistake that leaves no doubt how to read on
 * (a trailing comma, NaN, a bad escape) does not end the check; others end it. Adds the mistakes to
 * `diags` unless that is NULL. True when there were none; a byte order mark is none.
 * A text that passes is read by cJSON without loss. */
bool json_scan_check(const char *name, const char *text, size_t length, struct diag_list *diags);

/* Finds an RFC 6901 pointer in a text that passed the check: a member's place is its key, an item's
 * its value. Lines end with LF, CR LF or CR; columns count characters, a tab as one. False when the
 * pointer does not resolve. Keys that begin with "//" are not found. */
bool json_scan_locate(const char *text, size_t length, const char *pointer, int *line, int *column);

#endif
