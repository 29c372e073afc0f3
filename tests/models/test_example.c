/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The task that a run keeps as an example ("task.timeline"): it is one of those that a trace tells,
 * with the same times by cause, its pieces follow each other without a gap, and it is a middling
 * one.
 */
#include "models/platform/platform.h"
#include "tests/models/world_support.h"

enum { PIECES = 200, TASKS = 20000 };

struct kept {
	struct task {
		int64_t start_ns, end_ns, cause_ns[CAUSE_COUNT];
		bool remote;
	} * tasks;
	size_t count;
	struct {
		int cause;
		double from_s, to_s;
	} pieces[PIECES];
	size_t piece_count, series, unknown;
	struct {
		double key, from_s, to_s, spent_s[CAUSE_COUNT];
	} candidates[100];
	size_t candidate_count;
};

static void take_candidate(struct kept *k, int cause, double key, double from_s, double to_s)
{
	size_t i = 0;
	while (i < k->candidate_count && k->candidates[i].key != key)
		i++;
	if (i == 100)
		return;
	if (i == k->candidate_count) {
		memset(&k->candidates[i], 0, sizeof(k->candidates[i]));
		k->candidates[i].key = key;
		k->candidates[i].from_s = from_s;
		k->candidates[i].to_s = to_s;
		k->candidate_count++;
	}
	k->candidates[i].from_s = fmin(k->candidates[i].from_s, from_s);
	k->candidates[i].to_s = fmax(k->candidates[i].to_s, to_s);
	k->candidates[i].spent_s[cause] += to_s - from_s;
}

static int take_task(void *ctx, const struct world_task *t)
{
	struct kept *k = ctx;
	if (!t->counts || t->failure)
		return 0;
	if (k->count == TASKS)
		return ERR_LIMIT;
	struct task *own = &k->tasks[k->count++];
	*own = (struct task){t->start_ns, t->end_ns, {0}, t->site != NULL};
	memcpy(own->cause_ns, t->cause_ns, sizeof(own->cause_ns));
	return 0;
}

static int take_series(void *ctx, const char *metric, const char *subject, const char *unit,
		       const struct world_sample *samples, size_t count)
{
	struct kept *k = ctx;
	int cause = 0;
	while (cause < CAUSE_COUNT && strcmp(cause_names[cause], subject) != 0)
		cause++;
	for (size_t i = 1; i < count; i++)
		k->unknown += samples[i].time_s <= samples[i - 1].time_s;
	if (strcmp(metric, "task.timeline.candidates") == 0)
		for (size_t i = 0; i + 1 < count; i++)
			if (samples[i].value > 0)
				take_candidate(k, cause, samples[i].value, samples[i].time_s,
					       samples[i + 1].time_s);
	if (strcmp(metric, "task.timeline") != 0)
		return 0;
	k->series++;
	k->unknown += cause == CAUSE_COUNT || strcmp(unit, "1") != 0;
	for (size_t i = 0; i < count && k->piece_count < PIECES; i++) {
		k->unknown += samples[i].value != 0 && samples[i].value != 1;
		if (samples[i].value == 0)
			continue;
		k->unknown += i + 1 == count || samples[i + 1].value != 0;
		k->pieces[k->piece_count].cause = cause;
		k->pieces[k->piece_count].from_s = samples[i].time_s;
		k->pieces[k->piece_count++].to_s = samples[i + 1].time_s;
	}
	return 0;
}

static int no_value(void *ctx, const char *metric, const char *subject, const char *unit,
		    double value)
{
	(void)ctx, (void)metric, (void)subject, (void)unit, (void)value;
	return 0;
}

static int no_histogram(void *ctx, const char *metric, const char *subject, const char *unit,
			const struct world_bucket *buckets, size_t count)
{
	(void)ctx, (void)metric, (void)subject, (void)unit, (void)buckets, (void)count;
	return 0;
}

static bool all(void *ctx, const char *metric)
{
	(void)ctx, (void)metric;
	return true;
}

static bool none(void *ctx, const char *metric)
{
	(void)ctx;
	return strncmp(metric, "task.timeline", 13) != 0;
}

/* rate: tasks of each phone; with room for so many at a time. */
static void run_on(struct kept *k, const char *platform, const char *app, const char *policy,
		   const char *rate, bool wanted)
{
	char *text = study(
		"{\"duration\":\"600 s\",\"warmup\":\"20 s\",\"apps\":{\"a\":{%s}},\"handsets\":"
		"{\"phone\":{\"count\":8,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"2 W\",\"idle\":"
		"\"0.3 W\"},\"battery\":\"15 Wh\",\"radio\":\"lte\",\"cell\":\"c\",\"policy\":%s,"
		"\"apps\":{\"a\":{\"arrivals\":{\"poisson\":\"%s\"}}}}},\"cells\":{\"c\":{"
		"\"down\":\"20 Mbit/s\",\"up\":\"8 Mbit/s\",\"rtt\":\"20 ms\",\"site\":\"s\"}},"
		"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"3 GHz\",\"memory\":"
		"\"8 GiB\",\"platform\":\"%s\",\"guests\":{\"count\":2}}}}}}",
		app, policy, rate, platform);
	struct diag_list diags = {0};
	struct world *w = support_build(text, &diags);
	struct world_trace trace = {.ctx = k, .task = take_task};
	struct world_metrics_sink sink = {.ctx = k,
					  .value = no_value,
					  .histogram = no_histogram,
					  .series = take_series,
					  .trace = &trace,
					  .wants = wanted ? all : none};
	struct err e = {0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	*k = (struct kept){.tasks = calloc(TASKS, sizeof(*k->tasks))};
	CU_ASSERT_PTR_NOT_NULL_FATAL(k->tasks);
	CU_ASSERT_EQUAL(world_run(w, &(struct world_run_key){5, 0}, &sink, &e), 0);
	world_free(w);
	diag_free(&diags);
	free(text);
}

static void run(struct kept *k, const char *app, const char *policy, const char *rate, bool wanted)
{
	run_on(k, "kvm-emulated", app, policy, rate, wanted);
}

#define SIMPLE                                                                                     \
	"\"input\":\"80 kB\",\"output\":\"20 kB\",\"cycles\":{\"exponential\":\"100 Mcycles\"}"

/* Its pieces, from the first to the last, end to end; and the task of the trace that it is. */
static const struct task *find(const struct kept *k)
{
	double first = INFINITY, last = 0, spent_s[CAUSE_COUNT] = {0}, sum = 0;
	for (size_t i = 0; i < k->piece_count; i++) {
		first = fmin(first, k->pieces[i].from_s);
		last = fmax(last, k->pieces[i].to_s);
		spent_s[k->pieces[i].cause] += k->pieces[i].to_s - k->pieces[i].from_s;
		sum += k->pieces[i].to_s - k->pieces[i].from_s;
		size_t before = 0;
		for (size_t j = 0; j < k->piece_count; j++)
			before += k->pieces[j].to_s == k->pieces[i].from_s;
		CU_ASSERT(before == 1 || k->pieces[i].from_s == first);
	}
	CU_ASSERT(fabs(sum - (last - first)) < 1e-9);
	for (size_t i = 0; i < k->count; i++) {
		const struct task *t = &k->tasks[i];
		if (fabs((double)t->start_ns / 1e9 - first) > 1e-9 ||
		    fabs((double)t->end_ns / 1e9 - last) > 1e-9)
			continue;
		for (int c = 0; c < CAUSE_COUNT; c++)
			CU_ASSERT(fabs((double)t->cause_ns[c] / 1e9 - spent_s[c]) < 1e-8);
		return t;
	}
	return NULL;
}

/* The share of those that are where it is, and took less. */
static double rank(const struct kept *k, const struct task *own)
{
	size_t below = 0, all = 0;
	for (size_t i = 0; i < k->count; i++) {
		const struct task *t = &k->tasks[i];
		all += t->remote == own->remote;
		below += t->remote == own->remote &&
			 t->end_ns - t->start_ns < own->end_ns - own->start_ns;
	}
	return (double)below / (double)all;
}

static void it_is_a_middling_task_of_the_run(void)
{
	static const struct {
		const char *policy, *rate;
		size_t at_least;
		bool remote;
	} cases[] = {{"\"remote\"", "3 /min", 150, true},   /* all are kept */
		     {"\"remote\"", "40 /min", 2500, true}, /* few are */
		     {"{\"random\":0.3}", "40 /min", 2500, true},
		     {"\"local\"", "40 /min", 2500, false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kept k;
		run(&k, SIMPLE, cases[i].policy, cases[i].rate, true);
		CU_ASSERT(k.count >= cases[i].at_least);
		CU_ASSERT(k.series == CAUSE_COUNT && k.unknown == 0);
		const struct task *own = find(&k);
		CU_ASSERT_PTR_NOT_NULL(own);
		if (own) {
			CU_ASSERT_EQUAL(own->remote, cases[i].remote);
			CU_ASSERT(fabs(rank(&k, own) - 0.5) < 0.1);
			CU_ASSERT((own->cause_ns[CAUSE_EXITS] > 0) == cases[i].remote);
		}
		free(k.tasks);
	}
}

/* Those of one run: real tasks of it, whole, none at the time of another. */
static void check_candidates(const struct kept *k)
{
	for (size_t i = 0; i < k->candidate_count; i++) {
		size_t found = 0;
		for (size_t j = 0; j < k->count; j++) {
			const struct task *t = &k->tasks[j];
			bool own =
				fabs((double)t->start_ns / 1e9 - k->candidates[i].from_s) < 1e-9 &&
				fabs((double)t->end_ns / 1e9 - k->candidates[i].to_s) < 1e-9;
			found += own;
			for (int c = 0; own && c < CAUSE_COUNT; c++)
				CU_ASSERT(fabs((double)t->cause_ns[c] / 1e9 -
					       k->candidates[i].spent_s[c]) < 1e-8);
		}
		CU_ASSERT_EQUAL(found, 1);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT(k->candidates[i].from_s > k->candidates[j].to_s ||
				  k->candidates[i].to_s < k->candidates[j].from_s);
	}
}

/* Whatever the platform, the tasks with the lowest keys are the same tasks. */
static void platforms_keep_the_same_tasks(void)
{
	static const char *const rates[] = {"3 /min", "40 /min"};
	for (size_t r = 0; r < 2; r++) {
		struct kept native, emulated;
		size_t common = 0;
		run_on(&native, "native", SIMPLE, "\"remote\"", rates[r], true);
		run_on(&emulated, "kvm-emulated", SIMPLE, "\"remote\"", rates[r], true);
		CU_ASSERT(native.candidate_count > 8 && native.candidate_count <= 16);
		CU_ASSERT_EQUAL(native.unknown + emulated.unknown, 0);
		check_candidates(&native);
		check_candidates(&emulated);
		for (size_t i = 0; i < native.candidate_count; i++)
			for (size_t j = 0; j < emulated.candidate_count; j++)
				if (native.candidates[i].key == emulated.candidates[j].key) {
					common++;
					CU_ASSERT_EQUAL(native.candidates[i].from_s,
							emulated.candidates[j].from_s);
					CU_ASSERT(emulated.candidates[j].to_s >
						  native.candidates[i].to_s);
				}
		CU_ASSERT(common >= 6);
		free(native.tasks);
		free(emulated.tasks);
	}
}

/* There and back are pieces of their own, with the site between them. */
static void what_comes_back_comes_twice(void)
{
	struct kept k;
	size_t radio = 0, network = 0;
	run(&k, SIMPLE, "\"remote\"", "3 /min", true);
	for (size_t i = 0; i < k.piece_count; i++) {
		radio += k.pieces[i].cause == CAUSE_RADIO;
		network += k.pieces[i].cause == CAUSE_NETWORK;
	}
	CU_ASSERT_EQUAL(radio, 2);
	CU_ASSERT_EQUAL(network, 2);
	free(k.tasks);
}

/* More tasks out than there is room for, of which hardly any ends. */
static void an_overloaded_site_is_no_trouble(void)
{
	struct kept k;
	run(&k,
	    "\"input\":\"1 kB\",\"output\":\"1 kB\",\"cycles\":{\"exponential\":\"3000 Mcycles\"}",
	    "\"remote\"", "60 /min", true);
	CU_ASSERT(k.count > 50 && k.count < 1000);
	CU_ASSERT_PTR_NOT_NULL(find(&k));
	free(k.tasks);
}

static void none_is_kept_where_none_is_wanted_or_fits(void)
{
	struct kept k;
	run(&k, SIMPLE, "\"remote\"", "3 /min", false);
	CU_ASSERT(k.count > 0 && k.series == 0);
	free(k.tasks);
	run(&k,
	    "\"stages\":{\"a\":{\"cycles\":\"20 Mcycles\",\"pinned\":true},\"b\":{\"cycles\":\"40 "
	    "Mcycles\",\"after\":{\"a\":{\"bytes\":\"60 kB\"}}}}",
	    "\"remote\"", "3 /min", true);
	CU_ASSERT(k.count > 0 && k.series == 0);
	free(k.tasks);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"it_is_a_middling_task_of_the_run", it_is_a_middling_task_of_the_run},
		{"platforms_keep_the_same_tasks", platforms_keep_the_same_tasks},
		{"what_comes_back_comes_twice", what_comes_back_comes_twice},
		{"an_overloaded_site_is_no_trouble", an_overloaded_site_is_no_trouble},
		{"none_is_kept_where_none_is_wanted_or_fits",
		 none_is_kept_where_none_is_wanted_or_fits},
		{0},
	};
	return test_main("example", cases, argc, argv);
}
