/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A system call that does next to nothing, natively, under the filter alone, and in a container.
 * getppid, as lmbench: unlike getpid no library ever kept its answer, and unlike the clock it is
 * not in the vDSO.
 */
#include "hvcore/host/inside.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int call(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++)
		if (syscall(SYS_getppid) < 0)
			return 1; /* EPERM: the filter refuses it */
	return 0;
}

static int loop_only(void *arg, uint64_t n)
{
	(void)arg;
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" ::: "memory");
	return 0;
}

static int syscall_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			 struct hv_work *work, struct err *e)
{
	(void)env;
	struct inside *in = calloc(1, sizeof(*in));
	if (!in)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	in->body = call;
	in->empty = loop_only;
	in->layers = (unsigned)probe->arg;
	int rc = inside_open(in, probe, work, e);
	if (rc)
		free(in);
	return rc;
}

static void syscall_teardown(struct hv_work *work)
{
	inside_close(work->ctx);
	free(work->ctx);
}

#define ROW(row_name, row_backend, row_layers, row_method)                                         \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.setup = syscall_setup, .teardown = syscall_teardown, .arg = row_layers            \
	}

const struct hv_probe hv_probe_syscall[] = {
	ROW("syscall.native", "native", 0, "getppid in a loop; the empty loop is subtracted"),
	ROW("syscall.seccomp", "container", HV_LAYER_BIT(HV_LAYER_SECCOMP),
	    "getppid in a loop in a process that has the seccomp allow-list and nothing else of a "
	    "container; the empty loop is subtracted"),
	ROW("syscall.container", "container", 0,
	    "getppid in a loop inside namespaces under the seccomp allow-list; the empty loop is "
	    "subtracted"),
	{0},
};
