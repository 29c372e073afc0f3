/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reads blocks from the ring disk, completed by polling and by interrupts, with both ways to
 * suppress them, and prints how many interrupts came. Exits with 0 when the disk answered and the
 * numbers are right. */
#include "hvcore/guest/drivers.h"

#define DEPTH 16u

static uint8_t blocks[DEPTH][512] __attribute__((aligned(512)));
static uint64_t sum;

static int read_batch(unsigned depth, int (*finish)(unsigned n))
{
	static uint32_t sector;
	for (unsigned slot = 0; slot < depth; slot++)
		guest_virtio_blk_add(slot, sector++, sizeof(blocks[slot]), blocks[slot], 0);
	if (finish(depth))
		return -1;
	for (unsigned slot = 0; slot < depth; slot++)
		sum = sum * 31 + *(const uint64_t *)(const void *)blocks[slot];
	return 0;
}

/* `batches` of `depth` requests each, for which as many interrupts come as `expected` says. */
static int show(const char *what, unsigned batches, unsigned depth, uint64_t expected,
		int (*finish)(unsigned n))
{
	uint64_t before = guest_interrupts;
	for (unsigned i = 0; i < batches; i++)
		if (read_batch(depth, finish)) {
			guest_puts("the disk does not answer\n");
			return 2;
		}
	guest_puts(what);
	guest_puts(" requests ");
	guest_put_hex((uint64_t)batches * depth);
	guest_puts(" interrupts ");
	guest_put_hex(guest_interrupts - before);
	guest_puts("\n");
	return guest_interrupts - before == expected ? 0 : 3;
}

int guest_main(const struct hv_boot *boot)
{
	(void)boot;
	guest_take_interrupts();
	guest_virtio_blk_start();
	int bad = show("polled", 3, 1, 0, guest_virtio_blk_finish);
	bad = bad ? bad : show("flags", 5, 1, 5, guest_virtio_blk_finish_by_interrupt);
	bad = bad ? bad : show("flags", 2, DEPTH, 2, guest_virtio_blk_finish_by_interrupt);
	bad = bad ? bad : show("polled", 2, DEPTH, 0, guest_virtio_blk_finish);
	guest_virtio_blk_start_events();
	bad = bad ? bad : show("polled", 4, 1, 0, guest_virtio_blk_finish);
	bad = bad ? bad : show("event index", 5, 1, 5, guest_virtio_blk_finish_by_interrupt);
	bad = bad ? bad : show("event index", 4, DEPTH, 4, guest_virtio_blk_finish_by_interrupt);
	guest_puts("sum ");
	guest_put_hex(sum);
	guest_puts("\n");
	return bad;
}
