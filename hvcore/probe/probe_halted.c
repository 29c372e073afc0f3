/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What it takes to wake a guest that has halted: a thread on another core raises its interrupt by
 * irqfd and looks at a word in its memory until the guest, past its handler, has gone on. Timed by
 * the host, one by one; what lies between (the guest falls asleep) is not in the number.
 */
#include "hvcore/clock.h"
#include "hvcore/host/pin.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Operations in a batch: each takes longer than what is measured of it. */
#define TIMED_MAX 32u

/* Far from the guest's program. */
#define HALTS_GPA (16ull << 20)

/* How long after it said so the guest is asleep, and how long it may take to do or say anything. */
#define ASLEEP_NS   100000u
#define PATIENCE_NS 2000000000u

struct halted_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	int line, core;	       /* an eventfd; of the thread that raises */
	uint64_t n, sum_ns;
	bool lost;
	cpu_set_t before;
	bool pinned;
};

static bool await(const uint64_t *word, uint64_t value)
{
	uint64_t start = hv_clock_ns();
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		if (hv_clock_ns() - start > PATIENCE_NS)
			return false;
	return true;
}

static void *raise_and_look(void *ctx)
{
	struct halted_probe *p = ctx;
	const struct hv_halts *halts = hv_mem_at(&p->bench.vm->mem, HALTS_GPA, sizeof(*halts));
	const uint64_t one = 1;
	struct err ignored;
	hv_pin(p->core, NULL, &ignored);
	for (uint64_t i = 1; !p->lost && i <= p->n; i++) {
		p->lost = !await(&halts->begun, i);
		hv_spin_ns(ASLEEP_NS);
		uint64_t start = hv_clock_ns();
		p->lost |= write(p->line, &one, sizeof(one)) != (ssize_t)sizeof(one) ||
			   !await(&halts->woken, i);
		p->sum_ns += hv_clock_ns() - start;
	}
	return NULL;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct halted_probe *p = ctx;
	const struct hv_halts none = {0};
	pthread_t thread;
	hv_mem_write(&p->bench.vm->mem, HALTS_GPA, &none, sizeof(none));
	p->n = n;
	p->sum_ns = 0;
	p->lost = false;
	int failure = pthread_create(&thread, NULL, raise_and_look, p);
	if (failure)
		return err_sys(e, failure, "a thread that raises interrupts");
	int rc = hv_bench_run(&p->bench, HV_OP_HALT, n, batch, e);
	pthread_join(thread, NULL);
	if (!rc && p->lost)
		rc = err_set(e, ERR_TIMEOUT, "the guest did not wake up");
	batch->ns = (double)p->sum_ns;
	batch->ticks = NAN;
	return rc;
}

static void teardown(struct hv_work *work)
{
	struct halted_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	if (p->line >= 0)
		close(p->line);
	if (p->pinned)
		hv_unpin(&p->before);
	free(p);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct halted_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->line = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* A sleeping core's wake-up is not the same twice. */
	*work = (struct hv_work){.body = body,
				 .ctx = p,
				 .max_n = TIMED_MAX,
				 .exits_per_op = NAN,
				 .max_noise = 0.25,
				 .max_nonlinear = 0.25};
	const struct hv_bench_options options = {.interrupts = true};
	int core,
		rc = p->line < 0 ? err_sys(e, errno, "eventfd") : hv_pin_choose(&core, &p->core, e);
	if (!rc)
		rc = hv_pin(core, &p->before, e);
	p->pinned = rc == 0;
	if (!rc)
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (!rc)
		rc = p->bench.vm->config.backend->irqfd(p->bench.vm, p->line, e);
	p->bench.arg = HALTS_GPA;
	if (rc)
		teardown(work);
	return rc;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	int core, other, rc = hv_bench_valid(probe, env, e);
	return rc ? rc : hv_pin_choose(&core, &other, e);
}

const struct hv_probe hv_probe_halted[] = {
	{.name = "irq.inject_halted",
	 .unit = "ns",
	 .backend = "kvm",
	 .method =
		 "interrupt by irqfd, from another core, into a guest that has halted and sleeps: "
		 "until it goes on after its handler",
	 .two_cores = true,
	 .valid = valid,
	 .setup = setup,
	 .teardown = teardown},
	{0},
};
