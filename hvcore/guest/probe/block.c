/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks of both disks: by the ATA disk's registers, and through the ring. */
#include "hvcore/guest/probe_ops.h"

/* Of as many requests as can be in flight. */
uint8_t blocks[HV_DEPTH_MAX][HV_BLOCKS_MAX * HV_BLOCK_BYTES] __attribute__((aligned(4096)));

struct request probe_request(uint64_t index, unsigned slot, int writes)
{
	uint32_t first = hv_block_at(index) & ~(work.blocks - 1), in_block = HV_BLOCK_BYTES / 512;
	struct request r = {first * in_block, work.blocks * in_block, blocks[slot]};
	for (uint32_t i = 0; writes && i < work.blocks; i++)
		*(uint64_t *)(r.at + i * HV_BLOCK_BYTES) = index;
	return r;
}

uint64_t probe_block_sum(const uint8_t *at)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < work.blocks; i++)
		sum += hv_block_sum(at + i * HV_BLOCK_BYTES);
	return sum;
}

static void ata_blocks(uint64_t n, int (*move)(const struct request *r), int writes)
{
	uint64_t sum = 0;
	for (uint64_t i = work.arg; n > 0; i++, n--) {
		struct request r = probe_request(i, 0, writes);
		work.failed |= move(&r) != 0;
		sum += writes ? 0 : probe_block_sum(r.at);
	}
	work.checksum = sum;
}

static int pio_read(const struct request *r)
{
	return guest_ata_read(r->sector, r->sectors, r->at);
}

static int pio_write(const struct request *r)
{
	return guest_ata_write(r->sector, r->sectors, r->at);
}

int probe_dma_read(const struct request *r)
{
	return guest_ata_dma(r->sector, r->sectors, r->at, 0);
}

static int dma_write(const struct request *r)
{
	return guest_ata_dma(r->sector, r->sectors, r->at, 1);
}

int probe_ring_read(const struct request *r)
{
	guest_virtio_blk_add(0, r->sector, r->sectors * 512, r->at, 0);
	return guest_virtio_blk_finish(1);
}

static void op_ata_read(uint64_t n)
{
	ata_blocks(n, pio_read, 0);
}

static void op_ata_write(uint64_t n)
{
	ata_blocks(n, pio_write, 1);
}

static void op_ata_dma_read(uint64_t n)
{
	ata_blocks(n, probe_dma_read, 0);
}

static void op_ata_dma_write(uint64_t n)
{
	ata_blocks(n, dma_write, 1);
}

static void virtio_blocks(uint64_t n, int writes, int (*finish)(unsigned n))
{
	uint64_t sum = 0, index = work.arg;
	uint32_t depth = work.depth;
	for (uint64_t i = 0; i < n; i++) {
		for (unsigned slot = 0; slot < depth; slot++) {
			struct request r = probe_request(index++, slot, writes);
			guest_virtio_blk_add(slot, r.sector, r.sectors * 512, r.at, writes);
		}
		work.failed |= finish(depth) != 0;
		for (unsigned slot = 0; !writes && slot < depth; slot++)
			sum += probe_block_sum(blocks[slot]);
	}
	work.checksum = sum;
}

static void op_virtio_read(uint64_t n)
{
	virtio_blocks(n, 0, guest_virtio_blk_finish);
}

static void op_virtio_write(uint64_t n)
{
	virtio_blocks(n, 1, guest_virtio_blk_finish);
}

static void op_start(uint64_t n)
{
	(void)n;
	guest_virtio_blk_start();
	guest_rtl8139_start();
	guest_rings_start();
}

static void op_start_events(uint64_t n)
{
	(void)n;
	probe_take_interrupts();
	guest_virtio_blk_start_events();
}

static void op_virtio_read_irq(uint64_t n)
{
	probe_take_interrupts();
	virtio_blocks(n, 0, guest_virtio_blk_finish_by_interrupt);
}

const struct probe_op probe_block_ops[] = {
	{HV_OP_ATA_READ, op_ata_read},
	{HV_OP_ATA_WRITE, op_ata_write},
	{HV_OP_ATA_DMA_READ, op_ata_dma_read},
	{HV_OP_ATA_DMA_WRITE, op_ata_dma_write},
	{HV_OP_VIRTIO_READ, op_virtio_read},
	{HV_OP_VIRTIO_WRITE, op_virtio_write},
	{HV_OP_START, op_start},
	{HV_OP_START_EVENTS, op_start_events},
	{HV_OP_VIRTIO_READ_IRQ, op_virtio_read_irq},
	{0},
};
