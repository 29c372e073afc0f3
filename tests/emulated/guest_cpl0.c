/* SPDX-License-Identifier: GPL-2.0-or-later
 * What only a guest kernel at CPL0 can do, one trick per run, named by the boot argument. Exits
 * with 0 when the trick worked as on hardware, with 1 when not; with 99 for a name it does not
 * know. */
#include "hvcore/guest/guest.h"

enum { REPEAT = 100 };

static int nothing(void)
{
	return 0;
}

static int ring(void)
{
	uint16_t cs;
	__asm__ volatile("mov %%cs, %0" : "=r"(cs));
	return cs & 3;
}

/* Control registers and MSRs are the guest's own: read and written back without help. */
static int control(void)
{
	uint64_t cr0, cr3, cr4;
	uint32_t low, high;
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080u)); /* EFER */
	return !(cr0 >> 31 & 1 && cr4 & 0x20 && cr3 && low & 0x400);
}

/* Answered by the KVM that runs this guest, not by what is below: there it says TCGTCGTCGTCG. */
static int cpuid(void)
{
	uint32_t a = 0x40000000, b, c = 0, d;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x54474354; /* "TCGT" */
}

/* A hypercall that KVM does not have: it says so, -KVM_ENOSYS. */
static int vmmcall(void)
{
	int64_t rax = 4711;
	__asm__ volatile("vmmcall" : "+a"(rax) : : "memory");
	return rax != -1000;
}

/* Intel's spelling on an AMD processor: KVM rewrites the instruction, once. */
static int vmcall(void)
{
	int64_t rax = 4711;
	__asm__ volatile("vmcall" : "+a"(rax) : : "memory");
	return rax != -1000;
}

static int sse(void)
{
	static const double in[2] __attribute__((aligned(16))) = {1.5, -2.25};
	double out[2] __attribute__((aligned(16)));
	__asm__ volatile("movapd %1, %%xmm0; addpd %%xmm0, %%xmm0; movapd %%xmm0, %0"
			 : "=m"(out)
			 : "m"(in)
			 : "memory");
	const uint64_t *bits = (const uint64_t *)out;
	return !(bits[0] == 0x4008000000000000 && bits[1] == 0xc012000000000000); /* 3, -4.5 */
}

static int halt(void)
{
	__asm__ volatile("hlt");
	return 1;
}

static int fault(void)
{
	__asm__ volatile("ud2");
	return 1;
}

static _Noreturn int spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static int outside(void)
{
	*(volatile uint32_t *)0x80000000ul = 1;
	return 1;
}

static int bad_call(void)
{
	out32(HV_CALL_PORT + HV_CALL_WRITE, 0xfffffff0u);
	return 1;
}

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static int repeat(int (*trick)(void))
{
	int failed = 0;
	for (int i = 0; i < REPEAT; i++)
		failed |= trick();
	return failed;
}

int guest_main(const struct hv_boot *boot)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} tricks[] = {
		{"nothing", nothing}, {"ring", ring},	    {"control", control},
		{"cpuid", cpuid},     {"vmmcall", vmmcall}, {"vmcall", vmcall},
		{"sse", sse},	      {"halt", halt},	    {"fault", fault},
		{"spin", spin},	      {"outside", outside}, {"bad-call", bad_call},
	};
	for (unsigned i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++)
		if (equal(boot->argument, tricks[i].name))
			return repeat(tricks[i].run);
	return 99;
}
