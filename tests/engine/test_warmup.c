/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The warm-up that pilot runs ask for, on queues whose steady state is known.
 */
#include "sim/engine/stream.h"
#include "sim/engine/warmup.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Response times of M/M/1 that starts empty, mean service 1 s, by Lindley's recursion. In theory
 * the mean is 1 / (1 - load). */
static void simulate_mm1(struct windows *w, double load, uint64_t seed, uint32_t repetition)
{
	struct stream st;
	double at = 0, wait = 0;
	stream_init(&st, &(struct stream_key){.seed = seed, .repetition = repetition}, 0, 1);
	for (;;) {
		double service = stream_exponential(&st, 1), gap;
		if (at + wait + service <= w->length_s) /* else it has not ended */
			windows_add(w, at, wait + service);
		gap = stream_exponential(&st, 1 / load);
		wait = fmax(0, wait + service - gap);
		at += gap;
		if (at >= w->length_s)
			return;
	}
}

static struct windows *new_windows(double length_s)
{
	struct windows *w = calloc(1, sizeof(*w));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	w->length_s = length_s;
	return w;
}

static struct windows *simulate_pilots(double length_s, double load, uint64_t seed, uint32_t pilots)
{
	struct windows *sum = new_windows(length_s), *one = new_windows(length_s);
	for (uint32_t i = 0; i < pilots; i++) {
		*one = (struct windows){.length_s = length_s};
		simulate_mm1(one, load, seed, i);
		windows_merge(sum, one);
	}
	free(one);
	return sum;
}

/* Near saturation the start lasts, and what is left after the cut is nearer to the theory. */
static void a_busy_queue_is_better_known_without_its_start(void)
{
	enum { SEEDS = 20 };
	const double relaxation_s = 1 / pow(1 - sqrt(0.9), 2); /* Cohen 1982: 380 s */
	double all = 0, truncated = 0;
	int nearer = 0, found = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct windows *w = simulate_pilots(2000, 0.9, seed, 100);
		struct truncation cut = windows_truncate(w);
		double before = windows_mean(w, 0) - 10, after = windows_mean(w, cut.at_s) - 10;
		found += cut.found && cut.at_s > relaxation_s / 20 && cut.at_s < 2 * relaxation_s;
		nearer += fabs(after) < fabs(before);
		all += before / SEEDS;
		truncated += after / SEEDS;
		free(w);
	}
	printf("of 10 s: %.3f from the start, %.3f after the cut; nearer with %d of %d seeds\n",
	       all, truncated, nearer, SEEDS);
	CU_ASSERT_EQUAL(found, SEEDS);
	CU_ASSERT(all < -0.2);
	CU_ASSERT(fabs(truncated) < 0.8 * fabs(all));
	CU_ASSERT(nearer >= 3 * SEEDS / 4);
}

static void an_idle_queue_has_no_start(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct windows *w = simulate_pilots(40000, 0.2, seed, 5);
		struct truncation cut = windows_truncate(w);
		CU_ASSERT(cut.found);
		CU_ASSERT_DOUBLE_EQUAL(windows_mean(w, cut.at_s), windows_mean(w, 0), 0.01 * 1.25);
		free(w);
	}
}

/* 1.3 times more work than capacity: response times grow to the end. */
static void a_queue_that_grows_has_no_end_of_its_start(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct windows *w = simulate_pilots(5000, 1.3, seed, 5);
		CU_ASSERT_FALSE(windows_truncate(w).found);
		free(w);
	}
}

/* The interval from one run covers the theory as often as it says when the run is long. */
static void one_run_knows_how_exact_it_is(void)
{
	enum { RUNS = 400 };
	int covered = 0, independent = 0;
	for (uint32_t i = 0; i < RUNS; i++) {
		struct windows *w = new_windows(20000);
		double lag1;
		bool passed;
		simulate_mm1(w, 0.5, 1, i);
		struct interval v = windows_interval(w, 1000, 0.95, &lag1, &passed);
		CU_ASSERT_DOUBLE_EQUAL(v.mean, windows_mean(w, 1000), 0);
		covered += fabs(v.mean - 2) <= v.half_width;
		independent += passed;
		free(w);
	}
	printf("%d of %d intervals cover, %d passed as independent\n", covered, RUNS, independent);
	CU_ASSERT(covered >= 0.92 * RUNS && covered <= 0.98 * RUNS);
	CU_ASSERT(independent >= 0.85 * RUNS);
}

static void windows_begin_where_they_say(void)
{
	struct windows *w = new_windows(WARMUP_WINDOWS);
	CU_ASSERT(isnan(windows_mean(w, 0)));
	CU_ASSERT_EQUAL(windows_truncate(w).groups, 0);
	windows_add(w, 0, 1);
	windows_add(w, 10, 3);
	windows_add(w, 10.5, 5);
	windows_add(w, WARMUP_WINDOWS, 7); /* the very end */
	CU_ASSERT_EQUAL(windows_mean(w, 0), 4);
	CU_ASSERT_EQUAL(windows_mean(w, 10), 5);
	CU_ASSERT_EQUAL(windows_mean(w, 10.25), 7); /* up to the next window */
	CU_ASSERT_EQUAL(windows_count(w, 1), 3);
	CU_ASSERT_EQUAL(windows_count(w, 2 * WARMUP_WINDOWS), 0);
	free(w);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_busy_queue_is_better_known_without_its_start",
		 a_busy_queue_is_better_known_without_its_start},
		{"an_idle_queue_has_no_start", an_idle_queue_has_no_start},
		{"a_queue_that_grows_has_no_end_of_its_start",
		 a_queue_that_grows_has_no_end_of_its_start},
		{"one_run_knows_how_exact_it_is", one_run_knows_how_exact_it_is},
		{"windows_begin_where_they_say", windows_begin_where_they_say},
		{0},
	};
	return test_main("warmup", cases, argc, argv);
}
