/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making a machine (64 MiB, one vCPU, no interrupt controller) up to its guest's first exit, and
 * taking it down.
 */
#include "hvcore/clock.h"
#include "hvcore/probe/guest_bench.h"

#include <stdlib.h>

enum part { CREATE, DESTROY };

struct vm_probe {
	struct hv_config config;
	enum part part;
};

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct vm_probe *p = ctx;
	uint64_t create_ns = 0, destroy_ns = 0;
	for (uint64_t i = 0; i < n; i++) {
		struct hv_outcome outcome = {0};
		struct hv_vm *vm;
		uint64_t t0 = hv_clock_ns();
		int rc = hv_vm_open(&vm, &p->config, e);
		if (!rc)
			rc = hv_vm_run(vm, 1000000000, &outcome, e);
		uint64_t t1 = hv_clock_ns();
		hv_vm_close(vm);
		destroy_ns += hv_clock_ns() - t1;
		create_ns += t1 - t0;
		if (rc)
			return rc;
		if (outcome.kind != HV_RUN_YIELDED)
			return err_set(e, ERR_IO, "the guest ended (%s): %s",
				       hv_outcome_name(outcome.kind), outcome.text);
	}
	batch->ns = (double)(p->part == CREATE ? create_ns : destroy_ns);
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
		.part = (enum part)probe->arg,
	};
	int rc = 0;
	if (p->config.backend->regime && p->config.regime == HV_REGIME_NONE)
		rc = p->config.backend->regime(&p->config.regime, e);
	if (rc) {
		free(p);
		return rc;
	}
	work->body = body;
	work->ctx = p;
	work->max_n = 64;
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
	ROW("vm.create", "trap", CREATE, CREATE_TEXT),
	ROW("vm.destroy", "trap", DESTROY, DESTROY_TEXT),
	ROW("vm.create", "emulator", CREATE, CREATE_TEXT),
	ROW("vm.destroy", "emulator", DESTROY, DESTROY_TEXT),
	{0},
};
