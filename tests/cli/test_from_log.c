/* SPDX-License-Identifier: GPL-2.0-or-later
 * Logs of the bare guest become profiles, and what is wrong with a log is said. The logs are made
 * here, with ticks of known meaning. */
#include "sim/cli/measure/from_log.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a guest's log, line by line ---- */

struct log {
	char text[65536];
	size_t length;
	uint32_t lines, sum;
};

static struct log make_log(void)
{
	return (struct log){.sum = 2166136261u};
}

static void raw(struct log *log, const char *text)
{
	log->length += (size_t)snprintf(log->text + log->length, sizeof(log->text) - log->length,
					"%s", text);
	CU_ASSERT_FATAL(log->length < sizeof(log->text));
}

__attribute__((format(printf, 2, 3))) static void line(struct log *log, const char *fmt, ...)
{
	char text[512] = "mcvsim-log ";
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text + strlen(text), sizeof(text) - strlen(text), fmt, ap);
	va_end(ap);
	raw(log, text);
	raw(log, "\r\n");
	for (const char *c = text; *c; c++)
		log->sum = (log->sum ^ (uint8_t)*c) * 16777619u;
	log->sum = (log->sum ^ (uint8_t)'\n') * 16777619u;
	log->lines++;
}

static void head(struct log *log, const char *hz)
{
	line(log, "version 1");
	line(log, "boot pvh");
	line(log, "cpu_vendor GenuineIntel");
	line(log, "cpu Some Processor @ 2 GHz");
	line(log, "hypervisor KVMKVMKVM");
	line(log, "tsc_hz %s counted", hz);
}

static void end(struct log *log)
{
	char text[64];
	snprintf(text, sizeof(text), "mcvsim-log end %u %u\r\n", log->lines, log->sum);
	raw(log, text);
}

/* `noise`: relative, -, 0, + in turns. `square`: extra ticks per operation and operation. */
static void probe(struct log *log, const char *name, unsigned batches, double op, double noise,
		  double square)
{
	const double n = 1000, loop = 3, fixed = 500;
	line(log, "probe %s 1000 how it was done", name);
	for (unsigned i = 0; i < batches; i++) {
		double factor = 1 + noise * ((int)(i % 3) - 1);
		line(log, "batch %s %.0f %.0f %.0f %.0f", name,
		     fixed + n * (loop + op * factor) + n * n * square,
		     fixed + n / 2 * (loop + op * factor) + n * n / 4 * square, fixed + n * loop,
		     fixed + n / 2 * loop);
	}
}

static int convert(const struct log *log, double tsc_hz, struct from_log *out, struct err *e)
{
	*e = (struct err){0};
	*out = (struct from_log){0};
	return from_log_read(log->text, "serial.log", tsc_hz, out, e);
}

static const cJSON *member(const cJSON *object, const char *a, const char *b)
{
	const cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, a);
	return b ? cJSON_GetObjectItemCaseSensitive(inner, b) : inner;
}

static double entry(const struct from_log *log, const char *name, const char *key)
{
	const cJSON *value = member(member(log->profile, "primitives", name), key, NULL);
	return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

/* ---- cases ---- */

static void known_ticks_become_known_times(void)
{
	struct log log = make_log();
	raw(&log, "SeaBIOS says hello\r\n[    0.1] and so on\n");
	head(&log, "2000000000");
	probe(&log, "exit.pio_user", 21, 4000, 0, 0);
	raw(&log, "noise of the hypervisor between the lines\r\n");
	probe(&log, "exit.cpuid", 25, 2500, 0.02, 0);
	end(&log);
	struct from_log out;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(convert(&log, 0, &out, &e), 0);
	CU_ASSERT_EQUAL(out.measured, 2);
	CU_ASSERT_EQUAL(out.broken, 0);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.pio_user", "p50"), 2000, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.pio_user", "mad"), 0, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.pio_user", "nonlinear"), 0, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.cpuid", "p50"), 1250, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.cpuid", "min"), 1225, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.cpuid", "mad"), 25, 1e-9);
	CU_ASSERT_EQUAL(entry(&out, "exit.cpuid", "batches"), 25);
	CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(member(out.profile, "machine", "hypervisor")),
			       "KVM");
	CU_ASSERT_STRING_EQUAL(cJSON_GetStringValue(member(out.profile, "machine", "cpu")),
			       "Some Processor @ 2 GHz");
	cJSON_Delete(out.profile);
}

static void what_fails_its_checks_is_no_number(void)
{
	struct log log = make_log();
	head(&log, "2000000000");
	probe(&log, "noisy", 21, 4000, 0.3, 0);
	probe(&log, "curved", 21, 4000, 0, 3);
	probe(&log, "nothing", 21, 0, 0, 0);
	probe(&log, "short", 20, 4000, 0, 0);
	line(&log, "failed exit.msr exception 13 at 0x1000");
	line(&log, "absent hypercall.vmcall not offered: exception 06 at 0x1000");
	end(&log);
	static const struct {
		const char *name, *why;
	} rows[] = {{"noisy", "too noisy"},
		    {"curved", "not linear"},
		    {"nothing", "no cost left"},
		    {"short", "fewer than 21"},
		    {"exit.msr", "exception 13 at 0x1000"},
		    {"hypercall.vmcall", "not offered: exception 06 at 0x1000"}};
	struct from_log out;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(convert(&log, 0, &out, &e), 0);
	CU_ASSERT_EQUAL(out.measured, 0);
	CU_ASSERT_EQUAL(out.broken, 5); /* what is not offered is not broken */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why = cJSON_GetStringValue(member(out.profile, "failed", rows[i].name));
		CU_ASSERT(why && strstr(why, rows[i].why));
	}
	cJSON_Delete(out.profile);
}

static void expect_refused(const struct log *log, const char *words)
{
	struct from_log out;
	struct err e;
	CU_ASSERT_EQUAL(convert(log, 0, &out, &e), ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, words));
	if (!strstr(e.text, words))
		printf("\n  '%s', not '%s'\n", e.text, words);
}

static void bad_logs_are_refused(void)
{
	struct log log = make_log(), good = make_log();
	expect_refused(&log, "no log of the bare guest");
	raw(&log, "Booting...\npanic\n");
	expect_refused(&log, "no log of the bare guest");

	head(&good, "1000000000");
	probe(&good, "exit.pio_user", 21, 4000, 0, 0);
	expect_refused(&good, "ends before the guest was done");
	end(&good);

	log = good; /* a digit has changed on the way */
	char *at = strstr(log.text, "batch exit.pio_user 4");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	at[strlen("batch exit.pio_user ")] = '5';
	expect_refused(&log, "checksum");

	log = make_log();
	line(&log, "version 2");
	expect_refused(&log, "serial.log:1: this program reads logs of version 1");
	log = make_log();
	line(&log, "boot pvh");
	expect_refused(&log, "does not begin with a version");
	log = make_log();
	head(&log, "1000000000");
	line(&log, "batch who 1 2 3 4");
	expect_refused(&log, "serial.log:7: a batch of a probe that was not announced");
	log = make_log();
	head(&log, "1000000000");
	probe(&log, "twice", 1, 1, 0, 0);
	line(&log, "probe twice 1000 again");
	expect_refused(&log, "twice");
	log = make_log();
	head(&log, "0");
	end(&log);
	expect_refused(&log, "--tsc-hz");
}

static void a_frequency_can_be_given(void)
{
	struct log log = make_log();
	head(&log, "0");
	probe(&log, "exit.pio_user", 21, 4000, 0, 0);
	end(&log);
	struct from_log out;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(convert(&log, 4e9, &out, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.pio_user", "p50"), 1000, 1e-9);
	cJSON_Delete(out.profile);
}

static void the_last_complete_run_counts(void)
{
	static struct log all;
	all = make_log();
	for (int i = 1; i <= 3; i++) {
		struct log one = make_log();
		head(&one, "1000000000");
		probe(&one, "exit.pio_user", 21, 1000 * i, 0, 0);
		if (i < 3)
			end(&one);
		raw(&all, one.text);
	}
	struct from_log out;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(convert(&all, 0, &out, &e), 0);
	CU_ASSERT_DOUBLE_EQUAL(entry(&out, "exit.pio_user", "p50"), 2000, 1e-9);
	cJSON_Delete(out.profile);
}

/* Bytes changed at random: a profile or a refusal, and nothing the sanitizers object to. */
static void damaged_logs_do_no_harm(void)
{
	static struct log good, log;
	good = make_log();
	head(&good, "1000000000");
	probe(&good, "exit.pio_user", 21, 4000, 0, 0);
	end(&good);
	uint64_t state = 88172645463325252u;
	for (int round = 0; round < 2000; round++) {
		log = good;
		for (int k = 0; k <= round % 8; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			log.text[state % log.length] = (char)(state >> 32);
		}
		struct from_log out;
		struct err e;
		int rc = convert(&log, 0, &out, &e);
		CU_ASSERT(rc == 0 || rc == ERR_INVALID);
		if (rc == 0)
			cJSON_Delete(out.profile);
	}
}

static void the_program_converts(void)
{
	static struct log log;
	log = make_log();
	head(&log, "2000000000");
	probe(&log, "exit.pio_user", 21, 4000, 0, 0);
	end(&log);
	program_write_file("serial.log", log.text);
	PROGRAM_EXPECT(0, "2 us",
		       "$BIN/mcvsim calibrate --from-log $TMP/serial.log -o $TMP/p.json");
	PROGRAM_EXPECT(0, "\"measured_at\"", "cat $TMP/p.json");
	PROGRAM_EXPECT(2, "no place", "$BIN/mcvsim calibrate --from-log $TMP/serial.log --quick");
	PROGRAM_EXPECT(2, "--tsc-hz", "$BIN/mcvsim calibrate --tsc-hz 5");
	PROGRAM_EXPECT(2, "'much'",
		       "$BIN/mcvsim calibrate --from-log $TMP/serial.log --tsc-hz much");
	PROGRAM_EXPECT(2, "No such file", "$BIN/mcvsim calibrate --from-log $TMP/none.log");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"known_ticks_become_known_times", known_ticks_become_known_times},
		{"what_fails_its_checks_is_no_number", what_fails_its_checks_is_no_number},
		{"bad_logs_are_refused", bad_logs_are_refused},
		{"a_frequency_can_be_given", a_frequency_can_be_given},
		{"the_last_complete_run_counts", the_last_complete_run_counts},
		{"damaged_logs_do_no_harm", damaged_logs_do_no_harm},
		{"the_program_converts", the_program_converts},
		{0},
	};
	return test_main("logs of the bare guest", cases, argc, argv);
}
