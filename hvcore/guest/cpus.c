/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/guest.h"

#define CPUS_MAX    8u
#define STACK_BYTES 4096u

static uint8_t stacks[CPUS_MAX][STACK_BYTES] __attribute__((aligned(16)));
static void (*functions[CPUS_MAX])(uint32_t cpu);

/* Where a processor begins; nobody to return to. */
static void begin(uint64_t cpu)
{
	static struct hv_call_stop stop[CPUS_MAX];
	functions[cpu]((uint32_t)cpu);
	for (;;)
		hypercall(HV_CALL_STOP, &stop[cpu]);
}

int guest_cpu_start(uint32_t cpu, void (*function)(uint32_t cpu))
{
	if (cpu >= CPUS_MAX)
		return 1;
	/* As after a call: the return address would be on top. */
	volatile struct hv_call_start call = {
		.cpu = cpu,
		.entry = (uint32_t)(uintptr_t)begin,
		.stack = gpa_of(stacks[cpu] + STACK_BYTES) - 8,
		.argument = cpu,
		.failed = 1,
	};
	functions[cpu] = function;
	hypercall(HV_CALL_START, &call);
	return call.failed != 0;
}

void guest_halt(uint64_t seen)
{
	uint64_t cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	if (cs & 3) {
		volatile struct hv_call_wait wait = {.word = gpa_of(&guest_interrupts),
						     .value = seen};
		hypercall(HV_CALL_WAIT, &wait);
		return;
	}
	/* No interrupt comes between sti and the instruction after it. */
	__asm__ volatile("cli; cmp %0, %1; jne 1f; sti; hlt; jmp 2f; 1: sti; 2:"
			 :
			 : "r"(seen), "m"(guest_interrupts)
			 : "memory", "cc");
}
