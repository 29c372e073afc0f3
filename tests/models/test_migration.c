/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Live migration against the calculation by hand: rounds and downtime, a task in mid-work between
 * hosts of different clocks and platforms, what each host draws, what shares the way. */
#include "tests/models/world_support.h"

/* One handset whose first task, of 100 Gcycles, starts at 10 s and goes to host s/a/0, of 2 GHz;
 * s/b/0, of 4 GHz, has room. A guest is 1 GB, the links' rate is 125 MB/s. */
static char *two_hosts(const char *duration, const char *a, const char *b, const char *migration)
{
	return study(
		"{\"duration\":\"%s\",\"apps\":{\"a\":{\"input\":\"%s\",\"output\":\"0 B\","
		"\"cycles\":\"100 Gcycles\"}},"
		"\"handsets\":{\"x\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0.1 W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\","
		"\"cell\":\"c\",\"apps\":{\"a\":{\"arrivals\":{\"closed\":\"10 s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Tbit/s\",\"up\":\"1 Tbit/s\",\"rtt\":\"0 s\","
		"\"site\":\"s\"}},\"sites\":{\"s\":{\"migration\":{%s},\"hosts\":{"
		"\"a\":{\"cores\":2,\"clock\":\"2 GHz\",\"memory\":\"8 GiB\",%s,"
		"\"guests\":{\"count\":1,\"memory\":\"1 GB\"}},"
		"\"b\":{\"cores\":2,\"clock\":\"4 GHz\",\"memory\":\"8 GiB\",%s,"
		"\"guests\":{\"count\":0,\"room\":1,\"memory\":\"1 GB\"}}}}}}",
		duration, strstr(a, "nic") ? "1 GB" : "0 B", migration, a, b);
}

#define NATIVE "\"platform\":\"native\""
#define AT_20  "\"schedule\":[{\"at\":\"20 s\",\"from\":\"s/a/0\",\"to\":\"s/b/0\"}]"

static void simulate(struct outcome *o, const char *duration, const char *a, const char *b,
		     const char *migration)
{
	char *text = two_hosts(duration, a, b, migration);
	support_simulate(text, 1, o);
	free(text);
	if (get(o, "tasks.done", "") > 0)
		CU_ASSERT(is_near(sum_of(o, "overhead"), get(o, "response_time.mean", ""), 1e-12));
	CU_ASSERT(get(o, "tasks.offered", "") == get(o, "tasks.done", "") +
							 sum_of(o, "tasks.failed") +
							 get(o, "tasks.unfinished", ""));
}

/* Of seconds that are whole nanoseconds. */
static bool is_exactly(double got, double wanted)
{
	return is_near(got, wanted, 1e-9 / wanted);
}

static void rounds_of_pre_copy_are_a_geometric_series(void)
{
	struct outcome o;
	/* 1 GB at 125 MB/s is 8 s; written to at half that rate: 8 + 4 + 2 + 1 + 0.5 s, and 0.25 s,
	 * which the downtime allows, while it is stopped. */
	simulate(&o, "57 s", NATIVE, NATIVE, "\"dirty\":\"62.5 MB/s\"," AT_20);
	CU_ASSERT(get(&o, "migrations.done", "s") == 1);
	CU_ASSERT(get(&o, "migration.rounds", "s") == 5);
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 15.75));
	CU_ASSERT(is_exactly(get(&o, "migration.downtime", "s"), 0.25));
	CU_ASSERT(is_near(get(&o, "migration.bytes", "s"), 15.75 * 125e6, 1e-12));
	/* Two rounds are all it gets. */
	simulate(&o, "57 s", NATIVE, NATIVE,
		 "\"method\":{\"pre-copy\":{\"rounds\":2}},\"dirty\":\"62.5 MB/s\"," AT_20);
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 14));
	CU_ASSERT(is_exactly(get(&o, "migration.downtime", "s"), 2));
	/* Written to faster than it is sent, but only to 100 MB; stopped after three times 1 GB: 1
	 * GB and twenty times 100 MB, and 100 MB. */
	simulate(&o, "100 s", NATIVE, NATIVE,
		 "\"dirty\":\"250 MB/s\",\"dirty_set\":\"100 MB\","
		 "\"method\":{\"pre-copy\":\"100 ms\"}," AT_20);
	CU_ASSERT(get(&o, "migration.rounds", "s") == 21);
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 8 + 21 * 0.8));
	CU_ASSERT(is_exactly(get(&o, "migration.downtime", "s"), 0.8));
}

static void a_task_in_mid_work_goes_on_at_the_targets_speed(void)
{
	struct outcome o;
	simulate(&o, "57 s", NATIVE, NATIVE, "\"dirty\":\"62.5 MB/s\"," AT_20);
	/* From 10 s to 35.5 s at 2 GHz: 51 Gcycles. From 35.75 s on 49 at 4 GHz. */
	CU_ASSERT(get(&o, "tasks.done", "") == 1);
	CU_ASSERT(is_exactly(get(&o, "response_time.mean", ""), 25.5 + 0.25 + 12.25));
	CU_ASSERT(is_exactly(get(&o, "overhead", "compute"), 25.5 + 12.25));
	CU_ASSERT(is_exactly(get(&o, "overhead", "migration"), 0.25));
	CU_ASSERT(get(&o, "overhead", "queue") == 0);
	/* Each host pays for what it did: the task, and 0.1 ns for each byte that was copied. */
	double copied_s = 15.75 * 125e6 * 0.1e-9;
	CU_ASSERT(is_near(get(&o, "utilization", "s/a/0"), (25.5 + copied_s) / 2 / 57, 1e-9));
	CU_ASSERT(is_near(get(&o, "utilization", "s/b/0"), (12.25 + copied_s) / 2 / 57, 1e-9));
	CU_ASSERT(is_near(get(&o, "power.mean", "s/a/0"), 100 + 200 * (25.5 + copied_s) / 2 / 57,
			  1e-9));
	CU_ASSERT(is_near(get(&o, "power.mean", "s/b/0"), 100 + 200 * (12.25 + copied_s) / 2 / 57,
			  1e-9));
	/* 0 is said: copying takes no CPU, and no page is written to again. */
	simulate(&o, "57 s", NATIVE, NATIVE,
		 "\"dirty\":\"62.5 MB/s\",\"dirty_set\":\"0 B\",\"page\":\"0 s\"," AT_20);
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 8));
	CU_ASSERT(is_near(get(&o, "utilization", "s/a/0"), 18.0 / 2 / 57, 1e-9));
}

static void stop_and_copy_is_down_all_the_time(void)
{
	struct outcome o;
	simulate(&o, "57 s", NATIVE, NATIVE,
		 "\"method\":\"stop-and-copy\",\"dirty\":\"62.5 MB/s\",\"setup\":\"1 s\","
		 "\"resume\":\"500 ms\"," AT_20);
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 9.5));
	CU_ASSERT(is_exactly(get(&o, "migration.downtime", "s"), 8.5));
	CU_ASSERT(is_near(get(&o, "migration.bytes", "s"), 1e9, 1e-12));
	/* 11 s at 2 GHz, 8.5 s of nothing, 78 Gcycles at 4 GHz. */
	CU_ASSERT(is_exactly(get(&o, "response_time.mean", ""), 11 + 8.5 + 19.5));
	CU_ASSERT(is_exactly(get(&o, "overhead", "migration"), 8.5));
}

static void post_copy_is_down_for_the_state_and_slow_for_the_memory(void)
{
	struct outcome o;
	/* 12.5 MB of state: 0.1 s. With all memory missing the guest runs at half its speed: in
	 * chunk k of 16, of 0.5 s each, at 1 / (1 + (1 - k / 16)). */
	simulate(&o, "50 s", NATIVE, NATIVE,
		 "\"method\":{\"post-copy\":{\"state\":\"12.5 MB\",\"fault\":\"1 ms\","
		 "\"touches\":\"1000 /s\"}}," AT_20);
	double worked = 0;
	for (int k = 0; k < 16; k++)
		worked += 0.5 / (1 + (1 - k / 16.0));
	CU_ASSERT(is_exactly(get(&o, "migration.downtime", "s"), 0.1));
	CU_ASSERT(is_exactly(get(&o, "migration.time", "s"), 8.1));
	CU_ASSERT(is_near(get(&o, "migration.bytes", "s"), 1.0125e9, 1e-12));
	/* 10 s at 2 GHz: 80 Gcycles are left. */
	double slow = 8 - worked, response = 10 + 0.1 + slow + 20;
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), response, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "migration"), 0.1 + slow, 1e-8));
	/* A virtual CPU that waits for a page leaves its core to others. */
	CU_ASSERT(is_near(get(&o, "utilization", "s/b/0"), (20 + 0.10125) / 2 / 50, 1e-9));
}

static void a_platform_is_left_behind_with_the_host(void)
{
	struct outcome here, moved;
	simulate(&here, "5000 s", "\"platform\":\"qemu-tcg\"", NATIVE, "\"balance\":\"none\"");
	simulate(&moved, "50 s", "\"platform\":\"qemu-tcg\"", NATIVE,
		 "\"method\":\"stop-and-copy\",\"rate\":\"1 Tbit/s\",\"page\":\"1 ns\"," AT_20);
	/* Translated computing is 10 s of the source's slowdown; the rest is native at 4 GHz. */
	double factor = 1 + get(&here, "overhead", "slowdown") / get(&here, "overhead", "compute");
	double done = 10 / factor * 2e9, left = 100e9 - done;
	double down = get(&moved, "migration.downtime", "s");
	CU_ASSERT(factor > 2);
	CU_ASSERT(get(&moved, "tasks.done", "") == 1);
	CU_ASSERT(is_near(get(&moved, "response_time.mean", ""), 10 + down + left / 4e9, 1e-4));
	CU_ASSERT(is_near(get(&moved, "overhead", "slowdown"), 10 - 10 / factor, 1e-4));
}

static void packets_and_migrations_share_a_nic(void)
{
	struct outcome o;
	/* The task's input of 1 GB comes in from 10 s on at 1 Gbit/s: 8 s, alone. */
	simulate(&o, "57 s", NATIVE ",\"nic\":\"1 Gbit/s\"", NATIVE,
		 "\"method\":\"stop-and-copy\",\"rate\":\"1 Tbit/s\"," AT_20);
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 8, 1e-6));
	CU_ASSERT(is_near(get(&o, "migration.time", "s"), 8, 1e-6));
	/* It comes in while memory goes out: full duplex, neither takes from the other. At the
	 * target's NIC both come in. */
	simulate(&o, "100 s", NATIVE ",\"nic\":\"1 Gbit/s\"", NATIVE ",\"nic\":\"500 Mbit/s\"",
		 "\"method\":\"stop-and-copy\",\"rate\":\"1 Tbit/s\"," AT_20);
	CU_ASSERT(is_near(get(&o, "migration.time", "s"), 16, 1e-6));
}

/* Two cores, of which four guests want 0.6 each, on one host, the other empty. */
static void a_balance_moves_guests_by_load(void)
{
	const struct {
		const char *balance;
		double running_a, running_b; /* utilization at least */
	} cases[] = {
		{"none", 0.9, 0},
		{"{\"spread\":0.7}", 0.4, 0.2},
	};
	for (size_t i = 0; i < 2; i++) {
		struct outcome o;
		char *text = study(
			"{\"duration\":\"2000 s\",\"apps\":{\"a\":{\"input\":\"0 "
			"B\",\"output\":\"0 "
			"B\",\"cycles\":{\"exponential\":\"1 Gcycles\"}}},\"handsets\":{\"x\":{"
			"\"count\":100,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
			"W\",\"idle\":\"0.1 "
			"W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\",\"cell\":\"c\","
			"\"apps\":{\"a\":{\"arrivals\":{\"poisson\":\"0.019 "
			"/s\"}}}}},\"cells\":{\"c\":{"
			"\"down\":\"1 Gbit/s\",\"up\":\"1 Gbit/s\",\"rtt\":\"0 "
			"s\",\"site\":\"s\"}},"
			"\"sites\":{\"s\":{\"migration\":{\"balance\":%s%s%s},\"hosts\":{"
			"\"a\":{\"cores\":2,\"clock\":\"1 GHz\",\"memory\":\"8 "
			"GiB\",%s,\"guests\":{"
			"\"count\":4,\"memory\":\"100 MB\"}},"
			"\"b\":{\"cores\":2,\"clock\":\"1 GHz\",\"memory\":\"8 "
			"GiB\",%s,\"guests\":{"
			"\"count\":0,\"room\":4,\"memory\":\"100 MB\"}}}}}}",
			i == 0 ? "\"" : "", cases[i].balance, i == 0 ? "\"" : "", NATIVE, NATIVE);
		support_simulate(text, 1, &o);
		free(text);
		CU_ASSERT(get(&o, "utilization", "s/a/0") > cases[i].running_a);
		CU_ASSERT(get(&o, "utilization", "s/b/0") >= cases[i].running_b);
		CU_ASSERT((get(&o, "migrations.done", "s") > 0) == (i == 1));
		CU_ASSERT(get(&o, "utilization", "s/a/0") < 0.8 || i == 0);
	}
}

/* Two hosts with a guest each and little to do; the one that gets empty draws 10 W. */
static void a_consolidation_empties_a_host(void)
{
	struct outcome o;
	char *text = study(
		"{\"duration\":\"1000 s\",\"warmup\":\"100 s\",\"apps\":{\"a\":{\"input\":\"0 B\","
		"\"output\":\"0 B\",\"cycles\":\"100 Mcycles\"}},\"handsets\":{\"x\":{\"count\":10,"
		"\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\",\"idle\":\"0.1 "
		"W\"},\"battery\":\"1000 "
		"Wh\",\"radio\":\"constant-power\",\"cell\":\"c\",\"apps\":{\"a\":{\"arrivals\":{"
		"\"poisson\":\"0.1 /s\"}}}}},\"cells\":{\"c\":{\"down\":\"1 Gbit/s\",\"up\":\"1 "
		"Gbit/s\","
		"\"rtt\":\"0 s\",\"site\":\"s\"}},\"sites\":{\"s\":{\"migration\":{\"balance\":{"
		"\"consolidate\":0.3}},\"hosts\":{\"a\":{\"count\":2,\"cores\":4,\"clock\":\"1 "
		"GHz\","
		"\"memory\":\"8 GiB\",\"power\":{\"idle\":\"100 W\",\"busy\":\"200 "
		"W\",\"off\":\"10 W\"},"
		"%s,\"guests\":{\"count\":1,\"room\":1,\"memory\":\"100 MB\"}}}}}}",
		NATIVE);
	support_simulate(text, 1, &o);
	free(text);
	double w[] = {get(&o, "power.mean", "s/a/0"), get(&o, "power.mean", "s/a/1")};
	CU_ASSERT(fmin(w[0], w[1]) < 10.5);
	CU_ASSERT(fmax(w[0], w[1]) > 100);
}

static void check(const char *migration, const char *pointer, const char *says)
{
	support_refuses(two_hosts("10 s", NATIVE, NATIVE, migration), pointer, says);
}

static void mistakes_are_told(void)
{
	check("\"method\":\"precopy\"", "/sites/s/migration/method", "did you mean \"pre-copy\"?");
	check("\"balance\":\"spred\"", "/sites/s/migration/balance", "did you mean \"spread\"?");
	check("\"schedule\":[{\"at\":\"1 s\",\"from\":\"s/a/1\",\"to\":\"s/b/0\"}]",
	      "/sites/s/migration/schedule/0/from", "did you mean \"s/a/0\"?");
	check("\"to\":{\"t\":{}}", "/sites/s/migration/to/t", "there is no site \"t\"");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"rounds_of_pre_copy_are_a_geometric_series",
		 rounds_of_pre_copy_are_a_geometric_series},
		{"a_task_in_mid_work_goes_on_at_the_targets_speed",
		 a_task_in_mid_work_goes_on_at_the_targets_speed},
		{"stop_and_copy_is_down_all_the_time", stop_and_copy_is_down_all_the_time},
		{"post_copy_is_down_for_the_state_and_slow_for_the_memory",
		 post_copy_is_down_for_the_state_and_slow_for_the_memory},
		{"a_platform_is_left_behind_with_the_host",
		 a_platform_is_left_behind_with_the_host},
		{"packets_and_migrations_share_a_nic", packets_and_migrations_share_a_nic},
		{"a_balance_moves_guests_by_load", a_balance_moves_guests_by_load},
		{"a_consolidation_empties_a_host", a_consolidation_empties_a_host},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("migration", cases, argc, argv);
}
