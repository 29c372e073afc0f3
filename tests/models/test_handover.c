/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Handovers in a world: single ones by hand, then storms of them, in which every task must end once
 * and every nanosecond and joule have a cause. */
#include "models/world/world_model.h"
#include "tests/models/world_support.h"

/* One handset goes at 100 m/s from cell one, at x = 0, to cell two, at x = 1 km. With 3 dB and an
 * exponent of 3 the other cell takes over when it is nearer by 10^-0.1: at 557.3 m. Tasks follow
 * each other; the first starts at 0.5 s. */
static const double handover_s = 10 / (1 + 0.79432823472428149);

struct ride {
	const char *app;       /* its sizes */
	const char *radius;    /* of both cells */
	const char *one, *two; /* their sites */
	const char *handover;  /* more keys of it */
	const char *duration;
};

struct follow {			 /* guests that may go from s to t */
	const char *at_s, *at_t; /* keys of them */
	const char *migration;	 /* a key of site s */
};

static void ride(const struct ride *r, const struct follow *f, struct outcome *o)
{
	static const struct follow none = {"\"count\":4", "\"count\":4", ""};
	f = f ? f : &none;
	char *text = study(
		"{\"duration\":\"%s\",\"apps\":{\"a\":{%s,\"operations\":{\"net_rx\":{\"packets\":"
		"0,"
		"\"bytes\":\"0 B\"},\"net_tx\":{\"packets\":0,\"bytes\":\"0 B\"}}}},"
		"\"handsets\":{\"x\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0.1 W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\","
		"\"mobility\":{\"csv\":\"ride.csv\"},\"apps\":{\"a\":{\"arrivals\":"
		"{\"closed\":\"0.5 s\"}}}}},"
		"\"traces\":{\"ride.csv\":{\"data\":\"handset,time,x,y\\nr,0,0,0\\nr,20,2000,0\"}},"
		"\"handover\":{\"path_loss_exponent\":3%s},"
		"\"links\":{\"x2\":{\"up\":\"10 Mbit/s\",\"down\":\"1 kbit/s\",\"delay\":\"2 "
		"ms\"}},"
		"\"cells\":{\"one\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"10 ms\","
		"%s,\"position\":{\"x\":\"0 m\",\"y\":\"0 m\"%s}},"
		"\"two\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"10 ms\","
		"%s,\"position\":{\"x\":\"1 km\",\"y\":\"0 m\"%s}}},"
		"\"sites\":{\"s\":{%s\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"2 GHz\",\"memory\":"
		"\"8 GiB\",\"platform\":\"native\",\"guests\":{%s}}}},"
		"\"t\":{\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"4 GHz\",\"memory\":\"8 GiB\","
		"\"platform\":\"native\",\"guests\":{%s}}}}}}",
		r->duration, r->app, r->handover, r->one, r->radius, r->two, r->radius,
		f->migration, f->at_s, f->at_t);
	support_simulate(text, 1, o);
	free(text);
	if (get(o, "tasks.done", "") == 0)
		return;
	/* The causes, added up, against what was measured from start to end. */
	CU_ASSERT(is_near(sum_of(o, "overhead"), get(o, "app.response_time", "a"), 1e-12));
	CU_ASSERT(is_near(sum_of(o, "energy"), get(o, "app.energy", "a"), 1e-12));
}

static void go(const struct ride *r, struct outcome *o)
{
	ride(r, NULL, o);
}

static const char at_s[] = "\"site\":\"s\"", at_t[] = "\"site\":\"t\"";
static const char sends[] = "\"input\":\"1 MB\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\"";
static const char computes[] = "\"input\":\"1 kB\",\"output\":\"125 kB\",\"cycles\":\"16 Gcycles\"";

/* The first task: 8 s of sending, and the interruption in it. */
static void a_transfer_goes_on_in_the_next_cell(void)
{
	struct outcome o;
	go(&(struct ride){sends, "", at_s, at_s, "", "9.3 s"}, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 8, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "handover"), 0.05, 1e-9));
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 8 + 0.05 + 0.01 + 0.5, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 8 * 1.3, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "handover"), 0.05 * 1.3, 1e-6));
	CU_ASSERT(is_near(get(&o, "energy", "idle"), 8.56 * 0.1, 1e-9));
	CU_ASSERT(is_near(3.6e6 - get(&o, "battery.end", "x"), 9.3 * 0.1 + 8.05 * 1.3, 1e-6));
	CU_ASSERT_EQUAL(get(&o, "handovers", ""), 1);
	CU_ASSERT_EQUAL(get(&o, "tasks.interrupted", ""), 1);
	CU_ASSERT(is_near(get(&o, "handovers.rate", ""), 1 / 9.3, 1e-9));
	CU_ASSERT(is_near(get(&o, "cell.handsets", "one"), handover_s / 9.3, 1e-8));
	CU_ASSERT(is_near(get(&o, "cell.handsets", "two"), 1 - handover_s / 9.3, 1e-8));
	CU_ASSERT(get(&o, "coverage.out", "") == 0 && get(&o, "handovers.ping_pong", "") == 0);
}

/* 8 s of computing, begun in cell one, whose site the other cell does not reach. */
static void a_result_is_forwarded(void)
{
	struct outcome o;
	go(&(struct ride){computes, "", at_s, at_t, ",\"via\":[\"x2\"]", "10 s"}, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 8, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "forward"), 0.1 + 0.002, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 0.008 + 1, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 0.01, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "overhead", "handover"), 0);
	CU_ASSERT(is_near(get(&o, "utilization", "s/h/0"), 8.0 / 4 / 10, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "tasks.interrupted", ""), 1);
	CU_ASSERT(get(&o, "site.done", "s") == 1 && get(&o, "site.done", "t") == 0);
	CU_ASSERT(is_near(get(&o, "site.response_time", "s"), get(&o, "response_time.mean", ""),
			  1e-12));
	/* Where both cells reach the site there is nothing to forward. */
	go(&(struct ride){computes, "", at_s, "\"reaches\":{\"t\":{},\"s\":{}}",
			  ",\"via\":[\"x2\"]", "10 s"},
	   &o);
	CU_ASSERT_EQUAL(get(&o, "overhead", "forward"), 0);
	CU_ASSERT_EQUAL(get(&o, "tasks.interrupted", ""), 0);
}

static void an_input_is_forwarded(void)
{
	struct outcome o;
	go(&(struct ride){sends, "", at_s, at_t, ",\"via\":[\"x2\"]", "11 s"}, &o);
	/* 8 Mbit over the link; nothing comes back but the word that it is done. */
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "forward"), 0.802 + 0.002, 1e-9));
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 8.05 + 0.804 + 0.01 + 0.5, 1e-9));
}

static void a_task_starts_again(void)
{
	struct outcome o;
	double vain = handover_s - 0.5;
	go(&(struct ride){computes, "", at_s, at_t, ",\"tasks\":\"redo\"", "12 s"}, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "redo"), vain, 1e-8));
	CU_ASSERT(is_near(get(&o, "overhead", "handover"), 0.05, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 4, 1e-9));
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), vain + 0.05 + 0.008 + 0.01 + 4 + 1,
			  1e-8));
	/* The old host computed in vain until then, from when the input had come. */
	CU_ASSERT(is_near(get(&o, "utilization", "s/h/0"), (vain - 0.008 - 0.005) / 4 / 12, 1e-8));
	/* Both inputs and the output, and the interruption. */
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.3 * (0.008 + 0.008 + 1), 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "handover"), 1.3 * 0.05, 1e-6));

	go(&(struct ride){sends, "", at_s, at_t, ",\"tasks\":\"redo\"", "14.5 s"}, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "redo"), vain, 1e-8));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 8, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.3 * (8 + vain), 1e-8));
}

#define FOLLOW	  ",\"via\":[\"x2\"],\"tasks\":\"migrate\""
#define PATH_TO_T "\"migration\":{\"page\":\"2048 us\",\"to\":{\"t\":{\"via\":[\"x2\"]}}},"

/* A guest of 1 MB takes 0.8 s and 2 ms over the link to site t while it goes on at 2 GHz, and is
 * stopped for the 2 ms in which its last word goes there; the rest of the task runs at 4 GHz. */
static void a_guest_follows(void)
{
	struct outcome o;
	struct ride r = {computes, "", at_s, at_t, FOLLOW, "8.9 s"};
	struct follow f = {"\"count\":1,\"memory\":\"1 MB\"",
			   "\"count\":0,\"room\":1,\"memory\":\"1 MB\"", PATH_TO_T};
	double served = 0.5 + 0.008 + 0.005, stopped = handover_s + 0.802;
	double at_2_ghz = stopped - served, at_4_ghz = (16 - 2 * at_2_ghz) / 4;
	/* 2048 us for a page of 4 KiB is 0.5 s for the megabyte, at each end. */
	double busy_s = at_2_ghz + 0.5, busy_t = at_4_ghz + 0.5;
	ride(&r, &f, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT_EQUAL(get(&o, "tasks.interrupted", ""), 1);
	CU_ASSERT_EQUAL(get(&o, "migrations.done", "s"), 1);
	CU_ASSERT(is_near(get(&o, "migration.time", "s"), 0.804, 1e-9));
	CU_ASSERT(is_near(get(&o, "migration.downtime", "s"), 0.002, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), at_2_ghz + at_4_ghz, 1e-8));
	CU_ASSERT(is_near(get(&o, "overhead", "migration"), 0.002, 1e-6));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 0.008 + 1, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 0.01, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "overhead", "forward"), 0);
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""),
			  stopped + 0.002 - 0.5 + at_4_ghz + 0.005 + 1, 1e-8));
	CU_ASSERT(is_near(get(&o, "utilization", "s/h/0"), busy_s / 4 / 8.9, 1e-8));
	CU_ASSERT(is_near(get(&o, "utilization", "t/h/0"), busy_t / 4 / 8.9, 1e-8));
	CU_ASSERT(is_near(get(&o, "power.mean", "s/h/0"), 100 + 200 * busy_s / 4 / 8.9, 1e-8));
	CU_ASSERT(is_near(get(&o, "power.mean", "t/h/0"), 100 + 200 * busy_t / 4 / 8.9, 1e-8));
	/* One of 100 MB is on its way when the task is done. The result is forwarded, over the same
	 * link, of which it gets a half. */
	r.duration = "10 s";
	f.at_s = "\"count\":1,\"memory\":\"100 MB\"";
	ride(&r, &f, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT_EQUAL(get(&o, "migrations.done", "s"), 0);
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 8, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "forward"), 0.2 + 0.002, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "overhead", "migration"), 0);
	/* Without room for it, it stays. */
	f.at_t = "\"count\":4";
	ride(&r, &f, &o);
	CU_ASSERT_EQUAL(get(&o, "migrations.refused", "s"), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "forward"), 0.1 + 0.002, 1e-9));
	/* A task that is still on its way when the cells change: its input is forwarded to the
	 * guest, which then sets out. 0.3 s of its 0.5 s have passed when it is stopped. */
	f = (struct follow){"\"count\":1,\"memory\":\"372.5 kB\"",
			    "\"count\":0,\"room\":1,\"memory\":\"1 MB\"", PATH_TO_T};
	ride(&(struct ride){sends, "", at_s, at_t, FOLLOW, "11 s"}, &f, &o);
	CU_ASSERT_EQUAL(get(&o, "migrations.done", "s"), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "forward"), 0.802, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 0.3 + 0.1, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "migration"), 0.002, 1e-6));
}

/* Both cells reach 400 m: from 4 s to 6 s there is none. */
static void a_hole_is_waited_for(void)
{
	static const char radius[] = ",\"radius\":\"400 m\"";
	struct outcome o;
	go(&(struct ride){sends, radius, at_s, at_s, "", "11.2 s"}, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "coverage"), 2, 1e-8));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 8, 1e-8));
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 8 * 1.3, 1e-8));
	CU_ASSERT(is_near(get(&o, "coverage.out", ""), 2 / 11.2, 1e-8));
	CU_ASSERT_EQUAL(get(&o, "handovers", ""), 0);

	go(&(struct ride){sends, radius, at_s, at_s, ",\"uncovered\":\"fail\"", "11.2 s"}, &o);
	/* At 4 s; then every 0.5 s, 4.5, 5 and 5.5 (at 6 s, or just after, there is a cell). */
	CU_ASSERT(get(&o, "tasks.failed", "coverage") >= 4);
	CU_ASSERT(get(&o, "tasks.failed", "coverage") <= 5);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 0);
}

/* ---- Storms */

static char *storm(const char *tasks, const char *uncovered, const char *scaling, int handsets,
		   const char *others)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	fprintf(f,
		"{\"apps\":{\"stages\":{\"stages\":{\"camera\":{\"cycles\":\"100 "
		"Mcycles\",\"pinned\":true},\"left\":{\"cycles\":\"2 Gcycles\",\"after\":{"
		"\"camera\":{\"bytes\":\"300 kB\"}}},\"right\":{\"cycles\":\"1 "
		"Gcycles\",\"after\":{"
		"\"camera\":{\"bytes\":\"100 kB\"}}},\"screen\":{\"cycles\":\"50 "
		"Mcycles\",\"pinned\":"
		"true,\"after\":{\"left\":{\"bytes\":\"100 kB\"},\"right\":{\"bytes\":\"9 "
		"kB\"}}}}}},"
		"\"duration\":\"120 s\",\"warmup\":\"10 s\",\"handover\":{\"hysteresis\":\"0.5 "
		"dB\",\"interruption\":\"30 ms\",\"tasks\":\"%s\",\"uncovered\":\"%s\",\"via\":"
		"[\"x2\"]},\"handsets\":{",
		tasks, uncovered);
	const char *kinds[] = {"lte", "wifi"};
	for (int i = 0; i < 2; i++)
		fprintf(f,
			"\"h%d\":{\"count\":%d,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\","
			"\"idle\":\"0.3 W\"},\"radio\":\"%s\",\"policy\":%s,\"apps\":{"
			"\"augmented-reality\":{\"arrivals\":{\"poisson\":\"8 /min\"}},"
			"\"health\":{\"arrivals\":{\"closed\":\"1 s\"}},"
			"\"stages\":{\"arrivals\":{\"poisson\":\"6 /min\"}}},\"mobility\":"
			"{\"random-waypoint\":{\"area\":{\"width\":\"600 m\",\"height\":\"600 m\"},"
			"\"speed\":{\"min\":\"30 m/s\",\"max\":\"120 m/s\"}}}},",
			i, handsets, kinds[i], i ? "\"bandit\"" : "{\"weighted\":[0.6,0.3,0.1]}");
	/* Guests that go to other sites serve none who could not follow. */
	bool follow = strcmp(tasks, "migrate") == 0;
	fprintf(f,
		"%s\"still\":{\"count\":%d,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\","
		"\"idle\":\"0.3 W\"},\"radio\":\"lte\",\"cell\":\"%s\",\"apps\":{\"health\":{"
		"\"arrivals\":{\"poisson\":\"10 /min\"}}}}},\"cells\":{",
		others, follow ? 0 : 3, follow ? "far" : "c0");
	if (follow)
		fprintf(f, "\"far\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"1 ms\","
			   "\"reaches\":{\"e0\":{},\"e1\":{},\"e2\":{},\"cloud\":{}}},");
	for (int i = 0; i < 16; i++)
		fprintf(f,
			"%s\"c%d\":{\"down\":\"400 Mbit/s\",\"up\":\"20 "
			"Mbit/s\",\"rtt\":{\"exponential\""
			":\"20 ms\"},\"position\":{\"x\":\"%d m\",\"y\":\"%d m\",\"radius\":\"85 "
			"m\"},"
			"\"reaches\":{\"e%d\":{\"via\":[\"m%d\"]},\"cloud\":{\"via\":[\"wan\"]}}}",
			i ? "," : "", i, 75 + 150 * (i % 4), 75 + 150 * (i / 4), i % 3, i % 3);
	fprintf(f, "},\"links\":{\"x2\":{\"up\":\"500 Mbit/s\",\"down\":\"1 Mbit/s\",\"delay\":\"3 "
		   "ms\"},\"wan\":{\"up\":\"1 Gbit/s\",\"down\":\"1 Gbit/s\",\"delay\":\"9 ms\"}");
	for (int i = 0; i < 3; i++)
		fprintf(f,
			",\"m%d\":{\"up\":\"800 Mbit/s\",\"down\":\"800 Mbit/s\",\"delay\":\"1 "
			"ms\"}",
			i);
	fprintf(f, "},\"sites\":{");
	static const char *const paths[] = {"\"e1\":{\"via\":[\"x2\"]},\"e2\":{}",
					    "\"e2\":{\"via\":[\"x2\"]}",
					    "\"cloud\":{\"via\":[\"wan\"]}", ""};
	for (int i = 0; i < 4; i++) {
		fprintf(f, "%s\"%s%.*d\":{\"scaling\":%s,", i ? "," : "", i == 3 ? "cloud" : "e",
			i == 3 ? 0 : 1, i == 3 ? 0 : i, scaling);
		if (follow)
			fprintf(f, "\"migration\":{\"dirty\":\"1 MB/s\",\"to\":{%s}},", paths[i]);
		fprintf(f,
			"\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"2.6 GHz\",\"memory\":\"32 GiB\","
			"\"platform\":\"kvm-emulated\",\"guests\":{\"count\":4%s}}}}",
			follow ? ",\"room\":40,\"memory\":\"20 MB\"" : "");
	}
	fprintf(f, "}}");
	fclose(f);
	return text;
}

/* The mean from the tasks' starts and ends, not from the causes. */
static double measured_response(const struct outcome *o)
{
	static const char *const apps[] = {"augmented-reality", "health", "stages"};
	double sum = 0;
	for (int i = 0; i < 3; i++)
		sum += get(o, "app.response_time", apps[i]) * get(o, "app.done", apps[i]);
	return sum / get(o, "tasks.done", "");
}

static void nothing_is_lost_in_a_storm(void)
{
	static const char *const tasks[] = {"forward", "redo", "migrate"};
	static const char *const holes[] = {"wait", "fail"};
	static const char *const scalings[] = {"\"none\"", "\"on-demand\""};
	for (int k = 0; k < 10; k++) {
		struct outcome o, again;
		int what = k < 8 ? k & 1 : 2, hole = k < 8 ? k >> 1 & 1 : 0;
		int scaling = k < 8 ? k >> 2 : k & 1;
		char *text = storm(tasks[what], holes[hole], scalings[scaling], 15, "");
		support_simulate(text, 4, &o);
		double failed = sum_of(&o, "tasks.failed");
		CU_ASSERT(get(&o, "handovers", "") > 900);
		CU_ASSERT(get(&o, "tasks.interrupted", "") > 100);
		CU_ASSERT(get(&o, "coverage.out", "") > 0.03);
		CU_ASSERT(get(&o, "tasks.done", "") > 1000);
		CU_ASSERT(get(&o, "tasks.done", "") + failed + get(&o, "tasks.unfinished", "") ==
			  get(&o, "tasks.offered", ""));
		CU_ASSERT(get(&o, "tasks.unfinished", "") < 200);
		CU_ASSERT(is_near(sum_of(&o, "overhead"), measured_response(&o), 1e-12));
		CU_ASSERT(
			is_near(sum_of(&o, "energy"), get(&o, "energy_per_task.mean", ""), 1e-12));
		CU_ASSERT((get(&o, "overhead", "forward") > 0) &&
			  (get(&o, "overhead", "handover") > 0));
		CU_ASSERT((get(&o, "overhead", "redo") > 0) == (what == 1));
		CU_ASSERT((get(&o, "overhead", "migration") > 0) == (what == 2));
		CU_ASSERT(what != 2 || sum_of(&o, "migrations.done") >= 1);
		CU_ASSERT((get(&o, "overhead", "coverage") > 0) == !hole);
		CU_ASSERT((get(&o, "tasks.failed", "coverage") > 0) == (hole == 1));
		/* Handsets are somewhere all the time. */
		CU_ASSERT(is_near(sum_of(&o, "cell.handsets") + 30 * get(&o, "coverage.out", ""),
				  30, 1e-9));
		support_simulate(text, 4, &again);
		CU_ASSERT_EQUAL(o.count, again.count);
		CU_ASSERT_EQUAL(memcmp(o.values, again.values, sizeof(o.values)), 0);
		free(text);
	}
}

/* Paths depend on nobody else: more handsets of another class leave the handovers of these as they
 * were. */
static void paths_are_each_handsets_own(void)
{
	static const char more[] =
		"\"more\":{\"count\":20,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 "
		"W\",\"idle\":\"0.3 "
		"W\"},\"radio\":\"lte\",\"cell\":\"c1\",\"apps\":{\"augmented-reality\":{"
		"\"arrivals\":{\"poisson\":\"60 /min\"}}}},";
	struct outcome alone, crowded;
	char *text = storm("forward", "wait", "\"none\"", 8, "");
	support_simulate(text, 4, &alone);
	free(text);
	text = storm("forward", "wait", "\"none\"", 8, more);
	support_simulate(text, 4, &crowded);
	free(text);
	CU_ASSERT(get(&alone, "response_time.mean", "") != get(&crowded, "response_time.mean", ""));
	CU_ASSERT_EQUAL(get(&alone, "handovers", ""), get(&crowded, "handovers", ""));
	for (int i = 0; i < 16; i++) {
		char cell[16];
		snprintf(cell, sizeof(cell), "c%d", i);
		CU_ASSERT_EQUAL(get(&alone, "cell.handsets", cell),
				get(&crowded, "cell.handsets", cell));
	}
}

/* ---- Regions and mistakes */

static char *town(const char *class, const char *handover)
{
	return study(
		"{\"duration\":\"10 s\",\"handsets\":{\"x\":{\"count\":1,\"cpu\":{\"clock\":\"1 "
		"GHz\",\"power\":\"1 W\",\"idle\":\"0.1 W\"},\"radio\":\"lte\",\"apps\":{"
		"\"health\":{\"arrivals\":{\"poisson\":\"1 /s\"}}},%s}},\"handover\":{%s},"
		"\"links\":{\"x2\":{\"up\":\"1 Mbit/s\",\"down\":\"1 Mbit/s\"}},"
		"\"cells\":{\"a\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"1 ms\","
		"\"site\":\"s\",\"position\":{\"x\":\"0 m\",\"y\":\"0 m\",\"radius\":\"1 km\"}},"
		"\"b\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"1 ms\",\"site\":\"t\","
		"\"position\":{\"x\":\"2 km\",\"y\":\"0 m\",\"radius\":\"1 km\"}}},"
		"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":"
		"\"2 GiB\",\"platform\":\"native\",\"guests\":{\"count\":1}}}},\"t\":{\"hosts\":{"
		"\"h\":{\"cores\":1,\"clock\":\"1 GHz\",\"memory\":\"2 GiB\",\"platform\":"
		"\"native\",\"guests\":{\"count\":1}}}}}}",
		class, handover);
}

#define WAYPOINT(x, width)                                                                         \
	"\"mobility\":{\"random-waypoint\":{\"area\":{\"x\":\"" x "\",\"width\":\"" width          \
	"\",\"height\":\"10 m\"},\"speed\":{\"min\":\"1 m/s\",\"max\":\"2 m/s\"}}}"

static void handsets_that_move_connect_their_cells(void)
{
	static const struct {
		const char *class;
		uint32_t regions;
	} cases[] = {{"\"cell\":\"a\"", 2},
		     {WAYPOINT("0 m", "500 m"), 2},
		     {WAYPOINT("500 m", "1 km"), 1},
		     {WAYPOINT("1.5 km", "100 m"), 2}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag_list diags = {0};
		struct outcome o;
		char *text = town(cases[i].class, "");
		struct world *w = support_build(text, &diags);
		CU_ASSERT_PTR_NOT_NULL_FATAL(w);
		CU_ASSERT_EQUAL(w->region_count, cases[i].regions);
		support_run(w, 1, 0, &o);
		CU_ASSERT(get(&o, "tasks.offered", "") > 0);
		world_free(w);
		diag_free(&diags);
		free(text);
	}
}

static void check(const char *class, const char *handover, const char *pointer, const char *says)
{
	support_refuses(town(class, handover), pointer, says);
}

static void mistakes_are_told(void)
{
	check("\"battery\":\"1 Wh\"", "", "/handsets/x", "needs \"cell\"");
	check("\"cell\":\"a\"," WAYPOINT("0 m", "1 m"), "", "/handsets/x/cell", "they move");
	check(WAYPOINT("9 km", "1 m"), "", "/handsets/x", "no cell reaches");
	check("\"mobility\":\"gauss-markow\"", "", "/handsets/x/mobility",
	      "did you mean \"gauss-markov\"?; there are csv, gauss-markov, manhattan, nomadic, "
	      "random-waypoint, static, sumo-fcd");
	check("\"mobility\":{\"csv\":\"none.csv\"}", "", "/handsets/x/mobility/csv/file",
	      "cannot read the file \"none.csv\"");
	check(WAYPOINT("0 m", "1 m"), "\"via\":[\"x3\"]", "/handover/via/0",
	      "did you mean \"x2\"?");
	check(WAYPOINT("0 m", "1 m"), "\"tasks\":\"migrat\"", "/handover/tasks", "migrate");
	check(WAYPOINT("0 m", "1 m"), "\"tasks\":\"migrate\"", "/handover/tasks", "no site has");
	check(WAYPOINT("0 m", "1 m"), "\"hysteresis\":\"0 dB\"", "/handover/hysteresis", "0.1 dB");
	check("\"mobility\":{\"nomadic\":{\"places\":{}}}", "",
	      "/handsets/x/mobility/nomadic/places", "at least 2");
	check("\"mobility\":{\"random-waypoint\":{\"area\":{\"width\":\"1 m\",\"height\":\"1 m\"},"
	      "\"speed\":{\"min\":\"0 m/s\",\"max\":\"2 m/s\"}}}",
	      "", "/handsets/x/mobility/random-waypoint/speed/min", "at least");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_transfer_goes_on_in_the_next_cell", a_transfer_goes_on_in_the_next_cell},
		{"a_result_is_forwarded", a_result_is_forwarded},
		{"an_input_is_forwarded", an_input_is_forwarded},
		{"a_task_starts_again", a_task_starts_again},
		{"a_guest_follows", a_guest_follows},
		{"a_hole_is_waited_for", a_hole_is_waited_for},
		{"nothing_is_lost_in_a_storm", nothing_is_lost_in_a_storm},
		{"paths_are_each_handsets_own", paths_are_each_handsets_own},
		{"handsets_that_move_connect_their_cells", handsets_that_move_connect_their_cells},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("handover", cases, argc, argv);
}
