/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The network stack's work on a packet: a datagram of 1472 bytes (1500 with its headers) sent over
 * the loopback and received by the same thread, natively and in a container.
 */
#include "hvcore/host/inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAYLOAD = 1472 };

struct packet {
	struct inside in;
	int from, to;
	unsigned char out[PAYLOAD], back[PAYLOAD];
};

static int send_many(void *arg, uint64_t n)
{
	struct packet *p = arg;
	for (uint64_t i = 0; i < n; i++) {
		p->out[i % PAYLOAD]++;
		if (send(p->from, p->out, PAYLOAD, 0) != PAYLOAD ||
		    recv(p->to, p->back, PAYLOAD, 0) != PAYLOAD)
			return errno ? errno : EIO;
		if (p->back[i % PAYLOAD] != p->out[i % PAYLOAD])
			return EBADMSG;
	}
	return 0;
}

static void packet_teardown(struct hv_work *work)
{
	struct packet *p = (struct packet *)work->ctx;
	inside_close(&p->in);
	close(p->from);
	close(p->to);
	free(p);
}

static int open_sockets(struct packet *p, struct err *e)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(a);
	p->from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	p->to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p->from >= 0 && p->to >= 0 && bind(p->to, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    getsockname(p->to, (struct sockaddr *)&a, &length) == 0 &&
	    connect(p->from, (struct sockaddr *)&a, sizeof(a)) == 0)
		return 0;
	return err_sys(e, errno, "two sockets on the loopback");
}

static int packet_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			struct hv_work *work, struct err *e)
{
	(void)env;
	struct packet *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->in.body = send_many;
	p->in.arg = p;
	int rc = open_sockets(p, e);
	if (!rc)
		rc = inside_open(&p->in, probe, work, e);
	if (rc) {
		if (p->from >= 0)
			close(p->from);
		if (p->to >= 0)
			close(p->to);
		free(p);
	}
	return rc;
}

const struct hv_probe hv_probe_packet[] = {
	{.name = "packet.native",
	 .unit = "ns",
	 .backend = "native",
	 .method = "half of sending and receiving 1472 bytes by UDP over the loopback, both calls "
		   "and "
		   "copies included",
	 .per_op = 2,
	 .setup = packet_setup,
	 .teardown = packet_teardown},
	{0},
};
