/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A small study for the tests of `mcvsim run`, and what they ask of the databases it leaves in the
 * scratch folder.
 */
#ifndef TESTS_CLI_SUPPORT_STUDY_H
#define TESTS_CLI_SUPPORT_STUDY_H

#include "reports/db/db.h"

/* Writes a study of four platforms with four repetitions of milliseconds each, with `more` (keys,
 * each with a comma before it) put over it. */
void study_write(const char *name, const char *more);

/* The path of a file in the scratch folder, in one of four static buffers. */
const char *study_path(const char *name);

/* The hash of a database's simulated content, and how many runs it has. One that cannot be read
 * fails the test. */
struct db_counts study_content(const char *name, char hash[33]);

void study_pause_us(long us);

#endif
