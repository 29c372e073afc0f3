/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading and writing blocks in a guest, full (ATA registers, by PIO and by bus-master DMA) and
 * para (ring and doorbell, one request at a time and sixteen by one doorbell, found complete by
 * polling or by one interrupt). The file behind it
 * and the order of the blocks are those of the other worlds (disk_file.h). What the guest read must
 * add up to what is in the file; what it wrote last must be in the file.
 */
#include "hvcore/device/devices.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one kind of row differs in from another. */
struct kind {
	enum hv_op op;
	uint32_t blocks, depth; /* of one request, and requests of one operation */
	bool writes;
};

enum {
	FULL_READ_4K,
	FULL_WRITE_4K,
	FULL_READ_64K,
	FULL_WRITE_64K,
	DMA_READ_4K,
	DMA_WRITE_4K,
	DMA_READ_64K,
	DMA_WRITE_64K,
	PARA_READ_4K,
	PARA_WRITE_4K,
	PARA_READ_64K,
	PARA_WRITE_64K,
	PARA_READ_4K_QD16,
	PARA_WRITE_4K_QD16,
	PARA_READ_64K_QD16,
	PARA_WRITE_64K_QD16,
	PARA_READ_4K_IRQ,
	PARA_READ_4K_QD16_IRQ,
};

static const struct kind kinds[] = {
	[FULL_READ_4K] = {HV_OP_ATA_READ, 1, 1, false},
	[FULL_WRITE_4K] = {HV_OP_ATA_WRITE, 1, 1, true},
	[FULL_READ_64K] = {HV_OP_ATA_READ, 16, 1, false},
	[FULL_WRITE_64K] = {HV_OP_ATA_WRITE, 16, 1, true},
	[DMA_READ_4K] = {HV_OP_ATA_DMA_READ, 1, 1, false},
	[DMA_WRITE_4K] = {HV_OP_ATA_DMA_WRITE, 1, 1, true},
	[DMA_READ_64K] = {HV_OP_ATA_DMA_READ, 16, 1, false},
	[DMA_WRITE_64K] = {HV_OP_ATA_DMA_WRITE, 16, 1, true},
	[PARA_READ_4K] = {HV_OP_VIRTIO_READ, 1, 1, false},
	[PARA_WRITE_4K] = {HV_OP_VIRTIO_WRITE, 1, 1, true},
	[PARA_READ_64K] = {HV_OP_VIRTIO_READ, 16, 1, false},
	[PARA_WRITE_64K] = {HV_OP_VIRTIO_WRITE, 16, 1, true},
	[PARA_READ_4K_QD16] = {HV_OP_VIRTIO_READ, 1, 16, false},
	[PARA_WRITE_4K_QD16] = {HV_OP_VIRTIO_WRITE, 1, 16, true},
	[PARA_READ_64K_QD16] = {HV_OP_VIRTIO_READ, 16, 16, false},
	[PARA_WRITE_64K_QD16] = {HV_OP_VIRTIO_WRITE, 16, 16, true},
	[PARA_READ_4K_IRQ] = {HV_OP_VIRTIO_READ_IRQ, 1, 1, false},
	[PARA_READ_4K_QD16_IRQ] = {HV_OP_VIRTIO_READ_IRQ, 1, 16, false},
};

struct block_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	struct hv_disk disk;
	const struct kind *kind;
	uint64_t exits_per_op;
};

#define SECTORS_PER_BLOCK (HV_BLOCK_BYTES / 512)

/* Exits of one operation that reach the VMM. PIO = device, count, three address bytes, command, per
 * sector a look at the status and one string instruction, and after a write one more look. KVM
 * hands over string output word by word, and may count more than one exit for string input, which
 * some hosts enter a second time to find it finished; the emulator hands over both word by word.
 * DMA = six more registers than a command, and a look at two of them. Para = the doorbell. */
static uint64_t exits_of(const struct kind *k, const char *backend)
{
	uint64_t sectors = (uint64_t)k->blocks * SECTORS_PER_BLOCK;
	bool by_words =
		strcmp(backend, "emulator") == 0 || (strcmp(backend, "kvm") == 0 && k->writes);
	switch (k->op) {
	case HV_OP_ATA_READ:
	case HV_OP_ATA_WRITE:
		return 6 + (1 + (by_words ? 512u / 2 : 1u)) * sectors + k->writes;
	case HV_OP_ATA_DMA_READ:
	case HV_OP_ATA_DMA_WRITE:
		return 13;
	default:
		return 1;
	}
}

static bool is_para(const struct kind *k)
{
	return k->op == HV_OP_VIRTIO_READ || k->op == HV_OP_VIRTIO_WRITE ||
	       k->op == HV_OP_VIRTIO_READ_IRQ;
}

static bool by_interrupt(const struct kind *k)
{
	return k->op == HV_OP_VIRTIO_READ_IRQ;
}

static void teardown(struct hv_work *work)
{
	struct block_probe *b = work->ctx;
	hv_bench_close(&b->bench);
	hv_disk_close(&b->disk);
	free(b);
}

/* The last request's blocks, which begin with its number. */
static int check_written(const struct block_probe *b, uint64_t last, struct err *e)
{
	uint32_t first = hv_block_at(last) & ~(b->kind->blocks - 1);
	for (uint32_t i = 0; i < b->kind->blocks; i++) {
		uint64_t number;
		off_t at = (off_t)(first + i) * HV_BLOCK_BYTES;
		if (pread(b->disk.fd, &number, sizeof(number), at) != (ssize_t)sizeof(number))
			return err_sys(e, errno, "reading back what the guest wrote");
		if (number != last)
			return err_set(e, ERR_CORRUPT, "the file has not what the guest wrote");
	}
	return 0;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct block_probe *b = ctx;
	struct hv_counters before = b->bench.vm->counters;
	const struct hv_counters *now = &b->bench.vm->counters;
	uint64_t requests = n * b->kind->depth, interrupts = by_interrupt(b->kind) ? n : 0;
	int rc = hv_bench_run(&b->bench, b->kind->op, n, batch, e);
	uint64_t exits = now->exits - before.exits - 1; /* without the yield */
	if (!rc && exits != n * b->exits_per_op)
		rc = err_set(e, ERR_CORRUPT, "%.3f exits to the VMM per operation",
			     (double)exits / (double)n);
	if (!rc && is_para(b->kind) &&
	    (now->interrupts - before.interrupts != interrupts ||
	     now->completions - before.completions != requests))
		rc = err_set(e, ERR_CORRUPT, "%.3f interrupts and %.3f completions per operation",
			     (double)(now->interrupts - before.interrupts) / (double)n,
			     (double)(now->completions - before.completions) / (double)n);
	if (!rc && b->kind->writes)
		rc = check_written(b, b->bench.arg + requests - 1, e);
	else if (!rc && b->bench.checksum !=
				hv_disk_sum(&b->disk, b->bench.arg, requests, b->kind->blocks))
		rc = err_set(e, ERR_IO, "the guest did not read what is in the file");
	b->bench.arg += requests;
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
	b->kind = &kinds[probe->arg];
	b->exits_per_op = exits_of(b->kind, probe->backend);
	*work = (struct hv_work){
		.body = body, .empty = hv_bench_empty, .ctx = b, .exits_per_op = NAN};
	bool para = is_para(b->kind);
	struct hv_device device;
	struct hv_batch ignored;
	rc = (para ? hv_virtio_blk_make : hv_ata_make)(&device, b->disk.fd, b->disk.bytes, e);
	if (!rc)
		rc = hv_bench_open(&b->bench, hv_backend_find(probe->backend), env,
				   &(struct hv_bench_options){.device = &device,
							      .interrupts = by_interrupt(b->kind)},
				   e);
	if (!rc && by_interrupt(b->kind))
		rc = hv_bench_run(&b->bench, HV_OP_START_EVENTS, 1, &ignored, e);
	b->bench.blocks = b->kind->blocks;
	b->bench.depth = b->kind->depth;
	if (rc) {
		teardown(work);
		return rc;
	}
	/* How often the end of an interrupt exits is the processor's affair. */
	if (b->bench.counts_exits && para && !by_interrupt(b->kind))
		work->exits_per_op = 1;
	/* 16 MiB go through caches that others use, too; and a write by PIO is longer on kvm than
	 * the scheduler's slices. */
	if (b->kind->blocks > 1 || b->kind->op == HV_OP_ATA_WRITE)
		work->max_noise = work->max_nonlinear = 0.25;
	return 0;
}

/* KVM takes string output apart: 33,000 exits, each of which goes through another hypervisor where
 * CPL0 does not run natively. */
static int words_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	struct err kernel;
	if (env->quick && hv_bench_valid_kernel(probe, env, &kernel))
		return err_set(e, ERR_UNSUPPORTED,
			       "not in a quick measurement: one takes 33,000 exits, a second on a "
			       "machine that is virtual itself");
	return hv_bench_valid(probe, env, e);
}

#define ROW(name_, backend_, kind, depth, text)                                                    \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.composed = true, .per_op = depth, .valid = hv_bench_valid, .setup = setup,        \
		.teardown = teardown, .arg = kind                                                  \
	}
#define PIO  " a warm file by an ATA disk's registers, empty loop subtracted"
#define DMA  " a warm file by an ATA disk's bus master, empty loop subtracted"
#define PARA " a warm file through a virtqueue, doorbell handled in its exit, empty loop subtracted"
#define QD16                                                                                       \
	" a warm file through a virtqueue, per request of 16 by one doorbell, empty loop "         \
	"subtracted"
#define IRQ                                                                                        \
	" a warm file through a virtqueue, doorbell handled in its exit, completion by interrupt " \
	"(event index), empty loop subtracted"
#define QD16_IRQ                                                                                   \
	" a warm file through a virtqueue, per request of 16 by one doorbell and one interrupt "   \
	"(event index), empty loop subtracted"
#define ROWS(backend)                                                                              \
	ROW("blk.read_4k.full", backend, FULL_READ_4K, 1, "4 KiB from" PIO),                       \
		ROW("blk.write_4k.full", backend, FULL_WRITE_4K, 1, "4 KiB to" PIO),               \
		ROW("blk.read_64k.full", backend, FULL_READ_64K, 1, "64 KiB from" PIO),            \
		ROW("blk.read_4k_dma.full", backend, DMA_READ_4K, 1, "4 KiB from" DMA),            \
		ROW("blk.write_4k_dma.full", backend, DMA_WRITE_4K, 1, "4 KiB to" DMA),            \
		ROW("blk.read_64k_dma.full", backend, DMA_READ_64K, 1, "64 KiB from" DMA),         \
		ROW("blk.write_64k_dma.full", backend, DMA_WRITE_64K, 1, "64 KiB to" DMA),         \
		ROW("blk.read_4k.para", backend, PARA_READ_4K, 1, "4 KiB from" PARA),              \
		ROW("blk.write_4k.para", backend, PARA_WRITE_4K, 1, "4 KiB to" PARA),              \
		ROW("blk.read_64k.para", backend, PARA_READ_64K, 1, "64 KiB from" PARA),           \
		ROW("blk.write_64k.para", backend, PARA_WRITE_64K, 1, "64 KiB to" PARA),           \
		ROW("blk.read_4k_qd16.para", backend, PARA_READ_4K_QD16, 16, "4 KiB from" QD16),   \
		ROW("blk.write_4k_qd16.para", backend, PARA_WRITE_4K_QD16, 16, "4 KiB to" QD16),   \
		ROW("blk.read_64k_qd16.para", backend, PARA_READ_64K_QD16, 16,                     \
		    "64 KiB from" QD16),                                                           \
		ROW("blk.write_64k_qd16.para", backend, PARA_WRITE_64K_QD16, 16,                   \
		    "64 KiB to" QD16),                                                             \
		ROW("blk.read_4k_irq.para", backend, PARA_READ_4K_IRQ, 1, "4 KiB from" IRQ),       \
		ROW("blk.read_4k_qd16_irq.para", backend, PARA_READ_4K_QD16_IRQ, 16,               \
		    "4 KiB from" QD16_IRQ)

const struct hv_probe hv_probe_block[] = {
	ROWS("kvm"),
	ROWS("trap"),
	ROWS("emulator"),
	{.name = "blk.write_64k.full",
	 .unit = "ns",
	 .backend = "kvm",
	 .method = "64 KiB to" PIO,
	 .composed = true,
	 .valid = words_valid,
	 .setup = setup,
	 .teardown = teardown,
	 .arg = FULL_WRITE_64K},
	ROW("blk.write_64k.full", "trap", FULL_WRITE_64K, 1, "64 KiB to" PIO),
	ROW("blk.write_64k.full", "emulator", FULL_WRITE_64K, 1, "64 KiB to" PIO),
	{0},
};
