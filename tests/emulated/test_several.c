/* SPDX-License-Identifier: GPL-2.0-or-later
 * Guests of several processors, their interrupts and timers, in the cpl0 regime: a machine with two
 * processors runs hvcore's own cases and the probes of interrupts; the cases look at the counts.
 * This machine's clock is the host's: under one that counts instructions QEMU 7.2 does not get a
 * second processor up. So nothing here looks at a time. */
#include "tests/emulated/support_machine.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fails, and is run once more, when the guest did not come back. */
#define PROBE(name)                                                                                \
	"hvcore probe " name " --quick --backend kvm | tee /tmp/line; ! grep 'the guest ended' "   \
	"/tmp/line"

enum step {
	DOCTOR,
	COUNT,
	TEST_COUNT,
	TEST_INTERRUPTS,
	TEST_HOSTILE,
	IPI,
	IPI_PV,
	TIMER_ARM,
	TIMER_FIRE,
	IPI_HALTED,
	IRQ_HALTED,
	PROBES_END,
	TRAP_IRQ = PROBES_END,
	STEPS
};

static const struct emulated_step steps[STEPS] = {
	[DOCTOR] = {0, "hvcore doctor --json"},
	[COUNT] = {0, "hvcore run count --cpus 2 --backend kvm --json 2>&1"},
	[TEST_COUNT] = {0, "test_hvcore_guests processors_count_together"},
	[TEST_INTERRUPTS] = {0, "test_hvcore_guests processors_interrupt_each_other"},
	[TEST_HOSTILE] = {0, "test_hvcore_hostile tricks_on_several_processors"},
	[IPI] = {0, PROBE("ipi")},
	[IPI_PV] = {0, PROBE("ipi.pv")},
	[TIMER_ARM] = {0, PROBE("timer.arm")},
	[TIMER_FIRE] = {0, PROBE("timer.fire")},
	[IPI_HALTED] = {0, PROBE("ipi.halted")},
	[IRQ_HALTED] = {0, PROBE("irq.inject_halted")},
	[TRAP_IRQ] = {1, "hvcore probe irq.inject --quick --backend trap"},
};

/* A boot takes 20 s of the host, whose clock this is, and more where the host is busy. */
static struct emulated machine = {
	.steps = steps, .count = STEPS, .arguments = "-smp 2", .step_limit = 60};

static void guests_start_at_cpl0(void)
{
	if (!emulated_boot(&machine))
		return;
	cJSON *doctor = emulated_expect_cpl0(&machine, DOCTOR);
	cJSON *run = emulated_json_of(&machine, COUNT);
	CU_ASSERT_STRING_EQUAL(emulated_text_at(run, "regime"), "cpl0");
	cJSON_Delete(doctor);
	cJSON_Delete(run);
}

static void tests_of_hvcore_pass(void)
{
	if (emulated_boot(&machine))
		emulated_expect_cases(&machine, TEST_COUNT, TEST_HOSTILE);
}

/* This machine has SMAP, the one of test_svm has not. */
static void an_interrupt_that_kills_is_refused(void)
{
	if (!emulated_boot(&machine))
		return;
	cJSON *json = emulated_json_of(&machine, TRAP_IRQ);
	const char *failed = emulated_text_at(json, "failed");
	CU_ASSERT_PTR_NOT_NULL(strstr(failed, "SMAP"));
	if (!strstr(failed, "SMAP"))
		printf("\nirq.inject on trap: %s\n", failed);
	cJSON_Delete(json);
}

/* Exits of the processor that sends, arms or sleeps: the access to its local APIC or the hypercall;
 * for a timer that fires, also the timer's interrupt and the end of the guest's; for an interrupt
 * from outside, the halt and that end. This machine's own timer adds some in a small batch, but
 * less than one per operation. */
static const double expected[PROBES_END] = {[IPI] = 1,	      [IPI_PV] = 1,	[TIMER_ARM] = 1,
					    [TIMER_FIRE] = 3, [IPI_HALTED] = 1, [IRQ_HALTED] = 2};

static void interrupts_cost_the_exits_they_should(void)
{
	if (!emulated_boot(&machine))
		return;
	for (int step = IPI; step < PROBES_END; step++) {
		cJSON *json = emulated_json_of(&machine, step);
		const char *failed = emulated_text_at(json, "failed");
		double exits = emulated_number_at(json, "exits_per_op");
		bool good = failed[0] ? emulated_is_about_time(failed)
				      : exits > expected[step] - 0.05 && exits < expected[step] + 1;
		CU_ASSERT(good);
		if (!good)
			printf("\n%s: %s; %g exits, not %g\n", emulated_text_at(json, "name"),
			       failed, exits, expected[step]);
		if (!failed[0])
			CU_ASSERT_STRING_EQUAL(emulated_text_at(json, "regime"), "cpl0");
		cJSON_Delete(json);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"guests_start_at_cpl0", guests_start_at_cpl0},
		{"tests_of_hvcore_pass", tests_of_hvcore_pass},
		{"an_interrupt_that_kills_is_refused", an_interrupt_that_kills_is_refused},
		{"interrupts_cost_the_exits_they_should", interrupts_cost_the_exits_they_should},
		{0},
	};
	int status = test_main("emulated.several", cases, argc, argv);
	free(machine.output);
	return status;
}
