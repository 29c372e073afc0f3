/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What memory gives, in guests and on the host: loads that wait for each other out of the first and
 * the second cache and out of memory, and a stream. The loops are the same (walk.h); the memory is
 * prepared by this process, and the results are looked at by it.
 */
#include "hvcore/probe/guest_bench.h"
#include "hvcore/probe/walk.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Where it lies in a guest, above image and stack. */
#define GUEST_BASE (UINT64_C(16) << 20)

enum what { FIRST_CACHE, SECOND_CACHE, MEMORY, STREAM };

/* Half of a usual first cache; beyond every first and within most second ones; beyond what one core
 * finds in most third ones. */
static const uint64_t sizes[] = {
	[FIRST_CACHE] = 16 << 10,
	[SECOND_CACHE] = 256 << 10,
	[MEMORY] = 64 << 20,
	[STREAM] = UINT64_C(3) * 8 * HV_TRIAD_WORDS,
};

struct walk_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts; without a vm: native */
	void *memory;	       /* the host's view of it */
	uint64_t bytes;
	uint64_t done; /* operations so far */
	uint32_t at;   /* native: the link that comes next */
	enum what what;
};

static bool is_native(const struct hv_probe *probe)
{
	return strcmp(probe->backend, "native") == 0;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	return is_native(probe) ? 0 : hv_bench_valid(probe, env, e);
}

/* One cycle through all links in an order that no prefetcher knows (Sattolo's algorithm). */
static int make_chain(struct hv_link *links, uint32_t count, struct err *e)
{
	uint32_t *order = malloc(count * sizeof(*order));
	uint64_t random = 88172645463325252u;
	if (!order)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count - 1; i > 1; i--) { /* link 0 stays first */
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		uint32_t k = 1 + (uint32_t)(random % i), kept = order[i];
		order[i] = order[k];
		order[k] = kept;
	}
	for (uint32_t i = 0; i < count; i++) {
		links[order[i]].next = order[i + 1 < count ? i + 1 : 0];
		links[order[i]].order = i;
	}
	free(order);
	return 0;
}

static void fill_arrays(uint64_t *a)
{
	for (uint64_t i = 0; i < HV_TRIAD_WORDS; i++) {
		a[i] = 0;
		a[HV_TRIAD_WORDS + i] = i * i;
		a[2 * HV_TRIAD_WORDS + i] = i + 1;
	}
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct walk_probe *p = ctx;
	uint64_t done = p->done;
	p->done += n;
	if (p->bench.vm) {
		int rc = hv_bench_run(&p->bench, p->bench.op, n, batch, e);
		p->at = (uint32_t)p->bench.checksum;
		batch->exits =
			NAN; /* none are made; those of the host's timer are not the work's */
		return rc;
	}
	if (p->what == STREAM)
		hv_triad(p->memory, done, n);
	else
		p->at = hv_walk(p->memory, p->at, n);
	return 0;
}

/* Each word was computed in the pass that came by last. */
static int check_stream(const uint64_t *a, uint64_t done, struct err *e)
{
	uint64_t passes = done / HV_TRIAD_PIECES, rest = done % HV_TRIAD_PIECES;
	for (uint64_t i = 0; i < HV_TRIAD_WORDS; i++) {
		uint64_t later = i / HV_TRIAD_PIECE < rest;
		uint64_t want = passes + later == 0 ? 0 : i * i + (passes + later - 1) * (i + 1);
		if (a[i] != want)
			return err_set(e, ERR_CORRUPT, "word %llu of the stream is not its sum",
				       (unsigned long long)i);
	}
	return 0;
}

static int check(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	const struct walk_probe *p = work->ctx;
	(void)m;
	if (p->what == STREAM)
		return check_stream(p->memory, p->done, e);
	const struct hv_link *links = p->memory;
	uint64_t count = p->bytes / sizeof(*links);
	if (p->at >= count || links[p->at].order != p->done * HV_WALK_LINKS % count)
		return err_set(e, ERR_CORRUPT, "the walk did not end where so many steps lead");
	return 0;
}

static void teardown(struct hv_work *work)
{
	struct walk_probe *p = work->ctx;
	if (p->bench.vm)
		hv_bench_close(&p->bench);
	else if (p->memory)
		munmap(p->memory, p->bytes);
	free(p);
}

/* The guest's first touch of a page costs more than what is measured here. */
static int touch_pages(struct walk_probe *p, struct err *e)
{
	struct hv_batch ignored;
	int rc = 0;
	for (uint64_t at = 0; at < HV_TOUCH_STRIDE && rc == 0; at += 4096) {
		p->bench.arg = GUEST_BASE + at;
		rc = hv_bench_run(&p->bench, HV_OP_TOUCH, p->bytes / HV_TOUCH_STRIDE, &ignored, e);
	}
	p->bench.arg = GUEST_BASE;
	return rc;
}

static int prepare(struct walk_probe *p, const struct hv_probe *probe,
		   const struct hv_probe_env *env, struct err *e)
{
	if (is_native(probe)) {
		void *memory = mmap(NULL, p->bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			return err_sys(e, errno, "memory for a probe");
		p->memory = memory;
	} else {
		const struct hv_bench_options options = {.mem_bytes = GUEST_BASE + p->bytes};
		int rc =
			hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
		if (rc)
			return rc;
		p->bench.op = p->what == STREAM ? HV_OP_TRIAD : HV_OP_WALK;
		p->memory = hv_mem_at(&p->bench.vm->mem, GUEST_BASE, p->bytes);
		if (!p->memory)
			return err_set(e, ERR_NOMEM, "no memory in the guest for a probe");
		rc = touch_pages(p, e);
		if (rc)
			return rc;
	}
	if (p->what == STREAM)
		fill_arrays(p->memory);
	else
		return make_chain(p->memory, (uint32_t)(p->bytes / sizeof(struct hv_link)), e);
	return 0;
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct walk_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->what = (enum what)probe->arg;
	p->bytes = sizes[p->what];
	*work = (struct hv_work){.body = body, .ctx = p, .exits_per_op = NAN};
	int rc = prepare(p, probe, env, e);
	if (rc) {
		teardown(work);
		return rc;
	}
	work->empty = p->bench.vm ? hv_bench_empty : NULL;
	/* Where its lines fall in the second cache is luck, and what is beyond it is shared. */
	if (p->what >= SECOND_CACHE)
		work->max_noise = work->max_nonlinear = 0.25;
	return 0;
}

#define ROW(name_, unit_, per_op_, backend_, what_, text)                                          \
	{                                                                                          \
		.name = name_, .unit = unit_, .per_op = per_op_, .backend = backend_,              \
		.method = text, .valid = valid, .setup = setup, .teardown = teardown,              \
		.check = check, .arg = what_                                                       \
	}
#define CHAIN " in random order, each load waiting for the one before; per load"
#define ROWS(backend)                                                                              \
	ROW("memory.load_16k", "ns", HV_WALK_LINKS, backend, FIRST_CACHE,                          \
	    "walk along lines of 16 KiB" CHAIN),                                                   \
		ROW("memory.load_256k", "ns", HV_WALK_LINKS, backend, SECOND_CACHE,                \
		    "walk along lines of 256 KiB" CHAIN),                                          \
		ROW("memory.load_64m", "ns", HV_WALK_LINKS, backend, MEMORY,                       \
		    "walk along lines of 64 MiB" CHAIN),                                           \
		ROW("memory.triad", "ns/B", HV_TRIAD_BYTES, backend, STREAM,                       \
		    "a = b + k c over 48 MiB of 64-bit words, per byte read or written (1 over "   \
		    "it: GB/s)")

const struct hv_probe hv_probe_walk[] = {
	ROWS("native"), ROWS("kvm"), ROWS("trap"), ROWS("emulator"), {0},
};
