/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What must hold of every world: each task ends once, times and energies add up, the same seed
 * gives the same bytes, and what does not differ between two worlds gets the same random numbers.
 */
#include "tests/models/world_support.h"

#include <malloc.h>

#include <pthread.h>

/* Two classes, two cells, varying sizes, deadlines, a site with little to spare. */
static char *busy_study(const char *platform, const char *duration, const char *more_handsets,
			int phones)
{
	return study(
		"{\"duration\":\"%s\",\"warmup\":\"30 s\",\"apps\":{"
		"\"big\":{\"input\":{\"exponential\":\"300 kB\"},\"output\":{\"exponential\":\"20 "
		"kB\"},"
		"\"cycles\":{\"gamma\":{\"mean\":\"400 Mcycles\",\"cv\":1.5}},"
		"\"operations\":{\"syscall\":{\"gamma\":{\"mean\":100,\"cv\":2}},"
		"\"page_fault\":50,\"blk_read\":{\"requests\":{\"uniform\":{\"from\":0,\"to\":40}}}"
		"}},"
		"\"small\":{\"input\":\"2 kB\",\"output\":\"1 kB\",\"cycles\":\"5 Mcycles\","
		"\"deadline\":\"1 s\"}},"
		"\"handsets\":{\"phones\":{\"count\":%d,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 "
		"W\","
		"\"idle\":\"0.3 "
		"W\"},\"radio\":\"lte\",\"cell\":\"one\",\"policy\":{\"random\":0.7},"
		"\"apps\":{\"big\":{\"arrivals\":{\"poisson\":\"6 /min\"}},\"small\":{\"arrivals\":"
		"{\"poisson\":\"20 /min\"}}}},"
		"\"watches\":{\"count\":7,\"cpu\":{\"clock\":\"500 MHz\",\"power\":\"1 "
		"W\",\"idle\":\"0.1 W\"},"
		"\"radio\":\"wifi\",\"cell\":\"two\",\"battery\":\"60 J\",\"policy\":\"remote\","
		"\"apps\":{\"small\":{\"arrivals\":{\"periodic\":\"3 s\"}}}}%s},"
		"\"cells\":{\"one\":{\"down\":\"20 Mbit/s\",\"up\":\"10 Mbit/s\",\"rtt\":\"40 ms\","
		"\"site\":\"s\"},\"two\":{\"down\":\"20 Mbit/s\",\"up\":\"10 Mbit/s\",\"rtt\":\"5 "
		"ms\","
		"\"site\":\"s\"}},"
		"\"sites\":{\"s\":{\"delay\":\"3 ms\",\"hosts\":{\"h\":{\"count\":2,\"cores\":1,"
		"\"clock\":\"2 GHz\",\"memory\":\"8 "
		"GiB\",\"platform\":\"%s\",\"guests\":{\"count\":3,"
		"\"vcpus\":2}}}}}}",
		duration, phones, more_handsets, platform);
}

static const char *const some_platforms[] = {"native",	   "container", "kvm-emulated",
					     "kvm-virtio", "xen-pvhvm", "qemu-tcg"};
enum { SOME = sizeof(some_platforms) / sizeof(some_platforms[0]) };

static void every_task_ends_exactly_once(void)
{
	for (int i = 0; i < SOME; i++) {
		struct outcome o;
		char *text = busy_study(some_platforms[i], "5 min", "", 20);
		support_simulate(text, 5, &o);
		double ended = get(&o, "tasks.done", "") + sum_of(&o, "tasks.failed") +
			       get(&o, "tasks.unfinished", "");
		CU_ASSERT(get(&o, "tasks.done", "") > 1000);
		CU_ASSERT(sum_of(&o, "tasks.failed") > 0);
		CU_ASSERT_EQUAL(ended, get(&o, "tasks.offered", ""));
		CU_ASSERT_EQUAL(get(&o, "tasks.local", "") + get(&o, "tasks.remote", ""),
				get(&o, "tasks.offered", ""));
		CU_ASSERT_EQUAL((double)o.histogram_count[0], get(&o, "tasks.done", ""));
		free(text);
	}
}

static void the_causes_add_up_to_the_response_time(void)
{
	for (int i = 0; i < SOME; i++) {
		struct outcome o;
		char *text = busy_study(some_platforms[i], "5 min", "", 20);
		support_simulate(text, 5, &o);
		CU_ASSERT_EQUAL(sum_of(&o, "overhead"), get(&o, "response_time.mean", ""));
		CU_ASSERT_EQUAL(sum_of(&o, "energy"), get(&o, "energy_per_task.mean", ""));
		CU_ASSERT(get(&o, "response_time.max", "") >= get(&o, "response_time.p99", ""));
		CU_ASSERT(get(&o, "response_time.p99", "") >= get(&o, "response_time.p50", ""));
		for (size_t k = 0; k < o.count; k++)
			CU_ASSERT(!(o.values[k].value < 0));
		free(text);
	}
}

/* The mean that causes are added up to is that of the tasks' own times: with one task it is exact,
 * with many the histogram's quantiles must straddle it. */
static void the_sum_of_causes_is_the_time_of_a_task(void)
{
	struct outcome o;
	char *text = busy_study("kvm-virtio", "40 s", "", 0);
	memcpy(strstr(text, "\"count\":7"), "\"count\":1", 9);
	memcpy(strstr(text, "\"periodic\":\"3 s\""), "\"periodic\":\"9 s\"", 16);
	support_simulate(text, 5, &o);
	CU_ASSERT(get(&o, "tasks.done", "") >= 1);
	CU_ASSERT(
		is_near(get(&o, "response_time.mean", ""), get(&o, "response_time.max", ""), 1e-9));
	free(text);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void the_same_seed_gives_the_same_bytes(void)
{
	struct outcome a, b, c, d;
	struct diag_list diags = {0};
	char *text = busy_study("kvm-virtio", "2 min", "", 20);
	struct world *w = support_build(text, &diags), *again = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	support_run(w, 5, 0, &a);
	support_run(w, 6, 0, &c);
	support_run(w, 5, 1, &d);
	support_run(again, 5, 0, &b);
	CU_ASSERT(same(&a, &b));
	CU_ASSERT(!same(&a, &c));
	CU_ASSERT(!same(&a, &d));
	CU_ASSERT(!same(&c, &d));
	world_free(w);
	world_free(again);
	free(text);
}

struct side {
	pthread_t thread;
	const struct world *w;
	struct outcome o;
	int code;
};

static void *run_side(void *ctx)
{
	struct side *s = ctx;
	struct world_metrics_sink sink = {
		.ctx = &s->o, .value = support_value, .histogram = support_histogram};
	struct world_run_key key = {5, 0};
	s->code = world_run(s->w, &key, &sink, NULL);
	return NULL;
}

/* Runs in several threads share a world and nothing else. */
static void runs_side_by_side_do_not_meet(void)
{
	static struct side sides[4];
	struct outcome alone;
	struct diag_list diags = {0};
	char *text = busy_study("kvm-virtio", "2 min", "", 20);
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	support_run(w, 5, 0, &alone);
	for (int i = 0; i < 4; i++) {
		sides[i] = (struct side){.w = w};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&sides[i].thread, NULL, run_side, &sides[i]),
				      0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(sides[i].thread, NULL);
		CU_ASSERT_EQUAL(sides[i].code, 0);
		CU_ASSERT(same(&sides[i].o, &alone));
	}
	world_free(w);
	free(text);
}

/* Two sites are two worlds: what one reports does not depend on the other. */
static void sites_have_nothing_to_do_with_each_other(void)
{
	struct outcome both, one;
	char *text = busy_study("kvm-virtio", "2 min", "", 20);
	support_simulate(text, 5, &one);
	/* The watches' cell leads to a site of its own. */
	char *cell = strstr(strstr(text, "\"two\":{\"down\""), "\"site\":\"s\"");
	char *sites = strstr(text, "\"sites\":{");
	*cell = '\0';
	char *two = study("%s\"site\":\"z\"%.*s\"sites\":{\"z\":{\"hosts\":{\"h\":{\"cores\":1,"
			  "\"clock\":\"2 GHz\",\"memory\":\"8 GiB\",\"platform\":\"native\","
			  "\"guests\":{\"count\":1}}}},%s",
			  text, (int)(sites - cell - 10), cell + 10, sites + 9);
	support_simulate(two, 5, &both);
	CU_ASSERT_EQUAL(get(&both, "tasks.offered", ""), get(&one, "tasks.offered", ""));
	CU_ASSERT_EQUAL(get(&both, "tasks.local", ""), get(&one, "tasks.local", ""));
	CU_ASSERT(get(&both, "utilization", "z/h/0") > 0);
	CU_ASSERT(get(&both, "utilization", "s/h/0") < get(&one, "utilization", "s/h/0"));
	CU_ASSERT_EQUAL(sum_of(&both, "overhead"), get(&both, "response_time.mean", ""));
	free(text);
	free(two);
}

/* The same tasks start on every platform, and stay local or go as before. */
static void platforms_see_the_same_tasks(void)
{
	struct outcome first, o;
	for (int i = 0; i < SOME; i++) {
		char *text = busy_study(some_platforms[i], "2 min", "", 20);
		memcpy(strstr(text, "\"60 J\""), "\"9 Wh\"", 6);
		support_simulate(text, 5, i ? &o : &first);
		if (i) {
			CU_ASSERT_EQUAL(get(&o, "tasks.offered", ""),
					get(&first, "tasks.offered", ""));
			CU_ASSERT_EQUAL(get(&o, "tasks.local", ""), get(&first, "tasks.local", ""));
		}
		free(text);
	}
}

/* Handsets that do nothing, in front of and behind the others, change nothing but their own
 * battery. */
static void adding_a_class_does_not_shift_the_others(void)
{
	struct outcome a, b;
	char *without = busy_study("kvm-virtio", "2 min", "", 20);
	char *with = busy_study(
		"kvm-virtio", "2 min",
		",\"aaa\":{\"count\":13,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0 W\"},\"radio\":\"wifi\",\"cell\":\"two\",\"apps\":{\"big\":"
		"{\"arrivals\":{\"poisson\":\"0 /s\"}}}}",
		20);
	support_simulate(without, 5, &a);
	support_simulate(with, 5, &b);
	CU_ASSERT_EQUAL(b.count, a.count + 2); /* battery.end and battery.life */
	for (size_t i = 0; i < a.count; i++)
		CU_ASSERT(is_near(get(&b, a.values[i].metric, a.values[i].subject),
				  a.values[i].value, 0));
	free(without);
	free(with);
}

static void no_handsets_is_a_quiet_world(void)
{
	struct outcome o;
	char *text = busy_study("kvm-virtio", "2 min", "", 0);
	memcpy(strstr(text, "\"count\":7"), "\"count\":0", 9);
	support_simulate(text, 5, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.offered", ""), 0);
	CU_ASSERT_EQUAL(get(&o, "tasks.unfinished", ""), 0);
	CU_ASSERT_EQUAL(get(&o, "utilization", "s/h/1"), 0);
	CU_ASSERT(isnan(get(&o, "response_time.mean", "")));
	CU_ASSERT(isnan(get(&o, "response_time.p95", "")));
	free(text);
}

static void transfers_of_nothing_leave_the_radio_alone(void)
{
	struct outcome o;
	char *text = busy_study("native", "2 min", "", 0);
	memcpy(strstr(text, "\"2 kB\""), "\"0 B\" ", 6);
	memcpy(strstr(text, "\"1 kB\""), "\"0 B\" ", 6);
	memcpy(strstr(text, "\"60 J\""), "\"9 Wh\"", 6);
	support_simulate(text, 5, &o);
	CU_ASSERT(get(&o, "tasks.done", "") > 100);
	CU_ASSERT_EQUAL(get(&o, "overhead", "radio"), 0);
	CU_ASSERT_EQUAL(get(&o, "energy", "tail"), 0);
	/* Periodic watches seldom meet: the mean is the propagation and 5 Mcycles. */
	CU_ASSERT(is_near(get(&o, "response_time.p50", ""), 0.005 + 0.006 + 0.0025, 0.01));
	free(text);
}

static void an_overloaded_site_leaves_tasks_unfinished(void)
{
	struct outcome o;
	char *text = busy_study("qemu-tcg", "3 min", "", 60);
	support_simulate(text, 5, &o);
	CU_ASSERT(get(&o, "tasks.unfinished", "") > 0.1 * get(&o, "tasks.offered", ""));
	CU_ASSERT(get(&o, "utilization", "s/h/0") > 0.99);
	CU_ASSERT(get(&o, "overhead", "queue") > get(&o, "overhead", "compute"));
	double ended = get(&o, "tasks.done", "") + sum_of(&o, "tasks.failed") +
		       get(&o, "tasks.unfinished", "");
	CU_ASSERT_EQUAL(ended, get(&o, "tasks.offered", ""));
	free(text);
}

static void a_site_without_guests_fails_its_tasks_by_name(void)
{
	struct outcome o;
	char *text = busy_study("native", "2 min", "", 20);
	memcpy(strstr(text, "\"count\":3"), "\"count\":0", 9);
	support_simulate(text, 5, &o);
	CU_ASSERT(get(&o, "tasks.failed", "no-guest") > 0);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", "") + sum_of(&o, "tasks.failed") +
				get(&o, "tasks.unfinished", ""),
			get(&o, "tasks.offered", ""));
	free(text);
}

static int refuse(void *ctx, const char *metric, const char *subject, const char *unit,
		  double value)
{
	(void)ctx;
	(void)metric;
	(void)subject;
	(void)unit;
	(void)value;
	return ERR_LIMIT;
}

static void a_run_stops_when_asked_and_when_its_sink_refuses(void)
{
	struct diag_list diags = {0};
	struct outcome o;
	struct err e = {0};
	volatile bool stop = true;
	char *text = busy_study("native", "2 min", "", 20);
	struct world *w = support_build(text, &diags);
	struct world_run_key key = {1, 0};
	struct world_metrics_sink stopped = {.ctx = &o,
					     .value = support_value,
					     .histogram = support_histogram,
					     .stop = &stop,
					     .series = NULL};
	struct world_metrics_sink refusing = {.ctx = &o,
					      .value = refuse,
					      .histogram = support_histogram,
					      .stop = NULL,
					      .series = NULL};
	CU_ASSERT_EQUAL(world_run(w, &key, &stopped, &e), ERR_STOPPED);
	CU_ASSERT_EQUAL(world_run(w, &key, &refusing, &e), ERR_LIMIT);
	world_free(w);
	free(text);
}

/* What studies are checked against before they run is what they report when they run. */
static void the_table_of_metrics_is_what_a_run_reports(void)
{
	struct diag_list diags = {0};
	struct outcome o;
	char *text = busy_study("kvm-virtio", "2 min", "", 5);
	struct world *w = support_build(text, &diags);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	support_run(w, 5, 0, &o);
	for (size_t i = 0; i < o.count; i++) {
		const struct world_metric *m = world_metric_find(o.values[i].metric);
		CU_ASSERT_PTR_NOT_NULL_FATAL(m);
		CU_ASSERT(m->has_values);
		CU_ASSERT_STRING_EQUAL(m->unit, o.values[i].unit);
		CU_ASSERT(world_has_subject(w, m, o.values[i].subject));
		CU_ASSERT_FALSE(world_has_subject(w, m, "nobody"));
	}
	for (const struct world_metric *m = world_metrics; m->name; m++) {
		size_t reported = 0;
		for (size_t i = 0; i < o.count; i++)
			reported += strcmp(o.values[i].metric, m->name) == 0;
		CU_ASSERT_EQUAL(reported, m->has_values ? world_subject_count(w, m) : 0);
		CU_ASSERT(m->has_values || m->has_histograms || m->has_series);
	}
	CU_ASSERT(world_metric_find("response_time")->has_histograms);
	CU_ASSERT(world_metric_find("energy_per_task")->has_histograms);
	world_free(w);
	diag_free(&diags);
	free(text);
}

/* ---- Memory */

static size_t bytes_in_use(void)
{
	struct mallinfo2 m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

static int note_bytes(void *ctx, const char *metric, const char *subject, const char *unit,
		      double value)
{
	double *seen = ctx;
	(void)subject;
	(void)unit;
	if (seen[0] == 0)
		seen[0] = (double)bytes_in_use();
	if (strcmp(metric, "tasks.done") == 0)
		seen[1] = value;
	return 0;
}

static int pass_over(void *ctx, const char *metric, const char *subject, const char *unit,
		     const struct world_bucket *buckets, size_t count)
{
	(void)ctx, (void)metric, (void)subject, (void)unit, (void)buckets, (void)count;
	return 0;
}

/* What is in use when a run of so long is over, less what was before; and how many tasks it did. */
static void measure_memory(const char *duration, double seen[2])
{
	struct diag_list diags = {0};
	struct err e = {0};
	char *text = study(
		"{\"duration\":\"%s\",\"apps\":{\"a\":{\"input\":\"10 kB\",\"output\":\"1 kB\","
		"\"cycles\":{\"exponential\":\"50 Mcycles\"}}},\"handsets\":{\"x\":{\"count\":50,"
		"\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\",\"idle\":\"0.1 W\"},\"battery\":"
		"\"1000 Wh\",\"radio\":\"lte\",\"policy\":{\"random\":0.7},\"apps\":{\"a\":{"
		"\"arrivals\":{\"closed\":\"100 "
		"ms\"}}},\"mobility\":{\"random-waypoint\":{\"area\":{"
		"\"width\":\"1 km\",\"height\":\"1 km\"},\"speed\":{\"min\":\"30 m/s\",\"max\":"
		"\"60 m/s\"}}}}},\"cells\":{\"c\":{\"down\":\"1 Gbit/s\",\"up\":\"1 "
		"Gbit/s\",\"rtt\":"
		"\"10 ms\",\"site\":\"s\",\"position\":{\"x\":\"0 m\",\"y\":\"500 "
		"m\"}},\"d\":{\"down\":"
		"\"1 Gbit/s\",\"up\":\"1 Gbit/s\",\"rtt\":\"10 "
		"ms\",\"site\":\"s\",\"position\":{\"x\":"
		"\"1 km\",\"y\":\"500 "
		"m\"}}},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":32,\"clock\":"
		"\"3 GHz\",\"memory\":\"64 "
		"GiB\",\"platform\":\"kvm-virtio\",\"guests\":{\"count\":32}}}}}}",
		duration);
	struct world *w = support_build(text, &diags);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	struct world_metrics_sink sink = {.ctx = seen,
					  .value = note_bytes,
					  .histogram = pass_over,
					  .wants = support_wants_the_whole};
	size_t before = bytes_in_use();
	seen[0] = seen[1] = 0;
	CU_ASSERT_EQUAL(world_run(w, &(struct world_run_key){1, 0}, &sink, &e), 0);
	seen[0] -= (double)before;
	world_free(w);
	diag_free(&diags);
}

/* Ten times the tasks take no more memory: a kilobyte for each would be tens of MB. */
static void memory_does_not_grow_with_tasks_done(void)
{
	double brief[2], longer[2];
	measure_memory("20 s", brief);
	measure_memory("200 s", longer);
	CU_ASSERT(brief[1] > 2000 && longer[1] > 9 * brief[1]);
	CU_ASSERT(longer[0] < brief[0] + 64 * 1024);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"every_task_ends_exactly_once", every_task_ends_exactly_once},
		{"the_causes_add_up_to_the_response_time", the_causes_add_up_to_the_response_time},
		{"the_sum_of_causes_is_the_time_of_a_task",
		 the_sum_of_causes_is_the_time_of_a_task},
		{"the_table_of_metrics_is_what_a_run_reports",
		 the_table_of_metrics_is_what_a_run_reports},
		{"the_same_seed_gives_the_same_bytes", the_same_seed_gives_the_same_bytes},
		{"runs_side_by_side_do_not_meet", runs_side_by_side_do_not_meet},
		{"sites_have_nothing_to_do_with_each_other",
		 sites_have_nothing_to_do_with_each_other},
		{"platforms_see_the_same_tasks", platforms_see_the_same_tasks},
		{"adding_a_class_does_not_shift_the_others",
		 adding_a_class_does_not_shift_the_others},
		{"no_handsets_is_a_quiet_world", no_handsets_is_a_quiet_world},
		{"transfers_of_nothing_leave_the_radio_alone",
		 transfers_of_nothing_leave_the_radio_alone},
		{"an_overloaded_site_leaves_tasks_unfinished",
		 an_overloaded_site_leaves_tasks_unfinished},
		{"a_site_without_guests_fails_its_tasks_by_name",
		 a_site_without_guests_fails_its_tasks_by_name},
		{"a_run_stops_when_asked_and_when_its_sink_refuses",
		 a_run_stops_when_asked_and_when_its_sink_refuses},
		{"memory_does_not_grow_with_tasks_done", memory_does_not_grow_with_tasks_done},
		{0},
	};
	return test_main("world", cases, argc, argv);
}
