/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What intervals promise: of a thousand 95 % intervals about 95 % hold the truth. And what streams
 * promise: threads change nothing.
 */
#include "tests/engine/open_queue.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <string.h>

static double exponential(struct stream *st)
{
	return stream_exponential(st, 1);
}

static const struct open_queue mm1 = {
	.station = {.ops = &station_fifo, .rate = 1},
	.class = {{.arrival_rate = 0.5, .demand = exponential}},
	.warmup_s = 200,
	.duration_s = 4000,
};

static void a_thousand_intervals_cover_as_often_as_they_say(void)
{
	/* Ten repetitions to an interval. A binomial count with p = 0.95 is in 930..970 of 1000
	 * with probability 0.997; under a sanitizer the code is run, and the count is a rough one.
	 */
	const int macros = TEST_SANITIZED ? 50 : 1000, least = TEST_SANITIZED ? 40 : 930,
		  most = TEST_SANITIZED ? macros : 970;
	int responses = 0, jobs = 0;
	for (uint64_t k = 0; k < (uint64_t)macros; k++) {
		struct tally response = {0}, present = {0};
		for (uint64_t r = 0; r < 10; r++) {
			struct open_result result = open_queue_run(&mm1, 1, 10 * k + r);
			tally_add(&response, result.response[0].mean);
			tally_add(&present, result.mean_jobs);
		}
		struct interval i = interval_of_tally(&response, 0.95);
		responses += fabs(i.mean - 2) <= i.half_width;
		i = interval_of_tally(&present, 0.95);
		jobs += fabs(i.mean - 1) <= i.half_width;
	}
	CU_ASSERT(responses >= least && responses <= most);
	CU_ASSERT(jobs >= least && jobs <= most);
}

#define RUNS 16

struct worker {
	pthread_t thread;
	uint64_t first, step;
	struct open_result *result;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	for (uint64_t r = w->first; r < RUNS; r += w->step)
		w->result[r] = open_queue_run(&mm1, 1, r);
	return NULL;
}

static void threads_change_nothing(void)
{
	static struct open_result alone[RUNS], together[RUNS];
	struct worker single = {.step = 1, .result = alone};
	work(&single);
	struct worker w[3];
	for (uint64_t i = 0; i < 3; i++) {
		w[i] = (struct worker){.first = i, .step = 3, .result = together};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(w[i].thread, NULL);
	CU_ASSERT_EQUAL(memcmp(alone, together, sizeof(alone)), 0);
	CU_ASSERT_NOT_EQUAL(alone[0].response[0].mean, alone[1].response[0].mean);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_thousand_intervals_cover_as_often_as_they_say",
		 a_thousand_intervals_cover_as_often_as_they_say},
		{"threads_change_nothing", threads_change_nothing},
		{0},
	};
	return test_main("coverage", cases, argc, argv);
}
