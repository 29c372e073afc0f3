/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/event_slot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *event_alloc_large(size_t size)
{
	const size_t page = 2 << 20;
	if (size < 2 * page)
		return malloc(size);
	size = (size + page - 1) & ~(page - 1);
	void *p = aligned_alloc(page, size);
	if (p)
		madvise(p, size, MADV_HUGEPAGE); /* where it fails nothing is lost but speed */
	return p;
}

bool event_slots_grow(struct event_slots *s)
{
	uint32_t capacity = s->capacity ? 2 * s->capacity : 64;
	struct event_slot *grown = NULL;
	if (s->capacity <= UINT32_MAX / 4)
		grown = event_alloc_large(capacity * sizeof(*grown));
	if (!grown)
		return false;
	if (s->used)
		memcpy(grown, s->at, s->used * sizeof(*grown));
	free(s->at);
	s->at = grown;
	s->capacity = capacity;
	return true;
}
