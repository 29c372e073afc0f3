/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packets of 1500 bytes one way, as datagrams over a connected socket: sent or received by a
 * process that is told to, its partner, so that only that is in a batch's time. What it is to
 * receive waits for it before the batch begins, and what it has sent is looked at afterwards.
 * Telling it is part of the empty batch, too.
 */
#ifndef HVCORE_PROBE_ONE_WAY_H
#define HVCORE_PROBE_ONE_WAY_H

#include <stdbool.h>
#include <stdint.h>

/* With the headers of UDP and IPv4, 1500 bytes. */
enum { ONE_WAY_PAYLOAD = 1472 };

/* The longest batch: as many packets as wait in a socket that one_way_prepare has seen. */
enum { ONE_WAY_MAX = 128 };

/* Either side has one, zeroed but for `sending`. */
struct one_way {
	bool sending;	    /* the partner sends; else it receives */
	uint64_t next;	    /* number of the next packet */
	uint64_t looked_at; /* of those that the partner has sent */
	unsigned char out[ONE_WAY_PAYLOAD], back[ONE_WAY_PAYLOAD];
};

/* For both sides' sockets: a packet that is lost is not waited for, and a batch has room. Returns 0
 * or an errno value, as all here do. */
int one_way_prepare(int s);

/* Tells the partner who the other end is, by a first packet over `s`, which is connected to its
 * socket. */
int one_way_greet(struct one_way *w, int s);

/* The partner: does as it is told over `channel` (a SOCK_SEQPACKET) until that closes. */
int one_way_serve(struct one_way *w, int s, int channel);

/* The other side: before a batch of n, with the outcome of the one before; the batch; and one
 * without the system calls. EBADMSG: a packet is not the one that was sent. */
int one_way_before(struct one_way *w, int s, int channel, uint64_t n);
int one_way_go(struct one_way *w, int channel, uint64_t n);
int one_way_empty(int channel, uint64_t n);

#endif
