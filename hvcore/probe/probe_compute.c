/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How much longer a guest's processor takes for plain integer work than the host's: the ratio of
 * the same function, compiled by the same compiler, run by turns in the guest and in this process.
 */
#include "hvcore/clock.h"
#include "hvcore/probe/compute.h"
#include "hvcore/probe/guest_bench.h"

#include <math.h>
#include <stdlib.h>

struct compute_probe {
	struct hv_bench bench;	/* first: hv_bench_empty casts */
	double native_ns;	/* per operation, of the last native batch */
	uint64_t native_result; /* of it */
};

/* The host's turn. */
static int before(void *ctx, uint64_t n, struct err *e)
{
	struct compute_probe *p = ctx;
	(void)e;
	uint64_t start = hv_clock_ns();
	uint32_t x = 1;
	for (uint64_t i = 0; i < n; i++)
		x = hv_compute(x);
	p->native_result = x;
	p->native_ns = (double)(hv_clock_ns() - start) / (double)n;
	return 0;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct compute_probe *p = ctx;
	int rc = hv_bench_run(&p->bench, HV_OP_COMPUTE, n, batch, e);
	if (!rc && p->bench.checksum != p->native_result)
		rc = err_set(e, ERR_CORRUPT, "the guest computed something else than the host");
	batch->exits = NAN; /* none are made; those of the host's timer are not the work's */
	batch->base = p->native_ns;
	return rc;
}

static void teardown(struct hv_work *work)
{
	struct compute_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	free(p);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct compute_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, NULL, e);
	if (rc) {
		free(p);
		return rc;
	}
	*work = (struct hv_work){.before = before,
				 .body = body,
				 .empty = hv_bench_empty,
				 .ctx = p,
				 .exits_per_op = NAN};
	return 0;
}

#define ROW(name_, backend_)                                                                       \
	{                                                                                          \
		.name = name_, .unit = "ratio", .backend = backend_,                               \
		.method = "time of integer work in the guest over that of the same work outside",  \
		.valid = hv_bench_valid, .setup = setup, .teardown = teardown                      \
	}

const struct hv_probe hv_probe_compute[] = {
	ROW("cpu.guest", "kvm"),
	ROW("cpu.guest", "trap"),
	ROW("cpu.emulation", "emulator"),
	{0},
};
