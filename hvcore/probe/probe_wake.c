/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Waking a sleeping thread: two threads pass a token to and fro through eventfds (what ioeventfd
 * and irqfd ring, too). Half of a round trip: one write, one wake-up, one read that returns.
 */
#include "hvcore/host/pin.h"
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SAME_CORE, CROSS_CORE };

struct wake {
	int to, back;  /* eventfds */
	int near, far; /* cores */
	cpu_set_t before;
	pthread_t partner;
	uint64_t answered; /* read only after the partner has ended or answered */
};

/* The token's value 1 is passed on; any larger value ends the partner. */
static void *answer(void *arg)
{
	struct wake *w = arg;
	struct err e;
	uint64_t token = hv_pin(w->far, NULL, &e) == 0 ? 1 : 2;
	/* The first token says whether pinning worked. */
	while (write(w->back, &token, sizeof(token)) == sizeof(token) && token == 1 &&
	       read(w->to, &token, sizeof(token)) == sizeof(token) && token == 1)
		w->answered++;
	return NULL;
}

static int wake_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	(void)batch;
	struct wake *w = ctx;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t token = 1;
		if (write(w->to, &token, sizeof(token)) != sizeof(token) ||
		    read(w->back, &token, sizeof(token)) != sizeof(token))
			return err_sys(e, errno, "passing a token through an eventfd");
	}
	return 0;
}

static int wake_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	(void)env;
	int a, b;
	int rc = hv_pin_choose(&a, &b, e);
	return rc == ERR_UNSUPPORTED && probe->arg == SAME_CORE ? 0 : rc;
}

static int start_partner(struct wake *w, struct err *e)
{
	uint64_t token = 0;
	int rc = pthread_create(&w->partner, NULL, answer, w);
	if (rc)
		return err_sys(e, rc, "starting a thread");
	if (read(w->back, &token, sizeof(token)) == sizeof(token) && token == 1)
		return 0;
	pthread_join(w->partner, NULL);
	return err_set(e, ERR_DENIED, "the second thread could not be moved to core %d", w->far);
}

static int wake_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e)
{
	(void)env;
	struct wake *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	hv_pin_choose(&w->near, &w->far, e);
	if (probe->arg == SAME_CORE)
		w->far = w->near;
	w->to = eventfd(0, EFD_CLOEXEC);
	w->back = eventfd(0, EFD_CLOEXEC);
	int rc = w->to < 0 || w->back < 0 ? err_sys(e, errno, "an eventfd") : 0;
	if (!rc)
		rc = hv_pin(w->near, &w->before, e);
	if (!rc && (rc = start_partner(w, e)))
		hv_unpin(&w->before);
	if (rc) {
		close(w->to);
		close(w->back);
		free(w);
		return rc;
	}
	work->body = wake_body;
	work->ctx = w;
	work->max_noise = 0.2; /* the scheduler has a say in this one */
	work->max_nonlinear = 0.2;
	return 0;
}

static void wake_teardown(struct hv_work *work)
{
	struct wake *w = work->ctx;
	uint64_t end = 2;
	if (write(w->to, &end, sizeof(end)) == sizeof(end))
		pthread_join(w->partner, NULL);
	hv_unpin(&w->before);
	close(w->to);
	close(w->back);
	free(w);
}

/* Every token of ours was answered: nobody slept through. */
static int wake_check(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	const struct wake *w = work->ctx;
	uint64_t least = m->iterations * m->batches;
	return w->answered >= least
		       ? 0
		       : err_set(e, ERR_CORRUPT, "%llu wake-ups answered, not %llu",
				 (unsigned long long)w->answered, (unsigned long long)least);
}

#define ROW(row_name, row_arg, row_method)                                                         \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = "native", .method = row_method,         \
		.per_op = 2, .valid = wake_valid, .setup = wake_setup, .teardown = wake_teardown,  \
		.check = wake_check, .arg = row_arg, .two_cores = true                             \
	}

const struct hv_probe hv_probe_wake[] = {
	ROW("wake.same_core", SAME_CORE,
	    "half of an eventfd round trip between two threads pinned to one core"),
	ROW("wake.cross_core", CROSS_CORE,
	    "half of an eventfd round trip between two threads pinned to two cores"),
	{0},
};
