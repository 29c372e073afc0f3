/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making a machine (64 MiB, one vCPU, no interrupt controller) up to its guest's first exit, and
 * taking it down: the whole and, on kvm, step by step.
 */
#include "hvcore/clock.h"
#include "hvcore/probe/guest_bench.h"

#include <stdlib.h>
#include <string.h>

/* When things were done: those of struct hv_steps, and around them. */
enum moment {
	BEGUN = HV_STEP_COUNT,
	LEFT, /* the guest's first exit; then the machine is closed */
	ENDED,
	MOMENTS
};

enum {
	CREATE,
	DESTROY,
	CREATE_MEMORY,
	CREATE_MACHINE,
	CREATE_CPU,
	FIRST_EXIT,
	DESTROY_CPU,
	DESTROY_MACHINE,
	DESTROY_MEMORY
};

/* From one moment to another. */
static const struct part {
	uint8_t from, to;
} parts[] = {
	[CREATE] = {BEGUN, LEFT},
	[DESTROY] = {LEFT, ENDED},
	[CREATE_MEMORY] = {BEGUN, HV_STEP_MEMORY},
	[CREATE_MACHINE] = {HV_STEP_MEMORY, HV_STEP_MACHINE},
	[CREATE_CPU] = {HV_STEP_MACHINE, HV_STEP_CPUS},
	[FIRST_EXIT] = {HV_STEP_CPUS, LEFT},
	[DESTROY_CPU] = {LEFT, HV_STEP_CPUS_GONE},
	[DESTROY_MACHINE] = {HV_STEP_CPUS_GONE, HV_STEP_MACHINE_GONE},
	[DESTROY_MEMORY] = {HV_STEP_MACHINE_GONE, ENDED},
};

struct vm_probe {
	struct hv_config config;
	struct hv_steps steps;
	struct part part;
};

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct vm_probe *p = ctx;
	uint64_t at[MOMENTS], sum = 0;
	for (uint64_t i = 0; i < n; i++) {
		struct hv_outcome outcome = {0};
		struct hv_vm *vm;
		at[BEGUN] = hv_clock_ns();
		int rc = hv_vm_open(&vm, &p->config, e);
		if (!rc)
			rc = hv_vm_run(vm, 1000000000, &outcome, e);
		at[LEFT] = hv_clock_ns();
		hv_vm_close(vm);
		at[ENDED] = hv_clock_ns();
		memcpy(at, p->steps.done_ns, sizeof(p->steps.done_ns));
		sum += at[p->part.to] - at[p->part.from];
		if (rc)
			return rc;
		if (outcome.kind != HV_RUN_YIELDED)
			return err_set(e, ERR_IO, "the guest ended (%s): %s",
				       hv_outcome_name(outcome.kind), outcome.text);
	}
	batch->ns = (double)sum;
	return 0;
}

static void teardown(struct hv_work *work)
{
	free(work->ctx);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	const struct hv_image *image = hv_image_find("probe");
	struct vm_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	*p = (struct vm_probe){
		.config =
			{
				.backend = hv_backend_find(probe->backend),
				.regime = env->kvm_regime,
				.image = image->start,
				.image_bytes = (size_t)(image->end - image->start),
				.delay_ns = env->delay_ns,
			},
		.part = parts[probe->arg],
	};
	p->config.steps = &p->steps;
	int rc = 0;
	if (p->config.backend->regime && p->config.regime == HV_REGIME_NONE)
		rc = p->config.backend->regime(&p->config.regime, e);
	if (rc) {
		free(p);
		return rc;
	}
	work->body = body;
	work->ctx = p;
	/* A step is timed by itself, but all of the machine is made and closed for it. */
	work->max_n = 16;
	return 0;
}

#define ROW(name_, backend_, part, text)                                                           \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.valid = hv_bench_valid, .setup = setup, .teardown = teardown, .arg = part         \
	}
#define CREATE_TEXT                                                                                \
	"a machine of 64 MiB without interrupt controller, from nothing to its first exit"
#define DESTROY_TEXT "closing that machine"

const struct hv_probe hv_probe_vm[] = {
	ROW("vm.create", "kvm", CREATE, CREATE_TEXT),
	ROW("vm.destroy", "kvm", DESTROY, DESTROY_TEXT),
	ROW("vm.create.memory", "kvm", CREATE_MEMORY, "of that: its memory, with the image"),
	ROW("vm.create.machine", "kvm", CREATE_MACHINE,
	    "of that: opening /dev/kvm, KVM_CREATE_VM, giving it the memory"),
	ROW("vm.create.cpu", "kvm", CREATE_CPU,
	    "of that: its processor, registers and page tables"),
	ROW("vm.create.first_exit", "kvm", FIRST_EXIT,
	    "of that: from there to the guest's first exit, through its first page faults"),
	ROW("vm.destroy.cpu", "kvm", DESTROY_CPU, "of closing: the processor's descriptors"),
	ROW("vm.destroy.machine", "kvm", DESTROY_MACHINE, "of closing: the machine's descriptors"),
	ROW("vm.destroy.memory", "kvm", DESTROY_MEMORY, "of closing: unmapping its memory"),
	ROW("vm.create", "trap", CREATE, CREATE_TEXT),
	ROW("vm.destroy", "trap", DESTROY, DESTROY_TEXT),
	ROW("vm.create", "emulator", CREATE, CREATE_TEXT),
	ROW("vm.destroy", "emulator", DESTROY, DESTROY_TEXT),
	{0},
};
