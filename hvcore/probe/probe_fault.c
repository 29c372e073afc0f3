/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the first touch of a page costs a guest. The pages lie HV_TOUCH_STRIDE apart, because a
 * fault may map its neighbours along with it (KVM: eight entries). Before each batch, outside of
 * its time, the pages are taken away again.
 */
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FIRST (16ull << 20) /* above the image */
#define PAGES 4096u

enum host_page {
	HOST_ABSENT,  /* the host has no page either: it must find and clear one */
	HOST_PRESENT, /* the host's page is mapped in the VMM; only the guest's mapping is missing
		       */
};

static int take_away(struct hv_bench *bench, uint64_t n, int how, struct err *e)
{
	void *area = hv_mem_at(&bench->vm->mem, FIRST, n * HV_TOUCH_STRIDE);
	if (!area)
		return err_set(e, ERR_INTERNAL,
			       "the pages to touch are outside the guest's memory");
	if (madvise(area, n * HV_TOUCH_STRIDE, how))
		return err_sys(e, errno, "cannot take the guest's pages away");
	return 0;
}

static int before_absent(void *ctx, uint64_t n, struct err *e)
{
	return take_away(ctx, n, MADV_REMOVE, e);
}

static int before_present(void *ctx, uint64_t n, struct err *e)
{
	struct hv_bench *bench = ctx;
	int rc = take_away(bench, n, MADV_DONTNEED, e);
	for (uint64_t i = 0; !rc && i < n; i++)
		*(volatile uint64_t *)hv_mem_at(&bench->vm->mem, FIRST + i * HV_TOUCH_STRIDE, 8) =
			0;
	return rc;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct hv_bench *bench = ctx;
	int rc = hv_bench_run(bench, HV_OP_TOUCH, n, batch, e);
	for (uint64_t i = 0; !rc && i < n; i++) {
		uint64_t value = 0;
		hv_mem_read(&bench->vm->mem, FIRST + i * HV_TOUCH_STRIDE, &value, sizeof(value));
		if (value != i + 1)
			rc = err_set(e, ERR_CORRUPT, "page %llu was not touched",
				     (unsigned long long)i);
	}
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
	if (!bench)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	const struct hv_bench_options options = {.mem_bytes =
							 FIRST + PAGES * (uint64_t)HV_TOUCH_STRIDE};
	int rc = hv_bench_open(bench, hv_backend_find(probe->backend), env, &options, e);
	if (rc) {
		free(bench);
		return rc;
	}
	bench->arg = FIRST;
	*work = (struct hv_work){
		.body = body,
		.empty = hv_bench_empty,
		.before = probe->arg == HOST_ABSENT ? before_absent : before_present,
		.ctx = bench,
		.max_n = PAGES,
		.exits_per_op = bench->counts_exits ? 1 : NAN,
	};
	return 0;
}

#define ROW(name_, backend_, how, text)                                                            \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.valid = hv_bench_valid, .setup = setup, .teardown = teardown, .arg = how          \
	}

const struct hv_probe hv_probe_fault[] = {
	ROW("fault.guest_4k", "kvm", HOST_ABSENT,
	    "first write to a 4 KiB page that the host must allocate, stride 64 KiB, empty loop "
	    "subtracted"),
	ROW("fault.guest_4k_present", "kvm", HOST_PRESENT,
	    "first write to a 4 KiB page that the host has, stride 64 KiB, empty loop subtracted"),
	ROW("fault.guest_4k", "trap", HOST_ABSENT,
	    "first write to a 4 KiB page that the host must allocate, stride 64 KiB, empty loop "
	    "subtracted"),
	ROW("fault.guest_4k", "emulator", HOST_ABSENT,
	    "first write to a 4 KiB page that the host must allocate, stride 64 KiB, empty loop "
	    "subtracted"),
	{0},
};
