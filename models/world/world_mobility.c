/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Handsets that move: their paths, the cells that they may come into, and what a handover does. */
#include "models/world/world_builder.h"

#include <math.h>
#include <stdio.h>

/* ---- A class */

static int read_cell(struct builder *b, struct class *class, const struct class_file *file,
		     const char *pointer)
{
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, "cell");
	if (class->mobility->start && file->cell) {
		json_doc_error(
			b->doc, b->diags, at,
			"they move (\"mobility\"), so their cell follows from the positions");
		return ERR_INVALID;
	}
	if (class->mobility->start)
		return 0;
	if (!file->cell) {
		json_doc_error(b->doc, b->diags, pointer,
			       "needs \"cell\", or \"mobility\" for handsets that move");
		return ERR_INVALID;
	}
	long cell = builder_index(&b->file.cells, sizeof(struct cell_file), file->cell);
	if (cell < 0) {
		builder_unknown(b, &b->file.cells, sizeof(struct cell_file), "cell", file->cell,
				at);
		return ERR_INVALID;
	}
	class->cell = (uint32_t)cell;
	return 0;
}

int world_mobility_read(struct builder *b, struct class *class, const struct class_file *file,
			const char *pointer)
{
	const struct key_variant *chosen = NULL;
	char at[600], entity[500];
	json_pointer_join(at, sizeof(at), pointer, "mobility");
	int code = choice_read((choice_table)mobility_models, "mobility model", b->doc, at,
			       &b->w->arena, b->diags, &chosen, &class->mobility_parameters);
	if (code < 0)
		return code;
	class->mobility = (const struct mobility_ops *)(const void *)chosen;
	code = read_cell(b, class, file, pointer);
	if (code < 0 || !class->mobility->start)
		return code;
	b->w->moving_count += class->count;
	snprintf(entity, sizeof(entity), "handsets/%s", file->name);
	class->mobility_entity = stream_name(entity);
	if (!class->mobility->count)
		return 0;
	uint32_t paths = class->mobility->count(class->mobility_parameters);
	if (class->count > paths) {
		json_doc_error(b->doc, b->diags, at,
			       "has the paths of %u handsets, and the class has %u", paths,
			       class->count);
		return ERR_INVALID;
	}
	return 0;
}

/* ---- Handover, when cells and links are known */

static int build_handover(struct builder *b)
{
	const struct handover_file *file = &b->file.handover;
	struct handover *h = &b->w->handover;
	const char *const *via = file->via.items;
	char at[64], number[24];
	*h = (struct handover){
		.interruption_ns = sim_from_seconds(file->interruption_s),
		.ping_pong_ns = sim_from_seconds(file->ping_pong_s),
		.tasks = (enum handover_tasks)file->tasks,
		.fail = file->uncovered == 1,
		.links = arena_array(&b->w->arena, file->via.count, sizeof(*h->links)),
	};
	if (!h->links)
		return builder_no_memory(b);
	for (size_t i = 0; i < file->via.count; i++) {
		long link = builder_index(&b->file.links, sizeof(struct link_file), via[i]);
		snprintf(number, sizeof(number), "%zu", i);
		if (link < 0) {
			builder_unknown(b, &b->file.links, sizeof(struct link_file), "link", via[i],
					json_pointer_join(at, sizeof(at), "/handover/via", number));
			continue;
		}
		h->links[h->link_count++] = (uint32_t)link;
		h->delay_ns = sim_time_add(h->delay_ns, b->w->links[link].delay_ns);
	}
	return 0;
}

/* Guests that follow handsets need sites between which they can go. */
static void check_migrate(struct builder *b)
{
	for (uint32_t i = 0; i < b->w->site_count; i++)
		if (b->w->sites[i].migration && b->w->sites[i].migration->path_count > 0)
			return;
	json_doc_error(b->doc, b->diags, "/handover/tasks",
		       "is \"migrate\", and no site has a \"migration\" \"to\" another one");
}

static int build_coverage(struct builder *b, struct class *class, const struct coverage_cell *cells,
			  uint32_t count)
{
	const struct handover_file *file = &b->file.handover;
	struct box box = class->mobility->bounds(class->mobility_parameters);
	int code =
		coverage_init(&class->coverage, cells, count, &box,
			      coverage_factor(file->hysteresis_db, file->exponent), &b->w->arena);
	if (code < 0)
		return builder_no_memory(b);
	if (class->coverage.count == 0) {
		char at[500];
		json_doc_error(b->doc, b->diags,
			       builder_pointer(at, sizeof(at), "handsets", class->name),
			       "no cell reaches where they are: give cells their \"position\"");
		return 0;
	}
	class->cell = class->coverage.cells[0].cell;
	return 0;
}

int world_mobility_build(struct builder *b)
{
	struct world *w = b->w;
	struct coverage_cell *cells = arena_array(&w->arena, w->cell_count, sizeof(*cells));
	uint32_t count = 0;
	if (!cells)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < w->cell_count; i++) {
		const struct cell *k = &w->cells[i];
		if (k->placed)
			cells[count++] = (struct coverage_cell){k->x, k->y, k->radius, i};
	}
	int code = build_handover(b);
	if (w->handover.tasks == HANDOVER_MIGRATE)
		check_migrate(b);
	for (uint32_t i = 0; code == 0 && i < w->class_count; i++)
		if (w->classes[i].mobility->start)
			code = build_coverage(b, &w->classes[i], cells, count);
	return code;
}
