/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stations on small cases that can be worked out by hand, and under random treatment against
 * conservation of work. Their averages against queueing theory are test_theory's.
 */
#include "sim/engine/station.h"
#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

#define JOBS 8

struct scene {
	struct sim *sim;
	struct station station;
	struct station_job job[JOBS];
	double done_s[JOBS]; /* 0: not yet */
};

static void finish(struct sim *s, struct station_job *job)
{
	struct scene *c = job->ctx;
	c->done_s[job - c->job] = sim_to_seconds(sim_now(s));
}

static void scene_open(struct scene *c, struct station_config config)
{
	struct err e;
	memset(c, 0, sizeof(*c));
	c->sim = sim_create(NULL);
	if (config.rate == 0)
		config.rate = 1;
	CU_ASSERT_EQUAL_FATAL(station_init(&c->station, c->sim, &config, &e), 0);
	for (size_t i = 0; i < JOBS; i++) {
		c->job[i].done = finish;
		c->job[i].ctx = c;
	}
}

static void scene_close(struct scene *c)
{
	station_fini(&c->station);
	CU_ASSERT_EQUAL(sim_pending(c->sim), 0);
	sim_destroy(c->sim);
}

static void until(struct scene *c, double seconds)
{
	CU_ASSERT_EQUAL(sim_run_until(c->sim, sim_from_seconds(seconds), NULL), 0);
}

static void submit(struct scene *c, int job, double demand)
{
	station_submit(&c->station, &c->job[job], demand);
}

static void left(struct scene *c, int job, double expected)
{
	CU_ASSERT_DOUBLE_EQUAL(station_remaining(&c->job[job]), expected, 1e-9);
}

static void done_at(struct scene *c, int job, double expected)
{
	CU_ASSERT_DOUBLE_EQUAL(c->done_s[job], expected, 1.01e-9);
}

static void fifo_serves_in_order_on_two_servers(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){.ops = &station_fifo, .servers = 2});
	submit(&c, 0, 3);
	submit(&c, 1, 1);
	submit(&c, 2, 1);
	submit(&c, 3, 5);
	until(&c, 0.5);
	left(&c, 0, 2.5);
	left(&c, 2, 1);
	station_set_rate(&c.station, 0);
	until(&c, 1);
	station_set_rate(&c.station, 2);
	until(&c, 1.5); /* job 1 ended at 1.25, job 2 runs until 1.75 */
	left(&c, 2, 0.5);
	CU_ASSERT_EQUAL(c.station.present, 3);
	until(&c, 2);
	CU_ASSERT_EQUAL(station_cancel(&c.job[3]), 4.5);
	until(&c, 10);
	done_at(&c, 1, 1.25);
	done_at(&c, 2, 1.75);
	done_at(&c, 0, 2.25);
	done_at(&c, 3, 0);
	CU_ASSERT_EQUAL(c.station.completed, 3);
	CU_ASSERT_EQUAL(c.station.cancelled, 1);
	/* 1.75 s of two, 0.25 s of two (job 3 and 0), 0.25 s of one */
	CU_ASSERT_DOUBLE_EQUAL(station_utilization(&c.station), (2 * 2 + 0.25) / 20, 1e-9);
	scene_close(&c);
}

static void a_waiting_job_can_be_cancelled_and_submitted_elsewhere(void)
{
	struct scene c, d;
	scene_open(&c, (struct station_config){.ops = &station_fifo});
	scene_open(&d, (struct station_config){.ops = &station_ps});
	submit(&c, 0, 4);
	submit(&c, 1, 2);
	submit(&c, 2, 3);
	CU_ASSERT_TRUE(station_job_present(&c.job[1]));
	CU_ASSERT_EQUAL(station_cancel(&c.job[1]), 2);
	CU_ASSERT_FALSE(station_job_present(&c.job[1]));
	station_submit(&d.station, &c.job[1], 2);
	until(&c, 20);
	done_at(&c, 2, 7);
	sim_run_until(d.sim, 20 * SIM_S, NULL);
	done_at(&c, 1, 2);
	scene_close(&c);
	scene_close(&d);
}

static void zero_demand_is_done_now_but_later(void)
{
	static const struct station_ops *const all[] = {&station_fifo, &station_priority,
							&station_ps, &station_shares,
							&station_round_robin};
	for (size_t i = 0; i < 5; i++) {
		struct scene c;
		scene_open(&c, (struct station_config){.ops = all[i], .slice = SIM_S});
		until(&c, 5);
		submit(&c, 0, 0);
		CU_ASSERT_TRUE(station_job_present(&c.job[0]));
		until(&c, 5);
		done_at(&c, 0, 5);
		scene_close(&c);
	}
}

static void priority_waits_or_preempts(void)
{
	for (int preemptive = 0; preemptive < 2; preemptive++) {
		struct scene c;
		scene_open(&c, (struct station_config){.ops = &station_priority,
						       .preemptive = preemptive != 0});
		c.job[0].priority = 5;
		c.job[1].priority = 5;
		c.job[2].priority = 1;
		c.job[3].priority = 5;
		submit(&c, 0, 2);
		submit(&c, 1, 2);
		until(&c, 1);
		submit(&c, 2, 3);
		submit(&c, 3, 1);
		until(&c, 1.5);
		left(&c, 0, preemptive ? 1 : 0.5);
		until(&c, 20);
		done_at(&c, 2, preemptive ? 4 : 5);
		done_at(&c, 0, preemptive ? 5 : 2);
		done_at(&c, 1, 7);
		done_at(&c, 3, 8);
		CU_ASSERT_EQUAL(c.station.preempted, (uint64_t)preemptive);
		scene_close(&c);
	}
}

static void preemption_takes_the_worst_and_the_latest(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){
			       .ops = &station_priority, .servers = 3, .preemptive = true});
	c.job[0].priority = 2;
	c.job[1].priority = 3;
	c.job[2].priority = 3;
	c.job[3].priority = 1;
	for (int i = 0; i < 3; i++)
		submit(&c, i, 10);
	until(&c, 4);
	submit(&c, 3, 1);
	until(&c, 4.5);
	left(&c, 0, 5.5);
	left(&c, 1, 5.5);
	left(&c, 2, 6); /* as bad as job 1, and came later */
	until(&c, 20);
	done_at(&c, 3, 5);
	done_at(&c, 0, 10);
	done_at(&c, 2, 11);
	scene_close(&c);
}

static void submit_both(struct sim *s, void *ctx, uint32_t demand_s)
{
	(void)s;
	for (int i = 2; i < 4; i++)
		submit(ctx, i, demand_s);
}

/* Two arrivals at the nanosecond at which job 0 is done, but before it in the order of events: they
 * take its server, and that of job 1. */
static void a_job_that_is_done_is_not_preempted(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){
			       .ops = &station_priority, .servers = 2, .preemptive = true});
	c.job[0].priority = 5;
	c.job[1].priority = 4;
	c.job[2].priority = c.job[3].priority = 1;
	sim_at(c.sim, 2 * SIM_S, submit_both, &c, 1);
	submit(&c, 0, 2);
	submit(&c, 1, 10);
	until(&c, 20);
	done_at(&c, 0, 2);
	done_at(&c, 2, 3);
	done_at(&c, 3, 3);
	done_at(&c, 1, 11);
	CU_ASSERT_EQUAL(c.station.preempted, 1);
	scene_close(&c);
}

static void sharing_divides_by_the_number_present(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){.ops = &station_ps, .servers = 2, .rate = 10});
	submit(&c, 0, 20);
	until(&c, 1); /* alone: one server */
	left(&c, 0, 10);
	submit(&c, 1, 100);
	submit(&c, 2, 100);
	submit(&c, 3, 30); /* four on two: 5 each */
	until(&c, 2);
	left(&c, 0, 5);
	left(&c, 3, 25);
	CU_ASSERT_DOUBLE_EQUAL(station_cancel(&c.job[1]), 95, 1e-9);
	until(&c, 2.3); /* three on two: 6.667 each */
	left(&c, 0, 3);
	until(&c, 20);
	done_at(&c, 0, 2.75);
	done_at(&c, 3, 4.75); /* 20 left at 2.75, then a server of its own */
	scene_close(&c);
}

static void shares_fill_up_to_the_caps(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){.ops = &station_shares, .servers = 4, .rate = 10});
	c.job[0].cap = 0.5;
	c.job[1].weight = 3;
	c.job[1].cap = 2;
	c.job[2].weight = 1;
	c.job[3].weight = 1;
	c.job[3].cap = 1;
	for (int i = 0; i < 4; i++)
		submit(&c, i, 1000);
	until(&c, 1);
	/* 0 has 0.5, 1 has 2 (its share would be 2.1), 2 and 3 what is left: 0.75 */
	left(&c, 0, 995);
	left(&c, 1, 980);
	left(&c, 2, 992.5);
	left(&c, 3, 992.5);
	CU_ASSERT_DOUBLE_EQUAL(station_cancel(&c.job[0]), 995, 1e-9);
	until(&c, 2);
	/* 1 has 2, the others 1 each: nobody is held back by another, 3 by its cap */
	left(&c, 1, 960);
	left(&c, 2, 982.5);
	left(&c, 3, 982.5);
	station_cancel(&c.job[2]);
	until(&c, 3);
	left(&c, 1, 940);
	left(&c, 3, 972.5);
	CU_ASSERT_DOUBLE_EQUAL(c.station.busy.value, 3, 1e-12); /* all at their caps */
	c.job[4].weight = 96;
	submit(&c, 4, 1000); /* 100 shares of 0.04 */
	until(&c, 4);
	left(&c, 4, 1000 - 38.4);
	left(&c, 1, 940 - 1.2);
	left(&c, 3, 972.5 - 0.4);
	station_set_rate(&c.station, 100);
	until(&c, 5);
	left(&c, 4, 1000 - 38.4 - 384);
	scene_close(&c);
}

static void round_robin_takes_turns_and_pays_for_switching(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){.ops = &station_round_robin,
					       .slice = SIM_S,
					       .switch_cost = SIM_S / 10});
	submit(&c, 0, 2.5);
	submit(&c, 1, 1.5);
	/* switch 0.1, 0 until 1.1, switch, 1 until 2.2, 0 until 3.3, 1 done at 3.9, 0 done at 4.5
	 */
	until(&c, 0.05);
	left(&c, 0, 2.5);
	until(&c, 0.6);
	left(&c, 0, 2);
	until(&c, 2);
	left(&c, 0, 1.5);
	left(&c, 1, 0.7);
	until(&c, 20);
	done_at(&c, 1, 3.9);
	done_at(&c, 0, 4.5);

	/* Alone, a job goes on without switching; a newcomer waits for the end of the slice. */
	submit(&c, 2, 2.5);
	until(&c, 21.2);
	submit(&c, 3, 1);
	until(&c, 40);
	done_at(&c, 3, 23.2);
	done_at(&c, 2, 23.8);
	scene_close(&c);
}

static void round_robin_stands_still_at_rate_zero(void)
{
	struct scene c;
	scene_open(&c, (struct station_config){
			       .ops = &station_round_robin, .servers = 2, .slice = SIM_S});
	for (int i = 0; i < 3; i++)
		submit(&c, i, 3);
	until(&c, 0.25);
	station_set_rate(&c.station, 0);
	CU_ASSERT_EQUAL(sim_run_until(c.sim, SIM_NEVER, NULL), 0); /* ends: nothing happens */
	until(&c, 10);
	left(&c, 0, 2.75);
	left(&c, 2, 3);
	CU_ASSERT_DOUBLE_EQUAL(station_cancel(&c.job[1]), 2.75, 1e-9);
	station_set_rate(&c.station, 1);
	until(&c, 30);
	done_at(&c, 0, 12.75);
	done_at(&c, 2, 13);
	scene_close(&c);

	/* Its slices stand still, too: 0 until 10.75, 1 until 11.75, 0 is done at 12.25. */
	scene_open(&c, (struct station_config){.ops = &station_round_robin, .slice = SIM_S});
	submit(&c, 0, 1.5);
	submit(&c, 1, 1.5);
	until(&c, 0.25);
	station_set_rate(&c.station, 0);
	until(&c, 5);
	station_set_rate(&c.station, 0);
	until(&c, 10);
	station_set_rate(&c.station, 1);
	until(&c, 30);
	done_at(&c, 0, 12.25);
	done_at(&c, 1, 12.75);

	/* And the slice of one that is given the server meanwhile is a whole one. */
	submit(&c, 0, 1);
	submit(&c, 1, 1.5);
	submit(&c, 2, 1.5);
	station_set_rate(&c.station, 0);
	until(&c, 40);
	station_cancel(&c.job[0]);
	until(&c, 50);
	station_set_rate(&c.station, 1);
	until(&c, 70);
	done_at(&c, 1, 52.5);
	done_at(&c, 2, 53);
	scene_close(&c);
}

/* A job that never ends keeps the shared clock running for 12 days; one that comes then is done to
 * the nanosecond. */
static void a_clock_that_has_run_for_long_is_still_exact(void)
{
	static const struct station_ops *const all[] = {&station_ps, &station_shares};
	for (size_t i = 0; i < 2; i++) {
		struct scene c;
		struct stream st;
		stream_init(&st, &(struct stream_key){.seed = 1}, i, 3);
		scene_open(&c, (struct station_config){.ops = all[i]});
		submit(&c, 0, 1e12);
		for (int k = 0; k < 10000; k++) {
			double demand = stream_uniform(&st);
			until(&c, 1e6 + 2 * k);
			double start = sim_to_seconds(sim_now(c.sim));
			submit(&c, 1, demand);
			until(&c, 1e6 + 2 * k + 2);
			CU_ASSERT(fabs(c.done_s[1] - start - 2 * demand) <= 1e-9);
		}
		scene_close(&c);
	}
}

/* A million changes of rate while one job of each discipline is in service, which has been there
 * for 12 days: it must end to the nanosecond when the exact sum says. */
static void changes_of_rate_add_no_error(void)
{
	static const struct station_ops *const all[] = {&station_fifo, &station_priority,
							&station_ps, &station_shares,
							&station_round_robin};
	for (size_t i = 0; i < 5; i++) {
		struct scene c;
		struct stream st;
		stream_init(&st, &(struct stream_key){.seed = 1}, i, 0);
		scene_open(&c, (struct station_config){
				       .ops = all[i], .slice = 1000 * SIM_H, .rate = 1e9});
		submit(&c, 0, 2e15);
		until(&c, 1e6);
		long double served = 1e15L;
		double rate = 1e9;
		for (int k = 0; k < 1000000; k++) {
			sim_time dt = (sim_time)stream_below(&st, 1000000);
			sim_run_until(c.sim, sim_now(c.sim) + dt, NULL);
			served += (long double)rate * 1e-9L * (long double)dt;
			rate = 1e9 * stream_uniform(&st);
			station_set_rate(&c.station, rate);
		}
		station_set_rate(&c.station, 1e9);
		sim_time end = sim_now(c.sim) + (sim_time)roundl(2e15L - served);
		CU_ASSERT(served > 1.0002e15L && served < 1.0003e15L);
		CU_ASSERT_DOUBLE_EQUAL(station_remaining(&c.job[0]), (double)(2e15L - served), 1.0);
		sim_run_until(c.sim, SIM_NEVER, NULL);
		CU_ASSERT(llabs(sim_from_seconds(c.done_s[0]) - end) <= 1);
		scene_close(&c);
	}
}

/* Random arrivals, cancellations and rates: the work that went into jobs is the work that the busy
 * servers did, and every job ends. */
struct crowd {
	struct station_job job[40];
	bool present[40];
	double demanded, returned;
	uint64_t done;
};

static void crowd_done(struct sim *s, struct station_job *job)
{
	(void)s;
	struct crowd *w = job->ctx;
	w->present[job - w->job] = false;
	w->done++;
}

static void work_is_conserved(void)
{
	static const struct station_config all[] = {
		{.ops = &station_fifo, .servers = 3, .rate = 1},
		{.ops = &station_priority, .servers = 3, .rate = 1},
		{.ops = &station_priority, .servers = 3, .rate = 1, .preemptive = true},
		{.ops = &station_ps, .servers = 3, .rate = 1},
		{.ops = &station_shares, .servers = 3, .rate = 1},
		{.ops = &station_round_robin, .servers = 3, .rate = 1, .slice = SIM_S / 7},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		static struct crowd w;
		struct station station;
		struct stream st;
		struct sim *s = sim_create(NULL);
		double served = 0, busy = 0;
		w = (struct crowd){0};
		stream_init(&st, &(struct stream_key){.seed = 1}, i, 1);
		CU_ASSERT_EQUAL_FATAL(station_init(&station, s, &all[i], NULL), 0);
		for (int k = 0; k < 50000; k++) {
			size_t j = stream_below(&st, 40);
			uint64_t what = stream_below(&st, 10);
			if (what < 6 && !w.present[j]) {
				double demand = stream_exponential(&st, 1);
				w.job[j] = (struct station_job){
					.done = crowd_done,
					.ctx = &w,
					.priority = (int)stream_below(&st, 3),
					.weight = (float)(1 + stream_below(&st, 4)),
					.cap = stream_below(&st, 2) ? 0 : stream_uniform(&st),
				};
				w.present[j] = true;
				w.demanded += demand;
				station_submit(&station, &w.job[j], demand);
			} else if (what == 6 && w.present[j]) {
				double before = station_remaining(&w.job[j]);
				double back = station_cancel(&w.job[j]);
				CU_ASSERT_DOUBLE_EQUAL(back, before, 1e-9);
				w.present[j] = false;
				w.returned += back;
			} else if (what == 7) {
				double now_busy = time_average_integral(&station.busy, sim_now(s));
				served += (now_busy - busy) * station.rate;
				busy = now_busy;
				station_set_rate(&station, 2 * stream_uniform(&st));
			}
			sim_run_until(s,
				      sim_now(s) + sim_from_seconds(stream_exponential(&st, 0.3)),
				      NULL);
		}
		double remaining = 0;
		for (size_t j = 0; j < 40; j++)
			if (w.present[j])
				remaining += station_remaining(&w.job[j]);
		served += (time_average_integral(&station.busy, sim_now(s)) - busy) * station.rate;
		/* Each completion may be half a nanosecond early or late. */
		CU_ASSERT_DOUBLE_EQUAL(served + remaining, w.demanded - w.returned, 1e-6);
		CU_ASSERT(w.done > 5000);
		if (station.rate == 0)
			station_set_rate(&station, 1);
		CU_ASSERT_EQUAL(sim_run_until(s, SIM_NEVER, NULL), 0);
		CU_ASSERT_EQUAL(station.present, 0);
		CU_ASSERT_EQUAL(station.arrived, station.completed + station.cancelled);
		station_fini(&station);
		sim_destroy(s);
	}
}

static void nonsense_is_refused(void)
{
	struct station st;
	struct err e;
	struct sim *s = sim_create(NULL);
	const struct station_config bad[] = {
		{.ops = &station_fifo, .rate = -1},
		{.ops = &station_ps, .rate = (double)NAN},
		{.ops = &station_ps, .rate = (double)INFINITY},
		{.ops = &station_round_robin, .rate = 1},
		{.ops = &station_round_robin, .rate = 1, .slice = 1, .switch_cost = -1},
	};
	for (size_t i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(station_init(&st, s, &bad[i], &e), ERR_INVALID);
		CU_ASSERT(strlen(e.text) > 10);
	}
	sim_destroy(s);
}

static void submit_what_it_says(struct sim *s, void *ctx, uint32_t arg)
{
	static const double wrong[] = {-1, NAN, INFINITY};
	struct scene *c = ctx;
	(void)s;
	if (arg < 3)
		submit(c, 0, wrong[arg]);
	else
		station_set_rate(&c->station, wrong[arg - 3]);
}

/* A model that computes nonsense costs its run, not the process with all the others. */
static void nonsense_fails_the_run(void)
{
	for (uint32_t i = 0; i < 6; i++) {
		struct scene c;
		struct err e = {0};
		scene_open(&c, (struct station_config){.ops = &station_fifo, .servers = 1});
		sim_at(c.sim, sim_from_seconds(1), submit_what_it_says, &c, i);
		CU_ASSERT_EQUAL(sim_run_until(c.sim, sim_from_seconds(9), &e), ERR_INTERNAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "(at 1.000000000 s of simulated time)"));
		scene_close(&c);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"fifo_serves_in_order_on_two_servers", fifo_serves_in_order_on_two_servers},
		{"a_waiting_job_can_be_cancelled_and_submitted_elsewhere",
		 a_waiting_job_can_be_cancelled_and_submitted_elsewhere},
		{"zero_demand_is_done_now_but_later", zero_demand_is_done_now_but_later},
		{"priority_waits_or_preempts", priority_waits_or_preempts},
		{"preemption_takes_the_worst_and_the_latest",
		 preemption_takes_the_worst_and_the_latest},
		{"a_job_that_is_done_is_not_preempted", a_job_that_is_done_is_not_preempted},
		{"sharing_divides_by_the_number_present", sharing_divides_by_the_number_present},
		{"shares_fill_up_to_the_caps", shares_fill_up_to_the_caps},
		{"round_robin_takes_turns_and_pays_for_switching",
		 round_robin_takes_turns_and_pays_for_switching},
		{"round_robin_stands_still_at_rate_zero", round_robin_stands_still_at_rate_zero},
		{"a_clock_that_has_run_for_long_is_still_exact",
		 a_clock_that_has_run_for_long_is_still_exact},
		{"changes_of_rate_add_no_error", changes_of_rate_add_no_error},
		{"work_is_conserved", work_is_conserved},
		{"nonsense_is_refused", nonsense_is_refused},
		{"nonsense_fails_the_run", nonsense_fails_the_run},
		{0},
	};
	return test_main("stations", cases, argc, argv);
}
