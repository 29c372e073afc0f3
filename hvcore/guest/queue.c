/* SPDX-License-Identifier: GPL-2.0-or-later
 * The network card's two rings as a driver keeps them that has many packets in flight: a slot each,
 * used in turn, and bells only where the card wants them. */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

#define SLOTS	   (GUEST_RING_SIZE / 2) /* two descriptors a packet */
#define SLOT_BYTES 2048u
#define POLLS	   200000000u

static struct guest_ring out, in;
static uint8_t header[HV_NET_HEADER_BYTES];
static uint8_t out_slots[SLOTS][SLOT_BYTES] __attribute__((aligned(64)));
static uint8_t in_slots[SLOTS][HV_NET_HEADER_BYTES + SLOT_BYTES] __attribute__((aligned(64)));

static void show(struct guest_ring *ring)
{
	if (guest_ring_show(ring))
		guest_ring_bell(ring);
}

static void offer(uint16_t slot)
{
	in.desc[slot] = (struct vring_desc){gpa_of(in_slots[slot]), sizeof(in_slots[slot]),
					    VRING_DESC_F_WRITE, 0};
	guest_ring_add(&in, slot);
}

void guest_queue_start(void)
{
	guest_ring_start(&out, HV_NET_PORT);
	guest_ring_start(&in, HV_NET_RECEIVE_PORT);
	for (uint16_t slot = 0; slot < SLOTS; slot++)
		offer(slot);
	show(&in);
}

/* Packets that have not come back. */
static uint16_t in_flight(void)
{
	while (guest_ring_take(&out) >= 0)
		;
	return (uint16_t)(out.sent - out.taken);
}

static int await_room(uint16_t most)
{
	for (unsigned polls = 0; polls < POLLS; polls++) {
		if (in_flight() <= most)
			return 0;
		__asm__ volatile("pause");
	}
	return -1;
}

/* Slots come back in the order in which they went: one line, one card. */
uint8_t *guest_queue_slot(void)
{
	return await_room(SLOTS - 1) ? (void *)0 : out_slots[out.sent % SLOTS];
}

void guest_queue_send(uint32_t bytes)
{
	uint16_t slot = out.sent % SLOTS, head = (uint16_t)(2 * slot);
	out.desc[head] = (struct vring_desc){gpa_of(header), sizeof(header), VRING_DESC_F_NEXT,
					     (uint16_t)(head + 1)};
	out.desc[head + 1] = (struct vring_desc){gpa_of(out_slots[slot]), bytes, 0, 0};
	guest_ring_add(&out, head);
	show(&out);
}

int guest_queue_flush(void)
{
	return await_room(0);
}

uint32_t guest_queue_receive(void *to, uint32_t room)
{
	uint16_t at = in.taken % GUEST_RING_SIZE;
	int slot = guest_ring_take(&in);
	if (slot < 0 || slot >= (int)SLOTS)
		return 0;
	uint32_t bytes = in.used.ring[at].len - HV_NET_HEADER_BYTES;
	if (bytes <= room)
		memcpy(to, in_slots[slot] + HV_NET_HEADER_BYTES, bytes);
	offer((uint16_t)slot);
	show(&in);
	return bytes <= room ? bytes : 0;
}
