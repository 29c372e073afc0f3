/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/bare/machine.h"
#include "hvcore/bare/log.h"
#include "hvcore/guest/guest.h"

struct leaf {
	uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t number)
{
	struct leaf l = {.a = number};
	__asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
	return l;
}

/* Where the hypervisor's leaves begin, or 0. Some move theirs up in steps of 0x100, to show another
 * hypervisor's first; the last one found is its own. */
static uint32_t hypervisor_leaf(void)
{
	return cpuid(1).c >> 31 ? 0x40000000 : 0;
}

static void print_registers(const char *key, const uint32_t *registers, unsigned n)
{
	char text[49];
	unsigned length = 0, start = 0;
	for (unsigned i = 0; i < 4 * n; i++) {
		char c = (char)(registers[i / 4] >> 8 * (i % 4));
		if (c)
			text[length++] = c >= ' ' && c <= '~' ? c : '?';
	}
	while (length && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	while (text[start] == ' ')
		start++;
	if (!text[start])
		return;
	log_key(key);
	log_text(text + start);
	log_line_end();
}

void machine_print(void)
{
	struct leaf l = cpuid(0);
	print_registers("cpu_vendor", (uint32_t[]){l.b, l.d, l.c}, 3);
	if (cpuid(0x80000000).a >= 0x80000004) {
		uint32_t name[12];
		for (uint32_t i = 0; i < 3; i++) {
			l = cpuid(0x80000002 + i);
			name[4 * i] = l.a;
			name[4 * i + 1] = l.b;
			name[4 * i + 2] = l.c;
			name[4 * i + 3] = l.d;
		}
		print_registers("cpu", name, 12);
	}
	if (hypervisor_leaf()) {
		l = cpuid(hypervisor_leaf());
		print_registers("hypervisor", (uint32_t[]){l.b, l.c, l.d}, 3);
	}
}

/* ---- the TSC's frequency ---- */

#define XEN_B 0x566e6558u /* "XenV" */

static uint64_t hz_of_hypervisor(void)
{
	uint32_t base = hypervisor_leaf();
	if (!base)
		return 0;
	struct leaf l = cpuid(base);
	if (l.b == XEN_B && l.a >= base + 3 && l.a < base + 0x100)
		return (uint64_t)cpuid(base + 3).c * 1000; /* subleaf 0: kHz of the guest's TSC */
	if (l.a >= base + 0x10 && l.a < base + 0x100)
		return (uint64_t)cpuid(base + 0x10).a * 1000;
	return 0;
}

static uint64_t hz_of_processor(void)
{
	if (cpuid(0).a < 0x15)
		return 0;
	struct leaf l = cpuid(0x15);
	return l.a && l.b && l.c ? (uint64_t)l.c * l.b / l.a : 0;
}

enum { PIT_CHANNEL2 = 0x42, PIT_COMMAND = 0x43, PIT_GATE = 0x61 };
enum { PIT_HZ = 1193182, PIT_COUNT = 23864 /* 20 ms */ };

/* Ticks while the PC's timer counts down, or 0 when it never comes to an end. */
static uint64_t ticks_of_timer(void)
{
	out8(PIT_GATE, (uint8_t)((in8(PIT_GATE) & ~2u) | 1u)); /* counting, without the speaker */
	out8(PIT_COMMAND, 0xb0);			       /* channel 2, one shot */
	out8(PIT_CHANNEL2, PIT_COUNT & 0xff);
	uint64_t start = ticks();
	out8(PIT_CHANNEL2, PIT_COUNT >> 8);
	for (unsigned i = 0; i < 100000000u; i++)
		if (in8(PIT_GATE) & 0x20)
			return ticks() - start;
	return 0;
}

static uint64_t hz_of_timer(void)
{
	uint64_t best = UINT64_MAX; /* disturbances only lengthen it */
	for (int i = 0; i < 3; i++) {
		uint64_t t = ticks_of_timer();
		if (t < best)
			best = t;
	}
	return best * PIT_HZ / PIT_COUNT;
}

uint64_t machine_tsc_hz(const char **how)
{
	static const struct {
		uint64_t (*get)(void);
		const char *how;
	} ways[] = {{hz_of_hypervisor, "hypervisor's CPUID leaf"},
		    {hz_of_processor, "CPUID leaf 0x15"},
		    {hz_of_timer, "counted over the PIT's 20 ms"}};
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		uint64_t hz = ways[i].get();
		*how = ways[i].how;
		if (hz)
			return hz;
	}
	*how = "unknown";
	return 0;
}

/* ---- the local APIC's timer, once ---- */

#define APIC 0xfee00000u
enum { PIC_MASK = 0x21, PIC2_MASK = 0xa1 };
enum { APIC_SPURIOUS = 0xf0, APIC_TIMER = 0x320, APIC_COUNT = 0x380, APIC_DIVIDE = 0x3e0 };
enum { APIC_ENABLED = 0x1ff, TIMER_MASKED = 0x10000, DIVIDE_BY_1 = 0xb, COUNT = 100000000 };

static void set_apic(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + reg) = value;
}

void machine_watch(void)
{
	/* The PC's own timer may run since its firmware did; its vectors would be exceptions'. */
	out8(PIC_MASK, 0xff);
	out8(PIC2_MASK, 0xff);
	set_apic(APIC_SPURIOUS, APIC_ENABLED);
	set_apic(APIC_DIVIDE, DIVIDE_BY_1);
	set_apic(APIC_TIMER, MACHINE_WATCH);
	set_apic(APIC_COUNT, COUNT);
	__asm__ volatile("sti" : : : "memory");
}

void machine_unwatch(void)
{
	__asm__ volatile("cli" : : : "memory");
	set_apic(APIC_TIMER, TIMER_MASKED);
	set_apic(APIC_COUNT, 0);
}

_Noreturn void machine_off(void)
{
	out16(0x604, 0x2000);  /* ACPI sleep 5: QEMU's q35 */
	out16(0xb004, 0x2000); /* and its older PC */
	out8(0x600, 0x34);     /* Cloud Hypervisor */
	out8(0x64, 0xfe);      /* the keyboard controller's reset, which ends Firecracker */
	for (;;)
		__asm__ volatile("cli; hlt");
}
