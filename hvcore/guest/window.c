/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/guest/drivers.h"

#define FLAGS (HV_WINDOW_PRESENT | HV_WINDOW_WRITABLE)

static void store(uint64_t index, uint64_t entry)
{
	((volatile uint64_t *)(uintptr_t)HV_TABLE_GPA)[index] = entry;
}

/* All of the first HV_MAP_PAGES entries, by one hypercall. */
static int set_many(uint64_t pages, uint64_t flags)
{
	static volatile uint64_t entries[HV_MAP_PAGES];
	volatile struct hv_call_map call = {
		.entries = gpa_of(entries), .count = HV_MAP_PAGES, .failed = 1};
	for (uint64_t i = 0; i < HV_MAP_PAGES; i++)
		entries[i] = flags ? (pages + i * 4096) | flags : 0;
	hypercall(HV_CALL_MAP, &call);
	return call.failed ? -1 : 0;
}

static int set_all(uint64_t pages, uint64_t flags, int many)
{
	if (many)
		return set_many(pages, flags);
	for (uint64_t i = 0; i < HV_MAP_PAGES; i++)
		store(i, flags ? (pages + i * 4096) | flags : 0);
	return 0;
}

int guest_maps(uint64_t n, uint64_t pages, int many)
{
	static uint64_t done;
	int rc = 0;
	for (uint64_t i = 0; i < n; i++, done++) {
		uint64_t flags = done % 2 ? 0 : FLAGS, index = done / 2 % HV_MAP_PAGES;
		if (many)
			rc |= set_many(pages, flags);
		else
			store(index, flags ? (pages + index * 4096) | flags : 0);
	}
	return rc;
}

static void invalidate(void)
{
	uint64_t cs;
	__asm__("mov %%cs, %0" : "=r"(cs));
	for (uint64_t i = 0; !(cs & 3) && i < HV_MAP_PAGES; i++)
		__asm__ volatile("invlpg (%0)" : : "r"((uint64_t)HV_WINDOW + i * 4096) : "memory");
}

int guest_maps_1m(uint64_t n, uint64_t pages, int many)
{
	static uint64_t done;
	int rc = 0;
	for (uint64_t i = 0; i < n; i++) {
		done++;
		memset((void *)(uintptr_t)pages, 0, HV_MAP_PAGES * 4096);
		rc |= set_all(pages, FLAGS, many);
		for (uint64_t k = 0; rc == 0 && k < HV_MAP_PAGES; k++)
			*(volatile uint64_t *)(uintptr_t)(HV_WINDOW + k * 4096) =
				done * HV_MAP_PAGES + k;
		rc |= set_all(pages, 0, many);
		invalidate();
	}
	return rc;
}
