/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which journal a database has while runs are written to it. A transaction per run with a rollback
 * journal waits for the disk twice a run, which is longer than a short run takes. A write-ahead log
 * waits for nothing; the disk is waited for once a second.
 */
#include "reports/db/db_internal.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

/* A loss of power costs at most the runs of this long, as long as the disk keeps what it was told
 * to keep. */
enum { SETTLE_EVERY_S = 1 };

/* File systems of this machine alone. The log's index is shared memory, which network file systems
 * do not share; what is not in this list is taken for one. */
static const unsigned long local_file_systems[] = {
	EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,    F2FS_SUPER_MAGIC,
	OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC,	0x2fc12fc1 /* ZFS */,
};

static bool is_local(const char *path)
{
	struct statfs st;
	if (statfs(path, &st) != 0)
		return false;
	for (size_t i = 0; i < sizeof(local_file_systems) / sizeof(*local_file_systems); i++)
		if ((unsigned long)st.f_type == local_file_systems[i])
			return true;
	return false;
}

static int64_t now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static bool begin_log(struct db *db)
{
	sqlite3_stmt *s = db_prepare(db, "PRAGMA journal_mode = WAL", NULL);
	bool begun = s && sqlite3_step(s) == SQLITE_ROW && strcmp(db_text(s, 0), "wal") == 0;
	sqlite3_finalize(s);
	/* The log may grow until it is settled, not by the default thousand pages. */
	return begun && sqlite3_wal_autocheckpoint(db->sql, 0) == SQLITE_OK;
}

int db_journal_begin(struct db *db, struct err *e)
{
	db->log = is_local(db->path) && begin_log(db);
	db->settled_s = now_s();
	/* Keeping the rollback journal between transactions saves making and removing a file for
	 * each run. A database that was left with a log gets rid of it here when it must. */
	return db_exec(db,
		       db->log ? "PRAGMA synchronous = NORMAL"
			       : "PRAGMA journal_mode = PERSIST; PRAGMA synchronous = NORMAL",
		       "write to it", e);
}

void db_journal_settle(struct db *db)
{
	int64_t now = now_s();
	if (!db->log || now - db->settled_s < SETTLE_EVERY_S)
		return;
	db->settled_s = now;
	/* Passive: readers are not waited for. What fails here fails again at the next commit, or
	 * stays in the log, where it is as safe as it was. */
	sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void db_journal_end(struct db *db)
{
	/* Leaves one file; unless somebody reads it just now, then the last reader's end does. */
	sqlite3_busy_timeout(db->sql, 0);
	if (db->log)
		sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite3_exec(db->sql, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

bool db_journal_is_gone(const struct db *db)
{
	int code = sqlite3_errcode(db->sql) & 0xff;
	char *log = NULL;
	if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
	    asprintf(&log, "%s-wal", db->path) < 0)
		return false;
	struct stat st;
	bool gone = stat(log, &st) != 0 && errno == ENOENT;
	free(log);
	return gone;
}
