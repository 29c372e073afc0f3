/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/sandbox.h"
#include "hvcore/allow.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ROW(call_, why_)                                                                           \
	{                                                                                          \
		.call = call_, .why = why_                                                         \
	}

/* What running, printing, closing and leaving need on every backend. */
const struct hv_allow hv_sandbox_common[] = {
	ROW("write", "the guest's console, messages, bells"),
	ROW("writev", "what libc makes of a long message"),
	ROW("read", "bells and peers"),
	ROW("pread64", "a disk's file"),
	ROW("pwrite64", "the same"),
	ROW("preadv", "the same, into a ring's buffers"),
	ROW("pwritev", "the same"),
	ROW("fdatasync", "a disk's flush"),
	ROW("fstat", "libc, before it first writes to a stream"),
	ROW("newfstatat", "what libc makes of fstat"),
	{.call = "ioctl",
	 .why = "libc, before it first writes: is the stream a terminal?",
	 .second = TCGETS},
	ROW("lseek", "libc, before it leaves a stream"),
	ROW("brk", "memory from malloc"),
	{.call = "mmap",
	 .why = "the same; nothing that could be run",
	 .forbidden_bits = PROT_EXEC,
	 .forbidden_arg = 2},
	{.call = "mprotect", .why = "the same", .forbidden_bits = PROT_EXEC, .forbidden_arg = 2},
	ROW("mremap", "memory from realloc"),
	ROW("madvise", "memory given back by free"),
	ROW("munmap", "the same, and the guest's memory"),
	ROW("close", "closing the machine"),
	ROW("clock_gettime", "deadlines, where the kernel offers no faster way"),
	ROW("timer_settime", "the watchdog's deadline"),
	ROW("timer_delete", "closing the watchdog"),
	ROW("rt_sigreturn", "the watchdog's handler returns"),
	ROW("restart_syscall", "a wait goes on after a signal"),
	ROW("poll", "a guest waits for its devices"),
	ROW("ppoll", "what poll is on newer architectures"),
	ROW("readv", "a packet, into a ring's buffers"),
	ROW("futex", "threads of one machine wait for each other, and for the guest's process"),
	ROW("exit", "a thread ends"),
	ROW("rt_sigprocmask", "the same"),
	ROW("exit_group", "the program ends"),
	{0},
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

int hv_sandbox_enter(const struct hv_vm *vm, struct err *e)
{
#ifdef SANITIZED
	(void)vm;
	return err_set(e, ERR_UNSUPPORTED, "no sandbox in a program built with sanitizers");
#else
	const struct hv_backend *backend = vm->config.backend;
	const struct hv_allow *const tables[] = {hv_sandbox_common, backend->allow, NULL};
	pid_t peer = backend->peer ? backend->peer(vm) : 0;

	int failure = hv_capabilities_drop();
	if (failure && geteuid() == 0)
		return err_sys(e, -failure, "dropping capabilities");
	/* No core dump, and nobody with the same user id may look inside. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return err_sys(e, errno, "prctl");
	int rows = hv_allow_load(tables, peer, HV_ALLOW_ELSE_KILL, e);
	return rows < 0 ? rows : 0;
#endif
}
