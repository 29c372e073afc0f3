/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A task mix in a process, plain or in a container: the guests' operations as system calls, on the
 * same file and the same socket.
 */
#include "hvcore/probe/compute.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/host/inside.h"
#include "hvcore/probe/mix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct os_mix {
	struct hv_mix_world world; /* first: hv_mix_close casts */
	struct inside in;
	struct hv_mix mix;
	struct hv_mix_peer peer; /* of this process; a container's copy is not looked at */
	struct hv_disk disk;
	uint32_t length;
	/* The loops': */
	struct hv_mix_run run;
	struct hv_mix_run before; /* what it was before the last loop */
	uint64_t tasks;		  /* of the last loop that did work and was not checked yet */
	unsigned char *pages;
	uint8_t *orders;
	_Alignas(HV_BLOCK_BYTES) unsigned char block[HV_BLOCK_BYTES];
	unsigned char packet[HV_PACKET_BYTES];
};

static struct os_mix *mix_of(struct hv_mix_run *run)
{
	return (struct os_mix *)((char *)run - offsetof(struct os_mix, run));
}

static int step_none(struct hv_mix_run *run)
{
	(void)run;
	return 0;
}

static int step_compute(struct hv_mix_run *run)
{
	run->x = hv_compute(run->x);
	return 0;
}

static int step_syscall(struct hv_mix_run *run)
{
	(void)run;
	return syscall(SYS_getppid) < 0;
}

static int step_touch(struct hv_mix_run *run)
{
	unsigned char *page = mix_of(run)->pages + run->touched % HV_MIX_PAGES * 4096;
	*(volatile uint64_t *)page = ++run->touched;
	return 0;
}

static int step_release(struct hv_mix_run *run)
{
	unsigned char *page = mix_of(run)->pages + run->released++ % HV_MIX_PAGES * 4096;
	return madvise(page, 4096, MADV_DONTNEED) != 0;
}

static int step_read(struct hv_mix_run *run)
{
	struct os_mix *m = mix_of(run);
	off_t at = (off_t)hv_mix_read_block(run->reads++) * HV_BLOCK_BYTES;
	ssize_t done = pread(m->disk.fd, m->block, HV_BLOCK_BYTES, at);
	run->sum += hv_block_sum(m->block);
	return done != HV_BLOCK_BYTES;
}

static int step_write(struct hv_mix_run *run)
{
	struct os_mix *m = mix_of(run);
	off_t at = (off_t)hv_mix_write_block(run->writes) * HV_BLOCK_BYTES;
	*(uint64_t *)m->block = ++run->writes;
	return pwrite(m->disk.fd, m->block, HV_BLOCK_BYTES, at) != HV_BLOCK_BYTES;
}

static int step_send(struct hv_mix_run *run)
{
	struct os_mix *m = mix_of(run);
	++run->packets;
	memcpy(m->packet, &run->packets, sizeof(run->packets));
	return write(m->peer.near, m->packet, HV_PACKET_BYTES) != HV_PACKET_BYTES;
}

static const hv_mix_step steps[HV_MIX_OPS] = {
	[HV_MIX_COMPUTE] = step_compute,  [HV_MIX_SYSCALL] = step_syscall,
	[HV_MIX_PAGE_TOUCH] = step_touch, [HV_MIX_PAGE_RELEASE] = step_release,
	[HV_MIX_BLK_READ] = step_read,	  [HV_MIX_BLK_WRITE] = step_write,
	[HV_MIX_NET_TX] = step_send, /* tasks have no others */
};
static const hv_mix_step none[HV_MIX_OPS] = {[0 ... HV_MIX_OPS - 1] = step_none};

static int run_tasks(void *arg, uint64_t n)
{
	struct os_mix *m = arg;
	errno = 0;
	m->tasks = n;
	if (hv_mix_loop(steps, &m->run, m->orders, m->length, n))
		return errno ? errno : EIO;
	return 0;
}

static int run_nothing(void *arg, uint64_t n)
{
	struct os_mix *m = arg;
	return hv_mix_loop(none, &m->run, m->orders, m->length, n);
}

/* Whether the last loop did what it should have; then everything as it was. */
static int check_and_prepare(void *arg, uint64_t n)
{
	struct os_mix *m = arg;
	const uint32_t *count = m->mix.count;
	uint64_t sum = 0, reads = m->tasks * count[HV_MIX_BLK_READ];
	(void)n;
	for (uint64_t i = 0; i < reads; i++)
		sum += m->disk.sums[hv_mix_read_block(m->before.reads + i)];
	if (m->run.sum != sum || m->run.reads != m->before.reads + reads ||
	    m->run.writes != m->before.writes + m->tasks * count[HV_MIX_BLK_WRITE] ||
	    m->run.touched != m->tasks * count[HV_MIX_PAGE_TOUCH] ||
	    m->run.released != m->tasks * count[HV_MIX_PAGE_RELEASE])
		return EBADMSG;
	m->tasks = m->run.sum = m->run.touched = m->run.released = 0;
	m->before = m->run;
	return madvise(m->pages, HV_MIX_PAGES * 4096, MADV_DONTNEED) ? errno : 0;
}

/* ---- this process's part ---- */

static void close_world(struct hv_mix_world *world)
{
	struct os_mix *m = (struct os_mix *)world;
	inside_close(&m->in);
	hv_mix_peer_close(&m->peer);
	hv_disk_close(&m->disk);
	if (m->pages)
		munmap(m->pages, HV_MIX_PAGES * 4096);
	free(m->orders);
	free(m);
}

static int drain(void *ctx, uint64_t n, struct err *e)
{
	struct os_mix *m = ctx;
	(void)n;
	return hv_mix_peer_drain(&m->peer, e);
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct os_mix *m = ctx;
	int rc = inside_batch(&m->in, n, false, batch, e);
	m->peer.sent += n * m->mix.count[HV_MIX_NET_TX];
	return rc;
}

static int empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct os_mix *m = ctx;
	return inside_batch(&m->in, n, true, batch, e);
}

static int fill(struct os_mix *m, const struct hv_probe_env *env, struct err *e)
{
	int rc = hv_disk_open(&m->disk, env->scratch, e);
	if (!rc)
		rc = hv_mix_peer_open(&m->peer, e);
	if (rc)
		return rc;
	m->length = hv_mix_length(&m->mix);
	m->orders = malloc((size_t)HV_MIX_ORDERS * m->length);
	m->pages = mmap(NULL, HV_MIX_PAGES * 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->pages == MAP_FAILED)
		m->pages = NULL;
	if (!m->orders || !m->pages)
		return err_set(e, ERR_NOMEM, "no memory for a mix");
	madvise(m->pages, HV_MIX_PAGES * 4096, MADV_NOHUGEPAGE);
	hv_mix_orders(&m->mix, m->orders);
	return 0;
}

int hv_mix_os_open(const struct hv_mix *mix, const struct hv_backend *backend,
		   const struct hv_probe_env *env, struct hv_work *work, struct err *e)
{
	_Static_assert(sizeof(struct os_mix) % HV_BLOCK_BYTES == 0, "aligned_alloc wants it so");
	struct os_mix *m = aligned_alloc(HV_BLOCK_BYTES, sizeof(*m));
	if (!m)
		return err_set(e, ERR_NOMEM, "no memory for a mix");
	memset(m, 0, sizeof(*m));
	m->world.close = close_world;
	m->mix = *mix;
	m->disk.fd = m->peer.near = m->peer.far = -1;
	m->in = (struct inside){
		.body = run_tasks, .empty = run_nothing, .before = check_and_prepare, .arg = m};
	const struct hv_probe place = {.backend = backend->name};
	int rc = fill(m, env, e);
	if (!rc)
		rc = inside_open(&m->in, &place, work, e);
	if (rc) {
		m->in.contained = false; /* closed already, or never opened */
		close_world(&m->world);
		return rc;
	}
	work->body = body;
	work->empty = empty;
	work->before = drain;
	work->ctx = m;
	work->exits_per_op = NAN;
	return 0;
}
