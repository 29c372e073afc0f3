/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/device/virtq.h"

#include <linux/virtio_ring.h>
#include <stddef.h>
#include <string.h>

/* Both with the event index at their end, used or not. */
static uint64_t avail_bytes(uint16_t size)
{
	return sizeof(struct vring_avail) + 2ull * size + 2;
}

static uint64_t used_bytes(uint16_t size)
{
	return sizeof(struct vring_used) + sizeof(struct vring_used_elem) * (uint64_t)size + 2;
}

static void start(struct hv_virtq *q, const struct hv_mem *mem, uint32_t size)
{
	*q = (struct hv_virtq){.desc = q->desc,
			       .avail = q->avail,
			       .used = q->used,
			       .event_index = size && q->event_index};
	if (size == 0)
		return;
	q->state = HV_VIRTQ_BROKEN;
	if (size > HV_QUEUE_MAX || (size & (size - 1)))
		return;
	q->size = (uint16_t)size;
	if (q->desc % 16 || q->avail % 2 || q->used % 4 ||
	    !hv_mem_at(mem, q->desc, sizeof(struct vring_desc) * (uint64_t)size) ||
	    !hv_mem_at(mem, q->avail, avail_bytes(q->size)) ||
	    !hv_mem_at(mem, q->used, used_bytes(q->size)))
		return;
	q->state = HV_VIRTQ_RUNNING;
}

static uint32_t read_register(const struct hv_virtq *q, enum hv_queue_port port)
{
	return port == HV_QUEUE_STATUS	   ? (uint32_t)q->state
	       : port == HV_QUEUE_SIZE	   ? q->size
	       : port == HV_QUEUE_FEATURES ? HV_QUEUE_EVENT_INDEX
					   : 0;
}

static void write_register(struct hv_virtq *q, const struct hv_mem *mem, enum hv_queue_port port,
			   uint32_t value)
{
	bool stopped = q->state == HV_VIRTQ_STOPPED;
	/* Only while stopped: what was checked at the start must stay what it was. */
	if (port == HV_QUEUE_DESC && stopped)
		q->desc = value;
	else if (port == HV_QUEUE_AVAIL && stopped)
		q->avail = value;
	else if (port == HV_QUEUE_USED && stopped)
		q->used = value;
	else if (port == HV_QUEUE_FEATURES && stopped)
		q->event_index = value & HV_QUEUE_EVENT_INDEX;
	else if (port == HV_QUEUE_SIZE && (value == 0 || stopped))
		start(q, mem, value);
}

void hv_virtq_access(struct hv_virtq *q, const struct hv_mem *mem, uint16_t offset, unsigned size,
		     bool write, void *data)
{
	enum hv_queue_port port = (enum hv_queue_port)(offset / 4);
	uint32_t value = 0;
	if (write)
		memcpy(&value, data, size);
	if (write && offset % 4 == 0)
		write_register(q, mem, port, value);
	if (!write && offset % 4 == 0)
		value = read_register(q, port);
	if (!write)
		memcpy(data, &value, size);
}

static int broken(struct hv_virtq *q)
{
	q->state = HV_VIRTQ_BROKEN;
	return -1;
}

/* Adds one descriptor's memory to the chain; false when it breaks a rule. */
static bool add(const struct hv_mem *mem, const struct vring_desc *d, struct hv_chain *chain)
{
	void *at = hv_mem_at(mem, d->addr, d->len);
	if (!at || (d->flags & VRING_DESC_F_INDIRECT))
		return false;
	chain->iov[chain->readable + chain->writable] = (struct iovec){at, d->len};
	if (d->flags & VRING_DESC_F_WRITE) {
		chain->writable++;
		chain->writable_bytes += d->len;
	} else {
		if (chain->writable)
			return false;
		chain->readable++;
		chain->readable_bytes += d->len;
	}
	return true;
}

int hv_virtq_pop(struct hv_virtq *q, const struct hv_mem *mem, struct hv_chain *chain)
{
	if (q->state != HV_VIRTQ_RUNNING)
		return q->state == HV_VIRTQ_BROKEN ? -1 : 0;
	struct vring_avail *avail = hv_mem_at(mem, q->avail, avail_bytes(q->size));
	uint16_t index = __atomic_load_n(&avail->idx, __ATOMIC_ACQUIRE);
	uint16_t waiting = (uint16_t)(index - q->next_avail);
	if (waiting == 0)
		return 0;
	if (waiting > q->size)
		return broken(q);
	uint16_t head = __atomic_load_n(&avail->ring[q->next_avail % q->size], __ATOMIC_RELAXED);
	*chain = (struct hv_chain){.head = head};
	uint16_t at = head;
	/* No chain is longer than the queue: a loop ends here. */
	for (unsigned steps = 0; steps < q->size; steps++) {
		struct vring_desc d;
		if (at >= q->size || hv_mem_read(mem, q->desc + at * sizeof(d), &d, sizeof(d)) ||
		    !add(mem, &d, chain))
			return broken(q);
		if (!(d.flags & VRING_DESC_F_NEXT)) {
			q->next_avail++;
			return 1;
		}
		at = d.next;
	}
	return broken(q);
}

void hv_virtq_push(struct hv_virtq *q, const struct hv_mem *mem, const struct hv_chain *chain,
		   uint32_t written)
{
	struct vring_used *used = hv_mem_at(mem, q->used, used_bytes(q->size));
	used->ring[q->next_used % q->size] = (struct vring_used_elem){chain->head, written};
	q->next_used++;
	/* In one order with the looks of hv_virtq_must_interrupt and of the driver. */
	__atomic_store_n(&used->idx, q->next_used, __ATOMIC_SEQ_CST);
}

bool hv_virtq_must_interrupt(struct hv_virtq *q, const struct hv_mem *mem)
{
	uint16_t before = q->reported;
	q->reported = q->next_used;
	if (q->state != HV_VIRTQ_RUNNING || before == q->next_used)
		return false;
	struct vring_avail *avail = hv_mem_at(mem, q->avail, avail_bytes(q->size));
	if (q->event_index)
		return vring_need_event(__atomic_load_n(&avail->ring[q->size], __ATOMIC_SEQ_CST),
					q->next_used, before);
	return !(__atomic_load_n(&avail->flags, __ATOMIC_SEQ_CST) & VRING_AVAIL_F_NO_INTERRUPT);
}

void hv_virtq_want_bell(struct hv_virtq *q, const struct hv_mem *mem, bool wanted)
{
	if (q->state != HV_VIRTQ_RUNNING)
		return;
	struct vring_used *used = hv_mem_at(mem, q->used, used_bytes(q->size));
	if (!q->event_index)
		__atomic_store_n(&used->flags, wanted ? 0 : VRING_USED_F_NO_NOTIFY,
				 __ATOMIC_SEQ_CST);
	else if (wanted) /* else the index stays behind, where nothing is added any more */
		__atomic_store_n((uint16_t *)(void *)&used->ring[q->size], q->next_avail,
				 __ATOMIC_SEQ_CST);
}

bool hv_virtq_is_waiting(const struct hv_virtq *q, const struct hv_mem *mem)
{
	if (q->state != HV_VIRTQ_RUNNING)
		return false;
	struct vring_avail *avail = hv_mem_at(mem, q->avail, avail_bytes(q->size));
	return __atomic_load_n(&avail->idx, __ATOMIC_SEQ_CST) != q->next_avail;
}

void hv_virtq_report(struct hv_virtq *q, struct hv_vm *vm)
{
	__atomic_fetch_add(&vm->counters.completions, (uint16_t)(q->next_used - q->reported),
			   __ATOMIC_RELAXED);
	if (hv_virtq_must_interrupt(q, &vm->mem))
		__atomic_store_n(&vm->interrupt, true, __ATOMIC_RELAXED);
}

void hv_virtq_serve(struct hv_virtq *q, struct hv_vm *vm, struct hv_chain *chain,
		    int64_t (*request)(void *ctx, struct hv_chain *chain), void *ctx)
{
	do {
		hv_virtq_want_bell(q, &vm->mem, false);
		for (unsigned i = 0; i < q->size && hv_virtq_pop(q, &vm->mem, chain) == 1; i++) {
			int64_t written = request(ctx, chain);
			if (written < 0)
				q->state = HV_VIRTQ_BROKEN;
			else
				hv_virtq_push(q, &vm->mem, chain, (uint32_t)written);
		}
		/* Each round: 16-bit indexes do not tell 65536 from none. */
		hv_virtq_report(q, vm);
		hv_virtq_want_bell(q, &vm->mem, true);
		/* Another processor can add as fast as this one takes. */
	} while (hv_virtq_is_waiting(q, &vm->mem) && hv_clock_ns() < vm->deadline_ns);
}
