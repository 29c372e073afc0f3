/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a run tells whoever follows it: every task, with times and energies that are those of the
 * metrics, and one handset's life without gaps or overlaps in a lane.
 */
#include "models/platform/platform.h"
#include "models/run/run.h"
#include "tests/models/world_support.h"

enum { LANES_SEEN = 64 };

struct followed {
	size_t tasks, done, counted, inexact, misplaced, slices, backwards;
	size_t at_s, away; /* of those counted */
	double energy_j;
	int64_t response_ns, busy_ns;
	int64_t lane_end[LANES_SEEN], last_level_ns;
	bool radio_moved;
	double battery_j;
};

static int take_task(void *ctx, const struct world_task *t)
{
	struct followed *f = ctx;
	int64_t sum = 0;
	f->tasks++;
	f->done += !t->failure;
	if (t->failure)
		return t->cause_ns ? ERR_INTERNAL : 0;
	for (int c = 0; c < CAUSE_COUNT; c++)
		sum += t->cause_ns[c];
	f->inexact += sum != t->end_ns - t->start_ns;
	/* Only the platform of site s has exits, whatever cell the handset is in by now. */
	f->misplaced += (t->site && strcmp(t->site, "s") == 0) != (t->cause_ns[CAUSE_EXITS] > 0);
	if (!t->counts)
		return 0;
	f->counted++;
	f->at_s += t->site && strcmp(t->site, "s") == 0;
	f->away += t->site != NULL;
	f->response_ns += t->end_ns - t->start_ns;
	for (int i = 0; i < ENERGY_COUNT; i++)
		f->energy_j += t->energy_j[i];
	return 0;
}

static int take_slice(void *ctx, uint32_t lane, const char *app, const char *stage,
		      const char *what, int64_t from_ns, int64_t to_ns)
{
	struct followed *f = ctx;
	(void)app;
	(void)stage;
	(void)what;
	if (lane >= LANES_SEEN)
		return ERR_LIMIT;
	f->slices++;
	f->backwards += from_ns < f->lane_end[lane] || to_ns <= from_ns;
	f->lane_end[lane] = to_ns;
	f->busy_ns += to_ns - from_ns;
	return 0;
}

static int take_level(void *ctx, const char *what, int64_t at_ns, double value)
{
	struct followed *f = ctx;
	(void)at_ns;
	f->radio_moved |= strcmp(what, "radio") == 0 && value > 0;
	if (strcmp(what, "battery") == 0) {
		f->backwards += value > f->battery_j + 1e-9;
		f->battery_j = value;
	}
	return 0;
}

#define WHOLE                                                                                      \
	"\"input\":\"80 kB\",\"output\":\"20 kB\",\"cycles\":{\"exponential\":\"300 Mcycles\"}"
#define STAGES                                                                                     \
	"\"stages\":{\"a\":{\"cycles\":\"20 Mcycles\",\"pinned\":true},\"b\":{\"cycles\":"         \
	"{\"exponential\":\"400 Mcycles\"},\"after\":{\"a\":{\"bytes\":\"60 kB\"}}},\"c\":{"       \
	"\"cycles\":\"100 Mcycles\",\"after\":{\"a\":{\"bytes\":\"20 kB\"}}}}"

static const char still[] = "\"cell\":\"c\"";
/* Through both cells and a place where there is none. */
static const char moving[] =
	"\"mobility\":{\"random-waypoint\":{\"area\":{\"width\":\"500 m\",\"height\":\"20 m\"},"
	"\"speed\":{\"min\":\"5 m/s\",\"max\":\"20 m/s\"}}}";

static char *phones(const char *app, const char *policy, const char *battery, const char *where)
{
	return study(
		"{\"duration\":\"400 s\",\"warmup\":\"50 s\",\"apps\":{\"a\":{%s}},\"handsets\":"
		"{\"phone\":{\"count\":4,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\",\"idle\":"
		"\"0.3 W\"},\"battery\":\"%s\",\"radio\":\"lte\",%s,\"policy\":%s,"
		"\"apps\":{\"a\":{\"arrivals\":{\"poisson\":\"30 /min\"}}}}},\"cells\":{\"c\":{"
		"\"down\":\"20 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"20 "
		"ms\",\"site\":\"s\",\"position\":{"
		"\"x\":\"100 m\",\"y\":\"10 m\",\"radius\":\"170 m\"}},\"d\":{\"down\":\"20 "
		"Mbit/s\","
		"\"up\":\"8 Mbit/s\",\"rtt\":\"20 ms\",\"site\":\"t\",\"position\":{\"x\":\"350 "
		"m\","
		"\"y\":\"10 m\",\"radius\":\"100 "
		"m\"}}},\"sites\":{\"t\":{\"hosts\":{\"h\":{\"cores\":1,"
		"\"clock\":\"3 GHz\",\"memory\":\"8 GiB\",\"platform\":\"native\",\"guests\":{"
		"\"count\":2}}}},\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"3 "
		"GHz\",\"memory\":"
		"\"8 GiB\",\"platform\":\"kvm-emulated\",\"guests\":{\"count\":2}}}}}}",
		app, battery, where, policy);
}

static void follow(const char *text, struct outcome *o, struct followed *f)
{
	struct diag_list diags = {0};
	struct world *w = support_build(text, &diags);
	struct world_trace trace = {.ctx = f,
				    .task = take_task,
				    .class = "phone",
				    .handset = 2,
				    .slice = take_slice,
				    .level = take_level};
	struct world_metrics_sink sink = {
		.ctx = o, .value = support_value, .histogram = support_histogram, .trace = &trace};
	struct world_run_key key = {3, 0};
	struct err e = {0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	memset(o, 0, sizeof(*o));
	*f = (struct followed){.battery_j = INFINITY};
	CU_ASSERT_EQUAL(world_run(w, &key, &sink, &e), 0);
	CU_ASSERT(world_has_handset(w, "phone", 3) && !world_has_handset(w, "phone", 4));
	CU_ASSERT_FALSE(world_has_handset(w, "fone", 0));
	world_free(w);
	diag_free(&diags);
}

static void run_with(const char *text, struct world_metrics_sink *sink, struct outcome *o)
{
	struct diag_list diags = {0};
	struct world *w = support_build(text, &diags);
	struct err e = {0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	memset(o, 0, sizeof(*o));
	CU_ASSERT_EQUAL(world_run(w, &(struct world_run_key){3, 0}, sink, &e), 0);
	world_free(w);
	diag_free(&diags);
}

static void what_is_told_is_what_is_counted(void)
{
	static const char *const apps[] = {WHOLE, STAGES};
	static const char *const policies[] = {"\"remote\"", "\"local\"", "{\"random\":0.5}"};
	static const char *const batteries[] = {"15 Wh", "150 J"};
	for (size_t i = 0; i < 24; i++) {
		struct outcome o, alone;
		struct followed f;
		char *text = phones(apps[i % 2], policies[i / 2 % 3], batteries[i / 6 % 2],
				    i < 12 ? still : moving);
		follow(text, &o, &f);
		double n = get(&o, "tasks.done", "");
		CU_ASSERT(f.tasks > 100 && f.inexact == 0 && f.backwards == 0);
		CU_ASSERT(f.misplaced == 0);
		CU_ASSERT_EQUAL((double)f.counted, n);
		CU_ASSERT_EQUAL((double)f.at_s, get(&o, "site.done", "s"));
		CU_ASSERT_EQUAL((double)f.at_s, get(&o, "platform.done", "kvm-emulated"));
		CU_ASSERT_EQUAL((double)f.away, sum_of(&o, "site.done"));
		CU_ASSERT_EQUAL(get(&o, "platform.done", "native"), get(&o, "site.done", "t"));
		CU_ASSERT((double)f.tasks >= n + sum_of(&o, "tasks.failed"));
		CU_ASSERT(is_near((double)f.response_ns / 1e9,
				  n * get(&o, "response_time.mean", ""), 1e-9));
		CU_ASSERT(is_near(f.energy_j, n * get(&o, "energy_per_task.mean", ""), 1e-9));
		CU_ASSERT(f.slices > 30 && f.busy_ns > 0);
		CU_ASSERT_EQUAL(f.radio_moved, i / 2 % 3 != 1);
		CU_ASSERT(i / 6 % 2 == 0 || f.done < f.tasks);
		CU_ASSERT((get(&o, "handovers", "") > 0) == (i >= 12));
		CU_ASSERT((get(&o, "coverage.out", "") > 0) == (i >= 12));
		/* Being followed changes nothing; nor does leaving out the sums of groups. */
		struct world_metrics_sink few = {.ctx = &alone,
						 .value = support_value,
						 .histogram = support_histogram,
						 .wants = support_wants_the_whole};
		run_with(text, &few, &alone);
		CU_ASSERT(alone.count < o.count && sum_of(&alone, "site.done") == 0);
		CU_ASSERT_EQUAL(get(&alone, "response_time.mean", ""),
				get(&o, "response_time.mean", ""));
		support_simulate(text, 3, &alone);
		CU_ASSERT_EQUAL(memcmp(&o, &alone, sizeof(o)), 0);
		free(text);
	}
}

static int refuse_task(void *ctx, const struct world_task *t)
{
	(void)ctx;
	(void)t;
	return ERR_IO;
}

static void a_trace_that_cannot_be_written_ends_the_run(void)
{
	struct outcome o = {0};
	struct diag_list diags = {0};
	char *text = phones(WHOLE, "\"remote\"", "15 Wh", still);
	struct world *w = support_build(text, &diags);
	struct world_trace trace = {.task = refuse_task};
	struct world_metrics_sink sink = {
		.ctx = &o, .value = support_value, .histogram = support_histogram, .trace = &trace};
	struct world_run_key key = {3, 0};
	struct err e = {0};
	CU_ASSERT_EQUAL(world_run(w, &key, &sink, &e), ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "trace"));
	world_free(w);
	free(text);
	diag_free(&diags);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"what_is_told_is_what_is_counted", what_is_told_is_what_is_counted},
		{"a_trace_that_cannot_be_written_ends_the_run",
		 a_trace_that_cannot_be_written_ends_the_run},
		{0},
	};
	return test_main("trace", cases, argc, argv);
}
