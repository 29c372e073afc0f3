/* SPDX-License-Identifier: GPL-2.0-or-later
 * Interrupts between processors and from the local APIC's timer, timed one by one. */
#include "hvcore/guest/drivers.h"

/* Registers of the local APIC; the timer counts nanoseconds under KVM when it divides by one. */
enum apic {
	APIC_ICR_LOW = 0x300,
	APIC_ICR_HIGH = 0x310,
	APIC_TIMER = 0x320,
	APIC_INITIAL_COUNT = 0x380,
	APIC_DIVIDE = 0x3e0,
};
#define DIVIDE_BY_ONE	 0xbu
#define DESTINATION(cpu) ((uint32_t)(cpu) << 24)
#define MUCH_LATER	 0xffffffffu

/* How long an interrupt may take to come, in looks; and a halt until it is deep, in ticks. */
#define PATIENCE    200000000u
#define SLEEP_TICKS 200000u

static void apic_write(enum apic reg, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(guest_apic + reg) = value;
}

/* Looks until the counter is no longer `before`. */
static int await_interrupt(uint64_t before)
{
	for (unsigned k = 0; guest_interrupts == before; k++) {
		if (k == PATIENCE)
			return -1;
		__asm__ volatile("pause");
	}
	return 0;
}

/* ---- processor 1 receives ---- */

static volatile uint64_t receiver_saw; /* the count of interrupts, before it went on to wait */
static volatile uint32_t receiver_halts;

static void receive(uint32_t cpu)
{
	(void)cpu;
	for (;;) {
		uint64_t seen = guest_interrupts;
		receiver_saw = seen;
		if (receiver_halts)
			guest_halt(seen);
		else
			__asm__ volatile("pause");
	}
}

/* Waits until the receiver has ended its last interrupt and waits for the next. */
static int await_receiver(int halted)
{
	for (unsigned k = 0; receiver_saw != guest_interrupts; k++) {
		if (k == PATIENCE)
			return -1;
		__asm__ volatile("pause");
	}
	for (uint64_t start = ticks(); halted && ticks() - start < SLEEP_TICKS;)
		__asm__ volatile("pause");
	return 0;
}

static void send(enum hv_ipi how)
{
	static volatile struct hv_call_ipi call = {.cpu = 1};
	if (how == HV_IPI_APIC || how == HV_IPI_APIC_HALTED)
		apic_write(APIC_ICR_LOW, HV_IRQ_VECTOR);
	else
		hypercall(HV_CALL_IPI, &call);
}

/* Lets the receiver wait in another way: one interrupt makes it look. */
static int change_receiver(int halts)
{
	static int started;
	if (!started && guest_cpu_start(1, receive))
		return -1;
	/* Stays there: an access to the local APIC is an exit, which no batch is to have of its
	 * own.
	 */
	if (!started && guest_apic)
		apic_write(APIC_ICR_HIGH, DESTINATION(1));
	started = 1;
	if ((uint32_t)halts == receiver_halts)
		return 0;
	receiver_halts = (uint32_t)halts;
	uint64_t before = guest_interrupts;
	send(HV_IPI_CALL);
	return await_interrupt(before);
}

int guest_ipis(uint64_t n, enum hv_ipi how, uint64_t *sum)
{
	int halted = how == HV_IPI_APIC_HALTED || how == HV_IPI_CALL_HALTED;
	if (how != HV_IPI_NONE && change_receiver(halted))
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		if (how != HV_IPI_NONE && await_receiver(halted))
			return -1;
		uint64_t before = guest_interrupts, start = ticks();
		if (how != HV_IPI_NONE) {
			send(how);
			if (await_interrupt(before))
				return -1;
		}
		*sum += ticks() - start;
	}
	return 0;
}

/* ---- the timer ---- */

static void set_up_timer(void)
{
	static int is_set_up;
	if (is_set_up)
		return;
	is_set_up = 1;
	apic_write(APIC_DIVIDE, DIVIDE_BY_ONE);
	apic_write(APIC_TIMER, HV_IRQ_VECTOR); /* once, not again and again */
}

int guest_timer_fires(uint64_t n, uint32_t delay_ns, int halted, uint64_t *sum)
{
	if (!guest_apic)
		return -1;
	set_up_timer();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t before = guest_interrupts, start = ticks();
		apic_write(APIC_INITIAL_COUNT, delay_ns);
		while (halted && guest_interrupts == before)
			guest_halt(before);
		if (await_interrupt(before))
			return -1;
		*sum += ticks() - start;
	}
	return 0;
}

void guest_timer_arms(uint64_t n)
{
	if (!guest_apic)
		return;
	set_up_timer();
	for (uint64_t i = 0; i < n; i++)
		apic_write(APIC_INITIAL_COUNT, MUCH_LATER);
}

/* ---- from outside ---- */

void guest_halts(uint64_t n, volatile struct hv_halts *halts)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t before = guest_interrupts;
		halts->begun = i + 1;
		while (guest_interrupts == before)
			guest_halt(before);
		halts->woken = i + 1;
	}
}
