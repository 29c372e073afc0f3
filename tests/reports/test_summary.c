/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tables and exports: the numbers are those of the views, and every format can be read back.
 */
#include "reports/table/export.h"
#include "reports/data/scale.h"
#include "reports/table/summary.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct db *db;
static struct dataset data;

static void open_data(void)
{
	if (db)
		return;
	char path[200];
	struct err e = {0};
	snprintf(path, sizeof(path), "%s/summary.db", test_scratch());
	synthetic_write(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
}

static void prefixes_fit(void)
{
	static const struct {
		const char *unit;
		double largest, factor;
		const char *shown;
	} cases[] = {
		{"s", 0.783, 1e3, "ms"},
		{"s", 1.2, 1, "s"},
		{"s", 7000, 1, "s"},
		{"s", 86400, 1.0 / 3600, "h"},
		{"s", 3e-6, 1e6, "\xc2\xb5s"},
		{"J", 12900, 1e-3, "kJ"},
		{"J", 0.02, 1e3, "mJ"},
		{"1", 0.01, 1, ""},
		{"1", 5000, 1, ""},
		{"bit/s", 3e7, 1e-6, "Mbit/s"},
		{"B", 0.5, 1, "B"},
		{"1/s", 12000, 1, "1/s"},
		{"W", 0, 1, "W"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scale s = scale_choose(cases[i].unit, cases[i].largest);
		CU_ASSERT_DOUBLE_EQUAL(s.factor / cases[i].factor, 1, 1e-12);
		CU_ASSERT_STRING_EQUAL(s.unit, cases[i].shown);
	}
}

static void ticks_are_numbers_that_people_read(void)
{
	static const struct {
		double value;
		const char *shown;
	} cases[] = {
		{14400, "14400"},
		{0, "0"},
		{-3, "-3"},
		{1.0 / 3, "0.3333"},
		{86400 * 50, "4.32e+06"},
		{999999, "999999"},
		{12345.6, "1.235e+04"},
		{0.1 * 3, "0.3"},
		{1e-7, "1e-07"},
	};
	char text[32];
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_STRING_EQUAL(scale_number(cases[i].value, text, sizeof(text)),
				       cases[i].shown);
}

static void labels_come_from_names(void)
{
	static const struct {
		const char *metric, *subject, *label;
	} cases[] = {
		{"response_time.p95", "", "response time, p95"},
		{"response_time.p99.9", "", "response time, p99.9"},
		{"battery.life", "my_phones", "battery life, my_phones"},
		{"tasks.done", "", "tasks done"},
		{"overhead", "", "time per task"},
		{"app.energy_to_result.mean", "", "app energy to result, mean"},
		{"utilization", "edge/node/0", "utilization, edge/node/0"},
	};
	char text[80];
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_STRING_EQUAL(
			scale_metric_label(cases[i].metric, cases[i].subject, text, sizeof(text)),
			cases[i].label);
}

/* As short as they can be written, in units that people use. */
static void axes_have_the_unit_that_suits_their_values(void)
{
	struct data_level rates[] = {{"3 /min", 0.05}, {"6 /min", 0.1}, {"1 /s", 1}};
	struct data_level times[] = {{"10 ms", 0.01}, {"45 ms", 0.045}};
	struct data_level spans[] = {{"5 min", 300}, {"1 h", 3600}};
	struct data_axis axes[] = {
		{.unit = "1/s", .numeric = true, .values = rates, .count = 3},
		{.unit = "s", .numeric = true, .values = times, .count = 2},
		{.unit = "s", .numeric = true, .values = spans, .count = 2},
	};
	static const char *const units[] = {"1/min", "ms", "min"};
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_STRING_EQUAL(axis_scale(&axes[i]).unit, units[i]);
}

static void digits_follow_the_interval(void)
{
	static const struct {
		double mean, ci;
		const char *text;
	} cases[] = {
		{347.21874, 0.4123, "347.2 +- 0.4"},
		{347.21874, 0.1523, "347.22 +- 0.15"},
		{347.21874, 12.3, "347 +- 12"},
		{347.21874, 45.1, "350 +- 50"},
		{0.0012345, 0.00002, "0.00123 +- 0.00002"},
		{5, NAN, "5"},
		{5, 0, "5"},
		{NAN, NAN, "-"},
		{123456.7, NAN, "1.235e+05"},
		{-3.14159, 0.02, "-3.14 +- 0.02"},
		{121.2, 1400, "100 +- 1400"},
		{4.13, 50, "4 +- 50"},
		{-3.2, 1400, "-3 +- 1400"},
		{-0.3, 4, "-0.3 +- 4"},
		{9.96, 50, "10 +- 50"},
		{-1e-14, 1400, "0 +- 1400"},
		{-0.0, 0.5, "0.0 +- 0.5"},
		{-0.0, NAN, "0"},
		{0.101180716, 7e-13, "0.1012"},
		{0.101180716, 7e-8, "0.10118072 +- 0.00000007"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[80];
		scale_print(cases[i].mean, cases[i].ci, "+-", text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
		if (strcmp(text, cases[i].text) != 0)
			printf(" %s, not %s ", text, cases[i].text);
	}
}

static char *print(const struct summary_request *r, enum table_format format)
{
	struct table t;
	struct diag_list diags = {0};
	struct err e = {0};
	char *text = NULL;
	size_t size;
	open_data();
	CU_ASSERT_EQUAL_FATAL(summary_table(&data, r, &t, &diags, &e), 0);
	FILE *out = open_memstream(&text, &size);
	table_print(&t, format, out);
	fclose(out);
	table_free(&t);
	diag_free(&diags);
	return text;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* As a terminal shows them: characters of East Asia take two columns, combining accents none, and
 * what is not UTF-8 one a byte. */
static void columns_are_as_a_terminal_shows_them(void)
{
	static const struct {
		const char *text;
		size_t width;
	} cases[] = {
		{"", 0},
		{"kvm-virtio", 10},
		{"12 \xc2\xb1 3 \xc2\xb5s", 9},
		{"\xd0\xba\xd0\xbe\xd0\xbd", 3},
		{"\xe4\xbb\xae\xe6\x83\xb3 x", 6}, /* two characters, a space, a letter */
		{"e\xcc\x81", 1},		   /* e and an acute that combines */
		{"\xe2\x80\xa6", 1},		   /* an ellipsis */
		{"a\xff\xe4z", 4},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CU_ASSERT_EQUAL(table_text_width(cases[i].text), cases[i].width);
}

static void a_table_has_a_row_a_point(void)
{
	struct summary_request r = {.width = 200};
	char *text = print(&r, TABLE_TEXT);
	CU_ASSERT_EQUAL(lines_of(text), SYNTHETIC_POINTS + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "response time, p95 (ms)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "kvm-emulated"));
	free(text);
	/* In a terminal metrics that were not asked for give way; those that were become rows. */
	r.width = 80;
	text = print(&r, TABLE_TEXT);
	CU_ASSERT_EQUAL(lines_of(text), SYNTHETIC_POINTS + 1);
	CU_ASSERT(strcspn(text, "\n") <= 80);
	free(text);
	const char *const metrics[] = {"response_time", "overhead"};
	r.metrics = metrics;
	r.metric_count = 2;
	text = print(&r, TABLE_TEXT);
	CU_ASSERT_EQUAL(lines_of(text), SYNTHETIC_POINTS * (4 + 9) + 1);
	CU_ASSERT(strcspn(text, "\n") <= 80);
	free(text);
}

static void filters_and_metrics_choose(void)
{
	const char *const metrics[] = {"response_time.p50", "utilization:edge/node/1"};
	struct summary_request r = {.filter = "platform LIKE 'kvm%' AND exit_cost >= 4",
				    .metrics = metrics,
				    .metric_count = 2};
	char *text = print(&r, TABLE_TEXT);
	CU_ASSERT_EQUAL(lines_of(text), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "utilization, edge/node/1"));
	CU_ASSERT_PTR_NULL(strstr(text, "edge/node/0"));
	free(text);
	const char *const whole[] = {"response_time"};
	r = (struct summary_request){.metrics = whole, .metric_count = 1};
	text = print(&r, TABLE_TEXT);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "p50"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "p99"));
	free(text);
}

static void every_format_has_its_marks(void)
{
	const char *const metrics[] = {"response_time.p95"};
	struct summary_request r = {.filter = "exit_cost = 1",
				    .metrics = metrics,
				    .metric_count = 1,
				    .baseline = "platform=native"};
	char *text = print(&r, TABLE_MARKDOWN);
	CU_ASSERT_EQUAL(strncmp(text, "| platform | exit cost | response time, p95 (ms) |", 50), 0);
	CU_ASSERT_EQUAL(lines_of(text), 2 + 4 + 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n\n\\* The 95 % interval"));
	free(text);
	text = print(&r, TABLE_LATEX);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\\begin{tabular}{lrrr}"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "$\\pm$"));
	CU_ASSERT_PTR_NULL(strstr(text, "\xc2\xb1"));
	free(text);
	text = print(&r, TABLE_HTML);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "<th scope=\"col\">platform</th>"));
	free(text);
}

static void differences_are_paired_and_marked(void)
{
	const char *const metrics[] = {"response_time.mean"};
	struct summary_request r = {.filter = "exit_cost = 8",
				    .metrics = metrics,
				    .metric_count = 1,
				    .baseline = "platform=native"};
	struct diag_list diags = {0};
	struct err e = {0};
	cJSON *list;
	double share = NAN;
	open_data();
	CU_ASSERT_EQUAL_FATAL(summary_json(&data, &r, &list, &diags, &e), 0);
	CU_ASSERT_EQUAL(cJSON_GetArraySize(list), 4);
	const cJSON *point;
	cJSON_ArrayForEach(point, list)
	{
		const char *platform =
			cJSON_GetObjectItem(cJSON_GetObjectItem(point, "parameters"), "platform")
				->valuestring;
		const cJSON *value = cJSON_GetArrayItem(cJSON_GetObjectItem(point, "values"), 0);
		const cJSON *difference = cJSON_GetObjectItem(value, "difference");
		double mean = cJSON_GetObjectItem(difference, "mean")->valuedouble;
		bool significant = cJSON_IsTrue(cJSON_GetObjectItem(difference, "significant"));
		if (strcmp(platform, "native") == 0) {
			CU_ASSERT_EQUAL(mean, 0);
			CU_ASSERT_FALSE(significant);
		}
		if (strcmp(platform, "kvm-emulated") == 0) {
			CU_ASSERT(mean > 0.1);
			CU_ASSERT_TRUE(significant);
			double of_both = cJSON_GetObjectItem(value, "mean")->valuedouble;
			share = cJSON_GetObjectItem(difference, "relative")->valuedouble;
			CU_ASSERT_DOUBLE_EQUAL(share, mean / (of_both - mean), 1e-12);
		}
	}
	cJSON_Delete(list);
	diag_free(&diags);
	/* The table says the same, of what is significant. */
	char said[40], *text = print(&r, TABLE_TEXT);
	snprintf(said, sizeof(said), "(%+.3g %%) *", 100 * share);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, said));
	CU_ASSERT_PTR_NULL(strstr(text, "nan"));
	free(text);
}

static void json_agrees_with_the_view(void)
{
	const char *const metrics[] = {"energy_per_task.mean"};
	struct summary_request r = {.metrics = metrics, .metric_count = 1};
	struct diag_list diags = {0};
	struct err e = {0};
	cJSON *list;
	open_data();
	CU_ASSERT_EQUAL_FATAL(summary_json(&data, &r, &list, &diags, &e), 0);
	for (int i = 0; i < cJSON_GetArraySize(list); i += 7) {
		const cJSON *point = cJSON_GetArrayItem(list, i);
		const cJSON *value = cJSON_GetArrayItem(cJSON_GetObjectItem(point, "values"), 0);
		struct program_result shell = program_run(
			"sqlite3 $TMP/summary.db \"SELECT printf('%%!.17g %%!.17g', mean, ci95) "
			"FROM "
			"summary WHERE point = '%s' AND metric = 'energy_per_task.mean'\"",
			cJSON_GetObjectItem(point, "point")->valuestring);
		double mean, ci;
		if (shell.code == 127) {
			test_skip("no sqlite3 program");
		} else {
			CU_ASSERT_EQUAL_FATAL(sscanf(shell.out, "%lf %lf", &mean, &ci), 2);
			CU_ASSERT_DOUBLE_EQUAL(
				cJSON_GetObjectItem(value, "mean")->valuedouble / mean, 1, 1e-13);
			CU_ASSERT_DOUBLE_EQUAL(cJSON_GetObjectItem(value, "ci95")->valuedouble / ci,
					       1, 1e-9);
		}
		program_free(&shell);
	}
	cJSON_Delete(list);
	diag_free(&diags);
}

static void mistakes_in_a_request_are_all_told(void)
{
	const char *const metrics[] = {"respons_time"};
	struct summary_request r = {.filter = "platfrom = 'native'",
				    .metrics = metrics,
				    .metric_count = 1,
				    .baseline = "platform=nativ"};
	struct diag_list diags = {0};
	struct err e = {0};
	struct table t;
	open_data();
	CU_ASSERT_EQUAL(summary_table(&data, &r, &t, &diags, &e), ERR_INVALID);
	CU_ASSERT_EQUAL(diags.errors, 3);
	diag_free(&diags);
}

static char *export_to_text(enum export_what what, enum export_format format)
{
	char *text = NULL;
	size_t size;
	struct err e = {0};
	open_data();
	FILE *out = open_memstream(&text, &size);
	CU_ASSERT_EQUAL(export_results(&data, what, format, out, &e), 0);
	fclose(out);
	return text;
}

static void exports_can_be_read_back(void)
{
	char *text = export_to_text(EXPORT_VALUES, EXPORT_JSONL);
	double sum = 0;
	size_t rows = 0, undefined = 0;
	for (char *save, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		cJSON *row = cJSON_Parse(line);
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		const cJSON *value = cJSON_GetObjectItem(row, "value");
		CU_ASSERT_TRUE(cJSON_IsObject(cJSON_GetObjectItem(row, "parameters")));
		if (cJSON_IsNull(value))
			undefined++;
		else if (strcmp(cJSON_GetObjectItem(row, "metric")->valuestring, "tasks.done") == 0)
			sum += value->valuedouble;
		CU_ASSERT_STRING_EQUAL(
			cJSON_GetStringValue(cJSON_GetObjectItem(row, "profile_hash")),
			db_profile_hash(db));
		rows++;
		cJSON_Delete(row);
	}
	free(text);
	/* 19 values a run; on one point the charge is not defined. */
	CU_ASSERT_EQUAL(rows, SYNTHETIC_POINTS * SYNTHETIC_REPETITIONS * 19);
	CU_ASSERT_EQUAL(undefined, SYNTHETIC_REPETITIONS);
	CU_ASSERT_EQUAL(sum, SYNTHETIC_POINTS * SYNTHETIC_REPETITIONS * 2000.0);
	text = export_to_text(EXPORT_VALUES, EXPORT_CSV);
	CU_ASSERT_EQUAL(lines_of(text), rows + 1);
	CU_ASSERT_EQUAL(strncmp(text,
				"study,profile_hash,seed,point,repetition,platform,exit_cost,"
				"metric,subject,"
				"value,unit\r\n",
				85),
			0);
	free(text);
}

/* Histograms and series give back what the dataset reads of them. */
static void distributions_and_series_are_exported_with_their_context(void)
{
	struct pooled h;
	struct err e = {0};
	for (int what = EXPORT_HISTOGRAMS; what <= EXPORT_SERIES; what++) {
		char *text = export_to_text((enum export_what)what, EXPORT_CSV);
		const char *second = strchr(text, '\n') + 1;
		size_t columns = 1, cells = 1;
		for (const char *p = text; *p != '\n'; p++)
			columns += *p == ',';
		for (const char *p = second; *p != '\n'; p++)
			cells += *p == ',';
		CU_ASSERT_EQUAL(columns, cells);
		CU_ASSERT_EQUAL(columns, what == EXPORT_SERIES ? 12 : 13);
		CU_ASSERT(strstr(text, what == EXPORT_SERIES
					       ? "subject,time_s,value,unit"
					       : "subject,low,high,count,unit") < second);
		free(text);
	}
	char *text = export_to_text(EXPORT_HISTOGRAMS, EXPORT_JSONL);
	double counted = 0, total = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		cJSON *row = cJSON_Parse(line);
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		CU_ASSERT(cJSON_GetObjectItem(row, "low")->valuedouble <
			  cJSON_GetObjectItem(row, "high")->valuedouble);
		CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItem(row, "parameters")), 2);
		counted += cJSON_GetObjectItem(row, "count")->valuedouble;
		cJSON_Delete(row);
	}
	free(text);
	const struct data_metric *m = dataset_find_metric(&data, "response_time", NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	for (size_t i = 0; i < data.point_count; i++) {
		CU_ASSERT_EQUAL(dataset_histogram(&data, m, &data.points[i], &h, &e), 0);
		total += (double)h.total;
		pooled_free(&h);
	}
	CU_ASSERT(counted > 0 && counted == total);
}

static void an_export_to_a_full_disk_is_an_error(void)
{
	FILE *out = fopen("/dev/full", "w");
	struct err e = {0};
	if (!out) {
		test_skip("no /dev/full");
		return;
	}
	open_data();
	CU_ASSERT_EQUAL(export_results(&data, EXPORT_VALUES, EXPORT_CSV, out, &e), ERR_IO);
	fclose(out);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"prefixes_fit", prefixes_fit},
		{"ticks_are_numbers_that_people_read", ticks_are_numbers_that_people_read},
		{"labels_come_from_names", labels_come_from_names},
		{"axes_have_the_unit_that_suits_their_values",
		 axes_have_the_unit_that_suits_their_values},
		{"digits_follow_the_interval", digits_follow_the_interval},
		{"columns_are_as_a_terminal_shows_them", columns_are_as_a_terminal_shows_them},
		{"a_table_has_a_row_a_point", a_table_has_a_row_a_point},
		{"filters_and_metrics_choose", filters_and_metrics_choose},
		{"every_format_has_its_marks", every_format_has_its_marks},
		{"differences_are_paired_and_marked", differences_are_paired_and_marked},
		{"json_agrees_with_the_view", json_agrees_with_the_view},
		{"mistakes_in_a_request_are_all_told", mistakes_in_a_request_are_all_told},
		{"exports_can_be_read_back", exports_can_be_read_back},
		{"distributions_and_series_are_exported_with_their_context",
		 distributions_and_series_are_exported_with_their_context},
		{"an_export_to_a_full_disk_is_an_error", an_export_to_a_full_disk_is_an_error},
		{0},
	};
	int status = test_main("reports.summary", cases, argc, argv);
	dataset_free(&data);
	db_close(db);
	return status;
}
