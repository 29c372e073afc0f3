/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Full emulation on libunicorn (QEMU's translator as a library): every instruction of the guest is
 * translated, none runs as it is. Needs nothing of the processor or the kernel, and costs what that
 * costs.
 */
#include "hvcore/hv.h"

#if HV_WITH_UNICORN
#include "hvcore/allow.h"
#include "hvcore/clock.h"
#include "hvcore/backend/emulator_arch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The translator recurses; what QEMU gives a thread of its own is 8 MiB, of which little is ever
 * touched. */
#define GUEST_STACK_BYTES (1u << 20)

static int emulator_available(struct err *e)
{
	struct hv_unicorn library;
	int rc = hv_unicorn_load(&library, e);
	if (rc)
		return rc;
	if (!library.arch_supported(hv_emulator_arch))
		rc = err_set(e, ERR_UNSUPPORTED, "this libunicorn lacks the architecture");
	hv_unicorn_unload(&library);
	return rc;
}

void hv_emulator_exit(struct hv_emulator *em)
{
	hv_coroutine_suspend(em->guest);
}

/* ---- addresses without memory ---- */

static void memory_mapped(struct hv_emulator *em, uint64_t offset, unsigned size, bool write)
{
	struct hv_exit *x = em->exit;
	x->kind = HV_EXIT_MMIO;
	x->mmio.gpa = em->bus + offset;
	x->mmio.size = size;
	x->mmio.write = write;
	x->mmio.data = em->data;
	hv_emulator_exit(em);
}

static uint64_t bus_read(uc_engine *uc, uint64_t offset, unsigned size, void *ctx)
{
	struct hv_emulator *em = ctx;
	uint64_t value = 0;
	(void)uc;
	memset(em->data, 0, sizeof(em->data));
	if (!em->closing)
		memory_mapped(em, offset, size, false);
	memcpy(&value, em->data, sizeof(value));
	return value;
}

static void bus_write(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *ctx)
{
	struct hv_emulator *em = ctx;
	(void)uc;
	memcpy(em->data, &value, sizeof(value));
	if (!em->closing)
		memory_mapped(em, offset, size, true);
}

/* What is neither memory nor bus is beyond the architecture's map; the library then gives up. */
static bool nothing_there(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
			  int64_t value, void *ctx)
{
	struct hv_emulator *em = ctx;
	(void)uc;
	(void)type;
	(void)size;
	(void)value;
	em->missing = address;
	return false;
}

/* ---- the guest's side ---- */

/* No guest gets here: not even an address of the architecture. */
#define NOWHERE UINT64_MAX

static bool takes_interrupt(struct hv_emulator *em, uint64_t pc)
{
	return em->irq && em->handler && hv_emulator_arch_interruptible(em, pc);
}

/* Before every piece of code that the library translates as one, where interrupts are taken: only
 * here, and not in the middle of an access, does a stop leave the guest's registers as they are.
 * Whatever allows interrupts ends such a piece. */
static void piece_begins(uc_engine *uc, uint64_t pc, uint32_t size, void *ctx)
{
	struct hv_emulator *em = ctx;
	(void)size;
	if (takes_interrupt(em, pc))
		em->library.emu_stop(uc);
}

/* The library came back, and it is neither the deadline nor a mistake: for an interrupt, or because
 * the guest halted, which an interrupt ends. Returns whether the guest goes on. */
static bool interrupt_guest(struct hv_emulator *em, struct hv_exit *x)
{
	x->kind = HV_EXIT_HALT;
	if (!takes_interrupt(em, hv_emulator_arch_pc(em)))
		return false;
	em->irq = false;
	if (hv_emulator_arch_interrupt(em))
		return true;
	x->kind = HV_EXIT_FAULT;
	snprintf(x->text, sizeof(x->text), "an interrupt finds no stack in the guest's memory");
	return false;
}

static void run_guest(void *ctx)
{
	struct hv_emulator *em = ctx;
	while (!em->closing) {
		uc_err error =
			em->library.emu_start(em->uc, hv_emulator_arch_pc(em), NOWHERE, 0, 0);
		if (em->closing)
			break;
		if (error == UC_ERR_OK && em->stopped) {
			em->exit->kind = HV_EXIT_TIMEOUT;
		} else if (error == UC_ERR_OK && em->exception == HV_EMULATOR_NO_EXCEPTION) {
			if (interrupt_guest(em, em->exit))
				continue;
		} else {
			hv_emulator_arch_translate(em, error, em->exit);
		}
		hv_emulator_exit(em);
	}
	em->ended = true;
}

/* In the signal handler. Outside of the guest there is nothing to stop, and what is set there would
 * look like a halt later. */
static void watchdog_fired(void *ctx)
{
	struct hv_emulator *em = ctx;
	if (!em->inside)
		return;
	em->stopped = true;
	em->library.emu_stop(em->uc); /* sets flags */
}

/* The library calls abort() when it meets code that it cannot translate (about one in 2,000 guests
 * of random bytes). That must cost the guest, not the VMM: the handler, on the guest's stack, hands
 * over to the VMM for good. The only state of the VMM outside of a machine, since abort() tells its
 * handler nothing. */
static _Thread_local struct hv_emulator *entered;

static void library_aborts(int signal_number)
{
	struct hv_emulator *em = entered;
	(void)signal_number;
	if (!em)
		return; /* not ours: goes on to end the process */
	em->ended = true;
	em->exit->kind = HV_EXIT_INTERNAL;
	strcpy(em->exit->text, "libunicorn cannot translate this guest");
	hv_emulator_exit(em);
}

static int catch_aborts(struct err *e)
{
	/* Not blocked during the handler, because that one does not return. */
	struct sigaction action = {.sa_handler = library_aborts, .sa_flags = SA_NODEFER};
	sigemptyset(&action.sa_mask);
	return sigaction(SIGABRT, &action, NULL) ? err_sys(e, errno, "sigaction") : 0;
}

static void enter_guest(struct hv_emulator *em)
{
	em->stopped = false;
	em->inside = true;
	entered = em;
	hv_coroutine_resume(em->guest);
	entered = NULL;
	em->inside = false;
}

/* ---- the machine ---- */

static int failure(const struct hv_emulator *em, uc_err error, const char *what, struct err *e)
{
	return err_set(e, error == UC_ERR_NOMEM ? ERR_NOMEM : ERR_INTERNAL, "libunicorn: %s: %s",
		       what, em->library.strerror(error));
}

/* The library ends the program when it does not get this for the code that it makes
 * (libunicorn 2.0: DEFAULT_CODE_GEN_BUFFER_SIZE), which a limit or the machine's overcommit policy
 * may refuse. */
#define CODE_BYTES (1ul << 30)

static int check_room(struct err *e)
{
	void *at = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return err_sys(e, errno,
			       "the 1 GiB of address space that the emulator's library takes");
	munmap(at, CODE_BYTES);
	return 0;
}

static int emulator_open(struct hv_vm *vm, struct err *e)
{
	struct hv_emulator *em = calloc(1, sizeof(*em));
	if (!em)
		return err_set(e, ERR_NOMEM, "no memory for a virtual machine");
	vm->state = em;
	em->exception = HV_EMULATOR_NO_EXCEPTION;
	em->bus = vm->mem.size;
	em->mem = &vm->mem;
	int rc = hv_unicorn_load(&em->library, e);
	if (!rc)
		rc = check_room(e);
	if (rc)
		return rc;
	uc_err error = em->library.open(hv_emulator_arch, hv_emulator_mode, &em->uc);
	if (error)
		return failure(em, error, "cannot make a machine", e);
	error = em->library.mem_map_ptr(em->uc, 0, vm->mem.size, UC_PROT_ALL, vm->mem.base);
	if (!error)
		error = em->library.mmio_map(em->uc, em->bus, (1ull << 32) - em->bus, bus_read, em,
					     bus_write, em);
	uc_hook hook;
	if (!error)
		error = em->library.hook_add(em->uc, &hook, UC_HOOK_MEM_INVALID,
					     (void *)nothing_there, em, 1, 0);
	if (!error && vm->config.interrupts)
		error = em->library.hook_add(em->uc, &hook, UC_HOOK_BLOCK, (void *)piece_begins, em,
					     1, 0);
	if (error)
		return failure(em, error, "cannot map the guest's memory", e);
	rc = hv_emulator_arch_start(em, &vm->mem, vm->config.entry, e);
	if (!rc)
		rc = hv_coroutine_open(&em->guest, run_guest, em, GUEST_STACK_BYTES, e);
	if (!rc)
		rc = hv_watchdog_open(&em->watchdog, watchdog_fired, em, e);
	if (!rc)
		rc = catch_aborts(e);
	return rc;
}

static void emulator_close(struct hv_vm *vm)
{
	struct hv_emulator *em = vm->state;
	if (!em)
		return;
	hv_watchdog_close(&em->watchdog);
	/* The library is in the middle of the guest's last access: let it out, so that it can free
	 * what it holds. */
	if (em->exit && !em->ended) {
		em->closing = true;
		em->library.emu_stop(em->uc);
		enter_guest(em);
	}
	hv_coroutine_close(em->guest);
	if (em->uc)
		em->library.close(em->uc);
	hv_unicorn_unload(&em->library);
	free(em);
	vm->state = NULL;
}

static int emulator_step(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, uint64_t deadline_ns,
			 struct err *e)
{
	(void)cpu;
	struct hv_emulator *em = vm->state;
	(void)e;
	em->exit = x;
	hv_watchdog_arm(&em->watchdog, deadline_ns);
	enter_guest(em);
	/* Exits that follow each other so fast that the watchdog never meets the guest. */
	if (x->kind != HV_EXIT_TIMEOUT && em->watchdog.due && hv_clock_ns() >= deadline_ns)
		x->kind = HV_EXIT_TIMEOUT;
	return 0;
}

static int emulator_handler(struct hv_vm *vm, struct hv_call_handler *call, struct err *e)
{
	struct hv_emulator *em = vm->state;
	(void)e;
	em->handler = call->handler;
	call->eoi = call->apic = 0;
	return 0;
}

/* The guest is in the middle of an access; it is interrupted when that is done. */
static int emulator_raise(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	struct hv_emulator *em = vm->state;
	(void)cpu;
	(void)e;
	em->irq = true;
	return 0;
}

static const struct hv_allow emulator_allow[] = {
	{.call = "rt_sigprocmask", .why = "abort() in the library, on its way to our handler"},
	{.call = "rt_sigaction", .why = "the same, where nobody handles it"},
	{.call = "getpid", .why = "the same"},
	{.call = "gettid", .why = "the same"},
	{.call = "tgkill", .why = "the same", .first = HV_ALLOW_FIRST_SELF},
	{0},
};

const struct hv_backend hv_backend_emulator = {
	.name = "emulator",
	.summary = "full emulation: every instruction translated, by libunicorn",
	.available = emulator_available,
	.unordered = true, /* traps.md */
	.open = emulator_open,
	.close = emulator_close,
	.step = emulator_step,
	.handler = emulator_handler,
	.raise = emulator_raise,
	.allow = emulator_allow,
};

#else

static int emulator_available(struct err *e)
{
#if defined(__x86_64__)
	return err_set(e, ERR_UNSUPPORTED, "built without libunicorn (Debian: libunicorn-dev)");
#else
	return err_set(e, ERR_UNSUPPORTED, "there are guests for x86-64 only");
#endif
}

const struct hv_backend hv_backend_emulator = {
	.name = "emulator",
	.summary = "full emulation: every instruction translated, by libunicorn",
	.available = emulator_available,
};

#endif
