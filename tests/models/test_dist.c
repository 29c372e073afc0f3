/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Distributions: what is drawn has the mean and variance that the struct says, and mistakes are
 * told with their place.
 */
#include "models/dist.h"
#include "tests/models/world_support.h"

#include "sim/engine/stats.h"

static int read(const char *text, enum unit unit, struct dist *d, struct arena *arena,
		struct diag_list *diags)
{
	struct json_doc doc = {0};
	struct err e = {0};
	char *whole = study("{\"x\":%s}", text);
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "t", whole, strlen(whole), diags, &e), 0);
	int code = dist_read(d, unit, 1e12, &doc, "/x", arena, diags);
	json_doc_free(&doc);
	free(whole);
	return code;
}

/* Mean and variance of a million draws, against those of the struct and the given mean. */
static void check(const char *text, double mean, double deviation)
{
	struct arena arena = {0};
	struct diag_list diags = {0};
	struct dist d;
	struct stream st;
	struct stream_key key = {.seed = 11};
	struct tally t = {0};
	CU_ASSERT_EQUAL_FATAL(read(text, UNIT_SIZE, &d, &arena, &diags), 0);
	stream_init(&st, &key, 1, 2);
	for (int i = 0; i < 1000000; i++)
		tally_add(&t, dist_draw(&d, &st));
	CU_ASSERT(is_near(d.mean, mean, 1e-6));
	CU_ASSERT(is_near(sqrt(d.variance), deviation, 1e-3));
	CU_ASSERT(fabs(t.mean - d.mean) <= 5 * sqrt(d.variance / 1e6) + 1e-9);
	CU_ASSERT(is_near(tally_deviation(&t), deviation, 0.03));
	CU_ASSERT(t.min >= 0);
	arena_free(&arena);
}

static void draws_have_the_mean_and_deviation_that_are_said(void)
{
	check("\"10 B\"", 10, 0);
	check("{\"exponential\":\"10 B\"}", 10, 10);
	check("{\"exponential\":{\"mean\":\"10 B\"}}", 10, 10);
	check("{\"gamma\":{\"mean\":\"10 B\",\"cv\":0.5}}", 10, 5);
	check("{\"lognormal\":{\"mean\":\"10 B\",\"cv\":1.5}}", 10, 15);
	check("{\"normal\":{\"mean\":\"10 B\",\"cv\":0.1}}", 10, 1);
	check("{\"uniform\":{\"from\":\"4 B\",\"to\":\"16 B\"}}", 10, 12 / sqrt(12));
	check("{\"pareto\":{\"mean\":\"10 B\",\"shape\":6}}", 10, 10 / sqrt(24));
	check("{\"weibull\":{\"mean\":\"10 B\",\"shape\":2}}", 10,
	      10 * sqrt(4 / 3.14159265358979 - 1));
	check("{\"empirical\":{\"values\":[\"20 B\",\"0 B\",\"10 B\"]}}", 10, 10 * sqrt(2 / 3.0));
	check("{\"empirical\":{\"values\":[\"8 B\",\"18 B\"],\"weights\":[4,1]}}", 10, 4);
}

/* A normal with deviation = mean loses a sixth of itself below 0: the mean that is said is that of
 * the rest (Johnson, Kotz and Balakrishnan: 1 + phi(1) / Phi(1) = 1.28760, variance 0.62968). */
static void a_cut_normal_says_the_mean_of_what_is_left(void)
{
	check("{\"normal\":{\"mean\":\"10 B\",\"cv\":1}}", 12.875999, 10 * sqrt(0.629686));
}

static void mistakes_are_told_with_their_place(void)
{
	static const struct {
		const char *text, *place, *says;
	} cases[] = {
		{"12", "/x", "must be a quantity like"},
		{"\"12 s\"", "/x", "B"},
		{"{\"exponental\":\"1 B\"}", "/x", "did you mean \"exponential\""},
		{"{\"exponential\":\"1 B\",\"gamma\":{}}", "/x", "only key"},
		{"{\"exponential\":\"1 s\"}", "/x/exponential", "B"},
		{"{\"gamma\":{\"mean\":\"1 B\"}}", "/x/gamma/cv", "is missing"},
		{"{\"pareto\":{\"mean\":\"1 B\",\"shape\":1}}", "/x/pareto/shape", "at least"},
		{"{\"uniform\":{\"from\":\"2 B\",\"to\":\"1 B\"}}", "/x/uniform", "\"to\""},
		{"{\"empirical\":{\"values\":[]}}", "/x/empirical/values", "at least one"},
		{"{\"empirical\":{\"values\":[\"1 B\",\"x\"]}}", "/x/empirical/values/1", ""},
		{"{\"empirical\":{\"values\":[\"1 B\"],\"weights\":[0]}}", "/x/empirical",
		 "must not all be 0"},
		{"\"2 TB\"", "/x", "at most"},
		{"{\"exponential\":\"2 TB\"}", "/x/exponential", "at most"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct diag_list diags = {0};
		struct dist d;
		CU_ASSERT_EQUAL(read(cases[i].text, UNIT_SIZE, &d, &arena, &diags), ERR_INVALID);
		CU_ASSERT_EQUAL_FATAL(diags.count, 1);
		bool ok = strcmp(diags.items[0].pointer, cases[i].place) == 0 &&
			  strstr(diags.items[0].text, cases[i].says);
		if (!ok)
			diag_print(&diags.items[0], stdout);
		CU_ASSERT(ok);
		diag_free(&diags);
		arena_free(&arena);
	}
}

/* An app whose counts vary costs on average what one with the mean counts does. */
static void operations_that_vary_cost_their_mean(void)
{
	const char *fmt =
		"{\"duration\":\"20000 s\",\"apps\":{\"a\":{\"input\":\"0 B\",\"output\":\"0 B\","
		"\"cycles\":\"1 Mcycles\",\"operations\":{\"syscall\":%s,\"blk_read\":{\"requests\""
		":%s}}}},\"handsets\":{\"p\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":"
		"\"1 W\",\"idle\":\"0 W\"},\"radio\":\"constant-power\",\"cell\":\"c\",\"apps\":{"
		"\"a\":{\"arrivals\":{\"periodic\":\"1 s\"}}}}},\"cells\":{\"c\":{\"down\":\"1 "
		"Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\",\"site\":\"s\"}},\"sites\":{\"s\":{"
		"\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"8 GiB\",\"platform"
		"\":\"kvm-emulated\",\"guests\":{\"count\":1}}}}}}";
	struct outcome constant, varying;
	char *a = study(fmt, "1000", "20"),
	     *b = study(fmt, "{\"lognormal\":{\"mean\":1000,\"cv\":1}}",
			"{\"uniform\":{\"from\":0,\"to\":40}}");
	support_simulate(a, 1, &constant);
	support_simulate(b, 1, &varying);
	static const char *const causes[] = {"syscalls", "disk", "exits", "io", "backend"};
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT(is_near(get(&varying, "overhead", causes[i]),
				  get(&constant, "overhead", causes[i]), 0.03));
	CU_ASSERT(get(&varying, "response_time.p95", "") >
		  1.1 * get(&constant, "response_time.p95", ""));
	CU_ASSERT(is_near(sum_of(&varying, "overhead"), get(&varying, "response_time.mean", ""),
			  1e-12));
	free(a);
	free(b);
}

/* Round trips that vary: each way draws anew, so the mean is the distribution's and the variance of
 * a round trip half of it. */
static void round_trips_may_vary(void)
{
	struct outcome o;
	char *text = study(
		"{\"duration\":\"20000 s\",\"apps\":{\"a\":{\"input\":\"0 B\",\"output\":\"0 B\","
		"\"cycles\":\"1 cycles\"}},\"handsets\":{\"p\":{\"count\":1,\"cpu\":{\"clock\":\"1 "
		"GHz\",\"power\":\"1 W\",\"idle\":\"0 W\"},\"radio\":\"constant-power\",\"cell\":"
		"\"c\",\"apps\":{\"a\":{\"arrivals\":{\"periodic\":\"1 s\"}}}}},\"cells\":{\"c\":{"
		"\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":{\"uniform\":{\"from\":\"20 "
		"ms\",\"to\":\"80 ms\"}},\"site\":\"s\"}},\"sites\":{\"s\":{\"delay\":\"5 ms\","
		"\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"8 GiB\",\"platform"
		"\":\"native\",\"guests\":{\"count\":1}}}}}}");
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 0.06, 0.005));
	CU_ASSERT(get(&o, "response_time.max", "") > 0.088);
	CU_ASSERT(get(&o, "response_time.max", "") < 0.0901);
	/* A sum of two uniforms: 5 % are above 90 - 60 sqrt(0.05 / 2) ms. */
	CU_ASSERT(is_near(get(&o, "response_time.p95", ""), 0.09 - 0.06 * sqrt(0.025), 0.01));
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"draws_have_the_mean_and_deviation_that_are_said",
		 draws_have_the_mean_and_deviation_that_are_said},
		{"a_cut_normal_says_the_mean_of_what_is_left",
		 a_cut_normal_says_the_mean_of_what_is_left},
		{"mistakes_are_told_with_their_place", mistakes_are_told_with_their_place},
		{"operations_that_vary_cost_their_mean", operations_that_vary_cost_their_mean},
		{"round_trips_may_vary", round_trips_may_vary},
		{0},
	};
	return test_main("dist", cases, argc, argv);
}
