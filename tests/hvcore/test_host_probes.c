/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every probe of the native and container backends, run for real: it gives a number or says why
 * not, and leaves the process as it was - no descriptor, no child, no thread, no changed affinity.
 */
#include "hvcore/clock.h"
#include "hvcore/probe/probe.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_entries(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

struct state {
	int descriptors, threads, cores;
	struct sigaction usr1;
};

static struct state state_now(void)
{
	struct state s = {.descriptors = count_entries("/proc/self/fd"),
			  .threads = count_entries("/proc/self/task")};
	cpu_set_t set;
	sched_getaffinity(0, sizeof(set), &set);
	s.cores = CPU_COUNT(&set);
	sigaction(SIGUSR1, NULL, &s.usr1);
	return s;
}

static bool is_ours(const struct hv_probe *p)
{
	return strcmp(p->backend, "native") == 0 || strcmp(p->backend, "container") == 0;
}

static void check_measurement(const struct hv_probe *p, const struct hv_measurement *m)
{
	CU_ASSERT(isfinite(m->p50) && m->p50 > 0);
	CU_ASSERT(m->min <= m->p50 && m->p50 <= m->p90);
	CU_ASSERT(m->mad >= 0 && m->mad <= m->p50);
	CU_ASSERT(m->batches >= HV_BATCHES_MIN);
	/* No operation here takes less than a cycle or more than a second. */
	CU_ASSERT(strcmp(p->unit, "ns") != 0 || (m->p50 > 0.2 && m->p50 < 1e9));
}

static void each_gives_a_number_and_leaves_nothing_behind(void)
{
	struct hv_probe_env env = {.quick = true};
	const struct hv_probe *p;
	struct err e = {0};
	unsigned measured = 0, tried = 0;
	hv_ticks_rate(5000000, &env.ticks_per_ns, &e);
	struct state before = state_now();
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		struct hv_measurement m;
		if (!is_ours(p) || hv_probe_valid(p, &env, &e) != 0)
			continue;
		tried++;
		int rc = hv_probe_run(p, &env, &m, &e);
		if (rc == 0) {
			measured++;
			check_measurement(p, &m);
		} else {
			/* On a busy machine a measurement may fail its checks, and nothing else. */
			printf("\n    %s: %s", p->name, e.text);
			CU_ASSERT_EQUAL(rc, ERR_CORRUPT);
		}
		struct state after = state_now();
		CU_ASSERT_EQUAL(after.descriptors, before.descriptors);
		CU_ASSERT_EQUAL(after.threads, before.threads);
		CU_ASSERT_EQUAL(after.cores, before.cores);
		CU_ASSERT_EQUAL(after.usr1.sa_handler, before.usr1.sa_handler);
		CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
	}
	CU_ASSERT(tried >= 10);
	CU_ASSERT(measured * 2 > tried);
}

/* Names are keys of the profile: one row per name and backend, and a unit that profiles know. */
static void names_are_unique_and_units_are_known(void)
{
	static const char *const units[] = {"ns", "ns/B", "ratio", "B"};
	const struct hv_probe *p, *q;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		bool known = false;
		for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
			known |= strcmp(p->unit, units[u]) == 0;
		CU_ASSERT(known);
		CU_ASSERT(p->method && p->method[0]);
		CU_ASSERT_PTR_NOT_NULL(hv_backend_find(p->backend));
		for (unsigned k = i + 1; (q = hv_probe_at(k)); k++)
			CU_ASSERT(strcmp(p->name, q->name) != 0 ||
				  strcmp(p->backend, q->backend) != 0);
	}
}

static double measure(const char *name, const char *backend)
{
	struct hv_probe_env env = {.quick = true};
	struct hv_measurement m;
	struct err e;
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		if (strcmp(p->name, name) == 0 && strcmp(p->backend, backend) == 0 &&
		    hv_probe_run(p, &env, &m, &e) == 0)
			return m.p50;
	return NAN;
}

/* Orders that hold on any machine, by so much that noise cannot turn them: if one does not, a probe
 * measures something else than it says. */
static void costs_are_in_the_order_of_what_is_done(void)
{
	static const struct {
		const char *less, *more;
		const char *backend; /* of more; NULL: native */
	} orders[] = {
		{"net.send_1500.native", "net.rtt_1500.native", NULL},
		{"net.recv_1500.native", "net.send_1500.native", NULL},
		{"net.recv_1500.native", "net.send_1500.os", "container"},
		{"syscall.native", "net.recv_1500.native", NULL},
		{"syscall.native", "blk.read_4k.native", NULL},
		{"syscall.native", "switch.native", NULL},
		{"syscall.native", "syscall.ptrace", NULL},
		{"signal.native", "fork.native", NULL},
		{"thread.create", "exec.native", NULL},
		{"switch.native", "thread.create", NULL},
	};
	unsigned seen = 0;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		double less = measure(orders[i].less, "native");
		const char *backend = orders[i].backend ? orders[i].backend : "native";
		double more = measure(orders[i].more, backend);
		if (isnan(less) || isnan(more))
			continue;
		seen++;
		CU_ASSERT(less < more);
	}
	if (seen == 0)
		test_skip("too noisy to measure anything");
}

static void a_scratch_folder_that_cannot_be_written_is_an_error(void)
{
	struct hv_probe_env env = {.quick = true, .scratch = "/proc/nowhere"};
	struct hv_measurement m;
	const struct hv_probe *p;
	struct err e = {0};
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		if (strcmp(p->name, "blk.read_4k.native") == 0)
			CU_ASSERT_EQUAL(hv_probe_run(p, &env, &m, &e), ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "/proc/nowhere"));
}

static void on_one_core_the_cross_core_wake_up_is_refused(void)
{
	cpu_set_t before, one;
	struct hv_probe_env env = {.quick = true};
	const struct hv_probe *p;
	struct err e = {0};
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof(one), &one), 0);
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		if (strcmp(p->name, "wake.cross_core") == 0)
			CU_ASSERT_EQUAL(hv_probe_valid(p, &env, &e), ERR_UNSUPPORTED);
		if (strcmp(p->name, "wake.same_core") == 0)
			CU_ASSERT_EQUAL(hv_probe_valid(p, &env, &e), 0);
	}
	sched_setaffinity(0, sizeof(before), &before);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"each_gives_a_number_and_leaves_nothing_behind",
		 each_gives_a_number_and_leaves_nothing_behind},
		{"names_are_unique_and_units_are_known", names_are_unique_and_units_are_known},
		{"costs_are_in_the_order_of_what_is_done", costs_are_in_the_order_of_what_is_done},
		{"a_scratch_folder_that_cannot_be_written_is_an_error",
		 a_scratch_folder_that_cannot_be_written_is_an_error},
		{"on_one_core_the_cross_core_wake_up_is_refused",
		 on_one_core_the_cross_core_wake_up_is_refused},
		{0},
	};
	return test_main("host_probes", cases, argc, argv);
}
