/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The driver's side of a split virtqueue. The caller fills the descriptors and chains them.
 */
#ifndef HVCORE_GUEST_RING_H
#define HVCORE_GUEST_RING_H

#include "hvcore/guest/guest.h"

#include <linux/virtio_ring.h>

#define GUEST_RING_SIZE 64u

struct guest_ring {
	struct vring_desc desc[GUEST_RING_SIZE] __attribute__((aligned(16)));
	struct {
		uint16_t flags, idx, ring[GUEST_RING_SIZE], used_event;
	} avail __attribute__((aligned(2)));
	struct {
		uint16_t flags, idx;
		struct vring_used_elem ring[GUEST_RING_SIZE];
		uint16_t avail_event;
	} used __attribute__((aligned(4)));
	uint16_t port, sent, taken; /* taken: by guest_ring_take */
	uint16_t event_index; /* not 0: suppression by it, not by flags */
};

/* Sets up the queue of the device at `port`; where there is no such device, nobody listens. The
 * other one with an event index. Neither wants interrupts. */
void guest_ring_start(struct guest_ring *ring, uint16_t port);
void guest_ring_start_events(struct guest_ring *ring, uint16_t port);

/* Adds the chain that begins at `head`, without telling the device. */
void guest_ring_add(struct guest_ring *ring, uint16_t head);

/* Shows the device what was added, for whenever it looks, and says whether it wants its bell rung
 * for that; rings the bell; whether all that was added has come back. */
int guest_ring_show(struct guest_ring *ring);
void guest_ring_bell(const struct guest_ring *ring);
int guest_ring_is_back(const struct guest_ring *ring);

/* The head of the next chain that has come back, in the order in which they did, or -1 when none has.
 * A driver that keeps several in flight takes each; whoever waits for all (below) takes none. */
int guest_ring_take(struct guest_ring *ring);

/* Asks for an interrupt when all that was added has come back, or for none. After asking look again
 * (guest_ring_is_back): for what came back before there is none. */
void guest_ring_wake(struct guest_ring *ring);
void guest_ring_quiet(struct guest_ring *ring);

/* Asks for an interrupt, shows, rings the bell where it is wanted, and waits until the interrupt
 * has come and all is back. Returns 0, or -1 when it does not come. */
int guest_ring_kick_and_wait(struct guest_ring *ring);

/* Shows, rings the bell where it is wanted, and polls until all of it has come back.
 * Returns 0, or -1 when it does not. */
int guest_ring_kick(struct guest_ring *ring);

/* The stores and looks of a kick, without the bell, and with the last chain taken back: for
 * measuring what the driver itself costs. */
void guest_ring_pretend(struct guest_ring *ring);

/* Both, for the chain that begins at descriptor 0. */
int guest_ring_offer(struct guest_ring *ring);

#endif
