/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a hostile guest can reach is what the tables say: the kernel is asked for every call that
 * they leave out. */
#include "hvcore/surface.h"
#include "hvcore/sandbox.h"
#include "tests/support/test.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct hv_surface rows[HV_SURFACES_MAX];

static const struct hv_surface *row_of(const char *backend, const char *devices)
{
	struct err e;
	int count = hv_surfaces(rows, &e);
	CU_ASSERT_FATAL(count > 0);
	for (int i = 0; i < count; i++)
		if (strcmp(rows[i].backend->name, backend) == 0 &&
		    strcmp(rows[i].devices, devices) == 0)
			return &rows[i];
	CU_FAIL_FATAL("a backend has no row");
	return NULL;
}

static bool is_listed(const struct hv_allow *const *tables, const char *call)
{
	for (; *tables; tables++)
		for (const struct hv_allow *row = *tables; row->call; row++)
			if (strcmp(row->call, call) == 0)
				return true;
	return false;
}

/* In a process of its own: how many calls that the tables leave out the kernel refuses; those that
 * are listed are not tried, since they would be carried out. -1: one was not refused. */
static int refused_by(const struct hv_allow *const *tables)
{
	int refused = 0, ends[2], status;
	CU_ASSERT_FATAL(pipe(ends) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		static bool tried[1024];
		struct err e;
		for (int number = 0; number < 1024; number++) {
			char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
			tried[number] = name && !is_listed(tables, name);
			free(name);
		}
		if (hv_allow_load(tables, 0, HV_ALLOW_ELSE_EPERM, &e) < 0)
			_exit(77);
		for (int number = 0; number < 1024; number++) {
			if (!tried[number])
				continue;
			if (syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) != -1 || errno != EPERM)
				refused = -100000;
			refused++;
		}
		_exit(write(ends[1], &refused, sizeof(refused)) != sizeof(refused));
	}
	close(ends[1]);
	ssize_t n = read(ends[0], &refused, sizeof(refused));
	close(ends[0]);
	CU_ASSERT_FATAL(waitpid(pid, &status, 0) == pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return 0;
	CU_ASSERT_EQUAL(n, (ssize_t)sizeof(refused));
	return refused;
}

static void a_container_is_refused_every_call_that_is_not_counted(void)
{
	const struct hv_allow *const tables[] = {hv_allow_container, NULL};
	const struct hv_surface *s = row_of("container", "");
	unsigned answered = 0;
	for (const struct hv_allow *row = hv_allow_container; row->call; row++)
		answered += row->answer != 0;
	int refused = refused_by(tables);
	if (refused == 0) {
		test_skip("this kernel has no seccomp filters");
		return;
	}
	CU_ASSERT_EQUAL(s->host_calls + answered + (unsigned)refused, s->known_calls);
	CU_ASSERT(s->limited > 0 && s->limited < s->host_calls);
	CU_ASSERT_EQUAL(s->hypercalls, 0);
	CU_ASSERT_EQUAL(s->ports, 0);
}

static void so_is_a_vmm_that_was_taken_over(void)
{
	static const char *const names[] = {"kvm", "trap", "emulator"};
	for (unsigned i = 0; i < 3; i++) {
		const struct hv_surface *s = row_of(names[i], "registers");
		const struct hv_allow *const tables[] = {hv_sandbox_common, s->backend->allow,
							 NULL};
		int refused = refused_by(tables);
		if (refused == 0) {
			test_skip("this kernel has no seccomp filters");
			return;
		}
		CU_ASSERT_EQUAL(s->host_calls + (unsigned)refused, s->known_calls);
		CU_ASSERT_EQUAL(s->hypercalls, HV_CALL_COUNT);
	}
}

static void devices_of_registers_have_more_ports_than_rings(void)
{
	/* UART 8, ATA 8 and its bus master 8, RTL8139 256; four rings of 7 registers, 4 apart. And
	 * two bells. */
	CU_ASSERT_EQUAL(row_of("kvm", "registers")->ports, 8 + 16 + 256 + 2);
	CU_ASSERT_EQUAL(row_of("kvm", "rings")->ports, 4 * HV_QUEUE_PORTS * 4 + 2);
	CU_ASSERT_EQUAL(row_of("kvm", "rings")->host_calls, row_of("kvm", "registers")->host_calls);
}

static void a_process_has_all_calls(void)
{
	const struct hv_surface *s = row_of("native", "");
	CU_ASSERT_EQUAL(s->host_calls, s->known_calls);
	CU_ASSERT(s->known_calls > 300);
}

static void json_lists_the_calls_with_their_reasons(void)
{
	struct err e;
	int count = hv_surfaces(rows, &e);
	cJSON *root = hv_surfaces_json(rows, count);
	const cJSON *item, *call;
	unsigned at = 0;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "surfaces"))
	{
		bool is_native = strcmp(rows[at].backend->name, "native") == 0;
		const cJSON *calls = cJSON_GetObjectItem(item, "calls");
		CU_ASSERT_EQUAL(cJSON_IsArray(calls), !is_native);
		CU_ASSERT(is_native || (unsigned)cJSON_GetArraySize(calls) >= rows[at].host_calls);
		cJSON_ArrayForEach(call, calls) CU_ASSERT(
			strlen(cJSON_GetStringValue(cJSON_GetObjectItem(call, "why"))) > 0);
		at++;
	}
	CU_ASSERT_EQUAL((int)at, count);
	cJSON_Delete(root);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_container_is_refused_every_call_that_is_not_counted",
		 a_container_is_refused_every_call_that_is_not_counted},
		{"so_is_a_vmm_that_was_taken_over", so_is_a_vmm_that_was_taken_over},
		{"devices_of_registers_have_more_ports_than_rings",
		 devices_of_registers_have_more_ports_than_rings},
		{"a_process_has_all_calls", a_process_has_all_calls},
		{"json_lists_the_calls_with_their_reasons",
		 json_lists_the_calls_with_their_reasons},
		{0},
	};
	return test_main("surface", cases, argc, argv);
}
