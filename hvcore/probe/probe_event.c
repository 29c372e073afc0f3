/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that the kernel brings to a process: signals, timers, and the stops of a traced process.
 * What a VMM without hardware help is made of (User-Mode Linux lives on ptrace).
 */
#include "hvcore/clock.h"
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- signals ---- */

static void handle(int number)
{
	(void)number;
}

struct signals {
	struct sigaction before;
};

static int raise_many(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	(void)ctx;
	(void)batch;
	pid_t self = getpid(), thread = gettid();
	for (uint64_t i = 0; i < n; i++)
		if (tgkill(self, thread, SIGUSR1) != 0)
			return err_sys(e, errno, "raising a signal");
	return 0;
}

/* The same call with signal 0, which is checked and not sent. */
static int raise_nothing(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	(void)ctx;
	(void)batch;
	pid_t self = getpid(), thread = gettid();
	for (uint64_t i = 0; i < n; i++)
		if (tgkill(self, thread, 0) != 0)
			return err_sys(e, errno, "raising no signal");
	return 0;
}

static int signal_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			struct hv_work *work, struct err *e)
{
	(void)probe;
	(void)env;
	struct signals *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	const struct sigaction action = {.sa_handler = handle};
	if (sigaction(SIGUSR1, &action, &s->before) != 0) {
		free(s);
		return err_sys(e, errno, "installing a signal handler");
	}
	work->body = raise_many;
	work->empty = raise_nothing;
	work->ctx = s;
	return 0;
}

static void signal_teardown(struct hv_work *work)
{
	struct signals *s = work->ctx;
	sigaction(SIGUSR1, &s->before, NULL);
	free(s);
}

/* ---- timers ---- */

enum { DELAY_NS = 50000 };

struct timer {
	int fd;
};

static int sleep_many(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct timer *t = ctx;
	const struct itimerspec once = {.it_value = {.tv_nsec = DELAY_NS}};
	double beyond = 0;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t fired, t0 = hv_clock_ns();
		if (timerfd_settime(t->fd, 0, &once, NULL) != 0 ||
		    read(t->fd, &fired, sizeof(fired)) != sizeof(fired))
			return err_sys(e, errno, "waiting for a timer");
		beyond += (double)(hv_clock_ns() - t0) - DELAY_NS;
	}
	batch->ns = beyond;
	return 0;
}

static int timer_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		       struct hv_work *work, struct err *e)
{
	(void)probe;
	(void)env;
	struct timer *t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (t->fd < 0) {
		free(t);
		return err_sys(e, errno, "a timer");
	}
	work->body = sleep_many;
	work->ctx = t;
	work->max_n = 128; /* most of the time is spent waiting */
	work->max_noise = 0.25;
	work->max_nonlinear = 0.25;
	return 0;
}

static void timer_teardown(struct hv_work *work)
{
	struct timer *t = work->ctx;
	close(t->fd);
	free(t);
}

const struct hv_probe hv_probe_event[] = {
	{.name = "signal.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "a signal to the own thread, handled; the call without a signal is subtracted",
	 .setup = signal_setup,
	 .teardown = signal_teardown},
	{.name = "timer.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "arming a timerfd of 50 us and reading it, less the 50 us",
	 .setup = timer_setup,
	 .teardown = timer_teardown},
	{0},
};
