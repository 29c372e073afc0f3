/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

#include <linux/virtio_blk.h>

/* Descriptors of a request: header, data, status. */
#define CHAIN 3u
_Static_assert(CHAIN *HV_DEPTH_MAX <= GUEST_RING_SIZE, "the queue is too short");

static struct guest_ring ring;
static struct virtio_blk_outhdr header[HV_DEPTH_MAX];
static volatile uint8_t status[HV_DEPTH_MAX];

void guest_virtio_blk_start(void)
{
	guest_ring_start(&ring, HV_BLK_PORT);
}

void guest_virtio_blk_start_events(void)
{
	guest_ring_start_events(&ring, HV_BLK_PORT);
}

void guest_virtio_blk_add(unsigned slot, uint64_t sector, uint32_t bytes, void *at, int writes)
{
	uint16_t head = (uint16_t)(CHAIN * slot);
	struct vring_desc *d = &ring.desc[head];
	uint16_t to_memory = writes ? 0 : VRING_DESC_F_WRITE;
	header[slot] = (struct virtio_blk_outhdr){
		.type = writes ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, .sector = sector};
	status[slot] = 0xff;
	d[0] = (struct vring_desc){gpa_of(&header[slot]), sizeof(header[slot]), VRING_DESC_F_NEXT,
				   (uint16_t)(head + 1)};
	d[1] = (struct vring_desc){gpa_of(at), bytes, VRING_DESC_F_NEXT | to_memory,
				   (uint16_t)(head + 2)};
	d[2] = (struct vring_desc){gpa_of(&status[slot]), 1, VRING_DESC_F_WRITE, 0};
	guest_ring_add(&ring, head);
}

static int check_status(unsigned n)
{
	int bad = 0;
	for (unsigned i = 0; i < n; i++)
		bad |= status[i] != VIRTIO_BLK_S_OK;
	return bad ? -1 : 0;
}

int guest_virtio_blk_finish(unsigned n)
{
	return guest_ring_kick(&ring) ? -1 : check_status(n);
}

int guest_virtio_blk_finish_by_interrupt(unsigned n)
{
	return guest_ring_kick_and_wait(&ring) ? -1 : check_status(n);
}

void guest_virtio_blk_show(void)
{
	if (guest_ring_show(&ring))
		guest_ring_bell(&ring);
}

int guest_virtio_blk_take(void)
{
	int head = guest_ring_take(&ring);
	if (head < 0)
		return -1;
	unsigned slot = (unsigned)head / CHAIN;
	return slot < HV_DEPTH_MAX && status[slot] == VIRTIO_BLK_S_OK ? (int)slot : -2;
}

void guest_virtio_blk_pretend(void)
{
	guest_ring_pretend(&ring);
}
