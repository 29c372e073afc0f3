/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a guest's kernel does for its own tasks: a system call. Where guests run at CPL3 there is
 * none to measure (traps.md: the host's KVM takes SYSCALL to the guest's entry, but at CPL3).
 */
#include "hvcore/probe/guest_bench.h"

#include <math.h>
#include <stdlib.h>

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct hv_bench *bench = ctx;
	bench->arg = 1;
	return hv_bench_run(bench, HV_OP_SYSCALL, n, batch, e);
}

/* The same task, which does not call. */
static int empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct hv_bench *bench = ctx;
	bench->arg = 0;
	return hv_bench_run(bench, HV_OP_SYSCALL, n, batch, e);
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	int rc = hv_bench_valid_kernel(probe, env, e);
	if (rc == ERR_UNSUPPORTED && hv_bench_valid(probe, env, &(struct err){0}) == 0)
		return err_set(e, rc,
			       "guests run at CPL3 here, where SYSCALL raises no privilege: a "
			       "guest's task has no kernel to call");
	return rc;
}

static void teardown(struct hv_work *work)
{
	hv_bench_close(work->ctx);
	free(work->ctx);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct hv_bench *bench = calloc(1, sizeof(*bench));
	struct hv_batch first;
	if (!bench)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_bench_open(bench, hv_backend_find(probe->backend), env, NULL, e);
	if (rc) {
		free(bench);
		return rc;
	}
	*work = (struct hv_work){
		.body = body,
		.empty = empty,
		.ctx = bench,
		.exits_per_op = bench->counts_exits ? 0 : NAN,
	};
	/* The guest's kernel sets its registers up, with exits. */
	rc = body(bench, 1, &first, e);
	if (rc)
		teardown(work);
	return rc;
}

const struct hv_probe hv_probe_kernel[] = {
	{.name = "syscall.guest",
	 .unit = "ns",
	 .backend = "kvm",
	 .method = "SYSCALL from the guest's user task to its kernel, which changes stacks, counts "
		   "and returns by SYSRET; the task's loop is subtracted",
	 .valid = valid,
	 .setup = setup,
	 .teardown = teardown},
	{0},
};
