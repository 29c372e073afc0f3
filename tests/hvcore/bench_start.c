/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_start: how long a machine takes from its creation to its first exit and to be closed, and
 * the program hvcore from its start to its guest's hello and exit. For every backend that is
 * available the least and the greatest of the medians of five rounds. Run it from the source
 * folder.
 */
#include "hvcore/clock.h"
#include "hvcore/hv.h"
#include "hvcore/probe/measure.h"
#include "hvcore/probe/probe.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { ROUNDS = 5, STARTS = 21 };

struct range {
	double least, most;
};

static void add(struct range *r, double ns)
{
	r->least = fmin(r->least, ns);
	r->most = fmax(r->most, ns);
}

static void print(const char *what, const char *backend, const struct range *r)
{
	if (r->least <= r->most)
		printf("%-12s %-10s %.3f to %.3f ms\n", what, backend, r->least / 1e6,
		       r->most / 1e6);
}

static void machines(const char *name, const char *backend)
{
	struct hv_probe_env env = {.quick = true};
	struct range range = {INFINITY, 0};
	struct hv_measurement m;
	struct err e = {0};
	const struct hv_probe *p = NULL;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		if (strcmp(p->name, name) == 0 && strcmp(p->backend, backend) == 0)
			break;
	if (!p || hv_probe_valid(p, &env, &e) || hv_ticks_rate(20000000, &env.ticks_per_ns, &e)) {
		printf("%-12s %-10s %s\n", name, backend, p ? e.text : "no such probe");
		return;
	}
	for (int round = 0; round < ROUNDS; round++)
		if (hv_probe_run(p, &env, &m, &e) == 0)
			add(&range, m.p50);
		else
			printf("%-12s %-10s a round is lost: %s\n", name, backend, e.text);
	print(name, backend, &range);
}

/* The time of a program from its start to its end in ns, or a negative number. */
static double program_ns(char *const argv[], const posix_spawn_file_actions_t *actions)
{
	char *none[] = {NULL};
	int status = -1;
	pid_t pid;
	uint64_t start = hv_clock_ns();
	if (posix_spawn(&pid, argv[0], actions, NULL, argv, none) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		return -1;
	return (double)(hv_clock_ns() - start);
}

static void hello(const char *backend)
{
	char path[4096], run[] = "run", image[] = "hello", option[] = "--backend", name[16];
	posix_spawn_file_actions_t actions;
	struct range range = {INFINITY, 0};
	snprintf(path, sizeof(path), "%s", test_binary("hvcore"));
	snprintf(name, sizeof(name), "%s", backend);
	char *argv[] = {path, run, image, option, name, NULL};
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int round = 0; round < ROUNDS; round++) {
		double ns[STARTS];
		for (unsigned k = 0; k < STARTS; k++) {
			ns[k] = program_ns(argv, &actions);
			if (ns[k] < 0) {
				printf("hello        %-10s does not run here\n", backend);
				posix_spawn_file_actions_destroy(&actions);
				return;
			}
		}
		add(&range, hv_quantile(ns, STARTS, 0.5));
	}
	print("hello", backend, &range);
	posix_spawn_file_actions_destroy(&actions);
}

int main(void)
{
	static const char *const backends[] = {"kvm", "trap", "emulator"};
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		machines("vm.create", backends[i]);
		machines("vm.destroy", backends[i]);
		hello(backends[i]);
	}
	return 0;
}
