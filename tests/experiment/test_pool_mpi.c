/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same experiment on threads and on MPI ranks. The cases start this program again under mpirun;
 * what rank 0 has stored then comes out on stdout. */
#include "sim/experiment/outcome_bytes.h"
#include "sim/experiment/pool_mpi.h"
#include "sim/experiment/runner.h"
#include "tests/experiment/memory_sink.h"
#include "tests/experiment/toy.h"
#include "tests/support/test.h"

static const char study[] = "{\"spread\": 1, \"k\": 0, \"repeat\": 5, \"sweep\": {"
			    "\"spread\": {\"path\": \"/spread\", \"values\": [1, 2, 5]},"
			    "\"k\": {\"path\": \"/k\", \"from\": 1, \"to\": 4, \"steps\": 4}},"
			    "\"precision\": {\"metric\": \"time.mean\", \"relative\": 0.05, "
			    "\"max_repeat\": 20}}";
static const char other_study[] = "{\"spread\": 7}";

struct stopper {
	bool stop;
	struct memory_sink *memory;
	size_t after;
};

static void stop_at(void *ctx)
{
	struct stopper *s = ctx;
	if (s->after && s->memory->puts >= s->after)
		__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
}

/* Rank `ranks.rank` of the experiment, or all of it on threads when ranks.size is 0. Prints the
 * content; stops after `stop_after` runs and goes on afterwards when that is not 0. */
static int experiment(const char *text, struct mpi_ranks ranks, unsigned threads, size_t stop_after)
{
	struct diag_list diags = {0};
	struct json_doc doc;
	struct experiment x;
	struct plan plan;
	struct arena arena = {0};
	struct err e = {0};
	if (json_doc_parse(&doc, "s", text, strlen(text), &diags, &e) != 0 ||
	    keys_parse_part(&experiment_object, &doc, "", &x, &arena, &diags) != 0 ||
	    plan_expand(&plan, &x, &doc, &(struct plan_options){0}, &diags, &e) != 0)
		return 10;
	struct toy toy = {.fail_one_in = 13};
	struct memory_sink memory = {0};
	struct run_sink sink = memory_sink_of(&memory);
	struct stopper stopper = {false, &memory, stop_after};
	struct runner runner = {.plan = &plan,
				.experiment = &x,
				.run = toy_run,
				.run_ctx = &toy,
				.sink = &sink,
				.threads = threads,
				.stop = &stopper.stop};
	struct runner_progress final;
	int rc = 0;
	memory.on_put = stop_at;
	memory.on_put_ctx = &stopper;
	for (int round = 0; round < (stop_after ? 2 : 1); round++) {
		if (round == 1)
			stopper = (struct stopper){false, &memory, 0};
		rc = ranks.size == 0 ? runner_run(&runner, &final, &e)
				     : runner_run_mpi(&runner, ranks, &final, &e);
		if (rc == ERR_STOPPED && stop_after && round == 0)
			rc = 0;
		else if (stop_after && round == 0 && ranks.rank == 0)
			rc = ERR_INTERNAL; /* it should have been stopped */
		if (rc != 0)
			break;
	}
	char *content = memory_content(&memory);
	if (ranks.rank == 0)
		fputs(content, stdout);
	if (rc != 0)
		fprintf(stderr, "rank %d: %d %s\n", ranks.rank, rc, e.text);
	free(content);
	memory_sink_free(&memory);
	plan_free(&plan);
	json_doc_free(&doc);
	arena_free(&arena);
	return rc ? 1 : 0;
}

/* This program as a rank: --rank THREADS STOP_AFTER [odd]. With `odd`, rank 1 has another study. */
static int rank_main(int argc, char **argv)
{
	struct mpi_ranks ranks;
	struct err e = {0};
	if (pool_mpi_begin(&ranks, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 9;
	}
	bool odd = argc > 4 && ranks.rank == 1;
	/* The lowest of those that say so, and none when nobody does. */
	int first = pool_mpi_first_failed(ranks.rank > 0), none = pool_mpi_first_failed(false);
	if (first != (ranks.size > 1 ? 1 : -1) || none != -1) {
		fprintf(stderr, "rank %d: first failed %d, %d\n", ranks.rank, first, none);
		pool_mpi_abort(8);
	}
	int rc = experiment(odd ? other_study : study, ranks, (unsigned)atoi(argv[2]),
			    (size_t)atoi(argv[3]));
	pool_mpi_end();
	return rc;
}

/* Whether ranks can be started here; says why not. */
static bool can_run(void)
{
#ifdef __SANITIZE_THREAD__
	test_skip("MPI libraries are not built for the thread sanitizer");
	return false;
#endif
	if (!pool_mpi_is_built())
		test_skip("built without MPI");
	else if (system("mpirun --version >/dev/null 2>&1") != 0)
		test_skip("no mpirun here");
	else
		return true;
	return false;
}

/* What mpirun prints; *status is its exit status. */
static char *mpirun(int ranks, const char *arguments, int *status)
{
	char command[1200], self[1000], *text = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	CU_ASSERT_FATAL(n > 0);
	self[n] = '\0';
	/* Leaks are looked for in our own processes; MPI keeps what it has until the end. */
	snprintf(command, sizeof(command),
		 "ASAN_OPTIONS=detect_leaks=0 timeout 120 mpirun --allow-run-as-root "
		 "--oversubscribe -n %d "
		 "'%s' --rank %s 2>%s/err",
		 ranks, self, arguments, test_scratch());
	FILE *pipe = popen(command, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
	size_t size = 0;
	if (getdelim(&text, &size, '\0', pipe) < 0 && text)
		text[0] = '\0';
	*status = pclose(pipe);
	return text;
}

/* The content of the experiment on threads, from a copy of this process's own output. */
static char *on_threads(void)
{
	char path[256], *text = NULL;
	snprintf(path, sizeof(path), "%s/threads", test_scratch());
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	CU_ASSERT_PTR_NOT_NULL_FATAL(freopen(path, "w", stdout));
	CU_ASSERT_EQUAL(experiment(study, (struct mpi_ranks){0, 0}, 2, 0), 0);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	FILE *f = fopen(path, "r");
	size_t size = 0;
	if (!f || getdelim(&text, &size, '\0', f) < 0)
		CU_FAIL_FATAL("no output");
	fclose(f);
	return text;
}

static void ranks_store_what_threads_store(void)
{
	static const struct {
		int ranks;
		const char *arguments;
	} cases[] = {{1, "1 0"}, {2, "1 0"}, {3, "2 0"}, {3, "1 20"}};
	if (!can_run())
		return;
	char *expected = on_threads();
	CU_ASSERT(strlen(expected) > 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status;
		char *got = mpirun(cases[i].ranks, cases[i].arguments, &status);
		CU_ASSERT_EQUAL(status, 0);
		CU_ASSERT_STRING_EQUAL(got ? got : "", expected);
		free(got);
	}
	free(expected);
}

static void a_rank_with_another_study_is_refused(void)
{
	int status;
	if (!can_run())
		return;
	free(mpirun(3, "1 0 odd", &status));
	CU_ASSERT_NOT_EQUAL(status, 0);
	char command[300];
	snprintf(command, sizeof(command), "grep -q 'rank 1 has another study' %s/err",
		 test_scratch());
	CU_ASSERT_EQUAL(system(command), 0);
}

static void an_outcome_survives_the_journey_and_no_other_bytes_do(void)
{
	struct run_outcome o = {.task = {7, 3}, .wall_s = 0.25}, back;
	struct result_bucket buckets[] = {{0, 1, 5}, {1, 2.5, 1}};
	struct result_sample samples[] = {{0, 54000}, {10, 53990.5}};
	err_set(&o.error, ERR_IO, "some text");
	run_result_add(&o.result, "a.b", "s", "J", 0.1);
	run_result_add(&o.result, "nan", "", "1", NAN);
	run_result_add_histogram(&o.result, "h", "x", "s", buckets, 2);
	run_result_add_histogram(&o.result, "empty", "", "s", NULL, 0);
	run_result_add_series(&o.result, "battery", "phones", "J", samples, 2);
	size_t n;
	char *bytes = outcome_to_bytes(&o, &n);
	CU_ASSERT_EQUAL_FATAL(outcome_from_bytes(&back, bytes, n), 0);
	CU_ASSERT_EQUAL(back.task.point, 7);
	CU_ASSERT_EQUAL(back.task.repetition, 3);
	CU_ASSERT_EQUAL(back.wall_s, 0.25);
	CU_ASSERT_STRING_EQUAL(back.error.text, "some text");
	CU_ASSERT_EQUAL(run_result_find(&back.result, "a.b", "s")->value, 0.1);
	CU_ASSERT(isnan(run_result_find(&back.result, "nan", "")->value));
	CU_ASSERT_EQUAL_FATAL(back.result.histogram_count, 2);
	CU_ASSERT_EQUAL(back.result.histograms[0].buckets[1].high, 2.5);
	CU_ASSERT_EQUAL(back.result.histograms[1].count, 0);
	CU_ASSERT_EQUAL_FATAL(back.result.series_count, 1);
	CU_ASSERT_STRING_EQUAL(back.result.series[0].subject, "phones");
	CU_ASSERT_EQUAL(back.result.series[0].samples[1].value, 53990.5);
	run_result_free(&back.result);
	for (size_t cut = 0; cut < n; cut++) {
		char *part = malloc(cut + 1);
		memcpy(part, bytes, cut);
		CU_ASSERT_EQUAL(outcome_from_bytes(&back, part, cut), ERR_CORRUPT);
		run_result_free(&back.result);
		free(part);
	}
	for (size_t i = 0; i < n; i++) {
		char kept = bytes[i];
		bytes[i] = (char)0xff;
		outcome_from_bytes(&back, bytes, n); /* any answer, no crash */
		run_result_free(&back.result);
		bytes[i] = kept;
	}
	free(bytes);
	run_result_free(&o.result);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"ranks_store_what_threads_store", ranks_store_what_threads_store},
		{"a_rank_with_another_study_is_refused", a_rank_with_another_study_is_refused},
		{"an_outcome_survives_the_journey_and_no_other_bytes_do",
		 an_outcome_survives_the_journey_and_no_other_bytes_do},
		{0},
	};
	if (argc > 3 && strcmp(argv[1], "--rank") == 0)
		return rank_main(argc, argv);
	return test_main("pool_mpi", cases, argc, argv);
}
