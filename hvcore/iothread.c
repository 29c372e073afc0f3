/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/iothread.h"
#include "hvcore/allow.h"
#include "hvcore/cpus.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NO_CPU HV_CPUS_MAX /* whose failure is the thread's own */

/* A device that the thread serves, at its index in the machine. */
struct served {
	int bell;     /* an eventfd; -1: not served */
	bool starved; /* its peer may have more than the guest has room for: no use in polling it */
};

struct hv_iothread {
	struct hv_vm *vm;
	pthread_t thread;
	bool exists;
	struct served served[HV_DEVICES_MAX];
	int control; /* an eventfd: look at `running` and `closing` */
	pthread_mutex_t devices;

	pthread_mutex_t gate;
	pthread_cond_t changed;		   /* of what follows, under `gate` */
	bool running, closing, parked;	   /* parked: waits for who clears this, or closes */
	uint64_t given, seen[HV_CPUS_MAX]; /* how often something was given back; known to a cpu */
	unsigned waiting;		   /* processors that sleep until there is something, */
	int answer;			   /* which this eventfd tells */
};

static void signal_fd(int fd)
{
	const uint64_t one = 1;
	ssize_t written = write(fd, &one, sizeof(one));
	(void)written; /* fails only where 2^64 - 2 have not been read */
}

/* ---- the thread ---- */

/* Until the machine runs. Returns false when the thread is to end. */
static bool pass_gate(struct hv_iothread *t)
{
	pthread_mutex_lock(&t->gate);
	t->parked = true;
	pthread_cond_broadcast(&t->changed);
	while (t->parked && !t->closing)
		pthread_cond_wait(&t->changed, &t->gate);
	bool goes_on = !t->closing;
	pthread_mutex_unlock(&t->gate);
	return goes_on;
}

/* What to poll: the control first, then for each device its bell and, unless that is of no use, its
 * peer. `of` says whose each is, and a peer is the second of two that are one device's. */
static nfds_t list(const struct hv_iothread *t, struct pollfd *waits, unsigned *of)
{
	nfds_t n = 0;
	waits[n++] = (struct pollfd){.fd = t->control, .events = POLLIN};
	for (unsigned i = 0; i < HV_DEVICES_MAX; i++) {
		const struct hv_device *d = &t->vm->devices[i];
		if (t->served[i].bell < 0)
			continue;
		of[n] = i;
		waits[n++] = (struct pollfd){.fd = t->served[i].bell, .events = POLLIN};
		if (!d->ops->input || t->served[i].starved)
			continue;
		of[n] = i;
		waits[n++] = (struct pollfd){.fd = d->ops->input(d->state), .events = POLLIN};
	}
	return n;
}

/* A device's bell or, at the `peer`, something that may have arrived. */
static void serve(struct hv_iothread *t, unsigned index, bool peer)
{
	struct hv_device *d = &t->vm->devices[index];
	struct served *s = &t->served[index];
	uint64_t rung;
	pthread_mutex_lock(&t->devices);
	if (peer) {
		s->starved = !d->ops->arrived(t->vm, d->state);
	} else if (read(s->bell, &rung, sizeof(rung)) == (ssize_t)sizeof(rung)) {
		__atomic_fetch_add(&t->vm->counters.bells, rung, __ATOMIC_RELAXED);
		s->starved = false;
		d->ops->rung(t->vm, d->state);
	}
	pthread_mutex_unlock(&t->devices);
}

/* Everything that is there to do; sleeps until there is something, or not (`timeout_ms`). */
static int work(struct hv_iothread *t, int timeout_ms, struct err *e)
{
	struct hv_vm *vm = t->vm;
	struct pollfd waits[1 + 2 * HV_DEVICES_MAX];
	unsigned of[1 + 2 * HV_DEVICES_MAX];
	uint64_t ignored;
	nfds_t n = list(t, waits, of);
	if (poll(waits, n, timeout_ms) < 0)
		return errno == EINTR ? 0 : err_sys(e, errno, "waiting for the guest's bells");
	if (waits[0].revents && read(t->control, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
		return err_sys(e, errno, "the iothread's control");
	uint64_t before = __atomic_load_n(&vm->counters.completions, __ATOMIC_RELAXED);
	for (nfds_t i = 1; i < n; i++)
		if (waits[i].revents)
			serve(t, of[i], i > 1 && of[i] == of[i - 1]);
	int rc = hv_vm_interrupt(vm, e);
	if (__atomic_load_n(&vm->counters.completions, __ATOMIC_RELAXED) == before)
		return rc;
	pthread_mutex_lock(&t->gate);
	t->given++;
	if (t->waiting)
		signal_fd(t->answer);
	pthread_mutex_unlock(&t->gate);
	return rc;
}

static bool is_to_go_on(struct hv_iothread *t)
{
	pthread_mutex_lock(&t->gate);
	bool running = t->running;
	pthread_mutex_unlock(&t->gate);
	return running;
}

/* The run ends with the host's failure, and the thread waits for the machine's end. */
static void fail(struct hv_iothread *t, int rc, const struct err *e)
{
	hv_vm_fail(t->vm, NO_CPU, rc, e);
	pthread_mutex_lock(&t->gate);
	t->running = false;
	pthread_mutex_unlock(&t->gate);
}

static void *iothread(void *ctx)
{
	struct hv_iothread *t = ctx;
	struct err e;
	hv_capabilities_drop(); /* the sandbox does it for the caller's thread only */
	for (bool goes_on = pass_gate(t); goes_on;) {
		int rc = work(t, -1, &e);
		if (rc || !is_to_go_on(t)) {
			/* A bell of the run that ends belongs to that. */
			if (!rc)
				rc = work(t, 0, &e);
			if (rc)
				fail(t, rc, &e);
			goes_on = pass_gate(t);
		}
	}
	return NULL;
}

/* ---- what the machine does with it ---- */

static void await_parked(struct hv_iothread *t)
{
	pthread_mutex_lock(&t->gate);
	while (!t->parked)
		pthread_cond_wait(&t->changed, &t->gate);
	pthread_mutex_unlock(&t->gate);
}

int hv_iothread_open(struct hv_vm *vm, struct err *e)
{
	if (!vm->config.iothread)
		return 0;
	if (vm->config.backend->unordered)
		return err_set(e, ERR_UNSUPPORTED,
			       "not available: %s keeps no order of memory between the guest and "
			       "an iothread",
			       vm->config.backend->name);
	if (vm->config.interrupts && vm->irq_line < 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "not available: an iothread's interrupts need an irqfd, which %s "
			       "has not",
			       vm->config.backend->name);
	struct hv_iothread *t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_NOMEM, "no memory for an iothread");
	t->vm = vm;
	for (unsigned i = 0; i < HV_DEVICES_MAX; i++)
		t->served[i].bell = -1;
	pthread_cond_init(&t->changed, NULL);
	pthread_mutex_init(&t->gate, NULL);
	pthread_mutex_init(&t->devices, NULL);
	vm->iothread = t;
	t->control = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->answer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->control < 0 || t->answer < 0)
		return err_sys(e, errno, "an eventfd for the iothread");
	int failure = pthread_create(&t->thread, NULL, iothread, t);
	t->exists = failure == 0;
	if (failure)
		return err_sys(e, failure, "the iothread");
	await_parked(t); /* then it needs nothing more that a sandbox forbids */
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void hv_iothread_close(struct hv_vm *vm)
{
	struct hv_iothread *t = vm->iothread;
	if (!t)
		return;
	if (t->exists) {
		pthread_mutex_lock(&t->gate);
		t->closing = true;
		pthread_cond_broadcast(&t->changed);
		pthread_mutex_unlock(&t->gate);
		signal_fd(t->control);
		pthread_join(t->thread, NULL);
	}
	close_fd(t->control);
	close_fd(t->answer);
	for (unsigned i = 0; i < HV_DEVICES_MAX; i++)
		close_fd(t->served[i].bell);
	pthread_mutex_destroy(&t->devices);
	pthread_mutex_destroy(&t->gate);
	pthread_cond_destroy(&t->changed);
	free(t);
	vm->iothread = NULL;
}

bool hv_iothread_serves(const struct hv_vm *vm, const struct hv_device *device)
{
	return vm->iothread && device->ops->rung;
}

int hv_iothread_attach(struct hv_vm *vm, unsigned index, struct err *e)
{
	const struct hv_device *d = &vm->devices[index];
	const struct hv_backend *backend = vm->config.backend;
	if (!hv_iothread_serves(vm, d))
		return 0;
	int *bell = &vm->iothread->served[index].bell;
	*bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*bell < 0)
		return err_sys(e, errno, "an eventfd for the bell of %s", d->ops->name);
	return backend->doorbell
		       ? backend->doorbell(vm, (uint16_t)(d->port + d->ops->bell), *bell, e)
		       : 0;
}

int hv_iothread_ring(struct hv_vm *vm, unsigned index, struct err *e)
{
	const uint64_t one = 1;
	return write(vm->iothread->served[index].bell, &one, sizeof(one)) == (ssize_t)sizeof(one)
		       ? 0
		       : err_sys(e, errno, "ringing the bell of a device");
}

void hv_iothread_lock(struct hv_vm *vm)
{
	if (vm->iothread)
		pthread_mutex_lock(&vm->iothread->devices);
}

void hv_iothread_unlock(struct hv_vm *vm)
{
	if (vm->iothread)
		pthread_mutex_unlock(&vm->iothread->devices);
}

void hv_iothread_resume(struct hv_vm *vm)
{
	struct hv_iothread *t = vm->iothread;
	if (!t)
		return;
	pthread_mutex_lock(&t->gate);
	t->running = true;
	t->parked = false;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->gate);
}

void hv_iothread_pause(struct hv_vm *vm)
{
	struct hv_iothread *t = vm->iothread;
	if (!t)
		return;
	pthread_mutex_lock(&t->gate);
	t->running = false;
	signal_fd(t->control);
	pthread_mutex_unlock(&t->gate);
	await_parked(t);
}

int hv_iothread_begin_wait(struct hv_vm *vm, unsigned cpu)
{
	struct hv_iothread *t = vm->iothread;
	pthread_mutex_lock(&t->gate);
	bool given = t->given != t->seen[cpu];
	t->seen[cpu] = t->given;
	t->waiting += !given;
	pthread_mutex_unlock(&t->gate);
	return given ? -1 : t->answer;
}

bool hv_iothread_end_wait(struct hv_vm *vm, unsigned cpu)
{
	struct hv_iothread *t = vm->iothread;
	uint64_t ignored;
	pthread_mutex_lock(&t->gate);
	bool given = t->given != t->seen[cpu];
	t->seen[cpu] = t->given;
	if (--t->waiting == 0 && read(t->answer, &ignored, sizeof(ignored)) < 0)
		ignored = 0; /* nobody answered */
	pthread_mutex_unlock(&t->gate);
	return given;
}

pthread_t hv_iothread_thread(const struct hv_vm *vm)
{
	return vm->iothread->thread;
}
