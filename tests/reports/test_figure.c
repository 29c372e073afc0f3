/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Figures from a database: the data in them, the looks of platforms, and what is said of figures
 * that cannot be drawn.
 */
#include "reports/figure/figure.h"
#include "reports/figure/figure_internal.h"
#include "tests/reports/support_figure.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void the_data_file_has_the_numbers_of_the_summary(void)
{
	struct diag_list diags = {0};
	figures_draw("{\"name\":\"lines\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":"
		     "\"response_time.p95\",\"series\":\"platform\"}",
		     "a", &diags);
	diag_free(&diags);
	const struct data_metric *m =
		dataset_find_metric(figures_data(), "response_time.p95", NULL);
	struct cell *cells = calloc(figures_data()->point_count, sizeof(*cells));
	struct err e = {0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(dataset_summary(figures_data(), m, cells, &e), 0);
	char path[200], line[300];
	snprintf(path, sizeof(path), "%s/a/lines.tsv", test_scratch());
	FILE *f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	size_t i = 0;
	while (fgets(line, sizeof(line), f)) {
		double x, mean, low, high;
		if (sscanf(line, "%lf\t%lf\t%lf\t%lf", &x, &mean, &low, &high) != 4)
			continue;
		/* Points are sorted as the file is: platform, then cost. */
		CU_ASSERT_EQUAL(x, synthetic_costs[i % SYNTHETIC_COSTS]);
		CU_ASSERT_EQUAL(mean, cells[i].mean);
		CU_ASSERT_DOUBLE_EQUAL(high - low, 2 * cells[i].ci95, 1e-12);
		i++;
	}
	CU_ASSERT_EQUAL(i, SYNTHETIC_POINTS);
	fclose(f);
	free(cells);
}

static void mistakes_say_what_there_is(void)
{
	static const struct {
		const char *figure, *said;
	} cases[] = {
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cots\",\"y\":\"overhead\"}",
		 "no axis 'exit_cots' in sweep (exit_cost, platform)"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"respons_time\","
		 "\"series\":\"platform\"}",
		 "no metric 'respons_time' (they have overhead, response_time.mean"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"utilization\","
		 "\"series\":\"platform\"}",
		 "choose one with \"subject\" (edge/node/0, edge/node/1)"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"utilization\","
		 "\"subject\":\"node\",\"series\":\"platform\"}",
		 "has no subject 'node'"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\"}",
		 "axis 'platform' has several values (native, container, kvm-virtio, "
		 "kvm-emulated)"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"y\":\"overhead\",\"at\":{\"exit_cost\":1}}",
		 "no distribution of 'overhead' (they have response_time)"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":"
		 "\"platform\",\"at\":{\"exit_cost\":3}}",
		 "axis 'exit_cost' has no such value (it has 0.25, 0.5, 1, 2, 4, 8)"},
		{"{\"name\":\"f\",\"kind\":\"stack\",\"y\":\"overhead\"}", "needs \"x\""},
		{"{\"name\":\"f\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\"}",
		 "needs \"z\""},
		{"{\"name\":\"f\",\"kind\":\"tornado\",\"y\":\"tasks.done\"}", "needs \"at\""},
		{"{\"name\":\"f\",\"kind\":\"time-series\",\"y\":\"tasks.done\"}",
		 "no series over time of 'tasks.done' (they have battery, task.timeline, "
		 "task.timeline.candidates)"},
		{"{\"name\":\"f\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\","
		 "\"z\":\"tasks.done\",\"baseline\":{\"platform\":\"native\"}}",
		 "is drawn, so it cannot be fixed"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"x\":\"exit_cost\",\"y\":\"response_time\"}",
		 "takes no \"x\""},
		{"{\"name\":\"../f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\"}",
		 "cannot name a file"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\","
		 "\"series\":\"exit_cost\"}",
		 "same axis"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\","
		 "\"series\":\"platform\",\"at\":{\"platform\":\"native\"}}",
		 "cannot be fixed"},
		{"[{\"name\":\"f\",\"kind\":\"stack\",\"x\":\"exit_cost\",\"y\":\"overhead\","
		 "\"at\":{\"platform\":\"native\"}},"
		 "{\"name\":\"f\",\"kind\":\"stack\",\"x\":\"exit_cost\",\"y\":\"overhead\","
		 "\"at\":{\"platform\":\"native\"}}]",
		 "two figures are called 'f'"},
		{"{\"name\":\"f\",\"kind\":\"pie\"}", "stack"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(figures_draw(cases[i].figure, "bad", &diags), 0);
		bool said = false;
		for (size_t k = 0; k < diags.count; k++)
			said |= strstr(diags.items[k].text, cases[i].said) != NULL;
		if (!said) {
			printf(" not said: %s, but ", cases[i].said);
			for (size_t k = 0; k < diags.count; k++)
				diag_print(&diags.items[k], stdout);
		}
		CU_ASSERT_TRUE(said);
		diag_free(&diags);
	}
}

static void a_bad_figure_does_not_stop_the_others(void)
{
	struct diag_list diags = {0};
	size_t n = figures_draw(
		"[{\"name\":\"x1\",\"kind\":\"cdf\",\"y\":\"nothing\",\"series\":\"platform\","
		"\"at\":{\"exit_cost\":1}},"
		"{\"name\":\"x2\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":"
		"\"platform\",\"at\":{\"exit_cost\":1}}]",
		"some", &diags);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(diags.errors, 1);
	CU_ASSERT_STRING_EQUAL(diags.items[0].pointer, "/figures/0/y");
	diag_free(&diags);
}

static void a_folder_that_cannot_be_written_is_an_error(void)
{
	struct arena arena = {0};
	struct figures figures = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	const char *scripts[3];
	size_t written;
	CU_ASSERT_EQUAL(figures_of_study(figures_data()->db, &figures, &arena, &diags), 0);
	CU_ASSERT_EQUAL(figures.list.count, 3);
	struct figure_request request = {"/nonexistent", FIGURE_PDF, NULL};
	CU_ASSERT_EQUAL(figures_write(figures_data(), &figures, &request, scripts, &written, &arena,
				      &diags, &e),
			ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "/nonexistent/p95-vs-exit-cost.tsv"));
	arena_free(&arena);
	diag_free(&diags);
}

static void a_platform_keeps_its_look(void)
{
	struct data_level two[] = {{"kvm-emulated", 0}, {"native", 0}};
	struct data_level five[] = {
		{"mine", 0}, {"native", 0}, {"xen-pv", 0}, {"kvm-emulated", 0}, {"yours", 0}};
	struct data_axis a = {.name = "platform", .unit = "", .values = two, .count = 2};
	struct data_axis b = {.name = "platform", .unit = "", .values = five, .count = 5};
	CU_ASSERT_EQUAL(figure_line_style(&a, 0).colour, figure_line_style(&b, 3).colour);
	CU_ASSERT_EQUAL(figure_line_style(&a, 1).colour, figure_line_style(&b, 1).colour);
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++) {
			struct line_style x = figure_line_style(&b, i),
					  y = figure_line_style(&b, k);
			CU_ASSERT(x.colour != y.colour && x.point != y.point &&
				  strcmp(x.dash, y.dash) != 0);
		}
}

/* What is drawn of each of the platforms alone, in the plot command of a script. */
static void expect_look(const char *script, const char *what, size_t platform)
{
	const struct data_axis *axis =
		&figures_data()->axes[dataset_find_axis(figures_data(), "platform")];
	struct line_style look = figure_line_style(axis, platform);
	char line[200];
	snprintf(line, sizeof(line), "%s fillcolor rgb \"#%06x\" fillstyle %s border", what,
		 look.colour, look.fill);
	PROGRAM_EXPECT(0, line, "grep -hF '%s' $TMP/look/%s.gp", what, script);
}

static void platforms_keep_their_looks_where_they_are_no_series(void)
{
	struct diag_list diags = {0};
	char what[80];
	CU_ASSERT_EQUAL(
		figures_draw("[{\"name\":\"x\",\"kind\":\"bars\",\"x\":\"platform\",\"y\":"
			     "\"response_time.p99\",\"at\":{\"exit_cost\":8}},"
			     "{\"name\":\"one\",\"kind\":\"bars\",\"x\":\"exit_cost\",\"y\":"
			     "\"response_time.p99\",\"at\":{\"platform\":\"kvm-emulated\"}}]",
			     "look", &diags),
		2);
	diag_free(&diags);
	for (size_t p = 0; p < SYNTHETIC_PLATFORMS; p++) {
		snprintf(what, sizeof(what), "every ::%zu::%zu using 1:($2*y_factor) with boxes", p,
			 p);
		expect_look("x", what, p);
	}
	cJSON *emulated = cJSON_CreateStringReference("kvm-emulated");
	const struct data_axis *axis =
		&figures_data()->axes[dataset_find_axis(figures_data(), "platform")];
	expect_look("one", "using 1:($2*y_factor) with boxes", (size_t)axis_find(axis, emulated));
	cJSON_Delete(emulated);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_data_file_has_the_numbers_of_the_summary",
		 the_data_file_has_the_numbers_of_the_summary},
		{"mistakes_say_what_there_is", mistakes_say_what_there_is},
		{"a_bad_figure_does_not_stop_the_others", a_bad_figure_does_not_stop_the_others},
		{"a_folder_that_cannot_be_written_is_an_error",
		 a_folder_that_cannot_be_written_is_an_error},
		{"a_platform_keeps_its_look", a_platform_keeps_its_look},
		{"platforms_keep_their_looks_where_they_are_no_series",
		 platforms_keep_their_looks_where_they_are_no_series},
		{0},
	};
	int status = test_main("reports.figure", cases, argc, argv);
	figures_close();
	return status;
}
