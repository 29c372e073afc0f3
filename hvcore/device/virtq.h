/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device's side of a split virtqueue (virtio 1.x, section 2.7), over memory that a hostile
 * guest writes to at any time. Every index and descriptor is read once, every address goes through
 * the checked door, a chain that does not end is cut off. Used by the ring devices
 * (dev_virtio_*.c).
 */
#ifndef HVCORE_VIRTQ_H
#define HVCORE_VIRTQ_H

#include "hvcore/hv.h"

#include <sys/uio.h>

enum hv_virtq_state { HV_VIRTQ_STOPPED, HV_VIRTQ_RUNNING, HV_VIRTQ_BROKEN };

struct hv_virtq {
	enum hv_virtq_state state;
	hv_gpa desc, avail, used;
	bool event_index;    /* suppression by it, not by flags */
	uint16_t size;	     /* 0: stopped */
	uint16_t next_avail; /* index of the next chain to take */
	uint16_t next_used;
	uint16_t reported; /* next_used at the last look whether to interrupt */
};

/* One chain of descriptors as host memory: first what the device reads, then what it writes. Valid
 * while the guest's memory is mapped. */
struct hv_chain {
	uint16_t head;
	unsigned readable, writable; /* how many of iov; readable ones first */
	uint64_t readable_bytes, writable_bytes;
	struct iovec iov[HV_QUEUE_MAX];
};

/* The registers that ring devices share (enum hv_queue_port), but for the doorbell: carries out one
 * port access, for which `data` is taken or filled. */
void hv_virtq_access(struct hv_virtq *q, const struct hv_mem *mem, uint16_t offset, unsigned size,
		     bool write, void *data);

/* Takes the next available chain. Returns 1, 0 when there is none, or -1 when the guest broke the
 * rules (an index that jumped, a descriptor outside of memory, a loop, readable after writable):
 * then the queue is BROKEN until the guest resets it. */
int hv_virtq_pop(struct hv_virtq *q, const struct hv_mem *mem, struct hv_chain *chain);

/* Gives a chain back, with `written` bytes written to it. */
void hv_virtq_push(struct hv_virtq *q, const struct hv_mem *mem, const struct hv_chain *chain,
		   uint32_t written);

/* Whether the driver wants an interrupt for what was given back since the last call. The driver
 * that changes its mind and then looks at the ring once more misses nothing: either it sees what
 * was given back, or the change is seen here. */
bool hv_virtq_must_interrupt(struct hv_virtq *q, const struct hv_mem *mem);

/* Tells the driver whether to ring the bell for what it adds. After `wanted` look again
 * (hv_virtq_is_waiting): there may be chains for which it did not. */
void hv_virtq_want_bell(struct hv_virtq *q, const struct hv_mem *mem, bool wanted);
bool hv_virtq_is_waiting(const struct hv_virtq *q, const struct hv_mem *mem);

/* What a device does at its bell: carries out chain after chain, without further bells, until none
 * is waiting or the run's deadline has passed. `request` returns how many bytes it wrote, or -1
 * when the chain breaks the device's rules. */
void hv_virtq_serve(struct hv_virtq *q, struct hv_vm *vm, struct hv_chain *chain,
		    int64_t (*request)(void *ctx, struct hv_chain *chain), void *ctx);

/* A part of that, for devices with a loop of their own, to be done at least once a round of the
 * queue: counts what was given back and lets the machine interrupt the guest when it must. */
void hv_virtq_report(struct hv_virtq *q, struct hv_vm *vm);

#endif
