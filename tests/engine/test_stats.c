/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stats.h"
#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct stream random_stream(uint64_t purpose)
{
	struct stream st;
	stream_init(&st, &(struct stream_key){.seed = 1}, 0, purpose);
	return st;
}

static void close_to(double x, double expected, double tolerance)
{
	CU_ASSERT_DOUBLE_EQUAL(x, expected, tolerance);
}

static void a_tally_is_stable_and_merges(void)
{
	/* Variance 1 on top of 1e9, which the textbook sum of squares loses. */
	struct stream st = random_stream(1);
	struct tally all = {0}, part[3] = {0}, merged = {0}, small = {0};
	for (int i = 0; i < 30000; i++) {
		double x = stream_normal(&st, 0, 1);
		tally_add(&small, x);
		tally_add(&all, 1e9 + x);
		tally_add(&part[i < 100 ? 0 : i < 20000 ? 1 : 2], 1e9 + x);
	}
	close_to(tally_variance(&all), tally_variance(&small), 1e-5);
	for (int i = 0; i < 3; i++)
		tally_merge(&merged, &part[i]);
	tally_merge(&merged, &(struct tally){0});
	CU_ASSERT_EQUAL(merged.n, 30000);
	close_to(merged.mean, all.mean, 1e-5);
	close_to(tally_variance(&merged), tally_variance(&all), 1e-5);
	CU_ASSERT_EQUAL(merged.min, all.min);
	CU_ASSERT_EQUAL(merged.max, all.max);

	struct tally few = {0};
	CU_ASSERT_EQUAL(tally_variance(&few), 0);
	tally_add(&few, -4);
	CU_ASSERT_EQUAL(few.min, -4);
	CU_ASSERT_EQUAL(few.max, -4);
	CU_ASSERT_EQUAL(tally_deviation(&few), 0);
	tally_add(&few, -2);
	CU_ASSERT_EQUAL(tally_variance(&few), 2);
}

static void a_time_average_weighs_by_time(void)
{
	struct time_average a;
	time_average_start(&a, 5 * SIM_S, 2);
	close_to(time_average_mean(&a, 5 * SIM_S), 2, 0);
	time_average_set(&a, 6 * SIM_S, 10); /* 1 s of 2 */
	time_average_set(&a, 9 * SIM_S, 0);  /* 3 s of 10 */
	close_to(time_average_mean(&a, 15 * SIM_S), 3.2, 1e-12);
	close_to(time_average_integral(&a, 15 * SIM_S), 32, 1e-12);
	CU_ASSERT_EQUAL(a.max, 10);
	time_average_start(&a, 15 * SIM_S, a.value);
	close_to(time_average_mean(&a, 20 * SIM_S), 0, 0);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void quantiles_are_within_one_percent(void)
{
	enum { N = 200000 };
	double *x = malloc(N * sizeof(*x));
	struct stream st = random_stream(2);
	for (int shape = 0; shape < 3; shape++) {
		struct histogram h = {0};
		for (size_t i = 0; i < N; i++) {
			x[i] = shape == 0   ? stream_exponential(&st, 1e-6)
			       : shape == 1 ? exp(stream_normal(&st, 3, 4))
					    : 1000 + stream_uniform(&st);
			histogram_add(&h, x[i]);
		}
		qsort(x, N, sizeof(*x), by_value);
		for (double q = 0.001; q < 1; q += 0.001) {
			double exact = x[(size_t)(q * N)];
			CU_ASSERT(fabs(histogram_quantile(&h, q) / exact - 1) < 0.01);
		}
		CU_ASSERT_EQUAL(histogram_quantile(&h, 0), x[0]);
		CU_ASSERT_EQUAL(histogram_quantile(&h, 1), x[N - 1]);
		CU_ASSERT(h.buckets * sizeof(*h.counts) < 64 * 1024);
		histogram_free(&h);
	}
	free(x);
}

/* The worst case is an atom at one end of its bucket, far from where an even spread would put it.
 */
static void quantiles_of_few_values_are_within_one_percent(void)
{
	for (double edge = 1; edge < 2; edge += 1.0 / 256) {
		const double x[] = {edge / 2, edge, nextafter(2 * edge, 0), 8 * edge};
		struct histogram h = {0};
		for (size_t i = 0; i < 4; i++)
			histogram_add_count(&h, x[i], 1000);
		for (double q = 0.0005; q < 1; q += 0.001)
			CU_ASSERT(fabs(histogram_quantile(&h, q) / x[(size_t)(4 * q)] - 1) < 0.01);
		histogram_free(&h);
	}
}

static void histograms_merge_and_come_back_from_their_buckets(void)
{
	struct stream st = random_stream(3);
	struct histogram all = {0}, part[2] = {0}, merged = {0}, back = {0};
	for (int i = 0; i < 10000; i++) {
		double x = i % 10 ? exp(stream_normal(&st, 0, 3)) : 0;
		histogram_add(&all, x);
		histogram_add(&part[i % 3 == 0], x);
	}
	histogram_merge(&merged, &part[0]);
	histogram_merge(&merged, &part[1]);
	histogram_merge(&merged, &(struct histogram){0});
	CU_ASSERT_EQUAL(merged.n, all.n);
	CU_ASSERT_EQUAL(merged.zero, 1000);
	CU_ASSERT_EQUAL(merged.min, 0);
	CU_ASSERT_EQUAL(merged.max, all.max);
	for (double q = 0; q <= 1; q += 0.01)
		CU_ASSERT_EQUAL(histogram_quantile(&merged, q), histogram_quantile(&all, q));

	struct histogram_bucket b;
	double last = -1;
	for (uint32_t cursor = 0; histogram_next(&all, &cursor, &b);) {
		CU_ASSERT(b.count > 0 && b.low > last && b.high >= b.low);
		CU_ASSERT(b.high <= b.low * (1 + 1.0 / 128));
		last = b.low;
		histogram_add_count(&back, b.low, b.count);
	}
	CU_ASSERT_EQUAL(back.n, all.n);
	for (double q = 0.01; q < 1; q += 0.01)
		CU_ASSERT(fabs(histogram_quantile(&back, q) - histogram_quantile(&all, q)) <=
			  0.008 * histogram_quantile(&all, q));
	histogram_free(&all);
	histogram_free(&part[0]);
	histogram_free(&part[1]);
	histogram_free(&merged);
	histogram_free(&back);
}

static void odd_values_do_no_harm(void)
{
	struct histogram h = {0};
	CU_ASSERT(isnan(histogram_quantile(&h, 0.5)));
	histogram_add(&h, NAN);
	histogram_add(&h, INFINITY);
	CU_ASSERT_EQUAL(h.n, 0);
	CU_ASSERT_EQUAL(h.lost, 2);
	histogram_add(&h, -1e-18);
	histogram_add(&h, 5e-324);
	histogram_add(&h, 1.7e308);
	histogram_add(&h, 1);
	CU_ASSERT_EQUAL(h.n, 4);
	CU_ASSERT_EQUAL(h.zero, 1);
	CU_ASSERT_EQUAL(h.min, 0);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 1), 1.7e308);
	close_to(histogram_quantile(&h, 0.7), 1, 0.02);
	histogram_free(&h);
}

static void intervals_are_those_of_the_tables(void)
{
	double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 9};
	struct interval i = interval_of(x, 10, 0.95);
	/* t(0.975, 9) = 2.262157, variance 55/6 */
	close_to(i.mean, 5.5, 1e-12);
	close_to(i.half_width, 2.262157 * sqrt(55.0 / 6 / 10), 1e-6);
	CU_ASSERT_EQUAL(i.n, 10);
	close_to(interval_of(x, 2, 0.99).half_width, 63.656741 * sqrt(0.5 / 2), 1e-5);
	CU_ASSERT(isinf(interval_of(x, 1, 0.95).half_width));
	CU_ASSERT(isinf(interval_of(x, 0, 0.95).half_width));
	i = interval_of_difference(x, y, 10, 0.95);
	close_to(i.mean, 0.1, 1e-12);
	close_to(i.half_width, 2.262157 * sqrt(0.1 / 10), 1e-6);
}

static void stopping_depends_on_the_ordered_prefix(void)
{
	double x[] = {10, 12, 9, 11, 10, 10, 10, 10, 10, 10, 50, 50};
	size_t k = interval_stop_after(x, 12, 0.95, 0.1, 3);
	CU_ASSERT(k > 3 && k <= 10);
	CU_ASSERT(interval_of(x, k, 0.95).half_width <= 0.1 * interval_of(x, k, 0.95).mean);
	CU_ASSERT(interval_of(x, k - 1, 0.95).half_width > 0.1 * interval_of(x, k - 1, 0.95).mean);
	/* What comes later changes nothing. */
	for (size_t n = k; n <= 12; n++)
		CU_ASSERT_EQUAL(interval_stop_after(x, n, 0.95, 0.1, 3), k);
	CU_ASSERT_EQUAL(interval_stop_after(x, k - 1, 0.95, 0.1, 3), 0);
	CU_ASSERT_EQUAL(interval_stop_after(x, 12, 0.95, 0.1, 10), 10);
	double same[] = {3, 3, 3};
	CU_ASSERT_EQUAL(interval_stop_after(same, 3, 0.95, 0.01, 0), 2);
	CU_ASSERT_EQUAL(interval_stop_after(x, 1, 0.95, 1, 0), 0);
}

/* x = phi x + noise, from its stationary distribution: mean 0, lag-1 correlation phi. */
static struct batch_means autoregressive(struct stream *st, double phi, size_t n)
{
	struct batch_means b = {0};
	double x = stream_normal(st, 0, 1 / sqrt(1 - phi * phi));
	for (size_t i = 0; i < n; i++) {
		batch_means_add(&b, x);
		x = phi * x + stream_normal(st, 0, 1);
	}
	return b;
}

static void batch_means_cover_and_know_when_not_to_be_trusted(void)
{
	struct stream st = random_stream(4);
	int covered = 0, trusted = 0, mistrusted = 0;
	double lag1;
	bool independent;
	for (int i = 0; i < 1000; i++) {
		/* Long against the correlation time of 20. */
		struct batch_means b = autoregressive(&st, 0.9, 20000);
		struct interval v = batch_means_interval(&b, 0.95, &lag1, &independent);
		CU_ASSERT(v.n >= 32 && v.n < 64);
		covered += fabs(v.mean) <= v.half_width;
		trusted += independent;
		/* And short. */
		b = autoregressive(&st, 0.99, 600);
		batch_means_interval(&b, 0.95, &lag1, &independent);
		mistrusted += !independent;
	}
	CU_ASSERT(covered > 920 && covered < 970);
	CU_ASSERT(trusted > 900);
	CU_ASSERT(mistrusted > 950);

	struct batch_means few = autoregressive(&st, 0, 10);
	struct interval v = batch_means_interval(&few, 0.95, &lag1, &independent);
	CU_ASSERT_EQUAL(v.n, 10);
	CU_ASSERT_FALSE(independent);
}

/* Up to 63 observations each is a batch. Von Neumann's ratio from differences, which is another way
 * to the same number, and how often independent batches fail the test. */
static void the_check_for_independence_is_von_neumanns(void)
{
	struct stream st = random_stream(6);
	int trusted = 0;
	for (int i = 0; i < 2000; i++) {
		double x[50], phi = i < 1000 ? 0 : 0.25, squares = 0, lag1;
		bool independent;
		struct batch_means b = {0};
		struct tally t = {0};
		for (int k = 0; k < 50; k++) {
			x[k] = stream_normal(&st, 0, 1) + (k ? phi * x[k - 1] : 0);
			batch_means_add(&b, x[k]);
			tally_add(&t, x[k]);
			squares += k ? (x[k] - x[k - 1]) * (x[k] - x[k - 1]) : 0;
		}
		batch_means_interval(&b, 0.95, &lag1, &independent);
		double c = (1 - squares / (2 * t.m2)) * sqrt((50 * 50 - 1) / (50 - 2.0));
		CU_ASSERT_EQUAL(independent, c <= 1.6448536);
		trusted += i < 1000 && independent;
	}
	CU_ASSERT(trusted >= 930 && trusted <= 970);
}

static void batch_means_keep_the_mean_while_their_size_doubles(void)
{
	struct batch_means b = {0};
	double lag1;
	bool independent;
	for (int i = 0; i < 64 * 1024; i++)
		batch_means_add(&b, i);
	close_to(batch_means_interval(&b, 0.95, &lag1, &independent).mean, (64 * 1024 - 1) / 2.0,
		 1e-6);
	CU_ASSERT(lag1 > 0.8);
	CU_ASSERT_FALSE(independent);
}

static void mser5_drops_the_warm_up(void)
{
	enum { N = 5000 };
	static double x[N];
	struct stream st = random_stream(5);
	for (int i = 0; i < N; i++)
		x[i] = stream_normal(&st, 0, 1) + (i < 500 ? 20 * exp(-i / 100.0) : 0);
	size_t cut = mser5(x, N);
	CU_ASSERT(cut >= 250 && cut <= 800);
	CU_ASSERT_EQUAL(cut % 5, 0);
	for (int i = 0; i < N; i++)
		x[i] = stream_normal(&st, 0, 1);
	CU_ASSERT(mser5(x, N) < N / 2);
	/* A run that is all warm-up says so. */
	for (int i = 0; i < N; i++)
		x[i] = -i;
	CU_ASSERT(mser5(x, N) >= N / 2 - 5);
	CU_ASSERT_EQUAL(mser5(x, 4), 0);
	CU_ASSERT_EQUAL(mser5(x, 0), 0);
}

/* The cut with the least sum of squares over the square of the number of groups kept. */
static void mser5_is_the_least_of_its_definition(void)
{
	double x[300];
	struct stream st = random_stream(7);
	for (size_t n = 5; n <= 300; n += 7) {
		double least = INFINITY;
		size_t best = 0, groups = n / 5;
		for (size_t i = 0; i < n; i++)
			x[i] = stream_normal(&st, 5 * exp(-(double)i / 20), 1);
		for (size_t cut = 0; cut <= groups / 2; cut++) {
			double sum = 0, squares = 0, kept = (double)(groups - cut);
			for (size_t i = 5 * cut; i < 5 * groups; i++)
				sum += x[i];
			for (size_t g = cut; g < groups; g++) {
				const double *y = &x[5 * g];
				double off =
					(y[0] + y[1] + y[2] + y[3] + y[4]) / 5 - sum / (5 * kept);
				squares += off * off;
			}
			if (squares / (kept * kept) < least) {
				least = squares / (kept * kept);
				best = 5 * cut;
			}
		}
		CU_ASSERT_EQUAL(mser5(x, n), best);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_tally_is_stable_and_merges", a_tally_is_stable_and_merges},
		{"a_time_average_weighs_by_time", a_time_average_weighs_by_time},
		{"quantiles_are_within_one_percent", quantiles_are_within_one_percent},
		{"quantiles_of_few_values_are_within_one_percent",
		 quantiles_of_few_values_are_within_one_percent},
		{"histograms_merge_and_come_back_from_their_buckets",
		 histograms_merge_and_come_back_from_their_buckets},
		{"odd_values_do_no_harm", odd_values_do_no_harm},
		{"intervals_are_those_of_the_tables", intervals_are_those_of_the_tables},
		{"stopping_depends_on_the_ordered_prefix", stopping_depends_on_the_ordered_prefix},
		{"batch_means_cover_and_know_when_not_to_be_trusted",
		 batch_means_cover_and_know_when_not_to_be_trusted},
		{"the_check_for_independence_is_von_neumanns",
		 the_check_for_independence_is_von_neumanns},
		{"batch_means_keep_the_mean_while_their_size_doubles",
		 batch_means_keep_the_mean_while_their_size_doubles},
		{"mser5_drops_the_warm_up", mser5_drops_the_warm_up},
		{"mser5_is_the_least_of_its_definition", mser5_is_the_least_of_its_definition},
		{0},
	};
	return test_main("statistics", cases, argc, argv);
}
