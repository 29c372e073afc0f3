/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/device/devices.h"
#include "hvcore/device/virtq.h"

#include <stdlib.h>
#include <string.h>

struct virtio_send {
	int fd;
	size_t header_bytes;
	struct hv_virtq queue;
	struct hv_chain chain;
};

/* Takes the header off the front of the chain's readable part; false when there is less than that,
 * or when the chain asks for something to be written. */
static bool strip_header(struct hv_chain *c, size_t bytes, struct iovec **iov, unsigned *count)
{
	*iov = c->iov;
	*count = c->readable;
	if (c->writable || c->readable_bytes < bytes)
		return false;
	while (bytes > 0) {
		size_t n = (*iov)->iov_len < bytes ? (*iov)->iov_len : bytes;
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
		bytes -= n;
		if ((*iov)->iov_len == 0) {
			++*iov;
			--*count;
		}
	}
	return true;
}

static int64_t send_chain(void *ctx, struct hv_chain *chain)
{
	struct virtio_send *s = ctx;
	struct iovec *iov;
	unsigned count;
	if (!strip_header(chain, s->header_bytes, &iov, &count))
		return -1;
	ssize_t sent = writev(s->fd, iov, (int)count);
	(void)sent; /* what the peer does not take is lost, like on a wire */
	return 0;
}

static void send_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
			void *data)
{
	struct virtio_send *s = state;
	hv_virtq_access(&s->queue, &vm->mem, offset, size, write, data);
}

static void send_rung(struct hv_vm *vm, void *state)
{
	struct virtio_send *s = state;
	hv_virtq_serve(&s->queue, vm, &s->chain, send_chain, s);
}

static void send_close(void *state)
{
	free(state);
}

static const struct hv_device_ops send_ops = {
	.name = "virtio-send",
	.access = send_access,
	.bell = 4 * HV_QUEUE_NOTIFY,
	.rung = send_rung,
	.close = send_close,
};

int hv_virtio_send_make(struct hv_device *device, uint16_t port, size_t header_bytes, int fd,
			struct err *e)
{
	struct virtio_send *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, ERR_NOMEM, "no memory for a ring device");
	s->fd = fd;
	s->header_bytes = header_bytes;
	*device = (struct hv_device){
		.ops = &send_ops, .port = port, .ports = 4 * HV_QUEUE_PORTS, .state = s};
	return 0;
}
