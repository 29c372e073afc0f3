/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One study, many ways to run it, one content: threads, MPI ranks, shards, and a run that is killed
 * again and again.
 */
#include "sim/experiment/pool_mpi.h"
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS = 120, KILLS = 10, ATTEMPTS = 60 };

/* The content that one thread gives, which all else is held against. */
static const char *reference(void)
{
	static char hash[33];
	if (!hash[0]) {
		study_write("study.json", TEST_SANITIZED
						  ? ", \"repeat\": 30, \"duration\": \"6 min\""
						  : ", \"repeat\": 30, \"duration\": \"1 h\"");
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/study.json -o $TMP/one.db -j1");
		CU_ASSERT_EQUAL(study_content("one.db", hash).done, RUNS);
	}
	return hash;
}

static void expect_same(const char *name)
{
	char hash[33];
	CU_ASSERT_EQUAL(study_content(name, hash).done, RUNS);
	CU_ASSERT_STRING_EQUAL(hash, reference());
}

static void two_threads(void)
{
	reference();
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/study.json -o $TMP/two.db -j2");
	expect_same("two.db");
}

static void two_mpi_ranks(void)
{
	reference();
#ifdef __SANITIZE_THREAD__
	test_skip("MPI libraries are not built for the thread sanitizer");
	return;
#endif
	if (!pool_mpi_is_built()) {
		test_skip("built without MPI");
		return;
	}
	struct program_result r = program_run("mpirun --version");
	bool there = r.code == 0;
	program_free(&r);
	if (!there) {
		test_skip("no mpirun here");
		return;
	}
	/* As root it must be told that this is meant; the sanitizer should not look for MPI's
	 * leaks.
	 */
	PROGRAM_EXPECT(0, NULL,
		       "ASAN_OPTIONS=detect_leaks=0 mpirun %s --oversubscribe -n 2 "
		       "$BIN/mcvsim run $TMP/study.json -o $TMP/ranks.db",
		       geteuid() == 0 ? "--allow-run-as-root" : "");
	expect_same("ranks.db");
}

static void three_shards_merged(void)
{
	reference();
	int64_t sum = 0;
	for (int i = 1; i <= 3; i++) {
		char name[32], hash[33];
		snprintf(name, sizeof(name), "shard%d.db", i);
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/study.json -o $TMP/%s --shard %d/3",
			       name, i);
		int64_t done = study_content(name, hash).done;
		CU_ASSERT(done > 0 && done < RUNS);
		sum += done;
	}
	CU_ASSERT_EQUAL(sum, RUNS);
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP && $BIN/mcvsim merge merged.db shard3.db shard1.db shard2.db");
	expect_same("merged.db");
}

static int64_t stored(const char *name)
{
	struct db *db = NULL;
	struct db_counts counts = {0};
	if (access(study_path(name), R_OK) == 0 && db_open(&db, study_path(name), NULL) == 0)
		db_count(db, &counts, NULL);
	db_close(db);
	return counts.done;
}

/* Runs the study on two threads and kills it `delay_us` after it has stored `more` runs. Returns
 * true when that hit it, false when it was done before. */
static bool run_and_kill(const char *name, int64_t more, long delay_us)
{
	int64_t enough = stored(name) + more;
	pid_t pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(126);
		execl(test_binary("mcvsim"), "mcvsim", "run", study_path("study.json"), "-o",
		      study_path(name), "-j2", (char *)NULL);
		_exit(127);
	}
	siginfo_t ended = {0};
	while (stored(name) < enough && ended.si_pid == 0) {
		study_pause_us(500);
		waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT);
	}
	study_pause_us(delay_us);
	kill(pid, SIGKILL);
	int status = 0;
	waitpid(pid, &status, 0);
	CU_ASSERT(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* On a busy machine the study may end before the kill: then it begins anew, until ten have hit. */
static void killed_ten_times_and_resumed(void)
{
	static const struct {
		int64_t more;
		long delay_us;
	} moments[KILLS] = {{1, 0},   {7, 310},	 {3, 1730}, {12, 90},  {5, 2900},
			    {9, 640}, {2, 4100}, {14, 20},  {6, 1200}, {4, 220}};
	reference();
	char name[32] = "killed0.db", hash[33];
	int kills = 0, fresh = 0;
	for (int i = 0; i < ATTEMPTS && kills < KILLS; i++) {
		if (run_and_kill(name, moments[kills].more, moments[kills].delay_us)) {
			kills++;
			CU_ASSERT(study_content(name, hash).done <= RUNS);
		} else {
			expect_same(name);
			snprintf(name, sizeof(name), "killed%d.db", ++fresh);
		}
	}
	CU_ASSERT_EQUAL(kills, KILLS);
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/study.json -o $TMP/%s -j1", name);
	expect_same(name);
	PROGRAM_EXPECT(0, "to the bit", "$BIN/mcvsim reproduce $TMP/%s", name);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"two_threads", two_threads},
		{"two_mpi_ranks", two_mpi_ranks},
		{"three_shards_merged", three_shards_merged},
		{"killed_ten_times_and_resumed", killed_ten_times_and_resumed},
		{0},
	};
	return test_main("identity", cases, argc, argv);
}
