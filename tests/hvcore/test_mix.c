/* SPDX-License-Identifier: GPL-2.0-or-later
 * Task mixes: their orders, their limits, and that every world does what it is asked to. */
#include "hvcore/probe/mix.h"
#include "tests/hvcore/machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct hv_mix everything(void)
{
	struct hv_mix mix = {.seed = 3};
	static const uint32_t count[HV_MIX_TASK_OPS] = {3, 4, 5, 5, 2, 2, 2};
	memcpy(mix.count, count, sizeof(count));
	return mix;
}

static void orders_hold_each_operation_as_often_as_asked(void)
{
	struct hv_mix mix = everything();
	uint32_t length = hv_mix_length(&mix);
	uint8_t a[HV_MIX_ORDERS * 64], b[HV_MIX_ORDERS * 64];
	bool shuffled = false;
	CU_ASSERT_EQUAL_FATAL(length, 23);
	hv_mix_orders(&mix, a);
	hv_mix_orders(&mix, b);
	CU_ASSERT_EQUAL(memcmp(a, b, (size_t)HV_MIX_ORDERS * length), 0);
	for (unsigned i = 0; i < HV_MIX_ORDERS; i++) {
		uint32_t seen[HV_MIX_OPS] = {0};
		for (uint32_t k = 0; k < length; k++) {
			seen[a[i * length + k]]++;
			/* never more given back than touched */
			CU_ASSERT(seen[HV_MIX_PAGE_RELEASE] <= seen[HV_MIX_PAGE_TOUCH]);
		}
		CU_ASSERT_EQUAL(memcmp(seen, mix.count, sizeof(seen)), 0);
		shuffled |= memcmp(a, a + i * length, length) != 0;
	}
	CU_ASSERT(shuffled);
	mix.seed = 4;
	hv_mix_orders(&mix, b);
	CU_ASSERT_NOT_EQUAL(memcmp(a, b, (size_t)HV_MIX_ORDERS * length), 0);
}

static void impossible_mixes_are_refused(void)
{
	static const char *const wrong[] = {"compute",	"compute=-1", "compute=x",   "=3",
					    "pio_in=1", "comput=1",   "compute=5000"};
	struct hv_mix mix = {.count = {0}};
	struct err e;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(hv_mix_set(&mix, wrong[i], &e), ERR_INVALID);
	CU_ASSERT_EQUAL(hv_mix_check(&mix, &e), ERR_INVALID); /* nothing to do */
	CU_ASSERT_EQUAL(hv_mix_set(&mix, "page_release=2", &e), 0);
	CU_ASSERT_EQUAL(hv_mix_check(&mix, &e), ERR_INVALID);
	CU_ASSERT_EQUAL(hv_mix_set(&mix, "page_touch=2", &e), 0);
	CU_ASSERT_EQUAL(hv_mix_check(&mix, &e), 0);
	CU_ASSERT_EQUAL(hv_mix_batch(&mix), HV_MIX_PAGES / 2);
	CU_ASSERT_EQUAL(hv_mix_set(&mix, "net_tx=65", &e), 0);
	CU_ASSERT_EQUAL(hv_mix_check(&mix, &e), ERR_INVALID);
}

/* The worlds check themselves: what was read, written, touched, given back and sent. */
static void works_with(const char *name, struct hv_mix_devices devices)
{
	const struct hv_backend *backend = hv_backend_find(name);
	const struct hv_probe_env env = {.quick = true};
	struct hv_mix mix = everything();
	struct hv_work work = {0};
	struct hv_batch batch = {NAN, NAN, NAN, -1, NAN};
	struct err e = {0};
	if (!backend || backend->available(&e)) {
		test_skip("%s: %s", name, backend ? e.text : "not built");
		return;
	}
	int rc = hv_mix_open(&mix, backend, devices, &env, &work, &e);
	if (rc)
		printf(" %s ", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	for (uint64_t n = 1; rc == 0 && n <= 4; n *= 2) {
		rc = work.before(work.ctx, n, &e);
		if (!rc)
			rc = work.body(work.ctx, n, &batch, &e);
		if (!rc)
			rc = work.before(work.ctx, n, &e);
		if (!rc)
			rc = work.empty(work.ctx, n, &batch, &e);
	}
	if (!rc) /* in a process a loop is checked before the next */
		rc = work.before(work.ctx, 1, &e);
	if (rc)
		printf(" %s ", e.text);
	CU_ASSERT_EQUAL(rc, 0);
	hv_mix_close(&work);
}

static void works_on(const char *name, bool para)
{
	works_with(name, (struct hv_mix_devices){.para = para});
}

static void works_beside_an_iothread(void)
{
	works_with("kvm", (struct hv_mix_devices){.para = true, .iothread = true});
	works_with("trap", (struct hv_mix_devices){.para = true, .iothread = true});
}

static void works_in_a_process(void)
{
	works_on("native", false);
}
static void works_in_a_container(void)
{
	works_on("container", false);
}
static void works_on_kvm(void)
{
	works_on("kvm", false);
	works_on("kvm", true);
}
static void works_on_trap(void)
{
	works_on("trap", false);
	works_on("trap", true);
}
static void works_on_emulator(void)
{
	works_on("emulator", false);
	works_on("emulator", true);
}

/* What is left of a step when its exit or fault is taken away leaves the machine alone. */
static void parts_of_steps_need_no_exit(void)
{
	static const enum hv_mix_op parts[] = {HV_MIX_NIC, HV_MIX_CALL, HV_MIX_PLACE, HV_MIX_GIVE};
	const struct hv_backend *backend = hv_backend_find("emulator");
	const struct hv_probe_env env = {.quick = true};
	struct err e = {0};
	if (!backend || backend->available(&e)) {
		test_skip("%s", backend ? e.text : "emulator: not built");
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct hv_mix mix = {.count = {0}};
		struct hv_work work = {0};
		struct hv_batch batch = {NAN, NAN, NAN, -1, NAN};
		mix.count[parts[i]] = 3;
		CU_ASSERT_EQUAL_FATAL(
			hv_mix_open(&mix, backend, (struct hv_mix_devices){0}, &env, &work, &e), 0);
		CU_ASSERT_EQUAL(work.empty(work.ctx, 100, &batch, &e), 0);
		const struct hv_counters before = *hv_mix_counters(&work);
		CU_ASSERT_EQUAL(work.body(work.ctx, 100, &batch, &e), 0);
		const struct hv_counters after = *hv_mix_counters(&work);
		CU_ASSERT_EQUAL(after.exits - before.exits, 1); /* the guest's next yield */
		hv_mix_close(&work);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"orders_hold_each_operation_as_often_as_asked",
		 orders_hold_each_operation_as_often_as_asked},
		{"impossible_mixes_are_refused", impossible_mixes_are_refused},
		{"works_beside_an_iothread", works_beside_an_iothread},
		{"works_in_a_process", works_in_a_process},
		{"works_in_a_container", works_in_a_container},
		{"works_on_kvm", works_on_kvm},
		{"works_on_trap", works_on_trap},
		{"works_on_emulator", works_on_emulator},
		{"parts_of_steps_need_no_exit", parts_of_steps_need_no_exit},
		{0},
	};
	return test_main("mix", cases, argc, argv);
}
