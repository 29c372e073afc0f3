/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Primitives whose operation runs inside the guest "probe": exits, hypercalls, doorbells.
 */
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct guest_probe {
	struct hv_bench bench; /* first: hv_bench_body casts */
	uint64_t expected;     /* coalesced writes since the ring was drained last */
	int doorbell;	       /* eventfd, -1: none */
	uint64_t other_pio;    /* port accesses besides yields that the guest's start made */
};

static void teardown(struct hv_work *work)
{
	struct guest_probe *g = work->ctx;
	hv_bench_close(&g->bench);
	if (g->doorbell >= 0)
		close(g->doorbell);
	free(g);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct guest_probe *g = calloc(1, sizeof(*g));
	if (!g)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	g->doorbell = -1;
	const struct hv_bench_options options = {.halt_returns = probe->arg == HV_OP_HLT};
	int rc = hv_bench_open(&g->bench, hv_backend_find(probe->backend), env, &options, e);
	if (rc) {
		free(g);
		return rc;
	}
	g->bench.op = (enum hv_op)probe->arg;
	if (g->bench.op == HV_OP_HYPERCALL)
		g->bench.without = HV_OP_HYPERCALL_BLOCK;
	*work = (struct hv_work){
		.body = hv_bench_body,
		.empty = hv_bench_empty,
		.ctx = g,
		.exits_per_op = g->bench.counts_exits ? 1 : NAN,
	};
	return 0;
}

/* Work without an exit of its own: those of the host's timer are not the work's. */
static int setup_uncounted(const struct hv_probe *probe, const struct hv_probe_env *env,
			   struct hv_work *work, struct err *e)
{
	int rc = setup(probe, env, work, e);
	work->exits_per_op = NAN;
	return rc;
}

static uint64_t other_pio(const struct guest_probe *g)
{
	const struct hv_counters *c = &g->bench.vm->counters;
	return c->pio - c->calls[HV_CALL_YIELD];
}

/* The doorbell: an eventfd in the kernel that nobody waits for. Its counter is the self-check. */
static int setup_doorbell(const struct hv_probe *probe, const struct hv_probe_env *env,
			  struct hv_work *work, struct err *e)
{
	int rc = setup(probe, env, work, e);
	if (rc)
		return rc;
	struct guest_probe *g = work->ctx;
	g->other_pio = other_pio(g);
	g->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->doorbell < 0)
		rc = err_sys(e, errno, "eventfd");
	else
		rc = g->bench.vm->config.backend->doorbell(g->bench.vm, HV_DOORBELL_PORT,
							   g->doorbell, e);
	if (rc)
		teardown(work);
	return rc;
}

static int check_doorbell(const struct hv_work *work, const struct hv_measurement *m, struct err *e)
{
	struct guest_probe *g = work->ctx;
	uint64_t rung = 0;
	if (read(g->doorbell, &rung, sizeof(rung)) != (ssize_t)sizeof(rung) ||
	    rung < m->batches * m->iterations)
		return err_set(e, ERR_CORRUPT, "the bell rang %llu times, fewer than it was pulled",
			       (unsigned long long)rung);
	if (other_pio(g) != g->other_pio)
		return err_set(e, ERR_CORRUPT, "the doorbell left the kernel");
	return 0;
}

/* Writes that KVM notes in a ring: exits that end in the kernel. The ring bounds the batch;
 * draining it before each one is also the count. */
static int before_coalesced(void *ctx, uint64_t n, struct err *e)
{
	struct guest_probe *g = ctx;
	uint64_t noted = g->bench.vm->config.backend->drain(g->bench.vm), expected = g->expected;
	(void)n;
	g->expected = 0;
	if (noted != expected)
		return err_set(e, ERR_CORRUPT, "%llu of %llu writes stayed in the kernel",
			       (unsigned long long)noted, (unsigned long long)expected);
	return 0;
}

static int body_coalesced(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct guest_probe *g = ctx;
	g->expected = n;
	return hv_bench_body(ctx, n, batch, e);
}

static int setup_coalesced(const struct hv_probe *probe, const struct hv_probe_env *env,
			   struct hv_work *work, struct err *e)
{
	int rc = setup(probe, env, work, e);
	if (rc)
		return rc;
	struct guest_probe *g = work->ctx;
	work->before = before_coalesced;
	work->body = body_coalesced;
	work->max_n = HV_COALESCED_MAX;
	bool port = g->bench.op == HV_OP_PIO;
	rc = g->bench.vm->config.backend->coalesce(g->bench.vm, port ? HV_NOP_PORT : HV_MMIO_GPA,
						   port, e);
	if (rc)
		teardown(work);
	return rc;
}

#define ROW(name_, backend_, op, text)                                                             \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.valid = hv_bench_valid, .setup = setup, .teardown = teardown, .arg = op           \
	}

#define KERNEL_ROW(name_, op, text)                                                                \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text,                     \
		.valid = hv_bench_valid_kernel, .setup = setup, .teardown = teardown, .arg = op    \
	}

#define COALESCED_ROW(name_, op, text)                                                             \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = "kvm", .method = text,                     \
		.valid = hv_bench_valid, .setup = setup_coalesced, .teardown = teardown, .arg = op \
	}

#define UNCOUNTED_ROW(name_, backend_, op, text)                                                   \
	{                                                                                          \
		.name = name_, .unit = "ns", .backend = backend_, .method = text,                  \
		.valid = hv_bench_valid, .setup = setup_uncounted, .teardown = teardown, .arg = op \
	}

#define INSTRUCTION_ROW(backend_)                                                                  \
	{                                                                                          \
		.name = "cpu.instruction", .unit = "ns", .backend = backend_,                      \
		.method = "one of 100 integer instructions in one chain of dependences",           \
		.per_op = HV_LOOP_INSTRUCTIONS, .valid = hv_bench_valid, .setup = setup_uncounted, \
		.teardown = teardown, .arg = HV_OP_LOOP                                            \
	}

const struct hv_probe hv_probe_guest[] = {
	ROW("exit.pio_user", "kvm", HV_OP_PIO,
	    "32-bit out to a port that user space answers, empty loop subtracted"),
	ROW("exit.mmio_user", "kvm", HV_OP_MMIO,
	    "32-bit store to an address that user space answers, empty loop subtracted"),
	ROW("exit.pio_in_user", "kvm", HV_OP_PIO_IN,
	    "32-bit in from a port that user space answers, empty loop subtracted"),
	ROW("exit.mmio_in_user", "kvm", HV_OP_MMIO_IN,
	    "32-bit load from an address that user space answers, empty loop subtracted"),
	KERNEL_ROW("exit.hlt", HV_OP_HLT,
		   "hlt without an interrupt controller in the kernel, which user space lets go on "
		   "at once, empty loop subtracted"),
	KERNEL_ROW("exit.cpuid", HV_OP_CPUID, "cpuid, answered by KVM, empty loop subtracted"),
	KERNEL_ROW("exit.msr", HV_OP_MSR, "rdmsr of EFER, answered by KVM, empty loop subtracted"),
	KERNEL_ROW("hypercall.vmcall", HV_OP_VMCALL,
		   "the processor's hypercall instruction, passed on to user space, empty loop "
		   "subtracted"),
	{.name = "doorbell.pio",
	 .unit = "ns",
	 .backend = "kvm",
	 .method = "16-bit out to an ioeventfd that nobody waits for, empty loop subtracted",
	 .valid = hv_bench_valid,
	 .setup = setup_doorbell,
	 .teardown = teardown,
	 .check = check_doorbell,
	 .arg = HV_OP_DOORBELL},
	COALESCED_ROW("exit.kernel", HV_OP_PIO,
		      "32-bit out that the kernel notes in a ring (coalesced), empty loop "
		      "subtracted"),
	COALESCED_ROW("exit.mmio_kernel", HV_OP_MMIO,
		      "32-bit store to an address without memory that the kernel notes in a ring "
		      "(coalesced), empty loop subtracted"),
	ROW("hypercall", "kvm", HV_OP_HYPERCALL,
	    "hypercall that adds one, the same loop with argument and answer in memory subtracted"),
	{.name = "switch.guest",
	 .unit = "ns",
	 .backend = "kvm",
	 .method = "load of CR3 with what is in it, empty loop subtracted",
	 .valid = hv_bench_valid_kernel,
	 .setup = setup_uncounted,
	 .teardown = teardown,
	 .arg = HV_OP_SWITCH},
	UNCOUNTED_ROW("switch.guest", "trap", HV_OP_SWITCH,
		      "load of CR3 that traps and is emulated, empty loop subtracted"),
	UNCOUNTED_ROW("switch.guest", "emulator", HV_OP_SWITCH,
		      "load of CR3 in the emulator, its translations forgotten, empty loop "
		      "subtracted"),
	INSTRUCTION_ROW("kvm"),
	INSTRUCTION_ROW("trap"),
	INSTRUCTION_ROW("emulator"),
	ROW("exit.pio_user", "trap", HV_OP_PIO,
	    "32-bit out that traps and is handed to the VMM's process, empty loop subtracted"),
	ROW("exit.mmio_user", "trap", HV_OP_MMIO,
	    "32-bit store that faults and is handed to the VMM's process, empty loop subtracted"),
	ROW("exit.mmio_in_user", "trap", HV_OP_MMIO_IN,
	    "32-bit load that faults and is handed to the VMM's process, empty loop subtracted"),
	ROW("hypercall", "trap", HV_OP_HYPERCALL,
	    "hypercall that adds one, the same loop with argument and answer in memory subtracted"),
	ROW("trap.privileged", "trap", HV_OP_PRIVILEGED,
	    "read of CR4 that traps and is emulated, empty loop subtracted"),
	ROW("exit.pio_user", "emulator", HV_OP_PIO,
	    "32-bit out that the emulator hands to the VMM, empty loop subtracted"),
	ROW("exit.mmio_user", "emulator", HV_OP_MMIO,
	    "32-bit store that the emulator hands to the VMM, empty loop subtracted"),
	ROW("exit.mmio_in_user", "emulator", HV_OP_MMIO_IN,
	    "32-bit load that the emulator hands to the VMM, empty loop subtracted"),
	ROW("hypercall", "emulator", HV_OP_HYPERCALL,
	    "hypercall that adds one, the same loop with argument and answer in memory subtracted"),
	ROW("trap.privileged", "emulator", HV_OP_PRIVILEGED,
	    "read of CR4 that is emulated as any instruction, empty loop subtracted"),
	{0},
};
