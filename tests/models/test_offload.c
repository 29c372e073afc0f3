/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the handset decides and what becomes of it: policies that compare, learn or know, levels of
 * the CPU, batteries that run empty, and the sums for each app and policy.
 */
#include "tests/models/world_support.h"

/* Phones of 1 GHz before a near site of `near` guests and a far one of 8, 200 ms away. */
static char *two_sites(const char *policy, const char *arrivals, int near, const char *more)
{
	return study(
		"{\"duration\":\"2000 s\",\"apps\":{\"a\":{\"input\":\"10 kB\",\"output\":\"1 kB\","
		"\"cycles\":{\"exponential\":\"500 Mcycles\"},\"deadline\":\"60 s\"}},"
		"\"handsets\":{\"phone\":{\"count\":10,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 "
		"W\",\"idle\":\"0.3 W\"},\"radio\":\"constant-power\",\"cell\":\"c\",\"policy\":%s"
		",\"apps\":{\"a\":{\"arrivals\":%s}}%s}},"
		"\"cells\":{\"c\":{\"down\":\"100 Mbit/s\",\"up\":\"50 Mbit/s\",\"rtt\":\"10 "
		"ms\",\"reaches\":{\"near\":{},\"far\":{\"via\":[\"wan\"]}}}},"
		"\"links\":{\"wan\":{\"down\":\"1 Gbit/s\",\"up\":\"1 Gbit/s\",\"delay\":\"200 "
		"ms\"}},\"sites\":{"
		"\"near\":{\"hosts\":{\"h\":{\"cores\":8,\"clock\":\"2 GHz\",\"memory\":\"64 GiB\","
		"\"platform\":\"native\",\"guests\":{\"count\":%d}}}},"
		"\"far\":{\"hosts\":{\"h\":{\"cores\":8,\"clock\":\"4 GHz\",\"memory\":\"64 GiB\","
		"\"platform\":\"native\",\"guests\":{\"count\":8}}}}}}",
		policy, arrivals, more, near);
}

static double mean_of(const char *policy, const char *arrivals, int near, const char *metric)
{
	struct outcome o;
	char *text = two_sites(policy, arrivals, near, "");
	support_simulate(text, 3, &o);
	free(text);
	return get(&o, metric, "");
}

#define BUSY "{\"poisson\":\"0.35 /s\"}" /* 3.5 tasks a second; one near guest does 4 */

/* Under load knowing the present beats not knowing it, and learning lies between. */
static void knowing_and_learning_beat_a_fixed_choice(void)
{
	double near = mean_of("\"remote\"", BUSY, 1, "response_time.mean");
	double local = mean_of("\"local\"", BUSY, 1, "response_time.mean");
	double oracle = mean_of("\"oracle\"", BUSY, 1, "response_time.mean");
	double ewma = mean_of("{\"ewma\":{}}", BUSY, 1, "response_time.mean");
	double bandit = mean_of("{\"bandit\":{\"epsilon\":0.05}}", BUSY, 1, "response_time.mean");
	double least = mean_of("\"least-loaded\"", BUSY, 1, "response_time.mean");
	CU_ASSERT(oracle < 0.8 * ewma && oracle < 0.8 * bandit && oracle < 0.8 * least);
	CU_ASSERT(ewma < 0.8 * near && ewma < local);
	CU_ASSERT(bandit < 0.8 * near && bandit < local);
	CU_ASSERT(least < 0.8 * near);
}

/* With nobody else there the oracle's reckoning is exact, so it finds the better of local (c / 1
 * GHz), near and far for every task: local only below the point where both cost the same. */
static void an_oracle_alone_chooses_each_task_right(void)
{
	const char *alone = "{\"periodic\":\"1900 s\"}";
	double oracle = mean_of("\"oracle\"", alone, 4, "response_time.mean");
	CU_ASSERT(oracle <= mean_of("\"local\"", alone, 4, "response_time.mean"));
	CU_ASSERT(oracle <= mean_of("\"remote\"", alone, 4, "response_time.mean"));
}

/* A bandit whose best place fails every task learns to stay away from it. */
static void failures_are_learnt_from(void)
{
	struct outcome o;
	char *text = two_sites("{\"bandit\":{\"epsilon\":0.1}}", "{\"poisson\":\"0.2 /s\"}", 0, "");
	support_simulate(text, 3, &o);
	CU_ASSERT(get(&o, "tasks.failed", "no-guest") < 0.07 * get(&o, "tasks.offered", ""));
	CU_ASSERT(get(&o, "tasks.failed", "no-guest") > 0);
	free(text);
}

/* 500 Mcycles on average: at 1 GHz 2 W, at 2 GHz near the idle 0.3 W while it waits. */
static void nominal_policies_follow_their_formulas(void)
{
	const char *slow = "{\"periodic\":\"100 s\"}";
	/* Energy: remote costs idling and 1.3 W for milliseconds, so nearly all goes there. */
	CU_ASSERT(mean_of("\"energy-delay\"", slow, 8, "tasks.remote") > 190);
	/* Every task meets 60 s anywhere: the least energy, as energy-break-even. */
	CU_ASSERT_EQUAL(mean_of("{\"deadline\":{}}", slow, 8, "tasks.remote"),
			mean_of("\"energy-break-even\"", slow, 8, "tasks.remote"));
	/* Many tasks take longer than a hundredth of 60 s at all but the fastest place. */
	CU_ASSERT(mean_of("{\"deadline\":0.99}", slow, 8, "response_time.mean") <=
		  mean_of("\"energy-break-even\"", slow, 8, "response_time.mean"));
}

/* ---- Levels of the CPU */

static const char levels[] = ",\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\",\"idle\":\"0.3 W\","
			     "\"levels\":[{\"clock\":\"500 MHz\",\"power\":\"0.8 W\"},"
			     "{\"clock\":\"2 GHz\",\"power\":\"6 W\"}],\"governor\":\"%s\"}";

static void check_governor(const char *governor, double hz, double w, const char *deadline)
{
	struct outcome o;
	char *cpu = study(levels, governor);
	char *text = study(
		"{\"duration\":\"1000 s\",\"apps\":{\"a\":{\"input\":\"0 B\",\"output\":\"0 B\","
		"\"cycles\":\"500 Mcycles\"%s}},\"handsets\":{\"p\":{\"count\":1,\"radio\":"
		"\"constant-power\",\"cell\":\"c\",\"policy\":\"local\",\"apps\":{\"a\":{"
		"\"arrivals\":{\"periodic\":\"20 s\"}}}%s}},\"cells\":{\"c\":{\"down\":\"1 Mbit/s\""
		",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\",\"site\":\"s\"}},\"sites\":{\"s\":{\"hosts\":"
		"{\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"8 GiB\",\"platform\":"
		"\"native\",\"guests\":{\"count\":1}}}}}}",
		deadline, cpu);
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 0.5e9 / hz, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "cpu"), (w - 0.3) * 0.5e9 / hz, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "idle"), 0.3 * 0.5e9 / hz, 1e-9));
	free(cpu);
	free(text);
}

static void governors_choose_their_level(void)
{
	check_governor("fixed", 1e9, 2, "");
	check_governor("race-to-idle", 2e9, 6, "");
	check_governor("least-energy", 0.5e9, 0.8, "");
	check_governor("deadline", 0.5e9, 0.8, "");
	check_governor("deadline", 0.5e9, 0.8, ",\"deadline\":\"1.1 s\"");
	check_governor("deadline", 1e9, 2, ",\"deadline\":\"0.6 s\"");
	check_governor("deadline", 2e9, 6, ",\"deadline\":\"0.3 s\"");
}

/* ---- Batteries */

static void a_battery_lasts_as_long_as_its_power_says(void)
{
	struct outcome o;
	char *text = two_sites("\"local\"", "{\"poisson\":\"0 /s\"}", 1,
			       ",\"battery\":\"1 Wh\",\"base\":\"0.7 W\"");
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "battery.life", "phone"), 3600, 1e-9));
	CU_ASSERT(is_near(get(&o, "battery.end", "phone"), 3600 - 2000, 1e-9));
	free(text);
}

/* It is found empty when its task comes, perhaps in 1900 s, or at the end; it was so when what it
 * drew at 1 W, and for the tasks before, had come to 500 J. */
static void a_battery_is_empty_from_when_it_was(void)
{
	struct outcome o;
	char *text = two_sites("\"local\"", "{\"periodic\":\"1900 s\"}", 1,
			       ",\"battery\":\"500 J\",\"base\":\"0.7 W\"");
	support_simulate(text, 1, &o);
	double done = get(&o, "tasks.done", "");
	CU_ASSERT(done > 0 && done < 9);
	CU_ASSERT(is_near(get(&o, "battery.life", "phone"),
			  500 - get(&o, "energy", "cpu") * done / 10, 1e-9));
	free(text);
}

/* A dying handset stops: what it was doing fails by that name, and nothing starts any more. */
static void a_dying_handset_stops(void)
{
	static const char *const policies[] = {"\"local\"", "\"remote\"", "{\"random\":0.5}"};
	for (size_t i = 0; i < 3; i++) {
		struct outcome o;
		char *text = two_sites(policies[i], "{\"poisson\":\"1 /s\"}", 8,
				       ",\"battery\":\"500 J\",\"base\":\"1 W\"");
		support_simulate(text, 1, &o);
		double life = get(&o, "battery.life", "phone");
		CU_ASSERT_EQUAL(get(&o, "battery.end", "phone"), 0);
		/* With tasks it is found empty at the next thing that it does. */
		CU_ASSERT(life > 100 && life < 500 / 1.3 + 2);
		CU_ASSERT(get(&o, "tasks.offered", "") < 10 * (life + 30));
		CU_ASSERT(get(&o, "tasks.failed", "battery") > 0);
		CU_ASSERT_EQUAL(get(&o, "tasks.offered", ""),
				get(&o, "tasks.done", "") + sum_of(&o, "tasks.failed") +
					get(&o, "tasks.unfinished", ""));
		free(text);
	}
}

/* ---- Sums */

static void apps_and_policies_add_up_to_the_whole(void)
{
	struct outcome o;
	char *text = two_sites(
		"{\"random\":0.5}", BUSY, 1,
		",\"battery\":\"700 J\"},\"tablet\":{\"count\":5,\"cpu\":{\"clock\":\"1 GHz\","
		"\"power\":\"2 W\",\"idle\":\"0.3 W\"},\"radio\":\"lte\",\"cell\":\"c\",\"apps\":{"
		"\"a\":{\"arrivals\":{\"poisson\":\"5 /min\"}},\"health\":{\"arrivals\":{"
		"\"poisson\":\"2 /min\"}}}");
	support_simulate(text, 9, &o);
	static const char *const whole[] = {"tasks.offered", "tasks.done", "tasks.remote"};
	static const char *const parts[][2] = {{"app.offered", "policy.offered"},
					       {"app.done", "policy.done"},
					       {"app.remote", "policy.remote"}};
	for (size_t i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++)
			CU_ASSERT_EQUAL(sum_of(&o, parts[i][k]), get(&o, whole[i], ""));
	CU_ASSERT_EQUAL(sum_of(&o, "app.failed"), sum_of(&o, "tasks.failed"));
	double s = get(&o, "app.done", "a") * get(&o, "app.response_time", "a") +
		   get(&o, "app.done", "health") * get(&o, "app.response_time", "health");
	CU_ASSERT(is_near(s, get(&o, "tasks.done", "") * get(&o, "response_time.mean", ""), 1e-12));
	double j = get(&o, "app.done", "a") * get(&o, "app.energy", "a") +
		   get(&o, "app.done", "health") * get(&o, "app.energy", "health");
	CU_ASSERT(
		is_near(j, get(&o, "tasks.done", "") * get(&o, "energy_per_task.mean", ""), 1e-9));
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"knowing_and_learning_beat_a_fixed_choice",
		 knowing_and_learning_beat_a_fixed_choice},
		{"an_oracle_alone_chooses_each_task_right",
		 an_oracle_alone_chooses_each_task_right},
		{"failures_are_learnt_from", failures_are_learnt_from},
		{"nominal_policies_follow_their_formulas", nominal_policies_follow_their_formulas},
		{"governors_choose_their_level", governors_choose_their_level},
		{"a_battery_lasts_as_long_as_its_power_says",
		 a_battery_lasts_as_long_as_its_power_says},
		{"a_battery_is_empty_from_when_it_was", a_battery_is_empty_from_when_it_was},
		{"a_dying_handset_stops", a_dying_handset_stops},
		{"apps_and_policies_add_up_to_the_whole", apps_and_policies_add_up_to_the_whole},
		{0},
	};
	return test_main("offload", cases, argc, argv);
}
