/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A thread in which a machine's devices with doorbells work, as QEMU's iothreads and vhost's
 * workers do: the guest's bell is an eventfd (on kvm rung within the kernel), its processor goes on
 * at once, and the device asks for no further bells as long as it finds work. Used by vm.c. Without
 * it, devices work in the exits of their bells.
 *
 * The rule for what is shared: the thread serves its devices under a lock of their own, which
 * processors take for accesses to those devices' registers. It never waits for the machine's lock
 * (cpus.h) while it has that one. What devices count and want of the machine is atomic.
 */
#ifndef HVCORE_IOTHREAD_H
#define HVCORE_IOTHREAD_H

#include "hvcore/hv.h"

#include <pthread.h>

/* Makes vm->iothread, asleep until the machine runs; or leaves it NULL where the configuration
 * wants none, and then everything below does nothing. After the backend's open. Returns 0,
 * ERR_UNSUPPORTED where the backend keeps no order of memory or the machine has interrupts that
 * only its own threads can raise, or the host's failure; hv_iothread_close is called in any case.
 */
int hv_iothread_open(struct hv_vm *vm, struct err *e);

/* Ends the thread. Before the backend's and the devices' close. */
void hv_iothread_close(struct hv_vm *vm);

/* Whether the device's bell is the thread's: it has one, and there is a thread. */
bool hv_iothread_serves(const struct hv_vm *vm, const struct hv_device *device);

/* Takes over the bell and the peer of vm->devices[index], if it serves that. Before a sandbox.
 * Returns 0, or the host's failure. */
int hv_iothread_attach(struct hv_vm *vm, unsigned index, struct err *e);

/* The bell was rung and left the kernel. Returns 0, or the host's failure. */
int hv_iothread_ring(struct hv_vm *vm, unsigned index, struct err *e);

/* Around a processor's access to registers of a device that the thread serves. */
void hv_iothread_lock(struct hv_vm *vm);
void hv_iothread_unlock(struct hv_vm *vm);

/* Lets the thread work, and stops it: when pause returns, it does nothing, and bells wait. Outside
 * of both, devices are as quiet as processors. */
void hv_iothread_resume(struct hv_vm *vm);
void hv_iothread_pause(struct hv_vm *vm);

/* Around a processor's sleep until the thread has given something back to the guest. begin: the
 * descriptor to poll meanwhile, or -1 when there is something since `cpu` last asked, or no thread:
 * then there is no end. end: whether there is something now. */
int hv_iothread_begin_wait(struct hv_vm *vm, unsigned cpu);
bool hv_iothread_end_wait(struct hv_vm *vm, unsigned cpu);

/* The thread itself, for those who choose its core; there must be one. */
pthread_t hv_iothread_thread(const struct hv_vm *vm);

/* vm.c: sends the guest the interrupt that devices have wanted since; from any thread where the
 * machine has an irq_line, else from that of a processor. Returns 0, or the host's failure. */
int hv_vm_interrupt(struct hv_vm *vm, struct err *e);

#endif
