/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/db.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct synthetic study;

enum { SHARDS = 3 };
static char whole[200], target[200], shard[SHARDS][200];
static const char *const shards[SHARDS] = {shard[0], shard[1], shard[2]};

/* Every run in `whole`, and each in the shard of its number; all start afresh. */
static void make_shards(void)
{
	struct err e = {0};
	struct db *all, *parts[SHARDS];
	snprintf(whole, sizeof(whole), "%s/whole.db", test_scratch());
	snprintf(target, sizeof(target), "%s/target.db", test_scratch());
	unlink(whole);
	unlink(target);
	CU_ASSERT_EQUAL_FATAL(db_open_run(&all, whole, &study.study, NULL, &e), 0);
	for (int i = 0; i < SHARDS; i++) {
		snprintf(shard[i], sizeof(shard[i]), "%s/shard'%d.db", test_scratch(), i);
		unlink(shard[i]);
		CU_ASSERT_EQUAL_FATAL(db_open_run(&parts[i], shard[i], &study.study, NULL, &e), 0);
	}
	for (uint32_t i = 0; i < 40; i++) {
		CU_ASSERT_EQUAL(synthetic_put(all, i % 4, i / 4 % 5, i / 20, 200, &e), 0);
		CU_ASSERT_EQUAL(synthetic_put(parts[i % SHARDS], i % 4, i / 4 % 5, i / 20, 200, &e),
				0);
	}
	db_close(all);
	for (int i = 0; i < SHARDS; i++)
		db_close(parts[i]);
}

static void content_hash(const char *path, char out[33])
{
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL(db_content_hash(db, out, &e), 0);
	db_close(db);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
	CU_ASSERT_EQUAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void shards_add_up_to_the_whole(void)
{
	char expected[33], got[33];
	struct err e = {0};
	make_shards();
	content_hash(whole, expected);
	CU_ASSERT_EQUAL(db_merge(target, shards, SHARDS, &e), 0);
	if (e.code)
		printf(" %s ", e.text);
	content_hash(target, got);
	CU_ASSERT_STRING_EQUAL(expected, got);
	/* Again, and with what is there already, changes nothing. */
	const char *const again[] = {shard[1], whole};
	CU_ASSERT_EQUAL(db_merge(target, again, 2, &e), 0);
	content_hash(target, got);
	CU_ASSERT_STRING_EQUAL(expected, got);
}

static void more_shards_than_sqlite_attaches_are_merged(void)
{
	char expected[33], got[33];
	struct err e = {0};
	const char *many[30];
	make_shards();
	content_hash(whole, expected);
	for (size_t i = 0; i < 30; i++)
		many[i] = shard[i % SHARDS];
	CU_ASSERT_EQUAL(db_merge(target, many, 30, &e), 0);
	content_hash(target, got);
	CU_ASSERT_STRING_EQUAL(expected, got);
}

static void a_failed_run_is_replaced_and_a_done_one_is_not(void)
{
	char expected[33], got[33];
	struct err e = {0};
	make_shards();
	content_hash(whole, expected);
	run_sql(shard[0],
		"DELETE FROM value WHERE (point, repetition) IN (SELECT point, repetition "
		"FROM run LIMIT 1);"
		"DELETE FROM histogram WHERE (point, repetition) IN (SELECT point, "
		"repetition FROM run LIMIT 1);"
		"DELETE FROM series WHERE (point, repetition) IN (SELECT point, "
		"repetition FROM run LIMIT 1);"
		"UPDATE run SET status = 'failed', error = 'x' WHERE (point, repetition) IN "
		"(SELECT point, repetition FROM run LIMIT 1)");
	const char *const one[] = {shard[0]};
	CU_ASSERT_EQUAL(db_merge(target, one, 1, &e), 0);
	const char *const rest[] = {shard[1], shard[2], whole};
	CU_ASSERT_EQUAL(db_merge(target, rest, 3, &e), 0);
	CU_ASSERT_EQUAL(db_merge(target, one, 1, &e), 0);
	content_hash(target, got);
	CU_ASSERT_STRING_EQUAL(expected, got);
}

static void shards_that_disagree_are_refused_and_change_nothing(void)
{
	char before[33], after[33];
	struct err e = {0};
	make_shards();
	run_sql(shard[1],
		"UPDATE value SET value = value + 1e-9 WHERE (point, metric, repetition) IN "
		"(SELECT point, metric, repetition FROM value LIMIT 1)");
	const char *const first[] = {whole};
	CU_ASSERT_EQUAL(db_merge(target, first, 1, &e), 0);
	content_hash(target, before);
	CU_ASSERT_EQUAL(db_merge(target, shards, SHARDS, &e), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "disagree"));
	content_hash(target, after);
	CU_ASSERT_STRING_EQUAL(before, after);
}

static void foreign_shards_are_refused(void)
{
	struct err e = {0};
	struct synthetic other;
	struct db *db;
	make_shards();
	synthetic_init(&other);
	other.study.seed = 2;
	unlink(shard[2]);
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, shard[2], &other.study, NULL, &e), 0);
	db_close(db);
	synthetic_free(&other);
	CU_ASSERT_EQUAL(db_merge(target, shards, SHARDS, &e), ERR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "shard'2.db holds results with seed 2, not 1"));
	CU_ASSERT_EQUAL(access(target, F_OK), -1);
	const char *const self[] = {shard[0], whole};
	CU_ASSERT_EQUAL(db_merge(whole, self, 2, &e), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "into itself"));
	CU_ASSERT_EQUAL(db_merge(whole, self, 0, &e), ERR_INVALID);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"shards_add_up_to_the_whole", shards_add_up_to_the_whole},
		{"more_shards_than_sqlite_attaches_are_merged",
		 more_shards_than_sqlite_attaches_are_merged},
		{"a_failed_run_is_replaced_and_a_done_one_is_not",
		 a_failed_run_is_replaced_and_a_done_one_is_not},
		{"shards_that_disagree_are_refused_and_change_nothing",
		 shards_that_disagree_are_refused_and_change_nothing},
		{"foreign_shards_are_refused", foreign_shards_are_refused},
		{0},
	};
	synthetic_init(&study);
	int status = test_main("reports.merge", cases, argc, argv);
	synthetic_free(&study);
	return status;
}
