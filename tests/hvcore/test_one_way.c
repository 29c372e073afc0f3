/* SPDX-License-Identifier: GPL-2.0-or-later
 * Packets one way: all that were sent are seen, and one that is missing, foreign or one too many is
 * no success. The partner is a thread here. */
#include "hvcore/probe/one_way.h"
#include "tests/support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
	struct one_way ours, theirs;
	int client, server; /* our socket and the partner's */
	int channel[2];
	pthread_t partner;
};

static void *serve(void *arg)
{
	struct pair *p = arg;
	one_way_serve(&p->theirs, p->server, p->channel[1]);
	return NULL;
}

static void open_pair(struct pair *p, bool sending)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(a);
	memset(p, 0, sizeof(*p));
	p->ours.sending = p->theirs.sending = sending;
	p->client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	p->server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(p->client >= 0 && p->server >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(p->server, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(p->server, (struct sockaddr *)&a, &length), 0);
	CU_ASSERT_EQUAL_FATAL(connect(p->client, (struct sockaddr *)&a, sizeof(a)), 0);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->channel), 0);
	CU_ASSERT_EQUAL(one_way_prepare(p->client), 0);
	CU_ASSERT_EQUAL(one_way_prepare(p->server), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&p->partner, NULL, serve, p), 0);
	CU_ASSERT_EQUAL(one_way_greet(&p->ours, p->client), 0);
}

static void close_pair(struct pair *p)
{
	close(p->channel[0]);
	pthread_join(p->partner, NULL);
	close(p->channel[1]);
	close(p->client);
	close(p->server);
}

static int before(struct pair *p, uint64_t n)
{
	return one_way_before(&p->ours, p->client, p->channel[0], n);
}

/* Batches as a measurement makes them, the longest among them. */
static void batches_of_all_lengths_arrive(void)
{
	static const uint64_t lengths[] = {1, 2, ONE_WAY_MAX, ONE_WAY_MAX / 2, ONE_WAY_MAX};
	for (int sending = 0; sending < 2; sending++) {
		struct pair p;
		open_pair(&p, sending);
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			CU_ASSERT_EQUAL(before(&p, lengths[i]), 0);
			CU_ASSERT_EQUAL(one_way_empty(p.channel[0], lengths[i]), 0);
			CU_ASSERT_EQUAL(before(&p, lengths[i]), 0);
			CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], lengths[i]), 0);
		}
		CU_ASSERT_EQUAL(before(&p, 0), 0);
		CU_ASSERT_EQUAL(p.ours.next, p.theirs.next);
		CU_ASSERT_EQUAL(p.ours.looked_at, sending ? p.ours.next : 0);
		close_pair(&p);
	}
}

static void a_packet_that_is_not_the_one_sent_is_found(void)
{
	unsigned char packet[ONE_WAY_PAYLOAD] = {0};
	struct pair p;
	/* Taken out of what was sent. */
	open_pair(&p, true);
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 3), 0);
	CU_ASSERT_EQUAL(recv(p.client, packet, sizeof(packet), 0), sizeof(packet));
	CU_ASSERT_EQUAL(before(&p, 1), EBADMSG);
	close_pair(&p);
	/* One more than was sent. */
	open_pair(&p, true);
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 3), 0);
	CU_ASSERT_EQUAL(send(p.server, packet, sizeof(packet), 0), sizeof(packet));
	CU_ASSERT_EQUAL(before(&p, 1), EBADMSG);
	close_pair(&p);
	/* Among those to be received: with a foreign end, too short, none. */
	open_pair(&p, false);
	CU_ASSERT_EQUAL(before(&p, 0), 0);
	packet[ONE_WAY_PAYLOAD - 1] = 1;
	CU_ASSERT_EQUAL(send(p.client, packet, sizeof(packet), 0), sizeof(packet));
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 1), EBADMSG);
	CU_ASSERT_EQUAL(send(p.client, packet, 100, 0), 100);
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 1), EIO);
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 1), EAGAIN);
	close_pair(&p);
}

/* Nobody there any more: said, not waited for. */
static void a_partner_that_ended_is_an_error(void)
{
	struct pair p;
	open_pair(&p, false);
	CU_ASSERT_EQUAL(before(&p, 1), 0);
	shutdown(p.channel[1], SHUT_RDWR);
	CU_ASSERT_EQUAL(one_way_go(&p.ours, p.channel[0], 1), EPIPE);
	CU_ASSERT_EQUAL(one_way_empty(p.channel[0], 1), EPIPE);
	close_pair(&p);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"batches_of_all_lengths_arrive", batches_of_all_lengths_arrive},
		{"a_packet_that_is_not_the_one_sent_is_found",
		 a_packet_that_is_not_the_one_sent_is_found},
		{"a_partner_that_ended_is_an_error", a_partner_that_ended_is_an_error},
		{0},
	};
	return test_main("one_way", cases, argc, argv);
}
