/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/unit.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void quantities_are_read_exactly(void)
{
	static const struct {
		const char *text;
		enum unit dimension;
		double value;
	} cases[] = {
		{"45 ms", UNIT_TIME, 0.045},
		{"45ms", UNIT_TIME, 0.045},
		{"  1.5\th ", UNIT_TIME, 5400},
		{"0.1 us", UNIT_TIME, 1e-7},
		{"3 \xc2\xb5s", UNIT_TIME, 3e-6},
		{"3 \xce\xbcs", UNIT_TIME, 3e-6},
		{"2 minutes", UNIT_TIME, 120},
		{"-5 ns", UNIT_TIME, -5e-9},
		{"1e3 ms", UNIT_TIME, 1},
		{".5 s", UNIT_TIME, 0.5},
		{"512 MiB", UNIT_SIZE, 536870912},
		{"1500 kB", UNIT_SIZE, 1500000},
		{"12 bit", UNIT_SIZE, 1.5},
		{"10 Mbit/s", UNIT_BITRATE, 1e7},
		{"10 Mbps", UNIT_BITRATE, 1e7},
		{"1.25 MB/s", UNIT_BITRATE, 1e7},
		{"2.6 GHz", UNIT_FREQUENCY, 2.6e9},
		{"300 mW", UNIT_POWER, 0.3},
		{"15 Wh", UNIT_ENERGY, 54000},
		{"12 /min", UNIT_RATE, 0.2},
		{"12/min", UNIT_RATE, 0.2},
		{"12 per min", UNIT_RATE, 0.2},
		{"2 Gcycles", UNIT_CYCLES, 2e9},
		{"438.39 mW/(Mbit/s)", UNIT_POWER_PER_BITRATE, 438.39e-9},
		{"438.39 nJ/bit", UNIT_POWER_PER_BITRATE, 438.39e-9},
		{"5 %", UNIT_RATIO, 0.05},
		{"0.05", UNIT_RATIO, 0.05},
		{"0.1 ns/B", UNIT_TIME_PER_BYTE, 1e-10},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[160] = "";
		double value = NAN;
		int rc = unit_parse(cases[i].text, cases[i].dimension, &value, why);
		if (rc != 0 || fabs(value - cases[i].value) > 2e-16 * fabs(cases[i].value)) {
			printf("\n\"%s\": %d %.17g %s", cases[i].text, rc, value, why);
			CU_FAIL("quantity misread");
		}
	}
}

static void mistakes_are_refused_with_advice(void)
{
	static const struct {
		const char *text;
		enum unit dimension;
		const char *says;
	} cases[] = {
		{"45", UNIT_TIME, "unit is missing; use one of ps, ns, us, ms, s, min, h, d"},
		{"", UNIT_TIME, "write it like \"45 ms\""},
		{"ms", UNIT_TIME, "write it like \"45 ms\""},
		{"fast", UNIT_TIME, "not a number"},
		{"NaN s", UNIT_TIME, "not a number"},
		{"inf s", UNIT_TIME, "not a number"},
		{"0x10 s", UNIT_TIME, "unknown unit"},
		{"1e999 s", UNIT_TIME, "too large"},
		{"1e305 Gbit/s", UNIT_BITRATE, "too large"},
		{"1,5 s", UNIT_TIME, "decimal sign is a point"},
		{"1 2 s", UNIT_TIME, "unknown unit"},
		{"45 ms!", UNIT_TIME, "unknown unit"},
		{"45 MS", UNIT_TIME, "did you mean \"ms\"?"},
		{"3 MW", UNIT_POWER, "did you mean \"mW\"?"},
		{"10 mbit/s", UNIT_BITRATE, "did you mean \"Mbit/s\"?"},
		{"10 KB", UNIT_SIZE, "kB is 1000 bytes, KiB is 1024"},
		{"10 Mb", UNIT_SIZE, "not clear"},
		{"3000 mAh", UNIT_ENERGY, "voltage"},
		{"10 ms", UNIT_SIZE, "use one of bit, B"},
		{"1..2 s", UNIT_TIME, "unknown unit"},
		{"--1 s", UNIT_TIME, "not a number"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[160] = "";
		double value = 42;
		CU_ASSERT_EQUAL(unit_parse(cases[i].text, cases[i].dimension, &value, why), -1);
		CU_ASSERT_EQUAL(value, 42);
		if (!strstr(why, cases[i].says)) {
			printf("\n\"%s\": %s", cases[i].text, why);
			CU_FAIL("message without the advice");
		}
	}
	/* A unit as long as a file must not overrun the message. */
	char *giant = malloc(100001), why[160];
	double value;
	memset(giant, 'm', 100000);
	giant[0] = '1';
	giant[100000] = '\0';
	CU_ASSERT_EQUAL(unit_parse(giant, UNIT_TIME, &value, why), -1);
	memset(giant, '1', 100000);
	CU_ASSERT_EQUAL(unit_parse(giant, UNIT_TIME, &value, why), -1);
	free(giant);
}

static void values_are_shown_with_the_prefix_that_fits(void)
{
	static const struct {
		double value;
		enum unit dimension;
		const char *text;
	} cases[] = {
		{0.00153, UNIT_TIME, "1.53 ms"},
		{0.045, UNIT_TIME, "45 ms"},
		{90, UNIT_TIME, "90 s"},
		{600, UNIT_TIME, "10 min"},
		{0, UNIT_TIME, "0 s"},
		{1e-13, UNIT_TIME, "0.0001 ns"},
		{-0.002, UNIT_TIME, "-2 ms"},
		{536870912, UNIT_SIZE, "512 MiB"},
		{1500000, UNIT_SIZE, "1.5 MB"},
		{1e7, UNIT_BITRATE, "10 Mbit/s"},
		{0.2, UNIT_RATE, "12 /min"},
		{0.05, UNIT_RATIO, "5 %"},
		{123456, UNIT_POWER, "123.5 kW"},
		{438.39e-9, UNIT_POWER_PER_BITRATE, "438.4 mW/(Mbit/s)"},
		{INFINITY, UNIT_TIME, "inf s"},
	};
	char buf[64];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CU_ASSERT_STRING_EQUAL(
			unit_format(cases[i].value, cases[i].dimension, buf, sizeof(buf)),
			cases[i].text);
}

static void what_is_shown_and_every_example_reads_back(void)
{
	char buf[64], why[160];
	for (enum unit u = UNIT_TIME; u <= UNIT_TIME_PER_BYTE; u++) {
		double value;
		CU_ASSERT_EQUAL(unit_parse(unit_example(u), u, &value, why), 0);
		for (double x = 1.234e-9; x < 1e15; x *= 7.3) {
			if (unit_parse(unit_format(x, u, buf, sizeof(buf)), u, &value, why) != 0) {
				printf("\n%g %s: \"%s\": %s", x, unit_base(u), buf, why);
				CU_FAIL("unreadable");
			}
			CU_ASSERT_DOUBLE_EQUAL(value, x, 1e-3 * x);
		}
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"quantities_are_read_exactly", quantities_are_read_exactly},
		{"mistakes_are_refused_with_advice", mistakes_are_refused_with_advice},
		{"values_are_shown_with_the_prefix_that_fits",
		 values_are_shown_with_the_prefix_that_fits},
		{"what_is_shown_and_every_example_reads_back",
		 what_is_shown_and_every_example_reads_back},
		{0},
	};
	return test_main("unit", cases, argc, argv);
}
