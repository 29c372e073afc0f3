/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stations against closed forms of queueing theory. Each is simulated with many seeds, each of
 * which gives a 95 % interval: those that lie below the theory and those above it are counted, and
 * the counts must be what a binomial variable with p = 0.025 may be. That finds a bias that one
 * interval would hide: with a service rate that is wrong by 1 % the counts leave their bounds
 * (a_rate_that_is_wrong_by_one_percent_is_found). Seeds are fixed, so these fail when the code
 * changes and never by chance. `ctest -L slow` takes a hundred.
 */
#include "tests/engine/open_queue.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <stdio.h>

#define REPETITIONS 8
#define SEED	    7

static unsigned intervals(void)
{
	if (TEST_SANITIZED)
		return 3; /* the code is run; the numbers are those of the other builds */
	return getenv("MCVSIM_SLOW") ? 100 : 30;
}

static double exponential(struct stream *st)
{
	return stream_exponential(st, 1);
}

static double constant(struct stream *st)
{
	(void)st;
	return 1;
}

/* Mean 1, squared coefficient of variation 4: a mixture of two exponentials with balanced means. */
static double hyperexponential(struct stream *st)
{
	const double p = 0.5 * (1 + sqrt(3.0 / 5.0));
	double u = stream_uniform(st), x = stream_exponential(st, 1);
	return u < p ? x / (2 * p) : x / (2 * (1 - p));
}

static double gamma_half(struct stream *st)
{
	gsl_rng r = stream_gsl(st);
	return gsl_ran_gamma(&r, 0.5, 2);
}

static double uniform(struct stream *st)
{
	return 2 * stream_uniform(st);
}

static void check_inside(const char *what, struct tally *t, double expected)
{
	struct interval i = interval_of_tally(t, 0.95);
	bool inside = fabs(i.mean - expected) <= i.half_width;
	if (!inside)
		printf("%s: theory %.5f, simulated %.5f +- %.5f\n", what, expected, i.mean,
		       i.half_width);
	CU_ASSERT(inside);
	CU_ASSERT(i.half_width < 0.1 * expected); /* an interval that says something */
}

/* Where the intervals of one number lie. */
struct misses {
	unsigned n, below, above; /* the truth */
};

static void count_interval(struct misses *m, const struct tally *t, double expected)
{
	struct interval i = interval_of_tally(t, 0.95);
	m->n++;
	m->below += i.mean + i.half_width < expected;
	m->above += i.mean - i.half_width > expected;
}

/* As many as chance alone gives in one of ten thousand numbers, on either side. */
static bool is_chance(const struct misses *m)
{
	unsigned most = m->below > m->above ? m->below : m->above;
	return most == 0 || gsl_cdf_binomial_Q(most - 1, 0.025, m->n) > 1e-4;
}

/* Simulates: misses of the mean response of each class, then of the number present (Little's law).
 * Other disciplines get other random numbers, so that their counts are independent. */
static void count_misses(const char *what, struct open_queue queue, const double *responses,
			 struct misses *response, struct misses *jobs)
{
	if (queue.duration_s == 0)
		queue.duration_s = 15000;
	queue.warmup_s = queue.duration_s / 20;
	for (unsigned i = 0; i < intervals(); i++) {
		struct tally t[CLASSES_MAX] = {0}, present = {0};
		double in_system = 0;
		for (uint64_t r = 0; r < REPETITIONS; r++) {
			struct open_result result = open_queue_run(&queue, stream_name(what),
								   REPETITIONS * (uint64_t)i + r);
			for (int k = 0; queue.class[k].arrival_rate > 0; k++)
				tally_add(&t[k], result.response[k].mean);
			tally_add(&present, result.mean_jobs);
		}
		for (int k = 0; queue.class[k].arrival_rate > 0; k++) {
			count_interval(&response[k], &t[k], responses[k]);
			in_system += queue.class[k].arrival_rate * responses[k];
		}
		count_interval(jobs, &present, in_system);
	}
}

static void check_misses(const char *what, int class, const struct misses *m)
{
	if (!is_chance(m))
		printf("%s, class %d: of %u intervals %u lie below the theory, %u above\n", what,
		       class, m->n, m->below, m->above);
	CU_ASSERT(is_chance(m));
}

/* Expected mean responses by class. */
static void check(const char *what, struct open_queue queue, const double *responses)
{
	struct misses response[CLASSES_MAX] = {0}, jobs = {0};
	count_misses(what, queue, responses, response, &jobs);
	for (int k = 0; queue.class[k].arrival_rate > 0; k++)
		check_misses(what, k, &response[k]);
	check_misses(what, -1, &jobs);
}

/* One class with mean demand 1 on servers of rate 1. */
static struct open_queue one_class(const struct station_ops *ops, uint32_t servers, double arrivals,
				   demand_fn *demand)
{
	return (struct open_queue){
		.station = {.ops = ops, .servers = servers, .rate = 1},
		.class = {{.arrival_rate = arrivals, .demand = demand}},
	};
}

static void mm1(void)
{
	for (double load = 0.3; load < 0.95; load += 0.3)
		check("M/M/1", one_class(&station_fifo, 1, load, exponential),
		      (double[]){1 / (1 - load)});
}

/* Probability of waiting in M/M/c with offered load a. */
static double erlang_c(unsigned c, double a)
{
	double b = 1;
	for (unsigned k = 1; k <= c; k++)
		b = a * b / (k + a * b);
	return b / (1 - a / c * (1 - b));
}

static void mmc(void)
{
	for (unsigned c = 2; c <= 8; c *= 2) {
		double arrivals = 0.8 * c;
		struct open_queue queue = one_class(&station_fifo, c, arrivals, exponential);
		queue.duration_s = 20000 / c;
		check("M/M/c", queue, (double[]){1 + erlang_c(c, arrivals) / (c - arrivals)});
	}
}

static void mg1(void)
{
	/* Pollaczek and Khinchine: W = load (1 + scv) / 2 (1 - load) with service mean 1. */
	const double load = 0.7;
	static const struct {
		const char *name;
		demand_fn *demand;
		double scv;
	} services[] = {
		{"M/D/1", constant, 0},
		{"M/U/1", uniform, 1.0 / 3},
		{"M/Gamma/1", gamma_half, 2},
		{"M/H2/1", hyperexponential, 4},
	};
	for (size_t i = 0; i < 4; i++)
		check(services[i].name, one_class(&station_fifo, 1, load, services[i].demand),
		      (double[]){1 + load * (1 + services[i].scv) / (2 * (1 - load))});
}

static void mg1_ps(void)
{
	/* The mean response depends on the mean demand only. */
	static demand_fn *const demands[] = {exponential, constant, hyperexponential, gamma_half};
	const double load = 0.7;
	for (size_t i = 0; i < 4; i++)
		check("M/G/1-PS", one_class(&station_ps, 1, load, demands[i]),
		      (double[]){1 / (1 - load)});
}

static void shared_servers(void)
{
	/* n jobs on c servers, each at most one: the number present is that of M/M/c, by either
	 * discipline. */
	const uint32_t c = 4;
	const double arrivals = 0.8 * c;
	double response = 1 + erlang_c(c, arrivals) / (c - arrivals);
	struct open_queue queue = one_class(&station_ps, c, arrivals, exponential);
	queue.duration_s = 5000;
	check("M/M/4-PS", queue, &response);
	queue.station.ops = &station_shares;
	queue.class[0].cap = 1;
	check("M/M/4 by capped shares", queue, &response);
}

static void priorities(void)
{
	/* Cobham 1954, and its preemptive counterpart; three classes, of which the last two have
	 * other means and distributions. */
	static const double load[] = {0.2, 0.3, 0.25}, mean[] = {1, 2, 0.5};
	static const double second_moment[] = {2, 4, 0.25 * 5}; /* E[S^2] */
	static demand_fn *const demand[] = {exponential, constant, hyperexponential};
	for (int preemptive = 0; preemptive < 2; preemptive++) {
		struct open_queue queue = {
			.station = {.ops = &station_priority,
				    .rate = 1,
				    .preemptive = preemptive != 0},
		};
		double response[3], above = 0, residual_above = 0, residual = 0;
		for (int k = 0; k < 3; k++) {
			queue.class[k] = (struct open_class){.arrival_rate = load[k] / mean[k],
							     .demand = demand[k],
							     .mean = mean[k],
							     .priority = 10 * k - 5};
			residual += queue.class[k].arrival_rate * second_moment[k] / 2;
		}
		for (int k = 0; k < 3; k++) {
			residual_above += queue.class[k].arrival_rate * second_moment[k] / 2;
			double waiting = (preemptive ? residual_above : residual) /
					 ((1 - above) * (1 - above - load[k]));
			response[k] = waiting + (preemptive ? mean[k] / (1 - above) : mean[k]);
			above += load[k];
		}
		check(preemptive ? "preemptive priorities" : "priorities", queue, response);
	}
}

static void weighted_shares(void)
{
	/* Two classes of exponential demands under discriminatory processor sharing (Fayolle,
	 * Mitrani and Iasnogorodski, J. ACM 27:3, 1980). */
	const double load[] = {0.3, 0.4}, mean[] = {1, 2}, weight[] = {4, 1};
	struct open_queue queue = {.station = {.ops = &station_shares, .rate = 1}};
	double response[2], d = 0;
	for (int k = 0; k < 2; k++) {
		queue.class[k] = (struct open_class){.arrival_rate = load[k] / mean[k],
						     .demand = exponential,
						     .mean = mean[k],
						     .weight = (float)weight[k]};
		d += weight[k] / mean[k] * (1 - load[k]);
	}
	for (int k = 0; k < 2; k++) {
		double extra = load[1 - k] / mean[k] * (weight[1 - k] - weight[k]) / d;
		response[k] = mean[k] / (1 - load[0] - load[1]) * (1 + extra);
	}
	check("discriminatory processor sharing", queue, response);
}

static void round_robin_tends_to_sharing(void)
{
	/* With demands of high variance, sharing gives 1 / (1 - load) and first come first served
	 * twice as much. Under common random numbers the difference to sharing must shrink with the
	 * slice. */
	const double load = 0.7;
	struct open_queue sharing = one_class(&station_ps, 1, load, hyperexponential);
	struct open_queue turns = one_class(&station_round_robin, 1, load, hyperexponential);
	turns.station.slice = SIM_S / 100;
	turns.duration_s = 3000; /* a hundred events a customer */
	check("round robin", turns, (double[]){1 / (1 - load)});

	double last = INFINITY;
	sharing.warmup_s = turns.warmup_s = 1000;
	sharing.duration_s = turns.duration_s = 20000;
	for (sim_time slice = 4 * SIM_S; slice >= SIM_S / 64; slice /= 4) {
		double apart = 0;
		turns.station.slice = slice;
		for (uint64_t r = 0; r < 3; r++)
			apart += fabs(open_queue_run(&turns, SEED, r).response[0].mean -
				      open_queue_run(&sharing, SEED, r).response[0].mean);
		CU_ASSERT(apart < 0.5 * last);
		last = apart;
	}
	CU_ASSERT(last < 3 * 0.01);

	/* A cost of switching lengthens every slice: service of 1 s in slices of 0.1 s, when there
	 * is always another job, takes 10 switches. */
	struct open_queue costly = one_class(&station_round_robin, 1, load, constant);
	costly.station.slice = SIM_S / 10;
	costly.station.switch_cost = SIM_S / 50;
	costly.duration_s = 20000;
	double busy = open_queue_run(&costly, SEED, 0).utilization;
	CU_ASSERT(busy > load * 1.1 && busy < load * 1.2 + 0.02);
}

static void a_rate_that_is_wrong_by_one_percent_is_found(void)
{
	static const struct station_ops *const disciplines[] = {&station_fifo, &station_ps,
								&station_priority, &station_shares,
								&station_round_robin};
	if (intervals() < 30) {
		test_skip("too slow under a sanitizer");
		return;
	}
	const double load = 0.7, response = 1 / (1 - load);
	for (size_t i = 0; i < 5; i++)
		for (int sign = 1; sign >= (getenv("MCVSIM_SLOW") ? -1 : 1); sign -= 2) {
			struct misses m = {0}, jobs = {0};
			struct open_queue queue = one_class(disciplines[i], 1, load, exponential);
			queue.station.rate = 1 + 0.01 * sign;
			queue.station.slice = SIM_S / 2;
			count_misses("wrong", queue, &response, &m, &jobs);
			CU_ASSERT(!is_chance(&m) || !is_chance(&jobs));
			/* Faster service: shorter responses. */
			CU_ASSERT(sign > 0 ? m.below > m.above : m.above > m.below);
		}
}

static void antithetic_pairs_have_less_variance(void)
{
	struct open_queue up = one_class(&station_fifo, 1, 0.7, exponential), down;
	struct tally plain = {0}, pairs = {0};
	up.warmup_s = 100;
	up.duration_s = 2000;
	up.invert = 1;
	down = up;
	down.antithetic = 1;
	for (uint64_t r = 0; r < 200; r++) {
		double x = open_queue_run(&up, SEED, 2 * r).response[0].mean;
		tally_add(&plain, (x + open_queue_run(&up, SEED, 2 * r + 1).response[0].mean) / 2);
		tally_add(&pairs, (x + open_queue_run(&down, SEED, 2 * r).response[0].mean) / 2);
	}
	check_inside("antithetic M/M/1", &pairs, 1 / (1 - 0.7));
	CU_ASSERT(tally_variance(&pairs) < 0.9 * tally_variance(&plain));
}

/* The same with more seeds, and service that is too slow as well as too fast. */
static void every_discipline_with_a_hundred_intervals(void)
{
	if (!getenv("MCVSIM_SLOW")) {
		test_skip("a minute or two long: set MCVSIM_SLOW=1");
		return;
	}
	mm1();
	mmc();
	mg1();
	mg1_ps();
	shared_servers();
	priorities();
	weighted_shares();
	round_robin_tends_to_sharing();
	a_rate_that_is_wrong_by_one_percent_is_found();
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"mm1", mm1},
		{"mmc", mmc},
		{"mg1", mg1},
		{"mg1_ps", mg1_ps},
		{"shared_servers", shared_servers},
		{"priorities", priorities},
		{"weighted_shares", weighted_shares},
		{"round_robin_tends_to_sharing", round_robin_tends_to_sharing},
		{"a_rate_that_is_wrong_by_one_percent_is_found",
		 a_rate_that_is_wrong_by_one_percent_is_found},
		{"antithetic_pairs_have_less_variance", antithetic_pairs_have_less_variance},
		{"every_discipline_with_a_hundred_intervals",
		 every_discipline_with_a_hundred_intervals},
		{0},
	};
	return test_main("theory", cases, argc, argv);
}
