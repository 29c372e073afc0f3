/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The views that scripts rely on, asked through a plain sqlite3 shell, and the intervals in them
 * held against GSL.
 */
#include "reports/data/dataset.h"
#include "reports/db/student.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void quantiles_agree_with_gsl(void)
{
	for (int v = 1; v <= 2000; v++)
		CU_ASSERT_DOUBLE_EQUAL(student_t975(v) / gsl_cdf_tdist_Pinv(0.975, v), 1, 5e-9);
	CU_ASSERT_DOUBLE_EQUAL(student_t975(1e12), gsl_cdf_ugaussian_Pinv(0.975), 1e-11);
	CU_ASSERT_TRUE(isnan(student_t975(0)));
	CU_ASSERT_TRUE(isnan(student_ci95(1, 2)));
	CU_ASSERT_TRUE(student_t975(4.7) == student_t975(4));
}

static char *shell(const char *sql)
{
	struct program_result r = program_run("sqlite3 -batch $TMP/views.db \"%s\"", sql);
	if (r.code)
		printf(" %s ", r.err);
	CU_ASSERT_EQUAL(r.code, 0);
	char *out = strdup(r.out);
	program_free(&r);
	return out;
}

static void expect(const char *sql, const char *text)
{
	char *out = shell(sql);
	if (strcmp(out, text) != 0)
		printf(" %s gave: %s ", sql, out);
	CU_ASSERT_STRING_EQUAL(out, text);
	free(out);
}

/* Also makes the database that all cases ask, when it is not there yet. */
static bool have_shell(void)
{
	static bool made;
	char path[200];
	snprintf(path, sizeof(path), "%s/views.db", test_scratch());
	if (!made)
		synthetic_write(path);
	made = true;
	struct program_result r = program_run("command -v sqlite3");
	bool have = r.code == 0;
	program_free(&r);
	if (!have)
		test_skip("no sqlite3 program");
	return have;
}

static void the_columns_are_the_promised_ones(void)
{
	if (!have_shell())
		return;
	expect("SELECT group_concat(name) FROM pragma_table_info('result')",
	       "point,repetition,metric,subject,value,unit\n");
	expect("SELECT group_concat(name) FROM pragma_table_info('summary')",
	       "point,metric,subject,unit,n,mean,sd,ci95\n");
	expect("SELECT group_concat(name) FROM pragma_table_info('parameter')",
	       "point,name,value,unit\n");
}

static void values_and_parameters_can_be_joined(void)
{
	if (!have_shell())
		return;
	expect("SELECT count(*), count(DISTINCT point) FROM result WHERE metric = "
	       "'response_time.p95'",
	       "120|24\n");
	expect("SELECT value, typeof(value), unit FROM parameter WHERE name = 'exit_cost' GROUP BY "
	       "value",
	       "0.25|real|1\n0.5|real|1\n1.0|real|1\n2.0|real|1\n4.0|real|1\n8.0|real|1\n");
	expect("SELECT p.value, sum(r.value) FROM result r JOIN parameter p USING(point) "
	       "WHERE metric = 'tasks.done' AND name = 'platform' GROUP BY 1",
	       "container|60000.0\nkvm-emulated|60000.0\nkvm-virtio|60000.0\nnative|60000.0\n");
}

/* For n = 5 from the table of quantiles, and for n = 60 beyond it. */
static void summary_gives_students_interval(void)
{
	if (!have_shell())
		return;
	struct synthetic s;
	struct err e = {0};
	struct db *db;
	synthetic_init(&s);
	char path[200];
	snprintf(path, sizeof(path), "%s/views.db", test_scratch());
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &s.study, NULL, &e), 0);
	for (uint32_t r = SYNTHETIC_REPETITIONS; r < 60; r++)
		CU_ASSERT_EQUAL(synthetic_put(db, 1, 1, r, 200, &e), 0);
	struct synthetic_point p[2];
	synthetic_point(&p[0], 1, 0);
	synthetic_point(&p[1], 1, 1);
	struct run_sink sink = db_sink(db);
	for (int i = 0; i < 2; i++) {
		int n = i ? 60 : 5;
		double sum = 0, squares = 0, x;
		for (uint32_t r = 0; r < (uint32_t)n; r++) {
			sink.get_value(sink.ctx, p[i].point.id, r, "response_time.p95", "", &x, &e);
			sum += x;
		}
		for (uint32_t r = 0; r < (uint32_t)n; r++) {
			sink.get_value(sink.ctx, p[i].point.id, r, "response_time.p95", "", &x, &e);
			squares += (x - sum / n) * (x - sum / n);
		}
		double sd = sqrt(squares / (n - 1));
		double ci = gsl_cdf_tdist_Pinv(0.975, n - 1) * sd / sqrt(n);
		char sql[600];
		snprintf(sql, sizeof(sql),
			 "SELECT n, printf('%%!.17g', mean), printf('%%!.17g', sd), "
			 "printf('%%!.17g', ci95), unit FROM summary WHERE point = '%s' AND metric "
			 "= "
			 "'response_time.p95'",
			 p[i].point.id);
		char *out = shell(sql);
		int got_n;
		double mean, got_sd, got_ci;
		CU_ASSERT_EQUAL_FATAL(
			sscanf(out, "%d|%lf|%lf|%lf|s", &got_n, &mean, &got_sd, &got_ci), 4);
		CU_ASSERT_EQUAL(got_n, n);
		CU_ASSERT_DOUBLE_EQUAL(mean / (sum / n), 1, 1e-13);
		CU_ASSERT_DOUBLE_EQUAL(got_sd / sd, 1, 1e-9);
		CU_ASSERT_DOUBLE_EQUAL(got_ci / ci, 1, 1e-8);
		free(out);
	}
	db_close(db);
	synthetic_free(&s);
}

static void summary_leaves_out_what_is_not_defined(void)
{
	if (!have_shell())
		return;
	expect("SELECT n, mean IS NULL, sd IS NULL, ci95 IS NULL FROM summary WHERE metric = "
	       "'battery.end' AND n = 0",
	       "0|1|1|1\n");
	expect("SELECT count(*) FROM summary WHERE metric = 'battery.end' AND n >= 5 AND sd = 0 "
	       "AND "
	       "ci95 = 0",
	       "23\n");
}

/* Two points of three repetitions that nearly agree: the second is 0.1 % more. */
static void write_close(const char *path)
{
	struct db_study study = {.document = cJSON_Parse("{\"sweep\":{\"a\":{}}}"),
				 .profile = cJSON_CreateObject(),
				 .seed = 1,
				 .version = "0",
				 .command = ""};
	struct err e = {0};
	struct db *close;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&close, path, &study, NULL, &e), 0);
	struct run_sink sink = db_sink(close);
	for (int i = 0; i < 6; i++) {
		struct parameter p[] = {{"a", "", true, i / 3, "1"}};
		struct point point = {.parameters = p, .parameter_count = 1};
		struct run_result r = {0};
		struct run_record record = {.key = {point.id, (uint32_t)(i % 3), 1}, .result = &r};
		double value = (i < 3 ? 2 : 2.002) + 1e-6 * (i % 3) * (i + 1);
		snprintf(point.id, sizeof(point.id), "%032d", i / 3);
		run_result_add(&r, "t.mean", "", "s", value);
		run_result_add(&r, "t.p95", "", "s", value);
		run_result_add(&r, "t.p95", "same", "s", 2);
		CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &point, &e), 0);
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
		run_result_free(&r);
	}
	db_close(close);
	cJSON_Delete((cJSON *)study.document);
	cJSON_Delete((cJSON *)study.profile);
}

/* Repetitions agree on a quantile better than the histogram tells it. */
static void the_interval_of_a_quantile_is_a_bucket_or_more(void)
{
	char path[200];
	struct err e = {0};
	struct db *db;
	struct dataset data;
	snprintf(path, sizeof(path), "%s/close.db", test_scratch());
	write_close(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
	const struct data_metric *mean = dataset_find_metric(&data, "t.mean", "");
	const struct data_metric *p95 = dataset_find_metric(&data, "t.p95", "");
	const struct data_metric *same = dataset_find_metric(&data, "t.p95", "same");
	const size_t baseline[] = {0, 0};
	struct cell a[2], b[2], c[2];
	struct comparison d;
	CU_ASSERT_EQUAL(dataset_summary(&data, mean, a, &e), 0);
	CU_ASSERT_EQUAL(dataset_summary(&data, p95, b, &e), 0);
	CU_ASSERT(a[0].ci95 < 1e-5 && a[0].sd == b[0].sd);
	CU_ASSERT_EQUAL(b[0].ci95, b[0].mean / 128);
	/* So a difference of 0.1 % is one of means, and none of quantiles. */
	CU_ASSERT_EQUAL(dataset_paired(&data, mean, baseline, a, &e), 0);
	CU_ASSERT_EQUAL(dataset_paired(&data, p95, baseline, b, &e), 0);
	CU_ASSERT_EQUAL(dataset_paired(&data, same, baseline, c, &e), 0);
	CU_ASSERT(a[1].mean == b[1].mean && a[1].mean > a[1].ci95 && b[1].mean < b[1].ci95);
	CU_ASSERT(b[0].ci95 == 0 && c[1].ci95 == 0); /* the same in each repetition */
	CU_ASSERT_EQUAL(dataset_compare(&data, p95, &data.points[0], &data, p95, &data.points[1],
					true, &d, &e),
			0);
	CU_ASSERT_EQUAL(d.difference.ci95, b[1].ci95);
	dataset_free(&data);
	db_close(db);
	if (!have_shell())
		return;
	PROGRAM_EXPECT(
		0, "1|1|1|1|0|0|",
		"sqlite3 -batch $TMP/close.db \"SELECT abs(ci95 - mean / 128) < 1e-12 FROM summary "
		"ORDER BY metric DESC, subject, point\" | tr '\\n' '|'");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"quantiles_agree_with_gsl", quantiles_agree_with_gsl},
		{"the_columns_are_the_promised_ones", the_columns_are_the_promised_ones},
		{"values_and_parameters_can_be_joined", values_and_parameters_can_be_joined},
		{"summary_leaves_out_what_is_not_defined", summary_leaves_out_what_is_not_defined},
		{"summary_gives_students_interval", summary_gives_students_interval},
		{"the_interval_of_a_quantile_is_a_bucket_or_more",
		 the_interval_of_a_quantile_is_a_bucket_or_more},
		{0},
	};
	return test_main("reports.views", cases, argc, argv);
}
