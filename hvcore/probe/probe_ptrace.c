/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A system call that a tracer carries out for the traced process, as User-Mode Linux does it: one
 * stop per call (PTRACE_SYSEMU), the tracer looks at the registers, puts in a result and lets it go
 * on.
 */
#include "hvcore/probe/probe.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#endif

enum { RESULT = 4242 };

struct traced {
	pid_t pid;
};

static void run_traced(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
		_exit(1);
	raise(SIGSTOP);
	/* Every call is emulated from here on, exit too: the tracer kills. */
	for (;;)
		if (syscall(SYS_getppid) != RESULT)
			__builtin_trap();
}

#if defined(__x86_64__)
static void set_result(struct user_regs_struct *regs)
{
	regs->rax = RESULT;
}
#elif defined(__aarch64__)
static void set_result(struct user_regs_struct *regs)
{
	regs->regs[0] = RESULT;
}
#else
#error "say here where this architecture returns the result of a system call"
#endif

static int emulate_many(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct traced *t = ctx;
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		struct user_regs_struct regs;
		struct iovec io = {.iov_base = &regs, .iov_len = sizeof(regs)};
		int status;
		if (ptrace(PTRACE_SYSEMU, t->pid, 0, 0) != 0 || waitpid(t->pid, &status, 0) < 0)
			return err_sys(e, errno, "going on to the next system call");
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			return err_set(e, ERR_CORRUPT, "the traced process did not see our result");
		if (ptrace(PTRACE_GETREGSET, t->pid, NT_PRSTATUS, &io) != 0)
			return err_sys(e, errno, "reading the registers");
		set_result(&regs);
		if (ptrace(PTRACE_SETREGSET, t->pid, NT_PRSTATUS, &io) != 0)
			return err_sys(e, errno, "writing the registers");
	}
	return 0;
}

static void ptrace_teardown(struct hv_work *work)
{
	struct traced *t = work->ctx;
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	free(t);
}

static int ptrace_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			struct hv_work *work, struct err *e)
{
	(void)probe;
	(void)env;
	struct traced *t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	t->pid = fork();
	if (t->pid == 0)
		run_traced();
	int status = 0;
	if (t->pid < 0) {
		int rc = err_sys(e, errno, "starting a process to trace");
		free(t);
		return rc;
	}
	work->ctx = t;
	if (waitpid(t->pid, &status, 0) < 0 || !WIFSTOPPED(status)) {
		ptrace_teardown(work);
		return err_set(e, ERR_DENIED, "this process may not trace its own child");
	}
	work->body = emulate_many;
	work->max_noise = 0.2;
	work->max_nonlinear = 0.2;
	return 0;
}

const struct hv_probe hv_probe_ptrace[] = {
	{.name = "syscall.ptrace",
	 .unit = "ns",
	 .backend = "native",
	 .method = "getppid of a traced process, answered by its tracer with one stop "
		   "(PTRACE_SYSEMU)",
	 .setup = ptrace_setup,
	 .teardown = ptrace_teardown},
	{0},
};
