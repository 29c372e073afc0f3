/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Radios whose energy is reckoned beyond where it was measured. A line of power in the rate was
 * fitted to the networks of its time, and a study's cell may be many times as fast: the line then
 * gives powers that no handset ever drew. */
#include "models/world/world_model.h"

#include <stdio.h>
#include <string.h>

struct world_radio {
	const char *name, *class, *cell, *source;
	bool up;		  /* it sends so fast; else it receives */
	double bps, measured_bps; /* what the cell carries; the end of the line */
	double w;		  /* by the line */
	struct world_radio *next;
};

bool world_metric_is_energy(const struct world_metric *m)
{
	return strcmp(m->unit, "J") == 0 || strncmp(m->name, "battery.", 8) == 0;
}

static struct world_radio *find(const struct world_radios *all, const char *name)
{
	struct world_radio *r = all->first;
	while (r && strcmp(r->name, name) != 0)
		r = r->next;
	return r;
}

/* One direction of a cell; `bps` is what a handset has there that is alone. */
static int look(struct world_radios *all, const struct class *class, const struct cell *cell,
		bool up)
{
	const struct radio *radio = class->radio;
	double bps = up ? cell->up_bps : cell->down_bps;
	double end = up ? radio->measured->up_bps : radio->measured->down_bps;
	double slope = up ? radio->up_j_per_bit : radio->down_j_per_bit;
	struct world_radio *r = find(all, radio->name);
	if (!(slope > 0) || bps <= end || (r && bps / end <= r->bps / r->measured_bps))
		return 0;
	if (!r) {
		r = arena_alloc(&all->arena, sizeof(*r));
		if (!r)
			return ERR_NOMEM;
		*r = (struct world_radio){.next = all->first};
		all->first = r;
	}
	r->name = arena_strdup(&all->arena, radio->name);
	r->class = arena_strdup(&all->arena, class->name);
	r->cell = arena_strdup(&all->arena, cell->name);
	r->source = arena_strdup(&all->arena, radio->measured->source);
	r->up = up;
	r->bps = bps;
	r->measured_bps = end;
	r->w = up ? radio_up_w(radio, bps) : radio_down_w(radio, bps);
	return r->name && r->class && r->cell && r->source ? 0 : ERR_NOMEM;
}

static int look_at_cell(struct world_radios *all, const struct class *class,
			const struct cell *cell)
{
	int code = look(all, class, cell, true);
	return code ? code : look(all, class, cell, false);
}

int world_radios_look(struct world_radios *all, const struct world *w, bool energies)
{
	int code = 0;
	for (uint32_t c = 0; c < w->class_count && code == 0; c++) {
		const struct class *class = &w->classes[c];
		if (class->count == 0 || !class->radio->measured ||
		    !(energies || class->policy->weighs_energy))
			continue;
		if (class->coverage.count == 0)
			code = look_at_cell(all, class, &w->cells[class->cell]);
		for (uint32_t i = 0; i < class->coverage.count && code == 0; i++)
			code = look_at_cell(all, class, &w->cells[class->coverage.cells[i].cell]);
	}
	return code;
}

void world_radios_warn(const struct world_radios *all, const struct json_doc *doc,
		       struct diag_list *diags)
{
	for (const struct world_radio *r = all->first; r; r = r->next) {
		char list[600], at[700], bps[40], end[40], w[40];
		json_pointer_join(list, sizeof(list), "/handsets", r->class);
		json_doc_warning(doc, diags, json_pointer_join(at, sizeof(at), list, "radio"),
				 "\"%s\" draws %s where it %s %s, as a handset alone in the cell "
				 "\"%s\": its "
				 "line of power comes from rates up to %s (%s); times hold, "
				 "energies are a guess",
				 r->name, unit_format(r->w, UNIT_POWER, w, sizeof(w)),
				 r->up ? "sends" : "receives",
				 unit_format(r->bps, UNIT_BITRATE, bps, sizeof(bps)), r->cell,
				 unit_format(r->measured_bps, UNIT_BITRATE, end, sizeof(end)),
				 r->source);
	}
}

void world_radios_free(struct world_radios *all)
{
	arena_free(&all->arena);
	*all = (struct world_radios){0};
}
