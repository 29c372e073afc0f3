/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Copying memory, per byte, in three states: the same page again and again (first cache), pages of
 * buffers that the second cache holds, and buffers that no cache holds.
 */
#include "hvcore/host/machine.h"
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum state { HOT, CACHED, LARGE };

struct copy {
	unsigned char *from, *to;
	size_t bytes; /* of each buffer */
	size_t step;  /* bytes of one operation */
	size_t at;    /* the next operation's place */
};

static int copy_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	(void)batch;
	(void)e;
	struct copy *c = ctx;
	for (uint64_t i = 0; i < n; i++) {
		memcpy(c->to + c->at, c->from + c->at, c->step);
		/* The compiler must not see that nobody reads the copy. */
		__asm__ volatile("" : : "r"(c->to + c->at) : "memory");
		c->at = c->at + c->step < c->bytes ? c->at + c->step : 0;
	}
	return 0;
}

static size_t clamp(size_t value, size_t low, size_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* Of each of the two buffers. CACHED: the two together take half of the second cache. LARGE: each
 * four times the last cache. The limits are for machines that do not tell their caches. */
static size_t buffer_bytes(enum state state)
{
	struct hv_machine m;
	if (state == HOT)
		return 4096;
	hv_machine_read(&m);
	if (state == CACHED)
		return clamp((size_t)m.l2_bytes / 4, 64u << 10, 1u << 20) & ~(size_t)4095;
	return clamp(4 * (size_t)m.l3_bytes, 64u << 20, 512u << 20) & ~(size_t)((1u << 20) - 1);
}

static unsigned char *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static void copy_teardown(struct hv_work *work)
{
	struct copy *c = work->ctx;
	if (c->from)
		munmap(c->from, c->bytes);
	if (c->to)
		munmap(c->to, c->bytes);
	free(c);
}

static int copy_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e)
{
	(void)env;
	struct copy *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	c->step = (size_t)probe->per_op;
	c->bytes = buffer_bytes((enum state)probe->arg);
	c->from = map(c->bytes);
	c->to = map(c->bytes);
	work->ctx = c;
	if (!c->from || !c->to) {
		copy_teardown(work);
		return err_sys(e, errno, "memory to copy");
	}
	/* Every page is written once before: page faults are another probe's matter. */
	for (size_t i = 0; i < c->bytes; i++)
		c->from[i] = (unsigned char)(i * 31 + 7);
	memset(c->to, 0, c->bytes);
	work->body = copy_body;
	return 0;
}

static int copy_check(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	(void)m;
	const struct copy *c = work->ctx;
	if (memcmp(c->from, c->to, c->step) != 0)
		return err_set(e, ERR_CORRUPT, "the bytes did not arrive");
	return 0;
}

#define ROW(row_name, row_state, row_bytes, row_method)                                            \
	{                                                                                          \
		.name = row_name, .unit = "ns/B", .backend = "native", .method = row_method,       \
		.per_op = row_bytes, .setup = copy_setup, .teardown = copy_teardown,               \
		.check = copy_check, .arg = row_state                                              \
	}

const struct hv_probe hv_probe_copy[] = {
	ROW("copy.byte", CACHED, 4096,
	    "memcpy of 4 KiB at a time through buffers that take half of the second cache; per "
	    "byte"),
	ROW("copy.byte_hot", HOT, 4096,
	    "memcpy of the same 4 KiB, which stay in the first cache; per byte"),
	ROW("copy.byte_large", LARGE, 1 << 20,
	    "memcpy of 1 MiB at a time through buffers of four times the last cache; per byte"),
	{0},
};
