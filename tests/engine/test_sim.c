/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

struct trace {
	uint32_t seen[64];
	size_t count;
};

static void record(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	struct trace *t = ctx;
	t->seen[t->count++] = arg;
}

static void expect(const struct trace *t, const uint32_t *args, size_t n)
{
	CU_ASSERT_EQUAL(t->count, n);
	CU_ASSERT(n == 0 || memcmp(t->seen, args, n * sizeof(*args)) == 0);
}

static void events_run_by_time_priority_and_sequence(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	sim_at(s, 20, record, &t, 6);
	sim_at_priority(s, 10, 1, record, &t, 5);
	sim_at(s, 10, record, &t, 2);
	sim_at_priority(s, 10, SIM_PRIORITY_FIRST, record, &t, 1);
	sim_at(s, 10, record, &t, 3);
	sim_at(s, 10, record, &t, 4);
	sim_at(s, 0, record, &t, 0);
	CU_ASSERT_EQUAL(sim_pending(s), 7);
	CU_ASSERT_EQUAL(sim_run_until(s, 10, NULL), 0);
	expect(&t, (uint32_t[]){0, 1, 2, 3, 4, 5}, 6);
	CU_ASSERT_EQUAL(sim_now(s), 10);
	CU_ASSERT_EQUAL(sim_next_time(s), 20);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
	CU_ASSERT_EQUAL(sim_now(s), 20);
	CU_ASSERT_EQUAL(sim_executed(s), 7);
	CU_ASSERT_EQUAL(sim_next_time(s), SIM_NEVER);
	sim_destroy(s);
}

static void stale_handles_touch_nothing(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	sim_event a = sim_at(s, 10, record, &t, 1), copy = a, none = 0;
	CU_ASSERT_TRUE(sim_cancel(s, &a));
	CU_ASSERT_EQUAL(a, 0);
	sim_event b = sim_at(s, 10, record, &t, 2);
	CU_ASSERT_FALSE(sim_is_pending(s, copy));
	CU_ASSERT_FALSE(sim_cancel(s, &copy));
	CU_ASSERT_FALSE(sim_cancel(s, &none));
	copy = b;
	CU_ASSERT_TRUE(sim_reschedule(s, &b, 30));
	CU_ASSERT_FALSE(sim_reschedule(s, &copy, 40));
	sim_run_until(s, 29, NULL);
	expect(&t, NULL, 0);
	CU_ASSERT_TRUE(sim_is_pending(s, b));
	sim_run_until(s, 30, NULL);
	expect(&t, (uint32_t[]){2}, 1);
	CU_ASSERT_FALSE(sim_cancel(s, &b));
	sim_destroy(s);
}

static void a_rescheduled_event_keeps_priority_and_goes_last_among_equals(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	sim_event moved = sim_at_priority(s, 5, -1, record, &t, 2);
	sim_at_priority(s, 10, -1, record, &t, 1);
	sim_at(s, 10, record, &t, 3);
	CU_ASSERT_TRUE(sim_reschedule(s, &moved, 10));
	sim_run_until(s, 10, NULL);
	expect(&t, (uint32_t[]){1, 2, 3}, 3);
	sim_destroy(s);
}

static void stop_after_two(struct sim *s, void *ctx, uint32_t arg)
{
	record(s, ctx, arg);
	sim_after(s, 1, stop_after_two, ctx, arg + 1);
	if (arg % 2)
		sim_stop(s);
}

static void stop_returns_and_the_run_goes_on_later(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	sim_at(s, 0, stop_after_two, &t, 0);
	CU_ASSERT_EQUAL(sim_run_until(s, 100, NULL), 0);
	CU_ASSERT_EQUAL(sim_now(s), 1);
	CU_ASSERT_EQUAL(sim_run_until(s, 100, NULL), 0);
	CU_ASSERT_EQUAL(sim_now(s), 3);
	CU_ASSERT_EQUAL(t.count, 4);
	sim_destroy(s);
}

static void the_past_fails_the_run_and_only_it(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	struct err e = {0};
	sim_run_until(s, 2 * SIM_S, NULL);
	CU_ASSERT_EQUAL(sim_at(s, SIM_S, record, &t, 0), 0);
	CU_ASSERT_EQUAL(sim_at(s, 3 * SIM_S, record, &t, 0), 0);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, &e), ERR_INTERNAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "1.000000000 s into the past"));
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "at 2.000000000 s"));
	CU_ASSERT_EQUAL(t.count, 0);
	sim_destroy(s);
}

struct crowd {
	uint64_t run, disorder;
	sim_time last_time;
	uint32_t last_arg;
};

static void in_order(struct sim *s, void *ctx, uint32_t arg)
{
	struct crowd *c = ctx;
	c->disorder +=
		sim_now(s) < c->last_time || (sim_now(s) == c->last_time && arg < c->last_arg);
	c->last_time = sim_now(s);
	c->last_arg = arg;
	c->run++;
}

static void many_events_run_in_order(void)
{
	/* Enough for two levels of the ladder, with ties. */
	struct sim *s = sim_create(NULL);
	struct crowd c = {0};
	struct stream st;
	stream_init(&st, &(struct stream_key){.seed = 1}, 0, 0);
	for (uint32_t i = 0; i < 300000; i++)
		sim_at(s, (sim_time)stream_below(&st, 200000), in_order, &c, i);
	CU_ASSERT_EQUAL(sim_pending(s), 300000);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
	CU_ASSERT_EQUAL(c.run, 300000);
	CU_ASSERT_EQUAL(c.disorder, 0);
	sim_destroy(s);
}

static void cancelling_most_of_the_present_leaves_the_rest(void)
{
	enum { N = 5000 };
	static sim_event event[N];
	struct sim *s = sim_create(NULL);
	struct crowd c = {0};
	sim_run_until(s, SIM_S, NULL);
	for (uint32_t i = 0; i < N; i++)
		event[i] = sim_at(s, SIM_S, in_order, &c, i);
	for (uint32_t i = 0; i < N; i++)
		if (i % 7)
			CU_ASSERT_TRUE_FATAL(sim_cancel(s, &event[i]));
	CU_ASSERT_EQUAL(sim_pending(s), 715);
	CU_ASSERT_TRUE(sim_is_pending(s, event[7]));
	sim_run_until(s, SIM_S, NULL);
	CU_ASSERT_EQUAL(c.run, 715);
	CU_ASSERT_EQUAL(c.disorder, 0);
	CU_ASSERT_FALSE(sim_is_pending(s, event[7]));
	sim_destroy(s);
}

static void never_is_later_than_every_end(void)
{
	struct sim *s = sim_create(NULL);
	struct trace t = {0};
	sim_at(s, SIM_NEVER, record, &t, 0);
	sim_after(s, SIM_NEVER, record, &t, 0);
	sim_run_until(s, 10, NULL);
	sim_after(s, SIM_NEVER - 5, record, &t, 0);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER - 1, NULL), 0);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
	CU_ASSERT_EQUAL(t.count, 0);
	CU_ASSERT_EQUAL(sim_pending(s), 3);
	sim_destroy(s);
}

static void seconds_round_and_saturate(void)
{
	CU_ASSERT_EQUAL(sim_from_seconds(1.5), 1500000000);
	CU_ASSERT_EQUAL(sim_from_seconds(0.4e-9), 0);
	CU_ASSERT_EQUAL(sim_from_seconds(0.6e-9), 1);
	CU_ASSERT_EQUAL(sim_from_seconds(-0.6e-9), -1);
	CU_ASSERT_EQUAL(sim_from_seconds(-2.4e-9), -2);
	CU_ASSERT_EQUAL(sim_from_seconds(1e10), SIM_NEVER);
	CU_ASSERT_EQUAL(sim_from_seconds(-1e10), INT64_MIN);
	CU_ASSERT_EQUAL(sim_from_seconds((double)INFINITY), SIM_NEVER);
	CU_ASSERT_EQUAL(sim_from_seconds((double)NAN), SIM_NEVER);
	CU_ASSERT_EQUAL(sim_time_add(SIM_NEVER - 1, 2), SIM_NEVER);
	CU_ASSERT_EQUAL(sim_time_add(INT64_MIN + 1, -2), INT64_MIN);
	CU_ASSERT_EQUAL(sim_time_add(5, -7), -2);
	CU_ASSERT_EQUAL(sim_to_seconds(2500 * SIM_MS), 2.5);
}

static void note_arg(struct sim *s, void *ctx, uint32_t arg)
{
	uint32_t *seen = ctx;
	(void)s;
	*seen = *seen * 10 + arg;
}

/* Enough events to need every part of the list, all of which happen before the clock is moved on to
 * where nothing was ever pending. */
static void priorities_hold_after_the_list_ran_empty(void)
{
	struct sim *s = sim_create(NULL);
	uint32_t seen = 0, ignored = 0;
	for (int i = 0; i < 2000; i++)
		sim_at(s, i * SIM_MS, note_arg, &ignored, 0);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_H, NULL), 0);
	sim_at(s, SIM_H, note_arg, &seen, 2);
	sim_at_priority(s, SIM_H, 5, note_arg, &seen, 3);
	sim_at_priority(s, SIM_H, -5, note_arg, &seen, 1);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
	CU_ASSERT_EQUAL(seen, 123);
	sim_destroy(s);
}

/* More of one time than the list moves about, in several priorities. */
static void crowds_of_one_time_keep_their_order(void)
{
	struct sim *s = sim_create(NULL);
	static uint32_t seen[3];
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 3000; i++)
			sim_at_priority(s, SIM_S, (int)(i % 3) - 1, note_arg, &seen[i % 3], 0);
	uint32_t last = 0;
	for (uint32_t i = 1; i <= 3; i++) {
		sim_at_priority(s, SIM_S, 2, note_arg, &last, i);
		sim_at_priority(s, SIM_S, -2, note_arg, &last, i + 3);
	}
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
	CU_ASSERT_EQUAL(last, 456123);
	CU_ASSERT_EQUAL(sim_executed(s), 6006);
	sim_destroy(s);
}

static void rely_on(struct sim *s, void *ctx, uint32_t arg)
{
	uint32_t *after = ctx;
	sim_assert(s, arg != 2);
	*after += arg;
}

static int rely_outside_of_events(void *ctx, struct err *e)
{
	struct sim *s = ctx;
	uint32_t after = 0;
	sim_at(s, SIM_S, rely_on, &after, 1);
	CU_ASSERT_EQUAL(sim_run_until(s, SIM_S, e),
			0); /* which ends its own protection, not ours */
	CU_ASSERT_EQUAL(after, 1);
	sim_assert(s, after == 5);
	CU_FAIL("went on after an assertion");
	return 0;
}

static void an_assertion_ends_its_run_and_no_other(void)
{
	struct sim *broken = sim_create(NULL), *sound = sim_create(NULL);
	struct err e = {0};
	uint32_t after = 0;
	for (uint32_t i = 1; i <= 3; i++) {
		sim_at(broken, i * SIM_S, rely_on, &after, i);
		sim_at(sound, i * SIM_S, rely_on, &after, 10);
	}
	CU_ASSERT_EQUAL(sim_run_until(broken, SIM_NEVER, &e), ERR_INTERNAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "assertion failed: arg != 2, test_sim.c:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "(at 2.000000000 s of simulated time)"));
	CU_ASSERT_EQUAL(after, 1);
	CU_ASSERT_EQUAL(sim_run_until(broken, SIM_NEVER, &e), ERR_INTERNAL);
	CU_ASSERT_EQUAL(sim_after(broken, 0, rely_on, &after, 1), 0);
	CU_ASSERT_EQUAL(sim_run_until(sound, SIM_NEVER, &e), 0);
	CU_ASSERT_EQUAL(after, 31);
	sim_destroy(broken);
	sim_destroy(sound);

	struct sim *s = sim_create(NULL);
	CU_ASSERT_EQUAL(sim_protect(s, rely_outside_of_events, s, &e), ERR_INTERNAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "assertion failed: after == 5"));
	sim_destroy(s);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"events_run_by_time_priority_and_sequence",
		 events_run_by_time_priority_and_sequence},
		{"stale_handles_touch_nothing", stale_handles_touch_nothing},
		{"a_rescheduled_event_keeps_priority_and_goes_last_among_equals",
		 a_rescheduled_event_keeps_priority_and_goes_last_among_equals},
		{"stop_returns_and_the_run_goes_on_later", stop_returns_and_the_run_goes_on_later},
		{"the_past_fails_the_run_and_only_it", the_past_fails_the_run_and_only_it},
		{"never_is_later_than_every_end", never_is_later_than_every_end},
		{"seconds_round_and_saturate", seconds_round_and_saturate},
		{"many_events_run_in_order", many_events_run_in_order},
		{"cancelling_most_of_the_present_leaves_the_rest",
		 cancelling_most_of_the_present_leaves_the_rest},
		{"priorities_hold_after_the_list_ran_empty",
		 priorities_hold_after_the_list_ran_empty},
		{"crowds_of_one_time_keep_their_order", crowds_of_one_time_keep_their_order},
		{"an_assertion_ends_its_run_and_no_other", an_assertion_ends_its_run_and_no_other},
		{0},
	};
	return test_main("sim", cases, argc, argv);
}
