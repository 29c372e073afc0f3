/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How guests share a host's cores: by hand, and against queueing theory. */
#include "models/run/run_host.h"
#include "sim/engine/stats.h"
#include "tests/models/world_support.h"

/* ---- By hand: jobs put at the entities of one host, and when they are done. */

struct probe {
	struct station_job job;
	struct entity *entity;
	sim_time done;
};

static void note(struct sim *s, struct station_job *job)
{
	struct probe *p = job->ctx;
	host_job_done(p->entity);
	p->done = sim_now(s);
}

struct bench {
	uint64_t parameters[8]; /* of a scheduler */
	struct run run;
	struct world world;
	struct platform platform;
	struct host_kind kind;
	struct host host;
};

static void bench_open(struct bench *b, uint32_t cores, uint32_t guests, uint32_t vcpus)
{
	memset(b, 0, sizeof(*b));
	b->platform.axes[AXIS_BACKEND] = BACKEND_HOST_USER;
	b->kind = (struct host_kind){.cores = cores,
				     .guests = guests,
				     .vcpus = vcpus,
				     .platform = &b->platform,
				     .has_backend = true};
	b->run.world = &b->world;
	b->run.sim = sim_create(NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->run.sim);
	CU_ASSERT_EQUAL_FATAL(host_init(&b->host, &b->kind, &b->run, NULL), 0);
}

static void bench_close(struct bench *b)
{
	host_fini(&b->host);
	arena_free(&b->run.arena);
	sim_destroy(b->run.sim);
}

static void put(struct probe *p, struct entity *entity, int64_t ns)
{
	*p = (struct probe){.entity = entity};
	p->job.done = note;
	p->job.ctx = p;
	host_submit(entity, &p->job, ns);
}

static void run_all(struct bench *b)
{
	CU_ASSERT_EQUAL(sim_run_until(b->run.sim, SIM_NEVER, NULL), 0);
}

static void a_task_alone_takes_its_time_to_the_nanosecond(void)
{
	struct bench b;
	struct probe p;
	bench_open(&b, 4, 2, 2);
	put(&p, &b.host.guests[1], 123456789);
	run_all(&b);
	CU_ASSERT_EQUAL(p.done, 123456789);
	bench_close(&b);
}

static void tasks_of_a_guest_share_its_vcpus(void)
{
	struct bench b;
	struct probe p[3];
	bench_open(&b, 8, 1, 2);
	for (int i = 0; i < 3; i++)
		put(&p[i], &b.host.guests[0], 2000);
	run_all(&b);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(p[i].done, 3000); /* 3 x 2000 on 2 */
	bench_close(&b);
}

static void short_cores_are_shared_up_to_a_level(void)
{
	/* Three cores; demands 2, 2 and 1: everybody gets 1, so the first two at half speed. */
	struct bench b;
	struct probe p[5];
	bench_open(&b, 3, 3, 2);
	put(&p[0], &b.host.guests[0], 1000);
	put(&p[1], &b.host.guests[0], 1000);
	put(&p[2], &b.host.guests[1], 1000);
	put(&p[3], &b.host.guests[1], 1000);
	put(&p[4], &b.host.guests[2], 1000);
	run_all(&b);
	/* At 1000 the third is done and two cores of demand remain for each: 3 cores over 4. */
	CU_ASSERT_EQUAL(p[4].done, 1000);
	for (int i = 0; i < 4; i++)
		CU_ASSERT(llabs(p[i].done - 1667) <= 1); /* 1000 + 500 / 0.75 */
	bench_close(&b);
}

static void backends_compete_for_the_cores(void)
{
	struct bench b;
	struct probe p[2];
	bench_open(&b, 1, 1, 1);
	put(&p[0], &b.host.guests[0], 1000);
	put(&p[1], &b.host.backends[0], 500);
	run_all(&b);
	CU_ASSERT_EQUAL(p[1].done, 1000);
	CU_ASSERT_EQUAL(p[0].done, 1500);
	bench_close(&b);
}

static void requests_that_find_the_backend_at_work_are_a_share(void)
{
	struct bench b;
	struct probe p[2];
	bench_open(&b, 4, 1, 1);
	CU_ASSERT_EQUAL(host_busy_share(&b.host.backends[0], 1000), 0);
	put(&p[0], &b.host.backends[0], 250);
	put(&p[1], &b.host.backends[0], 250);
	CU_ASSERT_EQUAL(host_busy_share(&b.host.backends[0], 1000), 0.5);
	CU_ASSERT_EQUAL(host_busy_share(&b.host.backends[0], 500), 1);
	CU_ASSERT_EQUAL(host_busy_share(&b.host.backends[0], 0), 1);
	run_all(&b);
	CU_ASSERT_EQUAL(p[1].done, 500);
	CU_ASSERT_EQUAL(host_busy_share(&b.host.backends[0], 1000), 0);
	bench_close(&b);
}

static void a_guest_is_fast_again_after_the_shortage(void)
{
	struct bench b;
	struct probe p[3];
	bench_open(&b, 1, 2, 1);
	put(&p[0], &b.host.guests[0], 1000);
	put(&p[1], &b.host.guests[1], 1000);
	run_all(&b);
	CU_ASSERT_EQUAL(p[0].done, 2000);
	put(&p[2], &b.host.guests[1], 1000);
	run_all(&b);
	CU_ASSERT_EQUAL(p[2].done, 3000);
	bench_close(&b);
}

static void busy_cores_are_work_done(void)
{
	struct bench b;
	struct probe p[6];
	bench_open(&b, 2, 3, 1);
	for (int i = 0; i < 6; i++)
		put(&p[i], &b.host.guests[i % 3], 1000 * (i + 1));
	run_all(&b);
	double area = time_average_integral(&b.host.busy, sim_now(b.run.sim)) * 1e9;
	CU_ASSERT(is_near(area, 21000, 1e-9));
	bench_close(&b);
}

/* ---- Other schedulers, by hand */

static const struct scheduler_ops *scheduler_named(const char *name)
{
	for (const struct scheduler_ops *const *ops = scheduler_models; *ops; ops++)
		if (strcmp((*ops)->choice.name, name) == 0)
			return *ops;
	return NULL;
}

/* As bench_open, with a scheduler and, for one that takes turns, its parameters as its file has
 * them. */
static void bench_open_with(struct bench *b, uint32_t cores, uint32_t guests, uint32_t vcpus,
			    const struct host_kind *more, const char *parameters)
{
	const struct scheduler_ops *ops = more->scheduler;
	memset(b, 0, sizeof(*b));
	b->platform.axes[AXIS_BACKEND] = BACKEND_HOST_USER;
	b->kind = *more;
	b->kind.cores = cores;
	b->kind.guests = guests;
	b->kind.vcpus = vcpus;
	b->kind.platform = &b->platform;
	b->kind.careful = true;
	if (parameters) {
		struct json_doc doc = {0};
		struct diag_list diags = {0};
		struct err e = {0};
		CU_ASSERT_EQUAL_FATAL(
			json_doc_parse(&doc, "test", parameters, strlen(parameters), &diags, &e),
			0);
		CU_ASSERT_FATAL(ops->choice.parameters->size <= sizeof(b->parameters));
		CU_ASSERT_EQUAL_FATAL(keys_parse(ops->choice.parameters, &doc, "", b->parameters,
						 &b->run.arena, &diags),
				      0);
		b->kind.scheduler_parameters = b->parameters;
		json_doc_free(&doc);
		diag_free(&diags);
	}
	b->run.world = &b->world;
	b->run.sim = sim_create(NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->run.sim);
	CU_ASSERT_EQUAL_FATAL(host_init(&b->host, &b->kind, &b->run, NULL), 0);
}

static void weights_and_caps_divide_the_cores(void)
{
	struct bench b;
	struct probe p[3];
	const double weights[] = {1, 3}, caps[] = {1, 0.5};
	struct host_kind kind = {
		.scheduler = scheduler_named("weighted"), .weights = weights, .weight_count = 2};
	/* One core: a quarter and three quarters, then all of it. */
	bench_open_with(&b, 1, 2, 1, &kind, NULL);
	put(&p[0], &b.host.guests[0], 3000);
	put(&p[1], &b.host.guests[1], 3000);
	run_all(&b);
	CU_ASSERT_EQUAL(p[1].done, 4000);
	CU_ASSERT_EQUAL(p[0].done, 6000); /* 1000 by 4000, 2000 more alone */
	CU_ASSERT(is_near(time_average_integral(&b.host.steal, 6000), 4000e-9, 1e-9));
	bench_close(&b);
	/* The heavier may have half a core at most, alone or not. */
	kind.caps = caps;
	kind.cap_count = 2;
	bench_open_with(&b, 1, 2, 1, &kind, NULL);
	put(&p[0], &b.host.guests[0], 1000);
	put(&p[1], &b.host.guests[1], 3000);
	run_all(&b);
	CU_ASSERT_EQUAL(p[0].done, 2000);
	CU_ASSERT_EQUAL(p[1].done, 6000);
	CU_ASSERT(is_near(time_average_integral(&b.host.busy, 6000), 4000e-9, 1e-9));
	bench_close(&b);
}

static void a_stopped_guest_wants_no_cores(void)
{
	struct bench b;
	struct probe p[2];
	struct host_kind kind = {.scheduler = scheduler_named("sharing")};
	bench_open_with(&b, 1, 2, 1, &kind, NULL);
	put(&p[0], &b.host.guests[0], 1000);
	put(&p[1], &b.host.guests[1], 1000);
	host_set_speed(&b.host.guests[0], 0);
	run_all(&b);
	CU_ASSERT_EQUAL(p[1].done, 1000);
	CU_ASSERT_EQUAL(p[0].done, 0);
	CU_ASSERT_EQUAL(b.host.busy.value, 0);
	host_set_speed(&b.host.guests[0], 0.5);
	sim_time stopped = sim_now(b.run.sim);
	run_all(&b);
	CU_ASSERT_EQUAL(p[0].done, stopped + 2000);
	bench_close(&b);
}

static void turns_of_a_slice_and_a_switch(void)
{
	struct bench b;
	struct probe p[2];
	struct host_kind kind = {.scheduler = scheduler_named("round-robin")};
	bench_open_with(&b, 1, 2, 1, &kind,
			"{\"slice\":\"4 ms\",\"switch\":\"1 ms\",\"boost\":false}");
	put(&p[0], &b.host.guests[0], 10000000);
	put(&p[1], &b.host.guests[1], 6000000);
	run_all(&b);
	/* ms: switch to the first at 0-1, 1-5, to the second 5-6, 6-10, 11-15, 16-18 done, 19-21.
	 */
	CU_ASSERT_EQUAL(p[1].done, 18000000);
	CU_ASSERT_EQUAL(p[0].done, 21000000);
	CU_ASSERT(is_near(time_average_integral(&b.host.busy, 21000000), 0.021, 1e-9));
	/* Alone it does not switch. */
	put(&p[0], &b.host.guests[0], 10000000);
	run_all(&b);
	CU_ASSERT_EQUAL(p[0].done, 31000000);
	bench_close(&b);
}

struct waker {
	struct probe probe;
	struct bench *bench;
};

static void wake(struct sim *s, void *ctx, uint32_t arg)
{
	struct waker *w = ctx;
	(void)s;
	(void)arg;
	put(&w->probe, &w->bench->host.guests[1], 1000000);
}

static void a_guest_that_wakes_comes_first(void)
{
	for (int boost = 0; boost < 2; boost++) {
		struct bench b;
		struct probe p;
		struct waker w = {.bench = &b};
		struct host_kind kind = {.scheduler = scheduler_named("round-robin")};
		bench_open_with(&b, 1, 2, 1, &kind,
				boost ? "{\"slice\":\"30 ms\",\"switch\":\"0 s\"}"
				      : "{\"slice\":\"30 ms\",\"switch\":\"0 s\","
					"\"boost\":false}");
		put(&p, &b.host.guests[0], 40000000);
		sim_at(b.run.sim, 35000000, wake, &w, 0); /* in the other's second slice */
		run_all(&b);
		CU_ASSERT_EQUAL(w.probe.done, boost ? 36000000 : 41000000);
		CU_ASSERT_EQUAL(p.done, boost ? 41000000 : 40000000);
		CU_ASSERT(is_near(time_average_integral(&b.host.steal, 41000000),
				  boost ? 0.001 : 0.005, 1e-9));
		bench_close(&b);
	}
}

/* ---- Against theory, through a whole world */

/* Poisson tasks of mean 0.1 s on one core, or on c vCPUs, with nothing else in the way. */
static char *queue_with(double per_s, double cv, int cores, const char *host, const char *guests)
{
	char cycles[100] = "\"100 Mcycles\"";
	if (cv > 0)
		snprintf(cycles, sizeof(cycles), "{\"gamma\":{\"mean\":\"100 Mcycles\",\"cv\":%g}}",
			 cv);
	return study(
		"{\"duration\":\"5000 s\",\"warmup\":\"500 s\",\"apps\":{\"a\":{\"input\":\"0 B\","
		"\"output\":\"0 B\",\"cycles\":%s}},"
		"\"handsets\":{\"phone\":{\"count\":10,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		"W\","
		"\"idle\":\"0 W\"},\"radio\":\"constant-power\",\"cell\":\"c\","
		"\"apps\":{\"a\":{\"arrivals\":{\"poisson\":\"%g /s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\","
		"\"site\":\"s\"}},"
		"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":%d,\"clock\":\"1 "
		"GHz\",\"memory\":\"8 GiB\","
		"%s\"platform\":\"native\",\"guests\":{%s}}}}}}",
		cycles, per_s / 10, cores, host, guests);
}

static char *queue(double per_s, double cv, int cores, int vcpus)
{
	char guests[60];
	snprintf(guests, sizeof(guests), "\"count\":1,\"vcpus\":%d", vcpus);
	return queue_with(per_s, cv, cores, "", guests);
}

/* Whether theory lies in the 99 % interval of the repetitions, which is at most 6 % wide. */
static void check_mean_of(char *text, double wanted)
{
	struct diag_list diags = {0};
	struct outcome o;
	const uint32_t repetitions = TEST_SANITIZED ? 5 : 20;
	double x[20];
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	for (uint32_t r = 0; r < repetitions; r++) {
		support_run(w, 1, r, &o);
		x[r] = get(&o, "response_time.mean", "");
	}
	struct interval i = interval_of(x, repetitions, 0.99);
	if (fabs(i.mean - wanted) > i.half_width)
		printf(" %g +- %g, theory %g ", i.mean, i.half_width, wanted);
	CU_ASSERT(fabs(i.mean - wanted) <= i.half_width);
	CU_ASSERT(i.half_width < (TEST_SANITIZED ? 0.3 : 0.06) * wanted);
	free(text);
	world_free(w);
}

static void check_mean_response(double per_s, double cv, int cores, int vcpus, double wanted)
{
	check_mean_of(queue(per_s, cv, cores, vcpus), wanted);
}

static void mg1_ps_is_insensitive_to_the_service_distribution(void)
{
	for (double cv = TEST_SANITIZED ? 2 : 0; cv <= 2; cv += 1) {
		check_mean_response(5, cv, 1, 1, 0.1 / (1 - 0.5));
		check_mean_response(8, cv, 1, 1, 0.1 / (1 - 0.8));
	}
}

static void mmc_on_a_guest_with_several_vcpus(void)
{
	/* M/M/3, load 0.8: Erlang C 0.6472, wait C / (3 mu - lambda). */
	double a = 2.4, p0 = 1 / (1 + a + a * a / 2 + a * a * a / 6 / (1 - 0.8));
	double wait = a * a * a / 6 / (1 - 0.8) * p0 / (30 - 24);
	check_mean_response(24, 1, 4, 3, 0.1 + wait);
	/* The cores are the limit, not the vCPUs: the same. */
	check_mean_response(24, 1, 3, 8, 0.1 + wait);
}

/* A guest for each task, so that the host's scheduler does all of the sharing. */
static void other_schedulers_share_as_processor_sharing_does(void)
{
	const char *many = "\"count\":60,\"memory\":\"64 MiB\"";
	check_mean_of(queue_with(5, 0, 1, "\"scheduler\":\"weighted\",", many), 0.1 / (1 - 0.5));
	check_mean_of(queue_with(5, 2, 1,
				 "\"scheduler\":{\"round-robin\":{\"slice\":\"4 ms\","
				 "\"switch\":\"0 s\",\"boost\":false}},",
				 many),
		      0.1 / (1 - 0.5));
}

/* Fayolle, Mitrani and Iasnogorodski, JACM 27(3), 1980: M/M/1 with discriminatory sharing of two
 * classes with the same service time 1 / mu. */
static double discriminatory_s(double mu, double rho, double g, double other_rho, double other_g)
{
	double all = g * (1 - rho) + other_g * (1 - other_rho);
	return (1 + other_rho * (other_g - g) / all) / mu / (1 - rho - other_rho);
}

/* A guest for each task, those of app a with weight 1, those of app b with weight 4. */
static void weights_share_as_discriminatory_sharing_does(void)
{
	enum { RUNS = 10 };
	struct diag_list diags = {0};
	struct outcome o;
	double x[2][RUNS];
	struct world *w = support_build(
		"{\"duration\":\"5000 s\",\"warmup\":\"500 s\",\"apps\":{"
		"\"a\":{\"input\":\"0 B\",\"output\":\"0 B\","
		"\"cycles\":{\"exponential\":\"100 Mcycles\"}},"
		"\"b\":{\"input\":\"0 B\",\"output\":\"0 B\","
		"\"cycles\":{\"exponential\":\"100 Mcycles\"}}},"
		"\"handsets\":{\"phone\":{\"count\":10,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		"W\",\"idle\":\"0 W\"},\"radio\":\"constant-power\",\"cell\":\"c\",\"apps\":{"
		"\"a\":{\"arrivals\":{\"poisson\":\"0.3 /s\"}},"
		"\"b\":{\"arrivals\":{\"poisson\":\"0.4 /s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\","
		"\"site\":\"s\"}},\"sites\":{\"s\":{\"dedicated\":true,\"hosts\":{\"h\":{"
		"\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"64 GiB\",\"scheduler\":\"weighted\","
		"\"platform\":\"native\",\"guests\":{\"count\":100,\"memory\":\"64 MiB\","
		"\"weights\":[1,4]}}}}}}",
		&diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	const uint32_t runs = TEST_SANITIZED ? 4 : RUNS;
	for (uint32_t r = 0; r < runs; r++) {
		support_run(w, 1, r, &o);
		x[0][r] = get(&o, "app.response_time", "a");
		x[1][r] = get(&o, "app.response_time", "b");
	}
	const double wanted[] = {discriminatory_s(10, 0.3, 1, 0.4, 4),
				 discriminatory_s(10, 0.4, 4, 0.3, 1)};
	for (int i = 0; i < 2; i++) {
		struct interval in = interval_of(x[i], runs, 0.99);
		if (fabs(in.mean - wanted[i]) > in.half_width)
			printf(" %g +- %g, theory %g ", in.mean, in.half_width, wanted[i]);
		CU_ASSERT(fabs(in.mean - wanted[i]) <= in.half_width);
		CU_ASSERT(in.half_width < (TEST_SANITIZED ? 0.3 : 0.08) * wanted[i]);
	}
	world_free(w);
}

static void utilization_is_the_offered_load(void)
{
	struct outcome o;
	char *text = queue(8, 1, 2, 1);
	support_simulate(text, 3, &o);
	CU_ASSERT(is_near(get(&o, "utilization", "s/h/0"), 0.8 / 2, 0.03));
	CU_ASSERT(is_near(get(&o, "power.mean", "s/h/0"),
			  100 + 200 * get(&o, "utilization", "s/h/0"), 1e-12));
	CU_ASSERT(is_near(get(&o, "throughput", ""), 8, 0.03));
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_task_alone_takes_its_time_to_the_nanosecond",
		 a_task_alone_takes_its_time_to_the_nanosecond},
		{"tasks_of_a_guest_share_its_vcpus", tasks_of_a_guest_share_its_vcpus},
		{"short_cores_are_shared_up_to_a_level", short_cores_are_shared_up_to_a_level},
		{"backends_compete_for_the_cores", backends_compete_for_the_cores},
		{"requests_that_find_the_backend_at_work_are_a_share",
		 requests_that_find_the_backend_at_work_are_a_share},
		{"a_guest_is_fast_again_after_the_shortage",
		 a_guest_is_fast_again_after_the_shortage},
		{"busy_cores_are_work_done", busy_cores_are_work_done},
		{"weights_and_caps_divide_the_cores", weights_and_caps_divide_the_cores},
		{"a_stopped_guest_wants_no_cores", a_stopped_guest_wants_no_cores},
		{"turns_of_a_slice_and_a_switch", turns_of_a_slice_and_a_switch},
		{"a_guest_that_wakes_comes_first", a_guest_that_wakes_comes_first},
		{"weights_share_as_discriminatory_sharing_does",
		 weights_share_as_discriminatory_sharing_does},
		{"other_schedulers_share_as_processor_sharing_does",
		 other_schedulers_share_as_processor_sharing_does},
		{"mg1_ps_is_insensitive_to_the_service_distribution",
		 mg1_ps_is_insensitive_to_the_service_distribution},
		{"mmc_on_a_guest_with_several_vcpus", mmc_on_a_guest_with_several_vcpus},
		{"utilization_is_the_offered_load", utilization_is_the_offered_load},
		{0},
	};
	return test_main("host", cases, argc, argv);
}
