/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What differs between architectures in backend_kvm.c. Private to that backend; one file
 * kvm_ARCHITECTURE.c each.
 */
#ifndef HVCORE_KVM_ARCH_H
#define HVCORE_KVM_ARCH_H

#include "hvcore/hv.h"
#include "hvcore/watchdog.h"

#include <linux/kvm.h>

/* A processor as KVM knows it: descriptors (-1: not open) and the shared run page. */
struct hv_kvm_cpu {
	int vcpu, stats;
	struct kvm_run *run;
	size_t run_bytes;
	struct hv_watchdog watchdog;
	bool kicked; /* atomic */
};

/* A machine. */
struct hv_kvm {
	int kvm, vm;
	unsigned count;
	struct hv_kvm_cpu cpu[HV_CPUS_MAX];
	int64_t exits_at; /* where the stats file has the count of exits; 0: not looked for, -1:
			     nowhere */
	struct kvm_coalesced_mmio_ring *coalesced; /* within the mapping of run; NULL: not in use */
};

/* 0, or ERR_UNSUPPORTED with "not available on ...". */
int hv_kvm_arch_available(struct err *e);

/* A program that counts down from `loops`, two instructions each, and writes to HV_NOP_PORT: what
 * tells a CPL0 that runs from one that is emulated (kvm_regime.c). */
#define HV_KVM_COUNT_BYTES 32u
void hv_kvm_arch_count_code(uint8_t code[HV_KVM_COUNT_BYTES], uint32_t loops);

/* One of KVM's own counters of processor 0 ("exits", "insn_emulation"). Returns 0, or
 * ERR_UNSUPPORTED where this KVM does not count it. */
int hv_kvm_statistic(struct hv_kvm *k, const char *name, uint64_t *value);

/* Finds out, before the guest starts, where its code can run, and sets vm->config.regime. */
int hv_kvm_find_regime(struct hv_vm *vm, struct err *e);

/* Builds page and descriptor tables below HV_BOOT_GPA, for a regime's privilege, and puts the
 * processors into the state in which a guest finds them: long mode, paging on. */
int hv_kvm_arch_prepare(struct hv_kvm *k, struct hv_mem *mem, enum hv_regime regime, struct err *e);

/* Lets a prepared processor begin. */
int hv_kvm_arch_start(struct hv_kvm_cpu *c, enum hv_regime regime, const struct hv_start *start,
		      struct err *e);

/* Switches a processor's interrupt controller on. */
int hv_kvm_arch_interrupts(struct hv_kvm_cpu *c, struct err *e);

/* How KVM is to send our interrupt to a processor. */
struct kvm_msi hv_kvm_arch_msi(unsigned cpu);

/* Lets our interrupt go to call->handler; fills the rest. */
void hv_kvm_arch_handler(struct hv_mem *mem, enum hv_regime regime, struct hv_call_handler *call);

/* Puts an entry of the window into the guest's page table. Returns the address of the page that was
 * there and that a processor may still find there; 0: none. */
hv_gpa hv_kvm_arch_map(struct hv_mem *mem, unsigned index, uint64_t entry);

/* "at rip 0x..., rsp 0x..." for messages, read from the vCPU. */
void hv_kvm_arch_where(struct hv_kvm_cpu *c, char *text, size_t size);

#endif
