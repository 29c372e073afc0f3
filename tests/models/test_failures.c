/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Failures of hosts and links, repairs, and tasks that are tried again: by hand, and availability
 * against MTTF / (MTTF + MTTR). */
#include "sim/engine/stats.h"
#include "tests/models/world_support.h"

/* One handset, whose first task starts at 10 s and computes for 10 s (10 Gcycles, 1 GHz) after
 * `input`, which takes the link at 1 MB/s. */
static char *world(const char *duration, const char *app, const char *cell, const char *link,
		   const char *site, const char *host)
{
	return study(
		"{\"duration\":\"%s\",\"apps\":{\"a\":{%s\"output\":\"0 B\","
		"\"cycles\":\"10 Gcycles\"}},"
		"\"handsets\":{\"x\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0.1 W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\","
		"\"cell\":\"c\",\"apps\":{\"a\":{\"arrivals\":{\"closed\":\"10 s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Tbit/s\",\"up\":\"1 Tbit/s\",\"rtt\":\"0 s\",%s}},"
		"\"links\":{\"l\":{\"down\":\"1 MB/s\",\"up\":\"1 MB/s\"%s}},"
		"\"sites\":{\"s\":{%s\"hosts\":{\"h\":{\"cores\":2,\"clock\":\"1 GHz\","
		"\"memory\":\"8 GiB\",\"platform\":\"native\","
		"\"power\":{\"idle\":\"100 W\",\"busy\":\"300 W\"},%s}}}}}",
		duration, app, cell, link, site, host);
}

#define NO_INPUT "\"input\":\"0 B\","
#define TO_SITE	 "\"site\":\"s\""
#define BY_LINK	 "\"reaches\":{\"s\":{\"via\":[\"l\"]}}"
#define GUEST	 "\"guests\":{\"count\":1}"

static void simulate(struct outcome *o, char *text)
{
	support_simulate(text, 1, o);
	free(text);
	if (get(o, "tasks.done", "") > 0)
		CU_ASSERT(is_near(sum_of(o, "overhead"), get(o, "response_time.mean", ""), 1e-12));
	if (get(o, "tasks.done", "") > 0)
		CU_ASSERT(is_near(sum_of(o, "energy"), get(o, "energy_per_task.mean", ""), 1e-12));
	CU_ASSERT(get(o, "tasks.offered", "") == get(o, "tasks.done", "") +
							 sum_of(o, "tasks.failed") +
							 get(o, "tasks.unfinished", ""));
}

static void a_host_that_fails_takes_its_tasks_along(void)
{
	struct outcome o;
	/* The task of 10 s to 20 s is lost at 15; the next starts at 25, when the host is back
	 * since 24 and its guest has booted; done at 35, and the third from 45 on is not by 50. */
	simulate(&o,
		 world("50 s", NO_INPUT, TO_SITE, "", "",
		       "\"failures\":{\"schedule\":[{\"at\":\"15 s\",\"for\":\"9 s\"}]}," GUEST));
	CU_ASSERT(get(&o, "tasks.failed", "host-failure") == 1);
	CU_ASSERT(get(&o, "tasks.done", "") == 1);
	CU_ASSERT(get(&o, "tasks.unfinished", "") == 1);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 10, 1e-9));
	CU_ASSERT(is_near(get(&o, "availability", "s/h/0"), 41.0 / 50, 1e-12));
	/* Off for 9 s; one core busy for 5, 10 and 5 s. */
	CU_ASSERT(is_near(get(&o, "power.mean", "s/h/0"), (41 * 100 + 20 * 100) / 50.0, 1e-6));
	/* While it is down, tasks that come find nobody. */
	simulate(&o,
		 world("50 s", NO_INPUT, TO_SITE, "", "",
		       "\"failures\":{\"schedule\":[{\"at\":\"5 s\",\"for\":\"100 s\"}]}," GUEST));
	CU_ASSERT(get(&o, "tasks.failed", "host-failure") == get(&o, "tasks.offered", ""));
	CU_ASSERT(get(&o, "tasks.offered", "") == 4); /* at 10, 20, 30, 40 s */
}

static void an_attempt_that_failed_is_the_cause_retry(void)
{
	struct outcome o;
	/* Lost at 15 s, tried again after 4 s, when the host is back since 18: done at 29. */
	const char *host = "\"failures\":{\"schedule\":[{\"at\":\"15 s\",\"for\":\"3 s\"}]}," GUEST;
	simulate(&o, world("35 s", NO_INPUT "\"retry\":{\"attempts\":2,\"backoff\":\"4 s\"},",
			   TO_SITE, "", "", host));
	CU_ASSERT(get(&o, "tasks.done", "") == 1);
	CU_ASSERT(get(&o, "tasks.retries", "") == 1);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 19, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "retry"), 9, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 10, 1e-9));
	/* 0.1 W while it is out: the same 9 s, the attempt and the wait after it, are the retry's. */
	CU_ASSERT(is_near(get(&o, "energy", "retry"), 0.9, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "idle"), 1.0, 1e-9));
	/* Three attempts after 1, 2 s: lost at 15, no host at 16, back at 18. */
	simulate(&o, world("35 s",
			   NO_INPUT "\"retry\":{\"attempts\":3,\"backoff\":\"1 s\",\"factor\":2},",
			   TO_SITE, "", "", host));
	CU_ASSERT(get(&o, "tasks.retries", "") == 2);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 18, 1e-9));
	/* No attempt begins after the deadline. */
	simulate(&o, world("35 s",
			   NO_INPUT "\"retry\":{\"attempts\":9,\"backoff\":\"4 s\","
				    "\"deadline\":\"8 s\"},",
			   TO_SITE, "", "", host));
	CU_ASSERT(get(&o, "tasks.retries", "") == 0);
	CU_ASSERT(get(&o, "tasks.failed", "host-failure") == 1);
}

static void what_passes_a_link_that_fails_waits_or_is_lost(void)
{
	struct outcome o;
	/* The kernel's part of so many packets is 4 ms. 5 MB from 10 s on take 5 s, of which 2 s
	 * have passed when it fails for 3 s. */
	const char *app = "\"input\":\"5 MB\",";
	simulate(&o, world("40 s", app, BY_LINK,
			   ",\"failures\":{\"schedule\":[{\"at\":\"12 s\",\"for\":\"3 s\"}]}", "",
			   GUEST));
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 5 + 3 + 10, 5e-4));
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 8, 1e-4));
	CU_ASSERT(is_near(get(&o, "availability.link", "l"), 37.0 / 40, 1e-12));
	const char *loses = ",\"when_down\":\"fail\",\"failures\":{\"schedule\":[{\"at\":\"12 s\","
			    "\"for\":\"3 s\"}]}";
	simulate(&o, world("30 s", app, BY_LINK, loses, "", GUEST));
	CU_ASSERT(get(&o, "tasks.failed", "link-failure") == 1);
	CU_ASSERT(get(&o, "tasks.done", "") == 0);
	/* Again at 14 s: it is down yet. At 16: 5 s and 10. */
	simulate(&o, world("40 s",
			   "\"input\":\"5 MB\",\"retry\":{\"attempts\":3,\"backoff\":\"2 s\","
			   "\"factor\":1},",
			   BY_LINK, loses, "", GUEST));
	CU_ASSERT(get(&o, "tasks.done", "") == 1);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 6 + 15, 5e-4));
}

static void a_migration_ends_with_either_host(void)
{
	struct outcome o;
	const char *site =
		"\"migration\":{\"method\":\"%s\",\"rate\":\"100 MB/s\",\"page\":\"1 "
		"ns\",\"schedule\":[{\"at\":\"12 s\",\"from\":\"s/h/0\",\"to\":\"s/h/1\"}"
		"]},";
	const char *host =
		"\"count\":2,\"failures\":{\"schedule\":[{\"at\":\"15 s\",\"for\":\"1 h\","
		"\"host\":%d}]},\"guests\":{\"count\":1,\"room\":1,\"memory\":\"1 GB\"}";
	const struct {
		const char *method;
		int host;
		double failed, done;
	} cases[] = {
		/* The first task is at s/h/0. Memory takes 10 s; it goes on where it is. */
		{"pre-copy", 1, 0, 1},
		{"pre-copy", 0, 1, 0},
		/* It is stopped from 12 s on, and goes on at 15. */
		{"stop-and-copy", 1, 0, 1},
		/* It is at the target, its memory at both. */
		{"post-copy", 0, 1, 0},
		{"post-copy", 1, 1, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *s = study(site, cases[i].method), *h = study(host, cases[i].host);
		simulate(&o, world("24 s", NO_INPUT, TO_SITE, "", s, h));
		CU_ASSERT(get(&o, "migrations.failed", "s") == 1);
		CU_ASSERT(get(&o, "migrations.done", "s") == 0);
		CU_ASSERT(get(&o, "tasks.failed", "host-failure") == cases[i].failed);
		CU_ASSERT(get(&o, "tasks.done", "") == cases[i].done);
		free(s);
		free(h);
	}
}

static void availability_is_mttf_over_mttf_and_mttr(void)
{
	enum { REPETITIONS = 20 };
	struct outcome o;
	double x[REPETITIONS];
	struct diag_list diags = {0};
	char *text = world("200 h", NO_INPUT "\"retry\":{\"attempts\":2},", TO_SITE, "", "",
			   "\"failures\":{\"after\":{\"exponential\":\"3 h\"},\"repair\":"
			   "{\"lognormal\":{\"mean\":\"1 h\",\"cv\":1}}}," GUEST);
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	for (uint32_t r = 0; r < REPETITIONS; r++) {
		support_run(w, 1, r, &o);
		x[r] = get(&o, "availability", "s/h/0");
	}
	struct interval i = interval_of(x, REPETITIONS, 0.99);
	CU_ASSERT(fabs(i.mean - 0.75) <= i.half_width);
	CU_ASSERT(i.half_width < 0.05);
	free(text);
	world_free(w);
}

static void check(const char *app, const char *host, const char *pointer, const char *says)
{
	support_refuses(world("10 s", app, TO_SITE, "", "", host), pointer, says);
}

static void mistakes_are_told(void)
{
	check(NO_INPUT, "\"failures\":{\"after\":\"1 h\"}," GUEST, "/sites/s/hosts/h/failures",
	      "takes both");
	check(NO_INPUT,
	      "\"failures\":{\"schedule\":[{\"at\":\"1 s\",\"for\":\"1 s\",\"host\":1}]}," GUEST,
	      "/sites/s/hosts/h/failures/schedule/0/host", "only 1 of them");
	check(NO_INPUT "\"retry\":{\"atempts\":2},", GUEST, "/apps/a/retry/atempts",
	      "did you mean \"attempts\"?");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_host_that_fails_takes_its_tasks_along",
		 a_host_that_fails_takes_its_tasks_along},
		{"an_attempt_that_failed_is_the_cause_retry",
		 an_attempt_that_failed_is_the_cause_retry},
		{"what_passes_a_link_that_fails_waits_or_is_lost",
		 what_passes_a_link_that_fails_waits_or_is_lost},
		{"a_migration_ends_with_either_host", a_migration_ends_with_either_host},
		{"availability_is_mttf_over_mttf_and_mttr",
		 availability_is_mttf_over_mttf_and_mttr},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("failures", cases, argc, argv);
}
