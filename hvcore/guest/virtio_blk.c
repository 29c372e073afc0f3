/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

#include <linux/virtio_blk.h>

static struct guest_ring ring;
static struct virtio_blk_outhdr header;
static volatile uint8_t status;

void guest_virtio_blk_start(void)
{
	guest_ring_start(&ring, HV_BLK_PORT);
}

int guest_virtio_blk_read(uint64_t sector, uint32_t bytes, void *to)
{
	header = (struct virtio_blk_outhdr){.type = VIRTIO_BLK_T_IN, .sector = sector};
	status = 0xff;
	ring.desc[0] = (struct vring_desc){gpa_of(&header), sizeof(header), VRING_DESC_F_NEXT, 1};
	ring.desc[1] =
		(struct vring_desc){gpa_of(to), bytes, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2};
	ring.desc[2] = (struct vring_desc){gpa_of(&status), 1, VRING_DESC_F_WRITE, 0};
	return guest_ring_offer(&ring) == 0 && status == VIRTIO_BLK_S_OK ? 0 : -1;
}
