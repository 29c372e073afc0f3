/* SPDX-License-Identifier: GPL-2.0-or-later
 * The instrument against known answers: exits are what KVM counts, and a delay of known length in
 * the exit handler appears in the reported cost. Rounds with and without the delay alternate, so
 * that a machine that changes its speed changes both. */
#include "hvcore/clock.h"
#include "hvcore/probe.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct hv_probe *find(const char *name, const char *backend)
{
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		if (strcmp(p->name, name) == 0 && strcmp(p->backend, backend) == 0)
			return p;
	return NULL;
}

static const struct hv_probe *find_available(const char *name, const char *backend,
					     struct hv_probe_env *env)
{
	const struct hv_probe *p = find(name, backend);
	struct err e = {0};
	*env = (struct hv_probe_env){.quick = true};
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	if (hv_probe_valid(p, env, &e)) {
		test_skip("%s on %s: %s", name, backend, e.text);
		return NULL;
	}
	CU_ASSERT_EQUAL(hv_ticks_rate(20000000, &env->ticks_per_ns, &e), 0);
	return p;
}

#define ROUNDS	 7
#define DELAY_NS 40000

static void delay_shows(const char *name, const char *backend)
{
	struct hv_probe_env env;
	const struct hv_probe *p = find_available(name, backend, &env);
	if (!p)
		return;
	double seen[ROUNDS];
	unsigned n = 0;
	for (int round = 0; round < 2 * ROUNDS && n < ROUNDS; round++) {
		struct hv_measurement plain, delayed;
		struct err e = {0};
		env.delay_ns = 0;
		if (hv_probe_run(p, &env, &plain, &e)) {
			printf("\n  a round is lost: %s\n", e.text);
			continue;
		}
		env.delay_ns = DELAY_NS;
		if (hv_probe_run(p, &env, &delayed, &e) == 0)
			seen[n++] = delayed.p50 - plain.p50;
		else
			printf("\n  a round is lost: %s\n", e.text);
	}
	if (n < 3) {
		test_skip("%s: this machine is too noisy to measure anything", backend);
		return;
	}
	double delay = hv_quantile(seen, n, 0.5);
	if (fabs(delay - DELAY_NS) > 0.05 * DELAY_NS)
		printf("\n  %s on %s: a delay of %d ns was reported as %.0f ns\n", name, backend,
		       DELAY_NS, delay);
	CU_ASSERT_DOUBLE_EQUAL(delay, DELAY_NS, 0.05 * DELAY_NS);
}

static void a_known_delay_is_reported_on_kvm(void)
{
	delay_shows("exit.pio_user", "kvm");
}

static void a_known_delay_is_reported_on_trap(void)
{
	delay_shows("exit.pio_user", "trap");
}

static void exits_are_what_kvm_counts(void)
{
	static const char *const names[] = {"exit.pio_user", "exit.mmio_user", "hypercall",
					    "doorbell.pio"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hv_probe_env env;
		const struct hv_probe *p = find_available(names[i], "kvm", &env);
		if (!p)
			return;
		struct hv_measurement m = {0};
		struct err e = {0};
		int rc = hv_probe_run(p, &env, &m, &e);
		if (rc == 0) {
			CU_ASSERT_DOUBLE_EQUAL(m.exits_per_op, 1, 0.02);
		} else { /* too noisy is the machine's fault; a wrong count is ours */
			CU_ASSERT_PTR_NULL(strstr(e.text, "exits"));
			printf("\n  %s: %s\n", names[i], e.text);
		}
	}
}

static void a_guest_that_lies_about_its_ticks_is_caught(void)
{
	struct hv_probe_env env;
	const struct hv_probe *p = find_available("exit.pio_user", "trap", &env);
	if (!p)
		return;
	struct hv_measurement m;
	struct err e = {0};
	env.ticks_per_ns *= 1.08; /* as if the guest's counter ran slow */
	CU_ASSERT_EQUAL(hv_probe_run(p, &env, &m, &e), ERR_CORRUPT);
}

/* The least of a few medians: what the program can do on this machine, whatever else runs. */
static void machines_are_made_and_closed_in_a_millisecond(void)
{
	static const char *const names[] = {"vm.create", "vm.destroy"};
	for (size_t i = 0; i < 2; i++) {
		struct hv_probe_env env;
		const struct hv_probe *p = find_available(names[i], "kvm", &env);
		if (!p)
			return;
		double least = INFINITY;
		for (int round = 0; round < 5 && least > 1e6; round++) {
			struct hv_measurement m;
			struct err e = {0};
			if (hv_probe_run(p, &env, &m, &e) == 0)
				least = fmin(least, m.p50);
		}
		printf("\n  %s: %.3f ms\n", names[i], least / 1e6);
		CU_ASSERT(least <= 1e6);
	}
}

static double program_ns(char *const argv[], const posix_spawn_file_actions_t *actions)
{
	char *none[] = {NULL};
	int status = -1;
	pid_t pid;
	uint64_t start = hv_clock_ns();
	CU_ASSERT_EQUAL_FATAL(posix_spawn(&pid, argv[0], actions, NULL, argv, none), 0);
	CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT_EQUAL(status, 0);
	return (double)(hv_clock_ns() - start);
}

static void hello_takes_four_milliseconds(void)
{
	static const char *const backends[] = {"kvm", "trap"};
	char path[4096];
	snprintf(path, sizeof(path), "%s/hvcore", getenv("MCVSIM_BIN"));
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct hv_backend *backend = hv_backend_find(backends[i]);
		char run[] = "run", hello[] = "hello", option[] = "--backend", name[16];
		struct err e = {0};
		snprintf(name, sizeof(name), "%s", backends[i]);
		char *argv[] = {path, run, hello, option, name, NULL};
		if (backend->available(&e)) {
			test_skip("%s: %s", backends[i], e.text);
			continue;
		}
		double least = INFINITY, ns[21];
		for (int round = 0; round < 5 && least > 4e6; round++) {
			for (unsigned k = 0; k < 21; k++)
				ns[k] = program_ns(argv, &actions);
			least = fmin(least, hv_quantile(ns, 21, 0.5));
		}
		printf("\n  hello on %s: %.3f ms\n", backends[i], least / 1e6);
		CU_ASSERT(least <= 4e6);
	}
	posix_spawn_file_actions_destroy(&actions);
}

static void probe_rows_are_complete(void)
{
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		CU_ASSERT_PTR_NOT_NULL(hv_backend_find(p->backend));
		CU_ASSERT(p->unit && p->method && p->setup);
		CU_ASSERT_PTR_EQUAL(find(p->name, p->backend), p); /* no row twice */
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_known_delay_is_reported_on_kvm", a_known_delay_is_reported_on_kvm},
		{"a_known_delay_is_reported_on_trap", a_known_delay_is_reported_on_trap},
		{"exits_are_what_kvm_counts", exits_are_what_kvm_counts},
		{"a_guest_that_lies_about_its_ticks_is_caught",
		 a_guest_that_lies_about_its_ticks_is_caught},
		{"machines_are_made_and_closed_in_a_millisecond",
		 machines_are_made_and_closed_in_a_millisecond},
		{"hello_takes_four_milliseconds", hello_takes_four_milliseconds},
		{"probe_rows_are_complete", probe_rows_are_complete},
		{0},
	};
	return test_main("instrument", cases, argc, argv);
}
