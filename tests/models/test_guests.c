/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Guests that come and go: what a start costs, by hand; keep-alive, warm ones, eviction; memory
 * given away more than once; autoscaling and packing. */
#include "tests/models/world_support.h"

/* Handsets with one task every `period`: nothing to transfer, 1 Gcycle at 1 GHz. */
static char *site_with(const char *apps, const char *guests, const char *site, const char *host)
{
	return study("{\"duration\":\"1000 s\",\"apps\":{"
		     "\"a\":{\"input\":\"0 B\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\","
		     "\"operations\":{\"page_fault\":1000,\"net_rx\":{\"packets\":0,\"bytes\":\"0 "
		     "B\"},\"net_tx\":{\"packets\":0,\"bytes\":\"0 B\"}}},"
		     "\"b\":{\"input\":\"0 B\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\"}},"
		     "\"handsets\":{\"x\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		     "W\",\"idle\":\"0.1 W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\","
		     "\"cell\":\"c\",\"apps\":{%s}}},"
		     "\"cells\":{\"c\":{\"down\":\"1 Gbit/s\",\"up\":\"1 Gbit/s\",\"rtt\":\"0 s\","
		     "\"site\":\"s\"}},"
		     "\"sites\":{\"s\":{%s\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"1 GHz\","
		     "\"memory\":\"8 GiB\",\"disk_rate\":\"4 Gbit/s\",\"platform\":\"kvm-virtio\","
		     "%s\"guests\":{%s}}}}}}",
		     apps, site, host, guests);
}

static void simulate(struct outcome *o, const char *apps, const char *guests, const char *site,
		     const char *host)
{
	char *text = site_with(apps, guests, site, host);
	support_simulate(text, 1, o);
	free(text);
	CU_ASSERT(is_near(sum_of(o, "overhead"), get(o, "response_time.mean", ""), 1e-12));
	CU_ASSERT(get(o, "tasks.offered", "") == get(o, "tasks.done", "") +
							 sum_of(o, "tasks.failed") +
							 get(o, "tasks.unfinished", ""));
}

#define EVERY_100_S "\"a\":{\"arrivals\":{\"periodic\":\"100 s\"}}"
#define ON_DEMAND   "\"scaling\":\"on-demand\","

static void a_cold_start_costs_boot_and_image(void)
{
	struct outcome o;
	/* 12 ms to make the machine, 35 ms to boot; 250 MB at 500 MB/s. */
	simulate(&o, EVERY_100_S, "\"count\":4,\"image\":\"250 MB\",\"keep_alive\":\"10 s\"",
		 ON_DEMAND, "");
	CU_ASSERT(get(&o, "tasks.done", "") >= 9);
	CU_ASSERT(get(&o, "guests.started", "s") == get(&o, "tasks.offered", ""));
	CU_ASSERT(is_near(get(&o, "overhead", "start"), 0.012 + 0.035 + 0.5, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 1, 1e-9));
	/* Each runs for the task and 10 s more. */
	double each = get(&o, "response_time.mean", "") - 0.547 + 10;
	CU_ASSERT(is_near(get(&o, "guests.running", "s"),
			  get(&o, "guests.started", "s") * each / 1000, 0.02));
}

static void a_restored_guest_reads_its_working_set(void)
{
	struct outcome o;
	simulate(&o, EVERY_100_S,
		 "\"count\":4,\"start\":\"restore\",\"image\":\"250 MB\",\"working_set\":\"50 MB\","
		 "\"keep_alive\":\"10 s\"",
		 ON_DEMAND, "");
	CU_ASSERT(is_near(get(&o, "overhead", "start"), 0.050 + 0.1, 1e-9));
}

static void guests_kept_alive_or_warm_need_no_start(void)
{
	struct outcome o;
	simulate(&o, EVERY_100_S, "\"count\":4,\"keep_alive\":\"150 s\"", ON_DEMAND, "");
	CU_ASSERT(get(&o, "guests.started", "s") == 1);
	simulate(&o, EVERY_100_S, "\"count\":4,\"warm\":1,\"keep_alive\":\"1 s\"", ON_DEMAND, "");
	CU_ASSERT(get(&o, "guests.started", "s") == 0);
	CU_ASSERT(get(&o, "overhead", "start") == 0);
	CU_ASSERT(get(&o, "guests.running", "s") == 1);
}

static void without_room_tasks_share_what_runs(void)
{
	struct outcome o;
	/* 20 tasks/s x 1 s on at most 2 guests. */
	simulate(&o, "\"a\":{\"arrivals\":{\"periodic\":\"0.8 s\"}}", "\"count\":2", ON_DEMAND, "");
	CU_ASSERT(get(&o, "guests.started", "s") == 2);
	CU_ASSERT(get(&o, "tasks.failed", "no-guest") == 0);
	CU_ASSERT(get(&o, "tasks.unfinished", "") < 5);
}

/* A site that scales and has no place for a guest does not keep its tasks for ever. */
static void without_a_place_for_a_guest_tasks_fail(void)
{
	static const char *const scalings[] = {ON_DEMAND, "\"scaling\":{\"queue\":2},",
					       "\"scaling\":{\"utilization\":0.6},",
					       "\"dedicated\":true,"};
	for (size_t i = 0; i < 4; i++) {
		struct outcome o;
		char *text = site_with(EVERY_100_S, "\"count\":0", scalings[i], "");
		support_simulate(text, 1, &o);
		free(text);
		CU_ASSERT(get(&o, "tasks.failed", "no-guest") == get(&o, "tasks.offered", ""));
		CU_ASSERT(get(&o, "tasks.offered", "") >= 9);
	}
}

static void a_guest_for_one_app_makes_room_for_that_of_another(void)
{
	struct outcome o;
	const char *both = "\"a\":{\"arrivals\":{\"periodic\":\"100 s\"}},"
			   "\"b\":{\"arrivals\":{\"periodic\":\"100 s\"}}";
	/* Room for one guest: each app finds the other's idle. */
	simulate(&o, both, "\"count\":4,\"memory\":\"5 GiB\",\"keep_alive\":\"1 h\"",
		 ON_DEMAND "\"dedicated\":true,", "");
	CU_ASSERT(get(&o, "guests.evicted", "s") >= 17);
	CU_ASSERT(get(&o, "guests.started", "s") == get(&o, "guests.evicted", "s") + 1);
	CU_ASSERT(get(&o, "tasks.unfinished", "") <= 1);
	simulate(&o, both, "\"count\":4,\"memory\":\"1 GiB\",\"keep_alive\":\"1 h\"",
		 ON_DEMAND "\"dedicated\":true,", "");
	CU_ASSERT(get(&o, "guests.evicted", "s") == 0);
	CU_ASSERT(get(&o, "guests.started", "s") == 2);
}

static void memory_given_away_twice_is_paged(void)
{
	struct outcome o;
	/* 16 GiB of guests in 8 GiB: half of 1000 pages come from the disk, 100 us each. */
	simulate(&o, EVERY_100_S, "\"count\":4,\"memory\":\"4 GiB\"", "",
		 "\"overcommit\":3,\"disk_latency\":\"100 us\",");
	double disk = get(&o, "overhead", "disk");
	CU_ASSERT(disk > 0.050 && disk < 0.053); /* the platform takes some of it, too */
	simulate(&o, EVERY_100_S, "\"count\":4,\"memory\":\"4 GiB\",\"used\":\"1 GiB\"", "",
		 "\"overcommit\":3,\"disk_latency\":\"100 us\",");
	CU_ASSERT(get(&o, "overhead", "disk") == 0);
}

static void autoscalers_follow_the_load(void)
{
	struct outcome o;
	/* Two tasks of 1 s every second: 2 busy virtual CPUs. */
	const char *load = "\"a\":{\"arrivals\":{\"poisson\":\"2 /s\"}}";
#define AT_ONCE ",\"stabilization\":\"0 s\"}},"
	simulate(&o, load, "\"count\":16,\"warm\":1,\"memory\":\"256 MiB\"",
		 "\"scaling\":{\"utilization\":{\"target\":0.5" AT_ONCE, "");
	double half = get(&o, "guests.running", "s");
	CU_ASSERT(half > 3 && half < 7);
	simulate(&o, load, "\"count\":16,\"warm\":1,\"memory\":\"256 MiB\"",
		 "\"scaling\":{\"utilization\":{\"target\":0.9" AT_ONCE, "");
	CU_ASSERT(get(&o, "guests.running", "s") < half - 0.5);
	simulate(&o, load, "\"count\":16,\"warm\":1,\"memory\":\"256 MiB\"",
		 "\"scaling\":{\"queue\":{\"tasks\":1,\"interval\":\"1 s\"" AT_ONCE, "");
	double queue = get(&o, "guests.running", "s");
	CU_ASSERT(queue > 1.5 && queue < 6);
}

/* Guests over time, at 0, 10 s, 20 s, ... */
static int keep_level(void *ctx, const char *metric, const char *subject, const char *unit,
		      const struct world_sample *samples, size_t count)
{
	double *level = ctx;
	(void)subject;
	(void)unit;
	if (strcmp(metric, "guests.running") != 0)
		return 0;
	CU_ASSERT_EQUAL(count, 101);
	for (size_t i = 0; i < count; i++) {
		CU_ASSERT(is_near(samples[i].time_s, 10.0 * (double)i, 1e-12));
		level[i] = samples[i].value;
	}
	return 0;
}

static int pass_over(void *ctx, const char *metric, const char *subject, const char *unit,
		     double value)
{
	(void)ctx, (void)metric, (void)subject, (void)unit, (void)value;
	return 0;
}

static int pass_over_histogram(void *ctx, const char *metric, const char *subject, const char *unit,
			       const struct world_bucket *buckets, size_t count)
{
	(void)ctx, (void)metric, (void)subject, (void)unit, (void)buckets, (void)count;
	return 0;
}

/* A task of 30 s comes at 1 s and three of 10 s at 11 s, to the guest that starts for the first: it
 * serves four until 51 s, then one, until 61 s. */
static void run_burst(const char *stabilization, double level[101])
{
	char *site = study("\"scaling\":{\"queue\":{\"tasks\":1,\"interval\":\"10 s\","
			   "\"stabilization\":\"%s\"}},",
			   stabilization);
	char *text = site_with("\"a\":{\"arrivals\":{\"csv\":\"f.csv\"}}",
			       "\"count\":6,\"memory\":\"256 MiB\"", site, "");
	char *whole = study("%.*s,\"traces\":{\"f.csv\":{\"data\":\"time,cycles\\n1,30e9\\n"
			    "11,10e9\\n11,10e9\\n11,10e9\"}}}",
			    (int)strlen(text) - 1, text);
	struct diag_list diags = {0};
	struct err e = {0};
	struct world *w = support_build(whole, &diags);
	struct world_metrics_sink sink = {.ctx = level,
					  .value = pass_over,
					  .histogram = pass_over_histogram,
					  .series = keep_level};
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	CU_ASSERT_EQUAL(world_run(w, &(struct world_run_key){1, 0}, &sink, &e), 0);
	world_free(w);
	diag_free(&diags);
	free(whole);
	free(text);
	free(site);
}

/* Looks are at 10 s, 20 s, ...: one guest is wanted at 10 s, four from 20 s to 50 s, one at 60 s,
 * and none from 70 s on. */
static void guests_stop_when_none_of_late_has_wanted_more(void)
{
	static const struct {
		const char *stabilization;
		int four, one; /* the last samples with so many guests; one every 10 s */
	} cases[] = {{"0 s", 5, 6},
		     {"10 s", 6, 7},
		     {"1 min", 11, 12},
		     {"65 s", 11, 12},
		     {"70 s", 12, 13}};
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		double level[101] = {0};
		run_burst(cases[k].stabilization, level);
		for (int i = 0; i <= 100; i++) {
			/* Guests that start at a look take longer than until its sample. */
			double wanted = i == 0 || i > cases[k].one    ? 0
					: i <= 2 || i > cases[k].four ? 1
								      : 4;
			CU_ASSERT_EQUAL(level[i], wanted);
		}
	}
}

/* Hosts with tasks, of four, when three guests are wanted now and then. */
static int used_hosts(const char *packing, const char *second)
{
	struct outcome o;
	char *site = study(ON_DEMAND "\"packing\":\"%s\",", packing);
	char *host = study("\"count\":3,%s", second);
	int used = 0;
	simulate(&o, "\"a\":{\"arrivals\":{\"poisson\":\"1 /s\"}}", "\"count\":8", site, host);
	for (size_t i = 0; i < o.count; i++)
		used += strcmp(o.values[i].metric, "utilization") == 0 && o.values[i].value > 0.01;
	free(site);
	free(host);
	return used;
}

static void packing_decides_how_many_hosts_are_used(void)
{
	CU_ASSERT_EQUAL(used_hosts("first-fit", ""), 1);
	CU_ASSERT_EQUAL(used_hosts("best-fit", ""), 1);
	CU_ASSERT_EQUAL(used_hosts("power-aware", ""), 1);
	CU_ASSERT_EQUAL(used_hosts("least-loaded", ""), 3);
}

static void only_those_that_run_use_memory(void)
{
	struct outcome o;
	/* Sixteen could be given 16 GiB of 8; one at a time is. */
	simulate(&o, EVERY_100_S, "\"count\":16,\"keep_alive\":\"1 s\"", ON_DEMAND,
		 "\"overcommit\":3,");
	CU_ASSERT(get(&o, "overhead", "disk") == 0);
}

static void a_virtual_cpu_without_a_core_is_stolen_from(void)
{
	struct outcome o;
	/* One task after the other on its own core: nothing is stolen. */
	simulate(&o, EVERY_100_S, "\"count\":4", "", "");
	CU_ASSERT(get(&o, "steal", "s/h/0") == 0);
	/* 16 guests that are never idle, on 4 cores. */
	simulate(&o, "\"a\":{\"arrivals\":{\"poisson\":\"20 /s\"}}",
		 "\"count\":16,\"memory\":\"256 MiB\"", "", "");
	CU_ASSERT(is_near(get(&o, "steal", "s/h/0"), 0.75, 5e-3));
}

static void power_follows_the_load_of_each_moment(void)
{
	struct outcome o;
	const char *points = "\"power\":{\"points\":[\"100 W\",\"150 W\",\"180 W\",\"200 "
			     "W\",\"210 W\",\"220 W\",\"230 W\",\"240 W\",\"250 W\",\"260 "
			     "W\",\"300 W\"]%s},";
	char *host = study(points, "");
	simulate(&o, EVERY_100_S, "\"count\":4", "", host);
	free(host);
	/* One of four cores is busy now and then: 25 % of the load are 190 W. */
	double share = 4 * get(&o, "utilization", "s/h/0");
	CU_ASSERT(share > 0.009 && share < 0.012);
	CU_ASSERT(is_near(get(&o, "power.mean", "s/h/0"), 100 + 90 * share, 1e-9));
	host = study(points, ",\"off\":\"10 W\"");
	simulate(&o, EVERY_100_S, "\"count\":4,\"keep_alive\":\"9 s\"", ON_DEMAND, host);
	free(host);
	double on = get(&o, "guests.running", "s"), w = get(&o, "power.mean", "s/h/0");
	CU_ASSERT(w > 10 + 90 * on && w < 10 + 90 * on + 2);
	/* 0 W is not the same as nothing said, which is as idle. */
	host = study(points, ",\"off\":\"0 W\"");
	simulate(&o, EVERY_100_S, "\"count\":4,\"keep_alive\":\"9 s\"", ON_DEMAND, host);
	free(host);
	CU_ASSERT(is_near(get(&o, "power.mean", "s/h/0"), w - 10 * (1 - on), 1e-2));
}

static void check(const char *guests, const char *site, const char *pointer, const char *says)
{
	support_refuses(site_with(EVERY_100_S, guests, site, ""), pointer, says);
}

static void mistakes_are_told(void)
{
	check("\"count\":1,\"warm\":2", "", "/sites/s/hosts/h/guests/warm", "more than");
	check("\"count\":1", "\"scaling\":\"on-demnd\",", "/sites/s/scaling",
	      "did you mean \"on-demand\"?");
	check("\"count\":1", "\"packing\":\"frist-fit\",", "/sites/s/packing",
	      "did you mean \"first-fit\"?");
	check("\"count\":1,\"memory\":\"9 GiB\"", ON_DEMAND, "/sites/s/hosts/h/guests",
	      "the host has 8 GiB");
	check("\"count\":1,\"start\":\"resume\"", ON_DEMAND, "/sites/s/hosts/h/guests/start",
	      "restore");
}

/* Whether a site that scales so, with guests of so many virtual CPUs, is warned of. */
static bool is_doubted(const char *site, const char *vcpus)
{
	struct diag_list diags = {0};
	bool found = false;
	char guests[60];
	snprintf(guests, sizeof(guests), "\"count\":4,\"vcpus\":%s", vcpus);
	char *text = site_with(EVERY_100_S, guests, site, "");
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL(w);
	for (size_t i = 0; i < diags.count; i++)
		found |= strstr(diags.items[i].text, "swings") &&
			 strcmp(diags.items[i].pointer, "/sites/s/scaling") == 0;
	world_free(w);
	diag_free(&diags);
	free(text);
	return found;
}

static void more_tasks_on_a_guest_than_virtual_cpus_are_warned_of(void)
{
	CU_ASSERT(is_doubted("\"scaling\":{\"queue\":2},", "1"));
	CU_ASSERT(!is_doubted("\"scaling\":{\"queue\":2},", "2"));
	CU_ASSERT(!is_doubted("\"scaling\":{\"queue\":1},", "1"));
	CU_ASSERT(!is_doubted("\"scaling\":{\"utilization\":0.9},", "1"));
	CU_ASSERT(!is_doubted("", "1"));
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_cold_start_costs_boot_and_image", a_cold_start_costs_boot_and_image},
		{"a_restored_guest_reads_its_working_set", a_restored_guest_reads_its_working_set},
		{"guests_kept_alive_or_warm_need_no_start",
		 guests_kept_alive_or_warm_need_no_start},
		{"without_room_tasks_share_what_runs", without_room_tasks_share_what_runs},
		{"without_a_place_for_a_guest_tasks_fail", without_a_place_for_a_guest_tasks_fail},
		{"a_guest_for_one_app_makes_room_for_that_of_another",
		 a_guest_for_one_app_makes_room_for_that_of_another},
		{"memory_given_away_twice_is_paged", memory_given_away_twice_is_paged},
		{"autoscalers_follow_the_load", autoscalers_follow_the_load},
		{"guests_stop_when_none_of_late_has_wanted_more",
		 guests_stop_when_none_of_late_has_wanted_more},
		{"packing_decides_how_many_hosts_are_used",
		 packing_decides_how_many_hosts_are_used},
		{"only_those_that_run_use_memory", only_those_that_run_use_memory},
		{"a_virtual_cpu_without_a_core_is_stolen_from",
		 a_virtual_cpu_without_a_core_is_stolen_from},
		{"power_follows_the_load_of_each_moment", power_follows_the_load_of_each_moment},
		{"more_tasks_on_a_guest_than_virtual_cpus_are_warned_of",
		 more_tasks_on_a_guest_than_virtual_cpus_are_warned_of},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("guests", cases, argc, argv);
}
