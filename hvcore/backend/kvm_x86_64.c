/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/backend/kvm_arch.h"
#include "hvcore/backend/paging_x86_64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Selectors. Those for CPL3 are the ones that Linux gives its processes: where the guest runs on
 * the host's own descriptor tables, its iretq still finds them. */
enum { SEL_CODE0 = 0x08, SEL_DATA0 = 0x10, SEL_DATA3 = 0x28, SEL_CODE3 = 0x30, SEL_TSS = 0x40 };

/* A task state segment whose I/O bitmap, all zero, gives every port to CPL3. IOPL 3 alone would do
 * on hardware, but a KVM that emulates the instruction may keep IOPL to itself. */
enum { TSS = HV_PAGING_END, GDT = TSS + 0x3000, IDT = GDT + 0x1000 };
enum { TSS_BITMAP_AT = 102, TSS_BITMAP = 104, TSS_LIMIT = TSS_BITMAP + 8192 };

static void build_descriptors(struct hv_mem *mem)
{
	uint64_t *gdt = hv_mem_tables(mem, GDT, 4096);
	gdt[SEL_CODE0 / 8] = 0x00af9b000000ffffull;
	gdt[SEL_DATA0 / 8] = 0x00cf93000000ffffull;
	gdt[SEL_DATA3 / 8] = 0x00cff3000000ffffull;
	gdt[SEL_CODE3 / 8] = 0x00affb000000ffffull;
	gdt[SEL_TSS / 8] = 0x00008b0000000000ull | (uint64_t)TSS << 16 | TSS_LIMIT;
	uint8_t *tss = hv_mem_tables(mem, TSS, TSS_LIMIT + 1);
	tss[TSS_BITMAP_AT] = TSS_BITMAP;
	tss[TSS_LIMIT] = 0xff; /* the byte that must end the bitmap */
}

enum { CR0_PE = 1, CR0_MP = 2, CR0_ET = 0x10, CR0_NE = 0x20, CR0_WP = 0x10000 };
#define CR0_PG 0x80000000u
enum { CR4_PAE = 0x20, CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400 };
enum { EFER_SCE = 1, EFER_LME = 0x100, EFER_LMA = 0x400 };
enum { RFLAGS_ONE = 2, RFLAGS_IF = 0x200, RFLAGS_IOPL3 = 0x3000 };

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

static int set_long_mode(struct hv_kvm_cpu *c, uint64_t cr3, unsigned cpl, struct err *e)
{
	struct kvm_sregs s;
	if (ioctl(c->vcpu, KVM_GET_SREGS, &s))
		return err_sys(e, errno, "KVM_GET_SREGS");
	s.cs = segment(cpl ? SEL_CODE3 : SEL_CODE0, 11, cpl, true);
	s.ds = s.es = s.fs = s.gs = s.ss = segment(cpl ? SEL_DATA3 : SEL_DATA0, 3, cpl, false);
	s.tr = (struct kvm_segment){
		.base = TSS, .limit = TSS_LIMIT, .selector = SEL_TSS, .type = 11, .present = 1};
	s.cr3 = cr3;
	s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	/* A kernel may answer SYSCALL; it could not say so itself, as KVM lets a processor without
	 * CPUID write no EFER. */
	s.efer = EFER_LME | EFER_LMA | (cpl ? 0 : EFER_SCE);
	s.gdt.base = GDT;
	s.gdt.limit = SEL_TSS + 15;
	/* Empty but for our one interrupt: any exception ends in a triple fault. */
	s.idt.base = IDT;
	s.idt.limit = 4095;
	if (ioctl(c->vcpu, KVM_SET_SREGS, &s))
		return err_sys(e, errno, "KVM_SET_SREGS");
	return 0;
}

int hv_kvm_arch_prepare(struct hv_kvm *k, struct hv_mem *mem, enum hv_regime regime, struct err *e)
{
	unsigned cpl = regime == HV_REGIME_CPL3 ? 3 : 0;
	build_descriptors(mem);
	uint64_t cr3 = hv_paging_build(mem, cpl);
	int rc = 0;
	for (unsigned i = 0; !rc && i < k->count; i++)
		rc = set_long_mode(&k->cpu[i], cr3, cpl, e);
	return rc;
}

int hv_kvm_arch_start(struct hv_kvm_cpu *c, enum hv_regime regime, const struct hv_start *start,
		      struct err *e)
{
	struct kvm_regs regs = {
		.rip = start->entry,
		.rsp = start->stack,
		.rdi = start->argument,
		/* I/O ports belong to the guest also at CPL3. */
		.rflags = RFLAGS_ONE | RFLAGS_IF | (regime == HV_REGIME_CPL3 ? RFLAGS_IOPL3 : 0),
	};
	if (ioctl(c->vcpu, KVM_SET_REGS, &regs))
		return err_sys(e, errno, "KVM_SET_REGS");
	return 0;
}

enum { APIC_EOI = 0xb0, APIC_SPURIOUS = 0xf0, APIC_ENABLED = 0x100 };
#define APIC_BASE     0xfee00000u
#define MSI_CPU_SHIFT 12

int hv_kvm_arch_interrupts(struct hv_kvm_cpu *c, struct err *e)
{
	struct kvm_lapic_state apic;
	if (ioctl(c->vcpu, KVM_GET_LAPIC, &apic))
		return err_sys(e, errno, "KVM_GET_LAPIC");
	uint32_t enabled = APIC_ENABLED | 0xff;
	memcpy(apic.regs + APIC_SPURIOUS, &enabled, sizeof(enabled));
	if (ioctl(c->vcpu, KVM_SET_LAPIC, &apic))
		return err_sys(e, errno, "KVM_SET_LAPIC");
	return 0;
}

struct kvm_msi hv_kvm_arch_msi(unsigned cpu)
{
	return (struct kvm_msi){.address_lo = APIC_BASE | cpu << MSI_CPU_SHIFT,
				.data = HV_IRQ_VECTOR};
}

void hv_kvm_arch_handler(struct hv_mem *mem, enum hv_regime regime, struct hv_call_handler *call)
{
	/* A trap gate to the same privilege: no stack switch, interrupts stay enabled, and iretq
	 * needs no right that CPL3 has not. */
	uint64_t *gate = hv_mem_tables(mem, IDT + 16 * HV_IRQ_VECTOR, 16);
	uint64_t selector = regime == HV_REGIME_CPL3 ? SEL_CODE3 | 3 : SEL_CODE0;
	uint64_t handler = call->handler;
	gate[1] = handler >> 32;
	gate[0] = (handler & 0xffff) | selector << 16 | 0x8full << 40 |
		  (handler >> 16 & 0xffff) << 48;
	call->apic = APIC_BASE;
	call->eoi = APIC_BASE + APIC_EOI;
}

hv_gpa hv_kvm_arch_map(struct hv_mem *mem, unsigned index, uint64_t entry)
{
	uint64_t before = hv_paging_put(mem, index, entry);
	return before & HV_PAGING_USED ? before & 0xfffffffff000u : 0;
}

void hv_kvm_arch_where(struct hv_kvm_cpu *c, char *text, size_t size)
{
	struct kvm_regs regs;
	if (ioctl(c->vcpu, KVM_GET_REGS, &regs))
		snprintf(text, size, "(registers unreadable)");
	else if (regs.rip == 0xfff0 && regs.rsp == 0) /* KVM resets the vCPU, on AMD */
		snprintf(text, size, "(where is not known: the processor was reset)");
	else
		snprintf(text, size, "at rip 0x%llx, rsp 0x%llx", regs.rip, regs.rsp);
}

int hv_kvm_arch_available(struct err *e)
{
	(void)e;
	return 0;
}

void hv_kvm_arch_count_code(uint8_t code[HV_KVM_COUNT_BYTES], uint32_t loops)
{
	static const uint8_t program[] = {
		0xb9,
		0,
		0,
		0,
		0, /* mov ecx, loops */
		0xff,
		0xc9, /* dec ecx */
		0x75,
		0xfc, /* jnz back */
		0xba,
		HV_NOP_PORT & 0xff,
		HV_NOP_PORT >> 8,
		0,
		0,    /* mov edx, HV_NOP_PORT */
		0xef, /* out dx, eax */
	};
	memset(code, 0x90, HV_KVM_COUNT_BYTES);
	memcpy(code, program, sizeof(program));
	memcpy(code + 1, &loops, sizeof(loops));
}
