/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asking the program hvcore: it is started with some arguments and a deadline, and answers in JSON
 * lines. Used by calibrate and doctor. A VMM that crashes or hangs ends one question, not
 * the program that asked.
 */
#ifndef SIM_CLI_MEASURE_HVCORE_H
#define SIM_CLI_MEASURE_HVCORE_H

#include "sim/base/err.h"

#include <cjson/cJSON.h>

/* Runs `hvcore ARGS...` (args ended by NULL, at most 100) for at most deadline_s seconds. *lines
 * becomes an array of the JSON values that it printed, one per line (also when it failed half-way);
 * the caller deletes. Returns its exit status (0 ok, 1 failed, 2 usage), or a negative code with
 * the reason: hvcore not found, crashed, killed at its deadline, or printed what is not JSON.
 * *lines is NULL only when out of memory or not started. */
int hvcore_ask(const char *const *args, double deadline_s, cJSON **lines, struct err *e);

/* Member `key` of an object as text, "" where it is none. */
const char *hvcore_text(const cJSON *object, const char *key);

#endif
