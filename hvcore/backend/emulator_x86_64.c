/* SPDX-License-Identifier: GPL-2.0-or-later */
#if HV_WITH_UNICORN
#include "hvcore/backend/emulator_arch.h"
#include "hvcore/backend/paging_x86_64.h"

#include <stdio.h>
#include <string.h>

const uc_arch hv_emulator_arch = UC_ARCH_X86;
const uc_mode hv_emulator_mode = UC_MODE_64;

/* ---- ports ---- */

static void port(struct hv_emulator *em, uint32_t number, int size, bool write)
{
	struct hv_exit *x = em->exit;
	x->kind = HV_EXIT_PIO;
	x->pio.port = (uint16_t)number;
	x->pio.size = (uint8_t)size;
	x->pio.write = write;
	x->pio.count = 1;
	x->pio.data = em->data;
	hv_emulator_exit(em);
}

static uint32_t port_in(uc_engine *uc, uint32_t number, int size, void *ctx)
{
	struct hv_emulator *em = ctx;
	uint32_t value = 0;
	(void)uc;
	memset(em->data, 0, sizeof(em->data));
	if (!em->closing)
		port(em, number, size, false);
	memcpy(&value, em->data, sizeof(value));
	return value;
}

static void port_out(uc_engine *uc, uint32_t number, int size, uint32_t value, void *ctx)
{
	struct hv_emulator *em = ctx;
	(void)uc;
	memcpy(em->data, &value, sizeof(value));
	if (!em->closing)
		port(em, number, size, true);
}

/* ---- exceptions: no descriptor tables, so that each is the end ---- */

enum { INVALID_OPCODE = 6, GENERAL_PROTECTION = 13, PAGE_FAULT = 14 };

static void exception(uc_engine *uc, uint32_t number, void *ctx)
{
	struct hv_emulator *em = ctx;
	em->exception = (int)number;
	em->library.emu_stop(uc);
}

/* The library leaves these to whoever hooks them, as if they were nothing. A processor whose kernel
 * has not set them up raises an exception. */
static void system_call(uc_engine *uc, void *ctx)
{
	exception(uc, INVALID_OPCODE, ctx);
}

static void system_enter(uc_engine *uc, void *ctx)
{
	exception(uc, GENERAL_PROTECTION, ctx);
}

static uint64_t read_register(struct hv_emulator *em, int id)
{
	uint64_t value = 0;
	em->library.reg_read(em->uc, id, &value);
	return value;
}

uint64_t hv_emulator_arch_pc(struct hv_emulator *em)
{
	return read_register(em, UC_X86_REG_RIP);
}

void hv_emulator_arch_translate(struct hv_emulator *em, uc_err error, struct hv_exit *x)
{
	char what[64];
	x->kind = HV_EXIT_FAULT;
	if (em->exception == PAGE_FAULT)
		snprintf(what, sizeof(what), "page fault at 0x%llx, with no handler,",
			 (unsigned long long)read_register(em, UC_X86_REG_CR2));
	else if (em->exception != HV_EMULATOR_NO_EXCEPTION)
		snprintf(what, sizeof(what), "exception %d, with no handler,", em->exception);
	else if (error >= UC_ERR_READ_UNMAPPED && error <= UC_ERR_FETCH_UNMAPPED)
		snprintf(what, sizeof(what), "access to 0x%llx, where there is nothing,",
			 (unsigned long long)em->missing);
	else
		snprintf(what, sizeof(what), "%s", em->library.strerror(error));
	if (em->exception != HV_EMULATOR_NO_EXCEPTION)
		x->kind = HV_EXIT_SHUTDOWN;
	snprintf(x->text, sizeof(x->text), "%s at rip 0x%llx, rsp 0x%llx", what,
		 (unsigned long long)hv_emulator_arch_pc(em),
		 (unsigned long long)read_register(em, UC_X86_REG_RSP));
}

/* ---- interrupts: the library delivers none ---- */

/* Selectors of the descriptors that iretq looks at. */
enum { SEL_CODE = 0x08, SEL_DATA = 0x10, GDT = HV_PAGING_END };
enum { RFLAGS_IF = 0x200 };
enum { INSN_STI = 0xfb };

static void build_descriptors(const struct hv_mem *mem)
{
	uint64_t *gdt = hv_mem_tables(mem, GDT, SEL_DATA + 8);
	gdt[SEL_CODE / 8] = 0x00af9b000000ffffull;
	gdt[SEL_DATA / 8] = 0x00cf93000000ffffull;
}

/* After `sti` a processor takes no interrupt for one more instruction, or a guest could not go to
 * sleep without missing one. The byte before tells; where that is part of something else, the
 * interrupt comes a little later. */
bool hv_emulator_arch_interruptible(struct hv_emulator *em, uint64_t pc)
{
	const volatile uint8_t *before = hv_mem_at(em->mem, pc - 1, 1);
	return (read_register(em, UC_X86_REG_EFLAGS) & RFLAGS_IF) &&
	       !(before && *before == INSN_STI);
}

bool hv_emulator_arch_interrupt(struct hv_emulator *em)
{
	uint64_t rsp = read_register(em, UC_X86_REG_RSP);
	const uint64_t frame[] = {hv_emulator_arch_pc(em), SEL_CODE,
				  read_register(em, UC_X86_REG_EFLAGS), rsp, SEL_DATA};
	uint64_t at = (rsp & ~15ull) - sizeof(frame);
	if (hv_mem_write(em->mem, at, frame, sizeof(frame)))
		return false;
	return em->library.reg_write(em->uc, UC_X86_REG_RSP, &at) == UC_ERR_OK &&
	       em->library.reg_write(em->uc, UC_X86_REG_RIP, &em->handler) == UC_ERR_OK;
}

/* ---- the start ---- */

enum { CR0_PE = 1, CR0_MP = 2, CR0_ET = 0x10, CR0_NE = 0x20, CR0_WP = 0x10000 };
#define CR0_PG 0x80000000u
enum { CR4_PAE = 0x20, CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400 };

int hv_emulator_arch_start(struct hv_emulator *em, struct hv_mem *mem, hv_gpa entry, struct err *e)
{
	const uc_x86_mmr gdtr = {.base = GDT, .limit = SEL_DATA + 7};
	/* In this order: paging is turned on last. */
	const struct {
		int id;
		uint64_t value;
	} start[] = {
		{UC_X86_REG_EFLAGS, RFLAGS_IF},
		{UC_X86_REG_CR3, hv_paging_build(mem, 0)},
		{UC_X86_REG_CR4, CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT},
		{UC_X86_REG_CR0, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG},
		{UC_X86_REG_RIP, entry},
		{UC_X86_REG_RDI, HV_BOOT_GPA},
	};
	build_descriptors(mem);
	uc_err error = em->library.reg_write(em->uc, UC_X86_REG_GDTR, &gdtr);
	for (size_t i = 0; !error && i < sizeof(start) / sizeof(start[0]); i++)
		error = em->library.reg_write(em->uc, start[i].id, &start[i].value);
	const struct {
		int type, insn;
		void *callback;
	} hooks[] = {
		{UC_HOOK_INSN, UC_X86_INS_IN, (void *)port_in},
		{UC_HOOK_INSN, UC_X86_INS_OUT, (void *)port_out},
		{UC_HOOK_INSN, UC_X86_INS_SYSCALL, (void *)system_call},
		{UC_HOOK_INSN, UC_X86_INS_SYSENTER, (void *)system_enter},
		{UC_HOOK_INTR, 0, (void *)exception},
	};
	for (size_t i = 0; !error && i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		uc_hook hook;
		error = em->library.hook_add(em->uc, &hook, hooks[i].type, hooks[i].callback, em, 1,
					     0, hooks[i].insn);
	}
	if (error)
		return err_set(e, ERR_INTERNAL, "libunicorn: %s", em->library.strerror(error));
	return 0;
}
#endif
