/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a doorbell and its answer cost when somebody listens: the guest rings an ioeventfd and goes
 * on looking; a thread of the VMM, asleep on another core, wakes up and answers, by a word in the
 * guest's memory or by an interrupt. With time of the guest's own after each bell, in which the
 * listener falls asleep again: what the guest pays for the bell, which is to wake the other core,
 * and how long the answer then takes. (With nobody listening: doorbell.pio.)
 */
#include "hvcore/probe/guest_bench.h"
#include "hvcore/host/pin.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum how { BY_MEMORY, BY_INTERRUPT, ASLEEP, WAIT };

/* What the guest does, and what of it is subtracted. */
static const struct {
	enum hv_op op, without;
} work_of[] = {
	[BY_MEMORY] = {HV_OP_DOORBELL_MEMORY, HV_OP_EMPTY},
	[BY_INTERRUPT] = {HV_OP_INTERRUPT, HV_OP_EMPTY},
	[ASLEEP] = {HV_OP_BELL_RUNG, HV_OP_BELL_TIME},
	[WAIT] = {HV_OP_BELL_ANSWERED, HV_OP_BELL_RUNG},
};

/* Of the guest's own after a bell: long enough for any listener to be asleep. */
#define OWN_TIME_NS 100000

/* Where the struct hv_bell is: far from the guest's program. */
#define ANSWER_GPA (16ull << 20)

struct doorbell_probe {
	struct hv_bench bench; /* first: hv_bench_body casts */
	enum how how;
	int bell, line; /* eventfds, -1: none */
	int core;	/* of the listener */
	bool listening, stopping;
	pthread_t listener;
	cpu_set_t before;
	bool pinned;
};

static void *listen_and_answer(void *ctx)
{
	struct doorbell_probe *p = ctx;
	struct hv_bell *bell = hv_mem_at(&p->bench.vm->mem, ANSWER_GPA, sizeof(*bell));
	uint64_t rung, one = 1;
	cpu_set_t before;
	struct err ignored;
	hv_pin(p->core, &before, &ignored);
	while (read(p->bell, &rung, sizeof(rung)) == (ssize_t)sizeof(rung) &&
	       !__atomic_load_n(&p->stopping, __ATOMIC_ACQUIRE)) {
		if (p->how != BY_INTERRUPT)
			__atomic_fetch_add(&bell->answered, rung, __ATOMIC_RELEASE);
		else if (write(p->line, &one, sizeof(one)) != (ssize_t)sizeof(one))
			break;
	}
	return NULL;
}

static void teardown(struct hv_work *work)
{
	struct doorbell_probe *p = work->ctx;
	uint64_t one = 1;
	if (p->listening) {
		__atomic_store_n(&p->stopping, true, __ATOMIC_RELEASE);
		if (write(p->bell, &one, sizeof(one)) == (ssize_t)sizeof(one))
			pthread_join(p->listener, NULL);
	}
	hv_bench_close(&p->bench);
	if (p->bell >= 0)
		close(p->bell);
	if (p->line >= 0)
		close(p->line);
	if (p->pinned)
		hv_unpin(&p->before);
	free(p);
}

static int connect(struct doorbell_probe *p, struct err *e)
{
	struct hv_vm *vm = p->bench.vm;
	const struct hv_backend *backend = vm->config.backend;
	p->bell = eventfd(0, EFD_CLOEXEC);
	p->line = eventfd(0, EFD_CLOEXEC);
	if (p->bell < 0 || p->line < 0)
		return err_sys(e, errno, "eventfd");
	int rc = backend->irqfd(vm, p->line, e);
	uint16_t port = p->how == BY_INTERRUPT ? HV_IRQ_BELL_PORT : HV_DOORBELL_PORT;
	if (!rc)
		rc = backend->doorbell(vm, port, p->bell, e);
	if (rc)
		return rc;
	int failure = pthread_create(&p->listener, NULL, listen_and_answer, p);
	p->listening = failure == 0;
	return failure ? err_sys(e, failure, "a thread that listens") : 0;
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct doorbell_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->bell = p->line = -1;
	p->how = (enum how)probe->arg;
	*work = (struct hv_work){.body = hv_bench_body,
				 .empty = hv_bench_empty,
				 .ctx = p,
				 .exits_per_op = NAN,
				 /* A sleeping core's wake-up is not the same twice. */
				 .max_noise = 0.25,
				 .max_nonlinear = 0.25};
	int core;
	bool times = p->how == ASLEEP || p->how == WAIT;
	int rc = times && !(env->ticks_per_ns > 0)
			 ? err_set(e, ERR_UNSUPPORTED, "the guest's clock has no known rate")
			 : hv_pin_choose(&core, &p->core, e);
	if (!rc)
		rc = hv_pin(core, &p->before, e);
	p->pinned = rc == 0;
	const struct hv_bench_options options = {.interrupts = true};
	if (!rc)
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (!rc)
		rc = connect(p, e);
	p->bench.op = work_of[p->how].op;
	p->bench.without = work_of[p->how].without;
	p->bench.arg = ANSWER_GPA;
	struct hv_bell bell = {.ticks = (uint64_t)(OWN_TIME_NS * env->ticks_per_ns)};
	if (!rc && hv_mem_write(&p->bench.vm->mem, ANSWER_GPA, &bell, sizeof(bell)))
		rc = err_set(e, ERR_INTERNAL, "the bell is outside of memory");
	if (rc)
		teardown(work);
	return rc;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	int core, other, rc = hv_bench_valid(probe, env, e);
	if (!rc)
		rc = hv_pin_choose(&core, &other, e);
	if (!rc && core == other)
		rc = err_set(e, ERR_UNSUPPORTED, "needs two cores");
	return rc;
}

#define ROW(name_, how, text)                                                                      \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text, .two_cores = true,  \
		.valid = valid, .setup = setup, .teardown = teardown, .arg = how                   \
	}

const struct hv_probe hv_probe_doorbell[] = {
	ROW("doorbell.rtt_memory", BY_MEMORY,
	    "16-bit out to an ioeventfd, a thread asleep on another core, its answer in the "
	    "guest's memory"),
	ROW("doorbell.rtt_irq", BY_INTERRUPT,
	    "16-bit out to an ioeventfd, a thread asleep on another core, its answer an interrupt "
	    "by irqfd, handled"),
	ROW("doorbell.asleep", ASLEEP,
	    "16-bit out to an ioeventfd on which a thread on another core sleeps, 100 us of the "
	    "guest's own after it subtracted: what the bell costs who rings it"),
	ROW("doorbell.wait", WAIT,
	    "after doorbell.asleep, which is subtracted: until the thread's answer is in the "
	    "guest's memory"),
	{0},
};
