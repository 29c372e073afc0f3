/* SPDX-License-Identifier: GPL-2.0-or-later
 * All processors of the machine add to one counter, at once and then in turns, two rounds of it;
 * prints the sums. Exits with 0 when they are right and no processor could be started that is not
 * there. */
#include "hvcore/guest/guest.h"

#define EACH	 100000u
#define TURNS	 4u
#define PATIENCE 2000000000u

static volatile uint64_t sum, turn, done;
static uint32_t cpus;

/* A turn comes round in the order of the processors: it needs all of them alive at once. */
static void count(uint32_t cpu)
{
	for (uint32_t i = 0; i < EACH; i++)
		__atomic_fetch_add(&sum, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < TURNS; i++) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != (uint64_t)i * cpus + cpu)
			__asm__ volatile("pause");
		__atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_RELEASE);
}

int guest_main(const struct hv_boot *boot)
{
	cpus = (uint32_t)boot->cpus;
	for (int round = 0; round < 2; round++) {
		sum = turn = done = 0;
		for (uint32_t cpu = 1; cpu < cpus; cpu++)
			/* Off again only some time after it said that it is done. */
			for (uint32_t k = 0; guest_cpu_start(cpu, count); k++)
				if (k == 1000)
					return 3;
		count(0);
		for (uint64_t k = 0; done != cpus; k++)
			if (k == PATIENCE)
				return 4;
		guest_puts("sum ");
		guest_put_hex(sum);
		guest_puts(" turns ");
		guest_put_hex(turn);
		guest_puts("\n");
		if (sum != (uint64_t)EACH * cpus || turn != (uint64_t)TURNS * cpus)
			return 5;
	}
	return guest_cpu_start(cpus, count) && guest_cpu_start(0, count) ? 0 : 6;
}
