/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A task mix in a guest: the image "mix", which shares its counters and orders with the VMM through
 * its memory, over a disk and a network card that it drives by registers (full) or rings (para).
 */
#include "hvcore/device/devices.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/host/pin.h"
#include "hvcore/iothread.h"
#include "hvcore/probe/guest_bench.h"
#include "hvcore/probe/mix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guest_mix {
	struct hv_mix_world world; /* first: hv_mix_close casts */
	struct hv_bench bench;
	struct hv_mix mix;
	enum hv_mix_work how;
	struct hv_disk disk;
	struct hv_mix_peer peer;
	struct hv_mix_run *run; /* the guest's own: numbers to be checked, never addresses */
	struct hv_mix_run done; /* what it should be */
};

static void close_world(struct hv_mix_world *world)
{
	struct guest_mix *g = (struct guest_mix *)world;
	hv_bench_close(&g->bench);
	hv_mix_peer_close(&g->peer);
	hv_disk_close(&g->disk);
	free(g);
}

/* Takes the touched pages away, empties the socket. */
static int before(void *ctx, uint64_t n, struct err *e)
{
	struct guest_mix *g = ctx;
	(void)n;
	for (uint64_t i = 0; i < g->done.touched; i++)
		if (hv_mem_release(&g->bench.vm->mem, HV_MIX_PAGES_GPA + i * HV_TOUCH_STRIDE, 4096))
			return err_sys(e, errno, "cannot take the guest's pages away");
	g->run->touched = g->run->released = g->run->sum = 0;
	g->done.touched = g->done.released = g->done.sum = 0;
	return hv_mix_peer_drain(&g->peer, e);
}

static int check(struct guest_mix *g, uint64_t n, struct err *e)
{
	const uint32_t *count = g->mix.count;
	const struct hv_mix_run got = *g->run;
	struct hv_mix_run *want = &g->done;
	uint64_t pretended = count[HV_MIX_RING] + count[HV_MIX_ATA], last = 0;
	uint64_t reads = n * (count[HV_MIX_BLK_READ] + pretended);
	for (uint64_t i = 0; i < n * count[HV_MIX_BLK_READ]; i++)
		want->sum += g->disk.sums[hv_mix_read_block(want->reads + i)];
	want->reads += reads;
	want->writes += n * count[HV_MIX_BLK_WRITE];
	want->touched = n * count[HV_MIX_PAGE_TOUCH];
	want->released = n * count[HV_MIX_PAGE_RELEASE];
	want->packets += n * count[HV_MIX_NET_TX];
	g->peer.sent = want->packets;
	if (got.reads != want->reads || got.writes != want->writes ||
	    got.touched != want->touched || got.released != want->released ||
	    got.packets != want->packets)
		return err_set(e, ERR_CORRUPT, "the guest did not do what it was asked to");
	if (!pretended && got.sum != want->sum)
		return err_set(e, ERR_CORRUPT, "the guest did not read what is on the disk");
	if (want->writes &&
	    (pread(g->disk.fd, &last, sizeof(last),
		   (off_t)hv_mix_write_block(want->writes - 1) * HV_BLOCK_BYTES) != sizeof(last) ||
	     last != want->writes))
		return err_set(e, ERR_CORRUPT, "what the guest wrote is not on the disk");
	return 0;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct guest_mix *g = ctx;
	int rc = hv_bench_run(&g->bench, (enum hv_op)g->how, n, batch, e);
	return rc ? rc : check(g, n, e);
}

static int empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct guest_mix *g = ctx;
	return hv_bench_run(&g->bench, (enum hv_op)HV_MIX_EMPTY, n, batch, e);
}

/* Both worlds' devices are made in the order of the ports; the machine owns them. */
static int open_machine(struct guest_mix *g, const struct hv_backend *backend,
			struct hv_mix_devices how, const struct hv_probe_env *env, struct err *e)
{
	struct hv_device devices[2];
	bool para = how.para;
	int rc = (para ? hv_virtio_blk_make : hv_ata_make)(&devices[0], g->disk.fd, g->disk.bytes,
							   e);
	if (rc)
		return rc;
	rc = para ? hv_virtio_send_make(&devices[1], HV_NET_PORT, HV_NET_HEADER_BYTES, g->peer.near,
					e)
		  : hv_rtl8139_make(&devices[1], g->peer.near, e);
	if (rc) {
		devices[0].ops->close(devices[0].state);
		return rc;
	}
	const struct hv_bench_options options = {
		.device = devices,
		.devices = 2,
		.iothread = how.iothread,
		.image = "mix",
		.mem_bytes = HV_MIX_PAGES_GPA + HV_MIX_PAGES * (uint64_t)HV_TOUCH_STRIDE,
	};
	rc = hv_bench_open(&g->bench, backend, env, &options, e);
	if (!rc && how.iothread)
		rc = hv_pin_thread(hv_iothread_thread(g->bench.vm), how.core, e);
	return rc;
}

int hv_mix_guest_open(const struct hv_mix *mix, const struct hv_backend *backend,
		      struct hv_mix_devices devices, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e)
{
	struct guest_mix *g = calloc(1, sizeof(*g));
	if (!g)
		return err_set(e, ERR_NOMEM, "no memory for a mix");
	g->world.close = close_world;
	g->mix = *mix;
	g->how = devices.para ? HV_MIX_PARA : HV_MIX_FULL;
	g->disk.fd = g->peer.near = g->peer.far = -1;
	int rc = hv_disk_open(&g->disk, env->scratch, e);
	if (!rc)
		rc = hv_mix_peer_open(&g->peer, e);
	if (!rc)
		rc = open_machine(g, backend, devices, env, e);
	if (rc) {
		close_world(&g->world);
		return rc;
	}
	const struct hv_mem *mem = &g->bench.vm->mem;
	uint32_t length = hv_mix_length(mix);
	g->run = hv_mem_at(mem, HV_MIX_GPA, sizeof(*g->run));
	hv_mix_orders(mix, hv_mem_at(mem, HV_MIX_ORDERS_GPA, (uint64_t)HV_MIX_ORDERS * length));
	g->bench.arg = length;
	*work = (struct hv_work){
		.body = body, .empty = empty, .before = before, .ctx = g, .exits_per_op = NAN};
	return 0;
}

const struct hv_counters *hv_mix_counters(const struct hv_work *work)
{
	const struct guest_mix *g = work->ctx;
	return &g->bench.vm->counters;
}
