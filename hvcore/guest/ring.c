/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/ring.h"

#define POLLS 100000000u

static void set(const struct guest_ring *ring, enum hv_queue_port port, uint32_t value)
{
	out32((uint16_t)(ring->port + 4 * port), value);
}

void guest_ring_start(struct guest_ring *ring, uint16_t port)
{
	memset(ring, 0, sizeof(*ring));
	ring->port = port;
	set(ring, HV_QUEUE_SIZE, 0);
	set(ring, HV_QUEUE_DESC, gpa_of(ring->desc));
	set(ring, HV_QUEUE_AVAIL, gpa_of(&ring->avail));
	set(ring, HV_QUEUE_USED, gpa_of(&ring->used));
	set(ring, HV_QUEUE_SIZE, GUEST_RING_SIZE);
}

void guest_ring_add(struct guest_ring *ring, uint16_t head)
{
	ring->avail.ring[ring->sent % GUEST_RING_SIZE] = head;
	ring->sent++;
}

void guest_ring_show(struct guest_ring *ring)
{
	__atomic_store_n(&ring->avail.idx, ring->sent, __ATOMIC_RELEASE);
}

void guest_ring_bell(const struct guest_ring *ring)
{
	set(ring, HV_QUEUE_NOTIFY, 0);
}

int guest_ring_is_back(const struct guest_ring *ring)
{
	return __atomic_load_n(&ring->used.idx, __ATOMIC_ACQUIRE) == ring->sent;
}

int guest_ring_kick(struct guest_ring *ring)
{
	guest_ring_show(ring);
	guest_ring_bell(ring);
	for (unsigned polls = 0; polls < POLLS; polls++)
		if (guest_ring_is_back(ring))
			return 0;
	return -1;
}

void guest_ring_pretend(struct guest_ring *ring)
{
	ring->sent--;
	__atomic_store_n(&ring->avail.idx, ring->sent, __ATOMIC_RELEASE);
	for (unsigned polls = 0; polls < POLLS; polls++)
		if (__atomic_load_n(&ring->used.idx, __ATOMIC_ACQUIRE) == ring->sent)
			return;
}

int guest_ring_offer(struct guest_ring *ring)
{
	guest_ring_add(ring, 0);
	return guest_ring_kick(ring);
}
