/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/cpus.h"
#include "hvcore/hv.h"
#include "hvcore/iothread.h"
#include "hvcore/window.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The longest that a guest's wait takes without a look at its deadline; and, where there are
 * several processors, at what the others did. */
#define WAIT_MS_MAX	    1000
#define WAIT_MS_MAX_SEVERAL 5

static void fill_boot_block(struct hv_vm *vm)
{
	struct hv_boot *boot = hv_mem_at(&vm->mem, HV_BOOT_GPA, sizeof(*boot));
	boot->magic = HV_BOOT_MAGIC;
	boot->mem_bytes = vm->mem.size;
	boot->cpus = vm->config.cpus;
	if (vm->config.argument)
		snprintf(boot->argument, sizeof(boot->argument), "%s", vm->config.argument);
}

static int open_backend(struct hv_vm *vm, struct err *e)
{
	const struct hv_backend *backend = vm->config.backend;
	int rc = backend->open(vm, e);
	if (rc || !vm->config.interrupts || !backend->irqfd)
		return rc;
	vm->irq_line = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vm->irq_line < 0)
		return err_sys(e, errno, "an eventfd for the devices' interrupt");
	return backend->irqfd(vm, vm->irq_line, e);
}

static void close_line(struct hv_vm *vm)
{
	if (vm->irq_line >= 0)
		close(vm->irq_line);
}

void hv_vm_step_done(struct hv_vm *vm, enum hv_step step)
{
	if (vm->config.steps)
		vm->config.steps->done_ns[step] = hv_clock_ns();
}

int hv_vm_open(struct hv_vm **out, const struct hv_config *config, struct err *e)
{
	*out = NULL;
	if (!config->backend->open)
		return err_set(e, ERR_UNSUPPORTED, "backend %s runs no guest images",
			       config->backend->name);
	struct hv_vm *vm = calloc(1, sizeof(*vm));
	if (!vm)
		return err_set(e, ERR_NOMEM, "no memory for a virtual machine");
	vm->config = *config;
	vm->mem.fd = -1; /* what is closed may never have been opened */
	vm->irq_line = -1;
	if (!vm->config.entry)
		vm->config.entry = HV_IMAGE_GPA;
	if (!vm->config.cpus)
		vm->config.cpus = 1;
	uint64_t bytes = config->mem_bytes ? config->mem_bytes : HV_MEM_DEFAULT;
	int rc = 0;
	if (config->large_pages && config->backend->peer)
		rc = err_set(e, ERR_UNSUPPORTED,
			     "guests of %s have a process of their own: no large pages",
			     config->backend->name);
	else
		rc = (config->large_pages ? hv_mem_open_large : hv_mem_open)(&vm->mem, bytes, e);
	if (!rc && hv_mem_write(&vm->mem, HV_IMAGE_GPA, config->image, config->image_bytes))
		rc = err_set(e, ERR_INVALID, "an image of %zu bytes does not fit in %llu MiB",
			     config->image_bytes, (unsigned long long)(vm->mem.size >> 20));
	if (!rc) {
		fill_boot_block(vm);
		hv_vm_step_done(vm, HV_STEP_MEMORY);
		rc = hv_cpus_open(vm, e);
		if (!rc) {
			rc = open_backend(vm, e);
			if (!rc)
				rc = hv_iothread_open(vm, e);
			if (rc) {
				hv_iothread_close(vm);
				config->backend->close(vm);
			}
		}
	}
	if (rc) {
		hv_cpus_close(vm);
		close_line(vm);
		hv_mem_close(&vm->mem);
		free(vm);
		return rc;
	}
	hv_vm_step_done(vm, HV_STEP_CPUS);
	*out = vm;
	return 0;
}

void hv_vm_close(struct hv_vm *vm)
{
	if (!vm)
		return;
	hv_iothread_close(vm);
	hv_cpus_close(vm);
	vm->config.backend->close(vm);
	close_line(vm);
	for (unsigned i = 0; i < vm->device_count; i++)
		vm->devices[i].ops->close(vm->devices[i].state);
	hv_vm_step_done(vm, HV_STEP_MACHINE_GONE);
	hv_mem_close(&vm->mem);
	free(vm);
}

int hv_vm_attach(struct hv_vm *vm, struct hv_device device, struct err *e)
{
	int rc = 0;
	if (vm->device_count == HV_DEVICES_MAX)
		rc = err_set(e, ERR_LIMIT, "more than %d devices", HV_DEVICES_MAX);
	for (unsigned i = 0; !rc && i < vm->device_count; i++) {
		const struct hv_device *d = &vm->devices[i];
		if (device.port < d->port + d->ports && d->port < device.port + device.ports)
			rc = err_set(e, ERR_EXISTS, "ports of %s and %s overlap", device.ops->name,
				     d->ops->name);
	}
	if (rc) {
		device.ops->close(device.state);
		return rc;
	}
	vm->devices[vm->device_count++] = device;
	return hv_iothread_attach(vm, vm->device_count - 1, e);
}

/* ---- hypercalls: each ends with true when the guest goes on ---- */

static bool end_run(struct hv_outcome *outcome, enum hv_outcome_kind kind, const char *text)
{
	outcome->kind = kind;
	snprintf(outcome->text, sizeof(outcome->text), "%s", text);
	return false;
}

static bool bad_call(struct hv_outcome *outcome, unsigned number, hv_gpa block)
{
	outcome->kind = HV_RUN_BAD_CALL;
	snprintf(outcome->text, sizeof(outcome->text),
		 "hypercall %u with an argument that is misaligned or not in the guest's own "
		 "memory (block at 0x%llx)",
		 number, (unsigned long long)block);
	return false;
}

static bool call_write(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome, int *rc,
		       struct err *e)
{
	struct hv_call_write call;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)))
		return bad_call(outcome, HV_CALL_WRITE, block);
	const char *text = hv_mem_at(&vm->mem, call.gpa, call.length);
	if (!text || call.length > HV_WRITE_MAX)
		return bad_call(outcome, HV_CALL_WRITE, block);
	if (vm->config.console)
		*rc = vm->config.console(vm->config.console_ctx, text, call.length, e);
	return *rc == 0;
}

static bool call_handler(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome, int *rc,
			 struct err *e)
{
	const struct hv_backend *backend = vm->config.backend;
	struct hv_call_handler call;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)) ||
	    !hv_mem_at(&vm->mem, call.handler, 1))
		return bad_call(outcome, HV_CALL_HANDLER, block);
	if (!backend->handler || !vm->config.interrupts)
		return end_run(outcome, HV_RUN_BAD_CALL, "this machine has no interrupts");
	*rc = backend->handler(vm, &call, e);
	__atomic_store_n(&vm->handled, *rc == 0, __ATOMIC_RELAXED);
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	return *rc == 0;
}

static bool call_release(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome)
{
	struct hv_call_release call;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)) || call.gpa % 4096 ||
	    call.bytes % 4096 || !hv_mem_at(&vm->mem, call.gpa, call.bytes))
		return bad_call(outcome, HV_CALL_RELEASE, block);
	call.failed = hv_mem_release(&vm->mem, call.gpa, call.bytes) != 0;
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	return true;
}

/* For any number of completions one interrupt. */
int hv_vm_interrupt(struct hv_vm *vm, struct err *e)
{
	const uint64_t one = 1;
	if (!__atomic_load_n(&vm->interrupt, __ATOMIC_RELAXED) ||
	    !__atomic_exchange_n(&vm->interrupt, false, __ATOMIC_RELAXED) ||
	    !__atomic_load_n(&vm->handled, __ATOMIC_RELAXED))
		return 0;
	__atomic_fetch_add(&vm->counters.interrupts, 1, __ATOMIC_RELAXED);
	if (vm->irq_line < 0)
		return vm->config.backend->raise(vm, 0, e);
	return write(vm->irq_line, &one, sizeof(one)) == (ssize_t)sizeof(one)
		       ? 0
		       : err_sys(e, errno, "the devices' interrupt");
}

/* How long a guest may wait until somebody looks at its deadline again. */
static uint64_t wait_limit_ms(const struct hv_vm *vm)
{
	uint64_t now = hv_clock_ns();
	uint64_t left_ms = now < vm->deadline_ns ? (vm->deadline_ns - now) / 1000000 + 1 : 0;
	uint64_t most_ms = vm->config.cpus > 1 ? WAIT_MS_MAX_SEVERAL : WAIT_MS_MAX;
	return left_ms < most_ms ? left_ms : most_ms;
}

/* Sleeps until one of the descriptors is ready, a signal comes or the deadline nears; the other
 * processors go on meanwhile. Returns what poll does. */
static int sleep_on(struct hv_vm *vm, struct pollfd *waits, nfds_t n)
{
	int limit_ms = (int)wait_limit_ms(vm);
	hv_cpus_unlock(vm);
	int ready = poll(waits, n, limit_ms);
	int failure = errno;
	hv_cpus_lock(vm);
	errno = failure;
	return ready;
}

/* The devices whose peers a processor looks after itself. */
static nfds_t find_receivers(struct hv_vm *vm, struct pollfd *waits, struct hv_device **devices)
{
	nfds_t n = 0;
	for (unsigned i = 0; i < vm->device_count; i++)
		if (vm->devices[i].ops->input && !hv_iothread_serves(vm, &vm->devices[i])) {
			devices[n] = &vm->devices[i];
			int fd = devices[n]->ops->input(devices[n]->state);
			waits[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
		}
	return n;
}

/* Whether there is anything but an interrupt that a wait could end with. */
static bool somebody_gives(const struct hv_vm *vm)
{
	for (unsigned i = 0; i < vm->device_count; i++)
		if (vm->devices[i].ops->input)
			return true;
	return vm->iothread && !vm->config.interrupts;
}

/* Sleeps until a device has received something, which it then takes in, or the iothread has given
 * something back. Returns how many have, or minus errno. */
static int await_devices(struct hv_vm *vm, unsigned cpu)
{
	struct pollfd waits[HV_DEVICES_MAX + 1];
	struct hv_device *devices[HV_DEVICES_MAX];
	nfds_t n = find_receivers(vm, waits, devices);
	int given = 0, answer = vm->iothread ? hv_iothread_begin_wait(vm, cpu) : -1;
	if (vm->iothread && answer < 0)
		return 1;
	waits[n] = (struct pollfd){.fd = answer, .events = POLLIN};
	int ready = sleep_on(vm, waits, n + (answer >= 0)), failure = errno;
	if (answer >= 0)
		given += hv_iothread_end_wait(vm, cpu);
	if (ready < 0 && failure != EINTR) /* the watchdog's signal */
		return -failure;
	for (nfds_t i = 0; ready > 0 && i < n; i++)
		if (waits[i].revents) {
			devices[i]->ops->arrived(vm, devices[i]->state);
			given++;
		}
	return given;
}

/* Without a device that receives, and with interrupts, until one of those comes. */
static bool call_wait(struct hv_vm *vm, unsigned cpu, hv_gpa block, struct hv_outcome *outcome,
		      int *rc, struct err *e)
{
	struct hv_call_wait call;
	uint64_t word;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)))
		return bad_call(outcome, HV_CALL_WAIT, block);
	call.ready = 0;
	/* The processor is out of the guest: what comes after this look is pending. */
	if (call.word && hv_mem_read(&vm->mem, call.word, &word, sizeof(word)))
		return bad_call(outcome, HV_CALL_WAIT, block);
	if (call.word && word != call.value) {
		hv_mem_write(&vm->mem, block, &call, sizeof(call));
		return true;
	}
	if (!somebody_gives(vm)) {
		hv_mem_write(&vm->mem, block, &call, sizeof(call));
		if (!vm->config.interrupts || !vm->config.backend->handler)
			return end_run(outcome, HV_RUN_HALTED,
				       "waits, and no device receives anything");
		*rc = vm->config.backend->wait ? vm->config.backend->wait(vm, cpu, e) : 0;
		return *rc == 0;
	}
	int given = await_devices(vm, cpu);
	if (given < 0)
		*rc = err_sys(e, -given, "waiting for the guest's devices");
	else
		call.ready = (uint32_t)given;
	if (!*rc)
		*rc = hv_vm_interrupt(vm, e);
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	if (hv_clock_ns() >= vm->deadline_ns)
		return end_run(outcome, HV_RUN_TIMEOUT, "the deadline passed");
	return *rc == 0;
}

static bool call_start(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome)
{
	struct hv_call_start call;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)))
		return bad_call(outcome, HV_CALL_START, block);
	const struct hv_start start = {call.entry, call.stack, call.argument};
	call.failed = !hv_cpus_start(vm, call.cpu, &start);
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	return true;
}

static bool call_stop(struct hv_vm *vm, unsigned cpu, struct hv_outcome *outcome)
{
	if (cpu == 0)
		return end_run(outcome, HV_RUN_HALTED, "the first processor switched itself off");
	hv_cpus_stop(vm, cpu);
	return true;
}

static bool call_ipi(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome, int *rc,
		     struct err *e)
{
	struct hv_call_ipi call;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)))
		return bad_call(outcome, HV_CALL_IPI, block);
	if (!vm->config.backend->raise || !vm->config.interrupts)
		return end_run(outcome, HV_RUN_BAD_CALL, "this machine has no interrupts");
	call.failed = call.cpu >= vm->config.cpus;
	if (!call.failed)
		*rc = vm->config.backend->raise(vm, call.cpu, e);
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	return *rc == 0;
}

static bool call_map(struct hv_vm *vm, hv_gpa block, struct hv_outcome *outcome, int *rc,
		     struct err *e)
{
	struct hv_call_map call;
	bool done;
	if (hv_mem_read(&vm->mem, block, &call, sizeof(call)))
		return bad_call(outcome, HV_CALL_MAP, block);
	*rc = hv_window_map(vm, &call, &done, e);
	call.failed = !done;
	hv_mem_write(&vm->mem, block, &call, sizeof(call));
	return *rc == 0;
}

static bool hypercall(struct hv_vm *vm, unsigned cpu, unsigned number, hv_gpa block,
		      struct hv_outcome *outcome, int *rc, struct err *e)
{
	struct hv_call_exit exit_call;
	struct hv_call_nop *nop;
	vm->counters.calls[number]++;
	if (block % (number == HV_CALL_YIELD ? 8 : 4))
		return bad_call(outcome, number, block);
	switch ((enum hv_call)number) {
	case HV_CALL_EXIT:
		if (hv_mem_read(&vm->mem, block, &exit_call, sizeof(exit_call)))
			return bad_call(outcome, number, block);
		outcome->kind = HV_RUN_EXITED;
		outcome->status = (int)(exit_call.status & 0xff);
		return false;
	case HV_CALL_WRITE:
		return call_write(vm, block, outcome, rc, e);
	case HV_CALL_YIELD:
		if (!hv_mem_at(&vm->mem, block, sizeof(struct hv_call_yield)))
			return bad_call(outcome, number, block);
		if (cpu != 0)
			return end_run(outcome, HV_RUN_BAD_CALL, "only the first processor yields");
		outcome->kind = HV_RUN_YIELDED;
		outcome->block = block;
		return false;
	case HV_CALL_NOP:
		nop = hv_mem_at(&vm->mem, block, sizeof(*nop));
		if (!nop)
			return bad_call(outcome, number, block);
		nop->answer = nop->value + 1;
		return true;
	case HV_CALL_HANDLER:
		return call_handler(vm, block, outcome, rc, e);
	case HV_CALL_RELEASE:
		return call_release(vm, block, outcome);
	case HV_CALL_WAIT:
		return call_wait(vm, cpu, block, outcome, rc, e);
	case HV_CALL_START:
		return call_start(vm, block, outcome);
	case HV_CALL_STOP:
		return call_stop(vm, cpu, outcome);
	case HV_CALL_IPI:
		return call_ipi(vm, block, outcome, rc, e);
	case HV_CALL_MAP:
		return call_map(vm, block, outcome, rc, e);
	case HV_CALL_COUNT:
		break;
	}
	return bad_call(outcome, number, block);
}

/* ---- ports ---- */

static struct hv_device *device_at(struct hv_vm *vm, uint16_t port)
{
	for (unsigned i = 0; i < vm->device_count; i++)
		if (port >= vm->devices[i].port &&
		    port - vm->devices[i].port < vm->devices[i].ports)
			return &vm->devices[i];
	return NULL;
}

static void device_access(struct hv_vm *vm, struct hv_device *d, const struct hv_exit *x)
{
	uint16_t offset = (uint16_t)(x->pio.port - d->port);
	if (x->pio.count > 1 && d->ops->block) {
		d->ops->block(vm, d->state, offset, x->pio.size, x->pio.write, x->pio.data,
			      x->pio.count);
		return;
	}
	uint8_t *at = x->pio.data;
	for (uint32_t i = 0; i < x->pio.count; i++, at += x->pio.size)
		d->ops->access(vm, d->state, offset, x->pio.size, x->pio.write, at);
}

/* The device works here and now, or its thread will. */
static int ring(struct hv_vm *vm, struct hv_device *d, struct err *e)
{
	if (hv_iothread_serves(vm, d))
		return hv_iothread_ring(vm, (unsigned)(d - vm->devices), e);
	vm->counters.bells++;
	d->ops->rung(vm, d->state);
	return hv_vm_interrupt(vm, e);
}

static bool port_access(struct hv_vm *vm, unsigned cpu, struct hv_exit *x,
			struct hv_outcome *outcome, int *rc, struct err *e)
{
	vm->counters.pio++;
	unsigned number = (unsigned)x->pio.port - HV_CALL_PORT;
	if (number < HV_CALL_COUNT && x->pio.write && x->pio.size == 4 && x->pio.count == 1) {
		uint32_t block;
		memcpy(&block, x->pio.data, sizeof(block));
		return hypercall(vm, cpu, number, block, outcome, rc, e);
	}
	struct hv_device *d = device_at(vm, x->pio.port);
	if (d && x->pio.write && d->ops->rung && x->pio.port == d->port + d->ops->bell)
		*rc = ring(vm, d, e);
	else if (x->pio.port == HV_IRQ_BELL_PORT && x->pio.write && vm->config.interrupts &&
		 vm->config.backend->raise)
		*rc = vm->config.backend->raise(vm, cpu, e);
	else if (d) {
		bool shared = hv_iothread_serves(vm, d);
		if (shared)
			hv_iothread_lock(vm);
		device_access(vm, d, x);
		if (shared)
			hv_iothread_unlock(vm);
		*rc = hv_vm_interrupt(vm, e);
	} else if (!x->pio.write) /* a bus where nobody answers */
		memset(x->pio.data, 0xff, (size_t)x->pio.size * x->pio.count);
	return *rc == 0;
}

static bool memory_access(struct hv_vm *vm, struct hv_exit *x, struct hv_outcome *outcome, int *rc,
			  struct err *e)
{
	vm->counters.mmio++;
	uint64_t offset = x->mmio.gpa - HV_TABLE_GPA;
	if (offset < 4096 && hv_window_is_there(vm)) {
		*rc = hv_window_access(vm, offset, x->mmio.size, x->mmio.write, x->mmio.data, e);
		return *rc == 0;
	}
	if (x->mmio.gpa - HV_MMIO_GPA < 4096) {
		if (!x->mmio.write)
			memset(x->mmio.data, 0, x->mmio.size);
		return true;
	}
	outcome->kind = HV_RUN_FAULT;
	snprintf(outcome->text, sizeof(outcome->text), "%s at 0x%llx, where there is nothing",
		 x->mmio.write ? "write" : "read", (unsigned long long)x->mmio.gpa);
	return false;
}

/* Does what an exit asks for. Returns whether the guest goes on. */
static bool dispatch(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, struct hv_outcome *outcome,
		     int *rc, struct err *e)
{
	switch (x->kind) {
	case HV_EXIT_PIO:
		return port_access(vm, cpu, x, outcome, rc, e);
	case HV_EXIT_MMIO:
		return memory_access(vm, x, outcome, rc, e);
	case HV_EXIT_CALL:
	case HV_EXIT_KICKED:
		return true;
	case HV_EXIT_HALT:
		if (vm->config.halt_returns)
			return true;
		return end_run(outcome, HV_RUN_HALTED, "halted, and nothing can wake it");
	case HV_EXIT_SHUTDOWN:
		return end_run(outcome, HV_RUN_SHUTDOWN, x->text);
	case HV_EXIT_FAULT:
		return end_run(outcome, HV_RUN_FAULT, x->text);
	case HV_EXIT_TIMEOUT:
		return end_run(outcome, HV_RUN_TIMEOUT, "the deadline passed");
	case HV_EXIT_INTERNAL:
		break;
	}
	return end_run(outcome, HV_RUN_BROKEN, x->text);
}

/* With the lock held: the first to end the run decides how it ended. */
static void end_for_all(struct hv_vm *vm, unsigned cpu, int rc, const struct hv_outcome *outcome,
			const struct err *e)
{
	if (vm->run.over)
		return;
	vm->run.over = true;
	vm->run.rc = rc;
	vm->run.outcome = *outcome;
	if (rc)
		vm->run.err = *e;
	hv_cpus_kick_all(vm, cpu);
}

void hv_vm_fail(struct hv_vm *vm, unsigned cpu, int rc, const struct err *e)
{
	const struct hv_outcome broken = {.kind = HV_RUN_BROKEN};
	hv_cpus_lock(vm);
	end_for_all(vm, cpu, rc, &broken, e);
	hv_cpus_unlock(vm);
}

void hv_vm_run_cpu(struct hv_vm *vm, unsigned cpu)
{
	struct hv_outcome outcome = {.kind = HV_RUN_BROKEN};
	struct hv_exit x;
	struct err e = {0};
	hv_cpus_lock(vm);
	while (!vm->run.over && hv_cpus_may_run(vm, cpu)) {
		hv_cpus_unlock(vm);
		int rc = vm->config.backend->step(vm, cpu, &x, vm->deadline_ns, &e);
		if (!rc && vm->config.delay_ns)
			hv_spin_ns(vm->config.delay_ns);
		hv_cpus_lock(vm);
		if (vm->run.over)
			break;
		vm->counters.exits += !rc && x.kind != HV_EXIT_KICKED;
		if (rc || !dispatch(vm, cpu, &x, &outcome, &rc, &e))
			end_for_all(vm, cpu, rc, &outcome, &e);
	}
	hv_cpus_unlock(vm);
}

int hv_vm_run(struct hv_vm *vm, uint64_t limit_ns, struct hv_outcome *outcome, struct err *e)
{
	vm->deadline_ns = hv_clock_ns() + limit_ns;
	hv_cpus_lock(vm);
	vm->run.over = false;
	hv_cpus_unlock(vm);
	hv_iothread_resume(vm);
	hv_cpus_resume(vm);
	hv_vm_run_cpu(vm, 0);
	hv_cpus_pause(vm);
	hv_iothread_pause(vm);
	*outcome = vm->run.outcome;
	if (vm->run.rc)
		*e = vm->run.err;
	return vm->run.rc;
}
