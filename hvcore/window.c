/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/window.h"

#include <string.h>

bool hv_window_is_there(const struct hv_vm *vm)
{
	const struct hv_backend *backend = vm->config.backend;
	return backend->map && (vm->config.window || !backend->map_on_demand);
}

/* Nothing, or a page of the guest's own. */
static bool is_acceptable(const struct hv_vm *vm, uint64_t entry)
{
	uint64_t page = entry & ~(uint64_t)4095;
	uint64_t flags = entry & 4095;
	if (entry == 0)
		return true;
	return (flags == HV_WINDOW_PRESENT || flags == (HV_WINDOW_PRESENT | HV_WINDOW_WRITABLE)) &&
	       hv_mem_at(&vm->mem, page, 4096);
}

static int put(struct hv_vm *vm, unsigned first, const uint64_t *entries, unsigned count,
	       struct err *e)
{
	memcpy(vm->window + first, entries, count * sizeof(*entries));
	return vm->config.backend->map(vm, first, entries, count, e);
}

int hv_window_access(struct hv_vm *vm, uint64_t offset, uint32_t size, bool write, uint8_t *data,
		     struct err *e)
{
	uint64_t entry;
	if (!write) {
		memcpy(data, (const uint8_t *)vm->window + offset,
		       size <= 4096 - offset ? size : 4096 - offset);
		return 0;
	}
	if (size != sizeof(entry) || offset % sizeof(entry))
		return 0;
	memcpy(&entry, data, sizeof(entry));
	if (!is_acceptable(vm, entry))
		return 0;
	return put(vm, (unsigned)(offset / sizeof(entry)), &entry, 1, e);
}

int hv_window_map(struct hv_vm *vm, const struct hv_call_map *call, bool *done, struct err *e)
{
	uint64_t entries[HV_WINDOW_PAGES];
	uint64_t bytes = (uint64_t)call->count * sizeof(*entries);
	*done = false;
	if (!hv_window_is_there(vm) || call->count > HV_WINDOW_PAGES ||
	    call->first > HV_WINDOW_PAGES - call->count ||
	    hv_mem_read(&vm->mem, call->entries, entries, bytes))
		return 0;
	for (unsigned i = 0; i < call->count; i++)
		if (!is_acceptable(vm, entries[i]))
			return 0;
	*done = true;
	return put(vm, call->first, entries, call->count, e);
}
