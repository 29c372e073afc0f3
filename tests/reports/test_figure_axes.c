/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Axes of figures: those of a sweep in lockstep, and how far intervals stretch them.
 */
#include "reports/figure/figure.h"
#include "reports/figure/figure_internal.h"
#include "tests/reports/support_figure.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Points with axes a (0 to 4), b = 10 - 2 a and c = a / 2, which has values twice. */
static void write_lockstep(const char *path)
{
	struct db_study study = {.document =
					 cJSON_Parse("{\"sweep\":{\"a\":{},\"b\":{\"with\":\"a\"},"
						     "\"c\":{\"with\":\"a\"}}}"),
				 .profile = cJSON_CreateObject(),
				 .seed = 1,
				 .version = "0",
				 .command = ""};
	struct err e = {0};
	struct db *locked;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&locked, path, &study, NULL, &e), 0);
	struct run_sink sink = db_sink(locked);
	for (int i = 0; i < 5; i++) {
		struct parameter p[] = {{"a", "", true, i, "1"},
					{"b", "", true, 10 - 2 * i, "1"},
					{"c", "", true, i / 2, "1"}};
		struct point point = {.parameters = p, .parameter_count = 3};
		struct run_result r = {0};
		struct run_record record = {.key = {point.id, 0, 1}, .result = &r};
		snprintf(point.id, sizeof(point.id), "%032d", i);
		run_result_add(&r, "y", "", "s", i);
		CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &point, &e), 0);
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
		run_result_free(&r);
	}
	db_close(locked);
	cJSON_Delete((cJSON *)study.document);
	cJSON_Delete((cJSON *)study.profile);
}

/* An axis in lockstep with one that is drawn needs no value of its own; one whose values come twice
 * tells the others nothing. */
static void axes_in_lockstep_go_together(void)
{
	static const struct {
		const char *text, *rows;
		bool drawn;
	} cases[] = {
		{"{\"name\":\"a\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\"}", "5", true},
		{"{\"name\":\"b\",\"kind\":\"lines\",\"x\":\"b\",\"y\":\"y\"}", "5", true},
		{"{\"name\":\"c\",\"kind\":\"lines\",\"x\":\"c\",\"y\":\"y\"}", NULL, false},
		{"{\"name\":\"d\",\"kind\":\"lines\",\"x\":\"c\",\"y\":\"y\",\"series\":\"a\"}",
		 "5", true},
		{"{\"name\":\"e\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\",\"at\":{\"c\":1}}",
		 "2", true},
	};
	struct err e = {0};
	struct db *locked;
	char path[200];
	snprintf(path, sizeof(path), "%s/lockstep.db", test_scratch());
	write_lockstep(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&locked, path, &e), 0);
	struct dataset grid;
	CU_ASSERT_EQUAL_FATAL(dataset_load(&grid, locked, &e), 0);
	CU_ASSERT(grid.axes[1].leader == 0 && grid.axes[2].leader == 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena = {0};
		struct diag_list diags = {0};
		struct figures figures = {0};
		struct json_doc doc;
		const char *scripts[1];
		size_t written = 0;
		struct figure_request request = {test_scratch(), FIGURE_SVG, NULL};
		CU_ASSERT_EQUAL_FATAL(
			figures_parse(locked, cases[i].text, &figures, &doc, &arena, &diags, &e),
			0);
		CU_ASSERT_EQUAL(figures_write(&grid, &figures, &request, scripts, &written, &arena,
					      &diags, &e),
				cases[i].drawn ? 0 : ERR_INVALID);
		CU_ASSERT_EQUAL(written, cases[i].drawn);
		if (cases[i].drawn)
			PROGRAM_EXPECT(0, cases[i].rows,
				       "grep -v NaN $TMP/%c.tsv | grep -c '^[0-9]'", 'a' + (int)i);
		else
			CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "'a' has several"));
		json_doc_free(&doc);
		diag_free(&diags);
		arena_free(&arena);
	}
	dataset_free(&grid);
	db_close(locked);
	/* A table shows one of them, or the one that all is held against as well. */
	PROGRAM_EXPECT(0, "axes: a c y",
		       "echo axes: $($BIN/mcvsim query $TMP/lockstep.db | head -1)");
	PROGRAM_EXPECT(
		0, "axes: a b c y",
		"echo axes: $($BIN/mcvsim query $TMP/lockstep.db --baseline b=10 | head -1)");
}

/* Means 1 to 32 along an axis, the last with an interval of 32 +- 60, as two repetitions can give;
 * and "zero", which is 0 at the first value. */
static void write_noisy(const char *path)
{
	struct db_study study = {
		.document = cJSON_Parse("{\"sweep\":{\"a\":{},\"rate\":{\"with\":\"a\"}}}"),
		.profile = cJSON_CreateObject(),
		.seed = 1,
		.version = "0",
		.command = ""};
	struct err e = {0};
	struct db *noisy;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&noisy, path, &study, NULL, &e), 0);
	struct run_sink sink = db_sink(noisy);
	for (uint32_t i = 0; i < 12; i++) {
		double mean = 1 << i / 2, off = (i % 2 ? 1 : -1) * (i / 2 == 5 ? 4.7 : 0.02);
		char rate[32];
		snprintf(rate, sizeof(rate), "%u Mbit/s", i / 2 + 1);
		struct parameter p[] = {{"a", "", true, i / 2, "1"}, {"rate", rate, false, 0, ""}};
		struct point point = {.parameters = p, .parameter_count = 2};
		struct run_result r = {0};
		struct run_record record = {.key = {point.id, i % 2, 1}, .result = &r};
		snprintf(point.id, sizeof(point.id), "%032u", i / 2);
		run_result_add(&r, "y", "", "J", mean + off);
		run_result_add(&r, "signed", "", "J", mean + off - 4);
		run_result_add(&r, "zero", "", "J", i / 2);
		run_result_add(&r, "flat", "", "J", 1.26 + 0.01 * (i / 2));
		CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &point, &e), 0);
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
		run_result_free(&r);
	}
	db_close(noisy);
	cJSON_Delete((cJSON *)study.document);
	cJSON_Delete((cJSON *)study.profile);
}

/* The range of the y axis in the script of a figure, and whether it is logarithmic. */
static bool y_range(const char *name, double *low, double *high)
{
	struct program_result r = program_run("cat $TMP/noisy/%s.gp", name);
	const char *range = strstr(r.out, "set yrange [");
	*low = *high = NAN;
	CU_ASSERT(range && sscanf(range, "set yrange [%lf:%lf]", low, high) == 2);
	bool log = strstr(r.out, "set logscale y") != NULL;
	program_free(&r);
	return log;
}

static void wide_intervals_neither_squash_nor_end_a_logarithm(void)
{
	static const char figures_text[] =
		"[{\"name\":\"rates\",\"kind\":\"bars\",\"x\":\"rate\",\"y\":\"y\"},"
		"{\"name\":\"lines\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\"},"
		"{\"name\":\"logs\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\",\"log\":\"y\"},"
		"{\"name\":\"bars\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"y\"},"
		"{\"name\":\"logbars\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"y\",\"log\":\"y\"},"
		"{\"name\":\"signed\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"signed\"},"
		"{\"name\":\"flat\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"flat\",\"log\":\"y\"},"
		"{\"name\":\"zero\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"zero\",\"log\":\"y\"}]";
	char path[200], folder[200];
	struct db *noisy;
	struct dataset grid;
	struct arena arena = {0};
	struct diag_list diags = {0};
	struct figures figures = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[8];
	size_t written = 0;
	snprintf(path, sizeof(path), "%s/noisy.db", test_scratch());
	snprintf(folder, sizeof(folder), "%s/noisy", test_scratch());
	mkdir(folder, 0700);
	write_noisy(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&noisy, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&grid, noisy, &e), 0);
	CU_ASSERT_EQUAL_FATAL(
		figures_parse(noisy, figures_text, &figures, &doc, &arena, &diags, &e), 0);
	struct figure_request request = {folder, FIGURE_PNG | FIGURE_PDF, NULL};
	CU_ASSERT_EQUAL(
		figures_write(&grid, &figures, &request, scripts, &written, &arena, &diags, &e), 0);
	CU_ASSERT_EQUAL(written, 8);
	/* The only thing to say: one value cannot be drawn. */
	CU_ASSERT_EQUAL_FATAL(diags.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "zero: 1 values are not above zero"));
	double low, high, interval = 32 + 4.7 * 12.7062047;
	CU_ASSERT_FALSE(y_range("lines", &low, &high));
	CU_ASSERT_EQUAL(low, 0);
	CU_ASSERT(high > 32 && high < 70);
	CU_ASSERT_TRUE(y_range("logs", &low, &high));
	CU_ASSERT(low > 0.25 && low < 1 && high > interval);
	CU_ASSERT_FALSE(y_range("bars", &low, &high));
	CU_ASSERT(low == 0 && high > interval);
	CU_ASSERT_TRUE(y_range("logbars", &low, &high));
	CU_ASSERT(low > 0.25 && low < 0.6 && high > interval);
	CU_ASSERT_FALSE(y_range("signed", &low, &high));
	CU_ASSERT(low < -3 && low > -40);
	CU_ASSERT_TRUE(y_range("zero", &low, &high));
	CU_ASSERT(low > 0 && low < 1);
	/* A unit stays in one piece. */
	PROGRAM_EXPECT(0, "\"1 Mbit/s\"",
		       "sed 's/ \\\\n/ /g' $TMP/noisy/rates.gp | grep 'set xtics scale'");
	/* Less than a step of the logarithm: still at round numbers. */
	PROGRAM_EXPECT(0, "\"1.26\"", "grep 'set ytics' $TMP/noisy/flat.gp");
	if (figures_have("gnuplot"))
		PROGRAM_EXPECT(0, NULL, "cd $TMP/noisy && gnuplot *.gp 2>err; test ! -s err");
	json_doc_free(&doc);
	diag_free(&diags);
	arena_free(&arena);
	dataset_free(&grid);
	db_close(noisy);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"axes_in_lockstep_go_together", axes_in_lockstep_go_together},
		{"wide_intervals_neither_squash_nor_end_a_logarithm",
		 wide_intervals_neither_squash_nor_end_a_logarithm},
		{0},
	};
	int status = test_main("reports.figure_axes", cases, argc, argv);
	figures_close();
	return status;
}
