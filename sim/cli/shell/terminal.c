/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the program says to people: messages, diagnostics, and whether a terminal is there; and the
 * signals with which people answer.
 */
#include "sim/cli/cli.h"
#include "sim/cli/version.h" /* made by the build */

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void say(const char *fmt, va_list ap)
{
	fflush(stdout);
	fputs("mcvsim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void cli_say(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int cli_fail(int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return code;
}

int cli_fail_err(const struct err *e)
{
	return cli_fail(e->code == ERR_INVALID ? CLI_USAGE : CLI_FAILED, "%s",
			e->text[0] ? e->text : err_name(e->code));
}

void cli_print_diags(const struct diag_list *diags)
{
	fflush(stdout);
	for (size_t i = 0; i < diags->count; i++)
		diag_print(&diags->items[i], stderr);
	if (diags->errors > 1)
		cli_say("%zu mistakes", diags->errors);
}

bool cli_is_terminal(void)
{
	const char *term = getenv("TERM");
	return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

bool cli_has_colour(void)
{
	const char *no = getenv("NO_COLOR");
	return cli_is_terminal() && !(no && *no);
}

size_t cli_stdout_width(void)
{
	struct winsize size;
	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
										     : 0;
}

const char *cli_version(void)
{
	return MCVSIM_VERSION;
}

int cli_close_stdout(int code)
{
	/* A product that did not arrive (full disk, closed pipe) is a failure, even at the last
	 * byte. */
	bool bad = ferror(stdout) != 0;
	errno = 0;
	if (fclose(stdout) != 0)
		bad = true;
	if (bad && (code == CLI_OK || code == CLI_PARTIAL))
		return cli_fail(CLI_FAILED, "cannot write to standard output%s%s",
				errno ? ": " : "", errno ? strerror(errno) : "");
	return code;
}

static volatile bool stop_asked;

static void on_signal(int number)
{
	stop_asked = true;
	/* The default action is back (SA_RESETHAND): the next signal ends the program at once. */
	(void)number;
}

const volatile bool *cli_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return &stop_asked;
}

int cli_print_json(cJSON *value)
{
	char *text = value ? cJSON_Print(value) : NULL;
	cJSON_Delete(value);
	if (!text)
		return cli_fail(CLI_FAILED, "out of memory");
	puts(text);
	cJSON_free(text);
	return CLI_OK;
}
