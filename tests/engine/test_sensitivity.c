/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The estimators of sim/engine/sensitivity.h against functions whose indices are known.
 */
#include "sim/engine/sensitivity.h"

#include "sim/engine/stream.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef double function(const double *u);

/* Ishigami and Homma (1990), a = 7, b = 0.1, on [-pi, pi]^3. */
static double ishigami(const double *u)
{
	double x1 = M_PI * (2 * u[0] - 1), x2 = M_PI * (2 * u[1] - 1), x3 = M_PI * (2 * u[2] - 1);
	return sin(x1) + 7 * sin(x2) * sin(x2) + 0.1 * pow(x3, 4) * sin(x1);
}

static double linear(const double *u)
{
	return 3 + 5 * u[0] - 2 * u[1] + 0 * u[2];
}

/* The function at all rows, with noise of a deviation that each repetition draws anew. */
static double *evaluate(const struct sensitivity_design *d, function *f, size_t repetitions,
			double noise, double shift)
{
	size_t rows = d->blocks * d->rows_per_block;
	double *y = calloc(rows * repetitions, sizeof(*y));
	struct stream random;
	stream_init(&random, &(struct stream_key){.seed = 5}, 0, 0);
	for (size_t i = 0; i < rows; i++)
		for (size_t r = 0; r < repetitions; r++)
			y[i * repetitions + r] = f(d->at + i * d->factors) + shift * (double)r +
						 stream_normal(&random, 0, noise);
	return y;
}

static void estimate(enum sensitivity_method method, function *f, size_t blocks, size_t repetitions,
		     double noise, double shift, struct sensitivity *out)
{
	struct sensitivity_design d;
	CU_ASSERT_EQUAL_FATAL(sensitivity_design_make(&d, method, 3, blocks, 4, 1), 0);
	double *y = evaluate(&d, f, repetitions, noise, shift);
	CU_ASSERT_EQUAL(sensitivity_estimate(&d, y, repetitions, out), 0);
	free(y);
	sensitivity_design_free(&d);
}

static void check_near(double got, double wanted, double relative)
{
	if (!(fabs(got - wanted) <= relative * fabs(wanted)))
		printf("got %g, wanted %g\n", got, wanted);
	CU_ASSERT(fabs(got - wanted) <= relative * fabs(wanted));
}

/* V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = b^2 pi^8 (1 / 18 - 1 / 50). */
static void sobol_of_ishigami_within_2_percent(void)
{
	double v1 = pow(1 + 0.1 * pow(M_PI, 4) / 5, 2) / 2, v2 = 49.0 / 8,
	       v13 = 0.01 * pow(M_PI, 8) * (1.0 / 18 - 1.0 / 50), v = v1 + v2 + v13;
	struct sensitivity s;
	if (TEST_SANITIZED) {
		test_skip("much arithmetic, and no code that the other cases do not reach");
		return;
	}
	estimate(SENSITIVITY_SOBOL, ishigami, 4096, 1, 0, 0, &s);
	check_near(s.mean, 3.5, 0.02);
	check_near(s.variance, v, 0.02);
	check_near(s.factor[0].first.value, v1 / v, 0.02);
	check_near(s.factor[1].first.value, v2 / v, 0.02);
	CU_ASSERT(fabs(s.factor[2].first.value) < 0.01);
	check_near(s.factor[0].total.value, (v1 + v13) / v, 0.02);
	check_near(s.factor[1].total.value, v2 / v, 0.02);
	check_near(s.factor[2].total.value, v13 / v, 0.02);
}

/* On four levels the effects are a finite population: with A = 0.1 pi^4, B = A / 81 and h = sin(pi
 * / 3), all over a step of 2/3. */
static void morris_of_ishigami_within_2_percent(void)
{
	double a = 0.1 * pow(M_PI, 4), b = a / 81, h = sin(M_PI / 3);
	struct sensitivity s;
	if (TEST_SANITIZED) {
		test_skip("much arithmetic, and no code that the other cases do not reach");
		return;
	}
	estimate(SENSITIVITY_MORRIS, ishigami, 20000, 1, 0, 0, &s);
	check_near(s.factor[0].mu_star.value, 1.5 * h * (1 + (a + b) / 2), 0.02);
	check_near(s.factor[0].mu.value, s.factor[0].mu_star.value, 1e-9);
	check_near(s.factor[0].sigma.value, 1.5 * h * (a - b) / 2, 0.02);
	check_near(s.factor[1].mu_star.value, 1.5 * 7 * h * h, 0.02);
	CU_ASSERT(fabs(s.factor[1].mu.value) < 0.02 * s.factor[1].mu_star.value);
	check_near(s.factor[1].sigma.value, 1.5 * 7 * h * h, 0.02);
	check_near(s.factor[2].mu_star.value, 1.5 * (a - b) * h / 2, 0.02);
	check_near(s.factor[2].sigma.value, 1.5 * (a - b) * h / sqrt(2), 0.02);
}

static void effects_of_a_linear_function_are_its_slopes(void)
{
	struct sensitivity s;
	estimate(SENSITIVITY_MORRIS, linear, 4, 1, 0, 0, &s);
	check_near(s.factor[0].mu.value, 5, 1e-12);
	check_near(s.factor[1].mu.value, -2, 1e-12);
	check_near(s.factor[1].mu_star.value, 2, 1e-12);
	CU_ASSERT(fabs(s.factor[2].mu_star.value) < 1e-12);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT(s.factor[i].sigma.value < 1e-6);
		CU_ASSERT(s.factor[i].mu_star.half_width < 1e-6);
	}
	estimate(SENSITIVITY_SOBOL, linear, 1024, 1, 0, 0, &s);
	check_near(s.factor[0].first.value, 25.0 / 29, 0.02);
	check_near(s.factor[0].total.value, 25.0 / 29, 0.02);
	CU_ASSERT(s.factor[2].total.value < 1e-12);
}

/* Every step moves the factor that it says, by half of the levels, and stays in the cube. */
static void a_step_moves_one_factor(void)
{
	struct sensitivity_design d;
	CU_ASSERT_EQUAL_FATAL(sensitivity_design_make(&d, SENSITIVITY_MORRIS, 5, 50, 6, 3), 0);
	for (size_t b = 0; b < d.blocks; b++) {
		bool seen[5] = {false};
		for (size_t t = 0; t < 5; t++) {
			const double *row = d.at + (b * 6 + t) * 5;
			size_t moved = d.moved[b * 5 + t];
			CU_ASSERT_FALSE(seen[moved]);
			seen[moved] = true;
			for (size_t f = 0; f < 5; f++) {
				double step = fabs(row[5 + f] - row[f]);
				CU_ASSERT(row[f] >= 0 && row[f] <= 1);
				CU_ASSERT_DOUBLE_EQUAL(step, f == moved ? 0.6 : 0, 1e-12);
			}
		}
	}
	sensitivity_design_free(&d);
}

static void more_trajectories_leave_the_first_as_they_are(void)
{
	struct sensitivity_design few, many, other;
	sensitivity_design_make(&few, SENSITIVITY_MORRIS, 3, 4, 4, 1);
	sensitivity_design_make(&many, SENSITIVITY_MORRIS, 3, 9, 4, 1);
	sensitivity_design_make(&other, SENSITIVITY_MORRIS, 3, 4, 4, 2);
	size_t bytes = 4 * 4 * 3 * sizeof(double);
	CU_ASSERT_EQUAL(memcmp(few.at, many.at, bytes), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(few.at, other.at, bytes), 0);
	sensitivity_design_free(&few);
	sensitivity_design_free(&many);
	sensitivity_design_free(&other);
}

/* The interval holds the true value about as often as it says: 100 seeds of 64 blocks. (Under a
 * sanitizer 8, which tell that it works, not how well.) */
static void intervals_hold_the_truth(void)
{
	const unsigned seeds = TEST_SANITIZED ? 8 : 100, enough = TEST_SANITIZED ? 4 : 88;
	unsigned held = 0, total_held = 0;
	double wanted = 1.5 * sin(M_PI / 3) * (1 + 0.05 * pow(M_PI, 4) * (1 + 1.0 / 81));
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct sensitivity_design d;
		struct sensitivity s;
		sensitivity_design_make(&d, SENSITIVITY_MORRIS, 3, 64, 4, seed);
		double *y = evaluate(&d, ishigami, 1, 0, 0);
		sensitivity_estimate(&d, y, 1, &s);
		held += fabs(s.factor[0].mu_star.value - wanted) <= s.factor[0].mu_star.half_width;
		free(y);
		sensitivity_design_free(&d);
		sensitivity_design_make(&d, SENSITIVITY_SOBOL, 3, 64, 4, seed);
		y = evaluate(&d, ishigami, 1, 0, 0);
		sensitivity_estimate(&d, y, 1, &s);
		total_held +=
			fabs(s.factor[0].total.value - 0.5576) <= s.factor[0].total.half_width;
		free(y);
		sensitivity_design_free(&d);
	}
	CU_ASSERT(held >= enough);
	CU_ASSERT(total_held >= enough);
}

/* Noise shows up as noise: in the floor below which mu* says nothing, in the share of the variance,
 * and in wider intervals. What shifts all rows of a repetition alike is not noise. */
static void noise_is_told(void)
{
	struct sensitivity quiet, shifted, noisy;
	estimate(SENSITIVITY_MORRIS, linear, 200, 5, 0, 0, &quiet);
	estimate(SENSITIVITY_MORRIS, linear, 200, 5, 0, 10, &shifted);
	estimate(SENSITIVITY_MORRIS, linear, 200, 5, 1, 0, &noisy);
	CU_ASSERT(quiet.noise < 1e-12);
	CU_ASSERT(shifted.noise < 1e-12);
	CU_ASSERT(shifted.factor[0].noise < 1e-9);
	/* An effect is a difference of two means of five over a step of 2/3. */
	double floor = sqrt(2.0 / 5) * 1.5 * sqrt(M_2_PI);
	check_near(noisy.factor[2].noise, floor, 0.1);
	check_near(noisy.factor[2].mu_star.value, floor, 0.15);
	check_near(noisy.noise, 0.2 / noisy.variance, 0.1);
	CU_ASSERT(noisy.factor[0].mu_star.half_width > 0.05);
}

/* A gap costs its block and no other. */
static void missing_values_cost_their_block(void)
{
	struct sensitivity_design d;
	struct sensitivity s;
	sensitivity_design_make(&d, SENSITIVITY_MORRIS, 3, 4, 4, 1);
	double *y = evaluate(&d, linear, 2, 0, 0);
	y[(2 * 4 + 1) * 2 + 1] = NAN;
	CU_ASSERT_EQUAL(sensitivity_estimate(&d, y, 2, &s), 0);
	CU_ASSERT_EQUAL(s.blocks, 3);
	check_near(s.factor[0].mu.value, 5, 1e-12);
	for (size_t i = 0; i < 3 * 4 * 2; i++)
		y[i] = NAN;
	CU_ASSERT_EQUAL(sensitivity_estimate(&d, y, 2, &s), 0);
	CU_ASSERT_EQUAL(s.blocks, 1);
	CU_ASSERT(isnan(s.factor[0].mu.value));
	free(y);
	sensitivity_design_free(&d);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"sobol_of_ishigami_within_2_percent", sobol_of_ishigami_within_2_percent},
		{"morris_of_ishigami_within_2_percent", morris_of_ishigami_within_2_percent},
		{"effects_of_a_linear_function_are_its_slopes",
		 effects_of_a_linear_function_are_its_slopes},
		{"a_step_moves_one_factor", a_step_moves_one_factor},
		{"more_trajectories_leave_the_first_as_they_are",
		 more_trajectories_leave_the_first_as_they_are},
		{"intervals_hold_the_truth", intervals_hold_the_truth},
		{"noise_is_told", noise_is_told},
		{"missing_values_cost_their_block", missing_values_cost_their_block},
		{0}};
	return test_main("sensitivity", cases, argc, argv);
}
