/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the processor does by itself or hands to whoever is below: instructions, exits, calls. */
#include "hvcore/guest/probe_ops.h"
#include "hvcore/probe/compute.h"

static void op_empty(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" : : : "memory");
}

static void op_pio(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		out32(HV_NOP_PORT, 0);
}

static void op_pio_in(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		in32(HV_NOP_PORT);
}

static void op_mmio(uint64_t n)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)HV_MMIO_GPA;
	for (uint64_t i = 0; i < n; i++)
		*at = (uint32_t)i;
}

static void op_mmio_in(uint64_t n)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)HV_MMIO_GPA;
	for (uint64_t i = 0; i < n; i++)
		if (*at != 0)
			work.failed = 1;
}

static void op_doorbell(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		out16(HV_DOORBELL_PORT, 0);
}

static void op_hypercall(uint64_t n)
{
	volatile struct hv_call_nop call;
	for (uint64_t i = 0; i < n; i++) {
		call.value = (uint32_t)i;
		hypercall(HV_CALL_NOP, &call);
		if (call.answer != (uint32_t)i + 1)
			work.failed = 1;
	}
}

/* Nobody answers. */
static void op_hypercall_block(uint64_t n)
{
	volatile struct hv_call_nop call = {.answer = 0};
	for (uint64_t i = 0; i < n; i++) {
		call.value = (uint32_t)i;
		hypercall_pretend(&call);
		if (call.answer != 0)
			work.failed = 1;
	}
}

static void op_privileged(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t cr4;
		__asm__ volatile("mov %%cr4, %0" : "=r"(cr4) : : "memory");
		if (!(cr4 & 0x20)) /* PAE: long mode does not exist without it */
			work.failed = 1;
	}
}

static void op_cpuid(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint32_t a = 0, b, c = 0, d;
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
	}
}

static void op_msr(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint32_t low, high;
		__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080u) : "memory");
		if (!(low & 0x400)) /* long mode is active */
			work.failed = 1;
	}
}

static void op_hlt(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("hlt" : : : "memory");
}

static void op_switch(uint64_t n)
{
	uint64_t cr3;
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
}

/* AMD's spelling; on an Intel processor KVM rewrites the instruction, once. */
static void op_vmcall(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t answer;
		__asm__ volatile("vmmcall"
				 : "=a"(answer)
				 : "a"((uint64_t)HV_KVM_CALL), "b"((uint64_t)HV_IMAGE_GPA),
				   "c"(1ul), "d"(0ul), "S"(0ul)
				 : "memory");
		if (answer != 0)
			work.failed = 1;
	}
}

/* More than Xen (which looks at 32 bits) and KVM have. */
#define NO_CALL	   1000u
#define ERRORS_MAX 4095

static int is_amd(void)
{
	uint32_t a = 0, b, c = 0, d;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x68747541 /* Auth(enticAMD) */ || b == 0x6f677948 /* Hygo(nGenuine) */;
}

/* Each vendor's own spelling: not every hypervisor rewrites the other's. Whose it is, the first
 * batch, a short one, finds out. */
static void op_vmcall_unknown(uint64_t n)
{
	static int amd = -1;
	if (amd < 0)
		amd = is_amd();
	for (uint64_t i = 0; i < n; i++) {
		int64_t answer = NO_CALL;
		if (amd)
			__asm__ volatile("vmmcall"
					 : "+a"(answer)
					 : "b"(0ul), "c"(0ul), "d"(0ul), "S"(0ul), "D"(0ul)
					 : "memory");
		else
			__asm__ volatile("vmcall"
					 : "+a"(answer)
					 : "b"(0ul), "c"(0ul), "d"(0ul), "S"(0ul), "D"(0ul)
					 : "memory");
		if ((int32_t)answer >= 0 || (int32_t)answer < -ERRORS_MAX)
			work.failed = 1;
	}
}

static void op_loop(uint64_t n)
{
	uint64_t a = 1, b = 2;
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile(".rept %c2 / 2; add %0, %1; xor %1, %0; .endr"
				 : "+r"(a), "+r"(b)
				 : "i"(HV_LOOP_INSTRUCTIONS)
				 : "cc", "memory");
}

static void op_compute(uint64_t n)
{
	uint32_t x = 1;
	for (uint64_t i = 0; i < n; i++)
		x = hv_compute(x);
	work.checksum = x;
}

static void op_syscall(uint64_t n)
{
	work.failed |= guest_syscalls(n, (int)work.arg) != 0;
}

const struct probe_op probe_cpu_ops[] = {
	{HV_OP_EMPTY, op_empty},
	{HV_OP_PIO, op_pio},
	{HV_OP_PIO_IN, op_pio_in},
	{HV_OP_MMIO, op_mmio},
	{HV_OP_MMIO_IN, op_mmio_in},
	{HV_OP_DOORBELL, op_doorbell},
	{HV_OP_HYPERCALL, op_hypercall},
	{HV_OP_HYPERCALL_BLOCK, op_hypercall_block},
	{HV_OP_PRIVILEGED, op_privileged},
	{HV_OP_CPUID, op_cpuid},
	{HV_OP_MSR, op_msr},
	{HV_OP_HLT, op_hlt},
	{HV_OP_SWITCH, op_switch},
	{HV_OP_VMCALL, op_vmcall},
	{HV_OP_VMCALL_UNKNOWN, op_vmcall_unknown},
	{HV_OP_LOOP, op_loop},
	{HV_OP_COMPUTE, op_compute},
	{HV_OP_SYSCALL, op_syscall},
	{0},
};
