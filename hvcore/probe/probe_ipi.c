/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interrupts that a guest's processor sends to another and timers that it sets, in machines whose
 * processors have a local APIC. The guest times each by its own counter, from the instruction that
 * sends or arms until it sees that the handler has run; what lies between two of them (the receiver
 * ends its interrupt, falls asleep) is not in the number.
 */
#include "hvcore/clock.h"
#include "hvcore/host/pin.h"
#include "hvcore/probe/guest_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Deep enough for a halted processor to be asleep. */
#define DELAY_NS       200000u
#define RATE_WINDOW_NS 20000000u

/* Of operations that take longer than what is measured of them. */
#define TIMED_MAX 32u

/* What a row measures. How many exits there are on the processor that sends or arms: */
enum exits {
	NOT_CLAIMED, /* so few in a batch, or so long, that the host's timer shows */
	ONE,
	ONE_BY_SOFTWARE, /* unless hardware sends it: not where the host's KVM emulates CPL0 */
};

struct kind {
	enum hv_op op;
	enum hv_ipi ipi;
	bool two, timed;
	enum exits exits;
	double max_noise;
};

enum row { IPI, IPI_HALTED, IPI_PV, IPI_PV_HALTED, TIMER_ARM, TIMER_FIRE, TIMER_FIRE_HALTED };

static const struct kind kinds[] = {
	[IPI] = {HV_OP_IPI, HV_IPI_APIC, true, true, ONE_BY_SOFTWARE, 0.25},
	[IPI_HALTED] = {HV_OP_IPI, HV_IPI_APIC_HALTED, true, true, NOT_CLAIMED, 0.25},
	[IPI_PV] = {HV_OP_IPI, HV_IPI_CALL, true, true, NOT_CLAIMED, 0.25},
	[IPI_PV_HALTED] = {HV_OP_IPI, HV_IPI_CALL_HALTED, true, true, NOT_CLAIMED, 0.25},
	[TIMER_ARM] = {HV_OP_TIMER_ARM, 0, false, false, ONE, 0},
	[TIMER_FIRE] = {HV_OP_TIMER_FIRE, 0, false, true, NOT_CLAIMED, 0.25},
	[TIMER_FIRE_HALTED] = {HV_OP_TIMER_FIRE_HALTED, 0, false, true, NOT_CLAIMED, 0.25},
};

struct event_probe {
	struct hv_bench bench; /* first: hv_bench_empty casts */
	const struct kind *kind;
	double ticks_per_ns;
	cpu_set_t before;
	bool pinned;
};

static void teardown(struct hv_work *work)
{
	struct event_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	if (p->pinned)
		hv_unpin(&p->before);
	free(p);
}

/* The time is the guest's, less what it had told the timer to wait. */
static int timed(struct event_probe *p, enum hv_op op, uint64_t arg, uint64_t n,
		 struct hv_batch *batch, struct err *e)
{
	p->bench.arg = arg;
	int rc = hv_bench_run(&p->bench, op, n, batch, e);
	double delay = op == HV_OP_IPI ? 0 : (double)arg;
	batch->ns = (double)p->bench.checksum / p->ticks_per_ns - delay * (double)n;
	batch->ticks = NAN;
	return rc;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct event_probe *p = ctx;
	if (!p->kind->timed)
		return hv_bench_run(&p->bench, p->kind->op, n, batch, e);
	return timed(p, p->kind->op, p->kind->two ? p->kind->ipi : DELAY_NS, n, batch, e);
}

static int empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct event_probe *p = ctx;
	if (!p->kind->timed)
		return hv_bench_empty(ctx, n, batch, e);
	return timed(p, HV_OP_IPI, HV_IPI_NONE, n, batch, e);
}

/* Threads of the machine's other processors are made on `other`, and stay there. */
static int open_on_two_cores(struct event_probe *p, const struct hv_probe *probe,
			     const struct hv_probe_env *env, const struct hv_bench_options *options,
			     struct err *e)
{
	int core, other;
	int rc = hv_pin_choose(&core, &other, e);
	if (!rc)
		rc = hv_pin(other, &p->before, e);
	p->pinned = rc == 0;
	if (!rc)
		rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, options, e);
	return rc ? rc : hv_pin(core, NULL, e);
}

static bool claims_one(const struct event_probe *p)
{
	bool software = p->bench.vm->config.regime == HV_REGIME_CPL3;
	return p->kind->exits == ONE || (p->kind->exits == ONE_BY_SOFTWARE && software);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct event_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	const struct kind *kind = p->kind = &kinds[probe->arg];
	const struct hv_bench_options options = {.interrupts = true, .cpus = kind->two ? 2 : 1};
	*work = (struct hv_work){.body = body,
				 .empty = empty,
				 .ctx = p,
				 .max_n = kind->timed ? TIMED_MAX : 0,
				 .exits_per_op = NAN,
				 .max_noise = kind->max_noise,
				 .max_nonlinear = kind->max_noise};
	p->ticks_per_ns = env->ticks_per_ns;
	int rc = p->ticks_per_ns > 0 ? 0 : hv_ticks_rate(RATE_WINDOW_NS, &p->ticks_per_ns, e);
	if (!rc)
		rc = kind->two ? open_on_two_cores(p, probe, env, &options, e)
			       : hv_bench_open(&p->bench, hv_backend_find(probe->backend), env,
					       &options, e);
	if (!rc && p->bench.counts_exits && claims_one(p))
		work->exits_per_op = 1;
	if (rc)
		teardown(work);
	return rc;
}

static int valid_two(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	int core, other, rc = hv_bench_valid(probe, env, e);
	return rc ? rc : hv_pin_choose(&core, &other, e);
}

#define ROW(name_, arg_, text)                                                                     \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text,                     \
		.valid = hv_bench_valid, .setup = setup, .teardown = teardown, .arg = arg_         \
	}

#define IPI_ROW(name_, arg_, text)                                                                 \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text, .two_cores = true,  \
		.valid = valid_two, .setup = setup, .teardown = teardown, .arg = arg_              \
	}

const struct hv_probe hv_probe_ipi[] = {
	IPI_ROW("ipi", IPI,
		"interrupt by the local APIC from one processor of the guest to another that "
		"runs, until its handler has counted it"),
	IPI_ROW("ipi.halted", IPI_HALTED, "the same to a processor that has halted"),
	IPI_ROW("ipi.pv", IPI_PV, "the same by a hypercall, to a processor that runs"),
	IPI_ROW("ipi.pv_halted", IPI_PV_HALTED,
		"the same by a hypercall, to a processor that has halted"),
	ROW("timer.arm", TIMER_ARM,
	    "count written to the local APIC's timer, which KVM arms, empty loop subtracted"),
	ROW("timer.fire", TIMER_FIRE,
	    "local APIC's timer armed, until its handler has run in the running guest, less the "
	    "200 us it was set to"),
	ROW("timer.fire_halted", TIMER_FIRE_HALTED, "the same, into a guest that halts meanwhile"),
	{0},
};
