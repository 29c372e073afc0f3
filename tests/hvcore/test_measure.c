/* SPDX-License-Identifier: GPL-2.0-or-later
 * The measuring method on work of known cost: the batches report made-up times, so that nothing
 * here depends on the machine. */
#include "hvcore/probe/measure.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

struct fake {
	double op_ns, loop_ns, quadratic_ns, exits, clock_skew;
	double noise;	      /* relative, -1, 0, +1 times this, in turns of two calls */
	unsigned noisy_calls; /* noise stops after so many calls */
	unsigned calls;
	unsigned lost_every; /* others have the core during each so-many-th call; 0: never */
	unsigned dear_every; /* each so-many-th call takes twice as long; 0: none */
	bool lost_unknown;   /* and nobody can tell for how long */
	double lost_share;   /* of each such batch; 0: a time slice */
	int fail_at;
};

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct fake *f = ctx;
	if (f->fail_at && (int)f->calls >= f->fail_at)
		return err_set(e, ERR_TIMEOUT, "made to fail");
	f->calls++;
	double dn = (double)n;
	batch->ns = 500 + dn * (f->op_ns + f->loop_ns) + dn * dn * f->quadratic_ns;
	if (f->calls < f->noisy_calls)
		batch->ns *= 1 + f->noise * ((int)(f->calls / 2 % 3) - 1);
	batch->exits = 1 + dn * f->exits;
	if (f->dear_every && f->calls % f->dear_every == 0)
		batch->ns += dn * f->op_ns;
	batch->ticks = batch->ns * 2.5 * (1 + f->clock_skew);
	/* Whoever is interrupted loses a time slice. */
	bool lost = f->lost_every && f->calls % f->lost_every == 0;
	double share = f->lost_share;
	double lost_ns = share > 0 ? batch->ns * share / (1 - share) : 4e6;
	batch->lost = !lost ? 0 : f->lost_unknown ? NAN : lost_ns;
	if (lost) {
		batch->ns += lost_ns;
		batch->ticks += lost_ns * 2.5;
	}
	return 0;
}

static int empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct fake *f = ctx;
	(void)e;
	batch->ns = 500 + (double)n * f->loop_ns;
	batch->ticks = batch->ns * 2.5;
	batch->exits = 1;
	batch->lost = 0;
	return 0;
}

static int measure_as(bool quick, struct fake *f, double claim, struct hv_measurement *m,
		      struct err *e)
{
	struct hv_work work = {.body = body, .empty = empty, .ctx = f, .exits_per_op = claim};
	struct hv_measure_options options = hv_measure_defaults(quick);
	options.ticks_per_ns = 2.5;
	memset(e, 0, sizeof(*e));
	return hv_measure(&work, &options, m, e);
}

static int measure(struct fake *f, double claim, struct hv_measurement *m, struct err *e)
{
	return measure_as(true, f, claim, m, e);
}

static void known_cost_is_found(void)
{
	struct fake f = {.op_ns = 1000, .loop_ns = 3, .exits = 1};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(measure(&f, 1, &m, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(m.p50, 1000, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(m.min, 1000, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(m.p90, 1000, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(m.mad, 0, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(m.exits_per_op, 1, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(m.clock_gap, 0, 1e-6);
	CU_ASSERT(m.batches >= 21);
	double enough_ns = (double)hv_measure_defaults(true).batch_ns;
	CU_ASSERT((double)m.iterations * 1003 >= enough_ns);
	CU_ASSERT((double)m.iterations / 2 * 1003 < enough_ns);
	CU_ASSERT_EQUAL(m.attempts, 1);
}

/* 21 batches of an operation of a second would take a minute. */
static void dear_operations_get_few_batches(void)
{
	struct fake f = {.op_ns = 9e6, .loop_ns = 1};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT(m.batches > HV_BATCHES_FEW);
	f = (struct fake){.op_ns = 2e7, .loop_ns = 1};
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT_EQUAL(m.batches, HV_BATCHES_MIN);
	f = (struct fake){.op_ns = 1e9, .loop_ns = 1};
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT(m.batches == HV_BATCHES_FEW && m.iterations == 1);
	CU_ASSERT_EQUAL(f.calls, HV_BATCHES_FEW + 1); /* and one to find that out */
	/* In a hurry already of a tenth of that. */
	f = (struct fake){.op_ns = 1e8, .loop_ns = 1};
	CU_ASSERT_EQUAL(measure_as(false, &f, NAN, &m, &e), 0);
	CU_ASSERT_EQUAL(m.batches, HV_BATCHES_MIN);
	f = (struct fake){.op_ns = 1e8, .loop_ns = 1};
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT_EQUAL(m.batches, HV_BATCHES_FEW);
}

/* A fifth of the batches are dear: a sum needs them, the median does not know them. */
static void the_mean_knows_dear_batches(void)
{
	struct fake f = {.op_ns = 1000, .loop_ns = 3, .exits = 1, .dear_every = 5};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(measure(&f, 1, &m, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(m.p50, 1000, 0.01);
	CU_ASSERT(m.mean > 1150 && m.mean < 1250);
	CU_ASSERT_DOUBLE_EQUAL(m.p90, 2000, 0.01);
}

static void expect_failure(struct fake f, double claim, const char *words)
{
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, claim, &m, &e), ERR_CORRUPT);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, words));
	CU_ASSERT_EQUAL(m.attempts, 3);
}

static void what_fails_its_check_is_no_number(void)
{
	expect_failure((struct fake){.op_ns = 1000, .noise = 0.3, .noisy_calls = 1u << 30}, NAN,
		       "noisy");
	expect_failure((struct fake){.op_ns = 1000, .quadratic_ns = 5}, NAN, "linear");
	expect_failure((struct fake){.op_ns = 1000, .exits = 1.03}, 1, "exits");
	expect_failure((struct fake){.op_ns = 1000, .exits = 0.03}, 0, "exits");
	expect_failure((struct fake){.op_ns = 1000, .clock_skew = 0.08}, NAN, "clock");
	expect_failure((struct fake){.op_ns = 0, .loop_ns = 10}, NAN, "no cost left");
}

static void expect_success(struct fake f)
{
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT_STRING_EQUAL(e.text, "");
	CU_ASSERT_EQUAL(m.attempts, 1);
}

/* 10 % of noise, 5 % between the clocks. The pattern's deviation from its median is the noise. */
static void a_limit_is_where_it_is_said_to_be(void)
{
	const unsigned always = 1u << 30;
	expect_success((struct fake){.op_ns = 1000, .noise = 0.09, .noisy_calls = always});
	expect_failure((struct fake){.op_ns = 1000, .noise = 0.11, .noisy_calls = always}, NAN,
		       "noisy");
	expect_success((struct fake){.op_ns = 1000, .clock_skew = 0.045});
	expect_success((struct fake){.op_ns = 1000, .clock_skew = -0.045});
	expect_failure((struct fake){.op_ns = 1000, .clock_skew = 0.055}, NAN, "clock");
	expect_failure((struct fake){.op_ns = 1000, .clock_skew = -0.055}, NAN, "clock");
}

/* What a half batch costs is less its own empty loop. */
static void a_dear_loop_is_no_bend(void)
{
	expect_success((struct fake){.op_ns = 10, .loop_ns = 30});
}

/* Up to 2 % lost is taken off; a batch that lost more is run again. */
static void a_little_lost_is_not_run_again(void)
{
	struct hv_measurement m;
	struct err e;
	struct fake f = {.op_ns = 1000, .lost_every = 2, .lost_share = 0.018};
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT_EQUAL(m.repeated, 0);
	CU_ASSERT(m.lost > 0.005);
	CU_ASSERT_DOUBLE_EQUAL(m.p90, 1000, 0.01);
	f = (struct fake){.op_ns = 1000, .lost_every = 3, .lost_share = 0.022};
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT(m.repeated > 0);
}

static void interrupted_batches_are_run_again(void)
{
	/* Every second call is spoiled: no median could help. */
	struct fake f = {.op_ns = 1000, .loop_ns = 3, .exits = 1, .lost_every = 2};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(measure(&f, 1, &m, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(m.p90, 1000, 0.01);
	CU_ASSERT(m.repeated >= 10);
	CU_ASSERT(m.lost > 0.5);

	f = (struct fake){.op_ns = 1000, .loop_ns = 3, .lost_every = 2, .lost_unknown = true};
	CU_ASSERT_EQUAL_FATAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT(isnan(m.lost)); /* rather than none */
	CU_ASSERT_DOUBLE_EQUAL(m.p90, 1000, 0.01);
}

static void lost_time_is_taken_off(void)
{
	/* Work that is always interrupted is run again as often as there are batches; then what
	 * others had is subtracted from both clocks. */
	struct fake always = {.op_ns = 1000, .loop_ns = 3, .exits = 1, .lost_every = 1};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(measure(&always, 1, &m, &e), 0);
	CU_ASSERT_EQUAL(m.repeated, 21);
	CU_ASSERT_DOUBLE_EQUAL(m.p50, 1000, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(m.clock_gap, 0, 1e-6);
}

static void small_deviations_pass(void)
{
	struct fake f = {.op_ns = 1000,
			 .noise = 0.05,
			 .noisy_calls = 1u << 30,
			 .exits = 1.01,
			 .clock_skew = 0.03};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, 1, &m, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(m.mad / m.p50, 0.05, 0.02);
}

static void noise_that_passes_is_measured_again(void)
{
	struct fake f = {.op_ns = 1000, .noise = 0.3, .noisy_calls = 50};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), 0);
	CU_ASSERT_EQUAL(m.attempts, 2);
	CU_ASSERT_DOUBLE_EQUAL(m.p50, 1000, 0.01);
}

static void failure_of_the_work_is_passed_on(void)
{
	struct fake f = {.op_ns = 1000, .fail_at = 30};
	struct hv_measurement m;
	struct err e;
	CU_ASSERT_EQUAL(measure(&f, NAN, &m, &e), ERR_TIMEOUT);
	CU_ASSERT_STRING_EQUAL(e.text, "made to fail");
}

static void order_statistics(void)
{
	double v[] = {5, 1, 4, 2, 3};
	CU_ASSERT_DOUBLE_EQUAL(hv_mad(v, 5), 1, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(hv_quantile(v, 5, 0), 1, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(hv_quantile(v, 5, 0.5), 3, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(hv_quantile(v, 5, 0.9), 4.6, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(hv_quantile(v, 5, 1), 5, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(hv_quantile(v, 1, 0.9), 1, 1e-12);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"known_cost_is_found", known_cost_is_found},
		{"dear_operations_get_few_batches", dear_operations_get_few_batches},
		{"the_mean_knows_dear_batches", the_mean_knows_dear_batches},
		{"what_fails_its_check_is_no_number", what_fails_its_check_is_no_number},
		{"a_limit_is_where_it_is_said_to_be", a_limit_is_where_it_is_said_to_be},
		{"a_dear_loop_is_no_bend", a_dear_loop_is_no_bend},
		{"a_little_lost_is_not_run_again", a_little_lost_is_not_run_again},
		{"interrupted_batches_are_run_again", interrupted_batches_are_run_again},
		{"lost_time_is_taken_off", lost_time_is_taken_off},
		{"small_deviations_pass", small_deviations_pass},
		{"noise_that_passes_is_measured_again", noise_that_passes_is_measured_again},
		{"failure_of_the_work_is_passed_on", failure_of_the_work_is_passed_on},
		{"order_statistics", order_statistics},
		{0},
	};
	return test_main("measure", cases, argc, argv);
}
