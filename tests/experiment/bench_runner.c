/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the runner costs: nanoseconds per run that does nothing, and how much faster two threads are
 * than one on runs that only compute (medians of interleaved rounds).
 * usage: bench_runner [--rounds N] [--json]
 */
#include "sim/experiment/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Computes for ctx steps of a multiplicative generator. */
static int work(void *ctx, const cJSON *document, const struct run_key *key,
		const volatile bool *stop, struct run_result *out, struct err *e)
{
	(void)document;
	(void)stop;
	(void)e;
	uint64_t x = key->repetition + 1;
	for (unsigned long i = 0; i < *(unsigned long *)ctx; i++)
		x = x * 6364136223846793005U + 1442695040888963407U;
	return run_result_add(out, "x", "", "1", (double)(x >> 11));
}

static int add_point(void *ctx, const struct point *point, struct err *e)
{
	(void)ctx;
	(void)point;
	(void)e;
	return 0;
}

static int has_run(void *ctx, const char *point, uint32_t repetition, bool *has, struct err *e)
{
	(void)ctx;
	(void)point;
	(void)repetition;
	(void)e;
	*has = false;
	return 0;
}

static int put_run(void *ctx, const struct run_record *record, struct err *e)
{
	(void)record;
	(void)e;
	++*(size_t *)ctx;
	return 0;
}

/* Seconds for `repeat` runs at each of 100 points of `steps` steps. */
static double measure(unsigned threads, int repeat, unsigned long steps)
{
	char text[300];
	struct json_doc doc;
	struct diag_list diags = {0};
	struct arena arena = {0};
	struct experiment x;
	struct plan plan;
	struct err e;
	int n = snprintf(text, sizeof(text),
			 "{\"repeat\": %d, \"a\": {\"b\": 1, \"c\": [1, 2, \"three\"]}, \"sweep\": "
			 "{\"b\": {\"path\": \"/a/b\", \"from\": 1, \"to\": 100, \"steps\": 100}}}",
			 repeat);
	if (json_doc_parse(&doc, "bench", text, (size_t)n, &diags, &e) != 0 ||
	    keys_parse_part(&experiment_object, &doc, "", &x, &arena, &diags) != 0 ||
	    plan_expand(&plan, &x, &doc, &(struct plan_options){0}, &diags, &e) != 0)
		abort();
	size_t puts = 0;
	struct run_sink sink = {
		.ctx = &puts, .add_point = add_point, .has_run = has_run, .put_run = put_run};
	struct runner runner = {.plan = &plan,
				.experiment = &x,
				.run = work,
				.run_ctx = &steps,
				.sink = &sink,
				.threads = threads};
	struct runner_progress final;
	double start = now_s();
	if (runner_run(&runner, &final, &e) != 0 || puts != (size_t)repeat * 100)
		abort();
	double seconds = now_s() - start;
	plan_free(&plan);
	json_doc_free(&doc);
	arena_free(&arena);
	return seconds;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	enum { ROUNDS_MAX = 101 };
	int rounds = 11;
	bool json = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
			rounds = atoi(argv[++i]);
		else
			return 2;
	}
	if (rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	double empty[ROUNDS_MAX], speedup[ROUNDS_MAX];
	for (int i = 0; i < rounds; i++) {
		empty[i] = measure(1, 200, 0) / 20000 * 1e9;
		double one = measure(1, 2, 2000000);
		speedup[i] = one / measure(2, 2, 2000000);
	}
	qsort(empty, (size_t)rounds, sizeof(double), compare);
	qsort(speedup, (size_t)rounds, sizeof(double), compare);
	printf(json ? "{\"ns_per_empty_run\": %.0f, \"speedup_of_two_threads\": %.3f}\n"
		    : "an empty run: %.0f ns; two threads are %.3f times as fast as one\n",
	       empty[rounds / 2], speedup[rounds / 2]);
	return 0;
}
