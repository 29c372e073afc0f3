/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/device/devices.h"
#include "hvcore/device/virtq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct virtio_recv {
	int fd;
	size_t header_bytes;
	struct hv_virtq queue;
	bool holds; /* a chain that was taken and waits for a packet */
	struct hv_chain chain;
};

/* Takes the next buffer; false when there is none. A buffer has its header and more in one piece,
 * and nothing to be read. */
static bool take_buffer(struct virtio_recv *r, const struct hv_mem *mem)
{
	struct hv_chain *c = &r->chain;
	if (!r->holds && hv_virtq_pop(&r->queue, mem, c) != 1)
		return false;
	r->holds = true;
	if (c->readable == 0 && c->writable > 0 && c->iov[0].iov_len > r->header_bytes)
		return true;
	r->queue.state = HV_VIRTQ_BROKEN;
	r->holds = false;
	return false;
}

/* Takes a packet into the buffer that is held. Returns what read does. */
static ssize_t take_packet(struct virtio_recv *r, struct hv_vm *vm)
{
	struct iovec iov[HV_QUEUE_MAX];
	unsigned count = r->chain.writable;
	memcpy(iov, r->chain.iov, count * sizeof(iov[0]));
	iov[0].iov_base = (char *)iov[0].iov_base + r->header_bytes;
	iov[0].iov_len -= r->header_bytes;
	ssize_t got = readv(r->fd, iov, (int)count);
	if (got > 0) {
		memset(r->chain.iov[0].iov_base, 0, r->header_bytes);
		r->holds = false;
		hv_virtq_push(&r->queue, &vm->mem, &r->chain,
			      (uint32_t)(r->header_bytes + (size_t)got));
	}
	return got;
}

/* Fills buffers as long as the peer has packets, which come one per read. Returns whether a packet
 * that comes now would find a buffer.
 * Within exits its bell is never suppressed: ringing is how the guest lets it look. In a thread
 * it looks by itself, and wants to hear only of buffers, when there are none. */
static bool fill(struct virtio_recv *r, struct hv_vm *vm)
{
	bool room = false, looks_itself = vm->config.iothread;
	bool again = false;
	ssize_t got = 1;
	do {
		if (looks_itself)
			hv_virtq_want_bell(&r->queue, &vm->mem, false);
		/* A queue that has not been started has no size, and no room. */
		room = false;
		for (unsigned i = 0; i < r->queue.size && got > 0; i++) {
			room = take_buffer(r, &vm->mem);
			if (!room)
				break;
			got = take_packet(r, vm);
			again = got < 0 && (errno == EAGAIN || errno == EINTR);
		}
		hv_virtq_report(&r->queue, vm);
		if (looks_itself && !room)
			hv_virtq_want_bell(&r->queue, &vm->mem, true);
	} while (looks_itself && got > 0 && hv_clock_ns() < vm->deadline_ns &&
		 (room || hv_virtq_is_waiting(&r->queue, &vm->mem)));
	return room && again; /* else the peer has gone, or reading from it fails */
}

static void recv_access(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
			void *data)
{
	struct virtio_recv *r = state;
	hv_virtq_access(&r->queue, &vm->mem, offset, size, write, data);
	if (r->queue.state != HV_VIRTQ_RUNNING || (write && offset == 4 * HV_QUEUE_SIZE))
		r->holds = false;
}

static void recv_rung(struct hv_vm *vm, void *state)
{
	fill(state, vm);
}

static int recv_input(const void *state)
{
	const struct virtio_recv *r = state;
	return r->fd;
}

static bool recv_arrived(struct hv_vm *vm, void *state)
{
	return fill(state, vm);
}

static void recv_close(void *state)
{
	free(state);
}

static const struct hv_device_ops recv_ops = {
	.name = "virtio-receive",
	.access = recv_access,
	.bell = 4 * HV_QUEUE_NOTIFY,
	.rung = recv_rung,
	.input = recv_input,
	.arrived = recv_arrived,
	.close = recv_close,
};

int hv_virtio_recv_make(struct hv_device *device, uint16_t port, size_t header_bytes, int fd,
			struct err *e)
{
	struct virtio_recv *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_NOMEM, "no memory for a ring device");
	r->fd = fd;
	r->header_bytes = header_bytes;
	*device = (struct hv_device){
		.ops = &recv_ops, .port = port, .ports = 4 * HV_QUEUE_PORTS, .state = r};
	return 0;
}
