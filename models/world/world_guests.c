/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Guests in a document: their keys, what starting one costs, and whether memory holds them. */
#include "models/world/world_builder.h"

#include <math.h>

#define KEY(word, kind, field, ...)                                                                \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct guests_file, field),         \
		__VA_ARGS__                                                                        \
	}

static const char *const start_names[] = {
#define GUEST_START_NAME(id, name) name,
	GUEST_START_LIST(GUEST_START_NAME)
#undef GUEST_START_NAME
		NULL,
};

static const struct key guests_keys[] = {
	KEY("count", KEY_INT, count, .max = 1e6, .help = "how many on each host, at most"),
	KEY("room", KEY_INT, room, .max = 1e6, .def = "0",
	    .help = "further places on each host, for guests that come by migration"),
	KEY("vcpus", KEY_INT, vcpus, .min = 1, .max = 1024, .def = "1",
	    .help = "virtual CPUs of each"),
	KEY("memory", KEY_QUANTITY, memory_bytes, .unit = UNIT_SIZE, .max = 1e15,
	    .def = "\"1 GiB\"", .help = "memory of each"),
	KEY("used", KEY_QUANTITY, used_bytes, .unit = UNIT_SIZE, .max = 1e15, .optional = true,
	    .absent = -1, .help = "of the memory, what is really in use; all of it unless said"),
	KEY("warm", KEY_INT, warm, .max = 1e6, .def = "0",
	    .help = "of each host's, how many run from the start and are never stopped, where the "
		    "site scales"),
	KEY("start", KEY_ENUM, start, .choices = start_names, .def = "\"boot\"",
	    .help = "how the others are started: booted from the image, or from a snapshot"),
	KEY("image", KEY_QUANTITY, image_bytes, .unit = UNIT_SIZE, .max = 1e15, .def = "\"0 B\"",
	    .help = "what is read from the disk to boot"),
	KEY("working_set", KEY_QUANTITY, working_set_bytes, .unit = UNIT_SIZE, .max = 1e15,
	    .def = "\"0 B\"",
	    .help = "of the memory, what is read from the disk to go on from a "
		    "snapshot"),
	KEY("keep_alive", KEY_QUANTITY, keep_alive_s, .unit = UNIT_TIME, .max = 1e8,
	    .def = "\"10 min\"", .help = "an idle guest is stopped after this time"),
	KEY("weights", KEY_NUMBERS, weights, .min = 1e-6, .max = 1e6, .optional = true,
	    .min_items = 1,
	    .help = "with the scheduler \"weighted\": the weight of a host's first guest, of its "
		    "second, ..., and from the start again"),
	KEY("caps", KEY_NUMBERS, caps, .min = 1e-6, .max = 1e6, .optional = true, .min_items = 1,
	    .help = "likewise the most cores that each may use at a time"),
	{0},
};

static void check(void *object, const struct json_doc *doc, const char *pointer,
		  struct diag_list *diags)
{
	const struct guests_file *g = object;
	char at[700];
	if (g->warm > g->count)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "warm"),
			       "must not be more than \"count\"");
	if (g->used_bytes > g->memory_bytes)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "used"),
			       "must not be more than \"memory\"");
}

const struct key_object guests_object = {
	.name = "guests",
	.keys = guests_keys,
	.size = sizeof(struct guests_file),
	.help = "the guests of a host, all alike",
	.check = check,
};

/* ---- What becomes of them */

static void check_memory(struct builder *b, const struct host_kind *kind,
			 const struct host_file *file, uint32_t guests, const char *pointer)
{
	double room = file->memory_bytes * file->overcommit, all = guests * kind->plan.each_bytes;
	char at[700], need[40], have[40];
	if (all <= room)
		return;
	json_pointer_join(at, sizeof(at), pointer, "guests");
	json_doc_error(b->doc, b->diags, at, "%lld guests on %s need %s of memory, the host has %s",
		       (long long)guests, kind->platform->name,
		       unit_format(all, UNIT_SIZE, need, sizeof(need)),
		       unit_format(room, UNIT_SIZE, have, sizeof(have)));
}

/* What starting one costs: the platform's operation, and what is read. */
static void price_start(struct builder *b, struct host_kind *kind, const struct guests_file *file,
			const char *pointer)
{
	enum op op = file->start == GUEST_START_RESTORE ? OP_RESTORE : OP_BOOT;
	struct platform_charge charges[PLATFORM_TERMS_MAX];
	struct op_load load = {0};
	struct platform_cost cost;
	struct err why = {0};
	char guests[600], at[700];
	size_t n = 0;
	load.count[op] = 1;
	int code = platform_cost(kind->platform, &b->view, &load, charges, PLATFORM_TERMS_MAX, &n,
				 &cost, &why);
	json_pointer_join(guests, sizeof(guests), pointer, "guests");
	json_pointer_join(at, sizeof(at), guests, "start");
	if (code < 0) {
		json_doc_error(b->doc, b->diags, at, "%s", why.text);
		return;
	}
	if (op == OP_RESTORE && n == 0) {
		json_doc_error(b->doc, b->diags, at, "%s has no snapshots to go on from",
			       kind->platform->name);
		return;
	}
	builder_note_fallbacks(b, charges, n);
	for (int i = 0; i < SITE_COUNT; i++)
		kind->plan.start_ns[i] = cost.site_ns[i];
	kind->plan.start_bytes = op == OP_RESTORE ? file->working_set_bytes : file->image_bytes;
}

int world_guests_build(struct builder *b, struct host_kind *kind, const struct host_file *file,
		       const char *pointer)
{
	const struct guests_file *g = &file->guests;
	bool scales = b->site_scales;
	double used = g->used_bytes >= 0 ? g->used_bytes : g->memory_bytes;
	kind->memory_bytes = file->memory_bytes;
	kind->overcommit = file->overcommit;
	kind->disk_bytes_per_s = file->disk_bytes_per_s / 8;
	kind->disk_ns = sim_from_seconds(file->disk_latency_s);
	kind->plan = (struct guest_plan){
		.warm = scales ? (uint32_t)g->warm : (uint32_t)g->count,
		.keep_alive_ns = sim_from_seconds(g->keep_alive_s),
		.each_bytes = g->memory_bytes + kind->platform->memory_bytes,
		.guest_bytes = used,
		.used_bytes = used + kind->platform->memory_bytes,
	};
	check_memory(b, kind, file, kind->plan.warm > 0 || !kind->guests ? kind->plan.warm : 1,
		     pointer);
	if (scales || kind->failures)
		price_start(b, kind, g, pointer);
	return 0;
}

int world_scaling_build(struct builder *b, struct site *site, const struct site_file *file,
			const char *pointer)
{
	const struct key_variant *chosen = NULL;
	const void *none;
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, "scaling");
	if (choice_read((choice_table)scaling_models, "scaling", b->doc, at, &b->w->arena, b->diags,
			&chosen, &site->scaling_parameters) == 0)
		site->scaling = (const struct scaling_ops *)(const void *)chosen;
	json_pointer_join(at, sizeof(at), pointer, "packing");
	if (choice_read((choice_table)packing_models, "packing", b->doc, at, &b->w->arena, b->diags,
			&chosen, &none) == 0)
		site->packing = (const struct packing_ops *)(const void *)chosen;
	site->dedicated = file->dedicated;
	b->site_scales = site->scaling && (site->scaling->on_demand || site->scaling->interval);
	site->dynamic = b->site_scales || site->dedicated;
	return 0;
}

void world_scaling_doubt(struct builder *b, const struct site *site, const char *pointer)
{
	char at[600];
	const char *doubt = NULL;
	for (uint32_t i = 0; i < site->kind_count && !doubt; i++)
		if (site->scaling && site->scaling->doubt && site->kinds[i].guests > 0)
			doubt = site->scaling->doubt(site->scaling_parameters,
						     site->kinds[i].vcpus);
	if (doubt)
		json_doc_warning(b->doc, b->diags,
				 json_pointer_join(at, sizeof(at), pointer, "scaling"), "%s",
				 doubt);
}

void builder_power(struct host_kind *kind, const struct power_file *file)
{
	const char *const *points = file->points.items;
	char why[160];
	kind->idle_w = file->idle_w;
	kind->busy_w = file->busy_w;
	for (int i = 0; i < HOST_POWER_POINTS; i++)
		kind->points_w[i] = file->idle_w + (file->busy_w - file->idle_w) * i / 10;
	for (size_t i = 0; i < file->points.count && i < HOST_POWER_POINTS; i++)
		unit_parse(points[i], UNIT_POWER, &kind->points_w[i], why);
	if (file->points.count == HOST_POWER_POINTS) {
		kind->idle_w = kind->points_w[0];
		kind->busy_w = kind->points_w[HOST_POWER_POINTS - 1];
	}
	kind->off_w = file->off_w >= 0 ? file->off_w : kind->idle_w;
	kind->metered = file->points.count > 0 || file->off_w >= 0;
}
