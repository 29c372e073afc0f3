/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The network of a world: links, cells, the sites that each cell reaches, and the regions that all
 * of them fall into. A region is a connected component: a run can take one after the other. */
#include "models/policy/policy.h"
#include "models/world/world_builder.h"

#include <math.h>
#include <stdio.h>

/* ---- Links */

static int build_links(struct builder *b)
{
	const struct link_file *files = b->file.links.items;
	b->w->link_count = (uint32_t)b->file.links.count;
	b->w->links = arena_array(&b->w->arena, b->file.links.count, sizeof(*b->w->links));
	if (!b->w->links)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < b->w->link_count; i++) {
		b->w->links[i] = (struct link){
			.name = files[i].name,
			.up_bps = files[i].up_bps,
			.down_bps = files[i].down_bps,
			.delay_ns = sim_from_seconds(files[i].delay_s),
			.loses = files[i].when_down == LINK_FAILS && files[i].failures,
		};
		char at[600];
		int code = builder_failures(b, files[i].failures, 1,
					    builder_pointer(at, sizeof(at), "links", files[i].name),
					    &b->w->links[i].failures);
		if (code < 0)
			return code;
	}
	return 0;
}

/* ---- Cells */

int builder_path(struct builder *b, const struct reach_file *file, const char *pointer,
		 uint32_t **links, uint32_t *count, sim_time *delay_ns)
{
	const char *const *via = file->via.items;
	char list[700], at[800], number[24];
	*links = arena_array(&b->w->arena, file->via.count, sizeof(**links));
	if (!*links)
		return builder_no_memory(b);
	json_pointer_join(list, sizeof(list), pointer, "via");
	for (size_t i = 0; i < file->via.count; i++) {
		long link = builder_index(&b->file.links, sizeof(struct link_file), via[i]);
		snprintf(number, sizeof(number), "%zu", i);
		if (link < 0) {
			builder_unknown(b, &b->file.links, sizeof(struct link_file), "link", via[i],
					json_pointer_join(at, sizeof(at), list, number));
			continue;
		}
		(*links)[(*count)++] = (uint32_t)link;
		*delay_ns = sim_time_add(*delay_ns, b->w->links[link].delay_ns);
	}
	return 0;
}

static int build_reach(struct builder *b, struct cell *cell, const struct reach_file *file,
		       const char *pointer)
{
	struct reach *r = &cell->reaches[cell->reach_count];
	long site = builder_index(&b->file.sites, sizeof(struct site_file), file->name);
	if (site < 0) {
		builder_unknown(b, &b->file.sites, sizeof(struct site_file), "site", file->name,
				pointer);
		return 0;
	}
	const struct site_file *site_file = (const struct site_file *)b->file.sites.items + site;
	*r = (struct reach){
		.site = (uint32_t)site,
		.one_way_ns = sim_from_seconds(cell->rtt.mean / 2 + site_file->delay_s),
	};
	int code = builder_path(b, file, pointer, &r->links, &r->link_count, &r->one_way_ns);
	struct policy_site *p = &cell->policy_sites[cell->reach_count++];
	*p = (struct policy_site){
		.hz = b->w->sites[site].hz,
		.vcpus = b->w->sites[site].vcpu_count,
		.one_way_s = sim_to_seconds(r->one_way_ns),
		.up_bps = cell->up_bps,
		.down_bps = cell->down_bps,
	};
	for (uint32_t i = 0; i < r->link_count; i++) {
		const struct link *link = &b->w->links[r->links[i]];
		p->links_up_s_per_bit += 1 / link->up_bps;
		p->links_down_s_per_bit += 1 / link->down_bps;
	}
	return code;
}

/* What the cell says of its capacity and its losses, where it does. */
static void build_channel(struct builder *b, struct cell *cell, const struct cell_file *file,
			  const char *pointer)
{
	const struct key_variant *chosen = NULL;
	char at[700];
	json_pointer_join(at, sizeof(at), pointer, "capacity");
	if (file->capacity &&
	    choice_read((choice_table)capacity_models, "capacity", b->doc, at, &b->w->arena,
			b->diags, &chosen, &cell->capacity_parameters) == 0) {
		cell->capacity = (const struct capacity_ops *)(const void *)chosen;
		cell->capacity = cell->capacity->change ? cell->capacity : NULL;
	}
	json_pointer_join(at, sizeof(at), pointer, "loss");
	if (file->loss && choice_read((choice_table)loss_models, "loss", b->doc, at, &b->w->arena,
				      b->diags, &chosen, &cell->loss_parameters) == 0) {
		cell->loss = (const struct loss_ops *)(const void *)chosen;
		cell->loss = cell->loss->draw ? cell->loss : NULL;
	}
	if (cell->capacity && cell->loss && cell->loss->bound_bps)
		json_doc_error(b->doc, b->diags, at,
			       "\"%s\" bounds rates, which cannot be where \"capacity\" changes; "
			       "\"link\" can",
			       cell->loss->choice.name);
}

static int build_cell(struct builder *b, struct cell *cell, const struct cell_file *file)
{
	const struct reach_file only = {.name = file->site};
	const struct reach_file *files = file->site ? &only : file->reaches.items;
	size_t count = file->site ? 1 : file->reaches.count;
	char at[600], list[700], reach[800];
	builder_pointer(at, sizeof(at), "cells", file->name);
	json_pointer_join(list, sizeof(list), at, file->site ? "site" : "reaches");
	*cell = (struct cell){
		.name = file->name, .up_bps = file->up_bps, .down_bps = file->down_bps};
	if (file->position) {
		const struct position_file *p = file->position;
		cell->placed = true;
		cell->x = p->x;
		cell->y = p->y;
		cell->radius = p->radius_m > 0 ? p->radius_m : INFINITY;
	}
	if (dist_read(&cell->rtt, UNIT_TIME, 3600, b->doc,
		      json_pointer_join(reach, sizeof(reach), at, "rtt"), &b->w->arena,
		      b->diags) == ERR_NOMEM)
		return builder_no_memory(b);
	build_channel(b, cell, file, at);
	if (count > POLICY_SITES_MAX) {
		json_doc_error(b->doc, b->diags, list, "at most %d sites can be reached (got %zu)",
			       POLICY_SITES_MAX, count);
		return 0;
	}
	cell->reaches = arena_array(&b->w->arena, count, sizeof(*cell->reaches));
	cell->policy_sites = arena_array(&b->w->arena, count, sizeof(*cell->policy_sites));
	if (!cell->reaches || !cell->policy_sites)
		return builder_no_memory(b);
	for (size_t i = 0; i < count; i++) {
		json_pointer_join(reach, sizeof(reach), list, files[i].name);
		int code = build_reach(b, cell, &files[i], file->site ? list : reach);
		if (code < 0)
			return code;
	}
	return 0;
}

int world_network_build(struct builder *b)
{
	const struct cell_file *files = b->file.cells.items;
	int code = build_links(b);
	b->w->cell_count = (uint32_t)b->file.cells.count;
	b->w->cells = arena_array(&b->w->arena, b->file.cells.count, sizeof(*b->w->cells));
	if (code < 0 || !b->w->cells)
		return builder_no_memory(b);
	for (uint32_t i = 0; code == 0 && i < b->w->cell_count; i++)
		code = build_cell(b, &b->w->cells[i], &files[i]);
	return code;
}

/* ---- Regions */

/* Nodes are the sites, then the cells, then the links; `up` leads to another of the same region,
 * in the end to its first node. */
static uint32_t root_of(uint32_t *up, uint32_t node)
{
	while (up[node] != node) {
		up[node] = up[up[node]];
		node = up[node];
	}
	return node;
}

static void join(uint32_t *up, uint32_t a, uint32_t b)
{
	a = root_of(up, a);
	b = root_of(up, b);
	if (a < b)
		up[b] = a;
	else
		up[a] = b;
}

static void join_all(const struct world *w, uint32_t *up)
{
	for (uint32_t c = 0; c < w->cell_count; c++)
		for (uint32_t r = 0; r < w->cells[c].reach_count; r++) {
			const struct reach *reach = &w->cells[c].reaches[r];
			join(up, w->site_count + c, reach->site);
			for (uint32_t l = 0; l < reach->link_count; l++)
				join(up, w->site_count + w->cell_count + reach->links[l],
				     reach->site);
		}
}

/* Sites between which guests migrate, and the links that they take. */
static void join_migrations(const struct world *w, uint32_t *up)
{
	for (uint32_t s = 0; s < w->site_count; s++) {
		const struct migration_plan *m = w->sites[s].migration;
		for (uint32_t p = 0; m && p < m->path_count; p++) {
			join(up, s, m->paths[p].site);
			for (uint32_t l = 0; l < m->paths[p].link_count; l++)
				join(up, w->site_count + w->cell_count + m->paths[p].links[l], s);
		}
	}
}

/* Handsets that move connect the cells that they may come into, and those to the links over which
 * is forwarded. */
static void join_moving(const struct world *w, uint32_t *up)
{
	for (uint32_t c = 0; c < w->class_count; c++) {
		const struct class *class = &w->classes[c];
		uint32_t first = w->site_count + class->cell;
		for (uint32_t i = 0; i < class->coverage.count; i++)
			join(up, first, w->site_count + class->coverage.cells[i].cell);
		for (uint32_t i = 0; class->coverage.count > 0 && i < w->handover.link_count; i++)
			join(up, first, w->site_count + w->cell_count + w->handover.links[i]);
	}
}

/* Numbers of regions in the order of their first sites. A link that nobody uses is in none. */
static void number_regions(struct world *w, uint32_t *up, uint32_t *region)
{
	for (uint32_t s = 0; s < w->site_count; s++)
		region[s] = root_of(up, s) == s ? w->region_count++ : region[root_of(up, s)];
	for (uint32_t c = 0; c < w->cell_count; c++)
		w->cells[c].region = region[root_of(up, w->site_count + c)];
}

/* Counts the members (with lists that are NULL), or lists them. */
static void list_members(struct world *w, uint32_t *up, const uint32_t *region, bool count)
{
	uint32_t first_link = w->site_count + w->cell_count;
	for (uint32_t r = 0; r < w->region_count; r++) {
		struct region *to = &w->regions[r];
		to->site_count = to->cell_count = to->class_count = to->link_count = 0;
	}
#define LIST(list, i, member_region)                                                               \
	do {                                                                                       \
		struct region *to = &w->regions[member_region];                                    \
		if (!count)                                                                        \
			to->list##s[to->list##_count] = (i);                                       \
		to->list##_count++;                                                                \
	} while (0)
	for (uint32_t s = 0; s < w->site_count; s++) {
		w->sites[s].slot = w->regions[region[s]].site_count;
		LIST(site, s, region[s]);
	}
	for (uint32_t c = 0; c < w->cell_count; c++) {
		w->cells[c].slot = w->regions[w->cells[c].region].cell_count;
		LIST(cell, c, w->cells[c].region);
		for (uint32_t i = 0; i < w->cells[c].reach_count; i++)
			w->cells[c].policy_sites[i].number =
				w->sites[w->cells[c].reaches[i].site].slot;
	}
	for (uint32_t c = 0; c < w->class_count; c++) {
		struct region *to = &w->regions[w->cells[w->classes[c].cell].region];
		if (!count)
			to->classes[to->class_count] = c;
		to->class_count++;
	}
	for (uint32_t l = 0; l < w->link_count; l++) {
		uint32_t root = root_of(up, first_link + l);
		if (root >= w->site_count)
			continue;
		w->links[l].used = true;
		w->links[l].slot = w->regions[region[root]].link_count;
		LIST(link, l, region[root]);
	}
#undef LIST
}

static bool allocate_lists(struct world *w)
{
	for (uint32_t i = 0; i < w->region_count; i++) {
		struct region *r = &w->regions[i];
		r->sites = arena_array(&w->arena, r->site_count, sizeof(*r->sites));
		r->cells = arena_array(&w->arena, r->cell_count, sizeof(*r->cells));
		r->classes = arena_array(&w->arena, r->class_count, sizeof(*r->classes));
		r->links = arena_array(&w->arena, r->link_count, sizeof(*r->links));
		if (!r->sites || !r->cells || !r->classes || !r->links)
			return false;
	}
	return true;
}

int world_network_connect(struct builder *b)
{
	struct world *w = b->w;
	uint32_t nodes = w->site_count + w->cell_count + w->link_count;
	uint32_t *up = arena_array(&w->arena, nodes, sizeof(*up));
	uint32_t *region = arena_array(&w->arena, w->site_count, sizeof(*region));
	if (!up || !region)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < nodes; i++)
		up[i] = i;
	join_all(w, up);
	join_migrations(w, up);
	join_moving(w, up);
	number_regions(w, up, region);
	w->regions = arena_array(&w->arena, w->region_count, sizeof(*w->regions));
	if (!w->regions)
		return builder_no_memory(b);
	list_members(w, up, region, true);
	if (!allocate_lists(w))
		return builder_no_memory(b);
	list_members(w, up, region, false);
	return 0;
}
