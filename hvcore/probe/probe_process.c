/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making and ending what an operating system runs: threads, processes, programs. The baseline of
 * creating a virtual machine or a container.
 */
#include "hvcore/probe/probe.h"

#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int (*make)(void); /* makes one, waits for its end; 0 or an errno value */

static void *end_thread(void *arg)
{
	return arg;
}

static int make_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, end_thread, NULL);
	return rc ? rc : pthread_join(t, NULL);
}

static int await(pid_t pid)
{
	int status;
	if (waitpid(pid, &status, 0) != pid)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ECHILD;
}

static int make_process(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid < 0 ? errno : await(pid);
}

static int make_program(void)
{
	char *const argv[] = {"true", NULL}, *const none[] = {NULL};
	pid_t pid;
	int rc = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, none);
	return rc ? rc : await(pid);
}

static const make makers[] = {make_thread, make_process, make_program};
enum { THREAD, PROCESS, PROGRAM };

static int make_many(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const make *m = ctx;
	(void)batch;
	for (uint64_t i = 0; i < n; i++) {
		int rc = (*m)();
		if (rc)
			return err_sys(e, rc, "making a thread or process");
	}
	return 0;
}

static int process_valid(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct err *e)
{
	(void)env;
	if (probe->arg == PROGRAM && access("/bin/true", X_OK) != 0)
		return err_sys(e, errno, "/bin/true");
	return 0;
}

static int process_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct hv_work *work, struct err *e)
{
	(void)env;
	(void)e;
	work->body = make_many;
	work->ctx = (void *)(uintptr_t)&makers[probe->arg];
	work->max_noise = 0.25; /* many kernel objects each */
	work->max_nonlinear = 0.25;
	return 0;
}

#define ROW(row_name, row_arg, row_method)                                                         \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = "native", .method = row_method,         \
		.valid = process_valid, .setup = process_setup, .arg = row_arg                     \
	}

const struct hv_probe hv_probe_process[] = {
	ROW("thread.create", THREAD, "a thread that ends at once, created and joined"),
	ROW("fork.native", PROCESS, "a process that ends at once, forked and reaped"),
	ROW("exec.native", PROGRAM, "/bin/true, started by posix_spawn and reaped"),
	{0},
};
