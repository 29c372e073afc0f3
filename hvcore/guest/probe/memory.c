/* SPDX-License-Identifier: GPL-2.0-or-later
 * Pages touched and given back, the guest's page table, and loads and stores. */
#include "hvcore/guest/probe_ops.h"

static void touch(uint64_t n, uint64_t stride)
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)work.arg;
	for (uint64_t i = 0; i < n; i++, at += stride / sizeof(*at))
		*at = i + 1;
}

static void op_touch(uint64_t n)
{
	touch(n, HV_TOUCH_STRIDE);
}

static void op_touch_2m(uint64_t n)
{
	touch(n, HV_TOUCH_2M_STRIDE);
}

static void op_release(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		volatile struct hv_call_release call = {
			.gpa = (uint32_t)(work.arg + i * HV_TOUCH_STRIDE), .bytes = 4096};
		hypercall(HV_CALL_RELEASE, &call);
		if (call.failed)
			work.failed = 1;
	}
}

static void op_release_block(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		volatile struct hv_call_release call = {
			.gpa = (uint32_t)(work.arg + i * HV_TOUCH_STRIDE), .bytes = 4096};
		hypercall_pretend(&call);
		if (call.failed)
			work.failed = 1;
	}
}

static void op_map(uint64_t n)
{
	work.failed |= guest_maps(n, work.arg, 0) != 0;
}

static void op_map_many(uint64_t n)
{
	work.failed |= guest_maps(n, work.arg, 1) != 0;
}

static void op_map_1m(uint64_t n)
{
	work.failed |= guest_maps_1m(n, work.arg, 0) != 0;
}

static void op_map_1m_many(uint64_t n)
{
	work.failed |= guest_maps_1m(n, work.arg, 1) != 0;
}

static void op_walk(uint64_t n)
{
	work.checksum = guest_walk(work.arg, n);
}

static void op_triad(uint64_t n)
{
	work.checksum = guest_triad(work.arg, n);
}

const struct probe_op probe_memory_ops[] = {
	{HV_OP_TOUCH, op_touch},
	{HV_OP_TOUCH_2M, op_touch_2m},
	{HV_OP_RELEASE, op_release},
	{HV_OP_RELEASE_BLOCK, op_release_block},
	{HV_OP_MAP, op_map},
	{HV_OP_MAP_MANY, op_map_many},
	{HV_OP_MAP_1M, op_map_1m},
	{HV_OP_MAP_1M_MANY, op_map_1m_many},
	{HV_OP_WALK, op_walk},
	{HV_OP_TRIAD, op_triad},
	{0},
};
