/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Databases of older versions: stored/version-N.db was written by a program of that version.
 */
#include "reports/data/dataset.h"
#include "reports/db/schema.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *scratch(const char *name)
{
	static char path[2][300];
	static int next;
	next = !next;
	snprintf(path[next], sizeof(path[next]), "%s/%s", test_scratch(), name);
	return path[next];
}

static const char *copy_old(const char *name)
{
	PROGRAM_EXPECT(0, NULL, "cp tests/reports/stored/version-1.db $TMP/%s && chmod 600 $TMP/%s",
		       name, name);
	return scratch(name);
}

/* One column of a query, each row ended by a line break; free it. */
static char *ask(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_EQUAL_FATAL(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		fprintf(out, "%s\n", sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	sqlite3_close(db);
	fclose(out);
	return text;
}

static void expect(const char *path, const char *sql, const char *wanted)
{
	char *got = ask(path, sql);
	CU_ASSERT_STRING_EQUAL(got, wanted);
	free(got);
}

static void change(const char *path, const char *sql)
{
	sqlite3 *db;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void an_old_database_becomes_as_a_new_one(void)
{
	static const char tables[] = "SELECT name || sql FROM sqlite_schema WHERE sql IS NOT NULL "
				     "ORDER BY name";
	struct err e = {0};
	struct db *db;
	struct db_counts counts;
	const char *path = copy_old("old.db");
	expect(path, "PRAGMA user_version", "1\n");
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL(db_count(db, &counts, &e), 0);
	CU_ASSERT_EQUAL(counts.done, 12);
	db_close(db);
	char version[20];
	snprintf(version, sizeof(version), "%d\n", SCHEMA_VERSION);
	expect(path, "PRAGMA user_version", version);
	expect(path, "PRAGMA integrity_check", "ok\n");
	synthetic_write(scratch("new.db"));
	char *fresh = ask(scratch("new.db"), tables);
	expect(scratch("old.db"), tables, fresh);
	free(fresh);
}

static void values_that_are_objects_get_a_name(void)
{
	struct err e = {0};
	struct db *db;
	struct dataset data;
	const char *path = copy_old("names.db");
	expect(path, "SELECT DISTINCT text FROM point_parameter WHERE name = 'policy'",
	       "remote\n{\"random\":0.5}\n");
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
	int axis = dataset_find_axis(&data, "policy");
	CU_ASSERT_FATAL(axis >= 0 && data.axes[axis].count == 2);
	CU_ASSERT_STRING_EQUAL(data.axes[axis].values[1].text, "random 0.5");
	cJSON *value = cJSON_Parse("{\"random\": 0.5}");
	CU_ASSERT_EQUAL(axis_find(&data.axes[axis], value), 1);
	cJSON_Delete(value);
	dataset_free(&data);
	db_close(db);
}

static void a_migration_that_fails_leaves_the_old_database(void)
{
	struct err e = {0};
	struct db *db;
	const char *path = copy_old("failing.db");
	/* The first step works; the last one meets a trigger. */
	change(path, "CREATE TRIGGER no BEFORE UPDATE ON point_parameter BEGIN SELECT "
		     "raise(ABORT, 'no'); END");
	char *before = ask(path, "SELECT name FROM sqlite_schema");
	CU_ASSERT(db_open(&db, path, &e) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "bring it up to date"));
	expect(path, "PRAGMA user_version", "1\n");
	expect(path, "SELECT name FROM sqlite_schema", before);
	free(before);
}

/* Opens it in a process that is killed at the first write behind `limit` bytes of a file: of the
 * journal when that is small, of the database itself when it is nearly as large as that. Returns
 * whether it was killed. */
static bool open_until_killed(const char *path, rlim_t limit)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		struct rlimit no_core = {0, 0}, file = {limit, limit};
		struct err e = {0};
		struct db *db;
		signal(SIGXFSZ, SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		setrlimit(RLIMIT_FSIZE, &file);
		_exit(db_open(&db, path, &e) != 0);
	}
	CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status);
}

static void one_that_is_killed_midway_is_the_old_or_the_new_one(void)
{
	static const rlim_t limits[] = {0, 512, 1024, 4096, 5000, 8192, 16384, 90000, 94208, 96000};
	size_t killed = 0, half_written = 0;
	struct err e = {0};
	struct db *db;
	char whole[33], hash[33], left[320];
	CU_ASSERT_EQUAL_FATAL(db_open(&db, copy_old("whole.db"), &e), 0);
	CU_ASSERT_EQUAL(db_content_hash(db, whole, &e), 0);
	db_close(db);
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		char path[300];
		struct stat journal;
		snprintf(path, sizeof(path), "%s", copy_old("killed.db"));
		snprintf(left, sizeof(left), "%s-journal", path);
		killed += open_until_killed(path, limits[i]);
		half_written += stat(left, &journal) == 0 && limits[i] > 16384;
		CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
		CU_ASSERT_EQUAL(db_content_hash(db, hash, &e), 0);
		CU_ASSERT_STRING_EQUAL(hash, whole);
		db_close(db);
		expect(path, "PRAGMA integrity_check", "ok\n");
	}
	CU_ASSERT(killed >= 6);
	CU_ASSERT(half_written >= 2);
}

static void one_that_may_not_be_written_is_read_as_it_is(void)
{
	struct err e = {0};
	struct db *db;
	struct dataset data;
	if (geteuid() == 0) {
		test_skip("root may write everything");
		return;
	}
	const char *path = copy_old("archive.db");
	chmod(path, 0400);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL(dataset_load(&data, db, &e), 0);
	CU_ASSERT(data.metric_count > 0);
	dataset_free(&data);
	db_close(db);
	expect(path, "PRAGMA user_version", "1\n");
}

static void shards_of_an_old_version_are_merged(void)
{
	struct err e = {0};
	const char *path = copy_old("shard.db");
	const char *const shards[] = {path};
	char target[300];
	snprintf(target, sizeof(target), "%s", scratch("target.db"));
	CU_ASSERT_EQUAL(db_merge(target, shards, 1, &e), 0);
	expect(target, "SELECT count(*) FROM run", "12\n");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"an_old_database_becomes_as_a_new_one", an_old_database_becomes_as_a_new_one},
		{"values_that_are_objects_get_a_name", values_that_are_objects_get_a_name},
		{"a_migration_that_fails_leaves_the_old_database",
		 a_migration_that_fails_leaves_the_old_database},
		{"one_that_is_killed_midway_is_the_old_or_the_new_one",
		 one_that_is_killed_midway_is_the_old_or_the_new_one},
		{"one_that_may_not_be_written_is_read_as_it_is",
		 one_that_may_not_be_written_is_read_as_it_is},
		{"shards_of_an_old_version_are_merged", shards_of_an_old_version_are_merged},
		{0},
	};
	return test_main("migrate", cases, argc, argv);
}
