/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/device/devices.h"
#include "hvcore/device/virtq.h"

#include <linux/virtio_blk.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512u

struct virtio_blk {
	int fd;
	uint64_t bytes;
	struct hv_virtq queue;
	struct hv_chain chain;
};

/* Moves the data of a request whose header and status were taken off. */
static uint8_t transfer(struct virtio_blk *b, uint32_t type, uint64_t sector, struct iovec *iov,
			unsigned count, uint64_t bytes)
{
	if (sector > b->bytes / SECTOR || bytes > b->bytes - sector * SECTOR || bytes % SECTOR)
		return VIRTIO_BLK_S_IOERR;
	off_t at = (off_t)(sector * SECTOR);
	ssize_t done = type == VIRTIO_BLK_T_IN ? preadv(b->fd, iov, (int)count, at)
					       : pwritev(b->fd, iov, (int)count, at);
	return done == (ssize_t)bytes ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

/* Carries out one request: the header in the first readable descriptor, data in the middle, the
 * status byte alone in the last. Returns the bytes written to guest memory, or -1 when it is no
 * request. */
static int64_t request(void *ctx, struct hv_chain *c)
{
	struct virtio_blk *b = ctx;
	struct virtio_blk_outhdr header;
	unsigned all = c->readable + c->writable;
	if (c->readable < 1 || c->writable < 1 || c->iov[0].iov_len != sizeof(header) ||
	    c->iov[all - 1].iov_len != 1)
		return -1;
	memcpy(&header, c->iov[0].iov_base, sizeof(header));
	uint8_t *status = c->iov[all - 1].iov_base;
	struct iovec *data = c->iov + 1;
	uint64_t out_bytes = c->readable_bytes - sizeof(header), in_bytes = c->writable_bytes - 1;
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		if (c->readable != 1)
			return -1;
		*status = transfer(b, VIRTIO_BLK_T_IN, header.sector, data, c->writable - 1,
				   in_bytes);
		return *status == VIRTIO_BLK_S_OK ? (int64_t)in_bytes + 1 : 1;
	case VIRTIO_BLK_T_OUT:
		if (c->writable != 1)
			return -1;
		*status = transfer(b, VIRTIO_BLK_T_OUT, header.sector, data, c->readable - 1,
				   out_bytes);
		return 1;
	case VIRTIO_BLK_T_FLUSH:
		*status = fdatasync(b->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
		return 1;
	default:
		*status = VIRTIO_BLK_S_UNSUPP;
		return 1;
	}
}

static void blk_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
		       void *data)
{
	struct virtio_blk *b = state;
	hv_virtq_access(&b->queue, &vm->mem, offset, size, write, data);
}

static void blk_rung(struct hv_vm *vm, void *state)
{
	struct virtio_blk *b = state;
	hv_virtq_serve(&b->queue, vm, &b->chain, request, b);
}

static void blk_close(void *state)
{
	free(state);
}

static const struct hv_device_ops blk_ops = {
	.name = "virtio-blk",
	.access = blk_access,
	.bell = 4 * HV_QUEUE_NOTIFY,
	.rung = blk_rung,
	.close = blk_close,
};

int hv_virtio_blk_make(struct hv_device *device, int fd, uint64_t bytes, struct err *e)
{
	struct virtio_blk *b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(e, ERR_NOMEM, "no memory for a disk");
	b->fd = fd;
	b->bytes = bytes - bytes % SECTOR;
	*device = (struct hv_device){
		.ops = &blk_ops, .port = HV_BLK_PORT, .ports = 4 * HV_QUEUE_PORTS, .state = b};
	return 0;
}
