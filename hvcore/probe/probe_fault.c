/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the first touch of a page costs a guest. The guest maps 2 MiB pages; the host has small or
 * large ones for them. The pages touched lie 64 KiB apart, because a fault may map its neighbours
 * along with it (KVM: eight entries), or 2 MiB. Before each batch, outside of its time, the pages
 * are taken away again.
 */
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define FIRST (16ull << 20) /* above the image */

/* What a row touches. */
struct kind {
	enum hv_op op;
	uint64_t stride;
	unsigned pages;
	bool large;   /* the host's pages */
	bool present; /* the host's page is mapped in the VMM, only the guest's mapping is missing;
			 else the host must find and clear one */
};

enum row { SMALL, SMALL_PRESENT, LARGE, LARGE_PRESENT, APART, APART_PRESENT };

static const struct kind kinds[] = {
	[SMALL] = {HV_OP_TOUCH, HV_TOUCH_STRIDE, 4096, false, false},
	[SMALL_PRESENT] = {HV_OP_TOUCH, HV_TOUCH_STRIDE, 4096, false, true},
	[LARGE] = {HV_OP_TOUCH_2M, HV_TOUCH_2M_STRIDE, 64, true, false},
	[LARGE_PRESENT] = {HV_OP_TOUCH_2M, HV_TOUCH_2M_STRIDE, 64, true, true},
	[APART] = {HV_OP_TOUCH_2M, HV_TOUCH_2M_STRIDE, 512, false, false},
	[APART_PRESENT] = {HV_OP_TOUCH_2M, HV_TOUCH_2M_STRIDE, 512, false, true},
};

struct fault_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	const struct kind *kind;
};

static void *page_at(struct fault_probe *p, uint64_t i)
{
	return hv_mem_at(&p->bench.vm->mem, FIRST + i * p->kind->stride, 8);
}

/* Only the guest's mapping goes: of a file's pages with the VMM's own, of others with the right to
 * use them, and both come back at a touch. */
static int unmap(void *area, uint64_t bytes, bool large)
{
	if (!large)
		return madvise(area, bytes, MADV_DONTNEED);
	return mprotect(area, bytes, PROT_NONE) ? -1
						: mprotect(area, bytes, PROT_READ | PROT_WRITE);
}

static int take_away(void *ctx, uint64_t n, struct err *e)
{
	struct fault_probe *p = ctx;
	const struct kind *kind = p->kind;
	uint64_t bytes = n * kind->stride;
	void *area = hv_mem_at(&p->bench.vm->mem, FIRST, bytes);
	if (!area)
		return err_set(e, ERR_INTERNAL,
			       "the pages to touch are outside the guest's memory");
	int failed = kind->present
			     ? unmap(area, bytes, kind->large)
			     : madvise(area, bytes, kind->large ? MADV_DONTNEED : MADV_REMOVE);
	if (failed)
		return err_sys(e, errno, "cannot take the guest's pages away");
	for (uint64_t i = 0; kind->present && i < n; i++)
		*(volatile uint64_t *)page_at(p, i) = 0;
	return 0;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct fault_probe *p = ctx;
	int rc = hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	for (uint64_t i = 0; !rc && i < n; i++)
		if (*(volatile uint64_t *)page_at(p, i) != i + 1)
			rc = err_set(e, ERR_CORRUPT, "page %llu was not touched",
				     (unsigned long long)i);
	return rc;
}

/* How many exits there are when the guest touches the rest of the first 2 MiB, of which the last
 * batch touched one page: as many as touches, or (nearly) none where one fault mapped all of it. */
static int check_2m(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	struct fault_probe *p = work->ctx;
	const uint64_t touches = HV_TOUCH_2M_STRIDE / HV_TOUCH_STRIDE;
	struct hv_batch batch;
	uint64_t large = 0;
	int rc = p->kind->large ? hv_mem_large(&p->bench.vm->mem, &large, e) : 0;
	if (!rc && p->kind->large && large < m->iterations / 2 * HV_TOUCH_2M_STRIDE)
		rc = err_set(e, ERR_CORRUPT, "the host gave small pages instead of large ones");
	if (!rc)
		rc = hv_bench_run(&p->bench, HV_OP_TOUCH, touches, &batch, e);
	if (rc || !p->bench.counts_exits)
		return rc;
	bool one = batch.exits < (double)touches / 4;
	if (one != p->kind->large)
		rc = err_set(e, ERR_CORRUPT, "a fault maps %s: %.0f exits for %llu touches",
			     one ? "2 MiB" : "less than 2 MiB", batch.exits,
			     (unsigned long long)touches);
	return rc;
}

static void teardown(struct hv_work *work)
{
	struct fault_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	free(p);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct fault_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	const struct kind *kind = &kinds[probe->arg];
	const struct hv_bench_options options = {.mem_bytes = FIRST + kind->pages * kind->stride,
						 .large_pages = kind->large};
	int rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (rc) {
		free(p);
		return rc;
	}
	p->kind = kind;
	p->bench.arg = FIRST;
	*work = (struct hv_work){
		.body = body,
		.empty = hv_bench_empty,
		.before = take_away,
		.ctx = p,
		.max_n = kind->pages,
		.exits_per_op = p->bench.counts_exits ? 1 : NAN,
	};
	/* What clearing 2 MiB takes depends on who else uses the memory. */
	if (kind->large && !kind->present)
		work->max_noise = work->max_nonlinear = 0.25;
	return 0;
}

static int valid_large(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	struct hv_mem mem;
	int rc = hv_bench_valid(probe, env, e);
	if (!rc)
		rc = hv_mem_open_large(&mem, HV_TOUCH_2M_STRIDE, e);
	if (!rc)
		hv_mem_close(&mem);
	return rc;
}

#define ROW(name_, backend_, arg_, valid_, check_, text)                                           \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text, .valid = valid_, \
		.setup = setup, .teardown = teardown, .check = check_, .arg = arg_                 \
	}
#define ROW_4K(backend)                                                                            \
	ROW("fault.guest_4k", backend, SMALL, hv_bench_valid, NULL,                                \
	    "first write to a 4 KiB page that the host must allocate, stride 64 KiB, empty loop "  \
	    "subtracted")

const struct hv_probe hv_probe_fault[] = {
	ROW_4K("kvm"),
	ROW("fault.guest_4k_present", "kvm", SMALL_PRESENT, hv_bench_valid, NULL,
	    "first write to a 4 KiB page that the host has, stride 64 KiB, empty loop subtracted"),
	ROW_4K("trap"),
	ROW_4K("emulator"),
	ROW("fault.guest_2m", "kvm", LARGE, valid_large, check_2m,
	    "first write to a 2 MiB page that the host must allocate as a large page "
	    "(transparent), "
	    "empty loop subtracted"),
	ROW("fault.guest_2m_present", "kvm", LARGE_PRESENT, valid_large, check_2m,
	    "first write to a 2 MiB page that the host has as a large page, empty loop subtracted"),
	ROW("fault.guest_2m_small", "kvm", APART, hv_bench_valid, check_2m,
	    "first write to a 2 MiB page of the guest for which the host must allocate 4 KiB, "
	    "empty "
	    "loop subtracted"),
	ROW("fault.guest_2m_small_present", "kvm", APART_PRESENT, hv_bench_valid, check_2m,
	    "first write to a 2 MiB page of the guest of which the host has 4 KiB, empty loop "
	    "subtracted"),
	{0},
};
