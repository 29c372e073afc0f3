/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Task graphs: stages and edges against hand calculations, what adds up, the optimal partition
 * against all partitions, and mistakes in files.
 */
#include "models/platform/platform.h"
#include "models/policy/partition.h"
#include "tests/models/world_support.h"

/* Phones of 1 GHz (2 W, idle 0.3 W) with a radio of 1.3 W and nothing else, a cell of 8 Mbit/s and
 * 20 ms, a site of 4 GHz with no virtualization. */
static char *world_of(const char *stages, const char *policy, const char *radio,
		      const char *arrivals, const char *platform, const char *more)
{
	return study(
		"{\"duration\":\"1000 s\",\"apps\":{\"a\":{\"stages\":%s}},\"handsets\":{\"phone\":"
		"{\"count\":3,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\",\"idle\":\"0.3 W\"},"
		"\"radio\":\"%s\",\"cell\":\"c\",\"policy\":%s,\"apps\":{\"a\":{\"arrivals\":%s}}%s"
		"}},\"cells\":{\"c\":{\"down\":\"8 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"20 ms\","
		"\"site\":\"s\"}},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":8,\"clock\":"
		"\"4 GHz\",\"memory\":\"64 GiB\",\"platform\":\"%s\",\"guests\":{\"count\":8}}}}}}",
		stages, radio, policy, arrivals, more, platform);
}

static void simulate(struct outcome *o, const char *stages, const char *policy, const char *radio,
		     const char *arrivals, const char *platform)
{
	char *text = world_of(stages, policy, radio, arrivals, platform, "");
	support_simulate(text, 7, o);
	free(text);
}

/* camera -> left, right -> screen. Packets cost nothing, so that nothing but the graph does. */
#define FREE                                                                                       \
	"\"operations\":{\"net_rx\":{\"packets\":0,\"bytes\":\"0 B\"},\"net_tx\":"                 \
	"{\"packets\":0,\"bytes\":\"0 B\"}}"
static const char diamond[] =
	"{\"camera\":{\"cycles\":\"100 Mcycles\",\"pinned\":true},"
	"\"left\":{\"cycles\":\"4 Gcycles\",\"after\":{\"camera\":{\"bytes\":\"100 kB\"}}," FREE
	"},"
	"\"right\":{\"cycles\":\"1 Gcycles\",\"after\":{\"camera\":{\"bytes\":\"100 kB\"}}," FREE
	"},\"screen\":{\"cycles\":\"50 Mcycles\",\"pinned\":true,\"after\":{\"left\":{\"bytes\":"
	"\"1 kB\"},\"right\":{\"bytes\":\"1 kB\"}}}}";
#define SELDOM "{\"periodic\":\"400 s\"}"

static void a_diamond_follows_the_hand(void)
{
	struct outcome o;
	simulate(&o, diamond, "\"local\"", "constant-power", SELDOM, "native");
	/* One CPU: 0.1 + 4 + 1 + 0.05 s, of which right waits for left. */
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 5.15, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 1.15, 1e-9)); /* camera, right, screen */
	CU_ASSERT(is_near(get(&o, "overhead", "queue"), 4, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "cpu"), 5.15 * 1.7, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "idle"), 5.15 * 0.3, 1e-9));

	simulate(&o, diamond, "\"remote\"", "constant-power", SELDOM, "native");
	/* Both 100 kB share 1 MB/s: 0.2 s; then left takes 1 s and 1 ms back, right ran beside. */
	CU_ASSERT(is_near(get(&o, "response_time.mean", ""), 0.1 + 0.2 + 0.02 + 1 + 0.001 + 0.05,
			  1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "compute"), 0.1 + 1 + 0.05, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 0.201, 1e-9));
	CU_ASSERT(is_near(get(&o, "overhead", "network"), 0.02, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "overhead", "queue"), 0);
	/* Right's kilobyte goes back while left computes, and costs its energy all the same. */
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.3 * 0.202, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy", "cpu"), 0.15 * 1.7, 1e-9));
}

/* A task in one piece and the same as a graph are one and the same. (With a policy that mixes, the
 * stage before the sending waits for the CPU behind other tasks.) */
static void one_piece_is_a_graph_of_one_stage(void)
{
	static const char *const policies[] = {"\"remote\"", "\"local\""};
	static const char stages[] = "{\"in\":{\"cycles\":\"0 cycles\",\"pinned\":true},\"work\":{"
				     "\"cycles\":\"800 Mcycles\",\"operations\":{\"syscall\":500},"
				     "\"after\":{\"in\":{\"bytes\":\"144.8 kB\"}}},\"out\":{"
				     "\"cycles\":\"0 cycles\",\"pinned\":true,\"after\":{\"work\":"
				     "{\"bytes\":\"14.48 kB\"}}}}";
	static const char whole[] = "\"input\":\"144.8 kB\",\"output\":\"14.48 kB\",\"cycles\":"
				    "\"800 Mcycles\",\"operations\":{\"syscall\":500}";
	for (size_t i = 0; i < 2; i++) {
		struct outcome graph, piece;
		char *text = world_of(stages, policies[i], "lte", "{\"poisson\":\"4 /min\"}",
				      "kvm-virtio", "");
		support_simulate(text, 5, &graph);
		char *at = strstr(text, "\"stages\":");
		char *plain = study("%.*s%s%s", (int)(at - text), text, whole,
				    at + strlen("\"stages\":") + strlen(stages));
		support_simulate(plain, 5, &piece);
		CU_ASSERT_EQUAL(get(&graph, "tasks.done", ""), get(&piece, "tasks.done", ""));
		CU_ASSERT_EQUAL(get(&graph, "tasks.remote", ""), get(&piece, "tasks.remote", ""));
		CU_ASSERT(is_near(get(&graph, "response_time.mean", ""),
				  get(&piece, "response_time.mean", ""), 1e-7));
		CU_ASSERT(is_near(get(&graph, "energy_per_task.mean", ""),
				  get(&piece, "energy_per_task.mean", ""), 1e-7));
		for (const char *const *c = cause_names; *c; c++)
			CU_ASSERT(fabs(get(&graph, "overhead", *c) - get(&piece, "overhead", *c)) <=
				  2e-9);
		free(plain);
		free(text);
	}
}

/* ---- What adds up */

static const char varied[] =
	"{\"a\":{\"cycles\":{\"exponential\":\"200 Mcycles\"},\"pinned\":true},"
	"\"b\":{\"cycles\":{\"exponential\":\"900 Mcycles\"},\"operations\":{\"syscall\":300,"
	"\"page_touch\":{\"exponential\":400}},\"after\":{\"a\":{\"bytes\":{\"exponential\":\"60 "
	"kB\"}}}},\"c\":{\"cycles\":\"300 Mcycles\",\"after\":{\"a\":{\"bytes\":\"0 B\"}}},"
	"\"d\":{\"cycles\":\"40 Mcycles\",\"pinned\":true,\"after\":{\"b\":{\"bytes\":\"2 kB\"},"
	"\"c\":{\"bytes\":\"90 kB\"}}},\"e\":{\"cycles\":\"1 Gcycles\",\"after\":{\"c\":{\"bytes\":"
	"\"10 kB\"},\"d\":{\"bytes\":\"5 kB\"}}}}";

static void conserved(const struct outcome *o)
{
	double offered = get(o, "tasks.offered", "");
	CU_ASSERT(offered > 100);
	CU_ASSERT_EQUAL(offered, get(o, "tasks.done", "") + sum_of(o, "tasks.failed") +
					 get(o, "tasks.unfinished", ""));
	CU_ASSERT_EQUAL(offered, get(o, "tasks.local", "") + get(o, "tasks.remote", ""));
	/* The mean of the whole is made of whole nanoseconds, as are its parts. */
	double n = get(o, "app.done", "a");
	if (n == 0)
		return;
	CU_ASSERT(is_near(sum_of(o, "overhead") * n, get(o, "app.response_time", "a") * n, 1e-12));
	CU_ASSERT(is_near(sum_of(o, "energy"), get(o, "energy_per_task.mean", ""), 1e-12));
}

static void everything_adds_up(void)
{
	static const char *const policies[] = {
		"\"remote\"",	    "\"local\"",
		"{\"random\":0.5}", "\"maui\"",
		"{\"bandit\":{}}",  "{\"maui\":{\"latency\":\"900 ms\",\"tail\":false}}"};
	static const char *const platforms[] = {"kvm-emulated", "kvm-virtio", "container"};
	for (size_t i = 0; i < 6; i++) {
		struct outcome o, again;
		char *text = world_of(varied, policies[i], "lte", "{\"poisson\":\"20 /min\"}",
				      platforms[i % 3], "");
		support_simulate(text, 11, &o);
		conserved(&o);
		support_simulate(text, 11, &again);
		CU_ASSERT_EQUAL(memcmp(&o, &again, sizeof(o)), 0);
		free(text);
	}
}

/* With no idle power the battery has lost what the tasks have cost, to the joule. */
static void a_battery_loses_what_tasks_cost(void)
{
	struct outcome o;
	char *text = world_of(varied, "{\"random\":0.7}", "lte", "{\"periodic\":\"100 s\"}",
			      "kvm-virtio", ",\"battery\":\"20 Wh\"");
	char *idle = strstr(text, "\"idle\":\"0.3 W\"");
	memcpy(idle, "\"idle\":\"0.0 W\"", strlen("\"idle\":\"0.0 W\""));
	support_simulate(text, 3, &o);
	CU_ASSERT_EQUAL(get(&o, "tasks.unfinished", ""), 0);
	CU_ASSERT(is_near(3 * (20 * 3600 - get(&o, "battery.end", "phone")),
			  get(&o, "energy_per_task.mean", "") * get(&o, "tasks.done", ""), 1e-9));
	free(text);
}

/* Batteries that run empty and guests that are not there end tasks while steps of theirs go on. */
static void failures_end_a_task_once(void)
{
	static const char *const policies[] = {"\"remote\"", "{\"random\":0.5}", "\"maui\""};
	for (size_t i = 0; i < 3; i++) {
		struct outcome o;
		char *text = world_of(varied, policies[i], "lte", "{\"poisson\":\"1 /s\"}",
				      "kvm-virtio", ",\"battery\":\"900 J\"");
		support_simulate(text, 3, &o);
		conserved(&o);
		CU_ASSERT(get(&o, "tasks.failed", "battery") > 0);
		CU_ASSERT_EQUAL(get(&o, "battery.end", "phone"), 0);
		memcpy(strstr(text, "\"count\":8"), "\"count\":0", strlen("\"count\":0"));
		support_simulate(text, 3, &o);
		conserved(&o);
		CU_ASSERT(i == 2 || get(&o, "tasks.failed", "no-guest") > 0);
		free(text);
	}
}

/* ---- The optimal partition */

static const struct policy_site near_site = {.hz = 4e9,
					     .vcpus = 8,
					     .one_way_s = 0.01,
					     .up_bps = 8e6,
					     .down_bps = 16e6,
					     .links_up_s_per_bit = 1e-9,
					     .links_down_s_per_bit = 1e-9};
static const struct radio some_radio = {.promotion_ns = 260000000,
					.promotion_w = 1.2,
					.base_w = 1.288,
					.up_j_per_bit = 438e-9,
					.down_j_per_bit = 52e-9,
					.tail_j = 0.8};

static double draw(struct stream *st)
{
	return stream_uniform(st);
}

/* A graph of n stages: some pinned, edges forward only. */
static void random_graph(struct policy_graph *g, unsigned n, struct stream *st)
{
	*g = (struct policy_graph){.stages = n};
	for (uint8_t i = 0; i < n; i++) {
		bool entry = true;
		g->cycles[i] = 3e9 * draw(st) * draw(st);
		g->pinned |= (uint32_t)(draw(st) < 0.2) << i;
		for (uint8_t k = 0; k < i; k++)
			if (draw(st) < 1.5 / n) {
				entry = false;
				g->edge[g->edges++] =
					(struct policy_edge){k, i, 8 * 400e3 * draw(st) * draw(st)};
			}
		if (entry)
			g->edge[g->edges++] = (struct policy_edge){APP_HANDSET, i, 0};
	}
	for (uint8_t i = 0; i < n; i++) {
		bool last = true;
		for (unsigned k = 0; k < g->edges; k++)
			last &= g->edge[k].from != i;
		if (last)
			g->edge[g->edges++] = (struct policy_edge){i, APP_HANDSET, 0};
	}
}

static void check_optimum(const struct partition_costs *c, double limit, uint32_t got, bool within)
{
	double least_j = INFINITY, least_s = INFINITY;
	for (uint32_t mask = 0; mask < 1u << c->graph->stages; mask++) {
		if (mask & c->graph->pinned)
			continue;
		double s = partition_s(c, mask);
		least_s = fmin(least_s, s);
		if (s <= limit)
			least_j = fmin(least_j, partition_j(c, mask));
	}
	CU_ASSERT_EQUAL(got & c->graph->pinned, 0);
	CU_ASSERT_EQUAL(within, isfinite(least_j));
	if (within) {
		CU_ASSERT(partition_s(c, got) <= limit);
		CU_ASSERT(is_near(partition_j(c, got), least_j, 1e-12));
	} else {
		CU_ASSERT(is_near(partition_s(c, got), least_s, 1e-12));
	}
}

static void the_optimum_is_that_of_all_partitions(void)
{
	struct stream st;
	struct stream_key key = {.seed = 1};
	unsigned limited = 0, hopeless = 0, mixed = 0;
	stream_init(&st, &key, 1, stream_name("graphs"));
	for (int i = 0; i < 400; i++) {
		struct policy_graph g;
		struct partition_costs c;
		uint32_t free_choice, got;
		random_graph(&g, 1 + (unsigned)(i % 12), &st);
		struct policy_view v = {.handset_hz = 1e9,
					.compute_w = 0.4 + 1.2 * draw(&st),
					.idle_w = 0.3,
					.radio = &some_radio,
					.sites = &near_site,
					.site_count = 1,
					.graph = &g};
		partition_costs(&c, &v, 0, i % 2);
		bool within = partition_least(&c, INFINITY, &free_choice);
		check_optimum(&c, INFINITY, free_choice, within);
		/* From none that is in time, by some between, to all. */
		CU_ASSERT_FALSE(partition_least(&c, -1, &got));
		check_optimum(&c, -1, got, false);
		double fastest = partition_s(&c, got), slow = partition_s(&c, free_choice);
		double limit = fastest + (slow - fastest) * (1.4 * draw(&st) - 0.2);
		within = partition_least(&c, limit, &got);
		check_optimum(&c, limit, got, within);
		limited += within && got != free_choice;
		hopeless += !within;
		mixed += got != 0 && got != (~g.pinned & ((1u << g.stages) - 1));
	}
	/* The cases are not all of one sort. */
	CU_ASSERT(limited > 40 && hopeless > 10 && mixed > 60);
}

/* A chain alone costs what the policy expects: the same formulas from two sides. */
static void a_chain_costs_what_was_expected(void)
{
	static const char chain[] =
		"{\"a\":{\"cycles\":\"10 Mcycles\",\"pinned\":true},\"b\":{\"cycles\":\"20 "
		"Mcycles\",\"after\":{\"a\":{\"bytes\":\"2 MB\"}}," FREE "},\"c\":{\"cycles\":\"30 "
		"Gcycles\",\"after\":{\"b\":{\"bytes\":\"20 kB\"}}," FREE
		"},\"d\":{\"cycles\":\"10 "
		"Mcycles\",\"after\":{\"c\":{\"bytes\":\"1 kB\"}},\"pinned\":true}}";
	struct outcome o;
	simulate(&o, chain, "\"maui\"", "constant-power", SELDOM, "native");
	/* b stays, for its result is small; c goes: 0.04 s here, 20 ms up, 7.5 s there, 1 ms back.
	 */
	CU_ASSERT(
		is_near(get(&o, "response_time.mean", ""), 0.04 + 0.02 + 0.02 + 7.5 + 0.001, 1e-9));
	CU_ASSERT(is_near(get(&o, "energy_per_task.mean", ""),
			  0.04 * 2 + 0.021 * 1.3 + (0.02 + 0.02 + 7.5 + 0.001) * 0.3, 1e-9));
	double maui = get(&o, "energy_per_task.mean", "");
	simulate(&o, chain, "\"remote\"", "constant-power", SELDOM, "native");
	CU_ASSERT(get(&o, "energy_per_task.mean", "") > maui);
	CU_ASSERT(
		is_near(get(&o, "response_time.mean", ""), 0.02 + 2 + 0.02 + 7.505 + 0.001, 1e-9));
	simulate(&o, chain, "\"local\"", "constant-power", SELDOM, "native");
	CU_ASSERT(get(&o, "energy_per_task.mean", "") > maui);
	/* In a time that only leaving with everything meets none does; the fastest is taken. */
	simulate(&o, chain, "{\"maui\":{\"latency\":\"1 s\"}}", "constant-power", SELDOM, "native");
	CU_ASSERT(is_near(get(&o, "energy_per_task.mean", ""), maui, 1e-9));
}

/* ---- Mistakes */

static void refused(const char *stages, const char *place, const char *text)
{
	support_refuses(world_of(stages, "\"maui\"", "lte", SELDOM, "native", ""), place, text);
}

#define STAGE(after) "{\"cycles\":\"1 Mcycles\",\"after\":{" after "}}"
#define BYTES	     "{\"bytes\":\"1 B\"}"

static void mistakes_are_named(void)
{
	refused("{\"a\":" STAGE("") ",\"b\":" STAGE("\"a\":" BYTES ",\"d\":" BYTES) ",\"c\":" STAGE(
			"\"b\":" BYTES) ",\"d\":" STAGE("\"c\":" BYTES) "}",
		"/apps/a/stages/b", "is part of a cycle: b -> c -> d -> b");
	refused("{\"a\":" STAGE("\"a\":" BYTES) "}", "/apps/a/stages/a", "cycle: a -> a");
	refused("{\"camera\":" STAGE("") ",\"b\":" STAGE("\"camara\":" BYTES) "}",
		"/apps/a/stages/b/after/camara",
		"unknown stage \"camara\", did you mean \"camera\"?");
	refused("{\"a\":" STAGE("") ",\"b\":" STAGE("\"a\":" BYTES) ",\"c\":" STAGE("") "}",
		"/apps/a/stages/c", "is unreachable");
	refused("{\"a\":" STAGE("") "},\"cycles\":\"1 Mcycles\"", "/apps/a/cycles",
		"has no place beside \"stages\"");
	refused("{\"a\":" STAGE("") "},\"operations\":{\"syscall\":1}", "/apps/a/operations",
		"have no place beside \"stages\"");
	refused("{}", "/apps/a/stages", "at least 1");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_diamond_follows_the_hand", a_diamond_follows_the_hand},
		{"one_piece_is_a_graph_of_one_stage", one_piece_is_a_graph_of_one_stage},
		{"everything_adds_up", everything_adds_up},
		{"a_battery_loses_what_tasks_cost", a_battery_loses_what_tasks_cost},
		{"failures_end_a_task_once", failures_end_a_task_once},
		{"the_optimum_is_that_of_all_partitions", the_optimum_is_that_of_all_partitions},
		{"a_chain_costs_what_was_expected", a_chain_costs_what_was_expected},
		{"mistakes_are_named", mistakes_are_named},
		{0},
	};
	return test_main("graph", cases, argc, argv);
}
