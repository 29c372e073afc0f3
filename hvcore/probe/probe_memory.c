/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the host's own memory management costs: the first touch of a page, and changing the
 * protection of pages that are there. Shadow paging, nested paging and direct paging are held
 * against these.
 */
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { REGION_PAGES = 32768, PRESENT_PAGES = 8 };

struct memory {
	unsigned char *base;
	size_t page, bytes;
	size_t drop;	   /* bytes that are dropped before a batch; the rest stays present */
	size_t span;	   /* pages of one change of protection */
	bool writable;	   /* what the next change turns off */
	long faults, want; /* as the kernel counts them, and as they should be */
};

static long minor_faults(void)
{
	struct rusage u;
	return getrusage(RUSAGE_SELF, &u) == 0 ? u.ru_minflt : 0;
}

static int drop_pages(void *ctx, uint64_t n, struct err *e)
{
	struct memory *m = ctx;
	(void)n;
	return madvise(m->base, m->drop, MADV_DONTNEED) == 0 ? 0
							     : err_sys(e, errno, "dropping pages");
}

static int touch(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct memory *m = ctx;
	(void)batch;
	long before = minor_faults();
	for (uint64_t i = 0; i < n; i++)
		((volatile unsigned char *)m->base)[i * m->page] = 1;
	m->faults += minor_faults() - before;
	m->want += (long)n;
	(void)e;
	return 0;
}

static int touch_present(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct memory *m = ctx;
	(void)batch;
	(void)e;
	minor_faults();
	for (uint64_t i = 0; i < n; i++)
		((volatile unsigned char *)m->base)[m->drop + i % PRESENT_PAGES * m->page] = 1;
	minor_faults();
	return 0;
}

static int protect(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct memory *m = ctx;
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		m->writable = !m->writable;
		if (mprotect(m->base, m->span * m->page,
			     m->writable ? PROT_READ | PROT_WRITE : PROT_READ))
			return err_sys(e, errno, "changing the protection of memory");
	}
	return 0;
}

static void memory_teardown(struct hv_work *work)
{
	struct memory *m = work->ctx;
	munmap(m->base, m->bytes);
	free(m);
}

static int memory_open(struct hv_work *work, size_t pages, struct err *e)
{
	struct memory *m = calloc(1, sizeof(*m));
	if (!m)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	m->page = (size_t)sysconf(_SC_PAGESIZE);
	m->bytes = pages * m->page;
	m->base = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->base == MAP_FAILED) {
		int rc = err_sys(e, errno, "memory for a probe");
		free(m);
		return rc;
	}
	/* One page per fault is what is measured; huge pages are another matter. */
	madvise(m->base, m->bytes, MADV_NOHUGEPAGE);
	work->ctx = m;
	return 0;
}

static int fault_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		       struct hv_work *work, struct err *e)
{
	(void)probe;
	(void)env;
	int rc = memory_open(work, REGION_PAGES + PRESENT_PAGES, e);
	if (rc)
		return rc;
	struct memory *m = work->ctx;
	m->drop = REGION_PAGES * m->page;
	memset(m->base + m->drop, 1, m->bytes - m->drop);
	work->body = touch;
	work->empty = touch_present;
	work->before = drop_pages;
	work->max_n = REGION_PAGES;
	return 0;
}

static int fault_check(const struct hv_work *work, const struct hv_measurement *r, struct err *e)
{
	const struct memory *m = work->ctx;
	(void)r;
	long off = m->faults - m->want;
	return labs(off) <= m->want / 50
		       ? 0
		       : err_set(e, ERR_CORRUPT, "%ld page faults for %ld touched pages", m->faults,
				 m->want);
}

static int protect_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct hv_work *work, struct err *e)
{
	(void)env;
	int rc = memory_open(work, (size_t)probe->arg, e);
	if (rc)
		return rc;
	struct memory *m = work->ctx;
	m->span = (size_t)probe->arg;
	m->writable = true;
	for (size_t i = 0; i < m->span; i++)
		m->base[i * m->page] = 1;
	work->body = protect;
	return 0;
}

const struct hv_probe hv_probe_memory[] = {
	{.name = "fault.native_4k",
	 .unit = "ns",
	 .backend = "native",
	 .method = "first touch of an anonymous page; touching present ones is subtracted",
	 .setup = fault_setup,
	 .teardown = memory_teardown,
	 .check = fault_check},
	{.name = "map.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "changing the protection of 256 present pages in one mprotect, per page",
	 .per_op = 256,
	 .setup = protect_setup,
	 .teardown = memory_teardown,
	 .arg = 256},
	{.name = "mprotect.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "one mprotect of one present page, the system call included",
	 .setup = protect_setup,
	 .teardown = memory_teardown,
	 .arg = 1},
	{0},
};
