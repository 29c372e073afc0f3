/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A timeline of one task at several points: the same one where there is one, and told which.
 */
#include "reports/figure/figure_task.h"
#include "tests/reports/support_figure.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <string.h>

static double task_of(const size_t *points, size_t count)
{
	const struct data_point *list[SYNTHETIC_POINTS];
	struct err e = {0};
	double key = -1;
	for (size_t i = 0; i < count; i++)
		list[i] = &figures_data()->points[points[i]];
	CU_ASSERT_EQUAL(task_in_common(figures_data(), list, count, &key, &e), 0);
	return key;
}

/* Points are sorted: platform, then cost. */
static void the_task_nearest_to_the_medians_is_taken(void)
{
	enum { FIRST = 0, SECOND = SYNTHETIC_COSTS, THIRD = 2 * SYNTHETIC_COSTS };
	CU_ASSERT_EQUAL(task_of((size_t[]){FIRST + 1, SECOND + 1, THIRD + 1}, 3), SYNTHETIC_NEAR);
	CU_ASSERT_EQUAL(task_of((size_t[]){FIRST + 1, FIRST + 2}, 2), SYNTHETIC_NEAR);
	CU_ASSERT_EQUAL(task_of((size_t[]){FIRST + 1, SECOND}, 2), 0);
	CU_ASSERT_EQUAL(task_of((size_t[]){SECOND, FIRST + 1}, 2), 0);
	CU_ASSERT_EQUAL(task_of((size_t[]){FIRST, SECOND}, 2), 0);
	CU_ASSERT(task_of((size_t[]){FIRST}, 1) >= 1000); /* its own is a candidate, too */
	CU_ASSERT_PTR_NULL(task_candidates_metric(figures_data(), "exits"));
}

#define FIGURE(name, more)                                                                         \
	"{\"name\":\"" name "\",\"kind\":\"timeline\",\"y\":\"task.timeline\"," more "}"
#define NOTE "cd $TMP/t && grep '^set label [0-9]* .*screen 0' %s.gp | tr -d '\n'"

static void the_figure_shows_it_and_says_so(void)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(figures_draw(
				"[" FIGURE("same", "\"series\":\"platform\",\"at\":{\"exit_cost\":"
						   "1}") "," FIGURE(
					"own", "\"series\":\"platform\",\"at\":{\"exit_cost\":0."
					       "25}") "," FIGURE("lone",
								 "\"at\":{\"exit_cost\":1,"
								 "\"platform\":\"native\"}") "]",
				"t", &diags),
			3);
	CU_ASSERT_EQUAL(diags.count, 0);
	diag_free(&diags);
	/* Of the platforms in turn: the radio's part of the near task, and of the median. */
	PROGRAM_EXPECT(0, "0 0.11 0.12 0.13 0.14",
		       "cd $TMP/t && echo 0 $(awk '$1 == 0 && $2 == 0 {printf \"%%.6g\\n\", $3}' "
		       "same.tsv)");
	PROGRAM_EXPECT(0, "0 0.09 0.09 0.09 0.09",
		       "cd $TMP/t && echo 0 $(awk '$1 == 0 && $2 == 0 {printf \"%%.6g\\n\", $3}' "
		       "own.tsv)");
	PROGRAM_EXPECT(0, "same at each", NOTE, "same");
	PROGRAM_EXPECT(0, "none is common", NOTE, "own");
	PROGRAM_EXPECT(0, "the median of up to", NOTE, "lone");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_task_nearest_to_the_medians_is_taken",
		 the_task_nearest_to_the_medians_is_taken},
		{"the_figure_shows_it_and_says_so", the_figure_shows_it_and_says_so},
		{0},
	};
	int status = test_main("reports.figure_task", cases, argc, argv);
	figures_close();
	return status;
}
