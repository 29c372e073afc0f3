/* SPDX-License-Identifier: GPL-2.0-or-later
 * The VMM after it gave up what it does not need: guests run as before, good and hostile ones, and
 * what is not on the lists ends the process. Each case is a process of its own. */
#include "hvcore/sandbox.h"
#include "tests/hvcore/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const char *const backends[] = {"kvm", "trap", "emulator"};
#define BACKENDS    3
#define NO_SANDBOX  77
#define NOT_STOPPED 78

/* Whether the machines of this process have an iothread. */
static bool with_iothread;

/* Opens a machine in the calling process and enters the sandbox. Ends the process on failure. */
static struct hv_vm *sandboxed(const char *backend, const char *image, const char *argument,
			       int disk, struct machine_result *r)
{
	const struct hv_image *found = hv_image_find(image);
	struct hv_config config = {.backend = hv_backend_find(backend),
				   .iothread = with_iothread,
				   .argument = argument,
				   .image = found->start,
				   .image_bytes = (size_t)(found->end - found->start),
				   .console = machine_console,
				   .console_ctx = r};
	struct hv_device device;
	struct hv_vm *vm = NULL;
	struct err e;
	memset(r, 0, sizeof(*r));
	if ((config.backend->regime && config.backend->regime(&config.regime, &e)) ||
	    hv_vm_open(&vm, &config, &e))
		_exit(2);
	if (disk >= 0 &&
	    (hv_ata_make(&device, disk, 1 << 20, &e) || hv_vm_attach(vm, device, &e) ||
	     hv_virtio_blk_make(&device, disk, 1 << 20, &e) || hv_vm_attach(vm, device, &e)))
		_exit(3);
	int rc = hv_sandbox_enter(vm, &e);
	if (rc)
		_exit(rc == ERR_UNSUPPORTED ? NO_SANDBOX : 4);
	return vm;
}

/* The process's wait status. */
static int finish(pid_t pid)
{
	int status = -1;
	CU_ASSERT_FATAL(pid > 0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool skipped(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != NO_SANDBOX)
		return false;
	test_skip("no sandbox in this build or on this kernel");
	return true;
}

/* ---- guests run ---- */

static void guest_process(const char *backend, const char *image, const char *argument, int disk,
			  uint64_t limit_ns)
{
	static struct machine_result r;
	struct err e;
	struct hv_vm *vm = sandboxed(backend, image, argument, disk, &r);
	int rc = hv_vm_run(vm, limit_ns, &r.outcome, &e);
	hv_vm_close(vm);
	if (rc)
		_exit(5);
	_exit(strcmp(image, "hello") == 0 && strcmp(r.console, "hello, box\n") != 0 ? 6 : 0);
}

static void guests_run_as_before(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		pid_t pid = fork();
		if (pid == 0)
			guest_process(backends[i], "hello", "box", -1, 10000000000u);
		int status = finish(pid);
		if (skipped(status))
			return;
		CU_ASSERT_EQUAL(status, 0);
		if (status)
			printf("\n  %s: wait status 0x%x\n", backends[i], (unsigned)status);
	}
}

/* Also where it goes wrong: descriptions of failures, the end of the guest's process, the disk. */
static void hostile_guests_end_as_before(void)
{
	static const char *const tricks[] = {
		"endless-loop", "endless-exits", "invalid-opcode",  "stub-memory",
		"write-null",	"halt",		 "write-elsewhere", "stub-system-call",
		"ata-abuse",	"ring-loop",	 "vmcall"};
	int disk = machine_disk();
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		for (size_t t = 0; t < sizeof(tricks) / sizeof(tricks[0]); t++) {
			pid_t pid = fork();
			if (pid == 0)
				guest_process(backends[i], "hostile", tricks[t], disk, 300000000);
			int status = finish(pid);
			if (skipped(status)) {
				close(disk);
				return;
			}
			CU_ASSERT_EQUAL(status, 0);
			if (status)
				printf("\n  %s on %s: wait status 0x%x\n", tricks[t], backends[i],
				       (unsigned)status);
		}
	}
	close(disk);
}

/* Its thread was there before the filter, and does the same work as the others'. */
static void an_iothread_works_as_before(void)
{
	static const char *const arguments[] = {"ring-loop", "ring-race", "ata-abuse"};
	int disk = machine_disk();
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]) || hv_backend_find(backends[i])->unordered)
			continue;
		for (size_t a = 0; a < sizeof(arguments) / sizeof(arguments[0]); a++) {
			pid_t pid = fork();
			with_iothread = true;
			if (pid == 0)
				guest_process(backends[i], "hostile", arguments[a], disk,
					      10000000000u);
			with_iothread = false;
			int status = finish(pid);
			if (skipped(status)) {
				close(disk);
				return;
			}
			CU_ASSERT_EQUAL(status, 0);
			if (status)
				printf("\n  %s on %s: wait status 0x%x\n", arguments[a],
				       backends[i], (unsigned)status);
		}
	}
	close(disk);
}

/* The program's own output: libc asks different things of a file, a device, a pipe and a terminal.
 */
static void output_may_go_anywhere(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		int to[4] = {open("/dev/null", O_WRONLY | O_CLOEXEC), machine_disk(), -1, -1};
		int out[2];
		CU_ASSERT_EQUAL_FATAL(pipe2(out, O_CLOEXEC), 0);
		to[2] = out[1];
		if (terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0)
			to[3] = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
		for (unsigned t = 0; t < 4; t++) {
			if (to[t] < 0)
				continue;
			pid_t pid = fork();
			if (pid == 0) {
				dup2(to[t], 1);
				dup2(to[t], 2);
				execl(test_binary("hvcore"), "hvcore", "run", "hello", "--backend",
				      backends[i], "--json",
				      TEST_SANITIZED ? "--no-sandbox" : (char *)NULL, (char *)NULL);
				_exit(8);
			}
			int status = finish(pid);
			CU_ASSERT_EQUAL(status, 0);
			if (status)
				printf("\n  output %u on %s: wait status 0x%x\n", t, backends[i],
				       (unsigned)status);
			close(to[t]);
		}
		close(out[0]);
		close(terminal);
	}
}

/* ---- what is forbidden ---- */

static void open_file(void)
{
	(void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static void connect_somewhere(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void start_process(void)
{
	if (fork() == 0)
		_exit(0);
}

static void trace_parent(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void kill_parent(void)
{
	syscall(SYS_kill, getppid(), 0);
}

static void make_code(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
}

static void make_machine(void)
{
	ioctl(0, KVM_CREATE_VM, 0);
}

static void raise_limit(void)
{
	const struct rlimit limit = {1, 1};
	setrlimit(RLIMIT_NOFILE, &limit);
}

static const struct {
	const char *name;
	void (*call)(void);
} forbidden[] = {
	{"open a file", open_file},	    {"make a socket", connect_somewhere},
	{"start a program", start_program}, {"start a process", start_process},
	{"trace the parent", trace_parent}, {"signal the parent", kill_parent},
	{"make code", make_code},	    {"make a machine", make_machine},
	{"change a limit", raise_limit},
};

static void the_rest_ends_the_process(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		for (size_t f = 0; f < sizeof(forbidden) / sizeof(forbidden[0]); f++) {
			pid_t pid = fork();
			if (pid == 0) {
				static struct machine_result r;
				sandboxed(backends[i], "hello", "box", -1, &r);
				forbidden[f].call();
				_exit(NOT_STOPPED);
			}
			int status = finish(pid);
			if (skipped(status))
				return;
			bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
			CU_ASSERT(killed);
			if (!killed)
				printf("\n  %s on %s: wait status 0x%x\n", forbidden[f].name,
				       backends[i], (unsigned)status);
		}
	}
}

/* ---- what the kernel says of the process ---- */

static unsigned long long status_line(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	unsigned long long value = ~0ull;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtoull(line + strlen(key), NULL, base);
	fclose(file);
	return value;
}

static void nothing_is_kept(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		int ready[2], go[2];
		char byte = 0;
		if (!machine_available(backends[i]))
			continue;
		CU_ASSERT_FATAL(pipe(ready) == 0 && pipe(go) == 0);
		pid_t pid = fork();
		if (pid == 0) {
			static struct machine_result r;
			struct hv_vm *vm = sandboxed(backends[i], "hello", "box", -1, &r);
			bool good = write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1;
			hv_vm_close(vm);
			_exit(good ? 0 : 7);
		}
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1) {
			CU_ASSERT_EQUAL(status_line(pid, "CapEff:", 16), 0);
			CU_ASSERT_EQUAL(status_line(pid, "CapPrm:", 16), 0);
			CU_ASSERT_EQUAL(status_line(pid, "NoNewPrivs:", 10), 1);
			CU_ASSERT_EQUAL(status_line(pid, "Seccomp:", 10), 2);
		}
		CU_ASSERT_EQUAL(write(go[1], &byte, 1), 1);
		close(ready[0]);
		close(go[0]);
		close(go[1]);
		int status = finish(pid);
		if (skipped(status))
			return;
		CU_ASSERT_EQUAL(status, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"guests_run_as_before", guests_run_as_before},
		{"hostile_guests_end_as_before", hostile_guests_end_as_before},
		{"an_iothread_works_as_before", an_iothread_works_as_before},
		{"output_may_go_anywhere", output_may_go_anywhere},
		{"the_rest_ends_the_process", the_rest_ends_the_process},
		{"nothing_is_kept", nothing_is_kept},
		{0},
	};
	return test_main("sandbox", cases, argc, argv);
}
