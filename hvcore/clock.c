/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"

#include <math.h>
#include <time.h>

uint64_t hv_clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t hv_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return hv_clock_ns();
#endif
}

/* Both clocks as close together as possible: the tightest of some tries, because an interrupt
 * between the two readings would be taken for drift. */
static void read_both(uint64_t *ns, double *ticks)
{
	uint64_t best = UINT64_MAX;
	for (int i = 0; i < 16; i++) {
		uint64_t before = hv_ticks();
		uint64_t now = hv_clock_ns();
		uint64_t after = hv_ticks();
		if (after - before < best) {
			best = after - before;
			*ns = now;
			*ticks = (double)before + (double)(after - before) / 2;
		}
	}
}

int hv_ticks_rate(uint64_t window_ns, double *ticks_per_ns, struct err *e)
{
	double rate[2];
	for (int half = 0; half < 2; half++) {
		uint64_t ns0, ns1;
		double ticks0, ticks1;
		read_both(&ns0, &ticks0);
		hv_spin_ns(window_ns / 2);
		read_both(&ns1, &ticks1);
		rate[half] = (ticks1 - ticks0) / (double)(ns1 - ns0);
	}
	if (!(rate[0] > 0) || fabs(rate[0] - rate[1]) > 0.01 * rate[0])
		return err_set(
			e, ERR_UNSUPPORTED,
			"the processor's counter does not run steadily (%.4f, then %.4f ticks/ns)",
			rate[0], rate[1]);
	*ticks_per_ns = (rate[0] + rate[1]) / 2;
	return 0;
}

void hv_spin_ns(uint64_t ns)
{
	uint64_t end = hv_clock_ns() + ns;
	while (hv_clock_ns() < end)
		;
}
