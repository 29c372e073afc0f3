/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Cells that reach several sites over links: times by hand, what is connected, and mistakes. */
#include "models/world/world_model.h"
#include "tests/models/world_support.h"

/* Handsets that send 1 Mbit and 1 Gcycle at a time, and get nothing back. Two cells of 100 Mbit/s,
 * an edge site of 2 GHz and a cloud of 4 GHz, 20 ms away behind links. */
static char *two_tiers(const char *policy, const char *first, const char *second, int handsets)
{
	return study(
		"{\"duration\":\"1000 s\",\"apps\":{\"a\":{\"input\":\"125 kB\",\"output\":\"0 B\","
		"\"cycles\":\"1 Gcycles\",\"operations\":{\"net_rx\":{\"packets\":0,"
		"\"bytes\":\"0 B\"}}}},"
		"\"handsets\":{\"x\":{\"count\":%d,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 W\","
		"\"idle\":\"0.1 W\"},\"battery\":\"1000 Wh\",\"radio\":\"constant-power\","
		"\"cell\":\"one\",\"policy\":%s,\"apps\":{\"a\":{\"arrivals\":"
		"{\"periodic\":\"10 s\"}}}}},"
		"\"cells\":{\"one\":{\"down\":\"100 Mbit/s\",\"up\":\"100 Mbit/s\",\"rtt\":\"10 "
		"ms\",%s},\"two\":{\"down\":\"100 Mbit/s\",\"up\":\"100 Mbit/s\",\"rtt\":\"10 "
		"ms\",%s}},"
		"\"links\":{\"metro\":{\"up\":\"50 Mbit/s\",\"down\":\"50 Mbit/s\",\"delay\":\"2 "
		"ms\"},"
		"\"wan\":{\"up\":\"10 Mbit/s\",\"down\":\"10 Mbit/s\",\"delay\":\"3 ms\"}},"
		"\"sites\":{\"edge\":{\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"2 GHz\","
		"\"memory\":\"8 GiB\",\"platform\":\"native\",\"guests\":{\"count\":4}}}},"
		"\"cloud\":{\"delay\":\"20 ms\",\"hosts\":{\"h\":{\"cores\":4,\"clock\":\"4 GHz\","
		"\"memory\":\"8 GiB\",\"platform\":\"native\",\"guests\":{\"count\":4}}}}}}",
		handsets, policy, first, second);
}

static double response_of(const char *first)
{
	struct outcome o;
	char *text = two_tiers("\"remote\"", first, "\"site\":\"edge\"", 1);
	support_simulate(text, 1, &o);
	free(text);
	CU_ASSERT(get(&o, "tasks.done", "") > 98);
	CU_ASSERT(is_near(sum_of(&o, "overhead"), get(&o, "response_time.mean", ""), 1e-12));
	CU_ASSERT(get(&o, "overhead", "queue") == 0);
	return get(&o, "response_time.mean", "");
}

static void a_task_passes_the_links_of_its_path(void)
{
	/* The cell passes 1 Mbit in 10 ms, the metro link in 20 ms, the other in 100 ms. Back there
	 * is nothing to pass, but the way is as long. */
	CU_ASSERT(is_near(response_of("\"site\":\"edge\""), 0.010 + 2 * 0.005 + 0.5, 1e-9));
	CU_ASSERT(is_near(response_of("\"reaches\":{\"edge\":{\"via\":[\"metro\"]}}"),
			  0.010 + 0.020 + 2 * 0.007 + 0.5, 1e-9));
	CU_ASSERT(is_near(response_of("\"reaches\":{\"cloud\":{\"via\":[\"metro\",\"wan\"]}}"),
			  0.010 + 0.020 + 0.100 + 2 * (0.005 + 0.002 + 0.003 + 0.020) + 0.25,
			  1e-9));
}

static void what_comes_back_passes_them_too(void)
{
	char *text =
		two_tiers("\"remote\"", "\"reaches\":{\"cloud\":{\"via\":[\"metro\",\"wan\"]}}",
			  "\"site\":\"edge\"", 1);
	char *at = strstr(text, "\"output\":\"0 B\"");
	char *changed = study("%.*s\"output\":\"125 kB\"%s", (int)(at - text), text,
			      at + strlen("\"output\":\"0 B\""));
	struct outcome o;
	support_simulate(changed, 1, &o);
	double moved = 0.010 + 0.020 + 0.100, way = 0.005 + 0.002 + 0.003 + 0.020;
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 2 * (0.020 + 0.100 + way), 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 2 * 0.010, 1e-9));
	CU_ASSERT(get(&o, "response_time.mean", "") > 2 * (moved + way) + 0.25);
	free(text);
	free(changed);
}

/* Two cells, one of which leads to the cloud alone; what they share decides. */
static void regions_are_what_is_connected(void)
{
	static const struct {
		const char *first, *second;
		uint32_t regions;
	} cases[] = {
		{"\"site\":\"edge\"", "\"site\":\"cloud\"", 2},
		{"\"site\":\"edge\"", "\"site\":\"edge\"", 2}, /* the cloud is by itself */
		{"\"reaches\":{\"edge\":{},\"cloud\":{}}", "\"site\":\"cloud\"", 1},
		{"\"reaches\":{\"edge\":{\"via\":[\"metro\"]}}",
		 "\"reaches\":{\"cloud\":{\"via\":[\"wan\"]}}", 2},
		{"\"reaches\":{\"edge\":{\"via\":[\"metro\"]}}",
		 "\"reaches\":{\"cloud\":{\"via\":[\"wan\",\"metro\"]}}", 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diag_list diags = {0};
		struct outcome o;
		char *text = two_tiers("{\"random\":0.7}", cases[i].first, cases[i].second, 3);
		struct world *w = support_build(text, &diags);
		CU_ASSERT_PTR_NOT_NULL_FATAL(w);
		CU_ASSERT_EQUAL(w->region_count, cases[i].regions);
		support_run(w, 1, 0, &o);
		CU_ASSERT(get(&o, "tasks.done", "") + get(&o, "tasks.unfinished", "") ==
			  get(&o, "tasks.offered", ""));
		get(&o, "utilization", "edge/h/0");
		get(&o, "utilization", "cloud/h/0");
		world_free(w);
		diag_free(&diags);
		free(text);
	}
}

static void a_link_is_shared(void)
{
	struct outcome o;
	char *text = two_tiers("\"remote\"", "\"reaches\":{\"cloud\":{\"via\":[\"wan\"]}}",
			       "\"site\":\"edge\"", 1);
	support_simulate(text, 1, &o);
	double alone = get(&o, "overhead", "network");
	free(text);
	text = two_tiers("\"remote\"", "\"reaches\":{\"cloud\":{\"via\":[\"wan\"]}}",
			 "\"site\":\"edge\"", 60);
	support_simulate(text, 1, &o);
	free(text);
	/* 60 tasks in 10 s, 0.1 s each on the link: load 0.6. */
	double shared = get(&o, "overhead", "network");
	CU_ASSERT(shared > alone + 0.01 && shared < alone + 0.5);
}

static void check(const char *first, const char *pointer, const char *says)
{
	support_refuses(two_tiers("\"remote\"", first, "\"site\":\"edge\"", 1), pointer, says);
}

static void mistakes_are_told(void)
{
	check("\"site\":\"edge\",\"reaches\":{\"edge\":{}}", "/cells/one", "only one of them");
	check("\"//\":\"\"", "/cells/one", "needs \"site\"");
	check("\"reaches\":{\"egde\":{}}", "/cells/one/reaches/egde", "did you mean \"edge\"?");
	check("\"reaches\":{\"edge\":{\"via\":[\"metro\",\"won\"]}}",
	      "/cells/one/reaches/edge/via/1", "did you mean \"wan\"?");
	check("\"reaches\":{}", "/cells/one/reaches", "at least 1");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_task_passes_the_links_of_its_path", a_task_passes_the_links_of_its_path},
		{"what_comes_back_passes_them_too", what_comes_back_passes_them_too},
		{"regions_are_what_is_connected", regions_are_what_is_connected},
		{"a_link_is_shared", a_link_is_shared},
		{"mistakes_are_told", mistakes_are_told},
		{0},
	};
	return test_main("network", cases, argc, argv);
}
