/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which study a file was made from, as three lines near its head: `study HASH`, `about
 * DESCRIPTION` and `from DATABASE`. Read before a file is written anew, so that the figures of two
 * studies that go into one folder do not replace each other where they have the same names. A study
 * that has grown or changed, and is about the same, is the same; but two may have inherited one
 * description, which is likely where the databases have different names.
 */
#ifndef REPORTS_STAMP_H
#define REPORTS_STAMP_H

#include "reports/db/db.h"

enum { STAMP_SIZE = 400 };

/* The lines, each begun with `before` and ended by a newline. The description is cut to some 200
 * bytes of one line, which can stand in a comment of HTML. */
void stamp_of(const struct db *db, const char *before, char out[STAMP_SIZE]);

enum stamp_found {
	STAMP_NONE,    /* no file */
	STAMP_SAME,    /* a file of a study about the same */
	STAMP_UNSURE,  /* of another study, and neither says what it is about, or both the same, and
			* the databases have different names */
	STAMP_OTHER,   /* of a study about something else */
	STAMP_FOREIGN, /* a file without a stamp */
};

/* Looks at the file at `path`, whose lines begin with `before`. *of gets its study's hash, or "".
 */
enum stamp_found stamp_look(const char *path, const char *before, const struct db *db,
			    char of[STAMP_SIZE]);

#endif
