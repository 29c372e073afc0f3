/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The processors of a machine beyond the first: a thread each, made with the machine (a sandbox may
 * forbid it later), asleep while its processor is off or the machine does not run. Used by vm.c.
 *
 * The rule for what they share: guests run side by side; whatever they ask of the VMM - hypercalls,
 * devices, counters - is done under the machine's one lock. Devices know nothing of threads.
 * Guest memory needs no lock: a guest may change it at any time anyway.
 */
#ifndef HVCORE_CPUS_H
#define HVCORE_CPUS_H

#include "hvcore/hv.h"

/* Makes vm->cpus, or leaves it NULL for a machine of one that has no iothread (iothread.h) to share
 * it with; then everything below does nothing. Before the backend's open. Returns 0, or ERR_LIMIT when the backend cannot have as many, ERR_NOMEM, ...
 */
int hv_cpus_open(struct hv_vm *vm, struct err *e);

/* Ends the threads. Before the backend's close. */
void hv_cpus_close(struct hv_vm *vm);

void hv_cpus_lock(struct hv_vm *vm);
void hv_cpus_unlock(struct hv_vm *vm);

/* Lets the processors that are on run, and stops them all again: when pause returns, none does. */
void hv_cpus_resume(struct hv_vm *vm);
void hv_cpus_pause(struct hv_vm *vm);

/* With the lock held. start: false when there is no such processor or it is not off. stop: for the
 * processor's own thread. kick_all: makes all but `self` look at vm->run, where the backend can. */
bool hv_cpus_start(struct hv_vm *vm, unsigned cpu, const struct hv_start *start);
void hv_cpus_stop(struct hv_vm *vm, unsigned cpu);
void hv_cpus_kick_all(struct hv_vm *vm, unsigned self);

/* Whether the processor may take its next step. With the lock held. */
bool hv_cpus_may_run(const struct hv_vm *vm, unsigned cpu);

/* vm.c: steps one processor until it may no longer, or the run is over. */
void hv_vm_run_cpu(struct hv_vm *vm, unsigned cpu);

/* vm.c: ends the run with the host's failure; `cpu` HV_CPUS_MAX: that of no processor. Where the
 * backend cannot kick, a processor in the guest finds out at its next exit. */
void hv_vm_fail(struct hv_vm *vm, unsigned cpu, int rc, const struct err *e);

#endif
