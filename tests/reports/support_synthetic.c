/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/reports/support_synthetic.h"

#include "sim/base/json.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const synthetic_platforms[] = {"native", "container", "kvm-virtio", "kvm-emulated"};
const double synthetic_costs[] = {0.25, 0.5, 1, 2, 4, 8};

static const char study_text[] =
	"{\"description\": \"Augmented reality over LTE, as exits get dearer\", \"repeat\": 5,"
	" \"sweep\": {"
	"  \"platform\": {\"path\": \"/sites/edge/hosts/node/platform\","
	"   \"values\": [\"native\", \"container\", \"kvm-virtio\", \"kvm-emulated\"]},"
	"  \"exit_cost\": {\"path\": \"/overrides/exit.pio_user/scale\","
	"   \"from\": 0.25, \"to\": 8, \"steps\": 6, \"scale\": \"log\"}},"
	" \"figures\": ["
	"  {\"name\": \"p95-vs-exit-cost\", \"kind\": \"lines\", \"x\": \"exit_cost\","
	"   \"y\": \"response_time.p95\", \"series\": \"platform\", \"log\": \"x\"},"
	"  {\"name\": \"where-time-goes\", \"kind\": \"stack\", \"x\": \"platform\","
	"   \"y\": \"overhead\", \"at\": {\"exit_cost\": 1}},"
	"  {\"name\": \"response-cdf\", \"kind\": \"cdf\", \"y\": \"response_time\","
	"   \"series\": \"platform\", \"at\": {\"exit_cost\": 1}}]}";

static const char profile_text[] =
	"{\"schema\": 1,"
	" \"machine\": {\"cpu\": \"AMD EPYC 7B13\", \"kernel\": \"6.1.0-18-amd64\","
	"  \"hypervisor\": \"KVM\", \"measured_at\": \"2026-11-22T09:30:00Z\"},"
	" \"primitives\": {"
	"  \"exit.pio_user\": {\"unit\": \"ns\", \"p50\": 5210, \"source\": \"measured\"},"
	"  \"hypercall\": {\"unit\": \"ns\", \"p50\": 5190, \"source\": \"measured\"},"
	"  \"syscall.native\": {\"unit\": \"ns\", \"p50\": 88, \"source\": \"measured\"},"
	"  \"irq.inject\": {\"unit\": \"ns\", \"p50\": 2500, \"source\": \"literature\","
	"   \"citation\": \"somebody 2012\"},"
	"  \"copy.byte\": {\"unit\": \"ns\", \"p50\": 0.1, \"source\": \"assumed\"}}}";

void synthetic_init(struct synthetic *s)
{
	s->document = cJSON_Parse(study_text);
	s->profile = cJSON_Parse(profile_text);
	s->machine = cJSON_Parse("{\"cpu\": \"AMD EPYC 7B13\", \"cores\": 2}");
	if (!s->document || !s->profile || !s->machine)
		abort(); /* not an assertion: main calls this before CUnit runs */
	s->study = (struct db_study){.document = s->document,
				     .profile = s->profile,
				     .seed = 1,
				     .version = "0.1.0",
				     .command = "mcvsim run study.json",
				     .machine = s->machine};
}

void synthetic_free(struct synthetic *s)
{
	cJSON_Delete(s->document);
	cJSON_Delete(s->profile);
	cJSON_Delete(s->machine);
}

void synthetic_point(struct synthetic_point *p, size_t platform, size_t cost)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->cost, sizeof(p->cost), "%g", synthetic_costs[cost]);
	p->parameters[0] =
		(struct parameter){"platform", synthetic_platforms[platform], false, 0, ""};
	p->parameters[1] =
		(struct parameter){"exit_cost", p->cost, true, synthetic_costs[cost], "1"};
	p->point.parameters = p->parameters;
	p->point.parameter_count = 2;
	cJSON *document = cJSON_CreateObject();
	cJSON_AddStringToObject(document, "platform", synthetic_platforms[platform]);
	cJSON_AddNumberToObject(document, "scale", synthetic_costs[cost]);
	json_hash(document, p->point.id);
	cJSON_Delete(document);
}

static double uniform(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(uint64_t *state)
{
	double r = sqrt(-2 * log(uniform(state)));
	return r * cos(6.283185307179586 * uniform(state));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* 64 buckets to the octave, as a log-linear histogram has. */
static double bucket_low(long i)
{
	return ldexp(1 + (double)(i & 63) / 64, (int)(i >> 6));
}

static void add_histogram(struct run_result *r, const double *sorted, size_t n)
{
	struct result_bucket *buckets = calloc(n, sizeof(*buckets));
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		int exponent;
		double fraction = frexp(sorted[i], &exponent);
		long bucket = (long)(exponent - 1) * 64 + (long)((2 * fraction - 1) * 64);
		double low = bucket_low(bucket);
		if (count && buckets[count - 1].low == low)
			buckets[count - 1].count++;
		else
			buckets[count++] = (struct result_bucket){low, bucket_low(bucket + 1), 1};
	}
	CU_ASSERT_EQUAL(run_result_add_histogram(r, "response_time", "", "s", buckets, count), 0);
	free(buckets);
}

/* Mean seconds per task by cause, on each platform, at an exit cost of 1. */
static const struct {
	const char *cause;
	double mean_s[SYNTHETIC_PLATFORMS];
	bool exits; /* grows with the cost of exits */
} causes[] = {
	{"radio", {.082, .082, .082, .082}, false},
	{"network", {.045, .045, .045, .045}, false},
	{"queue", {.006, .007, .009, .013}, false},
	{"compute", {.071, .071, .072, .073}, false},
	{"syscalls", {.0004, .002, .0004, .0004}, false},
	{"exits", {0, 0, .004, .021}, true},
	{"faults", {.0002, .0002, .0013, .0013}, false},
	{"io", {.003, .0034, .004, .004}, false},
	{"backend", {0, 0, .003, .009}, true},
};

/* A battery that empties faster on the dearer platforms, every ten minutes of two hours. */
static void add_series(struct run_result *r, size_t platform, double scale)
{
	struct result_sample samples[13];
	for (size_t i = 0; i < 13; i++)
		samples[i] = (struct result_sample){
			600 * (double)i, 54000 - scale * (double)i * (400 + 60 * (double)platform)};
	run_result_add_series(r, "battery", "phones", "J", samples, 13);
}

/* Tasks as candidates, of radio and network alone: one that takes four times the median, a near one
 * - both at all costs but the first - and one that no other platform has. */
static void add_candidates(struct run_result *r, size_t platform, size_t cost)
{
	struct result_sample radio[6], network[6];
	const double keys[] = {SYNTHETIC_FAR, SYNTHETIC_NEAR, 1000 + (double)platform};
	size_t n = 0;
	for (size_t i = cost == 0 ? 2 : 0; i < 3; i++) {
		double began = 100 * (double)i,
		       half = (i == 0 ? 0.5 : 0.11) + 0.01 * (double)platform;
		radio[n] = (struct result_sample){began, keys[i]};
		network[n++] = (struct result_sample){began + half, keys[i]};
		radio[n] = (struct result_sample){began + half, 0};
		network[n++] = (struct result_sample){began + 2 * half, 0};
	}
	run_result_add_series(r, "task.timeline.candidates", "radio", "1", radio, n);
	run_result_add_series(r, "task.timeline.candidates", "network", "1", network, n);
}

/* One task: radio and network there and back, with the site between them. */
static void add_task(struct run_result *r, size_t platform)
{
	double began = 312.5, at_site = began + .12, back = at_site;
	for (size_t i = 2; i < sizeof(causes) / sizeof(*causes); i++)
		back += causes[i].mean_s[platform];
	const struct result_sample radio[] = {
		{began, 1}, {began + .09, 0}, {back + .03, 1}, {back + .05, 0}};
	const struct result_sample network[] = {
		{began + .09, 1}, {at_site, 0}, {back, 1}, {back + .03, 0}};
	run_result_add_series(r, "task.timeline", "radio", "1", radio, 4);
	run_result_add_series(r, "task.timeline", "network", "1", network, 4);
	for (size_t i = 2; i < sizeof(causes) / sizeof(*causes); i++) {
		double end = at_site + causes[i].mean_s[platform];
		struct result_sample own[] = {{at_site, end > at_site}, {end, 0}};
		run_result_add_series(r, "task.timeline", causes[i].cause, "1", own,
				      end > at_site ? 2 : 1);
		at_site = end;
	}
}

static void fill(struct run_result *r, size_t platform, size_t cost, uint32_t repetition,
		 size_t tasks)
{
	uint64_t state = 77 + 1000 * platform + 100 * cost + repetition;
	double mean = 0, scale = 1 + 0.015 * normal(&state), sum = 0;
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		double x = causes[i].mean_s[platform] * scale *
			   (causes[i].exits ? synthetic_costs[cost] : 1);
		mean += x;
		run_result_add(r, "overhead", causes[i].cause, "s", x);
	}
	double *times = calloc(tasks, sizeof(*times));
	CU_ASSERT_PTR_NOT_NULL_FATAL(times);
	for (size_t i = 0; i < tasks; i++)
		sum += times[i] = mean * exp(0.35 * normal(&state) - 0.35 * 0.35 / 2);
	qsort(times, tasks, sizeof(*times), by_value);
	run_result_add(r, "response_time.mean", "", "s", sum / (double)tasks);
	run_result_add(r, "response_time.p50", "", "s", times[tasks / 2]);
	run_result_add(r, "response_time.p95", "", "s", times[tasks * 95 / 100]);
	run_result_add(r, "response_time.p99", "", "s", times[tasks * 99 / 100]);
	run_result_add(r, "energy_per_task.mean", "", "J", 12.7 * scale + mean);
	run_result_add(r, "tasks.done", "", "1", (double)tasks);
	run_result_add(r, "tasks.failed", "deadline", "1", (double)(repetition & 1));
	run_result_add(r, "utilization", "edge/node/0", "1", fmin(1, 2.2 * mean));
	run_result_add(r, "utilization", "edge/node/1", "1", fmin(1, 2.1 * mean));
	run_result_add(r, "battery.end", "phones", "J", platform == 3 && cost == 5 ? NAN : 41000);
	add_histogram(r, times, tasks);
	add_series(r, platform, scale);
	if (repetition == 0)
		add_task(r, platform);
	add_candidates(r, platform, cost);
	free(times);
}

int synthetic_put(struct db *db, size_t platform, size_t cost, uint32_t repetition, size_t tasks,
		  struct err *e)
{
	struct run_sink sink = db_sink(db);
	struct synthetic_point p;
	synthetic_point(&p, platform, cost);
	int code = sink.add_point(sink.ctx, &p.point, e);
	if (code)
		return code;
	struct run_result result = {0};
	fill(&result, platform, cost, repetition, tasks);
	struct run_record record = {
		.key = {p.point.id, repetition, db_seed(db)}, .wall_s = 0.1, .result = &result};
	code = sink.put_run(sink.ctx, &record, e);
	run_result_free(&result);
	return code;
}

void synthetic_write(const char *path)
{
	struct synthetic s;
	struct err e = {0};
	struct db *db;
	synthetic_init(&s);
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &s.study, NULL, &e), 0);
	for (size_t p = 0; p < SYNTHETIC_PLATFORMS; p++)
		for (size_t c = 0; c < SYNTHETIC_COSTS; c++)
			for (uint32_t r = 0; r < SYNTHETIC_REPETITIONS; r++)
				CU_ASSERT_EQUAL(synthetic_put(db, p, c, r, 2000, &e), 0);
	db_close(db);
	synthetic_free(&s);
}
