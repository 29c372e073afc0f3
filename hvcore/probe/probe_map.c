/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Page-table entries that a guest changes through the VMM: one by one, by stores that trap (a table
 * that the hypervisor shadows), or many by one hypercall (direct paging); and a mebibyte mapped,
 * touched and taken away by either. What the same costs a process is in probe_memory.c and
 * probe_os.c.
 */
#include "hvcore/probe/guest_bench.h"

#include <math.h>
#include <stdlib.h>

#define PAGES_GPA (16ull << 20) /* above the image */
#define PAGE	  4096u

struct kind {
	enum hv_op op;
	bool whole;   /* HV_MAP_PAGES mapped, touched and taken away */
	double exits; /* at CPL0; at CPL3 the touches exit, too */
};

enum row { TRAPPED, HYPERCALL, FULL, PARA };

static const struct kind kinds[] = {
	[TRAPPED] = {HV_OP_MAP, false, 1},
	[HYPERCALL] = {HV_OP_MAP_MANY, false, 1},
	[FULL] = {HV_OP_MAP_1M, true, 2 * HV_MAP_PAGES},
	[PARA] = {HV_OP_MAP_1M_MANY, true, 2},
};

struct map_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	const struct kind *kind;
	uint64_t done; /* operations since the guest began */
};

static uint64_t entry_of(uint64_t k)
{
	return (PAGES_GPA + k * PAGE) | HV_WINDOW_PRESENT | HV_WINDOW_WRITABLE;
}

/* Exits of one operation that reach the VMM: what the guest asks it for. */
static uint64_t vmm_exits(const struct kind *kind)
{
	return kind->op == HV_OP_MAP_1M ? 2 * HV_MAP_PAGES : kind->op == HV_OP_MAP_1M_MANY ? 2 : 1;
}

/* That the table is as so many operations leave it. */
static bool is_as_left(const struct map_probe *p)
{
	const uint64_t *window = p->bench.vm->window;
	bool many = p->kind->op == HV_OP_MAP_MANY, odd = !p->kind->whole && p->done % 2;
	for (uint64_t k = 0; k < HV_MAP_PAGES; k++) {
		bool mapped = odd && (many || k == p->done / 2 % HV_MAP_PAGES);
		if (window[k] != (mapped ? entry_of(k) : 0))
			return false;
	}
	return true;
}

/* That what was written into the window is in the pages. */
static bool is_touched(const struct map_probe *p)
{
	for (uint64_t k = 0; k < HV_MAP_PAGES; k++) {
		uint64_t value = 0;
		hv_mem_read(&p->bench.vm->mem, PAGES_GPA + k * PAGE, &value, sizeof(value));
		if (value != p->done * HV_MAP_PAGES + k)
			return false;
	}
	return true;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct map_probe *p = ctx;
	uint64_t exits = p->bench.vm->counters.exits;
	int rc = hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	if (rc)
		return rc;
	p->done += n;
	exits = p->bench.vm->counters.exits - exits - 1; /* without the yield */
	if (exits != n * vmm_exits(p->kind))
		return err_set(e, ERR_CORRUPT, "%.3f exits to the VMM per operation",
			       (double)exits / (double)n);
	if (!is_as_left(p))
		return err_set(e, ERR_CORRUPT, "the page table is not as the guest left it");
	if (p->kind->whole && !is_touched(p))
		return err_set(e, ERR_CORRUPT, "the mapped pages were not touched");
	return 0;
}

static void teardown(struct hv_work *work)
{
	struct map_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	free(p);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct map_probe *p = calloc(1, sizeof(*p));
	struct hv_batch first;
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->kind = &kinds[probe->arg];
	const struct hv_bench_options options = {.window = true};
	int rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (rc) {
		free(p);
		return rc;
	}
	p->bench.arg = PAGES_GPA;
	bool claims = !p->kind->whole || p->bench.vm->config.regime == HV_REGIME_CPL0;
	*work = (struct hv_work){
		.body = body,
		.empty = hv_bench_empty,
		.ctx = p,
		.exits_per_op = p->bench.counts_exits && claims ? p->kind->exits : NAN,
	};
	/* The pages are there from here on. */
	rc = body(p, 2, &first, e);
	if (rc)
		teardown(work);
	return rc;
}

/* The emulator walks a guest's page table and raises its faults, and then takes the address as it
 * is (libunicorn 2.0.1). */
static int map_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	if (!hv_backend_find(probe->backend)->map)
		return err_set(e, ERR_UNSUPPORTED,
			       "libunicorn looks for memory by the address before translation: a "
			       "page mapped elsewhere is not found there");
	return hv_bench_valid(probe, env, e);
}

#define ROW(name_, backend_, arg_, per_op_, composed_, text)                                       \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.composed = composed_, .per_op = per_op_, .valid = map_valid, .setup = setup,      \
		.teardown = teardown, .arg = arg_                                                  \
	}
#define ROWS(backend)                                                                              \
	ROW("map.trapped", backend, TRAPPED, 0, false,                                             \
	    "one entry of the guest's page table, set and cleared by turns, by a store that "      \
	    "traps and that the VMM carries out, empty loop subtracted"),                          \
		ROW("map.hypercall", backend, HYPERCALL, HV_MAP_PAGES, false,                      \
		    "one of 256 entries of the guest's page table, set and cleared by turns by "   \
		    "one hypercall, empty loop subtracted"),                                       \
		ROW("map.1m.full", backend, FULL, 0, true,                                         \
		    "256 of the guest's pages cleared, mapped by a store each that traps, "        \
		    "touched, and taken away so"),                                                 \
		ROW("map.1m.para", backend, PARA, 0, true,                                         \
		    "256 of the guest's pages cleared, mapped by one hypercall, touched, and "     \
		    "taken away by one")

const struct hv_probe hv_probe_map[] = {
	ROWS("kvm"),
	ROWS("trap"),
	ROWS("emulator"),
	{0},
};
