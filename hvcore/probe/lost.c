/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/lost.h"
#include "hvcore/clock.h"

#include <math.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec t = {0};
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void read_now(struct hv_lost *l, pid_t peer)
{
	struct rusage u = {0};
	clockid_t clock;
	getrusage(RUSAGE_THREAD, &u);
	*l = (struct hv_lost){.peer = peer, .sleeps = u.ru_nvcsw, .preemptions = u.ru_nivcsw};
	if (peer && clock_getcpuclockid(peer, &clock) == 0)
		l->cpu_ns = cpu_ns(clock);
	l->cpu_ns += cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	l->wall_ns = hv_clock_ns();
}

void hv_lost_begin(struct hv_lost *l, pid_t peer)
{
	read_now(l, peer);
}

double hv_lost_end(const struct hv_lost *l)
{
	struct hv_lost now;
	uint64_t wall_ns = hv_clock_ns() - l->wall_ns;
	read_now(&now, l->peer);
	if (!l->peer && now.sleeps != l->sleeps)
		return now.preemptions != l->preemptions ? NAN : 0;
	return fmax((double)wall_ns - (double)(now.cpu_ns - l->cpu_ns), 0);
}
