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

/* A machine as KVM knows it: descriptors (-1: not open) and the shared run page. */
struct hv_kvm {
	int kvm, vm, vcpu, stats;
	struct kvm_run *run;
	size_t run_bytes;
	int64_t exits_at; /* where the stats file has the count of exits; 0: not looked for, -1:
			     nowhere */
	struct hv_watchdog watchdog;
	struct kvm_msi msi;			   /* our interrupt, for machines with interrupts */
	struct kvm_coalesced_mmio_ring *coalesced; /* within the mapping of run; NULL: not in use */
};

/* 0, or ERR_UNSUPPORTED with "not available on ...". */
int hv_kvm_arch_available(struct err *e);

/* A program that counts down from `loops`, two instructions each, and writes to HV_NOP_PORT: what
 * tells a CPL0 that runs from one that is emulated (kvm_regime.c). */
#define HV_KVM_COUNT_BYTES 32u
void hv_kvm_arch_count_code(uint8_t code[HV_KVM_COUNT_BYTES], uint32_t loops);

/* One of KVM's own counters of this vCPU ("exits", "insn_emulation"). Returns 0, or ERR_UNSUPPORTED
 * where this KVM does not count it. */
int hv_kvm_statistic(struct hv_kvm *k, const char *name, uint64_t *value);

/* Finds out, before the guest starts, where its code can run, and sets vm->config.regime. */
int hv_kvm_find_regime(struct hv_vm *vm, struct err *e);

/* Puts the vCPU into the state in which a guest starts: long mode, paging on, at the regime's
 * privilege, first argument HV_BOOT_GPA. Builds page tables below HV_BOOT_GPA. */
int hv_kvm_arch_start(struct hv_kvm *k, struct hv_mem *mem, enum hv_regime regime, hv_gpa entry,
		      struct err *e);

/* Switches the vCPU's interrupt controller on and tells how KVM is to send our interrupt. */
int hv_kvm_arch_interrupts(struct hv_kvm *k, struct kvm_msi *msi, struct err *e);

/* Lets our interrupt go to `handler`; *eoi as in struct hv_call_handler. */
void hv_kvm_arch_handler(struct hv_mem *mem, enum hv_regime regime, hv_gpa handler, uint32_t *eoi);

/* "at rip 0x..., rsp 0x..." for messages, read from the vCPU. */
void hv_kvm_arch_where(struct hv_kvm *k, char *text, size_t size);

#endif
