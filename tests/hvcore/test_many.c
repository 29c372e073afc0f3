/* SPDX-License-Identifier: GPL-2.0-or-later
 * Many machines: a thousand alive at once, and more made and closed than there are descriptors,
 * with nothing left over. HVCORE_CYCLES sets how many are made and closed (default 1000,
 * 10,000 as a slow test). */
#include "tests/hvcore/machine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define ALIVE 1000

static unsigned open_descriptors(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* Resident memory of this process in KiB. */
static long resident_kib(void)
{
	long size, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (file)
		fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct hv_config config_of(const char *backend)
{
	const struct hv_image *image = hv_image_find("hello");
	struct hv_config config = {.backend = hv_backend_find(backend),
				   .mem_bytes = 2 << 20,
				   .image = image->start,
				   .image_bytes = (size_t)(image->end - image->start)};
	struct err e;
	if (config.backend->regime)
		CU_ASSERT_EQUAL_FATAL(config.backend->regime(&config.regime, &e), 0);
	return config;
}

static bool hello(struct hv_vm *vm, struct err *e)
{
	struct hv_outcome outcome;
	return hv_vm_run(vm, 20000000000u, &outcome, e) == 0 && outcome.kind == HV_RUN_EXITED &&
	       outcome.status == 0;
}

static void alive_at_once(const char *backend)
{
	if (!machine_available(backend))
		return;
	/* Up to six descriptors each. */
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 6 * ALIVE + 100) {
		test_skip("only %lu descriptors", (unsigned long)limit.rlim_cur);
		return;
	}
	struct hv_config config = config_of(backend);
	struct hv_vm **machines = calloc(ALIVE, sizeof(*machines));
	unsigned before = open_descriptors();
	struct err e = {0};
	int opened = 0, ran = 0;
	while (opened < ALIVE && hv_vm_open(&machines[opened], &config, &e) == 0)
		opened++;
	CU_ASSERT_EQUAL(opened, ALIVE);
	if (opened < ALIVE)
		printf("\n  after %d: %s\n", opened, e.text);
	for (int i = opened - 1; i >= 0; i--)
		ran += hello(machines[i], &e);
	CU_ASSERT_EQUAL(ran, opened);
	for (int i = 0; i < opened; i++)
		hv_vm_close(machines[i]);
	CU_ASSERT_EQUAL(open_descriptors(), before);
	free(machines);
}

static void a_thousand_alive_on_kvm(void)
{
	alive_at_once("kvm");
}

static void a_thousand_alive_on_trap(void)
{
	alive_at_once("trap");
}

static void a_thousand_alive_on_emulator(void)
{
	alive_at_once("emulator");
}

static void cycles(const char *backend)
{
	if (!machine_available(backend))
		return;
	const char *text = getenv("HVCORE_CYCLES");
	int rounds = text ? atoi(text) : getenv("MCVSIM_SLOW") ? 10000 : 1000;
	struct hv_config config = config_of(backend);
	struct err e = {0};
	long warm = 0;
	unsigned before = open_descriptors();
	for (int i = 0; i < rounds; i++) {
		struct hv_vm *vm;
		CU_ASSERT_EQUAL_FATAL(hv_vm_open(&vm, &config, &e), 0);
		CU_ASSERT_FATAL(hello(vm, &e));
		hv_vm_close(vm);
		if (i == rounds / 10)
			warm = resident_kib();
	}
	CU_ASSERT_EQUAL(open_descriptors(), before);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which keep what is freed */
	/* A page kept per machine would be four times as much. */
	CU_ASSERT(resident_kib() - warm < rounds);
#else
	(void)warm;
#endif
}

static void made_and_closed_on_kvm(void)
{
	cycles("kvm");
}

static void made_and_closed_on_trap(void)
{
	cycles("trap");
}

static void made_and_closed_on_emulator(void)
{
	cycles("emulator");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_thousand_alive_on_kvm", a_thousand_alive_on_kvm},
		{"a_thousand_alive_on_trap", a_thousand_alive_on_trap},
		{"a_thousand_alive_on_emulator", a_thousand_alive_on_emulator},
		{"made_and_closed_on_kvm", made_and_closed_on_kvm},
		{"made_and_closed_on_trap", made_and_closed_on_trap},
		{"made_and_closed_on_emulator", made_and_closed_on_emulator},
		{0},
	};
	return test_main("many machines", cases, argc, argv);
}
