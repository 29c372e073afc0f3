/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/site/placement.h"

static uint32_t winner(const struct guest_loads *g, uint32_t a, uint32_t b)
{
	if (b >= g->count)
		return a;
	return g->load[b] < g->load[a] ? b : a;
}

int guest_loads_init(struct guest_loads *g, uint32_t count, struct arena *arena)
{
	*g = (struct guest_loads){.count = count, .usable = count, .leaves = 1};
	while (g->leaves < count)
		g->leaves *= 2;
	g->load = arena_array(arena, count, sizeof(*g->load));
	g->winners = arena_array(arena, 2 * (size_t)g->leaves, sizeof(*g->winners));
	if (!g->load || !g->winners)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < g->leaves; i++)
		g->winners[g->leaves + i] = i;
	for (uint32_t i = g->leaves - 1; i > 0; i--)
		g->winners[i] = winner(g, g->winners[2 * i], g->winners[2 * i + 1]);
	return 0;
}

static void play(struct guest_loads *g, uint32_t guest)
{
	for (uint32_t i = (g->leaves + guest) / 2; i > 0; i /= 2)
		g->winners[i] = winner(g, g->winners[2 * i], g->winners[2 * i + 1]);
}

void guest_loads_add(struct guest_loads *g, uint32_t guest, int delta)
{
	g->load[guest] += (uint32_t)delta;
	play(g, guest);
}

void guest_loads_block(struct guest_loads *g, uint32_t guest)
{
	g->usable -= g->load[guest] != GUEST_BLOCKED;
	g->load[guest] = GUEST_BLOCKED;
	play(g, guest);
}

void guest_loads_open(struct guest_loads *g, uint32_t guest)
{
	g->usable += g->load[guest] == GUEST_BLOCKED;
	g->load[guest] = 0;
	play(g, guest);
}
