/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the image-running backends say on architectures that they do not know yet. An architecture
 * leaves this file by getting its own kvm_ARCHITECTURE.c and trap_ARCHITECTURE.c. */
#include "hvcore/backend/kvm_arch.h"
#include "hvcore/backend/trap_arch.h"

#if !defined(__x86_64__)

#include <stdio.h>

#if defined(__aarch64__)
#define HERE "aarch64"
#else
#define HERE "this architecture"
#endif

int hv_kvm_arch_available(struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "the kvm backend is not available on " HERE);
}

void hv_kvm_arch_count_code(uint8_t code[HV_KVM_COUNT_BYTES], uint32_t loops)
{
	(void)code;
	(void)loops;
}

int hv_kvm_arch_prepare(struct hv_kvm *k, struct hv_mem *mem, enum hv_regime regime, struct err *e)
{
	(void)k;
	(void)mem;
	(void)regime;
	return hv_kvm_arch_available(e);
}

int hv_kvm_arch_start(struct hv_kvm_cpu *c, enum hv_regime regime, const struct hv_start *start,
		      struct err *e)
{
	(void)c;
	(void)regime;
	(void)start;
	return hv_kvm_arch_available(e);
}

int hv_kvm_arch_interrupts(struct hv_kvm_cpu *c, struct err *e)
{
	(void)c;
	return hv_kvm_arch_available(e);
}

struct kvm_msi hv_kvm_arch_msi(unsigned cpu)
{
	(void)cpu;
	return (struct kvm_msi){0};
}

void hv_kvm_arch_handler(struct hv_mem *mem, enum hv_regime regime, struct hv_call_handler *call)
{
	(void)mem;
	(void)regime;
	(void)call;
}

hv_gpa hv_kvm_arch_map(struct hv_mem *mem, unsigned index, uint64_t entry)
{
	(void)mem;
	(void)index;
	(void)entry;
	return 0;
}

void hv_kvm_arch_where(struct hv_kvm_cpu *c, char *text, size_t size)
{
	(void)c;
	snprintf(text, size, "somewhere");
}

int hv_trap_arch_available(struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED, "the trap backend is not available on " HERE);
}

const void *hv_trap_arch_stub(size_t *bytes)
{
	*bytes = 0;
	return NULL;
}

void hv_trap_arch_start(struct hv_trap_cpu *cpu, hv_gpa entry)
{
	(void)cpu;
	(void)entry;
}

bool hv_trap_arch_translate(struct hv_trap_cpu *cpu, const struct hv_mem *mem, struct hv_exit *x)
{
	(void)cpu;
	(void)mem;
	x->kind = HV_EXIT_INTERNAL;
	return true;
}

int hv_trap_arch_interruptible(struct err *e)
{
	return hv_trap_arch_available(e);
}

bool hv_trap_arch_interrupt(struct hv_trap_cpu *cpu, const struct hv_mem *mem)
{
	(void)cpu;
	(void)mem;
	return false;
}

void hv_trap_arch_complete(struct hv_trap_cpu *cpu, const struct hv_mem *mem)
{
	(void)cpu;
	(void)mem;
}

#endif
