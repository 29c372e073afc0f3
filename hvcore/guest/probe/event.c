/* SPDX-License-Identifier: GPL-2.0-or-later
 * Interrupts: from the VMM, from other processors, from timers; and what is signalled through
 * memory. */
#include "hvcore/guest/probe_ops.h"

/* How long an interrupt may take to come, in looks at the counter. */
#define PATIENCE 100000000u

void probe_take_interrupts(void)
{
	static int asked;
	if (!asked)
		guest_take_interrupts();
	asked = 1;
}

static void op_interrupt(uint64_t n)
{
	probe_take_interrupts();
	uint64_t before = guest_interrupts;
	for (uint64_t i = 0; i < n; i++) {
		out16(HV_IRQ_BELL_PORT, 0);
		for (unsigned k = 0; guest_interrupts == before + i && k < PATIENCE; k++)
			__asm__ volatile("pause");
	}
	if (guest_interrupts != before + n)
		work.failed = 1;
}

static void op_ipi(uint64_t n)
{
	uint64_t sum = 0;
	probe_take_interrupts();
	work.failed |= guest_ipis(n, (enum hv_ipi)work.arg, &sum) != 0;
	work.checksum = sum;
}

static void timer_fires(uint64_t n, int halted)
{
	uint64_t sum = 0;
	probe_take_interrupts();
	work.failed |= guest_timer_fires(n, (uint32_t)work.arg, halted, &sum) != 0;
	work.checksum = sum;
}

static void op_timer_fire(uint64_t n)
{
	timer_fires(n, 0);
}

static void op_timer_fire_halted(uint64_t n)
{
	timer_fires(n, 1);
}

static void op_timer_arm(uint64_t n)
{
	probe_take_interrupts();
	guest_timer_arms(n);
}

static void op_halt(uint64_t n)
{
	probe_take_interrupts();
	guest_halts(n, (volatile struct hv_halts *)(uintptr_t)work.arg);
}

static volatile struct hv_bell *bell(void)
{
	return (volatile struct hv_bell *)(uintptr_t)work.arg;
}

static void await_answers(uint64_t all)
{
	for (unsigned k = 0; bell()->answered != all && k < PATIENCE; k++)
		__asm__ volatile("pause");
}

static void pass_time(void)
{
	for (uint64_t since = ticks(), n = bell()->ticks; ticks() - since < n;)
		__asm__ volatile("pause");
}

static void bells(uint64_t n, int rings, int waits, int passes)
{
	uint64_t before = bell()->answered, after = before + (rings ? n : 0);
	for (uint64_t i = 0; i < n; i++) {
		if (rings)
			out16(HV_DOORBELL_PORT, 0);
		if (waits)
			await_answers(before + i + 1);
		if (passes)
			pass_time();
	}
	await_answers(after);
	work.failed = bell()->answered != after;
}

static void op_doorbell_memory(uint64_t n)
{
	bells(n, 1, 1, 0);
}

static void op_bell_time(uint64_t n)
{
	bells(n, 0, 0, 1);
}

static void op_bell_rung(uint64_t n)
{
	bells(n, 1, 0, 1);
}

static void op_bell_answered(uint64_t n)
{
	bells(n, 1, 1, 1);
}

const struct probe_op probe_event_ops[] = {
	{HV_OP_INTERRUPT, op_interrupt},
	{HV_OP_IPI, op_ipi},
	{HV_OP_TIMER_FIRE, op_timer_fire},
	{HV_OP_TIMER_FIRE_HALTED, op_timer_fire_halted},
	{HV_OP_TIMER_ARM, op_timer_arm},
	{HV_OP_HALT, op_halt},
	{HV_OP_DOORBELL_MEMORY, op_doorbell_memory},
	{HV_OP_BELL_TIME, op_bell_time},
	{HV_OP_BELL_RUNG, op_bell_rung},
	{HV_OP_BELL_ANSWERED, op_bell_answered},
	{0},
};
