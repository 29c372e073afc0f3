/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/watchdog.h"
#include "hvcore/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define WATCHDOG_SIGNAL	   SIGRTMIN
#define WATCHDOG_REPEAT_NS 5000000

static void fired(int signal_number, siginfo_t *info, void *context)
{
	(void)signal_number;
	(void)context;
	struct hv_watchdog *w = info->si_value.sival_ptr;
	if (info->si_code != SI_TIMER)
		return;
	int interrupted = errno; /* the code that the signal interrupts may be about to read it */
	w->due = true;
	w->fire(w->ctx);
	errno = interrupted;
}

int hv_watchdog_open(struct hv_watchdog *w, void (*fire)(void *ctx), void *ctx, struct err *e)
{
	*w = (struct hv_watchdog){.fire = fire, .ctx = ctx};
	struct sigaction action = {.sa_sigaction = fired, .sa_flags = SA_SIGINFO};
	sigemptyset(&action.sa_mask);
	if (sigaction(WATCHDOG_SIGNAL, &action, NULL))
		return err_sys(e, errno, "sigaction");
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WATCHDOG_SIGNAL};
	event.sigev_value.sival_ptr = w;
	w->thread = (pid_t)syscall(SYS_gettid);
	event.sigev_notify_thread_id = w->thread;
	if (timer_create(CLOCK_MONOTONIC, &event, (timer_t *)&w->timer))
		return err_sys(e, errno, "timer_create");
	w->exists = true;
	return 0;
}

void hv_watchdog_close(struct hv_watchdog *w)
{
	/* A signal that is on its way is delivered before this system call returns. */
	if (w->exists)
		timer_delete((timer_t)w->timer);
	w->exists = false;
}

void hv_watchdog_interrupt(const struct hv_watchdog *w)
{
	syscall(SYS_tgkill, getpid(), w->thread, WATCHDOG_SIGNAL);
}

bool hv_watchdog_arm(struct hv_watchdog *w, uint64_t deadline_ns)
{
	if (w->armed_ns == deadline_ns)
		return false;
	uint64_t now = hv_clock_ns();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 1;
	struct itimerspec spec = {
		.it_value = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)},
		.it_interval = {0, WATCHDOG_REPEAT_NS},
	};
	timer_settime((timer_t)w->timer, 0, &spec, NULL);
	w->armed_ns = deadline_ns;
	w->due = false;
	return true;
}
