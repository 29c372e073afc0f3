/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/guest.h"

uint32_t guest_apic;
extern uint32_t guest_eoi;
void guest_interrupt(void);

void guest_take_interrupts(void)
{
	volatile struct hv_call_handler call = {.handler = (uint32_t)(uintptr_t)guest_interrupt};
	hypercall(HV_CALL_HANDLER, &call);
	guest_eoi = call.eoi;
	guest_apic = call.apic;
}

void guest_puts(const char *text)
{
	volatile struct hv_call_write call = {.gpa = gpa_of(text)};
	while (text[call.length])
		call.length++;
	hypercall(HV_CALL_WRITE, &call);
}

void guest_put_hex(uint64_t value)
{
	char digits[17];
	for (int i = 15; i >= 0; i--, value >>= 4)
		digits[i] = "0123456789abcdef"[value & 15];
	digits[16] = '\0';
	guest_puts(digits);
}

void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
}

void *memset(void *to, int byte, size_t n)
{
	void *start = to;
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(byte) : "memory");
	return start;
}
