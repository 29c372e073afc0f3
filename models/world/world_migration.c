/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How hosts share their cores, and how guests go from host to host: keys, and what becomes of them.
 */
#include "models/world/world_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORDER(word, kind, field, ...) WORLD_KEY(struct order_file, word, kind, field, __VA_ARGS__)
#define MIGRATION(word, kind, field, ...)                                                          \
	WORLD_KEY(struct migration_file, word, kind, field, __VA_ARGS__)

enum { PAGE_BYTES = 4096 };

static const struct key order_keys[] = {
	ORDER("at", KEY_QUANTITY, at_s, .unit = UNIT_TIME, .max = 1e8, .help = "when"),
	ORDER("from", KEY_STRING, from, .help = "the host, as \"edge/node/0\""),
	ORDER("guest", KEY_INT, guest, .max = 1e6, .def = "0",
	      .help = "which of the guests that run on it then: 0 is the first"),
	ORDER("to", KEY_STRING, to, .help = "the host that it goes to, of this site or another"),
	{0},
};
static const struct key_object order_object = {
	.name = "migration_order",
	.keys = order_keys,
	.size = sizeof(struct order_file),
	.help = "a guest goes from one host to another at a time",
};

static const struct key migration_keys[] = {
	MIGRATION("method", KEY_ANY, method, .variants = migration_models, .def = "\"pre-copy\"",
		  .help = "in what order memory and the guest go"),
	MIGRATION("dirty", KEY_QUANTITY, dirty_bps, .unit = UNIT_BITRATE, .max = 1e15,
		  .def = "\"0 B/s\"", .help = "at which a guest writes to pages that were sent"),
	MIGRATION("dirty_set", KEY_QUANTITY, dirty_set_bytes, .unit = UNIT_SIZE, .max = 1e15,
		  .optional = true, .absent = -1,
		  .help = "the pages that it writes to, all of its memory unless said"),
	MIGRATION("rate", KEY_QUANTITY, rate_bps, .unit = UNIT_BITRATE, .min = 1, .max = 1e15,
		  .def = "\"1 Gbit/s\"",
		  .help = "the most that one migration takes, of NICs and links"),
	MIGRATION("page", KEY_QUANTITY, page_s, .unit = UNIT_TIME, .max = 1, .optional = true,
		  .absent = -1,
		  .help = "CPU time for a page of 4 KiB, at each end; what copying it takes unless "
			  "said (primitive copy.byte)"),
	MIGRATION("setup", KEY_QUANTITY, setup_s, .unit = UNIT_TIME, .max = 3600, .def = "\"0 s\"",
		  .help = "before the first byte, while the guest runs"),
	MIGRATION("resume", KEY_QUANTITY, resume_s, .unit = UNIT_TIME, .max = 3600,
		  .def = "\"0 s\"", .help = "after the last, until it runs at the target"),
	MIGRATION("to", KEY_MAP, to, .object = &reach_object, .def = "{}",
		  .help = "other sites that guests can go to and come from, by name, and the links "
			  "up to them"),
	MIGRATION("schedule", KEY_ARRAY, schedule, .object = &order_object, .def = "[]",
		  .help = "when which guest goes where"),
	MIGRATION("balance", KEY_ANY, balance, .variants = balance_models, .def = "\"none\"",
		  .help = "when the site itself moves a guest: \"spread\" or \"consolidate\""),
	{0},
};
const struct key_object migration_object = {
	.name = "migration",
	.keys = migration_keys,
	.size = sizeof(struct migration_file),
	.help = "guests go from host to host while they run",
};

/* ---- Schedulers */

void world_scheduler_build(struct builder *b, struct host_kind *kind, const struct host_file *file,
			   const char *pointer)
{
	const struct key_variant *chosen = NULL;
	const struct guests_file *g = &file->guests;
	char at[700], guests[700];
	json_pointer_join(at, sizeof(at), pointer, "scheduler");
	if (choice_read((choice_table)scheduler_models, "scheduler", b->doc, at, &b->w->arena,
			b->diags, &chosen, &kind->scheduler_parameters) < 0)
		return;
	kind->scheduler = (const struct scheduler_ops *)(const void *)chosen;
	kind->careful = !kind->scheduler->plain;
	kind->weights = g->weights.items;
	kind->weight_count = (uint32_t)g->weights.count;
	kind->caps = g->caps.items;
	kind->cap_count = (uint32_t)g->caps.count;
	json_pointer_join(guests, sizeof(guests), pointer, "guests");
	if (!kind->scheduler->weighs && (g->weights.count > 0 || g->caps.count > 0))
		json_doc_error(b->doc, b->diags, guests,
			       "has weights or caps, which the scheduler \"%s\" does not know",
			       chosen->name);
}

/* ---- Hosts by name */

/* Finds "site/kind/number", of this site or any. */
static bool find_host(const struct world *w, const char *name, uint32_t *site, uint32_t *host)
{
	char subject[600];
	for (uint32_t s = 0; s < w->site_count; s++) {
		uint32_t n = 0;
		for (uint32_t k = 0; k < w->sites[s].kind_count; k++) {
			const struct host_kind *kind = &w->sites[s].kinds[k];
			for (uint32_t i = 0; i < kind->count; i++, n++) {
				snprintf(subject, sizeof(subject), "%s/%s/%u", w->sites[s].name,
					 kind->name, i);
				if (strcmp(subject, name) != 0)
					continue;
				*site = s;
				*host = n;
				return true;
			}
		}
	}
	return false;
}

enum { NAMES_MAX = 1000 };

static void unknown_host(struct builder *b, const char *name, const char *pointer)
{
	const struct world *w = b->w;
	struct arena arena = {0};
	const char **names = arena_array(&arena, NAMES_MAX + 1, sizeof(*names));
	size_t n = 0;
	for (uint32_t s = 0; names && s < w->site_count; s++)
		for (uint32_t k = 0; k < w->sites[s].kind_count; k++)
			for (uint32_t i = 0; i < w->sites[s].kinds[k].count && n < NAMES_MAX; i++) {
				char *subject = arena_alloc(&arena, 600);
				if (!subject)
					break;
				snprintf(subject, 600, "%s/%s/%u", w->sites[s].name,
					 w->sites[s].kinds[k].name, i);
				names[n++] = subject;
			}
	const char *near = names ? diag_nearest(name, names) : NULL;
	json_doc_error(b->doc, b->diags, pointer, "there is no host \"%s\"%s%s%s", name,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	arena_free(&arena);
}

/* ---- Migration */

static double copy_ns(struct builder *b, const struct migration_file *file, const char *pointer)
{
	struct primitive copy;
	struct err why = {0};
	if (file->page_s >= 0)
		return file->page_s * 1e9 / PAGE_BYTES;
	if (profile_view_find(&b->view, "copy.byte", &copy, &why) == 0)
		return copy.value;
	json_doc_error(b->doc, b->diags, pointer, "%s; or say \"page\"", why.text);
	return 0;
}

/* Whether handsets are in the cell for good: what comes back to others is forwarded. */
static bool keeps_handsets(const struct builder *b, uint32_t cell)
{
	const struct world *w = b->w;
	for (uint32_t i = 0; i < w->class_count; i++)
		if (!w->classes[i].mobility->start && w->classes[i].cell == cell)
			return true;
	return false;
}

/* Whether every cell that leads to the one site leads to the other, too: the tasks of a guest that
 * has moved must get home. */
static void check_ways_home(struct builder *b, uint32_t from, uint32_t to, const char *pointer)
{
	const struct world *w = b->w;
	for (uint32_t c = 0; c < w->cell_count; c++) {
		bool has[2] = {false, false};
		if (!keeps_handsets(b, c))
			continue;
		for (uint32_t r = 0; r < w->cells[c].reach_count; r++) {
			has[0] |= w->cells[c].reaches[r].site == from;
			has[1] |= w->cells[c].reaches[r].site == to;
		}
		if (has[0] != has[1])
			json_doc_error(b->doc, b->diags, pointer,
				       "cell %s reaches %s and not %s: tasks of a guest that has "
				       "moved could not get back to it",
				       w->cells[c].name, w->sites[has[0] ? from : to].name,
				       w->sites[has[0] ? to : from].name);
	}
}

/* Guests leave the site or come to it. */
static void open_site(struct site *site)
{
	site->migrates = true;
	site->dynamic = true;
	for (uint32_t k = 0; k < site->kind_count; k++)
		site->kinds[k].careful = true;
}

static int build_paths(struct builder *b, uint32_t site, const struct migration_file *file,
		       const char *pointer)
{
	struct migration_plan *plan = b->w->sites[site].migration;
	const struct reach_file *files = file->to.items;
	char list[700], at[800];
	plan->paths = arena_array(&b->w->arena, file->to.count, sizeof(*plan->paths));
	if (!plan->paths)
		return builder_no_memory(b);
	json_pointer_join(list, sizeof(list), pointer, "to");
	for (size_t i = 0; i < file->to.count; i++) {
		struct site_path *p = &plan->paths[plan->path_count];
		long to = builder_index(&b->file.sites, sizeof(struct site_file), files[i].name);
		json_pointer_join(at, sizeof(at), list, files[i].name);
		if (to < 0) {
			builder_unknown(b, &b->file.sites, sizeof(struct site_file), "site",
					files[i].name, at);
			continue;
		}
		p->site = (uint32_t)to;
		plan->path_count++;
		open_site(&b->w->sites[to]);
		check_ways_home(b, site, p->site, at);
		int code = builder_path(b, &files[i], at, &p->links, &p->link_count, &p->delay_ns);
		if (code < 0)
			return code;
	}
	return 0;
}

static bool leads_to(const struct migration_plan *plan, uint32_t site)
{
	for (uint32_t i = 0; plan && i < plan->path_count; i++)
		if (plan->paths[i].site == site)
			return true;
	return false;
}

static int build_orders(struct builder *b, uint32_t site, const struct migration_file *file,
			const char *pointer)
{
	struct migration_plan *plan = b->w->sites[site].migration;
	const struct order_file *files = file->schedule.items;
	char list[700], item[760], at[800], number[24];
	plan->orders = arena_array(&b->w->arena, file->schedule.count, sizeof(*plan->orders));
	if (!plan->orders)
		return builder_no_memory(b);
	json_pointer_join(list, sizeof(list), pointer, "schedule");
	for (size_t i = 0; i < file->schedule.count; i++) {
		struct migration_order *o = &plan->orders[plan->order_count++];
		uint32_t from;
		snprintf(number, sizeof(number), "%zu", i);
		json_pointer_join(item, sizeof(item), list, number);
		*o = (struct migration_order){.at = sim_from_seconds(files[i].at_s),
					      .guest = (uint32_t)files[i].guest};
		json_pointer_join(at, sizeof(at), item, "from");
		if (!find_host(b->w, files[i].from, &from, &o->from_host))
			unknown_host(b, files[i].from, at);
		else if (from != site)
			json_doc_error(b->doc, b->diags, at, "\"%s\" is a host of another site",
				       files[i].from);
		json_pointer_join(at, sizeof(at), item, "to");
		if (!find_host(b->w, files[i].to, &o->to_site, &o->to_host))
			unknown_host(b, files[i].to, at);
		else if (o->to_site != site && !leads_to(plan, o->to_site) &&
			 !leads_to(b->w->sites[o->to_site].migration, site))
			json_doc_error(b->doc, b->diags, at,
				       "\"%s\" is a host of another site, to which no \"to\" leads",
				       files[i].to);
	}
	return 0;
}

static int build_plan(struct builder *b, uint32_t site, const struct migration_file *file,
		      const char *pointer)
{
	const struct key_variant *chosen = NULL;
	struct migration_plan *plan = arena_alloc(&b->w->arena, sizeof(*plan));
	char at[700];
	if (!plan)
		return builder_no_memory(b);
	*plan = (struct migration_plan){
		.dirty_bytes_per_s = file->dirty_bps / 8,
		.dirty_set_bytes = file->dirty_set_bytes,
		.bytes_per_s = file->rate_bps / 8,
		.copy_ns_per_byte = copy_ns(b, file, pointer),
		.setup_ns = sim_from_seconds(file->setup_s),
		.resume_ns = sim_from_seconds(file->resume_s),
	};
	json_pointer_join(at, sizeof(at), pointer, "method");
	if (choice_read((choice_table)migration_models, "migration", b->doc, at, &b->w->arena,
			b->diags, &chosen, &plan->parameters) == 0)
		plan->method = (const struct migration_ops *)(const void *)chosen;
	json_pointer_join(at, sizeof(at), pointer, "balance");
	if (choice_read((choice_table)balance_models, "balance", b->doc, at, &b->w->arena, b->diags,
			&chosen, &plan->balance_parameters) == 0)
		plan->balance = (const struct balance_ops *)(const void *)chosen;
	b->w->sites[site].migration = plan;
	open_site(&b->w->sites[site]);
	return build_paths(b, site, file, pointer);
}

int world_migration_build(struct builder *b)
{
	const struct site_file *files = b->file.sites.items;
	char site[600], at[700];
	int code = 0;
	for (uint32_t pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; code == 0 && i < b->w->site_count; i++) {
			if (!files[i].migration)
				continue;
			builder_pointer(site, sizeof(site), "sites", files[i].name);
			json_pointer_join(at, sizeof(at), site, "migration");
			/* Schedules need the paths of all sites. */
			code = pass == 0 ? build_plan(b, i, files[i].migration, at)
					 : build_orders(b, i, files[i].migration, at);
		}
	return code;
}
