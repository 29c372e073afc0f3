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
	int64_t exits_at; /* where the stats file has the count of exits */
	struct hv_watchdog watchdog;
	struct kvm_msi msi;			   /* our interrupt, for machines with interrupts */
	struct kvm_coalesced_mmio_ring *coalesced; /* within the mapping of run; NULL: not in use */
};

/* 0, or ERR_UNSUPPORTED with "not available on ...". */
int hv_kvm_arch_available(struct err *e);

/* A guest that counts down from HV_KVM_LOOPS, two instructions each, and halts: what tells a CPL0
 * that runs from one that is emulated. */
#define HV_KVM_LOOPS 1000u
const void *hv_kvm_arch_count_image(size_t *bytes);

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
