/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Operations of a guest whose ring devices work in a thread of their own, on another core
 * (iothread.h): what the guest's processor pays for the bell and waits for the answer, and, with
 * many in flight, how many bells are left. Each ring of a bell is an exit to the kernel, so that
 * exits_per_op says how many bells an operation took. What was read and sent is checked.
 */
#include "hvcore/device/devices.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/host/pin.h"
#include "hvcore/iothread.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum what { READ, SEND };

/* What one kind of row differs in from another. */
struct kind {
	enum what what;
	enum hv_op op, without;
	uint32_t depth;
	bool interrupts;
	double bells;	   /* of one operation; NAN: that depends on who is faster */
	uint64_t think_ns; /* between two packets */
};

enum {
	READ_POLLED,
	READ_IRQ,
	READ_QD16,
	SEND_AT_ONCE,
	SEND_10_US,
	SEND_100_US,
};

static const struct kind kinds[] = {
	[READ_POLLED] = {READ, HV_OP_VIRTIO_READ, HV_OP_EMPTY, 1, false, 1, 0},
	[READ_IRQ] = {READ, HV_OP_VIRTIO_READ_IRQ, HV_OP_EMPTY, 1, true, NAN, 0},
	[READ_QD16] = {READ, HV_OP_QUEUE_READ, HV_OP_EMPTY, 16, false, NAN, 0},
	[SEND_AT_ONCE] = {SEND, HV_OP_QUEUE_SEND, HV_OP_QUEUE_MAKE, 1, false, NAN, 0},
	[SEND_10_US] = {SEND, HV_OP_QUEUE_SEND, HV_OP_QUEUE_MAKE, 1, false, NAN, 10000},
	[SEND_100_US] = {SEND, HV_OP_QUEUE_SEND, HV_OP_QUEUE_MAKE, 1, false, NAN, 100000},
};

/* As many as a socket's buffer surely holds. */
#define PACKETS_MAX 64

struct iothread_probe {
	struct hv_bench bench; /* first: hv_bench_run's */
	const struct kind *kind;
	struct hv_disk disk;
	int near, far; /* the card's end of its peer and ours */
	uint64_t next; /* number of the next request or packet */
	cpu_set_t before;
	bool pinned;
};

/* ---- packets ---- */

static void make_packet(uint8_t *packet, uint64_t number)
{
	for (uint32_t k = 0; k < HV_PACKET_BYTES; k++)
		packet[k] = hv_sent_byte(number, k);
}

/* What the guest has sent must be there, in order, and no more than that. */
static int take_packets(struct iothread_probe *p, uint64_t n, struct err *e)
{
	uint8_t packet[HV_PACKET_BYTES + 1], wanted[HV_PACKET_BYTES];
	for (uint64_t i = 0; i <= n; i++) {
		ssize_t got = recv(p->far, packet, sizeof(packet), MSG_DONTWAIT);
		if (i == n && got < 0)
			return 0;
		make_packet(wanted, p->next + i);
		if (i == n || got != (ssize_t)sizeof(wanted) ||
		    memcmp(packet, wanted, sizeof(wanted)) != 0)
			return err_set(e, ERR_CORRUPT, "packet %llu of %llu is not what was sent",
				       (unsigned long long)i, (unsigned long long)n);
	}
	return 0;
}

/* ---- a batch ---- */

/* Whether everything came, and each bell was an exit. */
static int check(struct iothread_probe *p, uint64_t n, const struct hv_counters *before,
		 const struct hv_batch *batch, struct err *e)
{
	const struct hv_counters *now = &p->bench.vm->counters;
	uint64_t requests = n * p->kind->depth;
	double bells = (double)(now->bells - before->bells);
	if (now->completions - before->completions != requests)
		return err_set(e, ERR_CORRUPT, "%llu of %llu requests came back",
			       (unsigned long long)(now->completions - before->completions),
			       (unsigned long long)requests);
	if (now->exits - before->exits != 1) /* the yield */
		return err_set(e, ERR_CORRUPT, "a bell left the kernel");
	if (batch->exits < bells)
		return err_set(e, ERR_CORRUPT, "%.0f bells and %.0f exits", bells, batch->exits);
	if (p->kind->what == SEND)
		return take_packets(p, n, e);
	uint64_t sum = hv_disk_sum(&p->disk, p->next, requests, 1);
	return p->bench.checksum == sum ? 0
					: err_set(e, ERR_CORRUPT,
						  "the guest did not get what was "
						  "there");
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct iothread_probe *p = ctx;
	struct hv_counters before = p->bench.vm->counters;
	if (p->kind->what == READ)
		p->bench.arg = p->next;
	int rc = hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	if (!rc)
		rc = check(p, n, &before, batch, e);
	p->next += n * p->kind->depth;
	return rc;
}

/* ---- setting up ---- */

static void teardown(struct hv_work *work)
{
	struct iothread_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	if (p->near >= 0)
		close(p->near);
	if (p->far >= 0)
		close(p->far);
	hv_disk_close(&p->disk);
	if (p->pinned)
		hv_unpin(&p->before);
	free(p);
}

/* The devices of a kind, *count of them; on failure none is left. */
static int make_devices(struct iothread_probe *p, const struct hv_probe_env *env,
			struct hv_device *devices, unsigned *count, struct err *e)
{
	int ends[2], rc;
	*count = 0;
	if (p->kind->what == READ) {
		rc = hv_disk_open(&p->disk, env->scratch, e);
		if (!rc)
			rc = hv_virtio_blk_make(&devices[0], p->disk.fd, p->disk.bytes, e);
		*count = !rc;
		return rc;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return err_sys(e, errno, "socketpair");
	p->far = ends[0];
	p->near = ends[1];
	rc = hv_virtio_send_make(&devices[0], HV_NET_PORT, HV_NET_HEADER_BYTES, p->near, e);
	if (!rc)
		rc = hv_virtio_recv_make(&devices[1], HV_NET_RECEIVE_PORT, HV_NET_HEADER_BYTES,
					 p->near, e);
	*count = rc ? 0 : 2;
	if (rc && devices[0].ops)
		devices[0].ops->close(devices[0].state);
	return rc;
}

static int start(struct iothread_probe *p, const struct hv_probe *probe,
		 const struct hv_probe_env *env, struct err *e)
{
	struct hv_device devices[2] = {0};
	struct hv_bench_options options = {
		.device = devices, .interrupts = p->kind->interrupts, .iothread = true};
	struct hv_batch ignored;
	int core, other;
	int rc = hv_pin_choose(&core, &other, e);
	if (!rc)
		rc = hv_pin(core, &p->before, e);
	p->pinned = rc == 0;
	if (!rc)
		rc = make_devices(p, env, devices, &options.devices, e);
	if (!rc)
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (!rc)
		rc = hv_pin_thread(hv_iothread_thread(p->bench.vm), other, e);
	if (!rc && p->kind->interrupts)
		rc = hv_bench_run(&p->bench, HV_OP_START_EVENTS, 1, &ignored, e);
	if (!rc && p->kind->what != READ)
		rc = hv_bench_run(&p->bench, HV_OP_QUEUE_START, 1, &ignored, e);
	return rc;
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct iothread_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->near = p->far = p->disk.fd = -1;
	p->kind = &kinds[probe->arg];
	*work = (struct hv_work){.body = body,
				 .empty = hv_bench_empty,
				 .ctx = p,
				 /* The thread is let go and stopped around each batch. */
				 .batch_ns = p->kind->think_ns ? 3000000 : 0,
				 .max_n = p->kind->what == READ ? 0 : PACKETS_MAX,
				 .exits_per_op = p->kind->bells,
				 /* Two threads, of which one sleeps by turns. */
				 .max_noise = 0.25,
				 .max_nonlinear = 0.25};
	int rc = p->kind->think_ns && !(env->ticks_per_ns > 0)
			 ? err_set(e, ERR_UNSUPPORTED, "the guest's clock has no known rate")
			 : start(p, probe, env, e);
	p->bench.without = p->kind->without;
	p->bench.depth = p->kind->depth;
	p->bench.arg = (uint64_t)((double)p->kind->think_ns * env->ticks_per_ns);
	if (rc)
		teardown(work);
	else if (!p->bench.counts_exits)
		work->exits_per_op = NAN;
	return rc;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	int core, other, rc = hv_bench_valid(probe, env, e);
	if (!rc)
		rc = hv_pin_choose(&core, &other, e);
	return rc;
}

#define ROW(name_, kind, depth, text)                                                              \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text, .composed = true,   \
		.two_cores = true, .per_op = depth, .valid = valid, .setup = setup,                \
		.teardown = teardown, .arg = kind                                                  \
	}
#define THERE ", device in a thread on another core"

const struct hv_probe hv_probe_iothread[] = {
	ROW("blk.read_4k_iothread.para", READ_POLLED, 1,
	    "4 KiB from a warm file through a virtqueue" THERE ", polled, empty loop subtracted"),
	ROW("blk.read_4k_iothread_irq.para", READ_IRQ, 1,
	    "4 KiB from a warm file through a virtqueue" THERE
	    ", completion by interrupt (event index), empty loop subtracted"),
	ROW("blk.read_4k_qd16_iothread.para", READ_QD16, 16,
	    "4 KiB from a warm file through a virtqueue, 16 in flight" THERE
	    ", polled, empty loop subtracted"),
	ROW("net.send_1500_iothread.para", SEND_AT_ONCE, 1,
	    "a 1500-byte packet of a stream of 64 through a virtqueue" THERE
	    ", making it subtracted"),
	ROW("net.send_1500_iothread_10us.para", SEND_10_US, 1,
	    "the same with 10 us of work between two packets, subtracted"),
	ROW("net.send_1500_iothread_100us.para", SEND_100_US, 1,
	    "the same with 100 us of work between two packets, subtracted"),
	{0},
};
