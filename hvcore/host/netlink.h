/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The few requests of rtnetlink that a container's network takes: a virtual pair, a bridge, up,
 * member of, address. They act on the network namespace in which the handle was opened. Not a
 * library for netlink.
 */
#ifndef HVCORE_NETLINK_H
#define HVCORE_NETLINK_H

#include "sim/base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct hv_netlink {
	int fd;
	uint32_t sequence;
};

/* Opens a handle in the calling thread's network namespace. */
int hv_netlink_open(struct hv_netlink *nl, struct err *e);
void hv_netlink_close(struct hv_netlink *nl);

/* A virtual pair: `name` here, `peer` in the network namespace of process `pid`. Names have at most
 * 15 bytes. ERR_UNSUPPORTED where the kernel has none, ERR_DENIED without CAP_NET_ADMIN. */
int hv_netlink_pair(struct hv_netlink *nl, const char *name, const char *peer, pid_t pid,
		    struct err *e);

/* A bridge without members. */
int hv_netlink_bridge(struct hv_netlink *nl, const char *name, struct err *e);

/* Makes `name` a member of the bridge. */
int hv_netlink_join(struct hv_netlink *nl, const char *name, const char *bridge, struct err *e);

int hv_netlink_up(struct hv_netlink *nl, const char *name, struct err *e);

/* Gives an interface an IPv4 address (host byte order) in a /24 network. */
int hv_netlink_address(struct hv_netlink *nl, const char *name, uint32_t address, struct err *e);

#endif
