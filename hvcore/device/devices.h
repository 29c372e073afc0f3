/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The devices that a machine can have, in both worlds: register-programmed ones that a guest
 * without any knowledge of virtualization drives (full), and ring-based ones (para). Each maker
 * returns a device for hv_vm_attach; files and peers stay the caller's and must outlive the
 * machine.
 */
#ifndef HVCORE_DEVICES_H
#define HVCORE_DEVICES_H

#include "hvcore/hv.h"

/* An ATA disk (28-bit addresses; READ and WRITE SECTORS, READ and WRITE DMA by its bus master,
 * FLUSH CACHE, IDENTIFY DEVICE) on HV_ATA_PORT, over the first `bytes` of the file `fd`, a multiple
 * of 512. Returns 0, ERR_NOMEM or ERR_INVALID. */
int hv_ata_make(struct hv_device *device, int fd, uint64_t bytes, struct err *e);

/* The ring devices interrupt the guest as its rings say, once per access for all that was
 * completed; the others never. */

/* A block device over a split virtqueue, in the ring and request formats of virtio 1.x; its
 * registers are the ports of enum hv_queue_port. Requests are answered within the doorbell's exit.
 */
int hv_virtio_blk_make(struct hv_device *device, int fd, uint64_t bytes, struct err *e);

/* Devices that send and receive. `fd` is the peer: a pipe, a file, or what keeps packets apart (a
 * socket, a tap); what it does not take is lost. Where the device receives it must not block. What
 * has arrived is taken in when the guest looks (the card's status, the ring's doorbell) and when it
 * waits (HV_CALL_WAIT). The two full ones: */
int hv_uart_make(struct hv_device *device, int fd, struct err *e);    /* on HV_UART_PORT */
int hv_rtl8139_make(struct hv_device *device, int fd, struct err *e); /* on HV_RTL8139_PORT */

/* The two para ones: a virtqueue on `port` (HV_CONSOLE_PORT, HV_NET_PORT) whose chains are written
 * to the peer, one chain one write, without their first `header_bytes`. */
int hv_virtio_send_make(struct hv_device *device, uint16_t port, size_t header_bytes, int fd,
			struct err *e);

/* Its counterpart on HV_NET_RECEIVE_PORT: chains are filled from the peer, one packet one chain,
 * behind `header_bytes` of zeroes, which must lie in the chain's first descriptor. */
int hv_virtio_recv_make(struct hv_device *device, uint16_t port, size_t header_bytes, int fd,
			struct err *e);

#endif
