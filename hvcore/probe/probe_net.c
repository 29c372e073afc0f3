/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A container's network: a bridge on the host's side, a virtual pair into the container. The host's
 * side is a network namespace of its own, so that nobody's network is touched and no privilege is
 * needed. What the bridge and the pair add to a packet; and 1500 bytes sent by a process in a
 * container and by one without, received by it (one_way.h), and to it and back.
 */
#include "hvcore/host/inside.h"
#include "hvcore/host/netlink.h"
#include "hvcore/probe/one_way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind {
	BRIDGE,
	RTT_NATIVE,
	RTT_CONTAINER,
	SEND_NATIVE,
	SEND_CONTAINER,
	RECEIVE_NATIVE,
	RECEIVE_CONTAINER
};
enum { PAYLOAD = ONE_WAY_PAYLOAD, PORT = 7007 };

enum { OUTSIDE = 0x0a4d0001, INSIDE = 0x0a4d0002 }; /* 10.77.0.1 and .2 */

struct net {
	struct inside in;
	enum kind kind;
	struct hv_container partner; /* the process that answers */
	int client;		     /* a socket that sends to the partner's address */
	int receiver;		     /* BRIDGE: a socket of ours in the partner's namespace */
	int loop_out, loop_in;	     /* BRIDGE: two sockets on our own loopback */
	uint32_t count;
	struct one_way one_way;
	unsigned char out[PAYLOAD], back[PAYLOAD];
};

static bool is_native(const struct net *n)
{
	return n->kind == RTT_NATIVE || n->kind == SEND_NATIVE || n->kind == RECEIVE_NATIVE;
}

static bool is_one_way(const struct net *n)
{
	return n->kind >= SEND_NATIVE;
}

static int udp_socket(uint32_t bind_to, uint32_t connect_to)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(bind_to ? bind_to : connect_to);
	if (s >= 0 && (bind_to ? bind(s, (struct sockaddr *)&a, sizeof(a))
			       : connect(s, (struct sockaddr *)&a, sizeof(a))) != 0) {
		close(s);
		return -1;
	}
	return s;
}

/* Sends back what comes, to whom it came from; or does as it is told. */
static int echo(void *arg, int channel)
{
	struct net *n = arg;
	unsigned char buffer[PAYLOAD];
	char go;
	if (recv(channel, &go, 1, 0) != 1)
		return 1;
	int s = n->kind == BRIDGE ? -1 : udp_socket(is_native(n) ? INADDR_LOOPBACK : INSIDE, 0);
	int failure = s < 0 && n->kind != BRIDGE ? errno : 0;
	if (!failure && is_one_way(n))
		failure = one_way_prepare(s);
	if (send(channel, &failure, sizeof(failure), 0) != sizeof(failure) || failure)
		return 1;
	if (is_one_way(n))
		return one_way_serve(&n->one_way, s, channel);
	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t got = s < 0 ? recv(channel, &go, 1, 0)
				    : /* only keeps the namespace alive */
				      recvfrom(s, buffer, sizeof(buffer), 0,
					       (struct sockaddr *)&from, &length);
		if (got <= 0)
			return 0;
		if (s >= 0 &&
		    sendto(s, buffer, (size_t)got, 0, (struct sockaddr *)&from, length) != got)
			return 1;
	}
}

static int start_partner(struct net *n, struct err *e)
{
	static const unsigned whole = HV_LAYERS_ALL & ~HV_LAYER_BIT(HV_LAYER_CGROUP);
	const struct hv_container_spec spec = {
		.want = is_native(n) ? 0 : whole,
		.must = is_native(n) ? 0 : whole & ~HV_LAYER_BIT(HV_LAYER_USER),
		.main = echo,
		.arg = n,
	};
	return hv_container_create(&n->partner, &spec, e);
}

static int partner_go(struct net *n, struct err *e)
{
	int failure = 0;
	if (send(n->partner.channel, "g", 1, MSG_NOSIGNAL) != 1 ||
	    recv(n->partner.channel, &failure, sizeof(failure), 0) != sizeof(failure))
		return err_set(e, ERR_IO, "the process that should answer has ended");
	return failure ? err_sys(e, failure, "a socket inside the container") : 0;
}

/* Our side: a bridge with an address, and the pair's outer end as its member. */
static int join_outside(const struct net *n, struct err *e)
{
	struct hv_netlink nl;
	int rc = hv_netlink_open(&nl, e);
	if (rc)
		return rc;
	if ((rc = hv_netlink_up(&nl, "lo", e)) == 0 &&
	    (rc = hv_netlink_bridge(&nl, "hvbridge", e)) == 0 &&
	    (rc = hv_netlink_address(&nl, "hvbridge", OUTSIDE, e)) == 0 &&
	    (rc = hv_netlink_up(&nl, "hvbridge", e)) == 0 &&
	    (rc = hv_netlink_pair(&nl, "hvouter", "hvinner", n->partner.pid, e)) == 0 &&
	    (rc = hv_netlink_join(&nl, "hvouter", "hvbridge", e)) == 0)
		rc = hv_netlink_up(&nl, "hvouter", e);
	hv_netlink_close(&nl);
	return rc;
}

static int configure_inner(struct net *n, struct err *e)
{
	struct hv_netlink nl;
	int rc = hv_netlink_open(&nl, e);
	if (rc)
		return rc;
	if ((rc = hv_netlink_up(&nl, "lo", e)) == 0 &&
	    (rc = hv_netlink_address(&nl, "hvinner", INSIDE, e)) == 0)
		rc = hv_netlink_up(&nl, "hvinner", e);
	hv_netlink_close(&nl);
	if (rc == 0 && n->kind == BRIDGE && (n->receiver = udp_socket(INSIDE, 0)) < 0)
		rc = err_sys(e, errno, "a socket in the container's network");
	return rc;
}

/* The partner has given up the right to configure its network; we step into it and out again. */
static int join_inside(struct net *n, struct err *e)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)n->partner.pid);
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int theirs = open(path, O_RDONLY | O_CLOEXEC);
	int rc = own < 0 || theirs < 0 || setns(theirs, CLONE_NEWNET) != 0
			 ? err_sys(e, errno, "entering the container's network")
			 : 0;
	if (rc == 0) {
		rc = configure_inner(n, e);
		if (setns(own, CLONE_NEWNET) != 0 && rc == 0)
			rc = err_sys(e, errno, "leaving the container's network");
	}
	if (own >= 0)
		close(own);
	if (theirs >= 0)
		close(theirs);
	return rc;
}

/* Runs where the loops run: in this process, or in the namespace that stands for the host's. */
static int net_prepare(void *arg, struct err *e)
{
	struct net *n = arg;
	int rc = start_partner(n, e);
	if (rc == 0 && !is_native(n) && (rc = join_outside(n, e)) == 0)
		rc = join_inside(n, e);
	if (rc == 0)
		rc = partner_go(n, e);
	if (rc)
		return rc;
	n->in.peer = n->kind == BRIDGE ? 0 : n->partner.pid;
	n->client = udp_socket(0, is_native(n) ? INADDR_LOOPBACK : INSIDE);
	if (n->kind == BRIDGE) {
		n->loop_in = udp_socket(INADDR_LOOPBACK, 0);
		n->loop_out = udp_socket(0, INADDR_LOOPBACK);
	}
	if (n->client < 0 || n->loop_in < 0 || n->loop_out < 0)
		return err_sys(e, errno, "sockets of a network probe");
	int failure = is_one_way(n) ? one_way_prepare(n->client) : 0;
	if (!failure && is_one_way(n))
		failure = one_way_greet(&n->one_way, n->client);
	return failure ? err_sys(e, failure, "a first packet of a network probe") : 0;
}

static int one_way(void *arg, uint64_t times)
{
	struct net *n = arg;
	return one_way_go(&n->one_way, n->partner.channel, times);
}

static int one_way_without(void *arg, uint64_t times)
{
	const struct net *n = arg;
	return one_way_empty(n->partner.channel, times);
}

static int before_one_way(void *arg, uint64_t times)
{
	struct net *n = arg;
	return one_way_before(&n->one_way, n->client, n->partner.channel, times);
}

static int pass(struct net *n, uint64_t times, int from, int to)
{
	for (uint64_t i = 0; i < times; i++) {
		n->count++;
		memcpy(n->out, &n->count, sizeof(n->count));
		if (send(from, n->out, PAYLOAD, 0) != PAYLOAD ||
		    recv(to, n->back, PAYLOAD, 0) != PAYLOAD)
			return errno ? errno : EIO;
		if (memcmp(n->back, n->out, sizeof(n->count)) != 0)
			return EBADMSG;
	}
	return 0;
}

static int through_bridge(void *arg, uint64_t times)
{
	struct net *n = arg;
	return pass(n, times, n->client, n->receiver);
}

static int through_loopback(void *arg, uint64_t times)
{
	struct net *n = arg;
	return pass(n, times, n->loop_out, n->loop_in);
}

static int round_trip(void *arg, uint64_t times)
{
	struct net *n = arg;
	return pass(n, times, n->client, n->client);
}

static void net_close(struct net *n)
{
	struct err ignored;
	if (n->in.contained)
		inside_close(&n->in); /* the partner dies with its maker */
	else if (n->partner.pid > 0)
		hv_container_destroy(&n->partner, &ignored);
	if (n->client >= 0)
		close(n->client);
	free(n);
}

static void net_teardown(struct hv_work *work)
{
	net_close((struct net *)work->ctx);
}

static int net_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		     struct hv_work *work, struct err *e)
{
	(void)env;
	struct net *n = calloc(1, sizeof(*n));
	if (!n)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	n->kind = (enum kind)probe->arg;
	n->client = -1;
	n->one_way.sending = n->kind == SEND_NATIVE || n->kind == SEND_CONTAINER;
	n->in = (struct inside){
		.body = is_one_way(n)	    ? one_way
			: n->kind == BRIDGE ? through_bridge
					    : round_trip,
		.empty = is_one_way(n)	     ? one_way_without
			 : n->kind == BRIDGE ? through_loopback
					     : NULL,
		.before = is_one_way(n) ? before_one_way : NULL,
		.prepare = net_prepare,
		.arg = n,
		.layers = HV_LAYER_BIT(HV_LAYER_USER) | HV_LAYER_BIT(HV_LAYER_NET),
		.keep_capabilities = true,
	};
	int rc = inside_open(&n->in, probe, work, e);
	work->max_n = is_one_way(n) ? ONE_WAY_MAX : 0;
	if (rc) {
		n->in.contained = false; /* closed already */
		net_close(n);
	}
	return rc;
}

/* Whether the kernel has bridges and pairs and lets us make them shows only in making them. */
static int net_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	struct hv_work work = {0};
	if (strcmp(probe->backend, "native") == 0)
		return 0;
	int rc = net_setup(probe, env, &work, e);
	if (rc == 0)
		net_teardown(&work);
	return rc;
}

#define ROW(row_name, row_backend, row_kind, row_composed, row_method)                             \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = row_composed, .valid = net_valid, .setup = net_setup,                  \
		.teardown = net_teardown, .arg = row_kind                                          \
	}

const struct hv_probe hv_probe_net[] = {
	ROW("packet.bridge", "container", BRIDGE, false,
	    "1472 bytes by UDP through a bridge and a virtual pair, less the same over the "
	    "loopback"),
	ROW("net.rtt_1500.native", "native", RTT_NATIVE, true,
	    "1472 bytes by UDP to another process and back over the loopback"),
	ROW("net.rtt_1500.os", "container", RTT_CONTAINER, true,
	    "1472 bytes by UDP through bridge and virtual pair to a process in a container and "
	    "back"),
	ROW("net.send_1500.native", "native", SEND_NATIVE, true,
	    "1472 bytes by UDP over the loopback into a socket that is emptied outside of the "
	    "batches, making them subtracted"),
	ROW("net.send_1500.os", "container", SEND_CONTAINER, true,
	    "1472 bytes by UDP from a process in a container through virtual pair and bridge into "
	    "a socket that is emptied outside of the batches, making them subtracted"),
	ROW("net.recv_1500.native", "native", RECEIVE_NATIVE, true,
	    "1472 bytes that wait in a process's UDP socket"),
	ROW("net.recv_1500.os", "container", RECEIVE_CONTAINER, true,
	    "1472 bytes that wait in the UDP socket of a process in a container"),
	{0},
};
