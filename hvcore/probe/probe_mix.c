/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Parts of operations that a task mix is predicted from and no other probe has: what a disk's
 * driver does between exits, reading a port, giving a page back, a packet into a socket, a
 * unit of computing.
 */
#include "hvcore/probe/compute.h"
#include "hvcore/probe/guest_bench.h"
#include "hvcore/probe/mix.h"
#include "hvcore/device/virtq.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- a mix of one operation ---- */

static int mix_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		     struct hv_work *work, struct err *e)
{
	struct hv_mix mix = {.count = {0}};
	mix.count[probe->arg] = 1;
	return hv_mix_open(&mix, hv_backend_find(probe->backend), (struct hv_mix_devices){0}, env,
			   work, e);
}

#define MIX_ROW(name_, backend_, op, text)                                                         \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_,                                  \
		.method = text ", empty loop subtracted", .valid = hv_bench_valid,                 \
		.setup = mix_setup, .teardown = hv_mix_close, .arg = op                            \
	}
#define DRIVER(backend)                                                                            \
	MIX_ROW("driver.ring", backend, HV_MIX_RING,                                               \
		"a guest's driver describes a block request and looks for its answer, without "    \
		"the "                                                                             \
		"device")
#define NET_DRIVER(backend)                                                                        \
	MIX_ROW("driver.net_ring", backend, HV_MIX_NET_RING,                                       \
		"a guest's driver describes a packet to send and looks for its answer, without "   \
		"the device")
#define PIO_IN(backend)                                                                            \
	MIX_ROW("exit.pio_in_user", backend, HV_MIX_PIO_IN,                                        \
		"32-bit in from a port that the VMM answers")

/* ---- giving pages back ---- */

struct release {
	struct hv_bench bench; /* first: hv_bench_run's; vm NULL: in this process */
	unsigned char *pages;
	uint64_t touched; /* and not given back */
};

enum { FIRST = 16 << 20, PAGES = 1024 };

static int release_touch(void *ctx, uint64_t n, struct err *e)
{
	struct release *r = ctx;
	struct hv_batch unused;
	uint64_t more = n - r->touched;
	if (r->touched >= n)
		return 0;
	r->bench.arg = FIRST + r->touched * HV_TOUCH_STRIDE;
	for (uint64_t i = r->touched; !r->bench.vm && i < n; i++)
		*(volatile unsigned char *)(r->pages + i * 4096) = 1;
	r->touched = n;
	return r->bench.vm ? hv_bench_run(&r->bench, HV_OP_TOUCH, more, &unused, e) : 0;
}

/* Those above n are there still; the next batch begins at 0. */
static int release_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct release *r = ctx;
	r->touched = 0;
	if (r->bench.vm) {
		r->bench.arg = FIRST;
		return hv_bench_run(&r->bench, HV_OP_RELEASE, n, batch, e);
	}
	for (uint64_t i = 0; i < n; i++)
		if (madvise(r->pages + i * 4096, 4096, MADV_DONTNEED))
			return err_sys(e, errno, "giving a page back");
	return 0;
}

static int release_empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct release *r = ctx;
	return hv_bench_run(&r->bench, HV_OP_RELEASE_BLOCK, n, batch, e);
}

static void release_teardown(struct hv_work *work)
{
	struct release *r = work->ctx;
	hv_bench_close(&r->bench);
	if (r->pages)
		munmap(r->pages, PAGES * 4096);
	free(r);
}

static int release_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct hv_work *work, struct err *e)
{
	const struct hv_backend *backend = hv_backend_find(probe->backend);
	const struct hv_bench_options options = {.mem_bytes =
							 FIRST + PAGES * (uint64_t)HV_TOUCH_STRIDE};
	struct release *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = 0;
	if (backend->open) {
		rc = hv_bench_open(&r->bench, backend, env, &options, e);
	} else {
		r->pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (r->pages == MAP_FAILED) {
			r->pages = NULL;
			rc = err_sys(e, errno, "memory for a probe");
		} else {
			madvise(r->pages, PAGES * 4096, MADV_NOHUGEPAGE);
		}
	}
	*work = (struct hv_work){.before = release_touch,
				 .body = release_body,
				 .empty = backend->open ? release_empty : NULL,
				 .ctx = r,
				 .max_n = PAGES,
				 .exits_per_op = NAN};
	if (rc)
		release_teardown(work);
	return rc;
}

#define RELEASE_ROW(name_, backend_, valid_, text)                                                 \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text, .valid = valid_, \
		.setup = release_setup, .teardown = release_teardown                               \
	}
#define RELEASE_GUEST "a guest gives back one page that it has touched, by a hypercall"

/* ---- a packet into a socket ---- */

struct sender {
	struct hv_mix_peer peer;
	unsigned char packet[HV_PACKET_BYTES];
};

static int send_before(void *ctx, uint64_t n, struct err *e)
{
	struct sender *s = ctx;
	(void)n;
	return hv_mix_peer_drain(&s->peer, e);
}

static int send_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct sender *s = ctx;
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		s->peer.sent++;
		memcpy(s->packet, &s->peer.sent, sizeof(s->peer.sent));
		if (write(s->peer.near, s->packet, HV_PACKET_BYTES) != HV_PACKET_BYTES)
			return err_sys(e, errno, "sending a packet");
	}
	return 0;
}

/* What a card's model does whenever its guest asks whether something came. */
static int find_none_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct sender *s = ctx;
	unsigned char packet[HV_PACKET_BYTES];
	(void)batch;
	for (uint64_t i = 0; i < n; i++)
		if (read(s->peer.near, packet, sizeof(packet)) >= 0 || errno != EAGAIN)
			return err_set(e, ERR_CORRUPT, "there was a packet where nobody sends");
	return 0;
}

static void send_teardown(struct hv_work *work)
{
	struct sender *s = work->ctx;
	hv_mix_peer_close(&s->peer);
	free(s);
}

static int send_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e)
{
	(void)env;
	struct sender *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_mix_peer_open(&s->peer, e);
	*work = (struct hv_work){.before = send_before,
				 .body = probe->arg ? find_none_body : send_body,
				 .ctx = s,
				 .max_n = probe->arg ? 0 : 64,
				 .exits_per_op = NAN};
	if (rc)
		free(s);
	return rc;
}

/* ---- computing, and the device's side of a ring ---- */

struct ring {
	struct hv_mem mem;
	struct hv_virtq queue;
	struct hv_chain chain;
	uint32_t x;
	uint16_t offered;
};

static int compute_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct ring *r = ctx;
	(void)batch;
	(void)e;
	for (uint64_t i = 0; i < n; i++)
		r->x = hv_compute(r->x);
	return 0;
}

enum { DESC = HV_IMAGE_GPA, AVAIL = DESC + 0x1000, USED = DESC + 0x2000, DATA = DESC + 0x3000 };
enum { ENTRIES = 8 };

/* Offers a chain of three, as a disk's driver does, and lets the device's side take and return it.
 */
static int ring_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct ring *r = ctx;
	uint16_t *avail = hv_mem_at(&r->mem, AVAIL, 64);
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		avail[2 + r->offered++ % ENTRIES] = 0;
		__atomic_store_n(&avail[1], r->offered, __ATOMIC_RELEASE);
		if (hv_virtq_pop(&r->queue, &r->mem, &r->chain) != 1 || r->chain.writable != 2)
			return err_set(e, ERR_CORRUPT, "the ring did not give its chain");
		hv_virtq_push(&r->queue, &r->mem, &r->chain, HV_BLOCK_BYTES + 1);
		if (hv_virtq_pop(&r->queue, &r->mem, &r->chain) != 0)
			return err_set(e, ERR_CORRUPT, "the ring gave a chain twice");
	}
	return 0;
}

static void ring_teardown(struct hv_work *work)
{
	struct ring *r = work->ctx;
	hv_mem_close(&r->mem);
	free(r);
}

static int ring_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e)
{
	(void)env;
	struct ring *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_mem_open(&r->mem, 2 << 20, e);
	if (rc) {
		free(r);
		return rc;
	}
	const struct vring_desc chain[] = {
		{DATA, 16, VRING_DESC_F_NEXT, 1},
		{DATA + 4096, HV_BLOCK_BYTES, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2},
		{DATA + 16, 1, VRING_DESC_F_WRITE, 0}};
	hv_mem_write(&r->mem, DESC, chain, sizeof(chain));
	r->queue = (struct hv_virtq){.state = HV_VIRTQ_RUNNING,
				     .desc = DESC,
				     .avail = AVAIL,
				     .used = USED,
				     .size = ENTRIES};
	*work = (struct hv_work){
		.body = probe->arg ? ring_body : compute_body, .ctx = r, .exits_per_op = NAN};
	return 0;
}

const struct hv_probe hv_probe_mix[] = {
	/* Elsewhere a driver's and a task's own instructions are nothing beside the exits. */
	MIX_ROW("driver.ata", "emulator", HV_MIX_ATA,
		"what a guest's disk driver does for a block beside the register accesses"),
	MIX_ROW("driver.nic", "emulator", HV_MIX_NIC,
		"what a guest's driver of a network card does for a packet beside the register "
		"accesses"),
	MIX_ROW("task.call", "emulator", HV_MIX_CALL,
		"what a guest's task does for a call beside the hypercall"),
	MIX_ROW("task.touch", "emulator", HV_MIX_PLACE,
		"what a guest's task does to touch a page beside the write"),
	MIX_ROW("task.release", "emulator", HV_MIX_GIVE,
		"what a guest's task does to give a page back beside the hypercall"),
	DRIVER("kvm"),
	NET_DRIVER("kvm"),
	DRIVER("trap"),
	NET_DRIVER("trap"),
	PIO_IN("trap"),
	DRIVER("emulator"),
	NET_DRIVER("emulator"),
	PIO_IN("emulator"),
	RELEASE_ROW("release.guest_4k", "kvm", hv_bench_valid, RELEASE_GUEST),
	RELEASE_ROW("release.guest_4k", "trap", hv_bench_valid, RELEASE_GUEST),
	RELEASE_ROW("release.guest_4k", "emulator", hv_bench_valid, RELEASE_GUEST),
	RELEASE_ROW("release.native", "native", NULL,
		    "a process gives back one page that it has touched, by madvise"),
	{.name = "packet.socket",
	 .unit = "ns",
	 .backend = "native",
	 .method = "a packet of 1500 bytes written into a local socket that is emptied outside of "
		   "the batches",
	 .setup = send_setup,
	 .teardown = send_teardown},
	{.name = "packet.none",
	 .unit = "ns",
	 .backend = "native",
	 .method = "a read from a local socket without a packet in it, which fails",
	 .setup = send_setup,
	 .teardown = send_teardown,
	 .arg = 1},
	{.name = "compute.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "one unit of integer work, which fits the first cache",
	 .setup = ring_setup,
	 .teardown = ring_teardown},
	{.name = "ring.device",
	 .unit = "ns",
	 .backend = "native",
	 .method = "the device's side of a ring takes a chain of three, returns it and finds no "
		   "other",
	 .setup = ring_setup,
	 .teardown = ring_teardown,
	 .arg = 1},
	{0},
};
