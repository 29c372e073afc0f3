/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/cpus.h"
#include "hvcore/allow.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct cpu {
	struct hv_vm *vm;
	unsigned index;
	pthread_t thread;
	bool exists; /* the thread */
	bool on;     /* the guest has started it */
	bool fresh;  /* and it has not begun yet, with: */
	struct hv_start start;
	bool ready;  /* the thread needs nothing more that a sandbox forbids */
	bool inside; /* the thread is running the guest, or about to */
};

struct hv_cpus {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a thread may have something to do */
	pthread_cond_t idle; /* a thread is ready, or has left the guest */
	bool running, closing;
	unsigned count;
	struct cpu cpu[HV_CPUS_MAX]; /* 0 is the caller's thread: only `on` counts */
};

void hv_cpus_lock(struct hv_vm *vm)
{
	if (vm->cpus)
		pthread_mutex_lock(&vm->cpus->lock);
}

void hv_cpus_unlock(struct hv_vm *vm)
{
	if (vm->cpus)
		pthread_mutex_unlock(&vm->cpus->lock);
}

bool hv_cpus_may_run(const struct hv_vm *vm, unsigned cpu)
{
	const struct hv_cpus *cpus = vm->cpus;
	const struct cpu *c = cpus ? &cpus->cpu[cpu] : NULL;
	/* Fresh: stopped, and started again before its thread came round. */
	return !cpus || cpu == 0 || (cpus->running && c->on && !c->fresh);
}

static bool has_work(const struct cpu *c)
{
	return c->on && c->vm->cpus->running && !c->vm->run.over;
}

static void *cpu_thread(void *ctx)
{
	struct cpu *c = ctx;
	struct hv_vm *vm = c->vm;
	struct hv_cpus *cpus = vm->cpus;
	hv_capabilities_drop(); /* the sandbox does it for the caller's thread only */
	pthread_mutex_lock(&cpus->lock);
	c->ready = true;
	pthread_cond_signal(&cpus->idle);
	for (;;) {
		while (!cpus->closing && !has_work(c))
			pthread_cond_wait(&cpus->work, &cpus->lock);
		if (cpus->closing)
			break;
		struct err e;
		bool fresh = c->fresh;
		c->fresh = false;
		c->inside = true;
		int rc = fresh ? vm->config.backend->start(vm, c->index, &c->start, &e) : 0;
		pthread_mutex_unlock(&cpus->lock);
		if (rc)
			hv_vm_fail(vm, c->index, rc, &e);
		else
			hv_vm_run_cpu(vm, c->index);
		pthread_mutex_lock(&cpus->lock);
		c->inside = false;
		pthread_cond_signal(&cpus->idle);
	}
	pthread_mutex_unlock(&cpus->lock);
	return NULL;
}

int hv_cpus_open(struct hv_vm *vm, struct err *e)
{
	unsigned count = vm->config.cpus;
	unsigned most = vm->config.backend->cpus ? vm->config.backend->cpus : 1;
	if (count <= 1 && !vm->config.iothread)
		return 0;
	if (count > most || count > HV_CPUS_MAX)
		return err_set(e, ERR_UNSUPPORTED,
			       "not available: machines of %s have %u processor%s",
			       vm->config.backend->name, most, most == 1 ? "" : "s at most");
	struct hv_cpus *cpus = calloc(1, sizeof(*cpus));
	if (!cpus)
		return err_set(e, ERR_NOMEM, "no memory for a machine's processors");
	pthread_mutex_init(&cpus->lock, NULL);
	pthread_cond_init(&cpus->work, NULL);
	pthread_cond_init(&cpus->idle, NULL);
	cpus->count = count;
	vm->cpus = cpus;
	for (unsigned i = 1; i < count; i++) {
		struct cpu *c = &cpus->cpu[i];
		c->vm = vm;
		c->index = i;
		int failure = pthread_create(&c->thread, NULL, cpu_thread, c);
		if (failure)
			return err_sys(e, failure, "a thread for processor %u", i);
		c->exists = true;
		pthread_mutex_lock(&cpus->lock);
		while (!c->ready)
			pthread_cond_wait(&cpus->idle, &cpus->lock);
		pthread_mutex_unlock(&cpus->lock);
	}
	return 0;
}

void hv_cpus_close(struct hv_vm *vm)
{
	struct hv_cpus *cpus = vm->cpus;
	if (!cpus)
		return;
	pthread_mutex_lock(&cpus->lock);
	cpus->closing = true;
	pthread_cond_broadcast(&cpus->work);
	pthread_mutex_unlock(&cpus->lock);
	for (unsigned i = 1; i < cpus->count; i++)
		if (cpus->cpu[i].exists)
			pthread_join(cpus->cpu[i].thread, NULL);
	pthread_cond_destroy(&cpus->idle);
	pthread_cond_destroy(&cpus->work);
	pthread_mutex_destroy(&cpus->lock);
	free(cpus);
	vm->cpus = NULL;
}

void hv_cpus_resume(struct hv_vm *vm)
{
	if (!vm->cpus)
		return;
	hv_cpus_lock(vm);
	vm->cpus->running = true;
	pthread_cond_broadcast(&vm->cpus->work);
	hv_cpus_unlock(vm);
}

void hv_cpus_kick_all(struct hv_vm *vm, unsigned self)
{
	struct hv_cpus *cpus = vm->cpus;
	for (unsigned i = 0; cpus && vm->config.backend->kick && i < cpus->count; i++)
		if (i != self && (i == 0 || cpus->cpu[i].inside))
			vm->config.backend->kick(vm, i);
}

void hv_cpus_pause(struct hv_vm *vm)
{
	struct hv_cpus *cpus = vm->cpus;
	if (!cpus)
		return;
	hv_cpus_lock(vm);
	cpus->running = false;
	hv_cpus_kick_all(vm, 0);
	for (unsigned i = 1; i < cpus->count; i++)
		while (cpus->cpu[i].inside)
			pthread_cond_wait(&cpus->idle, &cpus->lock);
	hv_cpus_unlock(vm);
}

bool hv_cpus_start(struct hv_vm *vm, unsigned cpu, const struct hv_start *start)
{
	struct hv_cpus *cpus = vm->cpus;
	if (!cpus || cpu == 0 || cpu >= cpus->count || cpus->cpu[cpu].on)
		return false;
	cpus->cpu[cpu].start = *start;
	cpus->cpu[cpu].fresh = cpus->cpu[cpu].on = true;
	pthread_cond_broadcast(&cpus->work);
	return true;
}

void hv_cpus_stop(struct hv_vm *vm, unsigned cpu)
{
	vm->cpus->cpu[cpu].on = false;
}
