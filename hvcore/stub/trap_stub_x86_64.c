/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program in the guest's process: maps the guest's memory, gives up every system call but two,
 * and from then on only forwards signals and, where the machine has a window, maps what the VMM
 * says. A guest's privileged instruction, system call or bad access becomes a signal; the handler
 * puts the registers into the shared page, wakes the VMM and waits for its turn. No libc; it shares
 * its address space with a hostile guest, so that nothing in it is secret and nothing it could do
 * is worth having.
 */
#include "hvcore/stub/trap_shared.h"

#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define GUEST_FIRST_BYTE 0x10000ul

static struct trap_shared *shared;
static char signal_stack[65536] __attribute__((aligned(64)));

static long syscall6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long syscall3(long number, long a, long b, long c)
{
	return syscall6(number, a, b, c, 0, 0, 0);
}

/* Gives the VMM its turn and waits for the next one. */
static void hand_over(void)
{
	__atomic_store_n(&shared->turn, TRAP_TURN_VMM, __ATOMIC_RELEASE);
	syscall3(__NR_futex, (long)&shared->turn, FUTEX_WAKE, 1);
	while (__atomic_load_n(&shared->turn, __ATOMIC_ACQUIRE) == TRAP_TURN_VMM)
		syscall6(__NR_futex, (long)&shared->turn, FUTEX_WAIT, TRAP_TURN_VMM, 0, 0, 0);
}

static long map(unsigned long at, unsigned long bytes, long protection, long flags, long fd,
		long offset)
{
	return syscall6(__NR_mmap, (long)at, (long)bytes, protection, flags | MAP_SHARED, fd,
			offset);
}

/* What the VMM wants changed in the window. What the guest may have written there itself, the
 * filter bounds. Returns whether all of it was done. */
static int change_window(void)
{
	uint32_t count = shared->maps;
	shared->maps = 0;
	for (uint32_t i = 0; i < count && i < HV_WINDOW_PAGES; i++) {
		const struct trap_map *m = &shared->map[i];
		unsigned long at = HV_WINDOW + m->first * 4096ul, bytes = m->count * 4096ul;
		long write = m->access & TRAP_MAP_WRITE ? PROT_WRITE : 0;
		long rc = m->access ? map(at, bytes, PROT_READ | PROT_EXEC | write, MAP_FIXED,
					  TRAP_FD_MEMORY, m->gpa)
				    : syscall3(__NR_munmap, (long)at, (long)bytes, 0);
		if (rc < 0)
			return 0;
	}
	return 1;
}

static void on_signal(int number, void *info, struct ucontext *uc)
{
	(void)info;
	uint64_t *regs = (uint64_t *)&uc->uc_mcontext;
	for (int i = 0; i < TRAP_ALL_REGS; i++)
		shared->regs[i] = regs[i];
	shared->signal = (uint32_t)number;
	hand_over();
	while (!change_window()) {
		shared->signal = TRAP_NOT_MAPPED;
		hand_over();
	}
	for (int i = 0; i < TRAP_REGS; i++)
		regs[i] = shared->regs[i];
}

__attribute__((naked)) static void restorer(void)
{
	__asm__("mov %0, %%eax; syscall" : : "i"(__NR_rt_sigreturn));
}

static void die(int step)
{
	for (;;)
		syscall3(__NR_exit_group, step, 0, 0);
}

static void install_handlers(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, TRAP_KICK};
	stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
	if (syscall3(__NR_sigaltstack, (long)&stack, 0, 0))
		die(10);
	struct sigaction action = {
		.sa_handler = (__sighandler_t)(void *)on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTORER,
		.sa_restorer = restorer,
		.sa_mask = ~0ul, /* a fault inside the handler ends the process */
	};
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (syscall6(__NR_rt_sigaction, signals[i], (long)&action, 0,
			     sizeof(action.sa_mask), 0, 0))
			die(11);
}

#define DATA(field)	   offsetof(struct seccomp_data, field)
#define LOAD(field)	   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(field))
#define LOAD_HIGH(field)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, DATA(field) + 4)
#define IF(op, k, yes, no) BPF_JUMP(BPF_JMP | BPF_##op | BPF_K, k, yes, no)
#define ALLOW		   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define TRAP		   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)
#define WINDOW_BYTES	   (HV_WINDOW_PAGES * 4096u)

/* From here on: futex wait and wake, and return from signals, made by code of the stub. Where the
 * machine has a window, also mmap and munmap there: shared and fixed, of the guest's memory from
 * HV_BOOT_GPA on, not longer than the window. The sum of address and length is not looked at: what
 * lies within a window's length behind it is nothing, too. Anything else, from anywhere, is a
 * SIGSYS. */
static void lock_up(void)
{
	struct sock_filter code[] = {
		LOAD(arch),
		IF(JEQ, AUDIT_ARCH_X86_64, 0, 10),
		LOAD_HIGH(instruction_pointer),
		IF(JEQ, TRAP_STUB_BASE >> 32, 0, 8),
		LOAD(instruction_pointer),
		IF(JGE, TRAP_STUB_CODE_BYTES, 6, 0),
		LOAD(nr),
		IF(JEQ, __NR_rt_sigreturn, 3, 0),
		IF(JEQ, __NR_futex, 0, shared->window ? 4 : 3),
		LOAD(args[1]),
		IF(JGT, FUTEX_WAKE, 1, 0), /* FUTEX_WAIT is 0, FUTEX_WAKE 1 */
		ALLOW,
		TRAP,
		/* the window */
		IF(JEQ, __NR_munmap, 9, 0),
		IF(JEQ, __NR_mmap, 0, 18),
		LOAD(args[3]),
		IF(JEQ, MAP_SHARED | MAP_FIXED, 0, 16),
		LOAD(args[4]),
		IF(JEQ, TRAP_FD_MEMORY, 0, 14),
		LOAD_HIGH(args[5]),
		IF(JEQ, 0, 0, 12),
		LOAD(args[5]),
		IF(JGE, HV_BOOT_GPA, 0, 10),
		LOAD_HIGH(args[0]),
		IF(JEQ, 0, 0, 8),
		LOAD(args[0]),
		IF(JGE, HV_WINDOW, 0, 6),
		IF(JGE, HV_WINDOW + WINDOW_BYTES, 5, 0),
		LOAD_HIGH(args[1]),
		IF(JEQ, 0, 0, 3),
		LOAD(args[1]),
		IF(JGT, WINDOW_BYTES, 1, 0),
		ALLOW,
		TRAP,
	};
	_Static_assert((TRAP_STUB_BASE & 0xffffffff) == 0, "the filter compares the upper half");
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	if (syscall6(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0))
		die(12);
	if (syscall3(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&program))
		die(13);
}

__attribute__((used)) static void stub_main(void)
{
	syscall3(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
	long at = map(0, sizeof(*shared), PROT_READ | PROT_WRITE, 0, TRAP_FD_SHARED, 0);
	if (at < 0)
		die(1);
	shared = (struct trap_shared *)at;
	at = map(GUEST_FIRST_BYTE, shared->mem_bytes - GUEST_FIRST_BYTE,
		 PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED_NOREPLACE, TRAP_FD_MEMORY,
		 GUEST_FIRST_BYTE);
	if (at != GUEST_FIRST_BYTE)
		die(2);
	if (syscall3(__NR_close_range, 0, TRAP_FD_MEMORY - !!shared->window, 0) ||
	    syscall3(__NR_close_range, TRAP_FD_MEMORY + 1, ~0u, 0))
		die(3);
	install_handlers();
	lock_up();
	/* The first trap: the VMM answers it with the guest's first registers. */
	__asm__ volatile("ud2");
}

__attribute__((naked, used, section(".text.start"))) void _start(void)
{
	__asm__("and $-16, %rsp; call stub_main");
}
