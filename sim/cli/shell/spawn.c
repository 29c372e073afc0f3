/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Starts other programs (hvcore, gnuplot) and catches what they print. A program gets a process
 * group of its own, so that a deadline ends its children too.
 */
#include "sim/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 16 << 20 };

struct catcher {
	int fd;
	char *text;
	size_t length, capacity;
	bool wanted;
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Reads what is there; closes at the end of the stream. Text past the limit is read and dropped, so
 * that the writer is not blocked. */
static void catch_some(struct catcher *c)
{
	char buf[65536];
	ssize_t n = read(c->fd, buf, sizeof(buf));
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	size_t more = (size_t)n;
	if (!c->wanted || c->length + more > OUTPUT_MAX)
		return;
	if (c->length + more + 1 > c->capacity) {
		size_t capacity = (c->length + more + 1) * 2;
		char *text = realloc(c->text, capacity);
		if (!text)
			return;
		c->text = text;
		c->capacity = capacity;
	}
	memcpy(c->text + c->length, buf, more);
	c->length += more;
	c->text[c->length] = '\0';
}

static void run_child(const struct cli_spawn *s, const int out[2], const int err[2], int status)
{
	setpgid(0, 0);
	/* Whatever the user's language: what it says is read by us, and gnuplot needs UTF-8. */
	setenv("LC_ALL", "C.UTF-8", 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDONLY);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (!s->folder || chdir(s->folder) == 0)
		execvp(s->argv[0], (char *const *)(uintptr_t)s->argv);
	int why = errno;
	ssize_t told = write(status, &why, sizeof(why));
	_exit(told == sizeof(why) ? 126 : 127);
}

/* Collects output until both streams end or the deadline passes; false in the latter case. */
static bool collect(struct catcher c[2], double deadline)
{
	while (c[0].fd >= 0 || c[1].fd >= 0) {
		int wait_ms = -1;
		if (deadline > 0) {
			double left = deadline - now_s();
			if (left <= 0)
				return false;
			wait_ms = left > 3600 ? 3600000 : (int)(left * 1000) + 1;
		}
		struct pollfd p[2] = {{.fd = c[0].fd, .events = POLLIN},
				      {.fd = c[1].fd, .events = POLLIN}};
		if (poll(p, 2, wait_ms) < 0 && errno != EINTR)
			return true;
		for (int i = 0; i < 2; i++)
			if (c[i].fd >= 0 && p[i].revents)
				catch_some(&c[i]);
	}
	return true;
}

/* Waits for the child's end until the deadline (0: for ever); false when it passed. */
static bool reap(pid_t pid, double deadline, int *status)
{
	for (;;) {
		pid_t got = waitpid(pid, status, deadline > 0 ? WNOHANG : 0);
		if (got == pid || (got < 0 && errno != EINTR))
			return true;
		if (deadline > 0) {
			if (now_s() >= deadline)
				return false;
			nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
		}
	}
}

static void hand_over(struct catcher *c, char **to)
{
	if (!to)
		return;
	*to = c->text ? c->text : strdup("");
	c->text = NULL;
}

int cli_spawn_run(const struct cli_spawn *s, struct err *e)
{
	int out[2], err[2], told[2];
	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC) || pipe2(told, O_CLOEXEC))
		return err_sys(e, errno, "cannot start %s: pipe", s->argv[0]);
	double deadline = s->deadline_s > 0 ? now_s() + s->deadline_s : 0;
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, errno, "cannot start %s: fork", s->argv[0]);
	if (pid == 0)
		run_child(s, out, err, told[1]);
	setpgid(pid, pid);
	close(out[1]);
	close(err[1]);
	close(told[1]);
	struct catcher c[2] = {{.fd = out[0], .wanted = s->out != NULL},
			       {.fd = err[0], .wanted = s->err != NULL}};
	int why = 0, status = 0, result;
	bool started = read(told[0], &why, sizeof(why)) != sizeof(why);
	close(told[0]);
	bool in_time = collect(c, deadline) && reap(pid, deadline, &status);
	if (!in_time) {
		kill(-pid, SIGKILL);
		reap(pid, 0, &status);
	}
	for (int i = 0; i < 2; i++)
		if (c[i].fd >= 0)
			close(c[i].fd);
	hand_over(&c[0], s->out);
	hand_over(&c[1], s->err);
	if (!started)
		result = err_sys(e, why, "cannot start %s", s->argv[0]);
	else if (!in_time)
		result = err_set(e, ERR_TIMEOUT, "%s did not end within %g s and was killed",
				 s->argv[0], s->deadline_s);
	else
		result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	free(c[0].text);
	free(c[1].text);
	return result;
}
