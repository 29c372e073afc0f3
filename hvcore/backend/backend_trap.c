/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Classic trap and emulate, without KVM: the guest runs deprivileged in a process of its own, in
 * which nothing else lives but the stub (stub/). What only a kernel may do raises a signal there;
 * the stub hands the registers over, the VMM decodes, emulates and resumes. The two sides share the
 * guest's memory and one page, and take turns on a futex.
 */
#include "hvcore/allow.h"
#include "hvcore/clock.h"
#include "hvcore/backend/trap_arch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often a wait looks whether the guest's process still lives. */
#define SLICE_NS       20000000
#define START_LIMIT_NS 5000000000u

struct trap {
	struct trap_shared *shared;
	pid_t pid; /* of the guest's process; 0: none */
	struct hv_trap_cpu cpu;
	unsigned window_from, window_to; /* entries that the guest's process does not know yet */
};

static int trap_available(struct err *e)
{
	int rc = hv_trap_arch_available(e);
	if (rc)
		return rc;
	/* With a bad pointer, a kernel that knows filters says EFAULT. */
	if (prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, NULL) && errno != EFAULT &&
	    errno != EACCES)
		return err_sys(e, errno, "this kernel has no seccomp filters");
	return 0;
}

/* A memfd of `bytes` bytes, filled from `content` when that is not NULL; its number, or -1. */
static int make_memfd(const char *name, const void *content, size_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	if (content ? write(fd, content, bytes) != (ssize_t)bytes
		    : ftruncate(fd, (off_t)bytes) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Starts the stub with exactly the descriptors it needs, no environment, and nothing else of ours.
 */
static int spawn_stub(struct trap *t, int memory, int shared, struct err *e)
{
	size_t bytes;
	const void *stub = hv_trap_arch_stub(&bytes);
	int program = make_memfd("hvcore-stub", stub, bytes);
	if (program < 0)
		return err_sys(e, errno, "a memfd for the program in the guest's process");
	/* The originals may sit at the very numbers they are to get: move them out of the way
	 * first. */
	const int from[] = {memory, shared, program};
	const int to[] = {TRAP_FD_MEMORY, TRAP_FD_SHARED, TRAP_FD_STUB};
	static const char *const names[] = {"memory", "shared page", "program"};
	int high[3], rc = 0;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, TRAP_FD_END);
		/* It calls a first number beyond the limit invalid. */
		int failure = high[i] >= 0
				      ? posix_spawn_file_actions_adddup2(&actions, high[i], to[i])
			      : errno == EINVAL ? EMFILE
						: errno;
		if (failure && !rc)
			rc = err_sys(e, failure,
				     "a second descriptor of the guest's %s, to pass on", names[i]);
	}
	posix_spawn_file_actions_addclosefrom_np(&actions, TRAP_FD_END);
	char path[32], name[] = "hvcore-guest";
	snprintf(path, sizeof(path), "/proc/self/fd/%d", TRAP_FD_STUB);
	char *argv[] = {name, NULL}, *envp[] = {NULL};
	int failed = rc ? 0 : posix_spawn(&t->pid, path, &actions, NULL, argv, envp);
	if (failed) {
		t->pid = 0;
		rc = err_sys(e, failed, "cannot start the guest's process");
	}
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < 3; i++)
		if (high[i] >= 0)
			close(high[i]);
	close(program);
	return rc;
}

/* Says in x->text how the guest's process ended, if it did. */
static bool has_died(const struct trap *t, char *text, size_t size)
{
	siginfo_t info = {0};
	if (waitid(P_PID, (id_t)t->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == 0)
		return false;
	bool exited = info.si_code == CLD_EXITED;
	snprintf(text, size, "the guest's process %s %d%s",
		 exited ? "exited with" : "was ended by signal", info.si_status,
		 !exited && info.si_status == SIGKILL
			 ? ", not sent by the VMM (the kernel's log says more)"
			 : "");
	return true;
}

enum wait_result { WAIT_TRAP, WAIT_TIMEOUT, WAIT_DEAD };

/* Waits for the VMM's turn. */
static enum wait_result wait_for_trap(struct trap *t, uint64_t deadline_ns, char *text, size_t size)
{
	uint32_t *turn = &t->shared->turn;
	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != TRAP_TURN_VMM) {
		uint64_t now = hv_clock_ns();
		if (now >= deadline_ns)
			return WAIT_TIMEOUT;
		uint64_t left = deadline_ns - now;
		struct timespec slice = {0, (long)(left < SLICE_NS ? left : SLICE_NS)};
		if (syscall(SYS_futex, turn, FUTEX_WAIT, TRAP_TURN_GUEST, &slice, NULL, 0) &&
		    errno == ETIMEDOUT && has_died(t, text, size))
			return WAIT_DEAD;
	}
	/* A copy, taken once: the guest can write to the shared page while we think about it. */
	memcpy(t->cpu.regs, t->shared->regs, sizeof(t->cpu.regs));
	t->cpu.signal = *(volatile uint32_t *)&t->shared->signal;
	return WAIT_TRAP;
}

static uint32_t access_of(uint64_t entry)
{
	return (entry & HV_WINDOW_PRESENT ? TRAP_MAP_READ : 0) |
	       (entry & HV_WINDOW_WRITABLE ? TRAP_MAP_WRITE : 0);
}

/* How many entries, from the first on, one system call can carry out. */
static unsigned neighbours(const uint64_t *entries, unsigned count)
{
	uint64_t step = entries[0] ? 4096 : 0;
	unsigned n = 1;
	while (n < count && entries[n] == entries[n - 1] + step)
		n++;
	return n;
}

/* The changed part of the window, for the stub. */
static void pass_window(struct trap *t, const uint64_t *window)
{
	uint32_t maps = 0;
	for (unsigned at = t->window_from, n; at < t->window_to; at += n) {
		n = neighbours(&window[at], t->window_to - at);
		t->shared->map[maps++] = (struct trap_map){.first = at,
							   .count = n,
							   .gpa = (uint32_t)window[at] & ~4095u,
							   .access = access_of(window[at])};
	}
	t->shared->maps = maps;
	t->window_from = t->window_to = 0;
}

static void resume(struct trap *t, const uint64_t *window)
{
	pass_window(t, window);
	memcpy(t->shared->regs, t->cpu.regs, TRAP_REGS * sizeof(t->cpu.regs[0]));
	__atomic_store_n(&t->shared->turn, TRAP_TURN_GUEST, __ATOMIC_RELEASE);
	syscall(SYS_futex, &t->shared->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static int trap_open(struct hv_vm *vm, struct err *e)
{
	struct trap *t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_NOMEM, "no memory for a virtual machine");
	vm->state = t;
	int fd = make_memfd("hvcore-shared", NULL, sizeof(*t->shared));
	if (fd < 0)
		return err_sys(e, errno, "a memfd for the page shared with the guest's process");
	void *page = mmap(NULL, sizeof(*t->shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int rc = 0;
	if (page == MAP_FAILED) {
		rc = err_sys(e, errno, "cannot map the shared page");
	} else {
		t->shared = page;
		t->shared->mem_bytes = vm->mem.size;
		t->shared->turn = TRAP_TURN_GUEST;
		t->shared->window = vm->config.window;
		rc = spawn_stub(t, vm->mem.fd, fd, e);
	}
	close(fd);
	if (rc)
		return rc;
	char text[100] = "the guest's process does not start";
	if (wait_for_trap(t, hv_clock_ns() + START_LIMIT_NS, text, sizeof(text)) != WAIT_TRAP)
		return err_set(e, ERR_UNSUPPORTED, "%s before its first instruction", text);
	hv_trap_arch_start(&t->cpu, vm->config.entry);
	return 0;
}

static void trap_close(struct hv_vm *vm)
{
	struct trap *t = vm->state;
	if (!t)
		return;
	if (t->pid) {
		kill(t->pid, SIGKILL);
		while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (t->shared)
		munmap(t->shared, sizeof(*t->shared));
	free(t);
	vm->state = NULL;
}

static int trap_handler(struct hv_vm *vm, struct hv_call_handler *call, struct err *e)
{
	struct trap *t = vm->state;
	int rc = hv_trap_arch_interruptible(e);
	if (rc)
		return rc;
	t->cpu.handler = call->handler;
	call->eoi = call->apic = 0;
	return 0;
}

/* As for a guest that runs: a signal stops it, the interrupt is delivered at that stop. */
static int trap_raise(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	(void)cpu;
	struct trap *t = vm->state;
	t->cpu.irq = true;
	if (kill(t->pid, TRAP_KICK))
		return err_sys(e, errno, "cannot signal the guest's process");
	return 0;
}

/* The guest's process maps it before the guest goes on. */
static int trap_map(struct hv_vm *vm, unsigned first, const uint64_t *entries, unsigned count,
		    struct err *e)
{
	(void)entries; /* in vm->window already */
	(void)e;
	struct trap *t = vm->state;
	bool none = t->window_from == t->window_to;
	unsigned to = first + count;
	if (count == 0)
		return 0;
	t->window_from = none || first < t->window_from ? first : t->window_from;
	t->window_to = none || to > t->window_to ? to : t->window_to;
	return 0;
}

static bool deliver_interrupt(struct trap *t, const struct hv_mem *mem, struct hv_exit *x)
{
	if (!t->cpu.irq || !t->cpu.interrupts || !t->cpu.handler)
		return true;
	if (hv_trap_arch_interrupt(&t->cpu, mem))
		return true;
	x->kind = HV_EXIT_FAULT;
	snprintf(x->text, sizeof(x->text), "an interrupt finds no stack in the guest's memory");
	return false;
}

static int trap_step(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, uint64_t deadline_ns,
		     struct err *e)
{
	(void)cpu;
	struct trap *t = vm->state;
	(void)e;
	hv_trap_arch_complete(&t->cpu, &vm->mem);
	for (;;) {
		resume(t, vm->window);
		switch (wait_for_trap(t, deadline_ns, x->text, sizeof(x->text))) {
		case WAIT_TRAP:
			break;
		case WAIT_TIMEOUT:
			x->kind = HV_EXIT_TIMEOUT;
			return 0;
		case WAIT_DEAD:
			x->kind = HV_EXIT_INTERNAL;
			return 0;
		}
		if (hv_trap_arch_translate(&t->cpu, &vm->mem, x) ||
		    !deliver_interrupt(t, &vm->mem, x))
			return 0;
		/* A guest that does nothing but privileged instructions must end in time, too. */
		if (hv_clock_ns() >= deadline_ns) {
			x->kind = HV_EXIT_TIMEOUT;
			return 0;
		}
	}
}

static pid_t trap_peer(const struct hv_vm *vm)
{
	const struct trap *t = vm->state;
	return t->pid;
}

static const struct hv_allow trap_allow[] = {
	{.call = "waitid", .why = "whether the guest's process lives"},
	{.call = "wait4", .why = "its end", .first = HV_ALLOW_FIRST_PEER},
	{.call = "kill", .why = "its interrupt", .first = HV_ALLOW_FIRST_PEER, .second = TRAP_KICK},
	{.call = "kill", .why = "its end", .first = HV_ALLOW_FIRST_PEER, .second = SIGKILL},
	{0},
};

/* As the stub's own filter has them (lock_up): only from its code, which the guest can jump to. In
 * machines with a window, which probes make and `hvcore run` does not, mmap and munmap there, too.
 */
static const struct hv_allow trap_guest_allow[] = {
	{.call = "futex",
	 .why = "hands over to the VMM and waits for its turn: wait and wake",
	 .forbidden_bits = ~1ul,
	 .forbidden_arg = 1},
	{.call = "rt_sigreturn", .why = "goes on after a trap"},
	{0},
};

const struct hv_backend hv_backend_trap = {
	.name = "trap",
	.summary = "trap and emulate in a deprivileged process, without KVM",
	.available = trap_available,
	.open = trap_open,
	.close = trap_close,
	.step = trap_step,
	.handler = trap_handler,
	.raise = trap_raise,
	.map = trap_map,
	.map_on_demand = true,
	.allow = trap_allow,
	.peer = trap_peer,
	.guest_allow = trap_guest_allow,
};
