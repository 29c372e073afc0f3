/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Switching between two threads and between two processes on one core, as lmbench does it: a token
 * goes to and fro, and what passing the token costs without a switch is subtracted.
 */
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS, PROCESSES };

struct switcher {
	int kind, to, back;
	pthread_t thread;
	pid_t process;
};

/* Passes on tokens of value 1; anything else ends it. */
static void *pass_on(void *arg)
{
	const struct switcher *s = arg;
	uint64_t token;
	while (read(s->to, &token, sizeof(token)) == sizeof(token) && token == 1 &&
	       write(s->back, &token, sizeof(token)) == sizeof(token))
		;
	return NULL;
}

static int pass(int out, int in, uint64_t n, struct err *e)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t token = 1;
		if (write(out, &token, sizeof(token)) != sizeof(token) ||
		    read(in, &token, sizeof(token)) != sizeof(token))
			return err_sys(e, errno, "passing a token");
	}
	return 0;
}

/* A round trip is two switches, and two writes and two reads. */
static int round_trips(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct switcher *s = ctx;
	(void)batch;
	return pass(s->to, s->back, n, e);
}

static int without_switches(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct switcher *s = ctx;
	(void)batch;
	return pass(s->back, s->back, 2 * n, e);
}

static int start_partner(struct switcher *s, struct err *e)
{
	if (s->kind == THREADS) {
		int rc = pthread_create(&s->thread, NULL, pass_on, s);
		return rc ? err_sys(e, rc, "starting a thread") : 0;
	}
	s->process = fork();
	if (s->process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pass_on(s);
		_exit(0);
	}
	return s->process < 0 ? err_sys(e, errno, "starting a process") : 0;
}

static int switch_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			struct hv_work *work, struct err *e)
{
	(void)env;
	struct switcher *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	s->kind = probe->arg;
	s->to = eventfd(0, EFD_CLOEXEC);
	s->back = eventfd(0, EFD_CLOEXEC);
	int rc = s->to < 0 || s->back < 0 ? err_sys(e, errno, "an eventfd") : 0;
	if (!rc)
		rc = start_partner(s, e);
	if (rc) {
		close(s->to);
		close(s->back);
		free(s);
		return rc;
	}
	work->body = round_trips;
	work->empty = without_switches;
	work->ctx = s;
	work->max_noise = 0.2;
	work->max_nonlinear = 0.2;
	return 0;
}

static void switch_teardown(struct hv_work *work)
{
	struct switcher *s = work->ctx;
	uint64_t end = 2;
	if (write(s->to, &end, sizeof(end)) == sizeof(end)) {
		if (s->kind == THREADS)
			pthread_join(s->thread, NULL);
		else
			waitpid(s->process, NULL, 0);
	}
	close(s->to);
	close(s->back);
	free(s);
}

#define ROW(row_name, row_kind, row_method)                                                        \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = "native", .method = row_method,         \
		.per_op = 2, .setup = switch_setup, .teardown = switch_teardown, .arg = row_kind   \
	}

const struct hv_probe hv_probe_switch[] = {
	ROW("switch.native", PROCESSES,
	    "half of an eventfd round trip of two processes on one core, less the same calls "
	    "without a "
	    "switch"),
	ROW("switch.threads", THREADS,
	    "half of an eventfd round trip of two threads on one core, less the same calls without "
	    "a "
	    "switch"),
	{0},
};
