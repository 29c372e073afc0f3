/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guests' drivers for the devices of devices.h.
 */
#ifndef HVCORE_GUEST_DRIVERS_H
#define HVCORE_GUEST_DRIVERS_H

#include "hvcore/guest/guest.h"

/* Reads 1 to 255 sectors of 512 bytes from the ATA disk. Returns 0, or -1 when the disk says error.
 */
int guest_ata_read(uint32_t sector, uint32_t count, void *to);

/* Sets the queue up; call once before the first read. */
void guest_virtio_blk_start(void);
/* Reads `bytes`, a multiple of 512, by the ring. Returns 0, or -1. */
int guest_virtio_blk_read(uint64_t sector, uint32_t bytes, void *to);

/* Senders. Each returns 0, or -1 when the device does not take it. The start functions are for
 * before the first use. */
int guest_uart_write(const uint8_t *bytes, uint32_t count);
void guest_rtl8139_start(void);
int guest_rtl8139_send(const void *packet, uint32_t bytes);
void guest_rings_start(void);
int guest_console_write(const uint8_t *bytes, uint32_t count);
int guest_net_send(const void *packet, uint32_t bytes);

#endif
