/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/mix.h"
#include "hvcore/clock.h"
#include "hvcore/host/pin.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Packets that fit into a socket's buffer with room to spare. */
enum { PACKETS_MAX = 64 };

const char *const hv_mix_names[] = {
#define MIX_NAME(id, name, text) name,
	HV_MIX_LIST(MIX_NAME)
#undef MIX_NAME
		NULL,
};

int hv_mix_set(struct hv_mix *mix, const char *assignment, struct err *e)
{
	const char *equals = strchr(assignment, '=');
	size_t n = equals ? (size_t)(equals - assignment) : 0;
	for (unsigned i = 0; equals && i < HV_MIX_TASK_OPS; i++) {
		char *end;
		if (strncmp(hv_mix_names[i], assignment, n) != 0 || hv_mix_names[i][n])
			continue;
		errno = 0;
		unsigned long value = strtoul(equals + 1, &end, 10);
		if (errno || end == equals + 1 || *end || equals[1] == '-' ||
		    value > HV_MIX_LENGTH_MAX)
			break;
		mix->count[i] = (uint32_t)value;
		return 0;
	}
	return err_set(e, ERR_INVALID,
		       "'%s' is no count of an operation (compute=10, blk_read=2, ...; at most %u)",
		       assignment, HV_MIX_LENGTH_MAX);
}

uint32_t hv_mix_length(const struct hv_mix *mix)
{
	uint32_t length = 0;
	for (unsigned i = 0; i < HV_MIX_OPS; i++)
		length += mix->count[i];
	return length;
}

int hv_mix_check(const struct hv_mix *mix, struct err *e)
{
	uint32_t length = hv_mix_length(mix);
	const uint32_t *count = mix->count;
	if (length < 1 || length > HV_MIX_LENGTH_MAX)
		return err_set(e, ERR_INVALID, "a task has 1 to %u operations, not %u",
			       HV_MIX_LENGTH_MAX, length);
	if (count[HV_MIX_PAGE_RELEASE] > count[HV_MIX_PAGE_TOUCH])
		return err_set(e, ERR_INVALID, "a task gives back only pages that it has touched");
	if (count[HV_MIX_PAGE_TOUCH] > HV_MIX_PAGES)
		return err_set(e, ERR_INVALID, "a task touches at most %u pages", HV_MIX_PAGES);
	if (count[HV_MIX_NET_TX] > PACKETS_MAX)
		return err_set(e, ERR_INVALID, "a task sends at most %d packets", PACKETS_MAX);
	return 0;
}

uint64_t hv_mix_batch(const struct hv_mix *mix)
{
	uint64_t most = 1u << 20;
	uint32_t touches = mix->count[HV_MIX_PAGE_TOUCH], packets = mix->count[HV_MIX_NET_TX];
	if (touches && HV_MIX_PAGES / touches < most)
		most = HV_MIX_PAGES / touches;
	if (packets && PACKETS_MAX / packets < most)
		most = PACKETS_MAX / packets;
	return most;
}

/* splitmix64, as for the disk's contents. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void swap(uint8_t *a, uint8_t *b)
{
	uint8_t t = *a;
	*a = *b;
	*b = t;
}

/* Where a page would be given back before there is one, the next touch comes first. */
static void touch_before_release(uint8_t *order, uint32_t length)
{
	uint32_t held = 0;
	for (uint32_t k = 0; k < length; k++) {
		uint32_t touch = k;
		if (order[k] == HV_MIX_PAGE_RELEASE && held == 0) {
			while (order[touch] != HV_MIX_PAGE_TOUCH)
				touch++;
			swap(&order[k], &order[touch]);
		}
		held += order[k] == HV_MIX_PAGE_TOUCH;
		held -= order[k] == HV_MIX_PAGE_RELEASE;
	}
}

void hv_mix_orders(const struct hv_mix *mix, uint8_t *orders)
{
	uint64_t state = mix->seed;
	uint32_t length = hv_mix_length(mix);
	for (unsigned i = 0; i < HV_MIX_ORDERS; i++, orders += length) {
		uint32_t at = 0;
		for (unsigned op = 0; op < HV_MIX_OPS; op++)
			for (uint32_t k = 0; k < mix->count[op]; k++)
				orders[at++] = (uint8_t)op;
		for (uint32_t k = length; k > 1; k--)
			swap(&orders[k - 1], &orders[next_random(&state) % k]);
		touch_before_release(orders, length);
	}
}

/* ---- the packets' other end ---- */

int hv_mix_peer_open(struct hv_mix_peer *peer, struct err *e)
{
	int ends[2];
	*peer = (struct hv_mix_peer){-1, -1, 0, 0};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return err_sys(e, errno, "socketpair");
	peer->far = ends[0];
	peer->near = ends[1];
	return 0;
}

void hv_mix_peer_close(struct hv_mix_peer *peer)
{
	if (peer->near >= 0)
		close(peer->near);
	if (peer->far >= 0)
		close(peer->far);
	peer->near = peer->far = -1;
}

int hv_mix_peer_drain(struct hv_mix_peer *peer, struct err *e)
{
	uint8_t packet[HV_PACKET_BYTES + 1];
	ssize_t got;
	while ((got = read(peer->far, packet, sizeof(packet))) > 0) {
		uint64_t number;
		memcpy(&number, packet, sizeof(number));
		if (got != HV_PACKET_BYTES || number != ++peer->received)
			return err_set(e, ERR_CORRUPT, "packet %llu is not what was sent",
				       (unsigned long long)peer->received);
	}
	if (peer->received != peer->sent)
		return err_set(e, ERR_CORRUPT, "%llu of %llu packets arrived",
			       (unsigned long long)peer->received, (unsigned long long)peer->sent);
	return 0;
}

/* ---- worlds ---- */

int hv_mix_open(const struct hv_mix *mix, const struct hv_backend *backend,
		struct hv_mix_devices devices, const struct hv_probe_env *env, struct hv_work *work,
		struct err *e)
{
	int rc = backend->available(e);
	if (!rc)
		rc = hv_mix_check(mix, e);
	if (rc)
		return rc;
	rc = backend->open ? hv_mix_guest_open(mix, backend, devices, env, work, e)
			   : hv_mix_os_open(mix, backend, env, work, e);
	if (rc)
		return rc;
	work->max_n = hv_mix_batch(mix);
	/* Few tasks to a batch, and a long body that more can get into: what is left of it is told
	 * as spread. */
	work->max_noise = work->max_nonlinear = 0.25;
	return 0;
}

void hv_mix_close(struct hv_work *work)
{
	struct hv_mix_world *world = work->ctx;
	world->close(world);
}

/* A task that takes tens of milliseconds (a guest whose string writes leave it word by word) is its
 * own average: the fewer batches then, for a third of a second in all. */
static int choose_batches(const struct hv_work *work, struct hv_measure_options *options,
			  struct err *e)
{
	struct hv_batch batch = {NAN, NAN, NAN, -1, NAN};
	int rc = work->before(work->ctx, 1, e);
	uint64_t start = hv_clock_ns();
	if (!rc)
		rc = work->body(work->ctx, 1, &batch, e);
	uint64_t fit = 300000000 / (hv_clock_ns() - start + 1);
	if (fit < options->batches)
		options->batches = fit < HV_BATCHES_FEW ? HV_BATCHES_FEW : (unsigned)fit;
	return rc;
}

int hv_mix_place(struct hv_mix_devices *devices, cpu_set_t *before, bool *pinned, struct err *e)
{
	int core;
	int rc = hv_pin_choose(&core, &devices->core, e);
	struct err ignored;
	*pinned = hv_pin(core, before, &ignored) == 0;
	return devices->iothread ? rc : 0;
}

int hv_mix_measure(const struct hv_mix *mix, const struct hv_backend *backend,
		   struct hv_mix_devices devices, const struct hv_probe_env *env,
		   struct hv_measurement *out, struct err *e)
{
	struct hv_work work = {0};
	bool pinned;
	cpu_set_t before;
	int rc = hv_mix_place(&devices, &before, &pinned, e);
	if (!rc)
		rc = hv_mix_open(mix, backend, devices, env, &work, e);
	if (!rc) {
		struct hv_measure_options options = hv_measure_defaults(env->quick);
		options.ticks_per_ns = env->ticks_per_ns;
		rc = choose_batches(&work, &options, e);
		if (!rc)
			rc = hv_measure(&work, &options, out, e);
		memcpy(out->note, work.note, sizeof(out->note));
		hv_mix_close(&work);
	}
	if (pinned)
		hv_unpin(&before);
	return rc;
}
