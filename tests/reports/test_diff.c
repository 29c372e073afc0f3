/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table/diff.h"
#include "sim/base/json.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct side {
	struct db *db;
	struct dataset data;
};

/* A database of the synthetic study with `tasks` tasks a run, on the first `platforms`. */
static void make(struct side *side, const char *name, uint64_t seed, size_t platforms, size_t tasks)
{
	char path[200];
	struct synthetic s;
	struct err e = {0};
	struct db *db;
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	unlink(path);
	synthetic_init(&s);
	s.study.seed = seed;
	if (tasks != 500)
		json_put(s.document, "/repeat", cJSON_CreateNumber(7));
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &s.study, NULL, &e), 0);
	for (size_t p = 0; p < platforms; p++)
		for (size_t c = 0; c < 2; c++)
			for (uint32_t r = 0; r < 5; r++)
				CU_ASSERT_EQUAL(synthetic_put(db, p, c, r, tasks, &e), 0);
	db_close(db);
	synthetic_free(&s);
	CU_ASSERT_EQUAL_FATAL(db_open(&side->db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&side->data, side->db, &e), 0);
}

static void drop(struct side *side)
{
	dataset_free(&side->data);
	db_close(side->db);
}

static struct diff compare(uint64_t seed, size_t platforms, size_t tasks)
{
	struct side a, b;
	struct diff d;
	struct err e = {0};
	make(&a, "a.db", 1, 3, 500);
	make(&b, "b.db", seed, platforms, tasks);
	CU_ASSERT_EQUAL_FATAL(diff_results(&a.data, &b.data, 10, &d, &e), 0);
	drop(&a);
	drop(&b);
	return d;
}

static void the_same_is_identical(void)
{
	struct diff d = compare(1, 3, 500);
	CU_ASSERT_EQUAL(d.origins, 0);
	CU_ASSERT_EQUAL(d.points, 6);
	CU_ASSERT(d.numbers > 100);
	CU_ASSERT_EQUAL(d.identical, d.numbers);
	CU_ASSERT_EQUAL(d.change.row_count, 0);
	diff_free(&d);
}

static void what_it_was_made_from_is_told(void)
{
	struct diff d = compare(2, 3, 600);
	CU_ASSERT_EQUAL(d.origins, 2);
	CU_ASSERT_STRING_EQUAL(d.origin.cells[0], "study /repeat");
	CU_ASSERT_STRING_EQUAL(d.origin.cells[1], "5");
	CU_ASSERT_STRING_EQUAL(d.origin.cells[2], "7");
	CU_ASSERT_STRING_EQUAL(d.origin.cells[3], "seed");
	diff_free(&d);
}

static void changes_are_told_with_their_significance(void)
{
	/* Tasks done differ without any spread; the rest is another sample of the same. */
	struct diff d = compare(1, 3, 600);
	CU_ASSERT(d.identical < d.numbers);
	CU_ASSERT(d.significant >= 6);
	CU_ASSERT_EQUAL(d.change.row_count, 10);
	const cJSON *c, *list = cJSON_GetObjectItem(d.json, "changes");
	size_t done = 0;
	cJSON_ArrayForEach(c, list)
	{
		if (strcmp(cJSON_GetObjectItem(c, "metric")->valuestring, "tasks.done") != 0)
			continue;
		CU_ASSERT_EQUAL(cJSON_GetObjectItem(c, "difference")->valuedouble, 100);
		CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItem(c, "significant")));
		done++;
	}
	CU_ASSERT_EQUAL(done, 6);
	diff_free(&d);
}

static void points_without_counterpart_are_counted(void)
{
	struct diff d = compare(1, 2, 500);
	CU_ASSERT_EQUAL(d.points, 4);
	CU_ASSERT_EQUAL(d.only_a, 2);
	CU_ASSERT_EQUAL(d.only_b, 0);
	diff_free(&d);
	d = compare(1, 4, 500);
	CU_ASSERT_EQUAL(d.only_a, 0);
	CU_ASSERT_EQUAL(d.only_b, 2);
	diff_free(&d);
}

/* Of two samples of one distribution about one in twenty is called different. */
static void chance_is_seldom_called_a_change(void)
{
	struct side a, b;
	struct diff d;
	struct err e = {0};
	make(&a, "a.db", 1, 3, 500);
	make(&b, "b.db", 2, 3, 600);
	CU_ASSERT_EQUAL_FATAL(diff_results(&a.data, &b.data, 10, &d, &e), 0);
	const cJSON *c, *list = cJSON_GetObjectItem(d.json, "changes");
	size_t seen = 0, called = 0;
	cJSON_ArrayForEach(c, list)
	{
		if (strncmp(cJSON_GetObjectItem(c, "metric")->valuestring, "response_time", 13) !=
		    0)
			continue;
		seen++;
		called += cJSON_IsTrue(cJSON_GetObjectItem(c, "significant")) ? 1 : 0;
	}
	CU_ASSERT_EQUAL(seen, 24);
	CU_ASSERT(called <= 5);
	diff_free(&d);
	drop(&a);
	drop(&b);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_same_is_identical", the_same_is_identical},
		{"what_it_was_made_from_is_told", what_it_was_made_from_is_told},
		{"changes_are_told_with_their_significance",
		 changes_are_told_with_their_significance},
		{"points_without_counterpart_are_counted", points_without_counterpart_are_counted},
		{"chance_is_seldom_called_a_change", chance_is_seldom_called_a_change},
		{0},
	};
	return test_main("reports.diff", cases, argc, argv);
}
