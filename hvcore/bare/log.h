/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The bare guest's way out: lines on the first serial port, in the format that README.md gives and
 * `mcvsim calibrate --from-log` reads.
 */
#ifndef HVCORE_BARE_LOG_H
#define HVCORE_BARE_LOG_H

#include <stdint.h>

/* Sets up the port, 115200 8N1. */
void log_open(void);

/* One line: its key, any number of values, its end. */
void log_key(const char *key);
void log_text(const char *value);
void log_number(uint64_t value);
void log_line_end(void);

/* The last line: how many there were, and their checksum. */
void log_close(void);

#endif
