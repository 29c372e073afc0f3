/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program as its users meet it: check, run, merge and report on a small study, with whatever
 * can go wrong between a file and a figure.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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
		{"tasks_that_do_not_finish_are_told", tasks_that_do_not_finish_are_told},
		{"numbers_can_be_asked_and_exported", numbers_can_be_asked_and_exported},
		{0},
	};
	return test_main("run", cases, argc, argv);
}
