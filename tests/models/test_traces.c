/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What follows files (arrivals, the capacity of a cell), and packets that are lost: by hand, and
 * with files that are wrong. */
#include "tests/models/world_support.h"

#include "models/radio/loss.h"

/* Tasks of 1 MB up and 1 GHz s of work go to a server of 1 GHz through a cell of 8 Mbit/s; the
 * radio burns 1.3 W while it transfers. */
static char *world(int handsets, const char *duration, const char *app, const char *arrivals,
		   const char *cell, const char *traces)
{
	return study(
		"{\"duration\":\"%s\",\"apps\":{\"a\":{%s}},\"handsets\":{\"x\":{\"count\":%d,"
		"\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\",\"idle\":\"0 W\"},\"radio\":"
		"\"constant-power\",\"cell\":\"c\",\"apps\":{\"a\":{\"arrivals\":%s}}}},"
		"\"cells\":{\"c\":{\"down\":\"8 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"100 ms\","
		"\"site\":\"s\"%s}},\"traces\":{%s},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":"
		"8,"
		"\"clock\":\"1 GHz\",\"memory\":\"16 GiB\",\"platform\":\"kvm-virtio\",\"guests\":{"
		"\"count\":8}}}}}}",
		duration, app, handsets, arrivals, cell, traces);
}

static const char one_mb[] = "\"input\":\"1 MB\",\"output\":\"1 B\",\"cycles\":\"1 Gcycles\"";
#define FILE_IS(rows) "\"f.csv\":{\"data\":\"" rows "\"}"

static void simulate(struct outcome *o, int handsets, const char *duration, const char *app,
		     const char *arrivals, const char *cell, const char *traces)
{
	char *text = world(handsets, duration, app, arrivals, cell, traces);
	support_simulate(text, 1, o);
	free(text);
}

/* ---- Arrivals */

static double offered(int handsets, const char *duration, const char *arrivals, const char *traces)
{
	struct outcome o;
	simulate(&o, handsets, duration, one_mb, arrivals, "", traces);
	return get(&o, "tasks.offered", "");
}

static void tasks_come_when_the_file_says(void)
{
	static const char once[] = "{\"csv\":\"f.csv\"}";
	static const char again[] = "{\"csv\":{\"file\":\"f.csv\",\"repeat\":\"10 s\"}}";
	static const char rows[] = FILE_IS("time\\n0\\n1.5\\n1.5\\n9");
	CU_ASSERT_EQUAL(offered(1, "1 s", once, rows), 1);
	CU_ASSERT_EQUAL(offered(1, "2 s", once, rows), 3);
	CU_ASSERT_EQUAL(offered(1, "100 s", once, rows), 4);
	CU_ASSERT_EQUAL(offered(1, "100 s", again, rows), 40);
	CU_ASSERT_EQUAL(offered(1, "11 s", again, rows), 5);
	/* Of two handsets each has two of them; of none nobody. */
	CU_ASSERT_EQUAL(offered(2, "100 s", once, rows), 4);
	CU_ASSERT_EQUAL(offered(2, "100 s", again, rows), 40);
	CU_ASSERT_EQUAL(offered(0, "100 s", again, rows), 0);
	/* Rows of other apps are not this one's; a row that names none is. CR LF, and an empty
	 * line. */
	CU_ASSERT_EQUAL(
		offered(2, "100 s", once,
			FILE_IS("app,time,handset\\r\\na,1,1\\r\\nb,2,9\\r\\n\\r\\n,3,0\\r\\n")),
		2);
}

/* Handset 1 sends 2 MB and computes 3 s, handset 0 what the app says. */
static void tasks_need_what_the_file_says(void)
{
	struct outcome o, plain, wider;
	simulate(&o, 2, "60 s", one_mb, "{\"csv\":\"f.csv\"}", "",
		 FILE_IS("time,handset,input,cycles\\n1,0,,\\n20,1,2e6,3e9"));
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 2);
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), (1 + 2 + 2e-6) / 2, 1e-6));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), (1 + 3) / 2.0, 1e-9));
	CU_ASSERT(is_near(sum_of(&o, "overhead"), get(&o, "response_time.mean", ""), 1e-12));
	/* Packets cost in proportion: the same task, said by the app. */
	simulate(&plain, 1, "60 s",
		 "\"input\":\"2 MB\",\"output\":\"1 B\",\"cycles\":\"3 Gcycles\"",
		 "{\"csv\":\"f.csv\"}", "", FILE_IS("time\\n1"));
	simulate(&wider, 1, "60 s", one_mb, "{\"csv\":\"f.csv\"}", "",
		 FILE_IS("time,input,cycles\\n1,2e6,3e9"));
	CU_ASSERT(get(&plain, "overhead", "exits") > 0);
	CU_ASSERT(
		is_near(get(&wider, "overhead", "exits"), get(&plain, "overhead", "exits"), 2e-3));
	CU_ASSERT(is_near(get(&wider, "response_time.mean", ""),
			  get(&plain, "response_time.mean", ""), 1e-4));
}

/* ---- Capacity */

static void a_cell_carries_what_the_file_says(void)
{
	struct outcome o;
	/* 1 MB from 1 s on: 2 Mbit in 1 s at 2 Mbit/s, nothing for 2 s, the rest at 3 Mbit/s. */
	simulate(&o, 1, "30 s", one_mb, "{\"csv\":\"f.csv\"}", ",\"capacity\":{\"csv\":\"g.csv\"}",
		 FILE_IS("time\\n1") ",\"g.csv\":{\"data\":\"time,up\\n0,2e6\\n2,0\\n4,3e6\"}");
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), 1);
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 1 + 2 + 2 + 1e-6, 1e-6));
	/* The radio is on all the time, and its bits are those of the task. */
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.3 * (5 + 1e-6), 1e-6));
	/* Again and again, 1 s at 1 Mbit/s and 1 s at 3 Mbit/s; before the first row the cell's own
	 * 8 Mbit/s. A task at 0.5 s: 4 Mbit by 1 s, 1 by 2 s, 3 by 3 s. */
	simulate(&o, 1, "30 s", one_mb, "{\"csv\":\"f.csv\"}",
		 ",\"capacity\":{\"csv\":{\"file\":\"g.csv\",\"repeat\":\"2 s\"}}",
		 FILE_IS("time\\n0.5") ",\"g.csv\":{\"data\":\"down,time,up\\n,1,1e6\\n,1."
				       "999999999,3e6\"}");
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 2.5 + 1e-6, 1e-5));
	/* One second, an hour later, is the last rate. */
	simulate(&o, 1, "3700 s", one_mb, "{\"csv\":\"f.csv\"}",
		 ",\"capacity\":{\"csv\":\"g.csv\"}",
		 FILE_IS("time\\n3600") ",\"g.csv\":{\"data\":\"time,up\\n0,2e6\\n2,16e6\"}");
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 0.5 + 1e-6, 1e-5));
}

/* ---- Paths */

/* The shipped road: three vehicles that drive past three cells, and each into the next one twice.
 */
static void a_road_as_sumo_exports_it_is_driven(void)
{
	struct outcome o;
	char *text = study(
		"{\"duration\":\"5 "
		"min\",\"apps\":{\"a\":{%s}},\"handsets\":{\"x\":{\"count\":3,\"cpu\":{"
		"\"clock\":\"1 GHz\",\"power\":\"1 W\",\"idle\":\"0 "
		"W\"},\"radio\":\"lte\",\"mobility\":{"
		"\"sumo-fcd\":\"traces/road.fcd.xml\"},\"apps\":{\"a\":{\"arrivals\":{\"csv\":"
		"\"traces/photos.csv\"}}}}},\"cells\":{\"w\":{\"down\":\"8 Mbit/s\",\"up\":\"8 "
		"Mbit/s\","
		"\"rtt\":\"1 ms\",\"site\":\"s\",\"position\":{\"x\":\"400 m\",\"y\":\"0 "
		"m\"}},\"m\":{"
		"\"down\":\"8 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"1 "
		"ms\",\"site\":\"s\",\"position\":{"
		"\"x\":\"1200 m\",\"y\":\"0 "
		"m\"},\"capacity\":{\"csv\":\"traces/bus-ride.csv\"}},\"e\":{"
		"\"down\":\"8 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"1 "
		"ms\",\"site\":\"s\",\"position\":{"
		"\"x\":\"2 km\",\"y\":\"0 "
		"m\"}}},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":8,\"clock\":"
		"\"4 GHz\",\"memory\":\"16 "
		"GiB\",\"platform\":\"native\",\"guests\":{\"count\":8}}}}}}",
		one_mb);
	support_simulate(text, 1, &o);
	free(text);
	CU_ASSERT_EQUAL(get(&o, "handovers", ""), 6);
	CU_ASSERT(is_near(sum_of(&o, "cell.handsets"), 3, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "tasks.offered", ""), 41);
	CU_ASSERT_EQUAL(get(&o, "tasks.done", "") + get(&o, "tasks.unfinished", ""), 41);
}

/* ---- Loss */

/* Of the packets of 1 MB a fifth is lost each time: a quarter more than 1 s, and than its energy.
 */
static void what_is_lost_is_sent_again(void)
{
	struct outcome o, without;
	static const char often[] = "{\"periodic\":\"10 s\"}";
	simulate(&without, 1, "20000 s", one_mb, often, ",\"loss\":\"none\"", "");
	simulate(&o, 1, "20000 s", one_mb, often, ",\"loss\":{\"link\":0.2}", "");
	CU_ASSERT(is_near(get(&without, "overhead", "radio"), 1 + 1e-6, 1e-6));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 1 / 0.8, 2e-3));
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.3 / 0.8, 2e-3));
	CU_ASSERT(is_near(sum_of(&o, "overhead"), get(&o, "response_time.mean", ""), 1e-12));
	CU_ASSERT_EQUAL(get(&o, "tasks.done", ""), get(&without, "tasks.done", ""));
	/* A mean of 0.1, evenly from 0 to 0.2: the mean of 1 / (1 - p) is ln(1 / 0.8) / 0.2. */
	simulate(&o, 1, "20000 s", one_mb, often,
		 ",\"loss\":{\"link\":{\"probability\":{\"uniform\":{\"from\":0,\"to\":0.2}}}}",
		 "");
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), log(1 / 0.8) / 0.2, 5e-3));
}

/* The variance of a negative binomial is n p / (1 - p)^2 retransmissions. */
static void retransmissions_are_negative_binomial(void)
{
	struct stream_key key = {.seed = 1};
	struct stream st;
	double sum = 0, squares = 0, n = 50, p = 0.3;
	int draws = 200000;
	stream_init(&st, &key, stream_name("test"), stream_name("loss"));
	for (int i = 0; i < draws; i++) {
		double packets = loss_again_bits(n * 8 * 1448, p, &st) / 8 / 1448;
		sum += packets;
		squares += packets * packets;
	}
	double mean = sum / draws;
	CU_ASSERT(is_near(mean, n * p / (1 - p), 5e-3));
	CU_ASSERT(is_near(squares / draws - mean * mean, n * p / (1 - p) / (1 - p), 2e-2));
	CU_ASSERT_EQUAL(loss_again_bits(1e6, 0, &st), 0);
	CU_ASSERT_EQUAL(loss_again_bits(0, 0.5, &st), 0);
}

/* Mathis et al.: 1448 B / 100 ms * sqrt(3/2 / p). */
static void tcp_is_bounded_by_its_losses(void)
{
	struct outcome o;
	static const char seldom[] = "{\"periodic\":\"100 s\"}";
	double p = 0.001, bound = 8 * 1448 / 0.1 * sqrt(1.5 / p);
	simulate(&o, 1, "40000 s", one_mb, seldom,
		 ",\"loss\":{\"tcp\":{\"probability\":0.001,\"delayed_acks\":false}}", "");
	CU_ASSERT(bound < 8e6);
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 8e6 / (1 - p) / bound, 2e-3));
	simulate(&o, 1, "40000 s", one_mb, seldom, ",\"loss\":{\"tcp\":0.001}", "");
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 8e6 / (1 - p) / bound * sqrt(2), 2e-3));
	/* Where the bound is above the cell's rate, the cell bounds it; and where two share it. */
	simulate(&o, 1, "40000 s", one_mb, seldom, ",\"loss\":{\"tcp\":0.00001}", "");
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 1, 1e-3));
	simulate(&o, 4, "40000 s", one_mb, "{\"csv\":{\"file\":\"f.csv\",\"repeat\":\"100 s\"}}",
		 ",\"loss\":{\"tcp\":0.001}", FILE_IS("time\\n1\\n1\\n1\\n1"));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 4 / (1 - p), 3e-3));
}

/* ---- Mistakes */

/* A file that is wrong is told by its name and line. */
static void file_refuses(const char *arrivals, const char *cell, const char *traces, int line,
			 const char *says)
{
	struct diag_list diags = {0};
	char *text = world(2, "10 s", one_mb, arrivals, cell, traces);
	bool found = false;
	CU_ASSERT_PTR_NULL(support_build(text, &diags));
	for (size_t i = 0; i < diags.count; i++)
		found |= strstr(diags.items[i].text, says) && diags.items[i].line == line &&
			 strcmp(diags.items[i].file, "f.csv") == 0;
	for (size_t i = 0; i < diags.count && !found; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT(found);
	diag_free(&diags);
	free(text);
}

static void bad_rows_are_told_by_their_lines(void)
{
	static const char *const arrivals = "{\"csv\":\"f.csv\"}";
	static const struct {
		const char *traces;
		int line;
		const char *says;
	} bad[] = {
		{FILE_IS(""), 0, "is empty"},
		{FILE_IS("when\\n1"), 1, "\"when\" is none; there are time, handset, app, input"},
		{FILE_IS("time,time\\n1,1"), 1, "named twice"},
		{FILE_IS("handset\\n1"), 1, "must name the column \"time\""},
		{FILE_IS("time"), 1, "has no rows"},
		{FILE_IS("time\\n1\\nsoon"), 3, "time is not a number: \"soon\""},
		{FILE_IS("time\\n1\\nnan"), 3, "not a number"},
		{FILE_IS("time\\n1\\n0x10"), 3, "not a number"},
		{FILE_IS("time\\n1\\n1e999"), 3, "not a number"},
		{FILE_IS("time\\n-1"), 2, "must be in 0..1e+09 (got -1)"},
		{FILE_IS("time\\n2\\n\\n1"), 4, "must not fall"},
		{FILE_IS("time,handset\\n2"), 2, "has 1 fields"},
		{FILE_IS("time,handset\\n2,1,3"), 2, "has 3 fields"},
		{FILE_IS("time,handset\\n2,2"), 2, "the class has 2"},
		{FILE_IS("time,handset\\n2,0.5"), 2, "whole number"},
		{FILE_IS("time,handset\\n2,"), 2, "handset is missing"},
		{FILE_IS("time,handset\\n,1"), 2, "time is missing"},
		{FILE_IS("time,input\\n2,-1"), 2, "input must be in"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		file_refuses(arrivals, "", bad[i].traces, bad[i].line, bad[i].says);
	static const char *const cell = ",\"capacity\":{\"csv\":\"f.csv\"}";
	static const char *const some = "{\"periodic\":\"1 s\"}";
	file_refuses(some, cell, FILE_IS("time\\n1"), 1, "\"up\", \"down\" or both");
	file_refuses(some, cell, FILE_IS("time,up\\n1,1\\n1,2"), 3, "must rise");
	file_refuses(some, cell, FILE_IS("time,up\\n1,-1"), 2, "up must be in");
	file_refuses(some, cell, FILE_IS("time,up\\n1,1 Mbit/s"), 2, "up is not a number");
}

static void refuses(const char *app, const char *arrivals, const char *cell, const char *traces,
		    const char *pointer, const char *says)
{
	support_refuses(world(2, "10 s", app, arrivals, cell, traces), pointer, says);
}

static void other_mistakes_are_told(void)
{
	static const char *const some = "{\"periodic\":\"1 s\"}", *const follows =
									  "{\"csv\":\"f.csv\"}";
	static const char *const at = "/handsets/x/apps/a/arrivals/csv";
	refuses(one_mb, "{\"cvs\":\"f.csv\"}", "", "", "/handsets/x/apps/a/arrivals",
		"did you mean \"csv\"?");
	refuses(one_mb, "{\"csv\":\"none.csv\"}", "", "", "/handsets/x/apps/a/arrivals/csv/file",
		"cannot read");
	refuses(one_mb, "{\"csv\":{\"file\":\"f.csv\",\"repeat\":\"1 s\"}}", "",
		FILE_IS("time\\n1"), "/handsets/x/apps/a/arrivals/csv/repeat",
		"more than the last time");
	refuses("\"input\":\"1 MB\",\"output\":\"0 B\",\"cycles\":\"1 Gcycles\"", follows, "",
		FILE_IS("time,output\\n1,1"), at, "is 0");
	refuses("\"stages\":{\"s\":{\"cycles\":\"1 Gcycles\"}}", follows, "",
		FILE_IS("time,cycles\\n1,1"), at, "stages");
	refuses(one_mb, some, ",\"capacity\":\"cvs\"", "", "/cells/c/capacity",
		"there are constant, csv");
	refuses(one_mb, some, ",\"capacity\":{\"csv\":{\"file\":\"f.csv\",\"repeat\":\"1 s\"}}",
		FILE_IS("time,up\\n2,1"), "/cells/c/capacity/csv/repeat", "more than the last");
	refuses(one_mb, some, ",\"loss\":\"lost\"", "", "/cells/c/loss",
		"there are link, none, tcp");
	refuses(one_mb, some, ",\"loss\":{\"link\":0.95}", "", "/cells/c/loss/link/probability",
		"at most 90 %");
	refuses(one_mb, some, ",\"loss\":{\"tcp\":\"often\"}", "", "/cells/c/loss/tcp/probability",
		"");
	refuses(one_mb, some, ",\"loss\":{\"tcp\":0.1},\"capacity\":{\"csv\":\"f.csv\"}",
		FILE_IS("time,up\\n2,1"), "/cells/c/loss", "bounds rates");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"tasks_come_when_the_file_says", tasks_come_when_the_file_says},
		{"tasks_need_what_the_file_says", tasks_need_what_the_file_says},
		{"a_cell_carries_what_the_file_says", a_cell_carries_what_the_file_says},
		{"a_road_as_sumo_exports_it_is_driven", a_road_as_sumo_exports_it_is_driven},
		{"what_is_lost_is_sent_again", what_is_lost_is_sent_again},
		{"retransmissions_are_negative_binomial", retransmissions_are_negative_binomial},
		{"tcp_is_bounded_by_its_losses", tcp_is_bounded_by_its_losses},
		{"bad_rows_are_told_by_their_lines", bad_rows_are_told_by_their_lines},
		{"other_mistakes_are_told", other_mistakes_are_told},
		{0},
	};
	return test_main("traces", cases, argc, argv);
}
