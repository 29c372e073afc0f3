/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/pin.h"
#include "hvcore/host/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel's name for the physical core that `cpu` is a thread of; the cpu's own number where the
 * kernel does not say. */
static void siblings(int cpu, char out[64])
{
	char path[96];
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 cpu);
	if (hv_machine_file(path, out, 64) <= 0)
		snprintf(out, 64, "%d", cpu);
}

int hv_pin_choose(int *a, int *b, struct err *e)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return err_sys(e, errno, "asking for the cores of this process");
	char first[64], other[64];
	*a = *b = -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &set))
			continue;
		if (*a < 0) {
			*a = *b = cpu;
			siblings(cpu, first);
			continue;
		}
		siblings(cpu, other);
		bool apart = strcmp(first, other) != 0;
		if (*b == *a || apart)
			*b = cpu;
		if (apart)
			return 0;
	}
	return *b != *a ? 0 : err_set(e, ERR_UNSUPPORTED, "only one core can be used here");
}

int hv_pin(int core, cpu_set_t *before, struct err *e)
{
	cpu_set_t one;
	if (before && sched_getaffinity(0, sizeof(*before), before) != 0)
		return err_sys(e, errno, "asking for the cores of this thread");
	CPU_ZERO(&one);
	CPU_SET((size_t)core, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		return err_sys(e, errno, "moving to core %d", core);
	return 0;
}

int hv_pin_thread(pthread_t thread, int core, struct err *e)
{
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET((size_t)core, &one);
	int failure = pthread_setaffinity_np(thread, sizeof(one), &one);
	return failure ? err_sys(e, failure, "moving a thread to core %d", core) : 0;
}

void hv_unpin(const cpu_set_t *before)
{
	sched_setaffinity(0, sizeof(*before), before);
}
