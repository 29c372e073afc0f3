/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/test.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CASES_MAX = 200 }; /* of a program */

static struct {
	CU_pTest skipped[CASES_MAX]; /* each case in which something was skipped, once */
	unsigned skipped_count;
	char scratch[64];
	pid_t scratch_owner;
} state;

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc <= 1;
}

/* Skipped cases that did not fail as well. */
static unsigned count_skipped(void)
{
	unsigned n = 0;
	for (unsigned i = 0; i < state.skipped_count; i++) {
		const struct CU_FailureRecord *f = CU_get_failure_list();
		while (f && f->pTest != state.skipped[i])
			f = f->pNext;
		n += !f;
	}
	return n;
}

int test_main(const char *suite, const struct test_case *cases, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	CU_pSuite cu = CU_add_suite(suite, NULL, NULL);
	unsigned added = 0;
	for (const struct test_case *c = cases; c->name; c++) {
		if (!wanted(c->name, argc, argv))
			continue;
		if (added == CASES_MAX || !cu || !CU_add_test(cu, c->name, c->run))
			return 1;
		added++;
	}
	if (added == 0 || added + 1 < (unsigned)argc) {
		fprintf(stderr, "%s: no such case\n", suite);
		return 1;
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_ErrorCode code = CU_basic_run_tests();
	unsigned failed_cases = CU_get_number_of_tests_failed();
	unsigned failed = CU_get_number_of_failures() + failed_cases;
	unsigned skipped = count_skipped();
	CU_cleanup_registry();
	/* quickstart.sh adds these lines up. */
	printf("cases: %u passed, %u failed, %u skipped\n", added - failed_cases - skipped,
	       failed_cases, skipped);
	if (code != CUE_SUCCESS || failed)
		return 1;
	return skipped == added ? 77 : 0;
}

void test_skip(const char *why, ...)
{
	va_list ap;
	va_start(ap, why);
	printf(" SKIP: ");
	vprintf(why, ap);
	printf(" ");
	va_end(ap);
	CU_pTest now = CU_get_current_test();
	unsigned n = state.skipped_count;
	if (n == 0 || state.skipped[n - 1] != now)
		state.skipped[state.skipped_count++] = now;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_scratch(void)
{
	if (getpid() == state.scratch_owner)
		nftw(state.scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_scratch(void)
{
	if (!state.scratch[0]) {
		snprintf(state.scratch, sizeof(state.scratch), "/tmp/mcvsim-test-XXXXXX");
		if (!mkdtemp(state.scratch)) {
			perror("mkdtemp");
			exit(1);
		}
		state.scratch_owner = getpid();
		atexit(remove_scratch);
	}
	return state.scratch;
}

const char *test_binary(const char *name)
{
	static char path[1024];
	const char *dir = getenv("MCVSIM_BIN");
	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "build", name);
	return path;
}
