/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Benchmarks of the engine. Times are CPU times of the process, but for threads.
 *
 * - bench_engine mm1 [--customers N]: M/M/1 at load 0.9 with statistics
 * - bench_engine hold [--n N] [--holds N] [--increments NAME]
 * - bench_engine phold [--lps N] [--holds N]: PHOLD (Fujimoto 1990), one event per logical process
 * - bench_engine cancel|reschedule [--n N] [--holds N]
 * - bench_engine variates [--holds N]
 * - bench_engine compare [--from LEAST] [--n LARGEST] [--rounds N]: against the reference heap,
 *   interleaved
 * - bench_engine threads [--customers N] [--rounds N]: repetitions of M/M/1 alone, in two threads
 * and in two processes, interleaved; times by the wall clock
 *
 * With --json one object and nothing else is printed.
 */
#include "tests/engine/bench_hold.h"
#include "tests/engine/bench_threads.h"

#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct options {
	uint64_t customers, from, n, holds, lps, rounds;
	const char *increments;
	bool json;
};

static double clock_s(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_s(void)
{
	return clock_s(CLOCK_PROCESS_CPUTIME_ID);
}

static double or_default(uint64_t *value, uint64_t otherwise)
{
	if (!*value)
		*value = otherwise;
	return (double)*value;
}

/* ---- Medians */

#define ROUNDS_MAX 101

struct sample {
	double x[ROUNDS_MAX];
	size_t n;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double quantile(struct sample *s, double q)
{
	qsort(s->x, s->n, sizeof(s->x[0]), by_value);
	return s->x[(size_t)(q * (double)(s->n - 1) + 0.5)];
}

/* ---- M/M/1 */

typedef void mm1_fn(struct mm1 *m);

static double mm1_ns(mm1_fn *run, uint64_t customers, struct mm1 *m)
{
	mm1_start(m, 0, customers);
	double start = cpu_s();
	run(m);
	return (cpu_s() - start) * 1e9 / (double)customers;
}

enum { EVENTS, RECURSION, EARLY, PAIR, STATION, WAYS };

static void print_way(const char *name, struct sample *ns)
{
	printf("  %-35s %6.1f ns per customer (%.1f to %.1f)\n", name, quantile(ns, 0.5),
	       quantile(ns, 0), quantile(ns, 1));
}

static void print_mm1(const struct options *o, struct sample ns[WAYS], const struct mm1 *m)
{
	double median[WAYS];
	for (int way = 0; way < WAYS; way++)
		median[way] = quantile(&ns[way], 0.5);
	double ratio = median[EVENTS] / median[RECURSION];
	double ratio_early = median[EVENTS] / median[EARLY];
	if (o->json) {
		printf("{\"customers_per_s\":%.0f,\"ns_per_customer\":%.2f,"
		       "\"recursion_ns_per_customer\":%.2f,\"ratio\":%.3f,"
		       "\"early_recursion_ns_per_customer\":%.2f,\"ratio_early\":%.3f,"
		       "\"pair_ns_per_customer\":%.2f,\"station_ns_per_customer\":%.2f,"
		       "\"mean_response_s\":%.6f}\n",
		       1e9 / median[EVENTS], median[EVENTS], median[RECURSION], ratio,
		       median[EARLY], ratio_early, median[PAIR], median[STATION], m->response.mean);
		return;
	}
	printf("M/M/1 at load 0.9, %" PRIu64 " customers, medians of %" PRIu64
	       " interleaved rounds (least to most):\n",
	       o->customers, o->rounds);
	print_way("engine", &ns[EVENTS]);
	print_way("two-clock recursion", &ns[RECURSION]);
	print_way("the same, drawing before it counts", &ns[EARLY]);
	print_way("a loop of two callbacks", &ns[PAIR]);
	print_way("engine's station", &ns[STATION]);
	printf("  the engine takes %.2f times the recursion, least times %.2f; of the second %.2f "
	       "and %.2f\n",
	       ratio, quantile(&ns[EVENTS], 0) / quantile(&ns[RECURSION], 0), ratio_early,
	       quantile(&ns[EVENTS], 0) / quantile(&ns[EARLY], 0));
	printf("  response time: mean %.4f s, variance %.3f, p50 %.3f, p99 %.3f, max %.2f; mean "
	       "number present %.4f\n",
	       m->response.mean, tally_variance(&m->response),
	       histogram_quantile(&m->quantiles, 0.5), histogram_quantile(&m->quantiles, 0.99),
	       m->response.max, time_average_mean(&m->present, m->present.last));
}

static bool is_same(const struct mm1 *a, const struct mm1 *b)
{
	return a->response.mean == b->response.mean && a->present.area == b->present.area;
}

static int bench_mm1(struct options *o)
{
	static mm1_fn *const ways[WAYS] = {mm1_events, mm1_recursion, mm1_recursion_early, mm1_pair,
					   mm1_station};
	struct sample ns[WAYS] = {0};
	struct mm1 m[WAYS];
	or_default(&o->customers, 1000000);
	or_default(&o->rounds, 21);
	for (uint64_t round = 0; round < o->rounds; round++)
		for (int way = 0; way < WAYS; way++) {
			ns[way].x[ns[way].n++] = mm1_ns(ways[way], o->customers, &m[way]);
			if (round + 1 < o->rounds)
				mm1_end(&m[way]);
		}
	bool ok = is_same(&m[EVENTS], &m[RECURSION]) && is_same(&m[EVENTS], &m[EARLY]) &&
		  is_same(&m[EVENTS], &m[PAIR]);
	if (ok)
		print_mm1(o, ns, &m[EVENTS]);
	else
		fprintf(stderr, "bench_engine: the engine and the recursion disagree\n");
	for (int way = 0; way < WAYS; way++)
		mm1_end(&m[way]);
	return ok ? 0 : 1;
}

/* ---- Two threads */

enum { ALONE, THREADS, PROCESSES, ARRANGEMENTS };

static int bench_threads(struct options *o)
{
	static void (*const arrangements[ARRANGEMENTS])(struct repetitions half[2]) = {
		repeat_alone, repeat_in_threads, repeat_in_processes};
	double alone[2] = {0}, mean[2] = {0}, s[ARRANGEMENTS];
	struct sample threads = {0}, processes = {0}, share = {0};
	or_default(&o->customers, 4000000);
	or_default(&o->rounds, 15);
	bool ok = true;
	for (uint64_t round = 0; round < o->rounds; round++) {
		for (int way = 0; way < ARRANGEMENTS; way++) {
			struct repetitions half[2];
			for (uint64_t i = 0; i < 2; i++)
				half[i] = (struct repetitions){i, 1, o->customers,
							       way == ALONE ? alone : mean};
			double start = clock_s(CLOCK_MONOTONIC);
			arrangements[way](half);
			s[way] = clock_s(CLOCK_MONOTONIC) - start;
			ok = ok && (way != THREADS || memcmp(alone, mean, sizeof(mean)) == 0);
		}
		threads.x[threads.n++] = s[ALONE] / s[THREADS];
		processes.x[processes.n++] = s[ALONE] / s[PROCESSES];
		share.x[share.n++] = s[PROCESSES] / s[THREADS];
	}
	if (!ok) {
		fprintf(stderr, "bench_engine: threads change results\n");
		return 1;
	}
	const struct {
		const char *name, *field;
		struct sample *ratio;
	} rows[] = {
		{"two threads, times as fast as one", "threads", &threads},
		{"two processes, times as fast as one", "processes", &processes},
		{"two threads, times as fast as two processes", "threads_to_processes", &share},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double median = quantile(rows[i].ratio, 0.5), least = quantile(rows[i].ratio, 0),
		       most = quantile(rows[i].ratio, 1);
		if (o->json)
			printf("%s\"%s\":{\"median\":%.3f,\"least\":%.3f,\"most\":%.3f}",
			       i ? "," : "{", rows[i].field, median, least, most);
		else
			printf("%-45s %.3f (%.3f to %.3f)\n", rows[i].name, median, least, most);
	}
	if (o->json)
		printf("}\n");
	return 0;
}

/* ---- Hold */

static const struct increment *find_increment(const char *name)
{
	for (size_t i = 0; i < INCREMENTS; i++)
		if (!name || strcmp(increments[i].name, name) == 0)
			return &increments[i];
	return NULL;
}

static int report_ns(const struct options *o, const char *what, const char *field, double ns)
{
	if (o->json)
		printf("{\"%s\":%.2f}\n", field, ns);
	else
		printf("%s: %.1f ns\n", what, ns);
	return 0;
}

static int bench_hold(struct options *o)
{
	struct hold h;
	const struct increment *increment = find_increment(o->increments);
	if (!increment) {
		fprintf(stderr, "bench_engine: no increments named %s\n", o->increments);
		return 2;
	}
	or_default(&o->n, 1000000);
	double holds = or_default(&o->holds, o->n > 2000000 ? 2 * o->n : 4000000);
	hold_start(&h, increment->draw, o->n, HOLD_ENGINE);
	hold_engine(&h, o->n);
	double start = cpu_s();
	hold_engine(&h, o->holds);
	double ns = (cpu_s() - start) * 1e9 / holds;
	hold_end(&h);
	return report_ns(o, "one hold", "ns_per_hold", ns);
}

/* The same with each hold followed by a move of one other event, or by its replacement. */
struct churn {
	struct hold hold;
	sim_event *event;
	size_t n;
	uint64_t moves;
	bool replace;
};

static void churn_event(struct sim *s, void *ctx, uint32_t arg)
{
	struct churn *c = ctx;
	c->event[arg] = sim_after(s, increment_exponential(&c->hold.random), churn_event, c, arg);
	uint32_t other = (uint32_t)stream_below(&c->hold.random, c->n);
	sim_time t = sim_now(s) + increment_exponential(&c->hold.random);
	if (c->replace) {
		sim_cancel(s, &c->event[other]);
		c->event[other] = sim_at(s, t, churn_event, c, other);
	} else {
		sim_reschedule(s, &c->event[other], t);
	}
	if (--c->hold.left == 0)
		sim_stop(s);
}

static int bench_churn(struct options *o, bool replace)
{
	struct churn c = {.replace = replace};
	struct stream_key key = {.seed = 1};
	or_default(&o->n, 100000);
	double holds = or_default(&o->holds, 4000000);
	c.n = o->n;
	c.event = calloc(c.n, sizeof(*c.event));
	c.hold.sim = sim_create(NULL);
	if (!c.event || !c.hold.sim)
		abort();
	stream_init(&c.hold.random, &key, 0, 0);
	for (size_t i = 0; i < c.n; i++)
		c.event[i] = sim_after(c.hold.sim, increment_exponential(&c.hold.random),
				       churn_event, &c, (uint32_t)i);
	hold_engine(&c.hold, o->n);
	double start = cpu_s();
	hold_engine(&c.hold, o->holds);
	double ns = (cpu_s() - start) * 1e9 / holds;
	hold_end(&c.hold);
	free(c.event);
	return report_ns(
		o, replace ? "one hold, one cancel, one schedule" : "one hold, one reschedule",
		replace ? "ns_per_hold_and_cancel" : "ns_per_hold_and_reschedule", ns);
}

/* ---- PHOLD */

struct phold {
	struct hold hold;
	struct phold_process {
		struct stream random;
		uint64_t received;
	} * process;
	uint64_t processes;
};

static void phold_event(struct sim *s, void *ctx, uint32_t arg)
{
	struct phold *p = ctx;
	struct phold_process *here = &p->process[arg];
	here->received++;
	uint32_t there = (uint32_t)stream_below(&here->random, p->processes);
	sim_after(s, SIM_S / 10 + sim_from_seconds(stream_exponential(&here->random, 0.9)),
		  phold_event, p, there);
	if (--p->hold.left == 0)
		sim_stop(s);
}

static int bench_phold(struct options *o)
{
	struct phold p = {0};
	struct stream_key key = {.seed = 1};
	or_default(&o->lps, 100000);
	double events = or_default(&o->holds, 5000000);
	p.processes = o->lps;
	p.process = calloc(p.processes, sizeof(*p.process));
	p.hold.sim = sim_create(NULL);
	if (!p.process || !p.hold.sim)
		abort();
	for (uint64_t i = 0; i < p.processes; i++) {
		stream_init(&p.process[i].random, &key, i, 0);
		sim_after(p.hold.sim, sim_from_seconds(stream_exponential(&p.process[i].random, 1)),
			  phold_event, &p, (uint32_t)i);
	}
	hold_engine(&p.hold, o->lps);
	double start = cpu_s();
	hold_engine(&p.hold, o->holds);
	double ns = (cpu_s() - start) * 1e9 / events;
	hold_end(&p.hold);
	free(p.process);
	if (o->json)
		printf("{\"events_per_s\":%.0f,\"ns_per_event\":%.2f}\n", 1e9 / ns, ns);
	else
		printf("PHOLD, %" PRIu64 " logical processes: %.1f ns per event\n", o->lps, ns);
	return 0;
}

/* ---- Variates */

static int bench_variates(struct options *o)
{
	struct stream st;
	struct stream_key key = {.seed = 1};
	double draws = or_default(&o->holds, 50000000), sum = 0, ns[5];
	gsl_rng r = stream_gsl(&st), *mt = gsl_rng_alloc(gsl_rng_mt19937);
	stream_init(&st, &key, 0, 0);
	for (int kind = 0; kind < 5; kind++) {
		double start = cpu_s();
		for (uint64_t i = 0; i < o->holds; i++)
			sum += kind == 0   ? stream_uniform(&st)
			       : kind == 1 ? stream_exponential(&st, 1)
			       : kind == 2 ? stream_normal(&st, 0, 1)
			       : kind == 3 ? gsl_ran_exponential(&r, 1)
					   : gsl_ran_exponential(mt, 1);
		ns[kind] = (cpu_s() - start) * 1e9 / draws;
	}
	gsl_rng_free(mt);
	if (o->json)
		printf("{\"uniform_ns\":%.2f,\"exponential_ns\":%.2f,\"normal_ns\":%.2f,"
		       "\"gsl_exponential_on_stream_ns\":%.2f,\"gsl_exponential_on_mt19937_ns\":%."
		       "2f,"
		       "\"sum\":%.3f}\n",
		       ns[0], ns[1], ns[2], ns[3], ns[4], sum);
	else
		printf("uniform %.2f ns, exponential %.2f, normal %.2f; gsl_ran_exponential on the "
		       "same "
		       "stream %.2f, on mt19937 %.2f (sum %.3f)\n",
		       ns[0], ns[1], ns[2], ns[3], ns[4], sum);
	return 0;
}

/* ---- Comparison */

static void compare_hold(const struct options *o, const struct increment *increment, uint64_t n,
			 bool is_first)
{
	struct hold h;
	struct sample engine = {0}, reference = {0}, ratio = {0};
	uint64_t holds = n < 1000000 ? 1000000 : n;
	hold_start(&h, increment->draw, n, HOLD_ENGINE | HOLD_REFERENCE);
	hold_engine(&h, n);
	hold_reference(&h, n);
	for (uint64_t round = 0; round < o->rounds; round++) {
		double start = cpu_s();
		hold_engine(&h, holds);
		double between = cpu_s();
		hold_reference(&h, holds);
		double end = cpu_s();
		engine.x[engine.n++] = (between - start) * 1e9 / (double)holds;
		reference.x[reference.n++] = (end - between) * 1e9 / (double)holds;
		ratio.x[ratio.n++] = (end - between) / (between - start);
	}
	if (o->json)
		printf("%s{\"increments\":\"%s\",\"n\":%" PRIu64
		       ",\"ns_per_hold\":%.2f,\"reference_ns_per_hold\":%.2f,\"speedup\":%.3f,"
		       "\"speedup_min\":%.3f,\"speedup_max\":%.3f}",
		       is_first ? "" : ",", increment->name, n, quantile(&engine, 0.5),
		       quantile(&reference, 0.5), quantile(&ratio, 0.5), quantile(&ratio, 0),
		       quantile(&ratio, 1));
	else
		printf("%-13s %9" PRIu64 " %9.1f %11.1f %8.2f  (%.2f to %.2f)\n", increment->name,
		       n, quantile(&engine, 0.5), quantile(&reference, 0.5), quantile(&ratio, 0.5),
		       quantile(&ratio, 0), quantile(&ratio, 1));
	fflush(stdout);
	hold_end(&h);
}

static int bench_compare(struct options *o)
{
	static const uint64_t sizes[] = {100,  200,   500,    1000,    2000,
					 5000, 10000, 100000, 1000000, 10000000};
	or_default(&o->n, 1000000);
	or_default(&o->rounds, 5);
	if (o->json)
		printf("{\"hold\":[");
	else
		printf("hold: medians of %" PRIu64 " interleaved rounds, ns of CPU time\n"
		       "increments            n    engine binary heap  speedup  (least to most)\n",
		       o->rounds);
	bool is_first = true;
	for (size_t i = 0; i < INCREMENTS; i++) {
		if (o->increments && strcmp(o->increments, increments[i].name) != 0)
			continue;
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			if (sizes[k] < o->from || sizes[k] > o->n)
				continue;
			compare_hold(o, &increments[i], sizes[k], is_first);
			is_first = false;
		}
	}
	if (o->json)
		printf("]}\n");
	return 0;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: bench_engine mm1|hold|phold|cancel|reschedule|variates|compare|threads\n"
		"         [--customers N] [--from N] [--n N] [--holds N] [--lps N] [--rounds N]\n"
		"         [--increments NAME] [--json]\n");
	return 2;
}

static bool parse(struct options *o, int argc, char **argv)
{
	struct {
		const char *name;
		uint64_t *value;
	} numbers[] = {
		{"--customers", &o->customers}, {"--n", &o->n},	    {"--from", &o->from},
		{"--holds", &o->holds},		{"--lps", &o->lps}, {"--rounds", &o->rounds},
	};
	for (int i = 2; i < argc; i++) {
		bool known = false;
		if (strcmp(argv[i], "--json") == 0) {
			o->json = true;
			continue;
		}
		if (++i == argc)
			return false;
		if (strcmp(argv[i - 1], "--increments") == 0) {
			o->increments = argv[i];
			known = true;
		}
		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			if (strcmp(argv[i - 1], numbers[k].name) == 0) {
				char *end;
				double value = strtod(argv[i], &end); /* so that 1e6 will do */
				known = *end == 0 && value >= 1 && value <= 4e9;
				*numbers[k].value = (uint64_t)value;
			}
		}
		if (!known)
			return false;
	}
	return o->rounds <= ROUNDS_MAX;
}

static int bench_cancel(struct options *o)
{
	return bench_churn(o, true);
}

static int bench_reschedule(struct options *o)
{
	return bench_churn(o, false);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct options *o);
	} commands[] = {
		{"mm1", bench_mm1},
		{"hold", bench_hold},
		{"phold", bench_phold},
		{"cancel", bench_cancel},
		{"reschedule", bench_reschedule},
		{"variates", bench_variates},
		{"compare", bench_compare},
		{"threads", bench_threads},
	};
	struct options o = {0};
	if (argc < 2 || !parse(&o, argc, argv))
		return usage();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(&o);
	return usage();
}
