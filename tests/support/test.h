/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What every test program needs: a table of tests that a one-line main runs under CUnit, a way to
 * skip with a reason, and a scratch directory. Included by test programs only.
 */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <CUnit/CUnit.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Runs the cases (ended by a NULL name) as one CUnit suite and prints its summary. Returns the exit
 * status for main: 0 all passed, 1 something failed, 77 every case skipped itself. With arguments,
 * runs only the cases named there; an unknown name is a failure. */
int test_main(const char *suite, const struct test_case *cases, int argc, char **argv);

/* Marks the running case as skipped and prints why, printf-style. The case must return afterwards.
 */
void test_skip(const char *why, ...) __attribute__((format(printf, 1, 2)));

/* Whether the build watches itself (address, undefined behaviour, threads), which takes 5 to 50
 * times as long. Cases that are long for the sake of statistics, not of what they reach, are
 * shorter then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

/* The path of a directory made for this process, emptied and removed when it ends. Owned by the
 * support code, valid until exit. */
const char *test_scratch(void);

/* The path of a program or file in the build's folder (name as in "sim/cli/mcvsim"), in a static
 * buffer. */
const char *test_binary(const char *name);

#endif
