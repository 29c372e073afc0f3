/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/placement.h"

static uint32_t winner(const struct guest_loads *g, uint32_t a, uint32_t b)
{
	if (b >= g->count)
		return a;
	return g->load[b] < g->load[a] ? b : a;
}

int guest_loads_init(struct guest_loads *g, uint32_t count, struct arena *arena)
{
	*g = (struct guest_loads){.count = count, .leaves = 1};
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

void guest_loads_add(struct guest_loads *g, uint32_t guest, int delta)
{
	g->load[guest] += (uint32_t)delta;
	for (uint32_t i = (g->leaves + guest) / 2; i > 0; i /= 2)
		g->winners[i] = winner(g, g->winners[2 * i], g->winners[2 * i + 1]);
}
