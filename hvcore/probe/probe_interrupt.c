/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What an interrupt costs the guest that is running: one eventfd is the guest's doorbell and its
 * interrupt line at once, so that ringing raises the interrupt and nothing else runs in between.
 * The same number of rings on a bell without a line is subtracted.
 */
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct interrupt_probe {
	struct hv_bench bench; /* first: hv_bench_body casts */
	int line, bell;	       /* eventfds, -1: none */
};

static void teardown(struct hv_work *work)
{
	struct interrupt_probe *p = work->ctx;
	hv_bench_close(&p->bench);
	if (p->line >= 0)
		close(p->line);
	if (p->bell >= 0)
		close(p->bell);
	free(p);
}

static int ring_without_line(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	return hv_bench_run(ctx, HV_OP_DOORBELL, n, batch, e);
}

static int connect(struct interrupt_probe *p, struct err *e)
{
	struct hv_vm *vm = p->bench.vm;
	const struct hv_backend *backend = vm->config.backend;
	p->line = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->line < 0 || p->bell < 0)
		return err_sys(e, errno, "an eventfd for the doorbell");
	int rc = backend->irqfd(vm, p->line, e);
	if (!rc)
		rc = backend->doorbell(vm, HV_IRQ_BELL_PORT, p->line, e);
	return rc ? rc : backend->doorbell(vm, HV_DOORBELL_PORT, p->bell, e);
}

/* On backends whose bell leaves to the VMM anyway, the VMM raises the interrupt. */
static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct interrupt_probe *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	p->line = p->bell = -1;
	const struct hv_bench_options options = {.interrupts = true};
	int rc = hv_bench_open(&p->bench, hv_backend_find(probe->backend), env, &options, e);
	if (rc) {
		free(p);
		return rc;
	}
	p->bench.op = HV_OP_INTERRUPT;
	*work = (struct hv_work){
		.body = hv_bench_body, .empty = ring_without_line, .ctx = p, .exits_per_op = NAN};
	if (p->bench.vm->config.backend->irqfd)
		rc = connect(p, e);
	if (rc)
		teardown(work);
	return rc;
}

const struct hv_probe hv_probe_interrupt[] = {
	{.name = "irq.inject",
	 .unit = "ns",
	 .backend = "kvm",
	 .method = "interrupt by irqfd into the running guest, its handler and end, the doorbell "
		   "that "
		   "raised it subtracted",
	 .valid = hv_bench_valid,
	 .setup = setup,
	 .teardown = teardown},
	{.name = "irq.inject",
	 .unit = "ns",
	 .backend = "trap",
	 .method = "interrupt by a signal that stops the running guest, its handler and end, the "
		   "exit "
		   "that raised it subtracted",
	 .valid = hv_bench_valid,
	 .setup = setup,
	 .teardown = teardown},
	{.name = "irq.inject",
	 .unit = "ns",
	 .backend = "emulator",
	 .method = "interrupt between two pieces of translated code, its handler and end, the exit "
		   "that raised it subtracted",
	 .valid = hv_bench_valid,
	 .setup = setup,
	 .teardown = teardown},
	{0},
};
