/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guests' drivers for the devices of devices.h, and their work on memory.
 */
#ifndef HVCORE_GUEST_DRIVERS_H
#define HVCORE_GUEST_DRIVERS_H

#include "hvcore/guest/guest.h"

/* A register access of a driver that may only pretend: then the value is made and nothing happens
 * to it, and what is read is a status that both devices call done. */
#define GUEST_PRETENDED_STATUS 0x04u
#define GUEST_ACCESS(bits)                                                                         \
	static inline void guest_set##bits(int pretend, uint16_t port, uint##bits##_t value)       \
	{                                                                                          \
		if (pretend)                                                                       \
			__asm__ volatile("" : : "a"(value), "d"(port) : "memory");                 \
		else                                                                               \
			out##bits(port, value);                                                    \
	}                                                                                          \
	static inline uint##bits##_t guest_get##bits(int pretend, uint16_t port)                   \
	{                                                                                          \
		uint##bits##_t value = GUEST_PRETENDED_STATUS;                                     \
		if (pretend)                                                                       \
			__asm__ volatile("" : "+a"(value) : "d"(port) : "memory");                 \
		else                                                                               \
			value = in##bits(port);                                                    \
		return value;                                                                      \
	}
GUEST_ACCESS(8)
GUEST_ACCESS(16)
GUEST_ACCESS(32)
#define GUEST_DRIVER static inline __attribute__((always_inline))

/* Move 1 to 255 sectors of 512 bytes from and to the ATA disk, through its data register or (dma,
 * at most 64 KiB, from and to an even address) by its bus master. Return 0, or -1 when the disk
 * says error. */
int guest_ata_read(uint32_t sector, uint32_t count, void *to);
int guest_ata_write(uint32_t sector, uint32_t count, const void *from);
int guest_ata_dma(uint32_t sector, uint32_t count, void *at, int writes);
/* What that driver does beside its register accesses: the device is left alone. */
int guest_ata_dma_pretend(uint32_t sector, uint32_t count, void *at, int writes);

/* Sets the queue up; call once before the first request. */
void guest_virtio_blk_start(void);
/* Puts a request for `bytes`, a multiple of 512, into slot 0 to HV_DEPTH_MAX - 1. */
void guest_virtio_blk_add(unsigned slot, uint64_t sector, uint32_t bytes, void *at, int writes);
/* Rings the bell for the slots 0 to n - 1 and waits for them all. Returns 0, or -1. */
int guest_virtio_blk_finish(unsigned n);
/* The same, waiting for one interrupt instead of polling; after guest_take_interrupts. Works by the
 * queue's flags, or by its event index where it was set up so. */
void guest_virtio_blk_start_events(void);
int guest_virtio_blk_finish_by_interrupt(unsigned n);
/* For a driver that keeps requests in flight, all of them by these from the start on: shows the disk
 * what was added, ringing the bell where it is wanted; a slot that has come back well, -1 when none
 * has, -2 when the disk says error. */
void guest_virtio_blk_show(void);
int guest_virtio_blk_take(void);
/* What the driver does for slot 0 beside ringing the bell; the request is taken back. */
void guest_virtio_blk_pretend(void);

/* Senders. Each returns 0, or -1 when the device does not take it. The start functions are for
 * before the first use. */
int guest_uart_write(const uint8_t *bytes, uint32_t count);
void guest_rtl8139_start(void);
int guest_rtl8139_send(const void *packet, uint32_t bytes);
int guest_rtl8139_send_pretend(const void *packet, uint32_t bytes); /* without the card */
void guest_rings_start(void);
int guest_console_write(const uint8_t *bytes, uint32_t count);
int guest_net_send(const void *packet, uint32_t bytes);
void guest_net_send_pretend(const void *packet, uint32_t bytes); /* without the bell; taken back */

/* Receivers. Each copies the next packet of at most `room` bytes and returns its length, 0 when
 * there is none. The start functions are called by those above. guest_net_ask lets the card look
 * whether there is one for its ring; the other looks itself. The ring's driver offers its one buffer
 * without a bell: not for a card that works in a thread of its own (guest_queue_receive is). */
void guest_rtl8139_start_receiving(void);
uint32_t guest_rtl8139_receive(void *to, uint32_t room);
void guest_net_start_receiving(void);
void guest_net_ask(void);
uint32_t guest_net_receive(void *to, uint32_t room);

/* The card's rings as a driver keeps them that has packets in flight (queue.c): memory for the next
 * packet, once there is some; sends it, ringing the bell where it is wanted; until all are sent.
 * NULL and -1: the card does not take any. */
void guest_queue_start(void);
uint8_t *guest_queue_slot(void);
void guest_queue_send(uint32_t bytes);
int guest_queue_flush(void);
/* As guest_net_receive, with buffers for many, shown anew where the card wants to hear of them. */
uint32_t guest_queue_receive(void *to, uint32_t room);

/* n operations of probe/walk.h on what the VMM has put at that address, from where the last ended.
 * Return the link that comes next, and how many pieces have been done. */
uint64_t guest_walk(uint64_t links, uint64_t n);
uint64_t guest_triad(uint64_t arrays, uint64_t n);

/* Interrupts, timed (enum hv_op): each does n of them and stores the sum of ticks. Returns 0, or -1
 * when one did not come. */
int guest_ipis(uint64_t n, enum hv_ipi how, uint64_t *sum);
int guest_timer_fires(uint64_t n, uint32_t delay_ns, int halted, uint64_t *sum);
void guest_halts(uint64_t n, volatile struct hv_halts *halts);
void guest_timer_arms(uint64_t n);

/* Operations on the window (enum hv_op), with the guest's own pages from `pages` on: each does n of
 * them and returns 0, or -1 when an entry was not taken. `many`: by hypercall. */
int guest_maps(uint64_t n, uint64_t pages, int many);
int guest_maps_1m(uint64_t n, uint64_t pages, int many);

/* n times round a user task's loop, which calls the kernel each time, or not. At CPL0 only. Returns
 * 0, or -1 when a call went elsewhere. */
int guest_syscalls(uint64_t n, int calls);

/* Nothing to do until something has arrived; may come back without. */
void guest_wait(void);

#endif
