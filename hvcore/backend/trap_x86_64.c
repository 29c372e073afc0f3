/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/backend/decode_x86_64.h"
#include "hvcore/backend/trap_arch.h"

#include <cpuid.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const uint8_t hv_trap_stub_start[], hv_trap_stub_end[];

int hv_trap_arch_available(struct err *e)
{
	(void)e;
	return 0;
}

const void *hv_trap_arch_stub(size_t *bytes)
{
	*bytes = (size_t)(hv_trap_stub_end - hv_trap_stub_start);
	return hv_trap_stub_start;
}

/* Registers as instructions encode them, to their place in a signal frame. */
static const uint8_t place[16] = {
	TRAP_RAX, TRAP_RCX, TRAP_RDX, TRAP_RBX, TRAP_RSP, TRAP_RBP, TRAP_RSI, TRAP_RDI,
	TRAP_R8,  TRAP_R9,  TRAP_R10, TRAP_R11, TRAP_R12, TRAP_R13, TRAP_R14, TRAP_R15,
};

/* What a guest kernel in long mode would find in its control registers. */
#define CR0_START 0x80010033u
#define CR4_START 0x620u

void hv_trap_arch_start(struct hv_trap_cpu *cpu, hv_gpa entry)
{
	uint64_t flags = cpu->regs[TRAP_EFLAGS];
	memset(cpu->regs, 0, sizeof(cpu->regs));
	cpu->regs[TRAP_EFLAGS] = flags;
	cpu->regs[TRAP_RIP] = entry;
	cpu->regs[TRAP_RDI] = HV_BOOT_GPA;
	cpu->cr[0] = CR0_START;
	cpu->cr[4] = CR4_START;
	cpu->interrupts = true;
}

/* ---- faults ---- */

__attribute__((format(printf, 3, 4))) static bool fault(const struct hv_trap_cpu *cpu,
							struct hv_exit *x, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(x->text, sizeof(x->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(x->text))
		snprintf(x->text + n, sizeof(x->text) - (size_t)n, " at rip 0x%llx, rsp 0x%llx",
			 (unsigned long long)cpu->regs[TRAP_RIP],
			 (unsigned long long)cpu->regs[TRAP_RSP]);
	x->kind = HV_EXIT_FAULT;
	return true;
}

/* ---- port I/O ---- */

static void port_exit(struct hv_trap_cpu *cpu, const struct hv_insn *insn, bool write,
		      uint32_t count, struct hv_exit *x)
{
	x->kind = HV_EXIT_PIO;
	x->pio.port = insn->port_in_dx ? (uint16_t)cpu->regs[TRAP_RDX] : insn->port;
	x->pio.size = insn->size;
	x->pio.write = write;
	x->pio.count = count;
	x->pio.data = cpu->buffer;
}

static bool simple_io(struct hv_trap_cpu *cpu, const struct hv_insn *insn, struct hv_exit *x)
{
	bool write = insn->kind == HV_INSN_OUT;
	if (write) {
		memcpy(cpu->buffer, &cpu->regs[TRAP_RAX], insn->size);
	} else {
		cpu->pending = TRAP_TO_REGISTER;
		cpu->pending_reg = 0;
		cpu->pending_bytes = cpu->pending_reg_bytes = insn->size;
		cpu->pending_high_byte = false;
	}
	port_exit(cpu, insn, write, 1, x);
	cpu->regs[TRAP_RIP] += insn->length;
	return true;
}

enum { EFLAGS_DF = 0x400 };

/* As many elements as fit in the buffer; when more are left, the instruction traps again. */
static bool string_io(struct hv_trap_cpu *cpu, const struct hv_mem *mem, const struct hv_insn *insn,
		      struct hv_exit *x)
{
	bool write = insn->kind == HV_INSN_OUTS;
	uint64_t *pointer = &cpu->regs[write ? TRAP_RSI : TRAP_RDI];
	uint64_t wanted = insn->rep ? cpu->regs[TRAP_RCX] : 1;
	uint32_t room = TRAP_BUFFER_BYTES / insn->size;
	uint32_t count = wanted < room ? (uint32_t)wanted : room;
	uint64_t bytes = (uint64_t)count * insn->size;
	if (cpu->regs[TRAP_EFLAGS] & EFLAGS_DF)
		return fault(cpu, x, "string I/O downwards");
	if (!hv_mem_at(mem, *pointer, bytes))
		return fault(cpu, x, "string I/O with memory outside the guest (0x%llx)",
			     (unsigned long long)*pointer);
	if (write) {
		hv_mem_read(mem, *pointer, cpu->buffer, bytes);
	} else {
		cpu->pending = TRAP_TO_MEMORY;
		cpu->pending_gpa = *pointer;
		cpu->pending_count = (uint32_t)bytes;
	}
	*pointer += bytes;
	if (insn->rep)
		cpu->regs[TRAP_RCX] -= count;
	if (count == wanted)
		cpu->regs[TRAP_RIP] += insn->length;
	if (count == 0) {
		cpu->pending = TRAP_NOTHING;
		return false;
	}
	port_exit(cpu, insn, write, count, x);
	return true;
}

/* ---- privileged instructions: they change the virtual CPU only ---- */

static bool privileged(struct hv_trap_cpu *cpu, const struct hv_insn *insn, struct hv_exit *x)
{
	switch (insn->kind) {
	case HV_INSN_CLI:
		cpu->interrupts = false;
		break;
	case HV_INSN_STI:
		cpu->interrupts = true;
		break;
	case HV_INSN_CLTS:
		cpu->cr[0] &= ~8ull;
		break;
	case HV_INSN_READ_CR:
		cpu->regs[place[insn->reg]] = cpu->cr[insn->index];
		break;
	case HV_INSN_WRITE_CR:
		/* Kept, as the guest may read it back; its memory map stays what it is. */
		cpu->cr[insn->index] = cpu->regs[place[insn->reg]];
		break;
	case HV_INSN_INVLPG:
	case HV_INSN_WBINVD:
		break;
	case HV_INSN_HLT:
		x->kind = HV_EXIT_HALT;
		cpu->regs[TRAP_RIP] += insn->length;
		return true;
	default:
		return fault(cpu, x,
			     "an instruction that only a kernel may use, and that is not emulated");
	}
	cpu->regs[TRAP_RIP] += insn->length;
	cpu->emulated++;
	return false;
}

/* ---- memory-mapped registers ---- */

static uint64_t low_bytes(uint64_t value, unsigned bytes)
{
	return bytes == 8 ? value : value & ((1ull << 8 * bytes) - 1);
}

static bool memory_mapped(struct hv_trap_cpu *cpu, const struct hv_insn *insn, struct hv_exit *x)
{
	uint64_t at = cpu->regs[TRAP_CR2];
	uint64_t value = insn->immediate;
	switch (insn->kind) {
	case HV_INSN_STORE:
		value = cpu->regs[place[insn->reg]] >> (insn->high_byte ? 8 : 0);
		break;
	case HV_INSN_STORE_IMM:
		break;
	case HV_INSN_LOAD:
		cpu->pending = TRAP_TO_REGISTER;
		cpu->pending_reg = insn->reg;
		cpu->pending_bytes = insn->size;
		cpu->pending_reg_bytes = insn->reg_bytes;
		cpu->pending_high_byte = insn->high_byte;
		break;
	default:
		return fault(cpu, x, "access to 0x%llx, where there is nothing,",
			     (unsigned long long)at);
	}
	x->kind = HV_EXIT_MMIO;
	x->mmio.gpa = at;
	x->mmio.size = insn->size;
	x->mmio.write = insn->kind != HV_INSN_LOAD;
	x->mmio.data = cpu->buffer;
	memcpy(cpu->buffer, &value, insn->size);
	cpu->regs[TRAP_RIP] += insn->length;
	return true;
}

/* ---- */

enum { TRAPNO_PF = 14 };

bool hv_trap_arch_translate(struct hv_trap_cpu *cpu, const struct hv_mem *mem, struct hv_exit *x)
{
	uint64_t rip = cpu->regs[TRAP_RIP], at = cpu->regs[TRAP_CR2];
	cpu->pending = TRAP_NOTHING;
	if (cpu->signal == SIGSYS)
		return fault(cpu, x, "system call %llu, which guests do not have,",
			     (unsigned long long)cpu->regs[TRAP_RAX]);
	if (cpu->signal == TRAP_KICK) /* the VMM's own doing: an interrupt waits to be delivered */
		return false;
	if (cpu->signal == TRAP_NOT_MAPPED)
		return fault(cpu, x, "the guest's process could not change its window");
	if (cpu->signal != SIGSEGV)
		return fault(cpu, x, "exception %llu", (unsigned long long)cpu->regs[TRAP_TRAPNO]);

	/* On a copy, because the guest could change the bytes between two looks. */
	uint8_t bytes[15];
	size_t available = sizeof(bytes);
	while (available && hv_mem_read(mem, rip, bytes, available))
		available--;
	struct hv_insn insn = hv_decode(bytes, available);

	if (cpu->regs[TRAP_TRAPNO] == TRAPNO_PF) {
		/* Addresses below 4 GiB without memory are the bus, as on the other backends. */
		if (at >= mem->size && at < 1ull << 32 && at != rip)
			return memory_mapped(cpu, &insn, x);
		return fault(cpu, x, "access to 0x%llx, where there is nothing,",
			     (unsigned long long)at);
	}
	switch (insn.kind) {
	case HV_INSN_IN:
	case HV_INSN_OUT:
		return simple_io(cpu, &insn, x);
	case HV_INSN_INS:
	case HV_INSN_OUTS:
		return string_io(cpu, mem, &insn, x);
	default:
		return privileged(cpu, &insn, x);
	}
}

/* The frame is the guest's, but QEMU's TCG (seen with 7.2) pops it on iretq as a kernel would, in a
 * process, too. With SMAP that is a fault that Linux takes for its own and answers by SIGKILL.
 * Nothing tells apart a QEMU that does better. */
int hv_trap_arch_interruptible(struct err *e)
{
	enum { SMAP = 1u << 20, TCG_NAME = 0x54474354 }; /* "TCGT" */
	unsigned a, b, c, d, features = 0;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31)) /* no hypervisor */
		return 0;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
		features = b;
	__cpuid(0x40000000, a, b, c, d);
	if (b != TCG_NAME || !(features & SMAP))
		return 0;
	return err_set(e, ERR_UNSUPPORTED,
		       "this machine is emulated by QEMU's TCG with SMAP, under which no process "
		       "survives the return from an interrupt; start it with -cpu ...,-smap");
}

/* The processor's own selectors for 64-bit user mode under Linux: iretq checks them. */
enum { USER_CS = 0x33, USER_SS = 0x2b };

bool hv_trap_arch_interrupt(struct hv_trap_cpu *cpu, const struct hv_mem *mem)
{
	uint64_t *regs = cpu->regs;
	const uint64_t frame[] = {regs[TRAP_RIP], USER_CS, regs[TRAP_EFLAGS], regs[TRAP_RSP],
				  USER_SS};
	uint64_t at = (regs[TRAP_RSP] & ~15ull) - sizeof(frame);
	if (hv_mem_write(mem, at, frame, sizeof(frame)))
		return false;
	regs[TRAP_RSP] = at;
	regs[TRAP_RIP] = cpu->handler;
	cpu->irq = false;
	return true;
}

void hv_trap_arch_complete(struct hv_trap_cpu *cpu, const struct hv_mem *mem)
{
	if (cpu->pending == TRAP_TO_MEMORY) {
		hv_mem_write(mem, cpu->pending_gpa, cpu->buffer, cpu->pending_count);
	} else if (cpu->pending == TRAP_TO_REGISTER) {
		uint64_t *reg = &cpu->regs[place[cpu->pending_reg]];
		uint64_t value = 0;
		memcpy(&value, cpu->buffer, cpu->pending_bytes);
		unsigned width = cpu->pending_reg_bytes;
		if (cpu->pending_high_byte)
			*reg = (*reg & ~0xff00ull) | value << 8;
		else if (width >= 4) /* writing 32 bits clears the upper half */
			*reg = value;
		else
			*reg = (*reg & ~low_bytes(~0ull, width)) | low_bytes(value, width);
	}
	cpu->pending = TRAP_NOTHING;
}
