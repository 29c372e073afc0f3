/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kumar and Lu's break-even: the formula, and that the simulated energies agree with it on both
 * sides. */
#include "models/policy/policy.h"
#include "tests/models/world_support.h"

/* The paper's iPAQ: M = 400 MHz, Pc = 0.9 W, Pi = 0.3 W, Ptr = 1.3 W; a server F times as fast; D
 * bytes up over B. A radio without promotion and tail, a server nobody else uses, no round trip. */
static char *ipaq(const char *policy, double gcycles, double megabytes)
{
	return study("{\"duration\":\"100000 s\",\"apps\":{\"a\":{\"input\":\"%.17g MB\","
		     "\"output\":\"0 B\",\"cycles\":\"%.17g Gcycles\",\"operations\":{\"net_rx\":"
		     "{\"packets\":0,\"bytes\":\"0 B\"}}}},"
		     "\"handsets\":{\"ipaq\":{\"count\":1,\"cpu\":{\"clock\":\"400 "
		     "MHz\",\"power\":\"0.9 W\","
		     "\"idle\":\"0.3 W\"},\"battery\":\"1000 "
		     "Wh\",\"radio\":\"constant-power\",\"cell\":\"c\","
		     "\"policy\":%s,\"apps\":{\"a\":{\"arrivals\":{\"periodic\":\"1000 s\"}}}}},"
		     "\"cells\":{\"c\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\","
		     "\"site\":\"s\"}},"
		     "\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"4 "
		     "GHz\",\"memory\":\"8 GiB\","
		     "\"platform\":\"native\",\"guests\":{\"count\":1}}}}}}",
		     megabytes, gcycles, policy);
}

static double energy_of(const char *policy, double gcycles, double megabytes)
{
	struct outcome o;
	char *text = ipaq(policy, gcycles, megabytes);
	support_simulate(text, 1, &o);
	free(text);
	return get(&o, "energy_per_task.mean", "");
}

/* C/M Pc and C/(FM) Pi + Ptr D/B; while it sends, the iPAQ also idles, which the paper counts into
 * Ptr and we apart. */
static double local_j(double gcycles)
{
	return 0.9 * gcycles / 0.4;
}

static double remote_j(double gcycles, double megabytes)
{
	return 0.3 * gcycles / 4 + (1.3 + 0.3) * megabytes * 8;
}

static void simulated_energies_are_the_formula(void)
{
	static const double cases[][2] = {{1, 0.1}, {10, 1}, {4, 2}, {0.1, 1}};
	for (size_t i = 0; i < 4; i++) {
		double c = cases[i][0], d = cases[i][1];
		CU_ASSERT(is_near(energy_of("\"local\"", c, d), local_j(c), 1e-6));
		CU_ASSERT(is_near(energy_of("\"remote\"", c, d), remote_j(c, d), 1e-6));
	}
}

/* D at which Kumar and Lu's inequality is an equality. */
static double break_even_megabytes(double gcycles)
{
	return gcycles / 0.4 * (0.9 - 0.3 / 10) / 1.3 / 8;
}

static double remote_share(double gcycles, double megabytes)
{
	struct outcome o;
	char *text = ipaq("\"energy-break-even\"", gcycles, megabytes);
	support_simulate(text, 1, &o);
	free(text);
	return get(&o, "tasks.remote", "") / get(&o, "tasks.offered", "");
}

static void the_policy_decides_by_the_inequality_on_both_sides(void)
{
	for (double c = 0.5; c < 100; c *= 3) {
		double d = break_even_megabytes(c);
		CU_ASSERT_EQUAL(remote_share(c, 0.999 * d), 1);
		CU_ASSERT_EQUAL(remote_share(c, 1.001 * d), 0);
	}
}

static void the_random_policy_has_its_probability(void)
{
	struct outcome o;
	char *text = ipaq("{\"random\":0.25}", 0.01, 0.001);
	char *fast = strstr(text, "1000 s\"}");
	memcpy(fast, "   1 s", 6);
	support_simulate(text, 1, &o);
	double n = get(&o, "tasks.offered", ""), p = get(&o, "tasks.remote", "") / n;
	CU_ASSERT(fabs(p - 0.25) < 4 * sqrt(0.25 * 0.75 / n));
	free(text);
}

static void the_local_cpu_serves_in_turn(void)
{
	/* 0.2 s of work every 0.15 s: the k-th task waits for k * 0.05 s. */
	struct outcome o;
	char *text = ipaq("\"local\"", 0.08, 0.001);
	char *period = strstr(text, "1000 s\"}");
	memcpy(period, "0.15 s", 6);
	memcpy(strstr(text, "100000 s"), "    15 s", 8);
	support_simulate(text, 1, &o);
	double n = get(&o, "tasks.done", "");
	CU_ASSERT(n > 60 && get(&o, "tasks.unfinished", "") > 10);
	CU_ASSERT(is_near(get(&o, "overhead", "queue"), 0.05 * (n - 1) / 2, 1e-6));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 0.2, 1e-9));
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"simulated_energies_are_the_formula", simulated_energies_are_the_formula},
		{"the_policy_decides_by_the_inequality_on_both_sides",
		 the_policy_decides_by_the_inequality_on_both_sides},
		{"the_random_policy_has_its_probability", the_random_policy_has_its_probability},
		{"the_local_cpu_serves_in_turn", the_local_cpu_serves_in_turn},
		{0},
	};
	return test_main("policy", cases, argc, argv);
}
