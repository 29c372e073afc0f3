/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The composed operations "receive a packet", "send one and get it back" and "answer a request"
 * in a guest, full (RTL8139, ATA bus master) and para (virtqueues). Behind the card is a socket
 * that keeps packets apart; on its other end, on the same core, a thread echoes, or asks and looks
 * at the answers. A guest with nothing to do hands the core over by HV_CALL_WAIT.
 */
#include "hvcore/probe/compute.h"
#include "hvcore/device/devices.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum what { RECEIVE, ROUND_TRIP, REQUEST };

/* What one kind of row differs in from another. */
struct kind {
	enum what what;
	bool para;
	enum hv_op op;
	uint64_t max_n;	    /* 0: no limit */
	uint64_t vmm_exits; /* of one operation, that reach the VMM; 0: it depends on the peer */
};

enum { FULL_RECEIVE, PARA_RECEIVE, FULL_RTT, PARA_RTT, FULL_REQUEST, PARA_REQUEST };

static const struct kind kinds[] = {
	[FULL_RECEIVE] = {RECEIVE, false, HV_OP_RTL8139_RECEIVE, 32, 4},
	[PARA_RECEIVE] = {RECEIVE, true, HV_OP_VIRTIO_RECEIVE, 32, 1},
	[FULL_RTT] = {ROUND_TRIP, false, HV_OP_RTL8139_RTT, 0, 0},
	[PARA_RTT] = {ROUND_TRIP, true, HV_OP_VIRTIO_RTT, 0, 0},
	[FULL_REQUEST] = {REQUEST, false, HV_OP_REQUEST_FULL, 0, 0},
	[PARA_REQUEST] = {REQUEST, true, HV_OP_REQUEST_PARA, 0, 0},
};

struct receive_probe {
	struct hv_bench bench; /* first: hv_bench_run's */
	const struct kind *kind;
	struct hv_disk disk;
	int near, far; /* the card's end of the peer and ours */
	uint64_t next; /* number of the next packet or request */

	pthread_t peer;
	bool running;
	const char *wrong; /* what the peer found; NULL: nothing */
};

/* ---- the peer's thread: ends when its socket is shut down ---- */

static void *echo(void *ctx)
{
	struct receive_probe *p = ctx;
	uint8_t packet[HV_PACKET_BYTES];
	ssize_t got;
	while ((got = recv(p->far, packet, sizeof(packet), 0)) > 0)
		if (send(p->far, packet, (size_t)got, MSG_NOSIGNAL) != got)
			break;
	return NULL;
}

static const char *exchange(struct receive_probe *p, uint64_t number)
{
	struct hv_ask ask = {.block = hv_block_at(number)};
	uint64_t answer[HV_ANSWER_BYTES / 8], block[HV_BLOCK_BYTES / 8];
	if (send(p->far, &ask, sizeof(ask), MSG_NOSIGNAL) != (ssize_t)sizeof(ask) ||
	    recv(p->far, answer, sizeof(answer), 0) != (ssize_t)sizeof(answer))
		return "no answer";
	/* A look at one in 64, so that the client costs little. */
	if (number % 64 == 0 && (pread(p->disk.fd, block, sizeof(block),
				       (off_t)ask.block * HV_BLOCK_BYTES) != HV_BLOCK_BYTES ||
				 answer[0] != hv_request_compute(block)))
		return "an answer is not what its block gives";
	return NULL;
}

struct client {
	struct receive_probe *p;
	uint64_t n;
};

static void *ask_many(void *ctx)
{
	struct client *c = ctx;
	for (uint64_t i = 0; i < c->n && !c->p->wrong; i++)
		c->p->wrong = exchange(c->p, c->p->next + i);
	return NULL;
}

/* ---- the three kinds of batches ---- */

static void make_packet(uint8_t *packet, uint64_t number)
{
	for (uint32_t k = 0; k < HV_PACKET_BYTES; k++)
		packet[k] = hv_sent_byte(number, k);
}

static uint64_t packet_sums(uint64_t first, uint64_t n)
{
	uint8_t packet[HV_PACKET_BYTES];
	uint64_t sum = 0;
	make_packet(packet, 0);
	for (uint64_t i = first; i < first + n; i++) {
		for (uint32_t k = 0; k < HV_SENT_NUMBER; k++)
			packet[k] = hv_sent_byte(i, k);
		sum += hv_packet_sum(packet);
	}
	return sum;
}

/* The packets wait in the socket when the guest begins to receive. */
static int send_ahead(void *ctx, uint64_t n, struct err *e)
{
	struct receive_probe *p = ctx;
	uint8_t packet[HV_PACKET_BYTES];
	for (uint64_t i = 0; i < n; i++) {
		make_packet(packet, p->next + i);
		if (send(p->far, packet, sizeof(packet), MSG_NOSIGNAL) != (ssize_t)sizeof(packet))
			return err_sys(e, errno, "sending a packet to the guest");
	}
	return 0;
}

static int drain(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct receive_probe *p = ctx;
	uint8_t packet[HV_PACKET_BYTES];
	while (recv(p->near, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		;
	return hv_bench_empty(ctx, n, batch, e);
}

static int packets(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct receive_probe *p = ctx;
	uint64_t exits = p->bench.vm->counters.exits;
	int rc = hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	exits = p->bench.vm->counters.exits - exits - 1; /* without the yield */
	if (!rc && p->kind->vmm_exits && exits != n * p->kind->vmm_exits)
		rc = err_set(e, ERR_CORRUPT, "%.3f exits to the VMM per operation",
			     (double)exits / (double)n);
	if (!rc && p->bench.checksum != packet_sums(p->next, n))
		rc = err_set(e, ERR_CORRUPT, "the guest did not receive what was sent");
	p->next += n;
	return rc;
}

static int requests(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct receive_probe *p = ctx;
	struct client client = {p, n};
	pthread_t thread;
	int failure = pthread_create(&thread, NULL, ask_many, &client);
	if (failure)
		return err_sys(e, failure, "a client's thread");
	int rc = hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	if (rc)
		shutdown(p->far, SHUT_RDWR);
	pthread_join(thread, NULL);
	if (!rc && p->wrong)
		rc = err_set(e, ERR_CORRUPT, "%s", p->wrong);
	p->next += n;
	return rc;
}

/* ---- setting up ---- */

static void teardown(struct hv_work *work)
{
	struct receive_probe *p = work->ctx;
	if (p->running) {
		shutdown(p->far, SHUT_RDWR);
		pthread_join(p->peer, NULL);
	}
	hv_bench_close(&p->bench);
	if (p->near >= 0)
		close(p->near);
	if (p->far >= 0)
		close(p->far);
	hv_disk_close(&p->disk);
	free(p);
}

static int open_peer(struct receive_probe *p, const struct hv_probe_env *env, struct err *e)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_sys(e, errno, "socketpair");
	p->far = ends[0];
	p->near = ends[1];
	if (fcntl(p->near, F_SETFL, O_NONBLOCK))
		return err_sys(e, errno, "fcntl");
	return p->kind->what == REQUEST ? hv_disk_open(&p->disk, env->scratch, e) : 0;
}

/* The card's one or two devices, and the disk; *count of them. On failure none is left. */
static int make_devices(const struct receive_probe *p, struct hv_device *devices, unsigned *count,
			struct err *e)
{
	bool para = p->kind->para;
	unsigned n = 0;
	int rc = para ? hv_virtio_send_make(&devices[n], HV_NET_PORT, HV_NET_HEADER_BYTES, p->near,
					    e)
		      : hv_rtl8139_make(&devices[n], p->near, e);
	n += !rc;
	if (!rc && para) {
		rc = hv_virtio_recv_make(&devices[n], HV_NET_RECEIVE_PORT, HV_NET_HEADER_BYTES,
					 p->near, e);
		n += !rc;
	}
	if (!rc && p->kind->what == REQUEST) {
		rc = (para ? hv_virtio_blk_make : hv_ata_make)(&devices[n], p->disk.fd,
							       p->disk.bytes, e);
		n += !rc;
	}
	for (unsigned i = 0; rc && i < n; i++)
		devices[i].ops->close(devices[i].state);
	*count = n;
	return rc;
}

static int start(struct receive_probe *p, const struct hv_probe *probe,
		 const struct hv_probe_env *env, struct err *e)
{
	struct hv_device devices[3];
	struct hv_bench_options options = {.device = devices};
	int rc = open_peer(p, env, e);
	if (!rc)
		rc = make_devices(p, devices, &options.devices, e);
	if (!rc)
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (!rc && p->kind->what == ROUND_TRIP) {
		int failure = pthread_create(&p->peer, NULL, echo, p);
		p->running = failure == 0;
		if (failure)
			rc = err_sys(e, failure, "an echo's thread");
	}
	return rc;
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct receive_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->near = p->far = p->disk.fd = -1;
	p->kind = &kinds[probe->arg];
	*work = (struct hv_work){.body = packets,
				 .empty = hv_bench_empty,
				 .ctx = p,
				 .max_n = p->kind->max_n,
				 .exits_per_op = NAN};
	if (p->kind->what == RECEIVE) {
		work->before = send_ahead;
		work->empty = drain;
	} else if (p->kind->what == REQUEST) {
		work->body = requests;
	}
	if (p->kind->what != RECEIVE) /* as in the other worlds: it waits for somebody else */
		work->max_noise = work->max_nonlinear = 0.2;
	int rc = start(p, probe, env, e);
	if (rc)
		teardown(work);
	else if (p->bench.counts_exits && p->kind->vmm_exits)
		work->exits_per_op = (double)p->kind->vmm_exits;
	return rc;
}

#define ROW(name_, backend_, kind, text)                                                           \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.composed = true, .valid = hv_bench_valid, .setup = setup, .teardown = teardown,   \
		.arg = kind                                                                        \
	}
#define ASK                                                                                        \
	"64 bytes to a guest that reads 4 KiB, computes over them and answers 1 KiB, as its "      \
	"client on the same core sees it: "
#define ROWS(backend)                                                                              \
	ROW("net.recv_1500.full", backend, FULL_RECEIVE,                                           \
	    "a 1500-byte packet that waits, by the registers and the buffer of an RTL8139"),       \
		ROW("net.recv_1500.para", backend, PARA_RECEIVE,                                   \
		    "a 1500-byte packet that waits, into a virtqueue's buffer by one doorbell"),   \
		ROW("net.rtt_1500.full", backend, FULL_RTT,                                        \
		    "1500 bytes by an RTL8139 to a thread on the same core and back"),             \
		ROW("net.rtt_1500.para", backend, PARA_RTT,                                        \
		    "1500 bytes by virtqueues to a thread on the same core and back"),             \
		ROW("request.full", backend, FULL_REQUEST, ASK "RTL8139 and ATA bus master"),      \
		ROW("request.para", backend, PARA_REQUEST, ASK "virtqueues")

const struct hv_probe hv_probe_receive[] = {
	ROWS("kvm"),
	ROWS("trap"),
	ROWS("emulator"),
	{0},
};
