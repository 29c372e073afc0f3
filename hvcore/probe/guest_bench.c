/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/guest_bench.h"
#include "hvcore/clock.h"
#include "hvcore/probe/lost.h"

#include <math.h>
#include <string.h>

/* No batch takes this long unless the guest or its host hangs. */
#define BATCH_LIMIT_NS 10000000000u

int hv_bench_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	(void)probe;
	(void)env;
	return hv_image_find("probe")
		       ? 0
		       : err_set(e, ERR_UNSUPPORTED, "no guests for this architecture");
}

int hv_bench_valid_kernel(const struct hv_probe *probe, const struct hv_probe_env *env,
			  struct err *e)
{
	enum hv_regime regime = env->kvm_regime;
	int rc = hv_bench_valid(probe, env, e);
	if (!rc && regime == HV_REGIME_NONE)
		rc = hv_backend_find(probe->backend)->regime(&regime, e);
	if (!rc && regime != HV_REGIME_CPL0)
		rc = err_set(e, ERR_UNSUPPORTED,
			     "guests run at CPL3 here: this machine's KVM emulates CPL0");
	return rc;
}

/* Runs up to the next yield; any other outcome is a failure here. */
static int run_to_yield(struct hv_bench *bench, struct err *e)
{
	struct hv_outcome outcome;
	int rc = hv_vm_run(bench->vm, BATCH_LIMIT_NS, &outcome, e);
	if (rc)
		return rc;
	if (outcome.kind != HV_RUN_YIELDED)
		return err_set(e, outcome.kind == HV_RUN_TIMEOUT ? ERR_TIMEOUT : ERR_IO,
			       "the guest ended (%s): %s", hv_outcome_name(outcome.kind),
			       outcome.text);
	bench->block = outcome.block;
	return 0;
}

int hv_bench_open(struct hv_bench *bench, const struct hv_backend *backend,
		  const struct hv_probe_env *env, const struct hv_bench_options *options,
		  struct err *e)
{
	static const struct hv_bench_options nothing_special;
	if (!options)
		options = &nothing_special;
	unsigned devices = options->device && !options->devices ? 1 : options->devices;
	memset(bench, 0, sizeof(*bench));
	const struct hv_image *image = hv_image_find(options->image ? options->image : "probe");
	struct hv_config config = {
		.backend = backend,
		.regime = env->kvm_regime,
		.mem_bytes = options->mem_bytes,
		.large_pages = options->large_pages,
		.interrupts = options->interrupts,
		.iothread = options->iothread,
		.halt_returns = options->halt_returns,
		.window = options->window,
		.cpus = options->cpus,
		.image = image ? image->start : NULL,
		.image_bytes = image ? (size_t)(image->end - image->start) : 0,
		.delay_ns = env->delay_ns,
	};
	int rc = image ? 0 : err_set(e, ERR_UNSUPPORTED, "no guests for this architecture");
	if (!rc)
		rc = hv_vm_open(&bench->vm, &config, e);
	for (unsigned i = 0; i < devices; i++) {
		const struct hv_device *device = &options->device[i];
		if (!bench->vm) {
			device->ops->close(device->state);
			continue;
		}
		int attached = hv_vm_attach(bench->vm, *device, e);
		rc = rc ? rc : attached;
	}
	if (!rc)
		rc = run_to_yield(bench, e);
	struct hv_batch batch;
	if (!rc && options->device && !options->image)
		rc = hv_bench_run(bench, HV_OP_START, 1, &batch, e);
	uint64_t exits;
	if (!rc)
		bench->counts_exits = backend->exits && backend->exits(bench->vm, &exits, e) == 0;
	if (rc)
		hv_bench_close(bench);
	return rc;
}

void hv_bench_close(struct hv_bench *bench)
{
	hv_vm_close(bench->vm);
	bench->vm = NULL;
}

int hv_bench_run(struct hv_bench *bench, enum hv_op op, uint64_t n, struct hv_batch *batch,
		 struct err *e)
{
	const struct hv_backend *backend = bench->vm->config.backend;
	struct hv_call_yield *work = hv_mem_at(&bench->vm->mem, bench->block, sizeof(*work));
	uint64_t exits_before = 0, exits_after = 0;
	work->op = op;
	work->iterations = n;
	work->arg = bench->arg;
	work->blocks = bench->blocks ? bench->blocks : 1;
	work->depth = bench->depth ? bench->depth : 1;
	int rc = bench->counts_exits ? backend->exits(bench->vm, &exits_before, e) : 0;
	if (rc)
		return rc;
	struct hv_lost lost;
	hv_lost_begin(&lost, backend->peer ? backend->peer(bench->vm) : 0);
	uint64_t start = hv_clock_ns();
	rc = run_to_yield(bench, e);
	uint64_t end = hv_clock_ns();
	batch->lost = hv_lost_end(&lost);
	if (!rc && bench->counts_exits)
		rc = backend->exits(bench->vm, &exits_after, e);
	if (rc)
		return rc;

	struct hv_call_yield done;
	if (hv_mem_read(&bench->vm->mem, bench->block, &done, sizeof(done)))
		return err_set(e, ERR_IO, "the guest's results are outside its memory");
	if (done.failed)
		return err_set(e, ERR_IO, "the guest could not do the work (operation %d)", op);
	bench->checksum = done.checksum;
	batch->ns = (double)(end - start);
	batch->ticks = (double)done.ticks;
	if (bench->counts_exits)
		batch->exits = (double)(exits_after - exits_before) - 1; /* the yield */
	return 0;
}

int hv_bench_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct hv_bench *bench = ctx;
	return hv_bench_run(bench, bench->op, n, batch, e);
}

int hv_bench_empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct hv_bench *bench = ctx;
	enum hv_op without = bench->without ? bench->without : HV_OP_EMPTY;
	return hv_bench_run(ctx, without, n, batch, e);
}
