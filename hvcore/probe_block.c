/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The composed operation "read 4 KiB from a disk" in a guest, full (ATA registers) and para (ring
 * and doorbell). The file behind it and the order of the blocks are those of the other worlds
 * (disk_file.h); the guest's sum over what it read must be the file's.
 */
#include "hvcore/devices.h"
#include "hvcore/disk_file.h"
#include "hvcore/guest_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct block_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	struct hv_disk disk;
	uint64_t exits_per_op;
};

/* Exits of one read that reach the VMM: full = device, count, three address bytes, command, and per
 * sector a look at the status and one string instruction; para = the doorbell. KVM may count more
 * for a string instruction, which some hosts enter a second time to find it finished. */
#define EXITS_FULL (6 + 2 * (HV_BLOCK_BYTES / 512))
/* The emulator hands over a string instruction word by word. */
#define EXITS_FULL_EMULATOR (6 + (1 + 512 / 2) * (HV_BLOCK_BYTES / 512))
#define EXITS_PARA	    1

static void teardown(struct hv_work *work)
{
	struct block_probe *b = work->ctx;
	hv_bench_close(&b->bench);
	hv_disk_close(&b->disk);
	free(b);
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct block_probe *b = ctx;
	uint64_t exits = b->bench.vm->counters.exits;
	int rc = hv_bench_run(&b->bench, b->bench.op, n, batch, e);
	exits = b->bench.vm->counters.exits - exits - 1; /* without the yield */
	if (!rc && exits != n * b->exits_per_op)
		rc = err_set(e, ERR_CORRUPT, "%.3f exits to the VMM per read",
			     (double)exits / (double)n);
	if (!rc && b->bench.checksum != hv_disk_sum(&b->disk, b->bench.arg, n))
		rc = err_set(e, ERR_IO, "the guest did not read what is in the file");
	b->bench.arg += n;
	return rc;
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct block_probe *b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_disk_open(&b->disk, env->scratch, e);
	if (rc) {
		free(b);
		return rc;
	}
	*work = (struct hv_work){
		.body = body, .empty = hv_bench_empty, .ctx = b, .exits_per_op = NAN};
	b->bench.op = (enum hv_op)probe->arg;
	struct hv_device device;
	bool full = b->bench.op == HV_OP_ATA_READ;
	b->exits_per_op = !full					    ? EXITS_PARA
			  : strcmp(probe->backend, "emulator") == 0 ? EXITS_FULL_EMULATOR
								    : EXITS_FULL;
	rc = (full ? hv_ata_make : hv_virtio_blk_make)(&device, b->disk.fd, b->disk.bytes, e);
	if (!rc)
		rc = hv_bench_open(&b->bench, hv_backend_find(probe->backend), env,
				   &(struct hv_bench_options){.device = &device}, e);
	b->bench.op = (enum hv_op)probe->arg;
	if (rc)
		teardown(work);
	else if (b->bench.counts_exits && !full)
		work->exits_per_op = EXITS_PARA;
	return rc;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	(void)probe;
	(void)env;
	return hv_image_find("probe")
		       ? 0
		       : err_set(e, ERR_UNSUPPORTED, "no guests for this architecture");
}

#define ROW(name_, backend_, op, text)                                                             \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.composed = true, .valid = valid, .setup = setup, .teardown = teardown, .arg = op  \
	}
#define FULL "4 KiB from a warm file through an ATA disk's registers, empty loop subtracted"
#define PARA                                                                                       \
	"4 KiB from a warm file through a virtqueue, doorbell handled in its exit, empty loop "    \
	"subtracted"

const struct hv_probe hv_probe_block[] = {
	ROW("blk.read_4k.full", "kvm", HV_OP_ATA_READ, FULL),
	ROW("blk.read_4k.para", "kvm", HV_OP_VIRTIO_READ, PARA),
	ROW("blk.read_4k.full", "trap", HV_OP_ATA_READ, FULL),
	ROW("blk.read_4k.para", "trap", HV_OP_VIRTIO_READ, PARA),
	ROW("blk.read_4k.full", "emulator", HV_OP_ATA_READ, FULL),
	ROW("blk.read_4k.para", "emulator", HV_OP_VIRTIO_READ, PARA),
	{0},
};
