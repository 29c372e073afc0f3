/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/db_internal.h"

#include <string.h>

static enum err_code code_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return ERR_DENIED;
	case SQLITE_CORRUPT:
	case SQLITE_ERROR: /* our SQL does not fit the tables */
		return ERR_CORRUPT;
	case SQLITE_NOTADB:
		return ERR_INVALID;
	case SQLITE_INTERRUPT:
		return ERR_STOPPED;
	case SQLITE_MISUSE:
		return ERR_INTERNAL;
	default:
		return ERR_IO;
	}
}

int db_fail(const struct db *db, struct err *e, const char *doing)
{
	int code = sqlite3_extended_errcode(db->sql);
	int sys = sqlite3_system_errno(db->sql);
	switch (code & 0xff) {
	case SQLITE_FULL:
		return err_set(e, ERR_IO,
			       "%s: cannot %s: the disk is full; what was stored before is kept",
			       db->path, doing);
	case SQLITE_NOTADB:
		return err_set(e, ERR_INVALID, "%s is not a results database", db->path);
	case SQLITE_CORRUPT:
		return err_set(
			e, ERR_CORRUPT,
			"%s is damaged or was cut off (%s); copy it again from where it came "
			"from, or try 'sqlite3 FILE .recover'",
			db->path, sqlite3_errmsg(db->sql));
	case SQLITE_READONLY:
		return err_set(e, ERR_DENIED, "%s: cannot %s: the file or its folder is read-only",
			       db->path, doing);
	case SQLITE_BUSY:
		return err_set(e, ERR_BUSY, "%s: cannot %s: another program holds the database",
			       db->path, doing);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		if (sys)
			return err_sys(e, sys, "%s: cannot %s", db->path, doing);
		break;
	default:
		break;
	}
	return err_set(e, code_of(code), "%s: cannot %s: %s", db->path, doing,
		       sqlite3_errmsg(db->sql));
}

int db_exec(const struct db *db, const char *sql, const char *doing, struct err *e)
{
	if (sqlite3_exec(db->sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, e, doing);
	return 0;
}

sqlite3_stmt *db_prepare(const struct db *db, const char *sql, struct err *e)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(db->sql, sql, -1, &s, NULL) != SQLITE_OK)
		db_fail(db, e, "read it");
	return s;
}

int db_step(const struct db *db, sqlite3_stmt *s, const char *doing, struct err *e)
{
	int code = sqlite3_step(s);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return db_fail(db, e, doing);
}

int db_integer(const struct db *db, const char *sql, int64_t missing, int64_t *out, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db, sql, e);
	if (!s)
		return e ? e->code : ERR_IO;
	int got = db_step(db, s, "read it", e);
	*out = got == 1 ? sqlite3_column_int64(s, 0) : missing;
	sqlite3_finalize(s);
	return got < 0 ? got : 0;
}

const char *db_text(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	return text ? text : "";
}
