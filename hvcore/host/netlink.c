/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/netlink.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A request being put together; large enough for every request below. */
struct request {
	struct nlmsghdr *head;
	_Alignas(struct nlmsghdr) unsigned char bytes[512];
};

/* The length is kept aligned, so that what encloses the last attribute ends where the message does.
 */
static void *grow(struct request *r, size_t size)
{
	unsigned char *at = r->bytes + r->head->nlmsg_len;
	r->head->nlmsg_len += (uint32_t)NLMSG_ALIGN(size);
	assert(r->head->nlmsg_len <= sizeof(r->bytes));
	return at;
}

static void begin(struct request *r, uint16_t type, uint16_t flags)
{
	memset(r, 0, sizeof(*r));
	r->head = (struct nlmsghdr *)r->bytes;
	r->head->nlmsg_len = NLMSG_HDRLEN;
	r->head->nlmsg_type = type;
	r->head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

static void add(struct request *r, uint16_t type, const void *data, size_t size)
{
	struct rtattr *a = grow(r, RTA_LENGTH(size));
	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(a), data, size);
}

static void add_text(struct request *r, uint16_t type, const char *text)
{
	add(r, type, text, strlen(text) + 1);
}

/* Attributes added between open_nest and close_nest are inside. */
static struct rtattr *open_nest(struct request *r, uint16_t type)
{
	struct rtattr *a = grow(r, RTA_LENGTH(0));
	a->rta_type = type;
	return a;
}

static void close_nest(struct request *r, struct rtattr *nest)
{
	nest->rta_len = (uint16_t)(r->bytes + r->head->nlmsg_len - (unsigned char *)nest);
}

/* Sends, and reads the kernel's answer to this very request. Returns 0 or -errno. */
static int ask(struct hv_netlink *nl, struct request *r)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		unsigned char rest[1024];
	} answer;
	r->head->nlmsg_seq = ++nl->sequence;
	if (send(nl->fd, r->bytes, r->head->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(nl->fd, &answer, sizeof(answer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < (ssize_t)(sizeof(answer.head) + sizeof(answer.error.error)))
			return n < 0 ? -errno : -EIO;
		if (answer.head.nlmsg_type == NLMSG_ERROR && answer.head.nlmsg_seq == nl->sequence)
			return answer.error.error;
	}
}

int hv_netlink_open(struct hv_netlink *nl, struct err *e)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	*nl = (struct hv_netlink){.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
	if (nl->fd < 0)
		return err_sys(e, errno, "a netlink socket");
	if (connect(nl->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) == 0)
		return 0;
	int rc = err_sys(e, errno, "talking to the kernel by netlink");
	hv_netlink_close(nl);
	return rc;
}

void hv_netlink_close(struct hv_netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

int hv_netlink_pair(struct hv_netlink *nl, const char *name, const char *peer, pid_t pid,
		    struct err *e)
{
	struct request r;
	uint32_t ns_pid = (uint32_t)pid;
	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	grow(&r, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, name);
	struct rtattr *info = open_nest(&r, IFLA_LINKINFO);
	add_text(&r, IFLA_INFO_KIND, "veth");
	struct rtattr *data = open_nest(&r, IFLA_INFO_DATA);
	struct rtattr *other = open_nest(&r, VETH_INFO_PEER);
	grow(&r, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, peer);
	add(&r, IFLA_NET_NS_PID, &ns_pid, sizeof(ns_pid));
	close_nest(&r, other);
	close_nest(&r, data);
	close_nest(&r, info);
	int rc = ask(nl, &r);
	return rc ? err_sys(e, -rc, "making a virtual pair") : 0;
}

int hv_netlink_bridge(struct hv_netlink *nl, const char *name, struct err *e)
{
	struct request r;
	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	grow(&r, sizeof(struct ifinfomsg));
	add_text(&r, IFLA_IFNAME, name);
	struct rtattr *info = open_nest(&r, IFLA_LINKINFO);
	add_text(&r, IFLA_INFO_KIND, "bridge");
	close_nest(&r, info);
	int rc = ask(nl, &r);
	return rc ? err_sys(e, -rc, "making a bridge") : 0;
}

/* The number of an interface of the handle's namespace, which may not be the caller's any more; 0
 * when there is none. */
static int index_of(const struct hv_netlink *nl, const char *name)
{
	struct ifreq r = {0};
	strncpy(r.ifr_name, name, sizeof(r.ifr_name) - 1);
	return ioctl(nl->fd, SIOCGIFINDEX, &r) == 0 ? r.ifr_ifindex : 0;
}

int hv_netlink_join(struct hv_netlink *nl, const char *name, const char *bridge, struct err *e)
{
	struct request r;
	uint32_t master = (uint32_t)index_of(nl, bridge);
	begin(&r, RTM_SETLINK, 0);
	struct ifinfomsg *link = grow(&r, sizeof(*link));
	link->ifi_index = index_of(nl, name);
	add(&r, IFLA_MASTER, &master, sizeof(master));
	int rc = ask(nl, &r);
	return rc ? err_sys(e, -rc, "making %s a member of %s", name, bridge) : 0;
}

int hv_netlink_up(struct hv_netlink *nl, const char *name, struct err *e)
{
	struct request r;
	begin(&r, RTM_NEWLINK, 0);
	struct ifinfomsg *link = grow(&r, sizeof(*link));
	link->ifi_index = index_of(nl, name);
	link->ifi_flags = link->ifi_change = IFF_UP;
	int rc = ask(nl, &r);
	return rc ? err_sys(e, -rc, "bringing %s up", name) : 0;
}

int hv_netlink_address(struct hv_netlink *nl, const char *name, uint32_t address, struct err *e)
{
	struct request r;
	uint32_t wire = htonl(address);
	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *a = grow(&r, sizeof(*a));
	a->ifa_family = AF_INET;
	a->ifa_prefixlen = 24;
	a->ifa_index = (uint32_t)index_of(nl, name);
	add(&r, IFA_LOCAL, &wire, sizeof(wire));
	add(&r, IFA_ADDRESS, &wire, sizeof(wire));
	int rc = ask(nl, &r);
	return rc ? err_sys(e, -rc, "giving %s an address", name) : 0;
}
