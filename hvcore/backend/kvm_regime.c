/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which regime a machine offers: a loop at CPL0, before the machine gets its guest. Where KVM
 * emulates CPL0 it counts each of the loop's instructions; where nobody counts, a longer loop is
 * timed.
 */
#include "hvcore/clock.h"
#include "hvcore/backend/kvm_arch.h"

#include <time.h>

/* Loops of two instructions each: a few to count, more to time. Emulated, an instruction costs
 * hundreds of nanoseconds; natively all of them take less than a microsecond, next to which entry
 * and first page faults weigh tens of microseconds. */
#define COUNTED_LOOPS 32u
#define TIMED_LOOPS   1000u

#define NATIVE_LIMIT_NS 200000
#define DEADLINE_NS	50000000

/* Where the loop lies: memory of the guest that it gets back zeroed. */
#define LOOP_GPA (HV_BOOT_GPA + 0x8000u)

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Runs the loop at CPL0; *ns is the CPU time that took, UINT64_MAX when it did not get to its end.
 */
static int run_loop(struct hv_vm *vm, uint32_t loops, uint64_t *ns, struct err *e)
{
	struct hv_kvm *k = vm->state;
	uint8_t code[HV_KVM_COUNT_BYTES];
	struct hv_exit x = {.kind = HV_EXIT_INTERNAL};
	hv_kvm_arch_count_code(code, loops);
	hv_mem_write(&vm->mem, LOOP_GPA, code, sizeof(code));
	const struct hv_start start = {.entry = LOOP_GPA};
	int rc = hv_kvm_arch_prepare(k, &vm->mem, HV_REGIME_CPL0, e);
	if (!rc)
		rc = hv_kvm_arch_start(&k->cpu[0], HV_REGIME_CPL0, &start, e);
	uint64_t before = thread_cpu_ns();
	if (!rc)
		rc = vm->config.backend->step(vm, 0, &x, hv_clock_ns() + DEADLINE_NS, e);
	bool ended = x.kind == HV_EXIT_PIO && x.pio.port == HV_NOP_PORT;
	*ns = ended ? thread_cpu_ns() - before : UINT64_MAX;
	return rc;
}

/* Whether KVM says that it emulated the loop's instructions. */
static int is_counted(struct hv_vm *vm, bool *counted, struct err *e)
{
	uint64_t before, after, ns;
	*counted = false;
	if (hv_kvm_statistic(vm->state, "insn_emulation", &before))
		return 0;
	int rc = run_loop(vm, COUNTED_LOOPS, &ns, e);
	if (!rc && hv_kvm_statistic(vm->state, "insn_emulation", &after) == 0)
		*counted = after - before >= 2 * COUNTED_LOOPS;
	return rc;
}

int hv_kvm_find_regime(struct hv_vm *vm, struct err *e)
{
	enum hv_regime found = HV_REGIME_CPL3;
	bool counted;
	int rc = is_counted(vm, &counted, e);
	/* CPU time, so that a preempted loop is not taken for an emulated one; and a second try
	 * before believing it. */
	for (int i = 0; i < 2 && !rc && !counted && found == HV_REGIME_CPL3; i++) {
		uint64_t ns = 0;
		rc = run_loop(vm, TIMED_LOOPS, &ns, e);
		if (ns < NATIVE_LIMIT_NS)
			found = HV_REGIME_CPL0;
		else if (ns > 4 * NATIVE_LIMIT_NS)
			break;
	}
	static const uint8_t zeroes[HV_KVM_COUNT_BYTES];
	hv_mem_write(&vm->mem, LOOP_GPA, zeroes, sizeof(zeroes));
	vm->config.regime = found;
	return rc;
}
