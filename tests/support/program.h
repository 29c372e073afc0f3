/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs the built programs as a user would, through the shell, for tests of what they print and how
 * they end.
 */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

struct program_result {
	int code;  /* exit status, or 128 + signal */
	char *out; /* stdout and stderr, ended by a NUL; free with program_free */
	char *err;
};

/* Runs a shell command made printf-style, with $BIN the build folder and $TMP the scratch folder,
 * from the root of the sources. A command that cannot be run at all fails the test. */
struct program_result program_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void program_free(struct program_result *r);

/* Runs, and asserts the exit status and that `text` (NULL: anything) is in stdout or stderr; prints
 * both where not. The macro names the caller's line. */
#define PROGRAM_EXPECT(expected_code, text, ...)                                                   \
	program_expect(__FILE__, __LINE__, (expected_code), (text), __VA_ARGS__)
void program_expect(const char *file, int line, int expected_code, const char *text,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Writes text to TMP/name. */
void program_write_file(const char *name, const char *text);

#endif
