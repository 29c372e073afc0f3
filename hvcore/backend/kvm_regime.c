/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which regime a machine offers: a loop at CPL0, before the machine gets its guest. Where KVM
 * emulates CPL0 it counts each of the loop's instructions; where nobody counts, a longer loop is
 * timed. What is slow at CPL0 and as slow at CPL3 is a slow machine, not an emulated CPL0.
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
#define NATIVE_RATIO	4 /* to the same loop at CPL3, at most */
#define TRIES		4
#define DEADLINE_NS	50000000

/* Where the loop lies: memory of the guest that it gets back zeroed. */
#define LOOP_GPA (HV_BOOT_GPA + 0x8000u)

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Runs the loop; *ns is the CPU time that took, UINT64_MAX when it did not get to its end. */
static int run_loop(struct hv_vm *vm, enum hv_regime regime, uint32_t loops, uint64_t *ns,
		    struct err *e)
{
	struct hv_kvm *k = vm->state;
	uint8_t code[HV_KVM_COUNT_BYTES];
	struct hv_exit x = {.kind = HV_EXIT_INTERNAL};
	hv_kvm_arch_count_code(code, loops);
	hv_mem_write(&vm->mem, LOOP_GPA, code, sizeof(code));
	const struct hv_start start = {.entry = LOOP_GPA};
	int rc = hv_kvm_arch_prepare(k, &vm->mem, regime, e);
	if (!rc)
		rc = hv_kvm_arch_start(&k->cpu[0], regime, &start, e);
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
	int rc = run_loop(vm, HV_REGIME_CPL0, COUNTED_LOOPS, &ns, e);
	if (!rc && hv_kvm_statistic(vm->state, "insn_emulation", &after) == 0)
		*counted = after - before >= 2 * COUNTED_LOOPS;
	return rc;
}

/* The loop's shortest times so far. */
struct times {
	uint64_t kernel, user;
};

static bool is_native(const struct times *t)
{
	return t->kernel < NATIVE_LIMIT_NS ||
	       (t->user != UINT64_MAX && t->kernel / NATIVE_RATIO < t->user);
}

static int shorten(struct hv_vm *vm, enum hv_regime regime, uint64_t *shortest, struct err *e)
{
	uint64_t ns = UINT64_MAX;
	int rc = run_loop(vm, regime, TIMED_LOOPS, &ns, e);
	*shortest = ns < *shortest ? ns : *shortest;
	return rc;
}

int hv_kvm_find_regime(struct hv_vm *vm, struct err *e)
{
	struct times t = {UINT64_MAX, UINT64_MAX};
	bool counted, native = false;
	int rc = is_counted(vm, &counted, e);
	/* CPU time, so that a preempted loop is not taken for an emulated one; and more tries
	 * before believing it. */
	for (int i = 0; i < TRIES && !rc && !counted && !native; i++) {
		rc = shorten(vm, HV_REGIME_CPL0, &t.kernel, e);
		if (!rc && !is_native(&t))
			rc = shorten(vm, HV_REGIME_CPL3, &t.user, e);
		native = !rc && is_native(&t);
	}
	static const uint8_t zeroes[HV_KVM_COUNT_BYTES];
	hv_mem_write(&vm->mem, LOOP_GPA, zeroes, sizeof(zeroes));
	vm->config.regime = native ? HV_REGIME_CPL0 : HV_REGIME_CPL3;
	return rc;
}
