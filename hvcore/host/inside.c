/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/inside.h"
#include "hvcore/clock.h"
#include "hvcore/probe/lost.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A batch that takes longer than this hangs: batches are made of milliseconds. */
enum { BATCH_LIMIT_MS = 20000 };

struct request {
	uint64_t n;
	bool empty;
};

struct answer {
	double ns, ticks, lost;
	int failure; /* errno */
};

static struct answer run_loop(const struct inside *in, const struct request *r)
{
	struct answer a = {0};
	inside_loop loop = r->empty ? in->empty : in->body;
	struct hv_lost lost;
	a.failure = in->before ? in->before(in->arg, r->n) : 0;
	if (a.failure)
		return a;
	hv_lost_begin(&lost, in->peer);
	uint64_t t0 = hv_clock_ns(), c0 = hv_ticks();
	a.failure = loop(in->arg, r->n);
	a.ticks = (double)(hv_ticks() - c0);
	a.ns = (double)(hv_clock_ns() - t0);
	a.lost = hv_lost_end(&lost);
	return a;
}

/* Process 1 of the container: answers requests until the other end closes. */
static int serve(void *arg, int channel)
{
	const struct inside *in = arg;
	struct request r;
	struct err e = {0};
	if (in->prepare && in->prepare(in->arg, &e) == 0)
		e.code = ERR_OK;
	if (send(channel, &e, sizeof(e), MSG_NOSIGNAL) != sizeof(e) || e.code)
		return 1;
	while (recv(channel, &r, sizeof(r), 0) == sizeof(r)) {
		struct answer a = run_loop(arg, &r);
		if (send(channel, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			return 1;
	}
	return 0;
}

static int await(struct inside *in, void *answer, size_t size, struct err *e)
{
	struct pollfd p = {.fd = in->container.channel, .events = POLLIN};
	int n;
	do
		n = poll(&p, 1, BATCH_LIMIT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_set(e, ERR_TIMEOUT, "the container did not answer within %d s",
			       BATCH_LIMIT_MS / 1000);
	if (recv(p.fd, answer, size, 0) != (ssize_t)size)
		return err_set(e, ERR_IO, "the process in the container ended");
	return 0;
}

static int ask(struct inside *in, const struct request *r, struct answer *a, struct err *e)
{
	if (send(in->container.channel, r, sizeof(*r), MSG_NOSIGNAL) != sizeof(*r))
		return err_sys(e, errno, "asking the container");
	return await(in, a, sizeof(*a), e);
}

int inside_batch(struct inside *in, uint64_t n, bool empty, struct hv_batch *b, struct err *e)
{
	const struct request r = {.n = n, .empty = empty};
	struct answer a;
	if (in->contained) {
		int rc = ask(in, &r, &a, e);
		if (rc)
			return rc;
	} else {
		a = run_loop(in, &r);
	}
	if (a.failure)
		return err_sys(e, a.failure, "the operation failed");
	b->ns = a.ns;
	b->ticks = a.ticks;
	b->lost = a.lost;
	return 0;
}

static int body_batch(void *ctx, uint64_t n, struct hv_batch *b, struct err *e)
{
	return inside_batch(ctx, n, false, b, e);
}

static int empty_batch(void *ctx, uint64_t n, struct hv_batch *b, struct err *e)
{
	return inside_batch(ctx, n, true, b, e);
}

int inside_open(struct inside *in, const struct hv_probe *probe, struct hv_work *work,
		struct err *e)
{
	work->body = body_batch;
	work->empty = in->empty ? empty_batch : NULL;
	work->ctx = in;
	in->contained = strcmp(probe->backend, "container") == 0;
	if (!in->contained)
		return in->prepare ? in->prepare(in->arg, e) : 0;
	const struct hv_container_spec spec = {
		.want = in->layers ? in->layers : HV_LAYERS_ALL,
		.must = in->layers ? in->layers & ~HV_LAYER_BIT(HV_LAYER_USER)
				   : HV_LAYER_BIT(HV_LAYER_SECCOMP),
		.keep_capabilities = in->keep_capabilities,
		.main = serve,
		.arg = in,
	};
	struct err prepared;
	int rc = hv_container_create(&in->container, &spec, e);
	if (rc)
		return rc;
	rc = await(in, &prepared, sizeof(prepared), e);
	if (!rc && prepared.code)
		rc = err_set(e, prepared.code, "%s", prepared.text);
	if (rc) {
		inside_close(in);
		return rc;
	}
	if (in->container.missing[0])
		snprintf(work->note, sizeof(work->note), "without %.*s",
			 (int)sizeof(work->note) - 16, in->container.missing);
	return 0;
}

void inside_close(struct inside *in)
{
	struct err ignored;
	if (in->contained)
		hv_container_destroy(&in->container, &ignored);
}
