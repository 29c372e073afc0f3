/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A request as a service handles it: receive 64 bytes, read a 4 KiB block, compute over it, answer
 * 1 KiB. The handler is a process, or a process in a container; the client is this process, on the
 * other end of a socket, and what is measured is what it waits.
 */
#include "hvcore/probe/compute.h"
#include "hvcore/host/container.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_BYTES = sizeof(struct hv_ask), ANSWER_BYTES = HV_ANSWER_BYTES };

struct request {
	struct hv_container handler;
	struct hv_disk disk;
	uint64_t next;
	uint64_t block[HV_BLOCK_BYTES / 8];
};

static int handle(void *arg, int channel)
{
	struct request *r = arg;
	unsigned char ask[ASK_BYTES], answer[ANSWER_BYTES] = {0};
	while (recv(channel, ask, sizeof(ask), 0) == sizeof(ask)) {
		uint32_t block;
		memcpy(&block, ask, sizeof(block));
		if (pread(r->disk.fd, r->block, HV_BLOCK_BYTES, (off_t)block * HV_BLOCK_BYTES) !=
		    HV_BLOCK_BYTES)
			return 1;
		uint64_t result = hv_request_compute(r->block);
		memcpy(answer, &result, sizeof(result));
		if (send(channel, answer, sizeof(answer), MSG_NOSIGNAL) != sizeof(answer))
			return 1;
	}
	return 0;
}

static int exchange(struct request *r, uint32_t block, uint64_t *result)
{
	unsigned char ask[ASK_BYTES] = {0}, answer[ANSWER_BYTES];
	memcpy(ask, &block, sizeof(block));
	if (send(r->handler.channel, ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask) ||
	    recv(r->handler.channel, answer, sizeof(answer), 0) != sizeof(answer))
		return -1;
	memcpy(result, answer, sizeof(*result));
	return 0;
}

static int ask_many(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct request *r = ctx;
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t result;
		if (exchange(r, hv_block_at(r->next++), &result) != 0)
			return err_set(e, ERR_IO, "the process that should answer has ended");
	}
	return 0;
}

/* One more request, whose answer is computed here, too. */
static int request_check(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	struct request *r = work->ctx;
	uint32_t block = hv_block_at(r->next);
	uint64_t result = 0;
	(void)m;
	if (pread(r->disk.fd, r->block, HV_BLOCK_BYTES, (off_t)block * HV_BLOCK_BYTES) !=
	    HV_BLOCK_BYTES)
		return err_sys(e, errno, "reading a block");
	if (exchange(r, block, &result) != 0 || result != hv_request_compute(r->block))
		return err_set(e, ERR_CORRUPT, "the answer is not what the block gives");
	return 0;
}

static void request_teardown(struct hv_work *work)
{
	struct request *r = work->ctx;
	struct err ignored;
	hv_container_destroy(&r->handler, &ignored);
	hv_disk_close(&r->disk);
	free(r);
}

static int request_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct hv_work *work, struct err *e)
{
	struct request *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	int rc = hv_disk_open(&r->disk, env->scratch, e);
	if (rc) {
		free(r);
		return rc;
	}
	bool contained = strcmp(probe->backend, "container") == 0;
	const struct hv_container_spec spec = {
		.want = contained ? HV_LAYERS_ALL : 0,
		.must = contained ? HV_LAYER_BIT(HV_LAYER_SECCOMP) : 0,
		.main = handle,
		.arg = r,
	};
	rc = hv_container_create(&r->handler, &spec, e);
	if (rc) {
		hv_disk_close(&r->disk);
		free(r);
		return rc;
	}
	if (r->handler.missing[0])
		snprintf(work->note, sizeof(work->note), "without %.*s",
			 (int)sizeof(work->note) - 16, r->handler.missing);
	work->body = ask_many;
	work->ctx = r;
	work->max_noise = 0.2;
	work->max_nonlinear = 0.2;
	return 0;
}

#define ROW(row_name, row_backend, row_method)                                                     \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = true, .setup = request_setup, .teardown = request_teardown,            \
		.check = request_check                                                             \
	}

const struct hv_probe hv_probe_request[] = {
	ROW("request.native", "native",
	    "64 bytes to a process that reads 4 KiB, computes over them and answers 1 KiB"),
	ROW("request.os", "container",
	    "64 bytes to a process in a container that reads 4 KiB, computes over them and answers "
	    "1 KiB"),
	{0},
};
