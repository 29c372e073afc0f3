/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim calibrate and doctor as a user runs them: on this machine as it is, on machines that lack
 * something, and with an hvcore that misbehaves (a script that stands beside a copy of mcvsim).
 */
#include "models/platform/profile.h"
#include "sim/base/json.h"
#include "sim/cli/measure/agreement.h"
#include "sim/cli/measure/calibrate.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static cJSON *read_json(const char *name)
{
	char path[512], *text;
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	text = calloc(1, 1 << 20);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	cJSON *json = cJSON_ParseWithLength(text, n);
	free(text);
	return json;
}

static bool exists(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	return access(path, F_OK) == 0;
}

static const cJSON *at(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* What is missing fails the case, and is NAN or "". */
static double number_at(const cJSON *object, const char *key)
{
	const cJSON *item = at(object, key);
	CU_ASSERT(cJSON_IsNumber(item));
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text_at(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(at(object, key));
	CU_ASSERT_PTR_NOT_NULL(text);
	return text ? text : "";
}

static int code_of(const char *command)
{
	struct program_result r = program_run("%s", command);
	int code = r.code;
	program_free(&r);
	return code;
}

static void check_entry(const cJSON *entry)
{
	static const char *const numbers[] = {"p50", "mean", "min", "p90", "mad", "batches"};
	static const char *const texts[] = {"unit", "backend", "method", "source"};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		CU_ASSERT(number_at(entry, numbers[i]) >= 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CU_ASSERT(cJSON_IsString(at(entry, texts[i])));
	CU_ASSERT(number_at(entry, "min") <= number_at(entry, "p50"));
	CU_ASSERT(number_at(entry, "p50") <= number_at(entry, "p90"));
	/* Few, where one operation takes tens of milliseconds, as under a sanitizer. */
	CU_ASSERT(number_at(entry, "batches") >= 21 || number_at(entry, "batches") == 5);
	CU_ASSERT_STRING_EQUAL(text_at(entry, "source"), "measured");
}

/* What every profile has, whatever the machine. */
static void check_profile(const cJSON *profile)
{
	const cJSON *machine = at(profile, "machine"), *item;
	CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
	CU_ASSERT_EQUAL(number_at(profile, "schema"), 1);
	CU_ASSERT(cJSON_IsString(at(machine, "measured_at")));
	CU_ASSERT(cJSON_IsBool(at(machine, "nested")));
	CU_ASSERT(cJSON_IsString(at(machine, "kernel")));
	CU_ASSERT(cJSON_IsObject(at(machine, "mitigations")));
	cJSON_ArrayForEach(item, at(profile, "primitives")) check_entry(item);
	cJSON_ArrayForEach(item, at(profile, "operations")) check_entry(item);
	cJSON_ArrayForEach(item, at(profile, "failed"))
		CU_ASSERT(cJSON_IsString(item) && item->valuestring[0]);
}

/* The world reads what calibrate writes, as it is on the disk. */
static void check_world_reads_it(const char *name)
{
	char path[512];
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct profile p = {0};
	struct err e = {0};
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	CU_ASSERT_EQUAL_FATAL(json_doc_load(&doc, path, &diags, &e), 0);
	CU_ASSERT_EQUAL(profile_read(&p, &doc, name, &diags, &e), 0);
	CU_ASSERT_EQUAL(diags.count, 0);
	const struct primitive *call = profile_find(&p, "syscall.native");
	const struct primitive *copy = profile_find(&p, "copy.byte");
	CU_ASSERT(!call || (call->unit == PROFILE_NS && call->source == PROFILE_MEASURED));
	CU_ASSERT(!copy || copy->unit == PROFILE_NS_PER_BYTE);
	CU_ASSERT(p.count > 5);
	profile_free(&p);
	json_doc_free(&doc);
	diag_free(&diags);
}

static void the_profile_has_the_shape_that_scripts_rely_on(void)
{
	struct program_result r =
		program_run("$BIN/mcvsim calibrate --quick --backend native -o $TMP/native.json");
	/* 3: on a busy machine a probe may rightly refuse to give a number. */
	CU_ASSERT(r.code == 0 || r.code == 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.out, "syscall.native"));
	CU_ASSERT_PTR_NULL(strstr(r.err, "measuring")); /* progress is for terminals */
	program_free(&r);

	check_world_reads_it("native.json");
	cJSON *profile = read_json("native.json");
	check_profile(profile);
	CU_ASSERT(at(at(profile, "primitives"), "syscall.native") ||
		  at(at(profile, "failed"), "syscall.native"));
	CU_ASSERT_PTR_NULL(at(at(profile, "primitives"), "blk.read_4k.native"));
	CU_ASSERT_PTR_NULL(at(at(profile, "primitives"), "syscall.container"));
	cJSON_Delete(profile);
}

/* ---- machines that lack something ---- */

static void without_the_right_to_kvm_the_rest_is_measured(void)
{
	if (access("/dev/kvm", F_OK) != 0) {
		test_skip("no /dev/kvm: the other cases of this suite ran without it");
		return;
	}
	if (geteuid() != 0) {
		test_skip("only root can become somebody else");
		return;
	}
	struct stat st;
	if (stat("/dev/kvm", &st) == 0 && st.st_mode & 06) {
		test_skip("everybody may open /dev/kvm here");
		return;
	}
	/* A clone below a folder that only root may enter cannot be run by anybody else. */
	struct program_result r =
		program_run("setpriv --reuid 65533 --regid 65533 --clear-groups "
			    "sh -c '$BIN/mcvsim schema study && test -d $PWD/scenarios/profiles'");
	bool runs = r.code == 0;
	program_free(&r);
	if (!runs) {
		test_skip("another user cannot reach the programs here");
		return;
	}
	PROGRAM_EXPECT(0, NULL, "chmod 755 $TMP");
	r = program_run("setpriv --reuid 65533 --regid 65533 --clear-groups "
			"$BIN/mcvsim calibrate --quick --json");
	if (r.code == 126 || r.code == 127) {
		test_skip("the programs cannot be run that way here: %.60s", r.err);
		program_free(&r);
		return;
	}
	CU_ASSERT(r.code == 0 || r.code == 3);
	cJSON *profile = cJSON_Parse(r.out);
	check_profile(profile);
	const cJSON *failed = at(profile, "failed"), *item;
	int of_kvm = 0;
	cJSON_ArrayForEach(item, failed) of_kvm += strstr(item->valuestring, "ermission") != NULL;
	CU_ASSERT(of_kvm > 0);
	CU_ASSERT(at(at(profile, "primitives"), "syscall.native") || at(failed, "syscall.native"));
	CU_ASSERT_PTR_NULL(at(at(profile, "primitives"), "exit.pio_user"));
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, "not offered by this machine"));
	cJSON_Delete(profile);
	program_free(&r);
}

/* Calibrating would tell the same as above; that the doctor sees it is enough. */
static void a_broken_kvm_is_told_from_a_missing_one(void)
{
	if (access("/dev/kvm", F_OK) != 0 ||
	    code_of("unshare -rm mount --bind /dev/null /dev/kvm") != 0) {
		test_skip("cannot hide /dev/kvm in a mount namespace here");
		return;
	}
	PROGRAM_EXPECT(0, "kvm-broken",
		       "unshare -rm sh -c 'mount --bind /dev/null /dev/kvm && $BIN/mcvsim doctor'");
	struct program_result r = program_run(
		"unshare -rm sh -c 'mount --bind /dev/null /dev/kvm && $BIN/mcvsim doctor --json'");
	cJSON *found = cJSON_Parse(r.out);
	const cJSON *backend;
	cJSON_ArrayForEach(backend, at(found, "backends"))
	{
		bool is_kvm = strcmp(text_at(backend, "name"), "kvm") == 0;
		CU_ASSERT(!is_kvm || cJSON_IsFalse(at(backend, "available")));
		CU_ASSERT(strcmp(text_at(backend, "name"), "native") != 0 ||
			  cJSON_IsTrue(at(backend, "available")));
	}
	cJSON_Delete(found);
	program_free(&r);
}

/* In a user namespace of its own a process may set how many more there may be: none. */
#define WITHOUT_NAMESPACES(kinds)                                                                  \
	"unshare -r sh -c 'for i in " kinds                                                        \
	"; do echo 0 > /proc/sys/user/max_${i}_namespaces; done; exec $BIN/hvcore doctor'"

static void without_namespaces_the_container_does_with_less_and_says_so(void)
{
	if (code_of("unshare -r sh -c 'echo 0 > /proc/sys/user/max_user_namespaces'") != 0) {
		test_skip("cannot limit namespaces here");
		return;
	}
	PROGRAM_EXPECT(0, "without user: the kernel's limit", WITHOUT_NAMESPACES("user"));
	PROGRAM_EXPECT(0, "max_user_namespaces", WITHOUT_NAMESPACES("user"));
	PROGRAM_EXPECT(0, "uts: the kernel's limit",
		       WITHOUT_NAMESPACES("user pid mnt net ipc uts"));
}

static void doctor_says_what_to_do(void)
{
	PROGRAM_EXPECT(0, "native", "$BIN/mcvsim doctor");
	struct program_result r = program_run("$BIN/mcvsim doctor --json");
	cJSON *found = cJSON_Parse(r.out);
	const cJSON *item;
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT(cJSON_IsObject(at(found, "machine")));
	CU_ASSERT(cJSON_GetArraySize(at(found, "backends")) >= 2);
	cJSON_ArrayForEach(item, at(found, "backends")) CU_ASSERT(
		cJSON_IsTrue(at(item, "available")) || cJSON_IsString(at(item, "reason")));
	cJSON_ArrayForEach(item, at(found, "advice"))
		CU_ASSERT(cJSON_IsString(at(item, "problem")) && cJSON_IsString(at(item, "do")));
	cJSON_Delete(found);
	program_free(&r);
	PROGRAM_EXPECT(0, "gnuplot-nox", "PATH=/nowhere $BIN/mcvsim doctor");
}

/* ---- an hvcore that misbehaves ---- */

/* Lists six probes. `good` works, `crash` dies of a signal, `noisy` fails its check the first time
 * and works the second, `broken` always fails, `garbage` prints what is no JSON, `absent` is not
 * offered by its first backend but by its second. */
static const char fake_hvcore[] =
	"#!/bin/sh\n"
	"here=$(dirname \"$0\")\n"
	"entry() { echo '{\"name\":\"'$1'\",\"backend\":\"native\",\"unit\":\"ns\",\"p50\":'$2',"
	"\"min\":1,\"p90\":999,\"mad\":'$3',\"batches\":21,\"method\":\"m\","
	"\"source\":\"measured\"}'; }\n"
	"offer() { printf '{\"name\":\"%s\",\"backend\":\"%s\",\"available\":%s,"
	"\"reason\":\"no such hardware\"}%s' $1 $2 $3 $4; }\n"
	"case \"$1 $2\" in\n"
	"'doctor --json') echo "
	"'{\"machine\":{\"kernel\":\"k\",\"nested\":false,\"mitigations\":{}},"
	"\"backends\":[],\"cpu_time\":{\"steal\":0,\"total\":0}}';;\n"
	"'list --json') printf '{\"backends\":[{\"name\":\"native\"},{\"name\":\"container\"}],"
	"\"probes\":['\n"
	"  [ -e $here/empty ] && echo ']}' && exit 0\n"
	"  for n in good crash noisy broken garbage; do offer $n native true ,; done\n"
	"  offer absent native false ,; offer absent container true ]}; echo;;\n"
	"'probe good') while [ -e $here/slow ]; do : > $here/started; sleep 0.02; done\n"
	"  entry good $(cat $here/value 2>/dev/null || echo 100) 2;;\n"
	"'probe absent') entry absent 5 1;;\n"
	"'probe crash') kill -SEGV $$;;\n"
	"'probe noisy') [ -e $here/tried ] && { rm $here/tried; entry noisy 7 1; exit 0; }\n"
	"  : > $here/tried; echo '{\"name\":\"noisy\",\"failed\":\"too noisy\"}'; exit 1;;\n"
	"'probe broken') echo '{\"name\":\"broken\",\"failed\":\"not linear\"}'; exit 1;;\n"
	"'probe garbage') echo 'Segmentation fault';;\n"
	"esac\n";

/* Makes TMP/bin/ with a copy of mcvsim and the script. */
static void stand_in(void)
{
	PROGRAM_EXPECT(0, NULL, "rm -rf $TMP/bin && mkdir $TMP/bin && cp $BIN/mcvsim $TMP/bin/");
	program_write_file("bin/hvcore", fake_hvcore);
	PROGRAM_EXPECT(0, NULL, "chmod +x $TMP/bin/hvcore");
}

static void a_crash_costs_one_probe(void)
{
	stand_in();
	PROGRAM_EXPECT(3, "3 should have worked", "$TMP/bin/mcvsim calibrate -o $TMP/fake.json");
	cJSON *profile = read_json("fake.json");
	const cJSON *primitives = at(profile, "primitives"), *failed = at(profile, "failed");
	CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
	CU_ASSERT_EQUAL(cJSON_GetArraySize(primitives), 3);
	/* A second backend's value does not pass for the first one's that is missing. */
	CU_ASSERT_EQUAL(number_at(at(primitives, "absent@container"), "p50"), 5);
	CU_ASSERT_EQUAL(number_at(at(primitives, "good"), "p50"), 100);
	CU_ASSERT_EQUAL(number_at(at(primitives, "noisy"), "p50"), 7);
	CU_ASSERT_EQUAL(cJSON_GetArraySize(failed), 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(failed, "crash"), "signal 11"));
	CU_ASSERT_STRING_EQUAL(text_at(failed, "broken"), "not linear");
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(failed, "garbage"), "not JSON"));
	CU_ASSERT_STRING_EQUAL(text_at(failed, "absent"), "no such hardware");
	cJSON_Delete(profile);
}

static void without_hvcore_it_says_so(void)
{
	stand_in();
	PROGRAM_EXPECT(1, "cannot find the program hvcore",
		       "rm $TMP/bin/hvcore; PATH=/usr/bin:/bin $TMP/bin/mcvsim calibrate");
	PROGRAM_EXPECT(0, "cannot find the program hvcore",
		       "PATH=/usr/bin:/bin $TMP/bin/mcvsim doctor");
}

static void nothing_measured_is_a_failure(void)
{
	stand_in();
	PROGRAM_EXPECT(1, "nothing could be measured",
		       ": > $TMP/bin/empty; $TMP/bin/mcvsim calibrate -o $TMP/none.json");
	CU_ASSERT_FALSE(exists("none.json"));
}

static void an_unknown_backend_is_a_usage_error(void)
{
	stand_in();
	PROGRAM_EXPECT(2, "did you mean 'native'", "$TMP/bin/mcvsim calibrate --backend nativ");
}

static void an_older_profile_is_kept_and_anything_else_is_left_alone(void)
{
	stand_in();
	PROGRAM_EXPECT(3, "wrote", "$TMP/bin/mcvsim calibrate -o $TMP/again.json");
	PROGRAM_EXPECT(3, "wrote",
		       "echo 250 > $TMP/bin/value; $TMP/bin/mcvsim calibrate -o $TMP/again.json");
	cJSON *now = read_json("again.json"), *before = read_json("again.json.bak");
	CU_ASSERT_EQUAL(number_at(at(at(now, "primitives"), "good"), "p50"), 250);
	CU_ASSERT_EQUAL(number_at(at(at(before, "primitives"), "good"), "p50"), 100);
	cJSON_Delete(now);
	cJSON_Delete(before);

	PROGRAM_EXPECT(
		2, "is something else",
		"echo 'my thesis' > $TMP/notes.txt; $TMP/bin/mcvsim calibrate -o $TMP/notes.txt");
	PROGRAM_EXPECT(0, "my thesis", "cat $TMP/notes.txt");
	PROGRAM_EXPECT(2, "is a folder", "$TMP/bin/mcvsim calibrate -o $TMP");
}

static void output_that_cannot_be_written_is_a_failure(void)
{
	stand_in();
	PROGRAM_EXPECT(1, "No space left", "$TMP/bin/mcvsim calibrate -o /dev/full");
	PROGRAM_EXPECT(0, NULL, "test -c /dev/full");
	PROGRAM_EXPECT(1, "standard output", "$TMP/bin/mcvsim calibrate --json >/dev/full");
	PROGRAM_EXPECT(1, "No such file or directory",
		       "$TMP/bin/mcvsim calibrate -o $TMP/nowhere/p.json");
}

static void a_full_disk_leaves_the_old_profile(void)
{
	stand_in();
	if (code_of("unshare -rm mount -t tmpfs -o size=64k x $TMP/bin") != 0) {
		test_skip("cannot mount a small tmpfs here");
		return;
	}
	PROGRAM_EXPECT(
		1, "No space left",
		"mkdir -p $TMP/small; unshare -rm sh -c 'mount -t tmpfs -o size=8k x $TMP/small && "
		"$TMP/bin/mcvsim calibrate -o $TMP/small/p.json >/dev/null; "
		"head -c 4096 /dev/zero > $TMP/small/filler; "
		"cp $TMP/small/p.json $TMP/small.before; "
		"$TMP/bin/mcvsim calibrate -o $TMP/small/p.json >/dev/null; code=$?; "
		"cmp $TMP/small/p.json $TMP/small.before || code=9; "
		"ls $TMP/small | grep -qv -e filler -e \"^p.json$\" && code=8; exit $code'");
}

/* Starts a run that hangs in its first probe and kills it there; its exit code becomes ours. */
#define KILL_IN_MID_RUN(signal)                                                                    \
	"rm -f $TMP/bin/started; : > $TMP/bin/slow\n"                                              \
	"$TMP/bin/mcvsim calibrate -o $TMP/killed.json & pid=$!\n"                                 \
	"while [ ! -e $TMP/bin/started ]; do sleep 0.02; done\n"                                   \
	"kill -" signal " $pid; rm $TMP/bin/slow; wait $pid"

static void a_killed_run_leaves_no_half_profile(void)
{
	stand_in();
	PROGRAM_EXPECT(3, "wrote", "$TMP/bin/mcvsim calibrate -o $TMP/killed.json");
	PROGRAM_EXPECT(0, NULL, "cp $TMP/killed.json $TMP/before.json");
	PROGRAM_EXPECT(137, NULL, KILL_IN_MID_RUN("KILL"));
	PROGRAM_EXPECT(1, "nothing was written", KILL_IN_MID_RUN("TERM"));
	PROGRAM_EXPECT(0, NULL, "cmp $TMP/killed.json $TMP/before.json");
	PROGRAM_EXPECT(0, "1", "ls $TMP | grep -c '^killed.json'");
}

static void compare_tells_change_from_noise(void)
{
	stand_in();
	PROGRAM_EXPECT(3, NULL, "$TMP/bin/mcvsim calibrate -o $TMP/old.json");
	PROGRAM_EXPECT(3, "same",
		       "echo 104 > $TMP/bin/value; "
		       "$TMP/bin/mcvsim calibrate --compare $TMP/old.json | grep ^good; "
		       "exit 3");
	PROGRAM_EXPECT(0, "CHANGED",
		       "echo 140 > $TMP/bin/value; "
		       "$TMP/bin/mcvsim calibrate --compare $TMP/old.json | grep ^good");
	/* What was not to be measured is not gone. */
	PROGRAM_EXPECT(0, "gone",
		       "sed 's/\"noisy\":/\"bygone\":/' $TMP/old.json >$TMP/older.json; "
		       "$TMP/bin/mcvsim calibrate --backend native --compare $TMP/older.json | "
		       "grep ^bygone");
	PROGRAM_EXPECT(1, NULL,
		       "$TMP/bin/mcvsim calibrate --backend container --compare $TMP/older.json | "
		       "grep ^bygone");
	PROGRAM_EXPECT(2, "none.json: No such file or directory",
		       "$TMP/bin/mcvsim calibrate --compare $TMP/none.json");
	PROGRAM_EXPECT(2, "cut.json:2:1: /schema: expected a value",
		       "echo '{\"schema\":' > $TMP/cut.json; "
		       "$TMP/bin/mcvsim calibrate --compare $TMP/cut.json");
}

static cJSON *agreement_of(const double p50[5], struct agreement *out)
{
	cJSON *profiles[5];
	for (int i = 0; i < 5; i++) {
		char text[512];
		snprintf(text, sizeof(text),
			 "{\"schema\":1,\"machine\":{\"cpu\":\"x\",\"steal\":0.0%d},"
			 "\"primitives\":{\"a\":{\"unit\":\"ns\",\"p50\":%g,\"mad\":1},"
			 "\"short\":{\"unit\":\"ns\",\"p50\":%d,\"mad\":1}%s},"
			 "\"operations\":{},\"failed\":{\"b\":\"no reason\"%s}}",
			 5 - i, p50[i], 10 + 10 * i,
			 i == 3 ? ",\"c\":{\"unit\":\"ns\",\"p50\":500,\"mad\":1}" : "",
			 i == 3 ? "" : ",\"c\":\"too noisy\"");
		profiles[i] = cJSON_Parse(text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(profiles[i]);
	}
	cJSON *merged = agreement_merge(profiles, 5, out);
	for (int i = 0; i < 5; i++)
		cJSON_Delete(profiles[i]);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	return merged;
}

/* What no study could be priced with is no profile to compare with or to draw. */
static void a_damaged_profile_is_refused_by_all(void)
{
	static const char *const damages[] = {"{\\\"unit\\\":\\\"ns\\\",\\\"p50\\\":-5}",
					      "{\\\"unit\\\":\\\"furlong\\\",\\\"p50\\\":5}",
					      "{\\\"unit\\\":\\\"ns\\\",\\\"p50\\\":\\\"x\\\"}"};
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct program_result r = program_run(
			"echo "
			"\"{\\\"schema\\\":1,\\\"primitives\\\":{\\\"syscall.native\\\":%s}}\" > "
			"$TMP/damaged.json",
			damages[i]);
		CU_ASSERT_EQUAL(r.code, 0);
		program_free(&r);
		PROGRAM_EXPECT(2, "damaged.json:1",
			       "$BIN/mcvsim report $TMP/damaged.json -o $TMP/damaged-figures");
		PROGRAM_EXPECT(
			2, "damaged.json:1",
			"$BIN/mcvsim calibrate --backend native --compare $TMP/damaged.json");
	}
}

static void several_calibrations_say_how_far_they_agree(void)
{
	struct agreement found;
	cJSON *merged = agreement_of((double[]){1000, 1100, 990, 1050, 1180}, &found);
	const cJSON *primitives = at(merged, "primitives"), *a = at(primitives, "a");
	CU_ASSERT_EQUAL(number_at(a, "p50"), 1050);
	CU_ASSERT_EQUAL(number_at(a, "calibrations"), 5);
	CU_ASSERT_EQUAL(number_at(a, "calibrations_spread"), 190);
	CU_ASSERT_DOUBLE_EQUAL(number_at(a, "agreement"), 190.0 / 1050, 1e-9);
	CU_ASSERT_PTR_NULL(at(a, "note"));
	/* What is a few cycles long is not held against the machine. */
	CU_ASSERT(found.judged == 1 && found.beyond == 0);
	CU_ASSERT_PTR_NULL(at(at(primitives, "short"), "note"));
	CU_ASSERT_STRING_EQUAL(text_at(at(primitives, "c"), "note"),
			       "measured in 1 of 5 calibrations");
	CU_ASSERT_STRING_EQUAL(text_at(at(merged, "failed"), "b"), "no reason");
	CU_ASSERT_PTR_NULL(at(at(merged, "failed"), "c"));
	CU_ASSERT_DOUBLE_EQUAL(number_at(at(merged, "machine"), "steal"), 0.05, 1e-9);
	cJSON_Delete(merged);

	merged = agreement_of((double[]){1000, 1100, 990, 1050, 1210}, &found);
	a = at(at(merged, "primitives"), "a");
	CU_ASSERT(found.judged == 1 && found.beyond == 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text_at(a, "note"), "too noisy a machine"));
	CU_ASSERT_EQUAL(number_at(at(merged, "machine"), "disagreeing"), 1);

	/* A comparison takes what is between calibrations for noise, too: 3 sd of a range of 220
	 * among 5, on both sides. */
	cJSON *later = cJSON_Duplicate(a, true);
	CU_ASSERT_DOUBLE_EQUAL(calibrate_compare(a, later).noise, 3 * sqrt(2) * 220 / 2.326, 0.1);
	cJSON_Delete(later);
	cJSON_Delete(merged);
	PROGRAM_EXPECT(2, "not a number from 2 to 10", "$BIN/mcvsim calibrate --repeat 1");
}

/* The shipped profile as bars: a chart for each backend and for each unit that is no time. */
static void a_profile_is_drawn_as_bars(void)
{
	PROGRAM_EXPECT(
		2, "no \"primitives\"",
		"echo '{\"schema\": 1}' > $TMP/empty.json; $BIN/mcvsim report $TMP/empty.json");
	PROGRAM_EXPECT(2, "no entry with a median",
		       "echo '{\"schema\": 1, \"primitives\": {}}' > $TMP/none.json; "
		       "$BIN/mcvsim report $TMP/none.json -o $TMP/none");
	/* Without gnuplot the data and the scripts are there all the same. */
	struct program_result r = program_run("PATH=/nowhere $BIN/mcvsim report -o $TMP/bars "
					      "scenarios/profiles/nested-epyc.json");
	CU_ASSERT_EQUAL(r.code, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.err, "gnuplot"));
	program_free(&r);
	PROGRAM_EXPECT(0, "exit.pio_user", "cat $TMP/bars/primitives-kvm.tsv");
	PROGRAM_EXPECT(0, "boxxyerror", "cat $TMP/bars/operations-native.gp");
	PROGRAM_EXPECT(0, NULL, "test -s $TMP/bars/per-byte.tsv && test -s $TMP/bars/ratios.tsv");
	/* Dearest first, in seconds, and each entry once. */
	PROGRAM_EXPECT(0, NULL,
		       "grep -v '^#' $TMP/bars/primitives-kvm.tsv | cut -f 2 | sort -gr -c");
	PROGRAM_EXPECT(0, "the same\n",
		       "a=$(grep -hv '^#' $TMP/bars/*.tsv | wc -l); "
		       "b=$(grep -c '\"p50\"' scenarios/profiles/nested-epyc.json); "
		       "test $a = $b && echo the same");
}

/* An estimate for bare metal is whoever's who states the factor, and says so number by number. */
static void nested_exits_become_an_estimate_with_a_stated_factor(void)
{
	PROGRAM_EXPECT(2, "--bare-metal FACTOR states it",
		       "$BIN/mcvsim calibrate --from-profile scenarios/profiles/nested-epyc.json");
	PROGRAM_EXPECT(2, "not of a nested machine",
		       "$BIN/mcvsim calibrate --bare-metal 20 --from-profile "
		       "scenarios/profiles/literature.json");
	PROGRAM_EXPECT(2, "not a number from 1 to 1000",
		       "$BIN/mcvsim calibrate --bare-metal 0.5 --from-profile "
		       "scenarios/profiles/nested-epyc.json");
	PROGRAM_EXPECT(2, "is for --from-profile", "$BIN/mcvsim calibrate --bare-metal 20");
	PROGRAM_EXPECT(0, "wrote",
		       "$BIN/mcvsim calibrate --bare-metal 20 -o $TMP/metal.json --from-profile "
		       "scenarios/profiles/nested-epyc.json");
	/* What exits is divided and assumed; what does not is as it was. */
	PROGRAM_EXPECT(0, "divided by 20 as stated",
		       "grep -A30 '\"exit.pio_user\"' $TMP/metal.json");
	PROGRAM_EXPECT(0, "assumed",
		       "$BIN/mcvsim explain hvcore-para syscall --profile $TMP/metal.json");
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim explain native syscall --profile $TMP/metal.json > $TMP/a && "
		       "$BIN/mcvsim explain native syscall --profile "
		       "scenarios/profiles/nested-epyc.json | diff - $TMP/a");
	PROGRAM_EXPECT(2, "not of a nested machine",
		       "$BIN/mcvsim calibrate --bare-metal 20 --from-profile $TMP/metal.json");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_profile_has_the_shape_that_scripts_rely_on",
		 the_profile_has_the_shape_that_scripts_rely_on},
		{"without_the_right_to_kvm_the_rest_is_measured",
		 without_the_right_to_kvm_the_rest_is_measured},
		{"a_broken_kvm_is_told_from_a_missing_one",
		 a_broken_kvm_is_told_from_a_missing_one},
		{"without_namespaces_the_container_does_with_less_and_says_so",
		 without_namespaces_the_container_does_with_less_and_says_so},
		{"doctor_says_what_to_do", doctor_says_what_to_do},
		{"a_crash_costs_one_probe", a_crash_costs_one_probe},
		{"without_hvcore_it_says_so", without_hvcore_it_says_so},
		{"nothing_measured_is_a_failure", nothing_measured_is_a_failure},
		{"an_unknown_backend_is_a_usage_error", an_unknown_backend_is_a_usage_error},
		{"an_older_profile_is_kept_and_anything_else_is_left_alone",
		 an_older_profile_is_kept_and_anything_else_is_left_alone},
		{"output_that_cannot_be_written_is_a_failure",
		 output_that_cannot_be_written_is_a_failure},
		{"a_full_disk_leaves_the_old_profile", a_full_disk_leaves_the_old_profile},
		{"a_killed_run_leaves_no_half_profile", a_killed_run_leaves_no_half_profile},
		{"compare_tells_change_from_noise", compare_tells_change_from_noise},
		{"a_damaged_profile_is_refused_by_all", a_damaged_profile_is_refused_by_all},
		{"several_calibrations_say_how_far_they_agree",
		 several_calibrations_say_how_far_they_agree},
		{"a_profile_is_drawn_as_bars", a_profile_is_drawn_as_bars},
		{"nested_exits_become_an_estimate_with_a_stated_factor",
		 nested_exits_become_an_estimate_with_a_stated_factor},
		{0},
	};
	return test_main("calibrate", cases, argc, argv);
}
