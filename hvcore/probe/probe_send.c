/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The composed operations "write a line to the console" and "send a packet" in a guest, full (UART,
 * RTL8139) and para (virtqueues). Behind the device is a pipe or a socket; what comes out of it is
 * compared, byte by byte, with what the guest was to send, outside of the batches' time. Making the
 * line or packet is subtracted.
 */
#include "hvcore/device/devices.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What one kind of row differs in from another. */
struct world {
	enum hv_op op, make;
	uint32_t bytes;
	uint64_t max_n;	    /* as many as the peer holds */
	uint64_t vmm_exits; /* of one operation, that reach the VMM */
};

enum kind { UART, CONSOLE, RTL8139, NET };

static const struct world worlds[] = {
	[UART] = {HV_OP_UART_LINE, HV_OP_MAKE_LINE, HV_LINE_BYTES, 256, 2 * HV_LINE_BYTES},
	[CONSOLE] = {HV_OP_CONSOLE_LINE, HV_OP_MAKE_LINE, HV_LINE_BYTES, 256, 1},
	[RTL8139] = {HV_OP_RTL8139_SEND, HV_OP_MAKE_PACKET, HV_PACKET_BYTES, 32, 4},
	[NET] = {HV_OP_VIRTIO_SEND, HV_OP_MAKE_PACKET, HV_PACKET_BYTES, 32, 1},
};

struct send_probe {
	struct hv_bench bench; /* first: hv_bench_run's */
	const struct world *world;
	int near, far;		 /* the device's end of the peer and ours */
	uint64_t sent, received; /* operations; bytes for received, as lines may arrive in parts */
};

static uint8_t expected_byte(const struct world *w, uint64_t at)
{
	uint32_t k = (uint32_t)(at % w->bytes);
	bool newline = w->make == HV_OP_MAKE_LINE && k == w->bytes - 1;
	return newline ? '\n' : hv_sent_byte(at / w->bytes, k);
}

/* Empties the peer and compares. */
static int before(void *ctx, uint64_t n, struct err *e)
{
	struct send_probe *p = ctx;
	uint8_t bytes[4096];
	ssize_t got;
	(void)n;
	while ((got = read(p->far, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < got; i++)
			if (bytes[i] != expected_byte(p->world, p->received++))
				return err_set(e, ERR_CORRUPT,
					       "byte %llu is not what the guest sent",
					       (unsigned long long)p->received - 1);
	if (p->received != p->sent * p->world->bytes)
		return err_set(e, ERR_CORRUPT, "%llu of %llu bytes arrived",
			       (unsigned long long)p->received,
			       (unsigned long long)(p->sent * p->world->bytes));
	return 0;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct send_probe *p = ctx;
	uint64_t exits = p->bench.vm->counters.exits;
	int rc = hv_bench_run(&p->bench, p->world->op, n, batch, e);
	exits = p->bench.vm->counters.exits - exits - 1; /* without the yield */
	if (!rc && exits != n * p->world->vmm_exits)
		rc = err_set(e, ERR_CORRUPT, "%.3f exits to the VMM per operation",
			     (double)exits / (double)n);
	p->sent += n;
	return rc;
}

static int make(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct send_probe *p = ctx;
	return hv_bench_run(&p->bench, p->world->make, n, batch, e);
}

static int open_peer(struct send_probe *p, enum kind kind, struct err *e)
{
	int ends[2];
	bool packets = kind == RTL8139 || kind == NET;
	if (packets ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends)
		    : pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		return err_sys(e, errno, packets ? "socketpair" : "pipe2");
	p->far = ends[0];
	p->near = ends[1];
	return 0;
}

static int make_device(struct hv_device *device, enum kind kind, int fd, struct err *e)
{
	switch (kind) {
	case UART:
		return hv_uart_make(device, fd, e);
	case CONSOLE:
		return hv_virtio_send_make(device, HV_CONSOLE_PORT, 0, fd, e);
	case RTL8139:
		return hv_rtl8139_make(device, fd, e);
	case NET:
		return hv_virtio_send_make(device, HV_NET_PORT, HV_NET_HEADER_BYTES, fd, e);
	}
	return err_set(e, ERR_INTERNAL, "no such device");
}

static void teardown(struct hv_work *work)
{
	struct send_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	if (p->near >= 0)
		close(p->near);
	if (p->far >= 0)
		close(p->far);
	free(p);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct send_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	enum kind kind = (enum kind)probe->arg;
	p->near = p->far = -1;
	p->world = &worlds[kind];
	*work = (struct hv_work){.before = before,
				 .body = body,
				 .empty = make,
				 .ctx = p,
				 .max_n = p->world->max_n,
				 .exits_per_op = NAN};
	struct hv_device device;
	int rc = open_peer(p, kind, e);
	if (!rc)
		rc = make_device(&device, kind, p->near, e);
	if (!rc) {
		const struct hv_bench_options options = {.device = &device};
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	}
	if (rc)
		teardown(work);
	else if (p->bench.counts_exits)
		work->exits_per_op = (double)p->world->vmm_exits;
	return rc;
}

static int check(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	(void)m;
	return before(work->ctx, 0, e);
}

#define ROW(name_, backend_, kind, text)                                                           \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .composed = true,                \
		.method = text ", making it subtracted", .valid = hv_bench_valid, .setup = setup,  \
		.teardown = teardown, .check = check, .arg = kind                                  \
	}
#define ROWS(backend)                                                                              \
	ROW("console.line.full", backend, UART,                                                    \
	    "80 bytes through a UART, its status read before each"),                               \
		ROW("console.line.para", backend, CONSOLE, "80 bytes through a virtqueue"),        \
		ROW("net.send_1500.full", backend, RTL8139,                                        \
		    "a 1500-byte packet by the registers of an RTL8139"),                          \
		ROW("net.send_1500.para", backend, NET, "a 1500-byte packet through a virtqueue")

const struct hv_probe hv_probe_send[] = {
	ROWS("kvm"),
	ROWS("trap"),
	ROWS("emulator"),
	{0},
};
