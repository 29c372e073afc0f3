/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A toy model stands for the simulation: numbers from a hash of everything a run may depend on, and
 * a duration that depends on the clock, so that runs end in another order each time. */
#include "sim/experiment/runner.h"
#include "sim/engine/stats.h"
#include "tests/experiment/memory_sink.h"
#include "tests/experiment/toy.h"
#include "tests/support/test.h"

static int infinite_run(void *ctx, const cJSON *document, const struct run_key *key,
			const volatile bool *stop, struct run_result *out, struct err *e)
{
	int rc = toy_run(ctx, document, key, stop, out, e);
	return rc ? rc : run_result_add(out, "speed", "host", "1", INFINITY);
}

/* An experiment ready to run. */
struct bench {
	struct json_doc doc;
	struct experiment x;
	struct plan plan;
	struct arena arena;
	struct toy toy;
	struct runner runner;
	struct memory_sink memory;
	struct run_sink sink;
	struct runner_progress final;
	struct err e;
};

static void setup(struct bench *b, const char *text)
{
	struct diag_list diags = {0};
	*b = (struct bench){0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&b->doc, "s", text, strlen(text), &diags, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(
		keys_parse_part(&experiment_object, &b->doc, "", &b->x, &b->arena, &diags), 0);
	CU_ASSERT_EQUAL_FATAL(
		plan_expand(&b->plan, &b->x, &b->doc, &(struct plan_options){0}, &diags, &b->e), 0);
	b->sink = memory_sink_of(&b->memory);
	b->runner = (struct runner){.plan = &b->plan,
				    .experiment = &b->x,
				    .run = toy_run,
				    .run_ctx = &b->toy,
				    .sink = &b->sink,
				    .threads = 1};
}

static int run(struct bench *b)
{
	b->e = (struct err){0};
	return runner_run(&b->runner, &b->final, &b->e);
}

static void clear(struct bench *b)
{
	memory_sink_free(&b->memory);
	b->toy.executed = 0;
}

static void teardown(struct bench *b)
{
	memory_sink_free(&b->memory);
	plan_free(&b->plan);
	json_doc_free(&b->doc);
	arena_free(&b->arena);
}

static const char plain[] =
	"{\"spread\": 1, \"k\": 0, \"repeat\": 7, \"seed\": \"42\", \"sweep\": {"
	"\"spread\": {\"path\": \"/spread\", \"values\": [1, 2, 5]},"
	"\"k\": {\"path\": \"/k\", \"from\": 1, \"to\": 4, \"steps\": 4}}}";

static const char precise[] = "{\"spread\": 1, \"k\": 0, \"repeat\": 4, \"sweep\": {"
			      "\"spread\": {\"path\": \"/spread\", \"values\": [0.5, 2, 4, 30]},"
			      "\"k\": {\"path\": \"/k\", \"values\": [1, 2]}},"
			      "\"precision\": {\"metric\": \"time.mean\", \"relative\": 0.02, "
			      "\"max_repeat\": 60}}";

/* Both contents, byte for byte; frees them. */
static void same_content(char *a, char *b)
{
	CU_ASSERT_STRING_EQUAL(a, b);
	free(a);
	free(b);
}

static void content_does_not_depend_on_threads(void)
{
	static const char *const studies[] = {plain, precise};
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		setup(&b, studies[i]);
		b.toy.fail_one_in = 11;
		CU_ASSERT_EQUAL(run(&b), 0);
		char *one = memory_content(&b.memory);
		CU_ASSERT(b.final.failed > 0);
		CU_ASSERT_EQUAL(b.final.done, b.final.total);
		CU_ASSERT_EQUAL(b.memory.count, b.final.total);
		CU_ASSERT_EQUAL(b.memory.points, b.plan.count);
		for (unsigned threads = 2; threads <= 8; threads *= 2) {
			clear(&b);
			b.runner.threads = threads;
			CU_ASSERT_EQUAL(run(&b), 0);
			same_content(strdup(one), memory_content(&b.memory));
		}
		free(one);
		teardown(&b);
	}
}

static void another_seed_gives_other_numbers(void)
{
	struct bench a, b;
	setup(&a, "{\"spread\": 1}");
	setup(&b, "{\"spread\": 1, \"seed\": \"2\"}");
	run(&a);
	run(&b);
	CU_ASSERT_STRING_NOT_EQUAL(a.memory.runs[0].text, b.memory.runs[0].text);
	teardown(&a);
	teardown(&b);
}

/* What the rule says, computed from all repetitions at once. */
static void the_stopping_rule_takes_the_shortest_prefix(void)
{
	struct bench b;
	setup(&b, precise);
	b.toy.hurry = true;
	b.runner.threads = 4;
	CU_ASSERT_EQUAL(run(&b), 0);
	size_t lengths[4] = {0}, kinds = 0;
	for (size_t p = 0; p < b.plan.count; p++) {
		double x[60];
		cJSON *document = plan_document(&b.plan, p);
		double spread = cJSON_GetObjectItem(document, "spread")->valuedouble;
		for (uint32_t r = 0; r < 60; r++) {
			struct run_key key = {b.plan.points[p].id, r, 1};
			x[r] = 10 + spread * (toy_uniform(document, &key) - 0.5);
		}
		cJSON_Delete(document);
		size_t expected = interval_stop_after(x, 60, 0.95, 0.02, 4), got = 0;
		for (size_t i = 0; i < b.memory.count; i++)
			got += strcmp(b.memory.runs[i].point, b.plan.points[p].id) == 0;
		CU_ASSERT_EQUAL(got, expected ? expected : 60);
		lengths[p / 2] = got;
	}
	/* The study was made so that the rule has something to decide. */
	for (size_t i = 0; i < 4; i++)
		kinds += lengths[i] > 4 && lengths[i] < 60;
	CU_ASSERT(kinds >= 2);
	CU_ASSERT_EQUAL(lengths[3], 60);
	teardown(&b);
}

static void stop_now(void *ctx)
{
	__atomic_store_n((bool *)ctx, true, __ATOMIC_RELAXED);
}

struct stop_after {
	bool stop;
	size_t puts;
	struct memory_sink *memory;
};

static void stop_at(void *ctx)
{
	struct stop_after *s = ctx;
	if (s->memory->puts >= s->puts)
		stop_now(&s->stop);
}

static void a_stopped_experiment_is_completed_by_the_next(void)
{
	static const char *const studies[] = {plain, precise};
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		setup(&b, studies[i]);
		CU_ASSERT_EQUAL(run(&b), 0);
		char *whole = memory_content(&b.memory);
		for (size_t after = 1; after < 40; after += 7) {
			clear(&b);
			b.runner.threads = 1 + (unsigned)after % 3;
			/* Stopped again and again, each time a few runs further. */
			int rc = ERR_STOPPED;
			size_t rounds = 0;
			while (rc == ERR_STOPPED) {
				struct stop_after s = {false, b.memory.puts + after, &b.memory};
				b.memory.on_put = stop_at;
				b.memory.on_put_ctx = &s;
				b.runner.stop = &s.stop;
				size_t before = b.memory.count;
				rc = run(&b);
				CU_ASSERT(rc == 0 || rc == ERR_STOPPED);
				CU_ASSERT_EQUAL(b.final.stored, before);
				CU_ASSERT_EQUAL(rc == 0, b.final.done == b.final.total);
				CU_ASSERT(b.memory.count > before || rc == 0);
				CU_ASSERT_FATAL(++rounds < 1000);
			}
			same_content(strdup(whole), memory_content(&b.memory));
			b.runner.stop = NULL;
			b.memory.on_put = NULL;
		}
		/* All there: nothing is run. */
		b.toy.executed = 0;
		CU_ASSERT_EQUAL(run(&b), 0);
		CU_ASSERT_EQUAL(b.final.stored, b.final.total);
		if (i == 0)
			CU_ASSERT_EQUAL(b.toy.executed, 0);
		free(whole);
		teardown(&b);
	}
}

static void a_stop_before_the_first_run_runs_nothing(void)
{
	struct bench b;
	bool stop = true;
	setup(&b, plain);
	b.runner.stop = &stop;
	CU_ASSERT_EQUAL(run(&b), ERR_STOPPED);
	CU_ASSERT_EQUAL(b.memory.count, 0);
	CU_ASSERT_EQUAL(b.toy.executed, 0);
	CU_ASSERT_STRING_EQUAL(b.e.text, "stopped with 0 of 84 runs done");
	teardown(&b);
}

static void shards_are_a_partition(void)
{
	static const char *const studies[] = {plain, precise};
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		setup(&b, studies[i]);
		b.toy.hurry = true;
		CU_ASSERT_EQUAL(run(&b), 0);
		char *whole = memory_content(&b.memory);
		clear(&b);
		/* The sink aborts when a run comes twice; together they make the whole. */
		for (unsigned shard = 0; shard < 3; shard++) {
			struct runner_progress count;
			struct memory_sink before = b.memory;
			b.runner.shard = shard;
			b.runner.shards = 3;
			CU_ASSERT_EQUAL(runner_count(&b.runner, &count, &b.e), 0);
			CU_ASSERT(count.total < 84);
			CU_ASSERT_EQUAL(run(&b), 0);
			CU_ASSERT_EQUAL(b.final.total, b.memory.count - before.count);
			if (i == 0)
				CU_ASSERT_EQUAL(count.total, b.final.total);
			if (i == 0)
				CU_ASSERT(b.final.total > 84 / 6);
		}
		same_content(whole, memory_content(&b.memory));
		teardown(&b);
	}
}

static char *say_command(void *ctx, const struct point *point, const struct run_key *key)
{
	char *text;
	return asprintf(&text, "%s --point %s --repetition %u", (char *)ctx, point->id,
			key->repetition) < 0
		       ? NULL
		       : text;
}

static void a_failed_run_is_recorded_and_run_again_next_time(void)
{
	struct bench b;
	setup(&b, plain);
	CU_ASSERT_EQUAL(run(&b), 0);
	char *sound = memory_content(&b.memory);
	clear(&b);
	char program[] = "toy run s.json";
	b.runner.reproduce = say_command;
	b.runner.reproduce_ctx = program;
	b.toy.fail_one_in = 5;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.memory.count, 84);
	size_t failed = 0;
	for (size_t i = 0; i < b.memory.count; i++) {
		const struct memory_run *r = &b.memory.runs[i];
		char expected[200];
		snprintf(expected, sizeof(expected), "<toy run s.json --point %s --repetition %u>",
			 r->point, r->repetition);
		failed += r->failed;
		if (r->failed) {
			CU_ASSERT_PTR_NOT_NULL(strstr(r->text, "assertion at 0."));
			CU_ASSERT_PTR_NOT_NULL(strstr(r->text, expected));
		}
	}
	CU_ASSERT(failed > 5 && failed < 40);
	CU_ASSERT_EQUAL(b.final.failed, failed);
	b.toy.fail_one_in = 0;
	b.toy.executed = 0;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.toy.executed, failed);
	same_content(sound, memory_content(&b.memory));
	teardown(&b);
}

static void rely_on(struct sim *s, void *ctx, uint32_t arg)
{
	const struct run_key *key = ctx;
	(void)arg;
	sim_assert(s, key->repetition != 3);
}

static int asserting_run(void *ctx, const cJSON *document, const struct run_key *key,
			 const volatile bool *stop, struct run_result *out, struct err *e)
{
	struct run_key mine = *key;
	struct sim *s = sim_create(e);
	if (!s)
		return ERR_NOMEM;
	sim_at(s, SIM_S, rely_on, &mine, 0);
	int rc = sim_run_until(s, SIM_NEVER, e);
	sim_destroy(s);
	return rc ? rc : toy_run(ctx, document, key, stop, out, e);
}

static void count_failure(void *ctx, const struct run_record *record)
{
	size_t *told = ctx;
	CU_ASSERT_EQUAL(record->key.repetition, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(record->reproduce, "--repetition 3"));
	++*told;
}

static void an_assertion_costs_its_run_and_not_the_sweep(void)
{
	struct bench b;
	char program[] = "toy run s.json";
	size_t told = 0;
	setup(&b, plain);
	b.runner.run = asserting_run;
	b.runner.reproduce = say_command;
	b.runner.reproduce_ctx = program;
	b.runner.failed = count_failure;
	b.runner.failed_ctx = &told;
	b.runner.threads = 4;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.final.done, 84);
	CU_ASSERT_EQUAL(b.final.failed, 12);
	CU_ASSERT_EQUAL(told, 12);
	for (size_t i = 0; i < b.memory.count; i++) {
		const struct memory_run *r = &b.memory.runs[i];
		CU_ASSERT_EQUAL(r->failed, r->repetition == 3);
		if (r->failed)
			CU_ASSERT_PTR_NOT_NULL(strstr(
				r->text, "assertion failed: key->repetition != 3, test_runner.c:"));
	}
	teardown(&b);
}

static void points_that_always_fail_end_too(void)
{
	struct bench b;
	setup(&b, precise);
	b.toy.fail_one_in = 1;
	b.runner.threads = 3;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.final.failed, 8 * 4);
	teardown(&b);
}

static void an_infinite_value_fails_the_run(void)
{
	struct bench b;
	setup(&b, "{}");
	b.runner.run = infinite_run;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.final.failed, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "infinite speed of host"));
	teardown(&b);
}

static void a_sink_that_fails_ends_the_experiment(void)
{
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		struct bench b;
		setup(&b, plain);
		b.memory.fail_after = 20;
		b.runner.threads = threads;
		CU_ASSERT_EQUAL(run(&b), ERR_IO);
		CU_ASSERT_STRING_EQUAL(b.e.text, "the disk is full");
		CU_ASSERT_EQUAL(b.memory.count, 20);
		CU_ASSERT(b.toy.executed < 84);
		teardown(&b);
	}
}

static void a_metric_that_no_run_reports_ends_the_experiment(void)
{
	struct bench b;
	setup(&b, "{\"repeat\": 2, \"precision\": {\"metric\": \"tme.mean\", \"relative\": 0.1}}");
	CU_ASSERT_EQUAL(run(&b), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.e.text, "\"tme.mean\""));
	teardown(&b);
	/* Reported, but never defined: that says nothing against the metric. */
	setup(&b, "{\"repeat\": 3, \"precision\": {\"metric\": \"timeless\", \"relative\": 0.1}}");
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(b.memory.count, 3);
	teardown(&b);
}

static void only_what_is_asked_for_is_recorded(void)
{
	struct bench b;
	setup(&b, "{\"record\": [\"time\", \"energy\"]}");
	run(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "time.mean|="));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "energy|host="));
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "[time]"));
	CU_ASSERT_PTR_NULL(strstr(b.memory.runs[0].text, "timeless"));
	teardown(&b);
	setup(&b,
	      "{\"spread\": 1, \"repeat\": 1, \"record\": [\"energy\"],"
	      " \"screen\": {\"method\": \"morris\", \"trajectories\": 2, \"metric\": \"time.max\","
	      " \"parameters\": {\"spread\": {\"path\": \"/spread\", \"from\": 1, \"to\": 2}}}}");
	run(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "time.max|="));
	CU_ASSERT_PTR_NULL(strstr(b.memory.runs[0].text, "time.mean|="));
	teardown(&b);
	setup(&b, "{\"record\": [\"energy\"], \"precision\": {\"metric\": \"time.max\", "
		  "\"relative\": 0.5}}");
	run(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.memory.runs[0].text, "time.max|="));
	CU_ASSERT_PTR_NULL(strstr(b.memory.runs[0].text, "time.mean|="));
	CU_ASSERT_PTR_NULL(strstr(b.memory.runs[0].text, "[time]"));
	teardown(&b);
}

static void one_run_alone_is_the_run_of_the_sweep(void)
{
	struct bench b;
	struct run_result result = {0};
	setup(&b, plain);
	run(&b);
	char *whole = memory_content(&b.memory);
	clear(&b);
	CU_ASSERT_EQUAL(runner_run_one(&b.runner, 5, 3, &result, &b.e), 0);
	CU_ASSERT_PTR_NOT_NULL(run_result_find(&result, "energy", "host"));
	CU_ASSERT_EQUAL(b.memory.count, 1);
	char *alone = memory_content(&b.memory);
	CU_ASSERT_PTR_NOT_NULL(strstr(whole, alone));
	run_result_free(&result);
	b.toy.fail_one_in = 1;
	CU_ASSERT_EQUAL(runner_run_one(&b.runner, 5, 4, NULL, &b.e), ERR_INTERNAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.e.text, "assertion"));
	free(alone);
	free(whole);
	teardown(&b);
}

static void watch(void *ctx, const struct runner_progress *p)
{
	struct runner_progress *last = ctx;
	CU_ASSERT(p->done >= last->done && p->done <= p->total && p->points == 12);
	CU_ASSERT(p->done == p->stored ? isnan(p->eta_s) : p->eta_s >= 0);
	*last = *p;
}

static void progress_only_grows_and_ends_at_all(void)
{
	struct bench b;
	struct runner_progress last = {0};
	setup(&b, plain);
	b.runner.threads = 2;
	b.runner.progress = watch;
	b.runner.progress_ctx = &last;
	CU_ASSERT_EQUAL(run(&b), 0);
	CU_ASSERT_EQUAL(last.done, 84);
	CU_ASSERT_EQUAL(last.eta_s, 0);
	teardown(&b);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"content_does_not_depend_on_threads", content_does_not_depend_on_threads},
		{"another_seed_gives_other_numbers", another_seed_gives_other_numbers},
		{"the_stopping_rule_takes_the_shortest_prefix",
		 the_stopping_rule_takes_the_shortest_prefix},
		{"a_stopped_experiment_is_completed_by_the_next",
		 a_stopped_experiment_is_completed_by_the_next},
		{"a_stop_before_the_first_run_runs_nothing",
		 a_stop_before_the_first_run_runs_nothing},
		{"shards_are_a_partition", shards_are_a_partition},
		{"a_failed_run_is_recorded_and_run_again_next_time",
		 a_failed_run_is_recorded_and_run_again_next_time},
		{"an_assertion_costs_its_run_and_not_the_sweep",
		 an_assertion_costs_its_run_and_not_the_sweep},
		{"points_that_always_fail_end_too", points_that_always_fail_end_too},
		{"an_infinite_value_fails_the_run", an_infinite_value_fails_the_run},
		{"a_sink_that_fails_ends_the_experiment", a_sink_that_fails_ends_the_experiment},
		{"a_metric_that_no_run_reports_ends_the_experiment",
		 a_metric_that_no_run_reports_ends_the_experiment},
		{"only_what_is_asked_for_is_recorded", only_what_is_asked_for_is_recorded},
		{"one_run_alone_is_the_run_of_the_sweep", one_run_alone_is_the_run_of_the_sweep},
		{"progress_only_grows_and_ends_at_all", progress_only_grows_and_ends_at_all},
		{0},
	};
	return test_main("runner", cases, argc, argv);
}
