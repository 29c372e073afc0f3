/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Placement: which guest of a site a task goes to. One file placement_NAME.c each.
 */
#ifndef MODELS_PLACEMENT_H
#define MODELS_PLACEMENT_H

#include "models/choice.h"
#include "sim/engine/stream.h"

/* The guests of a site and how many tasks each has. Guest i + 1 is on the host after that of guest
 * i, so that going through them in order loads the hosts evenly. Updates and the least are O(log
 * n). */
struct guest_loads {
	uint32_t count, usable;
	uint32_t *load;	   /* tasks present, or GUEST_BLOCKED */
	uint32_t *winners; /* tournament tree; winners[1] is the guest with the least load */
	uint32_t leaves;   /* a power of two >= count */
	uint32_t cursor;   /* for placements that take turns */
};

/* Makes the tree in the arena, all loads 0. count > 0. Returns 0 or ERR_NOMEM. */
int guest_loads_init(struct guest_loads *g, uint32_t count, struct arena *arena);

/* One task more (delta 1) or fewer (-1) at the guest. */
void guest_loads_add(struct guest_loads *g, uint32_t guest, int delta);

/* The guest takes no tasks, or does again and has none. All take tasks at first; a placement may be
 * asked only while one does. */
#define GUEST_BLOCKED UINT32_MAX
void guest_loads_block(struct guest_loads *g, uint32_t guest);
void guest_loads_open(struct guest_loads *g, uint32_t guest);

/* The guest with the fewest tasks; of several the first. */
static inline uint32_t guest_loads_least(const struct guest_loads *g)
{
	return g->winners[1];
}

struct placement_ops {
	struct key_variant choice;
	uint32_t (*pick)(const void *parameters, struct guest_loads *guests, struct stream *st);
};

extern const struct placement_ops *const placement_models[]; /* ended by NULL */

#endif
