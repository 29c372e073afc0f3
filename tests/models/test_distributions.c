/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Distributions of apps, policies, sites and platforms: those of the parts that a world falls into
 * are together that of the whole, to the bit; quantiles by hand; and what nobody wants is not
 * there. */
#include "sim/engine/stats.h"
#include "tests/models/world_support.h"

enum { KEPT = 40 };

struct kept {
	struct {
		char metric[40], subject[40];
		struct histogram h;
	} histograms[KEPT];
	size_t count;
	struct outcome o;
	const char *wanted; /* the only metric, or NULL: all */
};

static int keep_value(void *ctx, const char *metric, const char *subject, const char *unit,
		      double value)
{
	return support_value(&((struct kept *)ctx)->o, metric, subject, unit, value);
}

static int keep_histogram(void *ctx, const char *metric, const char *subject, const char *unit,
			  const struct world_bucket *buckets, size_t count)
{
	struct kept *k = ctx;
	if (k->count == KEPT)
		return ERR_LIMIT;
	CU_ASSERT_STRING_EQUAL(unit, strstr(metric, "energy") ? "J" : "s");
	snprintf(k->histograms[k->count].metric, 40, "%s", metric);
	snprintf(k->histograms[k->count].subject, 40, "%s", subject);
	for (size_t i = 0; i < count; i++)
		histogram_add_count(&k->histograms[k->count].h, buckets[i].low, buckets[i].count);
	k->count++;
	return 0;
}

static bool wants(void *ctx, const char *metric)
{
	const struct kept *k = ctx;
	return !k->wanted || strcmp(metric, k->wanted) == 0;
}

static void simulate(const char *text, const char *wanted, struct kept *k)
{
	struct diag_list diags = {0};
	struct world *w = support_build(text, &diags);
	struct err e = {0};
	struct world_metrics_sink sink = {
		.ctx = k, .value = keep_value, .histogram = keep_histogram, .wants = wants};
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	*k = (struct kept){.wanted = wanted};
	CU_ASSERT_EQUAL_FATAL(world_run(w, &(struct world_run_key){3, 0}, &sink, &e), 0);
	world_free(w);
	diag_free(&diags);
}

static void forget(struct kept *k)
{
	for (size_t i = 0; i < k->count; i++)
		histogram_free(&k->histograms[i].h);
}

/* All of that metric merged, and of how many subjects they are. */
static struct histogram merged(const struct kept *k, const char *metric, size_t *subjects)
{
	struct histogram sum = {0};
	*subjects = 0;
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->histograms[i].metric, metric) != 0)
			continue;
		histogram_merge(&sum, &k->histograms[i].h);
		++*subjects;
	}
	return sum;
}

/* The same buckets with the same counts. */
static bool same(const struct histogram *a, const struct histogram *b)
{
	struct histogram_bucket x, y;
	uint32_t at = 0, bt = 0;
	for (;;) {
		bool more = histogram_next(a, &at, &x);
		if (more != histogram_next(b, &bt, &y))
			return false;
		if (!more)
			return a->n == b->n;
		if (x.low != y.low || x.high != y.high || x.count != y.count)
			return false;
	}
}

/* Two classes, whose policies `one` and "deadline" differ, with an app each and one that both have,
 * before two sites of two platforms; some tasks fail. */
static char *two_of_each(const char *one)
{
	const char *host = "\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"3 GHz\",\"memory\":\"8 GiB\","
			   "\"platform\":\"%s\",\"guests\":{\"count\":4}}}";
	char *edge = study(host, "native"), *cloud = study(host, "kvm-emulated");
	char *text = study(
		"{\"duration\":\"300 s\",\"warmup\":\"20 s\",\"apps\":{"
		"\"a\":{\"input\":{\"exponential\":\"200 kB\"},\"output\":\"20 kB\",\"cycles\":"
		"{\"exponential\":\"1 Gcycles\"},\"deadline\":\"1 s\"},"
		"\"b\":{\"input\":\"50 kB\",\"output\":\"1 "
		"kB\",\"cycles\":{\"lognormal\":{\"mean\":"
		"\"500 Mcycles\",\"cv\":2}}},"
		"\"c\":{\"input\":\"1 MB\",\"output\":\"1 kB\",\"cycles\":\"3 Gcycles\"}},"
		"\"handsets\":{\"x\":{\"count\":10,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0.1 W\"},\"battery\":\"10 Wh\",\"radio\":\"lte\",\"cell\":\"e\","
		"\"policy\":%s,\"apps\":{\"a\":{\"arrivals\":{\"poisson\":\"6 /min\"}},"
		"\"c\":{\"arrivals\":{\"poisson\":\"1 /min\"}}}},"
		"\"y\":{\"count\":10,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\",\"idle\":"
		"\"0.1 W\"},\"battery\":\"10 Wh\",\"radio\":\"wifi\",\"cell\":\"f\",\"policy\":"
		"\"remote\",\"apps\":{\"b\":{\"arrivals\":{\"poisson\":\"12 /min\"}},"
		"\"c\":{\"arrivals\":{\"poisson\":\"2 /min\"}}}}},"
		"\"cells\":{\"e\":{\"down\":\"50 Mbit/s\",\"up\":\"20 Mbit/s\",\"rtt\":\"30 ms\","
		"\"site\":\"edge\"},\"f\":{\"down\":\"50 Mbit/s\",\"up\":\"20 Mbit/s\",\"rtt\":"
		"\"60 ms\",\"site\":\"cloud\"}},"
		"\"sites\":{\"edge\":{%s},\"cloud\":{%s}}}",
		one, edge, cloud);
	free(edge);
	free(cloud);
	return text;
}

static void check_sum(const struct kept *k, const char *whole, const char *parts, size_t count)
{
	size_t one, subjects;
	struct histogram of_whole = merged(k, whole, &one), of_parts = merged(k, parts, &subjects);
	CU_ASSERT_EQUAL(one, 1);
	CU_ASSERT_EQUAL(subjects, count);
	CU_ASSERT(of_whole.n > 300);
	CU_ASSERT(same(&of_whole, &of_parts));
	/* Quantiles of what was merged lie within the same buckets. */
	CU_ASSERT(histogram_quantile(&of_whole, 0.5) == histogram_quantile(&of_parts, 0.5));
	histogram_free(&of_whole);
	histogram_free(&of_parts);
}

static void the_parts_add_up_to_the_whole(void)
{
	struct kept k;
	char *text = two_of_each("\"energy-delay\"");
	simulate(text, NULL, &k);
	free(text);
	CU_ASSERT(sum_of(&k.o, "tasks.failed") > 0);
	check_sum(&k, "response_time", "app.response_time", 3);
	check_sum(&k, "response_time", "policy.response_time", 2);
	check_sum(&k, "energy_per_task", "app.energy", 3);
	check_sum(&k, "energy_per_task", "policy.energy", 2);
	forget(&k);
	/* Where all are sent, all end at some site. */
	text = two_of_each("\"nearest\"");
	simulate(text, NULL, &k);
	free(text);
	check_sum(&k, "response_time", "site.response_time", 2);
	check_sum(&k, "response_time", "platform.response_time", 2);
	size_t n;
	struct histogram site = merged(&k, "site.energy_to_result", &n),
			 platform = merged(&k, "platform.energy_to_result", &n);
	CU_ASSERT_EQUAL((double)site.n, get(&k.o, "tasks.done", ""));
	CU_ASSERT(same(&site, &platform));
	histogram_free(&site);
	histogram_free(&platform);
	forget(&k);
}

/* One handset computes 2 s every second: its tasks take 2, 3, 4, ... s. Another computes 1 s now
 * and then; a third sends 1 Mbit over 10 Mbit/s, half a round trip of 40 ms each way, and 1 s at
 * the site. */
static const char by_hand[] =
	"{\"duration\":\"402.5 s\",\"apps\":{"
	"\"slow\":{\"input\":\"0 B\",\"output\":\"0 B\",\"cycles\":\"2 Gcycles\"},"
	"\"brief\":{\"input\":\"0 B\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\"},"
	"\"away\":{\"input\":\"125 kB\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\","
	"\"operations\":{\"net_rx\":{\"packets\":0,\"bytes\":\"0 B\"}}}},"
#define PHONE                                                                                      \
	"\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1.5 W\",\"idle\":\"0.5 W\"},"        \
	"\"battery\":\"100 Wh\",\"radio\":\"constant-power\",\"cell\":\"c\","
	"\"handsets\":{\"x\":{" PHONE "\"policy\":\"local\",\"apps\":{\"slow\":{\"arrivals\":"
	"{\"periodic\":\"1 s\"}}}},"
	"\"y\":{" PHONE "\"policy\":{\"random\":0},\"apps\":{\"brief\":{\"arrivals\":"
	"{\"periodic\":\"5 s\"}}}},"
	"\"z\":{" PHONE "\"policy\":\"remote\",\"apps\":{\"away\":{\"arrivals\":"
	"{\"periodic\":\"5 s\"}}}}},"
	"\"cells\":{\"c\":{\"down\":\"10 Mbit/s\",\"up\":\"10 Mbit/s\",\"rtt\":\"40 ms\","
	"\"site\":\"s\"}},"
	"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"8 GiB\","
	"\"platform\":\"native\",\"guests\":{\"count\":1}}}}}}";

/* The value that a share of n values 2, 3, 4, ... is not above. */
static double of_slow(double n, double share)
{
	return 1 + ceil(share * n);
}

static void quantiles_of_parts_by_hand(void)
{
	struct kept k;
	const double bucket = 1.0 / 128, away = 0.1 + 2 * 0.020 + 1;
	static const struct {
		const char *name;
		double share;
	} at[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};
	simulate(by_hand, NULL, &k);
	double n = get(&k.o, "app.done", "slow");
	CU_ASSERT(n > 195 && n < 205);
	for (size_t i = 0; i < 3; i++) {
		char app[40], policy[40], site[40], platform[40];
		snprintf(app, sizeof(app), "app.response_time.%s", at[i].name);
		snprintf(policy, sizeof(policy), "policy.response_time.%s", at[i].name);
		snprintf(site, sizeof(site), "site.response_time.%s", at[i].name);
		snprintf(platform, sizeof(platform), "platform.response_time.%s", at[i].name);
		CU_ASSERT(is_near(get(&k.o, app, "slow"), of_slow(n, at[i].share), bucket));
		CU_ASSERT(is_near(get(&k.o, policy, "local"), of_slow(n, at[i].share), bucket));
		CU_ASSERT(is_near(get(&k.o, app, "brief"), 1, bucket));
		CU_ASSERT(is_near(get(&k.o, app, "away"), away, bucket));
		CU_ASSERT(is_near(get(&k.o, policy, "remote"), away, bucket));
		CU_ASSERT(is_near(get(&k.o, site, "s"), away, bucket));
		CU_ASSERT(is_near(get(&k.o, platform, "native"), away, bucket));
	}
	CU_ASSERT_EQUAL(get(&k.o, "app.response_time.max", "slow"), 1 + n);
	CU_ASSERT(is_near(get(&k.o, "app.response_time", "slow"), 2 + (n - 1) / 2, 1e-9));
	/* 1 W above idle for 1 s, and the 0.5 W. */
	CU_ASSERT(is_near(get(&k.o, "app.energy.p95", "brief"), 1.5, bucket));
	CU_ASSERT(is_near(get(&k.o, "site.energy_to_result.p95", "s"),
			  get(&k.o, "site.energy_to_result", "s"), bucket));
	forget(&k);
}

static void what_nobody_wants_is_not_there(void)
{
	struct kept k;
	simulate(by_hand, "policy.response_time.p95", &k);
	size_t n;
	struct histogram h = merged(&k, "policy.response_time", &n);
	CU_ASSERT_EQUAL(n, 3);
	CU_ASSERT_EQUAL(k.count, 3 + 2); /* and the two of the whole */
	get(&k.o, "policy.response_time.p95", "remote");
	histogram_free(&h);
	forget(&k);
	simulate(by_hand, "site.done", &k);
	CU_ASSERT_EQUAL(k.count, 2);
	get(&k.o, "site.done", "s");
	CU_ASSERT_EQUAL(sum_of(&k.o, "site.response_time.p95"), 0);
	forget(&k);
	simulate(by_hand, "response_time.p95", &k);
	CU_ASSERT_EQUAL(k.count, 2);
	CU_ASSERT_EQUAL(sum_of(&k.o, "site.done"), 0);
	forget(&k);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_parts_add_up_to_the_whole", the_parts_add_up_to_the_whole},
		{"quantiles_of_parts_by_hand", quantiles_of_parts_by_hand},
		{"what_nobody_wants_is_not_there", what_nobody_wants_is_not_there},
		{0},
	};
	return test_main("distributions", cases, argc, argv);
}
