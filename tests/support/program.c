/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return strdup("");
	fseek(f, 0, SEEK_END);
	long n = ftell(f);
	rewind(f);
	char *text = calloc(1, (size_t)n + 1);
	if (text && fread(text, 1, (size_t)n, f) != (size_t)n)
		text[0] = '\0';
	fclose(f);
	return text;
}

static struct program_result run(const char *command)
{
	char whole[8192], out[256], err[256];
	snprintf(out, sizeof(out), "%s/.stdout", test_scratch());
	snprintf(err, sizeof(err), "%s/.stderr", test_scratch());
	setenv("TMP", test_scratch(), 1);
	setenv("LC_ALL", "C.UTF-8", 1); /* gnuplot complains of other character sets */
	setenv("BIN", getenv("MCVSIM_BIN") ? getenv("MCVSIM_BIN") : "build", 1);
	int n = snprintf(whole, sizeof(whole), "{ %s\n} >%s 2>%s </dev/null", command, out, err);
	CU_ASSERT_FATAL(n > 0 && (size_t)n < sizeof(whole));
	fflush(NULL);
	int status = system(whole);
	CU_ASSERT_FATAL(status != -1);
	return (struct program_result){WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							   : WEXITSTATUS(status),
				       read_all(out), read_all(err)};
}

struct program_result program_run(const char *fmt, ...)
{
	char command[8000];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return run(command);
}

void program_free(struct program_result *r)
{
	free(r->out);
	free(r->err);
	*r = (struct program_result){0};
}

void program_expect(const char *file, int line, int expected_code, const char *text,
		    const char *fmt, ...)
{
	char command[8000];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	struct program_result r = run(command);
	bool right =
		r.code == expected_code && (!text || strstr(r.out, text) || strstr(r.err, text));
	if (!right)
		printf("\n%s:%d: %s\n  exit %d, expected %d%s%s\n--- stdout\n%.3000s\n--- "
		       "stderr\n%.3000s\n",
		       file, line, command, r.code, expected_code, text ? " and the text " : "",
		       text ? text : "", r.out, r.err);
	CU_assertImplementation(right, (unsigned)line, command, file, "", CU_FALSE);
	program_free(&r);
}

void program_write_file(const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), name);
	FILE *f = fopen(path, "wb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT(fputs(text, f) >= 0);
	CU_ASSERT(fclose(f) == 0);
}
