/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/one_way.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum what { GO, EMPTY, DRAIN };
struct order {
	uint64_t n;
	enum what what;
};

/* The kernel doubles it, and counts each packet for 2304 bytes (Linux 6.1). */
enum { BUFFER_BYTES = 212992 };

int one_way_prepare(int s)
{
	const struct timeval limit = {.tv_sec = 2};
	const int bytes = BUFFER_BYTES;
	return setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
			       setsockopt(s, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes))
		       ? errno
		       : 0;
}

/* A packet carries its number at both ends. */
static void number_packet(unsigned char *packet, uint64_t number)
{
	memcpy(packet, &number, sizeof(number));
	memcpy(packet + ONE_WAY_PAYLOAD - sizeof(number), &number, sizeof(number));
}

static bool has_number(const unsigned char *packet, uint64_t number)
{
	return memcmp(packet, &number, sizeof(number)) == 0 &&
	       memcmp(packet + ONE_WAY_PAYLOAD - sizeof(number), &number, sizeof(number)) == 0;
}

static int send_packet(int s, unsigned char *packet, uint64_t number)
{
	number_packet(packet, number);
	ssize_t done = send(s, packet, ONE_WAY_PAYLOAD, 0);
	return done == ONE_WAY_PAYLOAD ? 0 : done < 0 ? errno : EIO;
}

static int receive_packet(int s, unsigned char *packet, uint64_t number)
{
	ssize_t got = recv(s, packet, ONE_WAY_PAYLOAD, 0);
	if (got != ONE_WAY_PAYLOAD)
		return got < 0 ? errno : EIO;
	return has_number(packet, number) ? 0 : EBADMSG;
}

/* ---- the partner ---- */

/* All but the system calls. What is compared is old, and so is not equal. */
static int pretend(struct one_way *w, uint64_t n)
{
	uint64_t equal = 0;
	for (uint64_t i = 0; i < n; i++) {
		if (w->sending)
			number_packet(w->out, i);
		else
			equal += has_number(w->back, i);
		__asm__ volatile("" : : "r"(w) : "memory");
	}
	return equal <= n ? 0 : EIO;
}

static int carry_out(struct one_way *w, int s, const struct order *o)
{
	int rc = 0;
	if (o->what == EMPTY)
		return pretend(w, o->n);
	while (o->what == DRAIN && recv(s, w->back, ONE_WAY_PAYLOAD, MSG_DONTWAIT) > 0)
		w->next++;
	for (uint64_t i = 0; i < o->n && rc == 0; i++, w->next++)
		rc = w->sending ? send_packet(s, w->out, w->next)
				: receive_packet(s, w->back, w->next);
	return rc;
}

int one_way_serve(struct one_way *w, int s, int channel)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	struct order o;
	if (recvfrom(s, w->back, ONE_WAY_PAYLOAD, 0, (struct sockaddr *)&from, &length) < 0 ||
	    connect(s, (struct sockaddr *)&from, length) != 0)
		return errno;
	while (recv(channel, &o, sizeof(o), 0) == sizeof(o)) {
		int failure = carry_out(w, s, &o);
		if (send(channel, &failure, sizeof(failure), MSG_NOSIGNAL) != sizeof(failure))
			return errno;
	}
	return 0;
}

/* ---- the other side ---- */

static int give_order(int channel, uint64_t n, enum what what)
{
	const struct order o = {.n = n, .what = what};
	int failure;
	if (send(channel, &o, sizeof(o), MSG_NOSIGNAL) != sizeof(o) ||
	    recv(channel, &failure, sizeof(failure), 0) != sizeof(failure))
		return EPIPE;
	return failure;
}

int one_way_greet(struct one_way *w, int s)
{
	return send(s, w->out, ONE_WAY_PAYLOAD, 0) == ONE_WAY_PAYLOAD ? 0 : errno;
}

int one_way_go(struct one_way *w, int channel, uint64_t n)
{
	w->next += w->sending ? n : 0;
	return give_order(channel, n, GO);
}

int one_way_empty(int channel, uint64_t n)
{
	return give_order(channel, n, EMPTY);
}

/* All that the partner has sent is here, and no more. */
static int look(struct one_way *w, int s)
{
	while (w->looked_at < w->next) {
		int rc = receive_packet(s, w->back, w->looked_at++);
		if (rc)
			return rc;
	}
	return recv(s, w->back, ONE_WAY_PAYLOAD, MSG_DONTWAIT) < 0 ? 0 : EBADMSG;
}

int one_way_before(struct one_way *w, int s, int channel, uint64_t n)
{
	if (w->sending)
		return look(w, s);
	int rc = give_order(channel, 0, DRAIN); /* after an empty batch they wait still */
	for (uint64_t i = 0; i < n && rc == 0; i++)
		rc = send_packet(s, w->out, w->next++);
	return rc;
}
