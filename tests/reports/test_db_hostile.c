/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Databases that are not, or are no longer, what they should be: each ends in a sentence, never in
 * a crash or a wrong answer.
 */
#include "reports/db/db.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct synthetic study;

static const char *scratch(const char *name)
{
	static char path[200];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	return path;
}

/* Both ways of opening must refuse with this code and text. */
static void expect_refused(const char *path, int code, const char *text)
{
	struct err e = {0};
	struct db *db = NULL;
	CU_ASSERT_EQUAL(db_open_run(&db, path, &study.study, NULL, &e), code);
	CU_ASSERT_PTR_NULL(db);
	if (e.code != (enum err_code)code || !strstr(e.text, text))
		printf(" got %d: %s ", e.code, e.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, text));
	CU_ASSERT_EQUAL(db_open(&db, path, &e), code);
	CU_ASSERT_PTR_NULL(db);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, text));
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void what_is_no_database_is_refused(void)
{
	program_write_file("text.db",
			   "{\"this is\": \"JSON, and long enough that it could be more\"}"
			   "....................................................");
	expect_refused(scratch("text.db"), ERR_INVALID, "is not a results database");
	mkdir(scratch("folder.db"), 0700);
	expect_refused(scratch("folder.db"), ERR_INVALID, "is not a file");
	run_sql(scratch("foreign.db"), "CREATE TABLE recipes(name TEXT)");
	expect_refused(scratch("foreign.db"), ERR_INVALID, "of another program");
	run_sql(scratch("newer.db"), "CREATE TABLE study(id); PRAGMA application_id = 1296258643;"
				     "PRAGMA user_version = 99");
	expect_refused(scratch("newer.db"), ERR_UNSUPPORTED, "newer mcvsim (schema 99");
	run_sql(scratch("hollow.db"), "CREATE TABLE other(id); PRAGMA application_id = 1296258643;"
				      "PRAGMA user_version = 3");
	expect_refused(scratch("hollow.db"), ERR_CORRUPT, "no such table: study");
}

static void an_absent_or_empty_file_cannot_be_read(void)
{
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL(db_open(&db, scratch("absent.db"), &e), ERR_NOTFOUND);
	CU_ASSERT_EQUAL(access(scratch("absent.db"), F_OK), -1);
	program_write_file("empty.db", "");
	CU_ASSERT_EQUAL(db_open(&db, scratch("empty.db"), &e), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "is empty"));
	CU_ASSERT_EQUAL(db_open_run(&db, scratch("nowhere/x.db"), &study.study, NULL, &e),
			ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "No such file"));
}

static void a_truncated_database_is_refused(void)
{
	synthetic_write(scratch("cut.db"));
	struct stat st;
	CU_ASSERT_EQUAL_FATAL(stat(scratch("cut.db"), &st), 0);
	CU_ASSERT_EQUAL(truncate(scratch("cut.db"), st.st_size / 2), 0);
	expect_refused(scratch("cut.db"), ERR_CORRUPT, "is damaged or was cut off");
}

static void an_edited_study_is_noticed(void)
{
	synthetic_write(scratch("edited.db"));
	run_sql(scratch("edited.db"),
		"UPDATE study SET document = replace(document, '\"repeat\":5', '\"repeat\":6')");
	expect_refused(scratch("edited.db"), ERR_CORRUPT, "not what its hash says");
}

/* Overwrites stretches of the file with noise; whatever happens must be an answer or an err. Under
 * the address sanitizer this looks for more than crashes. */
static void noise_in_the_file_never_crashes(void)
{
	synthetic_write(scratch("clean.db"));
	unsigned state = 12345;
	int refused = 0;
	for (int round = 0; round < 60; round++) {
		struct program_result copied = program_run("cp $TMP/clean.db $TMP/noisy.db");
		program_free(&copied);
		int fd = open(scratch("noisy.db"), O_WRONLY);
		off_t size = lseek(fd, 0, SEEK_END);
		for (int i = 0; i < 4; i++) {
			char noise[32];
			for (size_t k = 0; k < sizeof(noise); k++)
				noise[k] = (char)((state = state * 1103515245 + 12345) >> 16);
			off_t at = (off_t)((state = state * 1103515245 + 12345) >> 1) % size;
			if (round < 20)
				at %= 8192; /* the header and the schema */
			CU_ASSERT_EQUAL(pwrite(fd, noise, sizeof(noise), at),
					(ssize_t)sizeof(noise));
		}
		close(fd);
		struct err e = {0};
		struct db *db;
		char hash[33];
		int code = db_open(&db, scratch("noisy.db"), &e);
		if (code == 0) {
			code = db_content_hash(db, hash, &e);
			db_close(db);
		}
		if (code) {
			refused++;
			CU_ASSERT(e.text[0] != '\0');
		}
	}
	CU_ASSERT(refused > 10);
}

/* Whether a database that is being written here has a write-ahead log. */
static bool has_log_here(void)
{
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, scratch("probe.db"), &study.study, NULL, &e), 0);
	bool has = access(scratch("probe.db-wal"), F_OK) == 0;
	db_close(db);
	return has;
}

/* Runs `check` as a user who may write nothing, with the scratch folder read-only. */
static int status_without_rights(int (*check)(void))
{
	chmod(test_scratch(), geteuid() == 0 ? 0555 : 0500);
	pid_t child = fork();
	if (child == 0)
		_exit(geteuid() == 0 && (setgid(65534) || setuid(65534)) ? 10 : check());
	int status;
	waitpid(child, &status, 0);
	chmod(test_scratch(), 0700);
	if (status)
		printf(" status %d ", WEXITSTATUS(status));
	return status;
}

static int count_archived(void)
{
	struct err e = {0};
	struct db *db;
	struct db_counts n;
	if (db_open(&db, scratch("a#%3f.db"), &e))
		return printf(" %s ", e.text), 11;
	if (db_count(db, &n, &e))
		return 12;
	db_close(db);
	return n.done == 2 ? 0 : 13;
}

/* A writer that is killed leaves its log; whoever reads next must get all that was committed, even
 * where nothing may be written, and with or without the log's index. */
static void what_a_killed_writer_left_is_read_where_nothing_may_be_written(void)
{
	if (!has_log_here()) {
		test_skip("no write-ahead log on this file system");
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		struct err e = {0};
		struct db *db;
		if (db_open_run(&db, scratch("a#%3f.db"), &study.study, NULL, &e) ||
		    synthetic_put(db, 0, 0, 0, 100, &e) || synthetic_put(db, 1, 0, 0, 100, &e))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	int status;
	waitpid(child, &status, 0);
	CU_ASSERT(WIFSIGNALED(status));
	CU_ASSERT_EQUAL(access(scratch("a#%3f.db-wal"), F_OK), 0);
	CU_ASSERT_EQUAL(status_without_rights(count_archived), 0);
	CU_ASSERT_EQUAL(access(scratch("a#%3f.db-wal"), F_OK), 0);
	/* A reader who may write brings the log home. */
	CU_ASSERT_EQUAL(count_archived(), 0);
	CU_ASSERT_EQUAL(access(scratch("a#%3f.db-wal"), F_OK), -1);
	CU_ASSERT_EQUAL(status_without_rights(count_archived), 0);
	CU_ASSERT_EQUAL(access(scratch("a#%3f.db-wal"), F_OK), -1);
}

/* What is older than a second is in the file itself. */
static void the_log_is_settled(void)
{
	if (!has_log_here()) {
		test_skip("no write-ahead log on this file system");
		return;
	}
	struct err e = {0};
	struct db *db, *copy;
	struct db_counts n = {0};
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, scratch("settled.db"), &study.study, NULL, &e), 0);
	CU_ASSERT_EQUAL(synthetic_put(db, 0, 0, 0, 100, &e), 0);
	usleep(1100000);
	CU_ASSERT_EQUAL(synthetic_put(db, 1, 0, 0, 100, &e), 0);
	struct program_result r = program_run("cp $TMP/settled.db $TMP/alone.db");
	program_free(&r);
	db_close(db);
	CU_ASSERT_EQUAL_FATAL(db_open(&copy, scratch("alone.db"), &e), 0);
	CU_ASSERT_EQUAL(db_count(copy, &n, &e), 0);
	CU_ASSERT_EQUAL(n.done, 2);
	db_close(copy);
}

static void a_reader_does_not_hinder_the_writer(void)
{
	struct err e = {0};
	struct db *db, *reader;
	struct db_counts n = {0};
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, scratch("both.db"), &study.study, NULL, &e), 0);
	CU_ASSERT_EQUAL(synthetic_put(db, 0, 0, 0, 100, &e), 0);
	CU_ASSERT_EQUAL_FATAL(db_open(&reader, scratch("both.db"), &e), 0);
	CU_ASSERT_EQUAL(synthetic_put(db, 1, 0, 0, 100, &e), 0);
	CU_ASSERT_EQUAL(db_count(reader, &n, &e), 0);
	CU_ASSERT_EQUAL(n.done, 2);
	db_close(db);
	CU_ASSERT_EQUAL(db_count(reader, &n, &e), 0);
	CU_ASSERT_EQUAL(n.done, 2);
	db_close(reader);
	CU_ASSERT_EQUAL(access(scratch("both.db-wal"), F_OK), -1);
	CU_ASSERT_EQUAL(access(scratch("both.db-journal"), F_OK), -1);
}

static void a_read_only_file_is_readable_only(void)
{
	if (geteuid() == 0) {
		/* Root may write everything; the rest of this runs without its rights. */
		pid_t child = fork();
		if (child == 0) {
			struct err e = {0};
			struct db *db;
			const char *path = scratch("ro.db");
			if (chmod(test_scratch(), 0777))
				_exit(9);
			synthetic_write(path);
			if (chmod(path, 0444) || chmod(test_scratch(), 0555) || setgid(65534) ||
			    setuid(65534))
				_exit(10);
			if (db_open_run(&db, path, &study.study, NULL, &e) != ERR_DENIED)
				_exit(11);
			if (!strstr(e.text, "read-only"))
				_exit(12);
			if (db_open(&db, path, &e) != 0)
				_exit(13);
			char hash[33];
			_exit(db_content_hash(db, hash, &e) ? 14 : 0);
		}
		int status;
		waitpid(child, &status, 0);
		chmod(test_scratch(), 0700);
		CU_ASSERT_EQUAL(status, 0);
		return;
	}
	synthetic_write(scratch("ro.db"));
	chmod(scratch("ro.db"), 0444);
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL(db_open_run(&db, scratch("ro.db"), &study.study, NULL, &e), ERR_DENIED);
	CU_ASSERT_EQUAL(db_open(&db, scratch("ro.db"), &e), 0);
	db_close(db);
}

static void write_until_killed(const char *path, int report)
{
	struct err e = {0};
	struct db *db;
	if (db_open_run(&db, path, &study.study, NULL, &e))
		_exit(1);
	for (uint32_t i = 0;; i++) {
		if (synthetic_put(db, i % 4, i / 4 % 6, i / 24, 50, &e))
			_exit(2);
		if (write(report, &i, sizeof(i)) != sizeof(i))
			_exit(3);
	}
}

static void a_killed_writer_loses_at_most_the_run_in_hand(void)
{
	const char *path = scratch("killed.db");
	struct err e = {0};
	int64_t before = 0;
	for (int round = 0; round < 8; round++) {
		int pipes[2];
		CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
		pid_t child = fork();
		if (child == 0) {
			close(pipes[0]);
			write_until_killed(path, pipes[1]);
		}
		close(pipes[1]);
		uint32_t told = 0, i;
		/* Wait for some runs past what is there, then kill without a look at what it does.
		 */
		while (told < before + 5 + round && read(pipes[0], &i, sizeof(i)) == sizeof(i))
			told = i + 1;
		usleep((useconds_t)(137 * round));
		kill(child, SIGKILL);
		while (read(pipes[0], &i, sizeof(i)) == sizeof(i))
			told = i + 1;
		close(pipes[0]);
		int status;
		waitpid(child, &status, 0);
		CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status));

		struct db *db;
		struct db_counts n;
		CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
		CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
		db_close(db);
		/* Every run that was reported is there; one more may have been in the pipe. */
		CU_ASSERT(n.done == told || n.done == told + 1);
		before = n.done;
	}
	struct program_result r = program_run(
		"sqlite3 $TMP/killed.db 'PRAGMA integrity_check; "
		"SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM result GROUP BY point, "
		"repetition)'");
	if (r.code == 127) {
		test_skip("no sqlite3 program to check the file with");
	} else {
		CU_ASSERT_STRING_EQUAL(r.out, "ok\n1\n");
	}
	program_free(&r);
}

/* In a mount namespace of its own, on a file system of 256 KiB. */
static int fill_a_small_disk(void)
{
	char dir[250], path[300];
	snprintf(dir, sizeof(dir), "%s/disk", test_scratch());
	mkdir(dir, 0700);
	if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, "size=262144"))
		return 77;
	snprintf(path, sizeof(path), "%s/full.db", dir);
	struct err e = {0};
	struct db *db;
	if (db_open_run(&db, path, &study.study, NULL, &e))
		return 1;
	int code = 0;
	uint32_t stored = 0;
	for (uint32_t i = 0; i < 1000 && code == 0; i++) {
		code = synthetic_put(db, i % 4, i / 4 % 6, i / 24, 300, &e);
		if (code == 0)
			stored++;
	}
	if (code != ERR_IO || !strstr(e.text, "the disk is full") || stored < 3)
		return 2;
	struct db_counts n;
	if (db_count(db, &n, &e) || n.done != stored)
		return 3;
	db_close(db);
	if (db_open(&db, path, &e) || db_count(db, &n, &e) || n.done != stored)
		return 4;
	db_close(db);
	/* A database cannot be begun here either; what stays is nothing or a sound beginning. */
	snprintf(path, sizeof(path), "%s/second.db", dir);
	if (db_open_run(&db, path, &study.study, NULL, &e) != ERR_IO)
		return 5;
	struct stat st;
	if (stat(path, &st) == 0 && st.st_size > 0 && db_open(&db, path, &e) != 0)
		return 6;
	return 0;
}

static void a_full_disk_keeps_what_was_stored(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(fill_a_small_disk());
	int status;
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		test_skip("mount namespaces are not allowed here");
		return;
	}
	CU_ASSERT_EQUAL(status, 0);
	if (status)
		printf(" step %d ", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"what_is_no_database_is_refused", what_is_no_database_is_refused},
		{"an_absent_or_empty_file_cannot_be_read", an_absent_or_empty_file_cannot_be_read},
		{"a_truncated_database_is_refused", a_truncated_database_is_refused},
		{"an_edited_study_is_noticed", an_edited_study_is_noticed},
		{"noise_in_the_file_never_crashes", noise_in_the_file_never_crashes},
		{"what_a_killed_writer_left_is_read_where_nothing_may_be_written",
		 what_a_killed_writer_left_is_read_where_nothing_may_be_written},
		{"the_log_is_settled", the_log_is_settled},
		{"a_reader_does_not_hinder_the_writer", a_reader_does_not_hinder_the_writer},
		{"a_read_only_file_is_readable_only", a_read_only_file_is_readable_only},
		{"a_killed_writer_loses_at_most_the_run_in_hand",
		 a_killed_writer_loses_at_most_the_run_in_hand},
		{"a_full_disk_keeps_what_was_stored", a_full_disk_keeps_what_was_stored},
		{0},
	};
	synthetic_init(&study);
	int status = test_main("reports.db_hostile", cases, argc, argv);
	synthetic_free(&study);
	return status;
}
