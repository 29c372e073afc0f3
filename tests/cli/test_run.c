/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program as its users meet it: check, run, merge and report on a small study, with whatever
 * can go wrong between a file and a figure.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void threads_and_repetition_change_nothing(void)
{
	char one[33], two[33], again[33], other[33];
	study_write("same.json", "");
	PROGRAM_EXPECT(0, "16 runs", "$BIN/mcvsim run $TMP/same.json -o $TMP/one.db -j1");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/same.json -o $TMP/two.db -j2");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/same.json -o $TMP/again.db -j4");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/same.json -o $TMP/other.db --seed 2");
	CU_ASSERT_EQUAL(study_content("one.db", one).done, 16);
	study_content("two.db", two);
	study_content("again.db", again);
	study_content("other.db", other);
	CU_ASSERT_STRING_EQUAL(one, two);
	CU_ASSERT_STRING_EQUAL(one, again);
	CU_ASSERT_STRING_NOT_EQUAL(one, other);
}

/* Other random numbers, the same truth: of the means under two seeds, none is further apart than
 * their intervals together. The seeds are fixed: this fails when the code changes, not by chance.
 */
static void another_seed_agrees_within_the_intervals(void)
{
	study_write("seeds.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/seeds.json -o $TMP/s1.db --seed 11");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/seeds.json -o $TMP/s2.db --seed 12");
	struct program_result r =
		program_run("sqlite3 $TMP/s1.db \"ATTACH '$TMP/s2.db' AS b; SELECT count(*), "
			    "sum(abs(x.mean - y.mean) > x.ci95 + y.ci95), sum(x.mean <> y.mean) "
			    "FROM summary x JOIN parameter p USING (point) "
			    "JOIN b.parameter q ON q.value = p.value "
			    "JOIN b.summary y ON y.point = q.point AND y.metric = x.metric AND "
			    "y.subject = x.subject "
			    "WHERE x.metric = 'response_time.mean'\"");
	if (r.code == 127)
		test_skip("sqlite3, the shell, is not installed");
	else
		CU_ASSERT_STRING_EQUAL(r.out, "4|0|4\n");
	program_free(&r);
}

static void shards_merge_into_the_whole(void)
{
	char whole[33], merged[33];
	study_write("shards.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/shards.json -o $TMP/whole.db");
	for (int i = 1; i <= 3; i++)
		PROGRAM_EXPECT(0, NULL,
			       "$BIN/mcvsim run $TMP/shards.json -o $TMP/part%d.db --shard %d/3", i,
			       i);
	PROGRAM_EXPECT(0, "16 runs",
		       "cd $TMP && $BIN/mcvsim merge merged.db part1.db part2.db part3.db");
	study_content("whole.db", whole);
	study_content("merged.db", merged);
	CU_ASSERT_STRING_EQUAL(whole, merged);
	PROGRAM_EXPECT(0, "0 differ significantly",
		       "cd $TMP && $BIN/mcvsim diff whole.db merged.db");
	PROGRAM_EXPECT(0, "\"only_b\"", "cd $TMP && $BIN/mcvsim diff whole.db part1.db --json");
	PROGRAM_EXPECT(1, "No such file", "cd $TMP && $BIN/mcvsim diff whole.db absent.db");
}

/* Starts the study, sends the signal once something is stored, and returns the wait status. */
static int interrupt(const char *name, const char *db_name, int number)
{
	pid_t pid = fork();
	CU_ASSERT_FATAL(pid >= 0);
	if (pid == 0) {
		if (!freopen(study_path("interrupted.txt"), "w", stderr))
			_exit(126);
		execl(test_binary("mcvsim"), "mcvsim", "run", study_path(name), "-o",
		      study_path(db_name), "-j1", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 30000; i++) {
		struct db *db = NULL;
		struct db_counts counts = {0};
		if (access(study_path(db_name), R_OK) == 0 &&
		    db_open(&db, study_path(db_name), NULL) == 0)
			db_count(db, &counts, NULL);
		db_close(db);
		if (counts.done >= 3 || waitpid(pid, NULL, WNOHANG | WNOWAIT) == pid)
			break;
		study_pause_us(1000);
	}
	kill(pid, number);
	int status = 0;
	waitpid(pid, &status, 0);
	return status;
}

/* A study of 120 runs, long enough to be interrupted in the middle. */
static void write_long_study(const char *name)
{
	study_write(name, TEST_SANITIZED ? ", \"repeat\": 30, \"duration\": \"12 min\""
					 : ", \"repeat\": 30, \"duration\": \"2 h\"");
}

static void a_killed_run_keeps_what_was_committed_and_completes(void)
{
	char straight[33], resumed[33];
	write_long_study("long.json");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/long.json -o $TMP/straight.db");
	int status = interrupt("long.json", "killed.db", SIGKILL);
	CU_ASSERT(WIFSIGNALED(status));
	int64_t kept = study_content("killed.db", resumed).done;
	CU_ASSERT(kept >= 3 && kept < 120);
	PROGRAM_EXPECT(0, "running what it lacks",
		       "$BIN/mcvsim run $TMP/long.json -o $TMP/killed.db");
	CU_ASSERT_EQUAL(study_content("killed.db", resumed).done, 120);
	study_content("straight.db", straight);
	CU_ASSERT_STRING_EQUAL(straight, resumed);
}

static void an_interrupt_says_how_to_go_on(void)
{
	char hash[33];
	write_long_study("int.json");
	int status = interrupt("int.json", "int.db", SIGINT);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	PROGRAM_EXPECT(0, "to go on: mcvsim run", "cat $TMP/interrupted.txt");
	CU_ASSERT(study_content("int.db", hash).done >= 3);
}

static void results_are_never_overwritten(void)
{
	study_write("first.json", "");
	study_write("second.json", ", \"duration\": \"41 s\"");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/first.json -o $TMP/kept.db");
	PROGRAM_EXPECT(0, "0 of them", "$BIN/mcvsim run $TMP/first.json -o $TMP/kept2.db");
	PROGRAM_EXPECT(0, "16 of them", "$BIN/mcvsim run $TMP/first.json -o $TMP/kept.db");
	PROGRAM_EXPECT(1, "kept.db",
		       "cp $TMP/kept.db $TMP/copy.db; "
		       "$BIN/mcvsim run $TMP/second.json -o $TMP/kept.db; code=$?; "
		       "cmp $TMP/kept.db $TMP/copy.db || exit 9; exit $code");
	PROGRAM_EXPECT(1, "seed", "$BIN/mcvsim run $TMP/first.json -o $TMP/kept.db --seed 9");
	program_write_file("notes.txt", "my notes\n");
	PROGRAM_EXPECT(2, "notes.txt", "$BIN/mcvsim run $TMP/first.json -o $TMP/notes.txt");
	PROGRAM_EXPECT(0, "my notes", "cat $TMP/notes.txt");
	PROGRAM_EXPECT(2, "notes.txt", "$BIN/mcvsim report $TMP/notes.txt -o $TMP/f");
	PROGRAM_EXPECT(1, "absent.db", "$BIN/mcvsim report $TMP/absent.db -o $TMP/f");
}

#define SWEPT_PROFILES                                                                             \
	"--set '/sweep/prices={\"path\": \"/profile\", \"labels\": [\"a\", \"b\"], \"values\": "   \
	"[\"profiles/literature.json\", \"profiles/nested-epyc.json\"]}' --set /repeat=1 "         \
	"--set /fallback_profile=profiles/literature.json "                                        \
	"--set '/figures/0/series=\"prices\"' "

/* Each point is priced by its own profile, and gives what a study of that profile alone gives. */
static void a_sweep_over_profiles_is_the_studies_of_each(void)
{
	static const char numbers[] =
		"sqlite3 -noheader $TMP/%s.db \"SELECT metric, subject, r.value FROM result r "
		"JOIN parameter p USING(point) WHERE p.name = 'platform' AND p.value = "
		"'kvm-emulated' AND (%s) ORDER BY 1, 2\" >$TMP/%s.txt";
	study_write("both.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/both.json -o $TMP/both.db " SWEPT_PROFILES);
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim run $TMP/both.json -o $TMP/alone.db --set /repeat=1 --set "
		       "/profile=profiles/nested-epyc.json --set "
		       "/fallback_profile=profiles/literature.json");
	PROGRAM_EXPECT(0, NULL, numbers, "alone", "1", "alone");
	PROGRAM_EXPECT(0, NULL, numbers, "both",
		       "r.point IN (SELECT point FROM parameter WHERE name = 'prices' AND value = "
		       "'b')",
		       "b");
	PROGRAM_EXPECT(0, NULL, numbers, "both",
		       "r.point IN (SELECT point FROM parameter WHERE name = 'prices' AND value = "
		       "'a')",
		       "a");
	PROGRAM_EXPECT(0, NULL, "test -s $TMP/b.txt && cmp $TMP/b.txt $TMP/alone.txt");
	PROGRAM_EXPECT(1, "differ", "cmp $TMP/a.txt $TMP/b.txt");
	/* What is stored is enough: no file is asked for. */
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/both.db");
	PROGRAM_EXPECT(0, "b", "$BIN/mcvsim query $TMP/both.db --filter \"prices = 'b'\"");
	PROGRAM_EXPECT(0, "# series: b",
		       "$BIN/mcvsim report $TMP/both.db -o $TMP/profiles-figures --format svg "
		       "--html && cat $TMP/profiles-figures/p95.tsv");
	PROGRAM_EXPECT(0, "2",
		       "grep -c 'section id=\"prices.*-part' "
		       "$TMP/profiles-figures/index.html");
	/* A shard of it is one of the same points. */
	PROGRAM_EXPECT(
		0, "the same, to the bit",
		"for i in 1 2; do $BIN/mcvsim run $TMP/both.json -o "
		"$TMP/prices$i.db " SWEPT_PROFILES
		"--shard $i/2 || exit 1; done; $BIN/mcvsim merge $TMP/joined.db $TMP/prices1.db "
		"$TMP/prices2.db && $BIN/mcvsim reproduce $TMP/joined.db");
}

static void mistakes_in_a_study_are_told_all_with_places(void)
{
	study_write("wrong.json",
		    ",\n  \"duration\": \"10 parsec\",\n  \"repaet\": 3, \"repeat\": 0");
	PROGRAM_EXPECT(2, "wrong.json:2:3: /duration", "$BIN/mcvsim check $TMP/wrong.json");
	PROGRAM_EXPECT(2, "did you mean \"repeat\"", "$BIN/mcvsim check $TMP/wrong.json");
	PROGRAM_EXPECT(2, "repeat", "$BIN/mcvsim check $TMP/wrong.json");
	PROGRAM_EXPECT(2, "\"valid\":\tfalse", "$BIN/mcvsim check --json $TMP/wrong.json");
	PROGRAM_EXPECT(2, NULL, "$BIN/mcvsim run $TMP/wrong.json -o $TMP/wrong.db");
	CU_ASSERT(access(study_path("wrong.db"), F_OK) != 0);

	study_write("right.json", "");
	PROGRAM_EXPECT(2, "kvm-virtio",
		       "$BIN/mcvsim check $TMP/right.json "
		       "--set /sweep/platform/values='[\"native\",\"kvm-virtoi\"]'");
	PROGRAM_EXPECT(2, "profile", "$BIN/mcvsim check $TMP/right.json --set /profile=none.json");
	PROGRAM_EXPECT(2, "--set", "$BIN/mcvsim check $TMP/right.json --set /no/such=1");
	PROGRAM_EXPECT(2, "/seed", "$BIN/mcvsim check $TMP/right.json --seed many");
	PROGRAM_EXPECT(2, "/where",
		       "$BIN/mcvsim check $TMP/right.json --set /where=\"platfrom = 'native'\"");
	program_write_file("nan.json", "{ \"duration\": NaN, \"x\": 1e999 }");
	PROGRAM_EXPECT(2, "nan.json:1:", "$BIN/mcvsim check $TMP/nan.json");
	PROGRAM_EXPECT(
		2, NULL,
		"head -c 20 $TMP/right.json >$TMP/cut.json; $BIN/mcvsim check $TMP/cut.json");
	PROGRAM_EXPECT(1, "absent.json", "$BIN/mcvsim check $TMP/absent.json");
	PROGRAM_EXPECT(2, NULL,
		       "echo '{\"schema\": 1, \"primitives\": 5}' >$TMP/bad-profile.json; "
		       "$BIN/mcvsim check $TMP/right.json --set /profile=$TMP/bad-profile.json");
}

static void wrong_command_lines_are_refused(void)
{
	PROGRAM_EXPECT(2, "did you mean 'check'", "$BIN/mcvsim chek x.json");
	PROGRAM_EXPECT(2, "--dry-run", "$BIN/mcvsim run x.json --dryrun");
	PROGRAM_EXPECT(2, "needs STUDY.json", "$BIN/mcvsim run");
	PROGRAM_EXPECT(2, "unexpected argument", "$BIN/mcvsim check a.json b.json");
	study_write("flags.json", "");
	PROGRAM_EXPECT(2, "--jobs", "$BIN/mcvsim run $TMP/flags.json -j 0");
	PROGRAM_EXPECT(2, "--shard", "$BIN/mcvsim run $TMP/flags.json --shard 4/3");
	PROGRAM_EXPECT(2, "--only", "$BIN/mcvsim run $TMP/flags.json --only abc");
	PROGRAM_EXPECT(0, "usage: mcvsim run", "$BIN/mcvsim run --help");
	PROGRAM_EXPECT(1, "standard output", "$BIN/mcvsim schema study >/dev/full");
}

static void a_dry_run_runs_nothing(void)
{
	study_write("dry.json", "");
	PROGRAM_EXPECT(0, "runs         16",
		       "$BIN/mcvsim run $TMP/dry.json --dry-run -o $TMP/dry.db");
	CU_ASSERT(access(study_path("dry.db"), F_OK) != 0);
}

static void output_names_are_file_names(void)
{
	study_write("names.json", "");
	PROGRAM_EXPECT(2, "--output is empty", "$BIN/mcvsim run $TMP/names.json -o ''");
	PROGRAM_EXPECT(0, "kept",
		       "root=$PWD; cd $TMP && MCVSIM_DATA=$root/scenarios "
		       "$BIN/mcvsim run names.json -o :memory: && test -s :memory: && "
		       "echo kept");
	PROGRAM_EXPECT(1, "cannot write to the folder",
		       "$BIN/mcvsim run $TMP/names.json -o $TMP/no/such/x.db");
	PROGRAM_EXPECT(2, "MCVSIM_DATA is /nope",
		       "MCVSIM_DATA=/nope $BIN/mcvsim check $TMP/names.json");
}

static void json_answers_are_json(void)
{
	study_write("json.json", "");
	PROGRAM_EXPECT(0, "\"parameters\"", "$BIN/mcvsim run $TMP/json.json --dry-run --json");
	PROGRAM_EXPECT(2, "choose one", "$BIN/mcvsim check $TMP/json.json --json --resolved");
	PROGRAM_EXPECT(1, "\"valid\":\tfalse", "$BIN/mcvsim check $TMP/absent.json --json");
	PROGRAM_EXPECT(0, "\"name\":", "$BIN/mcvsim schema --json");
}

static void a_precision_that_is_not_reached_is_told(void)
{
	study_write("rule.json", ", \"repeat\": 2, \"precision\": { \"metric\": "
				 "\"response_time.mean\", \"relative\": 0.000001, "
				 "\"max_repeat\": 3 }");
	PROGRAM_EXPECT(0, "4 of 4 points stopped at 3 repetitions",
		       "$BIN/mcvsim run $TMP/rule.json -o $TMP/rule.db");
	PROGRAM_EXPECT(
		0, "none told",
		"$BIN/mcvsim run $TMP/rule.json -o $TMP/easy.db --set /precision/relative=0.9 "
		"2>&1 | grep stopped || echo none told");
}

static void a_full_disk_keeps_what_was_finished(void)
{
	write_long_study("full.json");
	struct program_result r = program_run("unshare -Urm true");
	if (r.code != 0) {
		test_skip("mounting a small disk needs a user and a mount namespace");
	} else {
		/* The figures are read back inside the namespace, where the disk is. */
		PROGRAM_EXPECT(0, "kept some",
			       "mkdir -p $TMP/disk; unshare -Urm sh -c '"
			       "mount -t tmpfs -o size=400k none $TMP/disk && "
			       "$BIN/mcvsim run $TMP/full.json -o $TMP/disk/full.db -j1; "
			       "[ $? -eq 1 ] || exit 7; "
			       "n=$(sqlite3 $TMP/disk/full.db \"SELECT count(*) FROM (SELECT "
			       "DISTINCT point, repetition FROM result)\"); "
			       "[ \"$n\" -gt 0 ] && [ \"$n\" -lt 120 ] && echo kept some'");
	}
	program_free(&r);
}

static void a_full_disk_leaves_no_picture_that_counts_as_drawn(void)
{
	struct program_result r = program_run("unshare -Urm true && gnuplot --version");
	study_write("room.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/room.json -o $TMP/room.db");
	if (r.code != 0) {
		test_skip("this needs gnuplot and a user and a mount namespace");
	} else {
		/* From room for hardly more than the script to room for all but a picture's end. */
		for (int kilobytes = 16; kilobytes <= 48; kilobytes += 16)
			PROGRAM_EXPECT(1, "no space left on device",
				       "mkdir -p $TMP/room; unshare -Urm sh -c '"
				       "mount -t tmpfs -o size=%dk none $TMP/room && "
				       "$BIN/mcvsim report $TMP/room.db -o $TMP/room'",
				       kilobytes);
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim report $TMP/room.db -o $TMP/room");
	}
	program_free(&r);
	/* A gnuplot that does nothing and says that all went well. */
	PROGRAM_EXPECT(1, "p95.pdf is missing",
		       "mkdir -p $TMP/fake && printf '#!/bin/sh\\nexit 0\\n' >$TMP/fake/gnuplot && "
		       "chmod +x $TMP/fake/gnuplot && PATH=$TMP/fake:$PATH $BIN/mcvsim report "
		       "$TMP/room.db -o $TMP/undrawn");
	PROGRAM_EXPECT(1, "font not found",
		       "printf '#!/bin/sh\\necho font not found >&2\\n' >$TMP/fake/gnuplot && "
		       "PATH=$TMP/fake:$PATH $BIN/mcvsim report $TMP/room.db -o $TMP/undrawn");
}

static void without_gnuplot_the_data_are_there(void)
{
	study_write("draw.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/draw.json -o $TMP/draw.db");
	PROGRAM_EXPECT(1, "gnuplot-nox",
		       "PATH=/nonexistent $BIN/mcvsim report $TMP/draw.db -o $TMP/bare");
	PROGRAM_EXPECT(0, "p95.gp", "ls $TMP/bare");
	PROGRAM_EXPECT(0, "p95.tsv", "ls $TMP/bare");
	/* The page tells it, lest the picture of an earlier report is taken for this one's. */
	PROGRAM_EXPECT(1, "gnuplot-nox",
		       "echo '<svg>old</svg>' >$TMP/bare/p95.svg; PATH=/nonexistent $BIN/mcvsim "
		       "report $TMP/draw.db -o $TMP/bare --html");
	PROGRAM_EXPECT(0, "could not be drawn",
		       "! grep '<img' $TMP/bare/index.html && cat $TMP/bare/index.html");
	PROGRAM_EXPECT(2, "no metric 'nothing'",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/bare --html --figure '{\"name\": "
		       "\"bad\", \"kind\": \"lines\", \"x\": \"platform\", \"y\": "
		       "\"nothing\"}'");
	PROGRAM_EXPECT(0, "could not be made", "cat $TMP/bare/index.html");
	/* A page needs no figures. */
	PROGRAM_EXPECT(2, "asks for no figures",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/none --figure '[]'");
	PROGRAM_EXPECT(0, "none/index.html",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/none --html --figure '[]'");
	struct program_result r = program_run("gnuplot --version");
	if (r.code != 0) {
		test_skip("gnuplot is not installed");
	} else {
		PROGRAM_EXPECT(0, "p95", "$BIN/mcvsim report $TMP/draw.db -o $TMP/drawn");
		for (const char *const *kind = (const char *const[]){"pdf", "svg", "png", NULL};
		     *kind; kind++)
			PROGRAM_EXPECT(0, NULL, "test -s $TMP/drawn/p95.%s", *kind);
	}
	program_free(&r);
}

/* A figure is drawn as it was asked for, with a word where it will not read. */
static void bars_too_thin_to_tell_apart_are_told(void)
{
	study_write("thin.json",
		    ", \"repeat\": 1, \"figures\": [], \"sweep\": { \"phones\": { \"path\": "
		    "\"/handsets/phones/count\", \"values\": [1, 2, 3, 4, 5, 6, 7] } }");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/thin.json -o $TMP/thin.db");
	for (int page = 0; page < 2; page++) {
		struct program_result r = program_run(
			"$BIN/mcvsim report $TMP/thin.db -o $TMP/thin --format svg --figure "
			"'{\"name\": \"thin\", \"kind\": \"bars\", \"x\": \"phones\", \"y\": "
			"\"response_time.p95\", \"series\": \"platform\", \"width\": \"%s\"}'",
			page ? "page" : "column");
		CU_ASSERT_EQUAL(strstr(r.err, "28 bars are 5.4 pt wide") != NULL, !page);
		program_free(&r);
	}
	PROGRAM_EXPECT(0, "thin.gp", "ls $TMP/thin");
}

/* Of three points on each platform, the one in the middle needs more memory than the process may
 * have. */
static void a_failed_run_is_recorded_and_costs_only_itself(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	test_skip("under a sanitizer the memory cannot be limited");
	return;
#endif
	study_write("fails.json",
		    ", \"figures\": [], \"repeat\": 2, \"sweep\": { \"handsets\": { \"path\": "
		    "\"/handsets/phones/count\", \"values\": [30, 10000000, 20] } }");
	PROGRAM_EXPECT(3, "8 runs failed",
		       "ulimit -v 500000; $BIN/mcvsim run $TMP/fails.json -o $TMP/fails.db -j2");
	char hash[33];
	struct db_counts n = study_content("fails.db", hash);
	CU_ASSERT_EQUAL(n.done, 16);
	CU_ASSERT_EQUAL(n.failed, 8);
	PROGRAM_EXPECT(1, "no memory for the handsets",
		       "ulimit -v 500000; PATH=$BIN:$PATH; eval \"$(sqlite3 $TMP/fails.db \"SELECT "
		       "reproduce FROM run WHERE status = 'failed' LIMIT 1\")\"");
	/* They are tried again with the next command, and only they. */
	PROGRAM_EXPECT(3, "16 of them were there",
		       "ulimit -v 500000; $BIN/mcvsim run $TMP/fails.json -o $TMP/fails.db");
}

/* A bug of the model in every second run: the others are stored, and the program says which, when,
 * and how to see it again. */
static void an_assertion_costs_its_run_and_not_the_sweep(void)
{
	char hash[33];
	study_write("broken.json", ", \"figures\": [], \"repeat\": 2");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/broken.json -o $TMP/sound.db");
	struct db_counts sound = study_content("sound.db", hash);
	struct program_result r = program_run(
		"$BIN/tests/mcvsim_broken run $TMP/broken.json -o $TMP/broken.db --seed 1 -j2");
	CU_ASSERT_EQUAL(r.code, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, ":1 (seed 1) failed: "));
	CU_ASSERT_PTR_NOT_NULL(
		strstr(r.err, "assertion failed: run->key.repetition != 1, broken_model.c:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, " s of simulated time)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, "to repeat it: mcvsim run "));
	program_free(&r);
	struct db_counts n = study_content("broken.db", hash);
	CU_ASSERT(n.failed > 0);
	CU_ASSERT_EQUAL(n.failed + n.done, sound.done);
	CU_ASSERT(n.done >= n.failed);
	PROGRAM_EXPECT(
		1, "assertion failed",
		"PATH=$TMP:$PATH; ln -s $BIN/tests/mcvsim_broken $TMP/mcvsim; eval \"$(sqlite3 "
		"$TMP/broken.db \"SELECT reproduce FROM run WHERE status = 'failed' LIMIT "
		"1\")\"");
	/* Once the bug is gone the same command completes the rest. */
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/broken.json -o $TMP/broken.db --seed 1");
	n = study_content("broken.db", hash);
	CU_ASSERT_EQUAL(n.failed, 0);
	CU_ASSERT_EQUAL(n.done, sound.done);
}

static void a_failed_run_can_be_repeated_alone(void)
{
	study_write("only.json", "");
	PROGRAM_EXPECT(0, "response_time.mean",
		       "point=$($BIN/mcvsim run $TMP/only.json --dry-run | sed -n 's/  "
		       "platform=native//p'); "
		       "$BIN/mcvsim run $TMP/only.json --only $point:2");
}

static void stored_results_can_be_reproduced(void)
{
	study_write("again.json", "");
	PROGRAM_EXPECT(0, "native", "$BIN/mcvsim run $TMP/again.json -o $TMP/stored.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/stored.db");
	PROGRAM_EXPECT(1, "different",
		       "sqlite3 $TMP/stored.db 'UPDATE value SET value = value * 1.0000001 "
		       "WHERE repetition = 1' && "
		       "$BIN/mcvsim reproduce $TMP/stored.db");
}

/* One changed value and one run that is said to have failed are found and told. */
static void what_does_not_come_out_again_is_told(void)
{
	study_write("changed.json", ",\n  \"repeat\": 2");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/changed.json -o $TMP/changed.db");
	PROGRAM_EXPECT(
		0, NULL,
		"cp $TMP/changed.db $TMP/failed.db && sqlite3 $TMP/changed.db \"UPDATE value "
		"SET value = 2 * value WHERE point = 2 AND metric = (SELECT key FROM metric "
		"WHERE name = 'response_time.p95')\" && sqlite3 $TMP/failed.db \"UPDATE run "
		"SET status = 'failed' WHERE point = 1 AND repetition = 1\"");
	PROGRAM_EXPECT(1, "response time, p95 (s)", "$BIN/mcvsim reproduce $TMP/changed.db");
	PROGRAM_EXPECT(1, "-50 %", "$BIN/mcvsim reproduce $TMP/changed.db");
	PROGRAM_EXPECT(1, "1 runs had failed when it was stored, 0 now",
		       "$BIN/mcvsim reproduce $TMP/failed.db");
	/* Other axes have no point in common, which is said. */
	PROGRAM_EXPECT(
		0, NULL,
		"$BIN/mcvsim run $TMP/changed.json -o $TMP/axes.db --set "
		"'/sweep/cores={\"path\": \"/sites/edge/hosts/node/cores\", \"values\": [2, 4]}' "
		"--set '/figures=[]'");
	PROGRAM_EXPECT(0, "swept over different axes",
		       "$BIN/mcvsim diff $TMP/changed.db $TMP/axes.db");
	/* Histograms and series leave as rows; what there is none of is only a head. */
	PROGRAM_EXPECT(0, "metric,subject,low,high,count,unit",
		       "$BIN/mcvsim export $TMP/axes.db --what histograms");
	PROGRAM_EXPECT(
		0, "\"time_s\":", "$BIN/mcvsim export $TMP/axes.db --what series --format jsonl");
	PROGRAM_EXPECT(2, "--what must be", "$BIN/mcvsim export $TMP/axes.db --what rows");
}

static void a_part_can_be_reproduced_and_says_that_it_is_one(void)
{
	study_write("part.json", "");
	PROGRAM_EXPECT(0, "of 16 runs are in",
		       "$BIN/mcvsim run $TMP/part.json -o $TMP/part.db --shard 2/3");
	PROGRAM_EXPECT(0, "of 16 runs are in", "$BIN/mcvsim query $TMP/part.db");
	PROGRAM_EXPECT(0, "of 16 runs are in", "$BIN/mcvsim reproduce $TMP/part.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/part.db");
	/* A point of which one repetition is left. */
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/part.json -o $TMP/holes.db");
	PROGRAM_EXPECT(1, NULL, "$BIN/mcvsim query $TMP/holes.db 2>&1 | grep only");
	PROGRAM_EXPECT(
		0, "the same, to the bit",
		"for t in value histogram series run; do sqlite3 $TMP/holes.db \"DELETE FROM $t "
		"WHERE point = 1 AND repetition < 3\" || exit 9; done; "
		"$BIN/mcvsim reproduce $TMP/holes.db");
	PROGRAM_EXPECT(0, "only 13 of 16", "$BIN/mcvsim query $TMP/holes.db");
	PROGRAM_EXPECT(1, "different",
		       "sqlite3 $TMP/holes.db 'UPDATE value SET value = value + 1 WHERE point = 1' "
		       "&& $BIN/mcvsim reproduce $TMP/holes.db");
	PROGRAM_EXPECT(
		1, "no runs",
		"for t in value histogram series run; do sqlite3 $TMP/holes.db \"DELETE FROM $t\" "
		"|| exit 9; done; $BIN/mcvsim reproduce $TMP/holes.db");
	study_write("until.json", ", \"precision\": { \"metric\": \"response_time.mean\", "
				  "\"relative\": 0.05, \"max_repeat\": 9 }");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/until.json -o $TMP/until.db");
	PROGRAM_EXPECT(0, "the same, to the bit", "$BIN/mcvsim reproduce $TMP/until.db");
}

static void tasks_that_do_not_finish_are_told(void)
{
	/* 3000 phones are more than a cell can serve; of an hour with few, only the end is open. */
	study_write("lossy.json", ", \"figures\": [ { \"name\": \"bars\", \"kind\": \"bars\", "
				  "\"x\": \"platform\", \"y\": \"response_time.mean\" } ]");
	PROGRAM_EXPECT(0, "4 of 4 points left more than 5 % of their tasks",
		       "$BIN/mcvsim run $TMP/lossy.json -o $TMP/lossy.db "
		       "--set /handsets/phones/count=3000");
	PROGRAM_EXPECT(0, "4 of 4 points left more than 5 % of their tasks",
		       "$BIN/mcvsim query $TMP/lossy.db");
	PROGRAM_EXPECT(0, "tasks unfinished", "$BIN/mcvsim query $TMP/lossy.db --metric tasks");
	PROGRAM_EXPECT(0, "At 4 points over 5 % of the tasks did not finish and are left out.",
		       "PATH=/nonexistent $BIN/mcvsim report $TMP/lossy.db -o $TMP/lossy; "
		       "cat $TMP/lossy/bars.gp");
	/* A count of tasks leaves none out. */
	PROGRAM_EXPECT(0, "At 4 points over 5 % of the tasks did not finish. ",
		       "PATH=/nonexistent $BIN/mcvsim report $TMP/lossy.db -o $TMP/lossy --figure "
		       "'{\"name\":\"count\",\"kind\":\"bars\",\"x\":\"platform\",\"y\":"
		       "\"tasks.done\"}'; cat $TMP/lossy/count.gp");
	PROGRAM_EXPECT(1, NULL,
		       "$BIN/mcvsim run $TMP/lossy.json -o $TMP/easy.db --set '/duration=1 h' "
		       "2>&1 | grep 'more than 5 %%'");
	PROGRAM_EXPECT(1, NULL,
		       "$BIN/mcvsim run $TMP/lossy.json -o $TMP/unrecorded.db --set "
		       "'/record=[\"response_time\"]' --set /handsets/phones/count=3000 "
		       "2>&1 | grep 'more than 5 %%'");
}

static void numbers_can_be_asked_and_exported(void)
{
	study_write("ask.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/ask.json -o $TMP/ask.db");
	PROGRAM_EXPECT(0, "container", "$BIN/mcvsim query $TMP/ask.db --metric response_time.p95");
	PROGRAM_EXPECT(0, "\"mean\"",
		       "$BIN/mcvsim query $TMP/ask.db --json --filter \"platform = 'native'\"");
	PROGRAM_EXPECT(2, "response_time",
		       "$BIN/mcvsim query $TMP/ask.db --metric response_tiem.p95");
	PROGRAM_EXPECT(2, "platform", "$BIN/mcvsim query $TMP/ask.db --filter 'platfrom = 1'");
	PROGRAM_EXPECT(2, "--format", "$BIN/mcvsim query $TMP/ask.db --format xml");
	PROGRAM_EXPECT(0, "study,profile_hash,seed,point,repetition,platform",
		       "$BIN/mcvsim export $TMP/ask.db | head -1");
	PROGRAM_EXPECT(0, "\"metric\":", "$BIN/mcvsim export $TMP/ask.db --format jsonl | head -1");
	PROGRAM_EXPECT(1, "is there already",
		       "touch $TMP/mine.csv; $BIN/mcvsim export $TMP/ask.db -o $TMP/mine.csv");
}

/* Of two studies that draw figures of one name into one folder, the first's stay. */
static void figures_of_another_study_are_not_replaced(void)
{
	char text[600];
	for (int i = 0; i < 3; i++) {
		static const char *const about[] = {"one", "two", "one"};
		char name[20];
		snprintf(name, sizeof(name), "apart%d.json", i);
		snprintf(text, sizeof(text), ", \"description\": \"%s\", \"repeat\": %d", about[i],
			 i + 1);
		study_write(name, text);
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/apart%d.json -o $TMP/apart%d.db", i,
			       i);
	}
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim report $TMP/apart0.db -o $TMP/apart --html --format svg && "
		       "md5sum $TMP/apart/* >$TMP/apart.md5");
	PROGRAM_EXPECT(2, "p95.tsv is of another study",
		       "$BIN/mcvsim report $TMP/apart1.db -o $TMP/apart --format svg 2>&1");
	PROGRAM_EXPECT(1, "index.html is of another study",
		       "$BIN/mcvsim report $TMP/apart1.db -o $TMP/apart --format svg --html "
		       "--figure '{\"name\": \"own\", \"kind\": \"bars\", \"x\": \"platform\", "
		       "\"y\": \"response_time.p95\"}' 2>&1");
	PROGRAM_EXPECT(0, NULL, "md5sum -c $TMP/apart.md5");
	/* It has grown: still the same. */
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim report $TMP/apart2.db -o $TMP/apart --html --format svg");
	PROGRAM_EXPECT(1, NULL, "md5sum -c $TMP/apart.md5");
	/* What is not ours is not touched either. */
	PROGRAM_EXPECT(2, "none of mcvsim's",
		       "mkdir $TMP/mine; echo 1 2 >$TMP/mine/p95.tsv; "
		       "$BIN/mcvsim report $TMP/apart0.db -o $TMP/mine --format svg 2>&1");
	PROGRAM_EXPECT(0, "1 2", "cat $TMP/mine/p95.tsv");
}

static cJSON *read_json(const char *name)
{
	struct program_result r = program_run("cat %s", study_path(name));
	cJSON *root = cJSON_Parse(r.out);
	CU_ASSERT_PTR_NOT_NULL(root);
	program_free(&r);
	return root;
}

static bool has_text(const cJSON *event, const char *key)
{
	return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(event, key));
}

static double number_of(const cJSON *event, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, key);
	CU_ASSERT(cJSON_IsNumber(item));
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

enum { THREADS = 64 };

/* What the Trace Event Format asks of a complete event; those of a thread follow each other. */
static void check_slice(const cJSON *event, const bool named[THREADS], double end_us[THREADS])
{
	double thread = number_of(event, "tid"), us = number_of(event, "ts");
	CU_ASSERT_FATAL(thread >= 1 && thread < THREADS);
	CU_ASSERT(named[(int)thread] && has_text(event, "cat"));
	CU_ASSERT(us >= end_us[(int)thread] - 1e-3 && number_of(event, "dur") > 0);
	end_us[(int)thread] = us + number_of(event, "dur");
}

/* The file against the Trace Event Format: complete events (no begin without an end), counters of
 * numbers, and a name for the process and each thread before its first event. */
static void check_chrome_trace(const cJSON *root)
{
	const cJSON *events = cJSON_GetObjectItemCaseSensitive(root, "traceEvents"), *event, *value;
	bool named[THREADS] = {false};
	double end_us[THREADS] = {0};
	int slices = 0, levels = 0;
	CU_ASSERT(cJSON_IsArray(events));
	CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(cJSON_GetObjectItem(root, "displayTimeUnit")),
			       "ms");
	cJSON_ArrayForEach(event, events)
	{
		const char *ph = cJSON_GetStringValue(cJSON_GetObjectItem(event, "ph"));
		const cJSON *args = cJSON_GetObjectItemCaseSensitive(event, "args");
		CU_ASSERT_FATAL(ph && strlen(ph) == 1 && strchr("XCM", ph[0]) != NULL);
		CU_ASSERT(has_text(event, "name") && cJSON_IsObject(args));
		CU_ASSERT_EQUAL(number_of(event, "pid"), 1);
		if (ph[0] == 'M') {
			const cJSON *thread = cJSON_GetObjectItem(event, "tid");
			CU_ASSERT(has_text(args, "name"));
			named[thread ? thread->valueint : 0] = true;
		} else if (ph[0] == 'X') {
			check_slice(event, named, end_us);
			slices++;
		} else {
			CU_ASSERT(number_of(event, "ts") >= 0 && args->child);
			cJSON_ArrayForEach(value, args) CU_ASSERT(cJSON_IsNumber(value));
			levels++;
		}
	}
	CU_ASSERT(named[0] && slices > 3 && levels > 3);
}

/* A row for each task, and a handset's life that viewers take. */
static void tasks_can_be_traced(void)
{
	study_write("trace.json", ", \"repeat\": 1, \"sweep\": null, \"figures\": null");
	PROGRAM_EXPECT(0, "t.csv: ", "$BIN/mcvsim run $TMP/trace.json --trace $TMP/t.csv");
	PROGRAM_EXPECT(0, NULL,
		       "head -1 $TMP/t.csv | grep -q ^handset,app,start_s,end_s,response_s,counted,"
		       "where,host,outcome,radio_s && test $(wc -l < $TMP/t.csv) -gt 100");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/trace.json --trace $TMP/again.csv");
	PROGRAM_EXPECT(0, NULL, "cmp $TMP/t.csv $TMP/again.csv");
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim run $TMP/trace.json --trace $TMP/one.csv --trace-handset "
		       "phones/7");
	PROGRAM_EXPECT(0, NULL,
		       "tail -n +2 $TMP/one.csv > $TMP/one.rows && test -s $TMP/one.rows && grep "
		       "^phones/7, $TMP/t.csv | cmp - $TMP/one.rows");
	PROGRAM_EXPECT(0, "events",
		       "$BIN/mcvsim run $TMP/trace.json --trace $TMP/t.json --trace-format chrome "
		       "--trace-handset phones/7");
	cJSON *root = read_json("t.json");
	check_chrome_trace(root);
	cJSON_Delete(root);
}

static void what_cannot_be_traced_is_refused(void)
{
	study_write("many.json", "");
	PROGRAM_EXPECT(2, "4 points of 4 repetitions: say which by --only",
		       "$BIN/mcvsim run $TMP/many.json --trace $TMP/x.csv");
	PROGRAM_EXPECT(2, "--trace-handset needs --trace",
		       "$BIN/mcvsim run $TMP/many.json --trace-handset phones/0");
	PROGRAM_EXPECT(2, "did you mean 'chrome'",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-format chrom");
	PROGRAM_EXPECT(2, "must be CLASS/N",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-handset phones");
	PROGRAM_EXPECT(2, "say which by --trace-handset",
		       "$BIN/mcvsim run $TMP/many.json --trace x --trace-format chrome");
	study_write("few.json", ", \"repeat\": 1, \"sweep\": null, \"figures\": null");
	PROGRAM_EXPECT(2, "no handset phones/1000000",
		       "$BIN/mcvsim run $TMP/few.json --trace $TMP/x.json --trace-format chrome "
		       "--trace-handset phones/1000000");
	PROGRAM_EXPECT(1, "cannot write", "$BIN/mcvsim run $TMP/few.json --trace $TMP/no/x.csv");
	PROGRAM_EXPECT(1, NULL, "$BIN/mcvsim run $TMP/few.json --trace /dev/full");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"threads_and_repetition_change_nothing", threads_and_repetition_change_nothing},
		{"another_seed_agrees_within_the_intervals",
		 another_seed_agrees_within_the_intervals},
		{"shards_merge_into_the_whole", shards_merge_into_the_whole},
		{"a_killed_run_keeps_what_was_committed_and_completes",
		 a_killed_run_keeps_what_was_committed_and_completes},
		{"an_interrupt_says_how_to_go_on", an_interrupt_says_how_to_go_on},
		{"results_are_never_overwritten", results_are_never_overwritten},
		{"a_sweep_over_profiles_is_the_studies_of_each",
		 a_sweep_over_profiles_is_the_studies_of_each},
		{"mistakes_in_a_study_are_told_all_with_places",
		 mistakes_in_a_study_are_told_all_with_places},
		{"wrong_command_lines_are_refused", wrong_command_lines_are_refused},
		{"a_dry_run_runs_nothing", a_dry_run_runs_nothing},
		{"output_names_are_file_names", output_names_are_file_names},
		{"json_answers_are_json", json_answers_are_json},
		{"a_precision_that_is_not_reached_is_told",
		 a_precision_that_is_not_reached_is_told},
		{"a_full_disk_keeps_what_was_finished", a_full_disk_keeps_what_was_finished},
		{"a_full_disk_leaves_no_picture_that_counts_as_drawn",
		 a_full_disk_leaves_no_picture_that_counts_as_drawn},
		{"without_gnuplot_the_data_are_there", without_gnuplot_the_data_are_there},
		{"bars_too_thin_to_tell_apart_are_told", bars_too_thin_to_tell_apart_are_told},
		{"a_failed_run_is_recorded_and_costs_only_itself",
		 a_failed_run_is_recorded_and_costs_only_itself},
		{"an_assertion_costs_its_run_and_not_the_sweep",
		 an_assertion_costs_its_run_and_not_the_sweep},
		{"a_failed_run_can_be_repeated_alone", a_failed_run_can_be_repeated_alone},
		{"stored_results_can_be_reproduced", stored_results_can_be_reproduced},
		{"what_does_not_come_out_again_is_told", what_does_not_come_out_again_is_told},
		{"a_part_can_be_reproduced_and_says_that_it_is_one",
		 a_part_can_be_reproduced_and_says_that_it_is_one},
		{"tasks_that_do_not_finish_are_told", tasks_that_do_not_finish_are_told},
		{"tasks_can_be_traced", tasks_can_be_traced},
		{"what_cannot_be_traced_is_refused", what_cannot_be_traced_is_refused},
		{"numbers_can_be_asked_and_exported", numbers_can_be_asked_and_exported},
		{"figures_of_another_study_are_not_replaced",
		 figures_of_another_study_are_not_replaced},
		{0},
	};
	return test_main("run", cases, argc, argv);
}
