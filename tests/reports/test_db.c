/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/db.h"
#include "sim/base/json.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct synthetic study;

static const char *scratch(const char *name)
{
	static char path[200];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	return path;
}

static struct db *open_run(const char *path, enum db_found *found)
{
	struct err e = {0};
	struct db *db = NULL;
	CU_ASSERT_EQUAL(db_open_run(&db, path, &study.study, found, &e), 0);
	if (!db)
		printf(" %s ", e.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(db);
	return db;
}

static void content_hash(const char *path, char out[33])
{
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL(db_content_hash(db, out, &e), 0);
	db_close(db);
}

static void what_is_stored_is_read_back(void)
{
	const char *path = scratch("round.db");
	struct err e = {0};
	bool has = true;
	enum db_found found = DB_SAME;
	struct db *db = open_run(path, &found);
	CU_ASSERT_EQUAL(found, DB_NEW);
	CU_ASSERT_EQUAL(synthetic_put(db, 2, 3, 1, 500, &e), 0);
	db_close(db);

	db = open_run(path, &found);
	CU_ASSERT_EQUAL(found, DB_SAME);
	struct run_sink sink = db_sink(db);
	struct synthetic_point p;
	synthetic_point(&p, 2, 3);
	CU_ASSERT_EQUAL(sink.has_run(sink.ctx, p.point.id, 1, &has, &e), 0);
	CU_ASSERT_TRUE(has);
	CU_ASSERT_EQUAL(sink.has_run(sink.ctx, p.point.id, 0, &has, &e), 0);
	CU_ASSERT_FALSE(has);
	double value;
	CU_ASSERT_EQUAL(sink.get_value(sink.ctx, p.point.id, 1, "tasks.done", "", &value, &e), 0);
	CU_ASSERT_EQUAL(value, 500);
	CU_ASSERT_EQUAL(sink.get_value(sink.ctx, p.point.id, 1, "tasks.dome", "", &value, &e), 0);
	CU_ASSERT_TRUE(isnan(value));
	struct db_counts n;
	CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
	CU_ASSERT_EQUAL(n.points, 1);
	CU_ASSERT_EQUAL(n.done, 1);
	CU_ASSERT_EQUAL(n.failed, 0);
	CU_ASSERT_EQUAL(db_seed(db), 1);
	db_close(db);
	CU_ASSERT_EQUAL(access(scratch("round.db-journal"), F_OK), -1);
	CU_ASSERT_EQUAL(access(scratch("round.db-wal"), F_OK), -1);
}

static void an_undefined_value_stays_undefined(void)
{
	struct err e = {0};
	struct db *db = open_run(scratch("nan.db"), NULL);
	CU_ASSERT_EQUAL(synthetic_put(db, 3, 5, 0, 100, &e), 0);
	struct run_sink sink = db_sink(db);
	struct synthetic_point p;
	double value = 1;
	synthetic_point(&p, 3, 5);
	CU_ASSERT_EQUAL(
		sink.get_value(sink.ctx, p.point.id, 0, "battery.end", "phones", &value, &e), 0);
	CU_ASSERT_TRUE(isnan(value));
	db_close(db);
}

static void a_failed_run_is_kept_and_replaced_by_a_done_one(void)
{
	struct err e = {0};
	struct err why = {ERR_LIMIT, "handset 7 has negative charge"};
	struct db *db = open_run(scratch("failed.db"), NULL);
	struct run_sink sink = db_sink(db);
	struct synthetic_point p;
	synthetic_point(&p, 0, 0);
	CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &p.point, &e), 0);
	struct run_record failed = {.key = {p.point.id, 0, 1},
				    .failed = true,
				    .error = &why,
				    .reproduce = "mcvsim run s.json --point x"};
	struct db_counts n;
	bool has = true;
	for (int twice = 0; twice < 2; twice++) {
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &failed, &e), 0);
		CU_ASSERT_EQUAL(sink.has_run(sink.ctx, p.point.id, 0, &has, &e), 0);
		CU_ASSERT_FALSE(has);
		CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
		CU_ASSERT_EQUAL(n.failed, 1);
	}
	CU_ASSERT_EQUAL(synthetic_put(db, 0, 0, 0, 100, &e), 0);
	CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
	CU_ASSERT_EQUAL(n.failed, 0);
	CU_ASSERT_EQUAL(n.done, 1);
	/* A done run stays. */
	CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &failed, &e), 0);
	CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
	CU_ASSERT_EQUAL(n.done, 1);
	db_close(db);
}

static void a_run_with_a_metric_twice_leaves_nothing(void)
{
	struct err e = {0};
	struct db *db = open_run(scratch("twice.db"), NULL);
	struct run_sink sink = db_sink(db);
	struct synthetic_point p;
	synthetic_point(&p, 0, 0);
	struct run_result r = {0};
	run_result_add(&r, "new.metric", "", "s", 1);
	run_result_add(&r, "new.metric", "", "s", 2);
	struct run_record record = {.key = {p.point.id, 0, 1}, .result = &r};
	CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &p.point, &e), 0);
	CU_ASSERT(sink.put_run(sink.ctx, &record, &e) < 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "new.metric"));
	struct db_counts n;
	CU_ASSERT_EQUAL(db_count(db, &n, &e), 0);
	CU_ASSERT_EQUAL(n.done, 0);
	/* and what was learnt in that transaction is not believed later */
	r.value_count = 1;
	CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
	double value;
	CU_ASSERT_EQUAL(sink.get_value(sink.ctx, p.point.id, 0, "new.metric", "", &value, &e), 0);
	CU_ASSERT_EQUAL(value, 1);
	run_result_free(&r);
	db_close(db);
}

static void expect_refused(const char *path, const struct db_study *other, const char *text)
{
	struct err e = {0};
	struct db *db = NULL;
	CU_ASSERT_EQUAL(db_open_run(&db, path, other, NULL, &e), ERR_EXISTS);
	CU_ASSERT_PTR_NULL(db);
	if (!strstr(e.text, text))
		printf(" got: %s ", e.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, text));
}

static void another_study_profile_or_seed_is_refused(void)
{
	const char *path = scratch("mix.db");
	struct synthetic other;
	db_close(open_run(path, NULL));

	synthetic_init(&other);
	/* Which points it has is not said, so nothing but the same study will do. */
	json_put(other.document, "/repeat", cJSON_CreateNumber(10));
	expect_refused(path, &other.study, "another study (/repeat is 5 there and 10 here)");
	synthetic_free(&other);

	synthetic_init(&other);
	json_put(other.profile, "/primitives/hypercall/p50", cJSON_CreateNumber(1));
	expect_refused(path, &other.study, "another profile (/primitives/hypercall/p50");
	synthetic_free(&other);

	synthetic_init(&other);
	other.study.seed = UINT64_MAX;
	expect_refused(path, &other.study, "seed 1, not 18446744073709551615");
	synthetic_free(&other);
}

static void figures_may_change_and_are_kept(void)
{
	const char *path = scratch("figures.db");
	struct synthetic other;
	struct err e = {0};
	struct db *db = open_run(path, NULL);
	char hash[33];
	snprintf(hash, sizeof(hash), "%s", db_study_hash(db));
	CU_ASSERT_EQUAL(synthetic_put(db, 0, 0, 0, 100, &e), 0);
	db_close(db);
	synthetic_init(&other);
	json_put(other.document, "/figures/0/log", cJSON_CreateString("xy"));
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &other.study, NULL, &e), 0);
	CU_ASSERT_STRING_EQUAL(json_at(db_document(db), "/figures/0/log")->valuestring, "xy");
	db_close(db);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_STRING_EQUAL(json_at(db_document(db), "/figures/0/log")->valuestring, "xy");
	CU_ASSERT_STRING_EQUAL(db_study_hash(db), hash);
	db_close(db);
	synthetic_free(&other);
}

static void content_does_not_depend_on_the_order_of_runs(void)
{
	char forward[33], backward[33], other[33];
	struct err e = {0};
	struct db *db = open_run(scratch("forward.db"), NULL);
	for (uint32_t i = 0; i < 12; i++)
		CU_ASSERT_EQUAL(synthetic_put(db, i % 4, i / 4, 0, 300, &e), 0);
	db_close(db);
	content_hash(scratch("forward.db"), forward);
	db = open_run(scratch("backward.db"), NULL);
	for (uint32_t i = 12; i-- > 0;) {
		CU_ASSERT_EQUAL(synthetic_put(db, i % 4, i / 4, 0, 300, &e), 0);
		if (i == 5) { /* stopped and resumed */
			db_close(db);
			db = open_run(scratch("backward.db"), NULL);
		}
	}
	CU_ASSERT_EQUAL(db_content_hash(db, backward, &e), 0);
	CU_ASSERT_STRING_EQUAL(forward, backward);
	CU_ASSERT_EQUAL(synthetic_put(db, 0, 0, 1, 300, &e), 0);
	CU_ASSERT_EQUAL(db_content_hash(db, other, &e), 0);
	CU_ASSERT_STRING_NOT_EQUAL(forward, other);
	db_close(db);
}

static void the_largest_seed_survives(void)
{
	struct synthetic other;
	struct err e = {0};
	struct db *db;
	synthetic_init(&other);
	other.study.seed = UINT64_MAX;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, scratch("seed.db"), &other.study, NULL, &e), 0);
	db_close(db);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, scratch("seed.db"), &e), 0);
	CU_ASSERT_EQUAL(db_seed(db), UINT64_MAX);
	db_close(db);
	synthetic_free(&other);
}

static void a_reader_cannot_write(void)
{
	struct err e = {0};
	db_close(open_run(scratch("reader.db"), NULL));
	struct db *db;
	CU_ASSERT_EQUAL_FATAL(db_open(&db, scratch("reader.db"), &e), 0);
	CU_ASSERT(synthetic_put(db, 0, 0, 0, 10, &e) < 0);
	db_close(db);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"what_is_stored_is_read_back", what_is_stored_is_read_back},
		{"an_undefined_value_stays_undefined", an_undefined_value_stays_undefined},
		{"a_failed_run_is_kept_and_replaced_by_a_done_one",
		 a_failed_run_is_kept_and_replaced_by_a_done_one},
		{"a_run_with_a_metric_twice_leaves_nothing",
		 a_run_with_a_metric_twice_leaves_nothing},
		{"another_study_profile_or_seed_is_refused",
		 another_study_profile_or_seed_is_refused},
		{"figures_may_change_and_are_kept", figures_may_change_and_are_kept},
		{"content_does_not_depend_on_the_order_of_runs",
		 content_does_not_depend_on_the_order_of_runs},
		{"the_largest_seed_survives", the_largest_seed_survives},
		{"a_reader_cannot_write", a_reader_cannot_write},
		{0},
	};
	synthetic_init(&study);
	int status = test_main("reports.db", cases, argc, argv);
	synthetic_free(&study);
	return status;
}
