/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/stats.h"
#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct stream stream_of(uint64_t seed, uint64_t point, uint64_t repetition, uint64_t entity,
			       uint64_t purpose)
{
	struct stream st;
	struct stream_key key = {seed, point, repetition};
	stream_init(&st, &key, entity, purpose);
	return st;
}

/* These come from the definition (Philox, xoroshiro128++, the ziggurat's tables) and must be the
 * same on every machine and with every compiler: a stored seed depends on it. */
static void values_are_the_same_everywhere(void)
{
	struct stream st = stream_of(1, 2, 3, 4, 5);
	CU_ASSERT_EQUAL(stream_bits(&st), 0x58d5cb6feeffbe17u);
	CU_ASSERT_EQUAL(stream_uniform(&st), 0x1.6abf05896518dp-1);
	CU_ASSERT_EQUAL(stream_exponential(&st, 1), 0x1.22b340fec69aep+2);
	CU_ASSERT_EQUAL(stream_normal(&st, 0, 1), -0x1.699579283f2b3p-2);
	CU_ASSERT_EQUAL(stream_name("arrivals"), 0xbbacde4ea4adff0eu);
}

static void every_part_of_the_name_counts(void)
{
	struct stream st[] = {
		stream_of(1, 0, 0, 0, 0), stream_of(0, 1, 0, 0, 0), stream_of(0, 0, 1, 0, 0),
		stream_of(0, 0, 0, 1, 0), stream_of(0, 0, 0, 0, 1), stream_of(0, 0, 0, 0, 0),
	};
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_NOT_EQUAL(st[i].state[0], st[j].state[0]);
	struct stream again = stream_of(1, 0, 0, 0, 0);
	CU_ASSERT_EQUAL(memcmp(&again, &st[0], sizeof(again)), 0);
}

static void neighbours_are_not_correlated(void)
{
	/* First draws of a million neighbouring entities, and draws of two of them side by side. */
	const int n = 1000000;
	double sum = 0, lag = 0, last = 0, pair = 0;
	struct stream a = stream_of(1, 0, 0, 1000, 7), b = stream_of(1, 0, 0, 1001, 7);
	for (int i = 0; i < n; i++) {
		struct stream st = stream_of(1, 0, 0, (uint64_t)i, 7);
		double u = stream_uniform(&st) - 0.5;
		sum += u;
		lag += u * last;
		last = u;
		pair += (stream_uniform(&a) - 0.5) * (stream_uniform(&b) - 0.5);
	}
	/* Four standard deviations of each: 1/sqrt(12 n) and 1/(12 sqrt n). */
	CU_ASSERT(fabs(sum / n) < 4 / sqrt(12.0 * n));
	CU_ASSERT(fabs(lag / n) < 4 / (12 * sqrt(n)));
	CU_ASSERT(fabs(pair / n) < 4 / (12 * sqrt(n)));
}

enum kind { UNIFORM, EXPONENTIAL, NORMAL, EXPONENTIAL_INVERSE, NORMAL_INVERSE };

static double draw(enum kind kind, struct stream *st)
{
	switch (kind) {
	case UNIFORM:
		return stream_uniform(st);
	case EXPONENTIAL:
	case EXPONENTIAL_INVERSE:
		return 1 - exp(-stream_exponential(st, 3) / 3);
	default:
		return gsl_cdf_gaussian_P(stream_normal(st, 5, 2) - 5, 2);
	}
}

static void variates_have_their_distribution(void)
{
	/* Through the distribution function each must be uniform: chi-square over 1000 cells, and
	 * again over 1000 cells in each of the outer thousandths, where the ziggurat's tails are.
	 */
	for (enum kind kind = UNIFORM; kind <= NORMAL_INVERSE; kind++) {
		static uint32_t cell[1000], low[100], high[100];
		struct stream st = stream_of(1, 0, 0, (uint64_t)kind, 0);
		const uint32_t n = 4000000;
		memset(cell, 0, sizeof(cell));
		memset(low, 0, sizeof(low));
		memset(high, 0, sizeof(high));
		if (kind >= EXPONENTIAL_INVERSE)
			stream_invert(&st, 0);
		for (uint32_t i = 0; i < n; i++) {
			double u = draw(kind, &st);
			cell[(size_t)(u * 1000)]++;
			if (u < 0.001)
				low[(size_t)(u * 100000)]++;
			else if (u > 0.999)
				high[(size_t)((u - 0.999) * 100000)]++;
		}
		double chi = 0, tails = 0, expected = n / 1000.0, outer = n / 100000.0;
		for (size_t i = 0; i < 1000; i++)
			chi += (cell[i] - expected) * (cell[i] - expected) / expected;
		for (size_t i = 0; i < 100; i++)
			tails += (low[i] - outer) * (low[i] - outer) / outer +
				 (high[i] - outer) * (high[i] - outer) / outer;
		CU_ASSERT(gsl_cdf_chisq_Q(chi, 999) > 0.001);
		CU_ASSERT(gsl_cdf_chisq_Q(tails, 200) > 0.001);
	}
}

static void far_tails_are_as_heavy_as_they_should_be(void)
{
	/* Beyond the last layer, where another method takes over. */
	struct stream st = stream_of(1, 0, 0, 9, 0);
	const int n = 20000000;
	int exponential = 0, normal = 0, far = 0;
	for (int i = 0; i < n; i++) {
		double x = stream_exponential(&st, 1), z = stream_normal(&st, 0, 1);
		exponential += x > ZIGGURAT_EXPONENTIAL_TAIL;
		far += x > ZIGGURAT_EXPONENTIAL_TAIL + 1;
		normal += fabs(z) > ZIGGURAT_NORMAL_TAIL;
	}
	double e = n * exp(-ZIGGURAT_EXPONENTIAL_TAIL);
	double z = n * 2 * gsl_cdf_ugaussian_Q(ZIGGURAT_NORMAL_TAIL);
	CU_ASSERT(fabs(exponential - e) < 4 * sqrt(e));
	CU_ASSERT(fabs(far - e * exp(-1)) < 4 * sqrt(e * exp(-1)));
	CU_ASSERT(fabs(normal - z) < 4 * sqrt(z));
}

static void small_integers_are_unbiased(void)
{
	struct stream st = stream_of(1, 0, 0, 10, 0);
	uint32_t seen[7] = {0};
	double chi = 0;
	for (int i = 0; i < 700000; i++)
		seen[stream_below(&st, 7)]++;
	for (int i = 0; i < 7; i++)
		chi += (seen[i] - 1e5) * (seen[i] - 1e5) / 1e5;
	CU_ASSERT(gsl_cdf_chisq_Q(chi, 6) > 0.001);
	/* With n just above 2^63 half of the draws must be rejected. */
	uint64_t n = (1ULL << 63) + 1, over = 0;
	for (int i = 0; i < 100000; i++) {
		uint64_t k = stream_below(&st, n);
		CU_ASSERT_FATAL(k < n);
		over += k >= n / 2;
	}
	CU_ASSERT(over > 49000 && over < 51000);
	CU_ASSERT_EQUAL(stream_below(&st, 1), 0);
}

static void inversion_takes_one_draw_and_mirrors(void)
{
	struct stream plain = stream_of(1, 0, 0, 11, 0), up = plain, down = plain;
	stream_invert(&up, 0);
	stream_invert(&down, 1);
	struct tally single = {0}, pair = {0};
	for (int i = 0; i < 100000; i++) {
		struct stream u_up = up, u_down = down;
		double u = stream_uniform(&u_up);
		CU_ASSERT_EQUAL_FATAL(u + stream_uniform(&u_down), 1);
		double x = stream_exponential(&up, 1), y = stream_exponential(&down, 1);
		CU_ASSERT_EQUAL_FATAL(x, -log1p(-u));
		CU_ASSERT_EQUAL_FATAL(memcmp(up.state, u_up.state, sizeof(up.state)), 0);
		tally_add(&single, x);
		tally_add(&pair, (x + y) / 2);
		if (i % 2) {
			double z = stream_normal(&up, 0, 1), mirrored = stream_normal(&down, 0, 1);
			CU_ASSERT_FATAL(fabs(z + mirrored) < 1e-9);
		}
	}
	/* The variance of a pair of exponentials: (1 - pi^2/6 + 1) / 2 = 0.178 instead of 0.5. */
	CU_ASSERT(fabs(tally_variance(&single) - 1) < 0.03);
	CU_ASSERT(fabs(tally_variance(&pair) - (2 - M_PI * M_PI / 6) / 2) < 0.01);
}

static void gsl_distributions_draw_from_the_stream(void)
{
	struct stream st = stream_of(1, 0, 0, 12, 0), same = st;
	gsl_rng r = stream_gsl(&st);
	CU_ASSERT_EQUAL(gsl_rng_get(&r), stream_bits(&same));
	CU_ASSERT_EQUAL(gsl_rng_uniform(&r), stream_uniform(&same));
	struct tally t = {0};
	for (int i = 0; i < 200000; i++)
		tally_add(&t, gsl_ran_gamma(&r, 0.5, 2));
	CU_ASSERT(fabs(t.mean - 1) < 4 * sqrt(2.0 / 200000));
	CU_ASSERT(gsl_rng_uniform_int(&r, 10) < 10);

	gsl_rng *own = gsl_rng_alloc(stream_gsl_type);
	gsl_rng_set(own, 5);
	same = stream_of(5, 0, 0, 0, 0);
	CU_ASSERT_EQUAL(gsl_rng_get(own), stream_bits(&same));
	gsl_rng_free(own);
}

/* The tables from their definition: layers of equal area under the curve. */
static void check_tables(const struct ziggurat_layer *layer, const double *y, double r, double area,
			 double (*f)(double), int bits)
{
	double positions = ldexp(1, bits), x = area / f(r), next = r;
	for (int i = 0; i < 256; i++) {
		double width = x / positions;
		CU_ASSERT(fabs(layer[i].width / width - 1) < 1e-12);
		CU_ASSERT(fabs((double)layer[i].inside - next / x * positions) < positions * 1e-11);
		if (i > 0) {
			CU_ASSERT(fabs(y[i] - f(x)) < 1e-12);
			CU_ASSERT(i == 255 || fabs(x * (f(next) - f(x)) / area - 1) < 1e-9);
		}
		x = next;
		next = i + 2 < 256 ? layer[i + 2].width * positions : 0;
	}
	CU_ASSERT_EQUAL(y[256], 1);
}

static double exponential_curve(double x)
{
	return exp(-x);
}

static double normal_curve(double x)
{
	return exp(-x * x / 2);
}

static void ziggurat_tables_are_what_they_should_be(void)
{
	double r = ZIGGURAT_EXPONENTIAL_TAIL;
	check_tables(ziggurat_exponential, ziggurat_exponential_y, r, (r + 1) * exp(-r),
		     exponential_curve, 53);
	r = ZIGGURAT_NORMAL_TAIL;
	check_tables(ziggurat_normal, ziggurat_normal_y, r,
		     r * exp(-r * r / 2) + sqrt(M_PI / 2) * erfc(r / sqrt(2)), normal_curve, 52);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"values_are_the_same_everywhere", values_are_the_same_everywhere},
		{"every_part_of_the_name_counts", every_part_of_the_name_counts},
		{"neighbours_are_not_correlated", neighbours_are_not_correlated},
		{"variates_have_their_distribution", variates_have_their_distribution},
		{"far_tails_are_as_heavy_as_they_should_be",
		 far_tails_are_as_heavy_as_they_should_be},
		{"small_integers_are_unbiased", small_integers_are_unbiased},
		{"inversion_takes_one_draw_and_mirrors", inversion_takes_one_draw_and_mirrors},
		{"gsl_distributions_draw_from_the_stream", gsl_distributions_draw_from_the_stream},
		{"ziggurat_tables_are_what_they_should_be",
		 ziggurat_tables_are_what_they_should_be},
		{0},
	};
	return test_main("stream", cases, argc, argv);
}
