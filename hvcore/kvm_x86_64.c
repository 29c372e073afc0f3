/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/kvm_arch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Page tables, in the VMM's part of guest memory: all of the lowest 4 GiB mapped to itself in 2 MiB
 * pages, except that the lowest 64 KiB are not for the guest. An address without memory
 * behind it so becomes an MMIO exit, with its address, instead of a triple fault. */
enum { PML4 = 0x1000, PDPT = 0x2000, PT0 = 0x3000, PD = 0x4000 /* four of them */, TSS = 0x8000 };
enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40, PTE_PS = 0x80 };
#define PTE_ALL (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static void build_page_tables(struct hv_mem *mem, unsigned cpl)
{
	uint64_t *pml4 = hv_mem_at(mem, PML4, 4096), *pdpt = hv_mem_at(mem, PDPT, 4096);
	uint64_t *pt0 = hv_mem_at(mem, PT0, 4096), *pd = hv_mem_at(mem, PD, 4 * 4096);
	pml4[0] = PDPT | PTE_ALL;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (PD + i * 4096) | PTE_ALL;
	for (uint64_t i = 0; i < 4 * 512; i++)
		pd[i] = (i << 21) | PTE_ALL | PTE_PS;
	pd[0] = PT0 | PTE_ALL;
	for (uint64_t i = HV_BOOT_GPA / 4096; i < 512; i++)
		pt0[i] = (i << 12) | PTE_ALL;
	/* At CPL3 the processor needs the task state segment there, at CPL0 nothing. */
	for (uint64_t i = 0; cpl && i < HV_BOOT_GPA / 4096; i++)
		pt0[i] = (i << 12) | (PTE_ALL & ~PTE_U);
}

/* A task state segment whose I/O bitmap, all zero, gives every port to CPL3. IOPL 3 alone would do
 * on hardware, but a KVM that emulates the instruction may keep IOPL to itself. */
enum { TSS_BITMAP_AT = 102, TSS_BITMAP = 104, TSS_LIMIT = TSS_BITMAP + 8192 };

static struct kvm_segment build_tss(struct hv_mem *mem)
{
	uint8_t *tss = hv_mem_at(mem, TSS, TSS_LIMIT + 1);
	tss[TSS_BITMAP_AT] = TSS_BITMAP;
	tss[TSS_LIMIT] = 0xff; /* the byte that must end the bitmap */
	return (struct kvm_segment){
		.base = TSS, .limit = TSS_LIMIT, .selector = 0x18, .type = 11, .present = 1};
}

enum { CR0_PE = 1, CR0_MP = 2, CR0_ET = 0x10, CR0_NE = 0x20, CR0_WP = 0x10000 };
#define CR0_PG 0x80000000u
enum { CR4_PAE = 0x20, CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400 };
enum { EFER_LME = 0x100, EFER_LMA = 0x400 };
enum { RFLAGS_ONE = 2, RFLAGS_IOPL3 = 0x3000 };

static struct kvm_segment segment(uint16_t selector, uint8_t type, unsigned cpl, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = (uint16_t)(selector | cpl),
		.type = type,
		.present = 1,
		.dpl = (uint8_t)cpl,
		.db = !code,
		.s = 1,
		.l = code,
		.g = 1,
	};
}

static int set_long_mode(struct hv_kvm *k, struct hv_mem *mem, unsigned cpl, struct err *e)
{
	struct kvm_sregs s;
	if (ioctl(k->vcpu, KVM_GET_SREGS, &s))
		return err_sys(e, errno, "KVM_GET_SREGS");
	s.cs = segment(0x8, 11, cpl, true);
	s.ds = s.es = s.fs = s.gs = s.ss = segment(0x10, 3, cpl, false);
	s.tr = build_tss(mem);
	s.cr3 = PML4;
	s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s.efer = EFER_LME | EFER_LMA;
	/* No descriptor tables: whatever the guest does wrong ends in a triple fault. */
	s.idt.limit = s.gdt.limit = 0;
	if (ioctl(k->vcpu, KVM_SET_SREGS, &s))
		return err_sys(e, errno, "KVM_SET_SREGS");
	return 0;
}

int hv_kvm_arch_start(struct hv_kvm *k, struct hv_mem *mem, enum hv_regime regime, hv_gpa entry,
		      struct err *e)
{
	unsigned cpl = regime == HV_REGIME_CPL3 ? 3 : 0;
	build_page_tables(mem, cpl);
	int rc = set_long_mode(k, mem, cpl, e);
	if (rc)
		return rc;
	struct kvm_regs regs = {
		.rip = entry,
		.rdi = HV_BOOT_GPA,
		/* I/O ports belong to the guest also at CPL3. */
		.rflags = RFLAGS_ONE | (cpl ? RFLAGS_IOPL3 : 0),
	};
	if (ioctl(k->vcpu, KVM_SET_REGS, &regs))
		return err_sys(e, errno, "KVM_SET_REGS");
	return 0;
}

void hv_kvm_arch_where(struct hv_kvm *k, char *text, size_t size)
{
	struct kvm_regs regs;
	if (ioctl(k->vcpu, KVM_GET_REGS, &regs))
		snprintf(text, size, "(registers unreadable)");
	else
		snprintf(text, size, "at rip 0x%llx, rsp 0x%llx", regs.rip, regs.rsp);
}

int hv_kvm_arch_available(struct err *e)
{
	(void)e;
	return 0;
}

const void *hv_kvm_arch_count_image(size_t *bytes)
{
	static const uint8_t code[] = {
		0xb9,
		HV_KVM_LOOPS & 0xff,
		HV_KVM_LOOPS >> 8 & 0xff,
		HV_KVM_LOOPS >> 16,
		0, /* mov ecx, n */
		0xff,
		0xc9, /* dec ecx */
		0x75,
		0xfc, /* jnz back */
		0xf4, /* hlt */
	};
	*bytes = sizeof(code);
	return code;
}
