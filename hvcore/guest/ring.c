/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/ring.h"

#define POLLS 100000000u

static void set(const struct guest_ring *ring, enum hv_queue_port port, uint32_t value)
{
	out32((uint16_t)(ring->port + 4 * port), value);
}

static void start(struct guest_ring *ring, uint16_t port, uint16_t event_index)
{
	memset(ring, 0, sizeof(*ring));
	ring->port = port;
	ring->event_index = event_index;
	guest_ring_quiet(ring);
	set(ring, HV_QUEUE_SIZE, 0);
	if (event_index)
		set(ring, HV_QUEUE_FEATURES, HV_QUEUE_EVENT_INDEX);
	set(ring, HV_QUEUE_DESC, gpa_of(ring->desc));
	set(ring, HV_QUEUE_AVAIL, gpa_of(&ring->avail));
	set(ring, HV_QUEUE_USED, gpa_of(&ring->used));
	set(ring, HV_QUEUE_SIZE, GUEST_RING_SIZE);
}

void guest_ring_start(struct guest_ring *ring, uint16_t port)
{
	start(ring, port, 0);
}

void guest_ring_start_events(struct guest_ring *ring, uint16_t port)
{
	start(ring, port, 1);
}

void guest_ring_add(struct guest_ring *ring, uint16_t head)
{
	ring->avail.ring[ring->sent % GUEST_RING_SIZE] = head;
	ring->sent++;
}

/* The store and the look after it in one order with the device's, here and in guest_ring_wake. */
int guest_ring_show(struct guest_ring *ring)
{
	uint16_t before = ring->avail.idx;
	__atomic_store_n(&ring->avail.idx, ring->sent, __ATOMIC_SEQ_CST);
	if (ring->event_index)
		return vring_need_event(__atomic_load_n(&ring->used.avail_event, __ATOMIC_SEQ_CST),
					ring->sent, before);
	return !(__atomic_load_n(&ring->used.flags, __ATOMIC_SEQ_CST) & VRING_USED_F_NO_NOTIFY);
}

void guest_ring_bell(const struct guest_ring *ring)
{
	set(ring, HV_QUEUE_NOTIFY, 0);
}

int guest_ring_is_back(const struct guest_ring *ring)
{
	return __atomic_load_n(&ring->used.idx, __ATOMIC_SEQ_CST) == ring->sent;
}

int guest_ring_take(struct guest_ring *ring)
{
	if (__atomic_load_n(&ring->used.idx, __ATOMIC_ACQUIRE) == ring->taken)
		return -1;
	return (int)ring->used.ring[ring->taken++ % GUEST_RING_SIZE].id;
}

void guest_ring_wake(struct guest_ring *ring)
{
	if (ring->event_index)
		__atomic_store_n(&ring->avail.used_event, (uint16_t)(ring->sent - 1),
				 __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&ring->avail.flags, 0, __ATOMIC_SEQ_CST);
}

void guest_ring_quiet(struct guest_ring *ring)
{
	/* An index that the device passed a whole ring ago, or more. */
	if (ring->event_index)
		__atomic_store_n(&ring->avail.used_event,
				 (uint16_t)(ring->sent - GUEST_RING_SIZE - 1), __ATOMIC_RELAXED);
	else
		__atomic_store_n(&ring->avail.flags, VRING_AVAIL_F_NO_INTERRUPT, __ATOMIC_RELAXED);
}

int guest_ring_kick(struct guest_ring *ring)
{
	if (guest_ring_show(ring))
		guest_ring_bell(ring);
	for (unsigned polls = 0; polls < POLLS; polls++)
		if (guest_ring_is_back(ring))
			return 0;
	return -1;
}

int guest_ring_kick_and_wait(struct guest_ring *ring)
{
	uint64_t before = guest_interrupts;
	guest_ring_wake(ring);
	if (guest_ring_show(ring))
		guest_ring_bell(ring);
	for (unsigned polls = 0; polls < POLLS; polls++) {
		if (guest_interrupts != before && guest_ring_is_back(ring)) {
			guest_ring_quiet(ring);
			return 0;
		}
		__asm__ volatile("pause");
	}
	return -1;
}

void guest_ring_pretend(struct guest_ring *ring)
{
	ring->sent--;
	if (!guest_ring_show(ring))
		return;
	for (unsigned polls = 0; polls < POLLS; polls++)
		if (guest_ring_is_back(ring))
			return;
}

int guest_ring_offer(struct guest_ring *ring)
{
	guest_ring_add(ring, 0);
	return guest_ring_kick(ring);
}
