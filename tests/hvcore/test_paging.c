/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pages as guests see them: the host's large ones, and the window, whose entries the guest asks
 * for. */
#include "hvcore/probe/guest_bench.h"
#include "hvcore/window.h"
#include "tests/hvcore/machine.h"

#include <fcntl.h>
#include <string.h>

static const char *const backends[] = {"kvm", "trap", "emulator"};
#define BACKENDS 3

/* On the host's large pages one fault maps 2 MiB, on small ones it does not. */
static void a_large_page_is_one_fault(void)
{
	struct hv_mem mem;
	struct err e = {0};
	if (!machine_available("kvm"))
		return;
	if (hv_mem_open_large(&mem, 2 << 20, &e)) {
		test_skip("%s", e.text);
		return;
	}
	hv_mem_close(&mem);
	for (int large = 0; large < 2; large++) {
		const struct hv_bench_options options = {.large_pages = large};
		struct hv_probe_env env = {0};
		struct hv_bench bench;
		struct hv_batch batch;
		uint64_t bytes = 0;
		CU_ASSERT_EQUAL_FATAL(
			hv_bench_open(&bench, hv_backend_find("kvm"), &env, &options, &e), 0);
		bench.arg = 16 << 20;
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH_2M, 4, &batch, &e), 0);
		CU_ASSERT(!bench.counts_exits || (batch.exits >= 4 && batch.exits < 8));
		CU_ASSERT_EQUAL(hv_mem_large(&bench.vm->mem, &bytes, &e), 0);
		CU_ASSERT(large ? bytes >= 4 * HV_TOUCH_2M_STRIDE : bytes == 0);
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH, 128, &batch, &e), 0);
		CU_ASSERT(!bench.counts_exits || (large ? batch.exits < 16 : batch.exits >= 124));
		hv_bench_close(&bench);
	}
	struct hv_config config = {.backend = hv_backend_find("trap"), .large_pages = true};
	struct hv_vm *vm;
	int input = fcntl(0, F_GETFD);
	CU_ASSERT_EQUAL(hv_vm_open(&vm, &config, &e), ERR_UNSUPPORTED);
	CU_ASSERT_EQUAL(fcntl(0, F_GETFD), input); /* nothing is closed that was not opened */
}

#define WINDOW_PAGES_GPA (16u << 20)

static void open_bench(struct hv_bench *bench, const char *backend, bool window)
{
	const struct hv_bench_options options = {.window = window};
	struct hv_probe_env env = {0};
	struct err e = {0};
	CU_ASSERT_EQUAL_FATAL(hv_bench_open(bench, hv_backend_find(backend), &env, &options, &e),
			      0);
	bench->arg = WINDOW_PAGES_GPA;
}

/* What is written into the window is in the pages that were mapped, and once they are taken away
 * the guest cannot get there, although it could a moment before. */
static void the_window_is_what_the_guest_mapped_on(const char *backend, const char *end)
{
	struct hv_bench bench;
	struct hv_batch batch;
	struct err e = {0};
	if (!machine_available(backend))
		return;
	open_bench(&bench, backend, true);
	for (uint64_t round = 0; round < 3; round++) {
		bench.arg = WINDOW_PAGES_GPA;
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP_MANY, 1, &batch, &e), 0);
		CU_ASSERT_EQUAL(bench.vm->window[255], (WINDOW_PAGES_GPA + 255 * 4096) |
							       HV_WINDOW_PRESENT |
							       HV_WINDOW_WRITABLE);
		bench.arg = HV_WINDOW + round * 4096;
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH, 15, &batch, &e), 0);
		for (uint64_t i = 0; i < 15; i++) {
			uint64_t value = 0, page = i * (HV_TOUCH_STRIDE / 4096) + round;
			hv_mem_read(&bench.vm->mem, WINDOW_PAGES_GPA + page * 4096, &value, 8);
			CU_ASSERT_EQUAL(value, i + 1);
		}
		bench.arg = WINDOW_PAGES_GPA;
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP_MANY, 1, &batch, &e), 0);
		CU_ASSERT_EQUAL(bench.vm->window[255], 0);
	}
	bench.arg = WINDOW_PAGES_GPA;
	CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP_1M, 1, &batch, &e), 0);
	CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP_1M_MANY, 1, &batch, &e), 0);
	bench.arg = HV_WINDOW;
	CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH, 1, &batch, &e), ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, end));
	hv_bench_close(&bench);
}

static void the_window_is_what_the_guest_mapped(void)
{
	the_window_is_what_the_guest_mapped_on("kvm", "triple fault");
	the_window_is_what_the_guest_mapped_on("trap",
					       "write at 0xe0000000, where there is nothing");
}

/* Entries in an order that no system call can carry out at once, and a page that may only be read:
 * what the guest writes there ends it. */
static void entries_need_not_be_neighbours(void)
{
	struct hv_bench bench;
	struct hv_batch batch;
	struct err e = {0};
	bool done;
	if (!machine_available("trap"))
		return;
	open_bench(&bench, "trap", true);
	/* Every 16th page of the window, which HV_OP_TOUCH visits, backwards; others between. */
	uint64_t entries[HV_WINDOW_PAGES];
	for (unsigned i = 0; i < HV_WINDOW_PAGES; i++)
		entries[i] = i % 3 == 1 ? 0
					: (WINDOW_PAGES_GPA + (HV_WINDOW_PAGES - i) * 4096u) |
						  HV_WINDOW_PRESENT | HV_WINDOW_WRITABLE;
	for (unsigned i = 0; i < HV_WINDOW_PAGES; i += 16)
		entries[i] = (WINDOW_PAGES_GPA + (HV_WINDOW_PAGES - i) * 4096u) |
			     HV_WINDOW_PRESENT | (i == 256 ? 0 : HV_WINDOW_WRITABLE);
	hv_mem_write(&bench.vm->mem, 8 << 20, entries, sizeof(entries));
	const struct hv_call_map call = {.entries = 8 << 20, .count = HV_WINDOW_PAGES};
	CU_ASSERT_EQUAL(hv_window_map(bench.vm, &call, &done, &e), 0);
	CU_ASSERT(done);
	bench.arg = HV_WINDOW;
	CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH, 16, &batch, &e), 0);
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t value = 0, page = HV_WINDOW_PAGES - i * 16;
		hv_mem_read(&bench.vm->mem, WINDOW_PAGES_GPA + page * 4096, &value, 8);
		CU_ASSERT_EQUAL(value, i + 1);
	}
	CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_TOUCH, 17, &batch, &e), ERR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "write at 0xe0100000"));
	hv_bench_close(&bench);
}

/* Pages of the VMM, what is no memory, and what is no entry are not mapped; and where there is no
 * window, nothing is. */
static void the_window_takes_only_pages_of_the_guest(void)
{
	static const uint64_t bad[] = {
		HV_BOOT_GPA - 4096 + 1,	  0x8000 + 3,	    64 << 20 | 1,	  ~UINT64_C(0),
		WINDOW_PAGES_GPA + 4 + 1, WINDOW_PAGES_GPA, UINT64_C(1) << 63 | 1};
	struct hv_bench bench;
	struct hv_batch batch;
	struct err e = {0};
	bool done = true;
	/* Each without asking for one, then with. */
	for (unsigned i = 0; i < 2 * BACKENDS; i++) {
		const char *backend = backends[i / 2];
		if (!machine_available(backend))
			continue;
		open_bench(&bench, backend, i % 2);
		struct hv_vm *vm = bench.vm;
		bool there = strcmp(backend, "kvm") == 0 || (strcmp(backend, "trap") == 0 && i % 2);
		CU_ASSERT_EQUAL(hv_window_is_there(vm), there);
		if (!there) {
			CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP_MANY, 1, &batch, &e),
					ERR_IO);
			CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_MAP, 1, &batch, &e), ERR_IO);
			hv_bench_close(&bench);
			continue;
		}
		uint64_t good = WINDOW_PAGES_GPA | HV_WINDOW_PRESENT;
		hv_mem_write(&vm->mem, WINDOW_PAGES_GPA, &good, sizeof(good));
		for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
			uint8_t bytes[8];
			memcpy(bytes, &bad[k], sizeof(bytes));
			hv_mem_write(&vm->mem, WINDOW_PAGES_GPA + 8, bytes, sizeof(bytes));
			const struct hv_call_map call = {.entries = WINDOW_PAGES_GPA, .count = 2};
			CU_ASSERT_EQUAL(hv_window_map(vm, &call, &done, &e), 0);
			CU_ASSERT(!done && vm->window[0] == 0 && vm->window[1] == 0);
			CU_ASSERT_EQUAL(hv_window_access(vm, 8, 8, true, bytes, &e), 0);
			CU_ASSERT_EQUAL(vm->window[1], 0);
		}
		static const struct hv_call_map calls[] = {
			{WINDOW_PAGES_GPA, 0, HV_WINDOW_PAGES + 1, 0},
			{WINDOW_PAGES_GPA, HV_WINDOW_PAGES, 1, 0},
			{WINDOW_PAGES_GPA, UINT32_MAX, 2, 0},
			{WINDOW_PAGES_GPA, 1, UINT32_MAX, 0},
			{(64u << 20) - 8, 0, 2, 0}};
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			CU_ASSERT_EQUAL(hv_window_map(vm, &calls[k], &done, &e), 0);
			CU_ASSERT(!done);
		}
		uint8_t entry[8];
		memcpy(entry, &good, sizeof(entry));
		CU_ASSERT_EQUAL(hv_window_access(vm, 0, 4, true, entry, &e), 0);
		CU_ASSERT_EQUAL(hv_window_access(vm, 4, 8, true, entry, &e), 0);
		CU_ASSERT_EQUAL(vm->window[0], 0);
		CU_ASSERT_EQUAL(hv_window_access(vm, 4088, 8, true, entry, &e), 0);
		memset(entry, 0, sizeof(entry));
		CU_ASSERT_EQUAL(hv_window_access(vm, 4092, 8, false, entry, &e), 0);
		CU_ASSERT_EQUAL(hv_window_access(vm, 4088, 8, false, entry, &e), 0);
		CU_ASSERT_EQUAL(memcmp(entry, &good, sizeof(entry)), 0);
		hv_bench_close(&bench);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_large_page_is_one_fault", a_large_page_is_one_fault},
		{"the_window_is_what_the_guest_mapped", the_window_is_what_the_guest_mapped},
		{"entries_need_not_be_neighbours", entries_need_not_be_neighbours},
		{"the_window_takes_only_pages_of_the_guest",
		 the_window_takes_only_pages_of_the_guest},
		{0},
	};
	return test_main("paging", cases, argc, argv);
}
