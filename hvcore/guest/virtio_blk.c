/* SPDX-License-Identifier: GPL-2.0-or-later
 * A driver for the ring block device with one request in flight, polling for its end. */
#include "hvcore/guest/drivers.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>

#define SIZE  8u
#define POLLS 100000000u

static struct {
	struct vring_desc desc[SIZE] __attribute__((aligned(16)));
	struct {
		uint16_t flags, idx, ring[SIZE];
	} avail __attribute__((aligned(2)));
	struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[SIZE];
	} used __attribute__((aligned(4)));
	struct virtio_blk_outhdr header;
	uint8_t status;
	uint16_t sent;
} queue;

static void set(enum hv_queue_port port, uint32_t value)
{
	out32((uint16_t)(HV_BLK_PORT + 4 * port), value);
}

void guest_virtio_blk_start(void)
{
	set(HV_QUEUE_SIZE, 0);
	memset(&queue, 0, sizeof(queue));
	set(HV_QUEUE_DESC, gpa_of(queue.desc));
	set(HV_QUEUE_AVAIL, gpa_of(&queue.avail));
	set(HV_QUEUE_USED, gpa_of(&queue.used));
	set(HV_QUEUE_SIZE, SIZE);
}

int guest_virtio_blk_read(uint64_t sector, uint32_t bytes, void *to)
{
	queue.header = (struct virtio_blk_outhdr){.type = VIRTIO_BLK_T_IN, .sector = sector};
	queue.status = 0xff;
	queue.desc[0] = (struct vring_desc){gpa_of(&queue.header), sizeof(queue.header),
					    VRING_DESC_F_NEXT, 1};
	queue.desc[1] =
		(struct vring_desc){gpa_of(to), bytes, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2};
	queue.desc[2] = (struct vring_desc){gpa_of(&queue.status), 1, VRING_DESC_F_WRITE, 0};
	queue.avail.ring[queue.sent % SIZE] = 0;
	queue.sent++;
	__atomic_store_n(&queue.avail.idx, queue.sent, __ATOMIC_RELEASE);
	set(HV_QUEUE_NOTIFY, 0);
	for (unsigned polls = 0; polls < POLLS; polls++)
		if (__atomic_load_n(&queue.used.idx, __ATOMIC_ACQUIRE) == queue.sent)
			return *(volatile uint8_t *)&queue.status == VIRTIO_BLK_S_OK ? 0 : -1;
	return -1;
}
